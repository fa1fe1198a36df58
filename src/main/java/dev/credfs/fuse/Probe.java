package dev.credfs.fuse;

import dev.credfs.mint.Attributes;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.HexFormat;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The hidden file of the self-test: it exists for this process alone, under a name nobody can guess, is listed nowhere,
 * is answered without the mint, and is gone once the mount is ready.
 */
final class Probe {
    /** The file handle of an open probe. The mint numbers its own from 1 upwards. */
    static final long HANDLE = -1L;

    private static final int NONCE_BYTES = 32;

    private final String name;
    private final byte[] nonce = new byte[NONCE_BYTES];

    /** Page-cache fills refused on this file: what shows that the kernel marks them. */
    final AtomicInteger sharedReadsRefused = new AtomicInteger();

    Probe(SecureRandom random) {
        byte[] suffix = new byte[16];
        random.nextBytes(suffix);
        name = ".credfs-probe-" + HexFormat.of().formatHex(suffix);
        random.nextBytes(nonce);
    }

    String name() {
        return name;
    }

    byte[] nonce() {
        return nonce;
    }

    boolean isAt(String path) {
        return path.length() == name.length() + 1 && path.endsWith(name);
    }

    Attributes attributes() {
        return new Attributes(false, nonce.length, Instant.EPOCH, Long.MAX_VALUE);
    }
}
