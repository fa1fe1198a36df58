/**
 * The caveat language: what a token is narrowed to, and what an attempt looks like to it.
 *
 * <p>A <em>caveat</em> is one line of text inside a macaroon, its <em>predicate</em>: {@code key op value}, printable ASCII,
 * single spaces, at most 1,024 bytes (the convention of libmacaroons, so that every library of that family can add one).
 * An <em>access</em> holds the facts of one attempt, its clock included. A caveat is asked one thing: what it
 * <em>prohibits</em> of an access ({@link dev.credfs.caveat.Caveat#prohibits}). It can only restrict; there is no way to
 * write one that permits.
 *
 * <p><b>Invariants.</b>
 *
 * <ul>
 *   <li>Every predicate has one spelling: {@code parse(p).predicate().equals(p)} for all text that parses.
 *   <li>What is not understood prohibits: {@link dev.credfs.caveat.Caveat#read} answers an {@link
 *       dev.credfs.caveat.Unrecognized} for it, while {@link dev.credfs.caveat.Caveat#parse} — for people who write caveats
 *       — throws with the column.
 *   <li>Repeated caveats must all pass; a list inside one caveat passes if any entry does.
 *   <li>A fact that an access does not have is never assumed: the caveat that asks for it prohibits.
 * </ul>
 *
 * <p><b>What the wildcards mean.</b> In a {@code path}, {@code *} stands for any characters within one segment (alone: at
 * least one), a segment {@code **} for zero or more whole segments; {@code /a/**} covers {@code /a}, {@code /a/} and
 * everything below; {@code /a/} is not {@code /a}. In a {@code host}, a leading {@code *.} stands for one or more labels and
 * never for none. There are no regular expressions: nobody can say by reading one what it lets through.
 *
 * <p><b>The query</b> is no caveat's business, with one exception. The first request of git, {@code
 * <repository>/info/refs?service=git-receive-pack}, says in it whether somebody is about to read or to push. Such an access is
 * cleared twice over, as itself and as the {@code POST <repository>/git-receive-pack} that it announces, so that {@code path =
 * /acme/site.git/info/refs /acme/site.git/git-upload-pack} is reading and nothing else. The rule only restricts; a verifier
 * that does not know it lets the announcement through and refuses what was announced.
 *
 * <p><b>What this package does not do.</b> It does not know who signed a caveat (that is {@code macaroon}) and resolves no
 * name. Whoever builds an access answers for its facts: the host of the connection really made, the peer really seen.
 */
@NullMarked
package dev.credfs.caveat;

import org.jspecify.annotations.NullMarked;
