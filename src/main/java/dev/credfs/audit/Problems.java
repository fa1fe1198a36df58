package dev.credfs.audit;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.util.Locale;

/** What the system said, in the words a person is told. */
public final class Problems {
    private Problems() {}

    /** One lower-case line without the path, which the sentence around it names. */
    public static String of(IOException problem) {
        if (problem instanceof NoSuchFileException) {
            return "no such file or directory";
        }
        if (problem instanceof AccessDeniedException) {
            return "permission denied";
        }
        if (problem instanceof NotDirectoryException) {
            return "not a directory";
        }
        if (problem instanceof FileAlreadyExistsException) {
            return "exists already";
        }
        if (problem instanceof DirectoryNotEmptyException) {
            return "directory not empty";
        }
        String said = problem instanceof FileSystemException e && e.getReason() != null
                ? e.getReason()
                : String.valueOf(problem.getMessage());
        // Only the first letter, and not of an abbreviation: what follows may be a unit or a name.
        return said.length() > 1 && Character.isLowerCase(said.charAt(1))
                ? said.substring(0, 1).toLowerCase(Locale.ROOT) + said.substring(1)
                : said;
    }
}
