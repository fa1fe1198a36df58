package dev.credfs.policy;

/**
 * The program file a process runs: its path and the file that path led to.
 *
 * @param path as {@code readlink /proc/<pid>/exe} gives it in the caller's mount namespace; a hint, since a caller with a
 *     mount namespace of its own chooses what stands at a path
 * @param device {@code st_dev} of the file itself
 * @param inode {@code st_ino} of the file itself
 */
public record Executable(String path, long device, long inode) {}
