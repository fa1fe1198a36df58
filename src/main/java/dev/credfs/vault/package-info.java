/**
 * The master at rest: masters, root keys and credentials in one encrypted file, and no plaintext on any disk.
 *
 * <p><b>Words.</b> An <em>identity</em> is an age key pair's private half; a <em>recipient</em> its public half, with a
 * <em>role</em>: operator, mount or gateway. A <em>section</em> is one age file inside of the vault, encrypted to the
 * recipients of the roles that may open it. An <em>entry</em> is a named secret with its <em>versions</em>: a rotation adds
 * one, retiring takes its value away and leaves its fingerprint. The <em>seal</em> is the Ed25519 key that signs the file. A
 * <em>generation</em> is one state of the file.
 *
 * <p><b>Invariants.</b>
 * <ul>
 *   <li>The mount's identity opens masters and nothing else, the gateway's opens root keys and credentials and no master. Only
 *       an operator's opens the section of the seal, and so only an operator writes.
 *   <li>A file is whole or it is refused: the signature covers every byte before it, and each vault has one spelling. Nothing
 *       is opened before the signature is right, so there is no partial unlock.
 *   <li>An identity that names the seal it was made for accepts no other vault. Public keys are public: whoever sees them can
 *       encrypt to them, and age does not say who did.
 *   <li>A write is one rename of a file that holds ciphertext only, with file and directory on the disk.
 *   <li>What is read was checked by descriptor: the owner, the mode, and that it is no link.
 * </ul>
 *
 * <p><b>The format</b> is {@code src/docs/vault-format.md}; every version of it stays as a fixture of the tests. The age part is
 * jagged's, except the scrypt stanza, whose module of jagged is not published.
 *
 * <p><b>What this package does not do.</b> It knows no macaroon: what a value means is the command line's to say. It does not
 * notice that a whole older generation was put back: a running daemon does, see {@code SIGHUP}, and whoever keeps the number of
 * the generation can. What the kernel's keyring holds, root and the session can read.
 */
@NullMarked
package dev.credfs.vault;

import org.jspecify.annotations.NullMarked;
