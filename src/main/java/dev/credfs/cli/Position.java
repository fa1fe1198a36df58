package dev.credfs.cli;

/**
 * A place in a text file.
 *
 * @param line from 1
 * @param column from 1
 */
record Position(int line, int column) {
    /** The place {@code characters} further on the same line. */
    Position plus(int characters) {
        return new Position(line, column + characters);
    }

    @Override
    public String toString() {
        return line + ":" + column;
    }
}
