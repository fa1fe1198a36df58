package dev.credfs.fuse;

/** Where the fields of requests and answers are, and the numbers of requests: {@code linux/fuse.h}, protocol 7.9 and later. */
final class Protocol {
    // struct fuse_in_header, which every request begins with
    static final int LENGTH = 0;
    static final int OPCODE = 4;
    static final int UNIQUE = 8;
    static final int NODEID = 16;
    /** The gid and the thread's id follow. */
    static final int UID = 24;

    static final int IN_HEADER_BYTES = 40;

    // struct fuse_out_header, which every answer begins with; its length and its unique are where a request has them
    static final int ERROR = 4;
    static final int OUT_HEADER_BYTES = 16;

    // enum fuse_opcode
    static final int LOOKUP = 1;
    static final int FORGET = 2;
    static final int OPEN = 14;
    static final int READ = 15;
    static final int RELEASE = 18;
    static final int INIT = 26;
    static final int INTERRUPT = 36;
    static final int DESTROY = 38;
    static final int BATCH_FORGET = 42;

    /** The nodeid of the root, which no LOOKUP finds. */
    static final long ROOT = 1;

    private Protocol() {}
}
