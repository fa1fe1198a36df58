package dev.credfs.caveat;

/** Text that is not of the caveat language: the text, the column and what was expected there. */
public final class CaveatSyntaxException extends Exception {
    private static final long serialVersionUID = 1L;
    private static final int SHOWN_CHARACTERS = 80;

    private final int column;
    private final String problem;

    /**
     * @param text the whole offending text
     * @param index of the first wrong character, from 0; may be one past the end
     * @param problem what was expected, lower case, without a full stop
     */
    CaveatSyntaxException(String text, int index, String problem) {
        super("column " + (index + 1) + ": " + problem + ": '" + shown(text) + "'");
        this.column = index + 1;
        this.problem = problem;
    }

    /** Column of the first wrong character, from 1. */
    public int column() {
        return column;
    }

    /** What was expected there. */
    public String problem() {
        return problem;
    }

    /** The same problem, found in a part of {@code whole} that begins at {@code offset}. */
    CaveatSyntaxException within(String whole, int offset) {
        return new CaveatSyntaxException(whole, column - 1 + offset, problem);
    }

    private static String shown(String text) {
        return text.length() > SHOWN_CHARACTERS
                ? Scan.printable(text.substring(0, SHOWN_CHARACTERS)) + "..."
                : Scan.printable(text);
    }
}
