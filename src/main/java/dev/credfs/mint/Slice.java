package dev.credfs.mint;

/**
 * The part of a file's content that one read returns.
 *
 * @param content the whole content of the open file; not to be changed, and not to be copied past {@code length}
 * @param from first byte of the slice
 * @param lengthBytes 0 at and after the end of the content
 */
@SuppressWarnings("ArrayRecordComponent") // passed on once and never compared; a copy per read would cost
public record Slice(byte[] content, int from, int lengthBytes) {}
