package dev.credfs.audit;

import java.nio.file.Path;

/**
 * How a log is, at one moment.
 *
 * @param file it is written to
 * @param written number of the last record in the file
 * @param synced number of the last record that the disk has confirmed
 * @param problem what keeps it from being written, one line; empty when nothing does
 * @param headProblem what keeps the signed head from being written, one line; records are taken all the same
 */
public record AuditStatus(Path file, long written, long synced, String problem, String headProblem) {}
