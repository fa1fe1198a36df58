package dev.credfs.caveat;

import java.util.List;

/** The grammar: which key stands with which operator, and who reads the value. */
final class Predicates {
    private record Form(String head, Scan.Entry<Caveat> value) {}

    /** In the order in which messages name them. */
    private static final List<Form> FORMS = List.of(
            new Form(TokenId.KEY + " = ", TokenId::parseValue),
            new Form(Audience.KEY + " = ", Audience::parseValue),
            new Form(HostCaveat.KEY + " = ", HostCaveat::parseValue),
            new Form(MethodCaveat.KEY + " = ", MethodCaveat::parseValue),
            new Form(PathCaveat.KEY + " = ", PathCaveat::parseValue),
            new Form(ContainerCaveat.KEY + " = ", ContainerCaveat::parseValue),
            new Form(ClientIp.KEY + " = ", ClientIp::parseValue),
            new Form(MaxCalls.KEY + " = ", MaxCalls::parseValue),
            new Form(Pad.KEY + " = ", Pad::parseValue),
            new Form(NotBefore.KEY + " ", value -> new NotBefore(Timestamp.parse(value))),
            new Form(Expiry.KEY + " ", value -> new Expiry(Timestamp.parse(value))),
            new Form(LegacyExpiry.KEY + " ", LegacyExpiry::parseValue));

    private Predicates() {}

    static Caveat parse(String text) throws CaveatSyntaxException {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c < ' ' || c > '~') {
                throw new CaveatSyntaxException(text, i, "not a printable ASCII character");
            }
        }
        if (text.length() > Caveat.MAX_BYTES) {
            throw new CaveatSyntaxException(text, Caveat.MAX_BYTES, "a caveat has at most 1024 bytes");
        }
        for (Form form : FORMS) {
            if (text.startsWith(form.head())) {
                int valueStart = form.head().length();
                try {
                    return form.value().parse(text.substring(valueStart));
                } catch (CaveatSyntaxException e) {
                    throw e.within(text, valueStart);
                }
            }
        }
        throw noSuchForm(text);
    }

    private static CaveatSyntaxException noSuchForm(String text) {
        int keyEnd = 0;
        while (keyEnd < text.length() && text.charAt(keyEnd) != ' ') {
            keyEnd++;
        }
        String key = text.substring(0, keyEnd);
        StringBuilder keys = new StringBuilder();
        for (Form form : FORMS) {
            String known = form.head().substring(0, form.head().indexOf(' '));
            if (known.equals(key)) {
                return new CaveatSyntaxException(text, keyEnd, expected(key));
            }
            if (keys.indexOf(known) < 0) {
                keys.append(keys.isEmpty() ? "" : " ").append(known);
            }
        }
        return new CaveatSyntaxException(text, 0, "no such caveat; there are: " + keys);
    }

    private static String expected(String key) {
        StringBuilder heads = new StringBuilder("expected ");
        boolean first = true;
        for (Form form : FORMS) {
            if (form.head().startsWith(key + " ")) {
                heads.append(first ? "'" : " or '").append(form.head()).append("'");
                first = false;
            }
        }
        return heads.append(" and a value").toString();
    }
}
