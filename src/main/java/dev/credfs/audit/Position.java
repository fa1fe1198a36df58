package dev.credfs.audit;

/**
 * Where a chain stands: the number and the hash of its last record.
 *
 * @param seq from 1; 0 before the first record
 */
record Position(long seq, LineHash hash) {
    static final Position START = new Position(0, LineHash.NONE);
}
