/**
 * Secret bytes, their text forms and their fingerprints: pure functions on bytes.
 *
 * <p><b>Words.</b> A <em>secret</em> is a byte string whose disclosure is a loss ({@link dev.credfs.crypto.SecretBytes}). A
 * <em>fingerprint</em> is a short hash that tells two secrets apart in a log and helps nobody to find either. A <em>key
 * file</em> is one line of text that names what it is before it says it, so that a secret scanner recognises it and a master
 * handed in where a root key belongs is refused by name.
 *
 * <p><b>Invariants.</b> A secret is copied in, compared in constant time, can be destroyed, and prints nothing. The only way
 * out is a method whose name begins with {@code reveal}. Base64 has one spelling per byte string: URL alphabet, no padding,
 * no unused bits; everything else is an error.
 *
 * <p><b>What this package does not do.</b> It promises no wiping: the collector may have copied an array before it was
 * zeroed. What protects a secret is where it is not — see {@code src/docs/threat-model.md}. It opens no files: whoever does
 * checks owner and mode first.
 */
@NullMarked
package dev.credfs.crypto;

import org.jspecify.annotations.NullMarked;
