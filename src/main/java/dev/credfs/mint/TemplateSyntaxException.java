package dev.credfs.mint;

/** Text that is not a template: where, and what was expected there. */
public final class TemplateSyntaxException extends Exception {
    private static final long serialVersionUID = 1L;

    private final int column;

    TemplateSyntaxException(int index, String problem) {
        super(problem);
        this.column = index + 1;
    }

    /** Column of the first wrong character of the template, from 1. */
    public int column() {
        return column;
    }
}
