package dev.credfs.audit;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.util.Locale;

/** What the system said, in the words a person is told. */
final class Problems {
    private Problems() {}

    /** One lower-case line without the path, which the sentence around it names. */
    static String of(IOException problem) {
        if (problem instanceof NoSuchFileException) {
            return "no such file or directory";
        }
        if (problem instanceof AccessDeniedException) {
            return "permission denied";
        }
        if (problem instanceof NotDirectoryException) {
            return "not a directory";
        }
        String said = problem instanceof FileSystemException e && e.getReason() != null
                ? e.getReason()
                : String.valueOf(problem.getMessage());
        return said.toLowerCase(Locale.ROOT);
    }
}
