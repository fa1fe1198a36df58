/**
 * The mount: requests that are answered by asking the mint, the threads that do so, and the life of the mount around both.
 *
 * <p><b>Words.</b> FUSE operations are spelled as the kernel does. A <em>requester</em> is what the kernel says about a
 * request: a uid, a gid and the id of a thread; {@code procfs} makes a caller of it. A <em>shared read</em> is one that
 * fills the page cache, where the next caller would find it. The <em>probe</em> is the hidden file of the self-test.
 *
 * <p><b>Nothing but a number leaves a callback.</b> An exception that leaves a jffi callback becomes the value 0, which
 * is success. {@link dev.credfs.fuse.Callbacks} catches every {@code Throwable}, puts it on the record and answers an
 * errno from the operation's list; ENOSYS is in none, since one from {@code open} would make the kernel open files
 * without asking. {@link dev.credfs.fuse.FileRequests} does the same, and no read accepts the handle 0.
 *
 * <p><b>A read does not pass through libfuse.</b> OPEN, READ and RELEASE are answered from the kernel's bytes; lookups,
 * attributes, listings and refusals are libfuse's. What the kernel calls a node, {@link dev.credfs.fuse.Nodes} learns from
 * libfuse's answers to LOOKUP before the kernel has them, so that no request meets the path of another node.
 *
 * <p><b>No byte for two callers.</b> {@code direct_io} keeps ordinary reads out of the page cache, but {@code
 * sendfile}, {@code splice} and private {@code mmap} fill it all the same, and one caller's token reached another. The
 * kernel names a lock owner on direct reads and 0 on these; {@code read} answers EINVAL to 0, and readers fall back.
 * {@link dev.credfs.fuse.SelfTest} proves it on each start: kernels differ.
 *
 * <p><b>One copy, bounded.</b> {@link dev.credfs.fuse.Reply} alone writes to the kernel's buffer. Past its end lies
 * native heap.
 *
 * <p><b>The session loop is ours</b> because stock jnr-fuse takes 48 µs for open+read+close where this takes 11: jffi
 * attaches and detaches a foreign thread around each of its first 1,000 callbacks, and libfuse's pool keeps making new
 * ones. It runs on libfuse 2.9: {@code fuse_setup}, never {@code fuse_new} (dlsym finds an incompatible old version).
 * {@code fuse_teardown} gets mountpoint 0, so that it frees and never unmounts: it would unmount whatever stands at the
 * path by then.
 *
 * <p><b>Signals.</b> {@code fuse_setup} takes SIGTERM, SIGINT and SIGHUP only where they are at their default. The JVM
 * has handlers of its own by then, except under {@code -Xrs}, where mounting is refused.
 *
 * <p><b>The mountpoint's parent stays a shared mount after the daemon has stopped</b>, on purpose: a container that
 * binds it {@code rslave} hangs on its peer group, and the mount of the next daemon reaches the container through
 * nothing else.
 *
 * <p><b>{@code auto_unmount}</b> leaves a fusermount that waits for this process to end and then unmounts any credfs at
 * the mountpoint, so that a killed daemon mostly leaves no dead mount; the next start clears what it missed. After an
 * orderly stop it is killed, because a successor may be there by then. It is forked from this process and holds every descriptor that was open without close-on-exec:
 * mount before secrets are opened.
 *
 * <p><b>What it deliberately does not do.</b> No {@code flush} (an open+read+close is then OPEN, READ and an
 * asynchronous RELEASE), {@code access}, {@code xattr}, {@code write_buf}, {@code read_buf}, {@code ioctl}, {@code
 * poll}, {@code lock}. No {@code keep_cache}. No {@code ThreadLocal}s. An interrupted open is not refused: the kernel
 * interrupts for every signal and then goes on waiting; only where SIGKILL is pending is nothing minted.
 *
 * <p><b>What the caller must still do.</b> Call {@link dev.credfs.fuse.ProcessMemory#forbidInspection} first thing in
 * main; {@link dev.credfs.fuse.Mount#close} from a shutdown hook; run with {@code -Dfile.encoding=UTF-8}, since names
 * are decoded in the default charset. The mint and {@code procfs} should answer within a second: a thread that waits in a
 * handler cannot be called back. What this package adds is a bound on how many may be there, and on how many
 * of one user ({@code Places}), and {@link dev.credfs.fuse.LastResort}, which answers in their place.
 */
@NullMarked
package dev.credfs.fuse;

import org.jspecify.annotations.NullMarked;
