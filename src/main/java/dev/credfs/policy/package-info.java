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
 * <p><b>What a program's path is worth.</b> {@code exe} narrows a rule and is never its only condition: an interpreter runs
 * whatever it is given, a debugger or {@code LD_PRELOAD} makes anything of any program, and a caller with a mount namespace of
 * its own decides what stands at a path. Therefore a rule for the host means the file (device and inode) that was there when
 * the configuration was read; a rule for containers can only mean the path.
 *
 * <p><b>What a container is called.</b> A rule matches the id that stands in the cgroup: runc's is the name it was given, of
 * docker, podman and Kubernetes it is 64 hex digits. What somebody other than root started is never covered by a glob that
 * does not name that one: {@code agent-*} is not {@code 1000/agent-7}.
 *
 * <p>{@link dev.credfs.policy.Policy#explain} gives for each condition the fact that it looked at; its verdict is that of
 * {@link dev.credfs.policy.Policy#decide}.
 *
 * <p>This package reads no files and asks no kernel: facts about a caller come from {@code procfs}.
 */
@NullMarked
package dev.credfs.policy;

import org.jspecify.annotations.NullMarked;
