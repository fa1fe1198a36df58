package dev.credfs.mint;

import dev.credfs.caveat.TokenId;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;

/**
 * The words around a token: literal text with placeholders such as <code>${token}</code>.
 *
 * <p>Every placeholder that changes from mint to mint has a fixed width, so a template adds the same number of bytes to every
 * token. <code>$${</code> stands for a literal <code>${</code>.
 */
public final class Template {

    private enum Varying {
        /** The token itself. */
        TOKEN("token"),
        /** Standard base64, with padding, of {@code login:token}: HTTP Basic. */
        BASIC("basic"),
        /** Expiry as {@code 2026-01-02T03:04:05Z}. */
        EXPIRES("expires"),
        /** Expiry in seconds since the epoch, ten digits until the year 2286. */
        EXPIRES_UNIX("expires_unix"),
        /** The token's id, 26 characters. */
        JTI("jti");

        private final String placeholder;

        Varying(String placeholder) {
            this.placeholder = placeholder;
        }
    }

    private sealed interface Part {
        record Literal(byte[] bytes) implements Part {}

        record Placeholder(Varying value) implements Part {}
    }

    private final List<Part> parts;
    private final String login;

    private Template(List<Part> parts, String login) {
        this.parts = List.copyOf(parts);
        this.login = login;
    }

    /**
     * Reads a template.
     *
     * @param fixed values of the placeholders that are the same for every mint, among them {@code login}
     * @throws TemplateSyntaxException for an unknown or unclosed placeholder, or when no placeholder holds the token
     */
    public static Template parse(String text, Map<String, String> fixed) throws TemplateSyntaxException {
        List<Part> parts = new ArrayList<>();
        StringBuilder literal = new StringBuilder();
        boolean hasToken = false;
        for (int i = 0; i < text.length(); i++) {
            if (text.startsWith("$${", i)) {
                literal.append("${");
                i += 2;
            } else if (text.startsWith("${", i)) {
                int end = text.indexOf('}', i);
                if (end < 0) {
                    throw new TemplateSyntaxException(
                            i, "'${' is never closed; write '$${' for the characters themselves");
                }
                String name = text.substring(i + 2, end);
                String value = fixed.get(name);
                if (value != null) {
                    literal.append(value);
                } else {
                    Varying varying = varying(name, i, fixed);
                    hasToken |= varying == Varying.TOKEN || varying == Varying.BASIC;
                    addLiteral(parts, literal);
                    parts.add(new Part.Placeholder(varying));
                }
                i = end;
            } else {
                literal.append(text.charAt(i));
            }
        }
        if (!hasToken) {
            throw new TemplateSyntaxException(0, "holds no '${token}', so every reader would get the same text");
        }
        addLiteral(parts, literal);
        return new Template(parts, fixed.getOrDefault("login", ""));
    }

    private static Varying varying(String name, int at, Map<String, String> fixed) throws TemplateSyntaxException {
        StringBuilder known = new StringBuilder();
        for (Varying varying : Varying.values()) {
            if (varying.placeholder.equals(name)) {
                return varying;
            }
            known.append(known.isEmpty() ? "" : " ").append(varying.placeholder);
        }
        for (String fixedName : fixed.keySet().stream().sorted().toList()) {
            known.append(' ').append(fixedName);
        }
        throw new TemplateSyntaxException(at, "no placeholder '" + name + "'; there are: " + known);
    }

    private static void addLiteral(List<Part> parts, StringBuilder literal) {
        if (!literal.isEmpty()) {
            parts.add(new Part.Literal(literal.toString().getBytes(StandardCharsets.UTF_8)));
            literal.setLength(0);
        }
    }

    /** The content of a file: the template with this token in it. */
    byte[] render(byte[] token, TokenId id, Instant expiry) {
        ByteArrayOutputStream out = new ByteArrayOutputStream(token.length * 2);
        for (Part part : parts) {
            if (part instanceof Part.Literal literal) {
                out.writeBytes(literal.bytes());
            } else if (part instanceof Part.Placeholder placeholder) {
                out.writeBytes(value(placeholder.value(), token, id, expiry));
            }
        }
        return out.toByteArray();
    }

    private byte[] value(Varying varying, byte[] token, TokenId id, Instant expiry) {
        return switch (varying) {
            case TOKEN -> token;
            case BASIC -> {
                ByteArrayOutputStream credentials = new ByteArrayOutputStream();
                credentials.writeBytes((login + ":").getBytes(StandardCharsets.UTF_8));
                credentials.writeBytes(token);
                yield Base64.getEncoder().encode(credentials.toByteArray());
            }
            case EXPIRES -> expiry.toString().getBytes(StandardCharsets.US_ASCII);
            case EXPIRES_UNIX -> Long.toString(expiry.getEpochSecond()).getBytes(StandardCharsets.US_ASCII);
            case JTI -> id.ulid().getBytes(StandardCharsets.US_ASCII);
        };
    }
}
