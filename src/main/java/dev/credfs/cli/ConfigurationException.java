package dev.credfs.cli;

/** A configuration that says something wrong: {@code line:column: problem}. */
final class ConfigurationException extends Exception {
    private static final long serialVersionUID = 1L;

    ConfigurationException(Position at, String problem) {
        super(at + ": " + problem);
    }
}
