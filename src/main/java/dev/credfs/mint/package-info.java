/**
 * A path and a caller in, a fresh token out: the virtual tree, the templates and the open files.
 *
 * <p>A <em>node</em> of the tree is a directory, a <em>token file</em>, a <em>public file</em> or {@code .why}. To <em>mint</em> is to decide about the caller, to
 * attenuate the file's master, to put it on the record and only then to hand it out, in the words of the file's
 * <em>template</em>. What was minted is kept with its <em>file handle</em> and served from there.
 *
 * <p><b>Invariants.</b>
 *
 * <ul>
 *   <li>A token is minted at open; every read at an offset is served from what was minted, so one reader never gets the end of
 *       another token after the beginning of its own. A read at offset 0 of a token older than a second mints anew.
 *   <li>Attributes, names and lengths come from the definition alone: asking for them mints nothing and is not on the record.
 *   <li>A file has one length. Every caveat that varies has a fixed width, and where rules narrow differently a {@code pad}
 *       caveat brings all outcomes to the longest; the lengths are computed, and checked again at each mint.
 *   <li>No audit record, no token; never an empty content; never the master: only {@link dev.credfs.macaroon.Token} can be
 *       rendered, and only an attenuation makes one.
 *   <li>Whoever reads must be whoever opened: the same uid, user namespace and cgroup.
 * </ul>
 *
 * <p><b>Refresh windows.</b> A file's time of modification is the start of the current window of half its ttl (of the
 * shortest that any of its rules gives), counted in whole seconds from the epoch. It is stable while a reader reads, and a
 * poller that re-reads when it changed always holds a token with at least half its ttl left.
 *
 * <p><b>Pace.</b> A file can have a limit of reads a minute, counted for each container and, on the host, for each user:
 * counted for each process it would end with a fork. What is given again counts as a read. A file can also let a process have
 * the same token again for some seconds; then it is the very process, with the same program, rights and place, the same rule
 * of the same configuration grants it, the refresh window is the same and half of the ttl is left. A {@code coalesced} record
 * names the token. Who gets tokens of five different files within a second is marked by one {@code bulk} record. All of this
 * is remembered within bounds: a forgotten token is minted anew, a forgotten burst is a missing mark, and what a caller has
 * used of its rate is not forgotten while it counts; newcomers are refused rather.
 *
 * <p><b>{@code .why}.</b> A file at the root that is there for who knows its name and is not listed, in which each caller that could be identified reads its own
 * last refusals: time, path, reason and what to do. It mints nothing and is not on the record. Its length and time of
 * modification are fixed, since attributes are the same for all callers; what it holds is decided at open, and a descriptor
 * of it is as little to be read by others as that of a token. It is no place for what the caller is not to know: reasons that
 * name files of the host, or another process, stay on the record alone.
 *
 * <p><b>Public files.</b> What the gateway's clients must know and everybody may: a certificate, settings for programs. The bytes
 * come from outside and change there; here they are read by everybody whom the mount lets in, without a decision and without
 * a record, by the same calls as tokens, and with bounds of their own. A descriptor of one is for whoever has it.
 *
 * <p><b>Refusals</b> are on the record like tokens, but whoever is allowed nothing must not fill a disk: repetitions are counted,
 * and the count is recorded ({@code Refusals}). The counts need somebody to call {@code recordRepeats} every second and {@code
 * recordAllRepeats} at the end.
 *
 * <p><b>What this package does not do.</b> It knows no root key, no kernel and no file of the host. It bounds the number of
 * open files, and apart from them those of open {@code .why} pages and public files; the number of concurrent mints is bounded by the caller,
 * {@code fuse}.
 */
@NullMarked
package dev.credfs.mint;

import org.jspecify.annotations.NullMarked;
