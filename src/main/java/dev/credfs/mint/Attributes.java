package dev.credfs.mint;

import java.time.Instant;

/**
 * What {@code stat} tells of a node: the same for every caller, because the kernel caches it for all of them.
 *
 * @param directory a directory, else a regular file
 * @param sizeBytes exact length of every content this file can have; 0 for a directory
 * @param modified start of the current refresh window
 * @param inode stable for a path as long as the tree stands; never 0
 */
public record Attributes(boolean directory, long sizeBytes, Instant modified, long inode) {}
