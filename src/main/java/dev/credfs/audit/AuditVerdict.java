package dev.credfs.audit;

import java.nio.file.Path;
import java.util.List;

/** What a verification came to. */
public sealed interface AuditVerdict {

    /** What was seen on the way and is no proof of a change, in the order of the lines. */
    List<Remark> remarks();

    /**
     * Something that whoever trusts the log should know.
     *
     * @param line from 1 in {@code file}; 0 if it is about none
     */
    record Remark(Path file, long line, String text) {}

    /**
     * Every line is as it was written and where it was written.
     *
     * @param firstRecord number of the first record; 0 if there is none
     * @param lastRecord number of the last record; 0 if there is none
     * @param signedUpTo number of the last record that the signed head vouches for; 0 without a head
     */
    record Intact(long firstRecord, long lastRecord, long signedUpTo, List<Remark> remarks) implements AuditVerdict {}

    /**
     * The log was changed.
     *
     * @param file that holds the first line that is wrong
     * @param line its number, from 1; one more than the file has if its end is cut off
     */
    record Broken(Path file, long line, String why, List<Remark> remarks) implements AuditVerdict {}
}
