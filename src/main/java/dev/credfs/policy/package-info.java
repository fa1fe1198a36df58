/**
 * Who may have what, and for how long: pure decisions about a caller.
 *
 * <p>A <em>caller</em> is the process behind one request. A <em>rule</em> holds <em>conditions</em>, all of which must hold,
 * and a <em>narrowing</em> that its tokens get on top of the file's own caveats. A <em>policy</em> is a list of rules: the
 * first that matches decides, and <b>where nothing matches the verdict is a refusal</b> — an empty policy gives nothing to
 * anybody. A <em>verdict</em> is a grant or a refusal, and says which rule made it.
 *
 * <p>{@link dev.credfs.policy.Failure} is the one table of reasons, with its projections onto errno, HTTP status and exit
 * status; {@link dev.credfs.policy.RefusedException} carries one through the daemon.
 *
 * <p><b>What a program's path is worth.</b> {@code exe} narrows a rule and is never its only condition: a caller with a mount
 * namespace of its own decides what stands at a path, and an interpreter runs whatever it is given.
 *
 * <p>This package reads no files and asks no kernel: facts about a caller come from {@code procfs}.
 */
@NullMarked
package dev.credfs.policy;

import org.jspecify.annotations.NullMarked;
