package dev.credfs.macaroon;

/**
 * The identifier of a macaroon: it names the root key that the chain starts from. Signed, and readable by everybody.
 *
 * @param text 1 to 256 characters of printable ASCII
 */
public record KeyId(String text) {
    private static final int MAX_CHARACTERS = 256;

    public KeyId {
        if (text.isEmpty() || text.length() > MAX_CHARACTERS) {
            throw new IllegalArgumentException("a key id has 1 to 256 characters");
        }
        for (int i = 0; i < text.length(); i++) {
            if (text.charAt(i) < ' ' || text.charAt(i) > '~') {
                throw new IllegalArgumentException("a key id is printable ASCII");
            }
        }
    }

    @Override
    public String toString() {
        return text;
    }
}
