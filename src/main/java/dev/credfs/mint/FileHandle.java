package dev.credfs.mint;

/**
 * The number that names one open file between the kernel and credfs ({@code fi->fh}).
 *
 * @param number never 0: that is what the kernel sends when nothing was stored
 */
public record FileHandle(long number) {}
