package dev.credfs.gateway;

import dev.credfs.caveat.Prohibition;
import dev.credfs.policy.Failure;
import java.util.List;
import java.util.Locale;

/**
 * Why a request was not answered by the upstream, as RFC 9457 tells it. Nothing in it comes from a header.
 *
 * @param failure gives the status
 * @param why one line
 * @param route name of the route, or empty
 * @param asked method and URL as the access was checked, without the query unless it is the service that git asks for; empty
 *     where it did not come to that
 * @param tokenId the token's {@code jti}; empty where its chain was not verified
 * @param prohibitions the caveats that stand in the way
 * @param ofToken whether it was a token that was refused, so that whoever has its key can verify it too
 */
record Problem(
        Failure failure,
        String why,
        String route,
        String asked,
        String tokenId,
        List<Prohibition> prohibitions,
        boolean ofToken) {
    Problem {
        prohibitions = List.copyOf(prohibitions);
    }

    static Problem of(Failure failure, String why) {
        return new Problem(failure, why, "", "", "", List.of(), false);
    }

    /** The name of a kind of problem, such as {@code caveat-not-cleared}. */
    static String kind(Failure failure) {
        return failure.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** Lines for a person. */
    String text() {
        StringBuilder text = new StringBuilder(256);
        line(text, kind(failure).replace('-', ' ') + ": " + why);
        for (Prohibition prohibition : prohibitions) {
            if (!why.equals(prohibition.toString())) {
                line(text, prohibition.toString());
            }
        }
        if (!asked.isEmpty()) {
            line(text, "asked: " + asked);
        }
        if (!tokenId.isEmpty()) {
            line(text, "token: " + tokenId);
        }
        return text.toString();
    }

    private static void line(StringBuilder text, String line) {
        text.append("credfs: ");
        for (int i = 0; i < line.length(); i++) {
            char c = line.charAt(i);
            text.append(c < ' ' || c > '~' ? '?' : c);
        }
        text.append('\n');
    }

    /** The document, {@code application/problem+json}. */
    String json() {
        StringBuilder json = new StringBuilder(512);
        String kind = kind(failure);
        json.append("{\"type\":\"urn:credfs:problem:").append(kind).append('"');
        member(json, "title", kind.replace('-', ' '));
        json.append(",\"status\":").append(failure.httpStatus());
        member(json, "detail", why);
        if (!route.isEmpty()) {
            member(json, "route", route);
        }
        if (!asked.isEmpty()) {
            member(json, "asked", asked);
        }
        if (!tokenId.isEmpty()) {
            member(json, "jti", tokenId);
        }
        if (!prohibitions.isEmpty()) {
            json.append(",\"prohibitions\":[");
            String separator = "";
            for (Prohibition prohibition : prohibitions) {
                json.append(separator).append("{\"caveat\":");
                text(json, prohibition.caveat());
                member(json, "why", prohibition.why());
                json.append('}');
                separator = ",";
            }
            json.append(']');
        }
        if (ofToken && !asked.isEmpty()) {
            member(json, "explain", "credfs verify --key FILE --access '" + asked.replace("'", "'\\''") + "'");
        }
        return json.append("}\n").toString();
    }

    private static void member(StringBuilder json, String name, String value) {
        json.append(",\"").append(name).append("\":");
        text(json, value);
    }

    private static void text(StringBuilder json, String value) {
        json.append('"');
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            if (c == '"' || c == '\\') {
                json.append('\\').append(c);
            } else if (c < ' ' || c > '~') {
                json.append(String.format(Locale.ROOT, "\\u%04x", (int) c));
            } else {
                json.append(c);
            }
        }
        json.append('"');
    }
}
