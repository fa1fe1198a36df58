/**
 * The chain: who may narrow what, and who can tell.
 *
 * <p>A macaroon (Birgisson et al., NDSS 2014) is an identifier, a list of caveats and an HMAC chained over both. Whoever
 * holds the <em>root key</em> can make one from nothing ({@linkplain dev.credfs.macaroon.RootKey#issue issue}); whoever holds
 * one can add caveats to it without any key ({@code attenuate}), and nobody can take one away.
 *
 * <p><b>The types follow the life of a token.</b> {@link dev.credfs.macaroon.RootKey} issues a {@link
 * dev.credfs.macaroon.MasterMacaroon}, which never leaves the host. {@link dev.credfs.macaroon.MasterMacaroon#attenuate} is the
 * only maker of a {@link dev.credfs.macaroon.Token}, and refuses a list of caveats without an expiry. What comes from the wire
 * is a {@link dev.credfs.macaroon.PresentedMacaroon}, of which everything is called {@code unverified…}. <em>Verify, then
 * clear</em>: checking the chain with the root key gives a {@link dev.credfs.macaroon.VerifiedMacaroon}, and only that type can
 * be asked about an access.
 *
 * <p><b>What is accepted from the wire.</b> libmacaroons' V2 binary format in base64url without padding; at most 8 KiB,
 * 32 caveats, 1,024 bytes each, no third-party caveats. Each macaroon is one byte string: the fields stand
 * in their one order, each length in its shortest form, and nothing after the signature, so neither padding, a long varint nor
 * a trailing byte makes a second spelling that a revocation list would miss. The location is a hint that nobody signs:
 * nothing here decides by it, and since anybody can change it, a token is known by its {@code jti} and never by its bytes.
 *
 * <p><b>The chain is our own</b>, some two hundred lines: no third party, no second format, one allocation for what grows.
 * jmacaroons begins each master, and is what the chain is held to: a million random macaroons are made and read by both, and
 * by the HMAC of ten lines in the tests. Its reader takes four times as long as a verification, its writer half of a mint; its
 * V1 reader, its third-party verification and its time verifier are never called: see {@code src/docs/decisions.md}.
 */
@NullMarked
package dev.credfs.macaroon;

import org.jspecify.annotations.NullMarked;
