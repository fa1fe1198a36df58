/**
 * Who asks: from the thread id that the kernel gives with a request to a {@link dev.credfs.policy.Caller}, or to a refusal.
 *
 * <p>A <em>task</em> is a thread as the kernel sees it; its directory is {@code /proc/<tid>}, also where it is not the leader
 * of its process. A <em>look</em> is one reading of its {@code stat}; its <em>pulse</em> is a file of it that stays open.
 *
 * <p><b>Why the answer is about the right process.</b> An open file under {@code /proc/<tid>} belongs to the task it was
 * opened for, not to the number: once that task is gone a read fails with ESRCH, for ever, also after the number is given to
 * somebody else. So
 *
 * <ol>
 *   <li>The pulse is opened first; the first look notes the start ticks.
 *   <li>Everything else is read by path. (Java has no {@code readlinkat}; were there one, it would prove nothing more.)
 *   <li>The last look finds the same start ticks and no zombie, and after it the pulse still answers. So the task has been
 *       there all the time, its number was in use all the time, and each path of 2 led to it and to nobody else.
 * </ol>
 *
 * The process of a thread outlives the thread, and {@code Tgid} of a living thread changes only when that thread execs: then
 * its old number is released, and its pulse stops. An exec keeps the number and the start ticks, so device and inode of
 * {@code exe} are compared between the first and the last look as well. What is left is the time before 1: the kernel holds
 * the thread of a FUSE request until it is answered, and where it does not (a request of nobody, after a kill) the uid and
 * gid of the request must still be those of the task found.
 *
 * <p><b>At both ends of its life a task shows a cgroup that is not its own.</b> The kernel lists a new task before it puts it
 * into the cgroup of its parent ({@code attach_pid} and then {@code cgroup_post_fork} in {@code fork.c}), and until then the
 * file names the root of every hierarchy: a child of a container would be on the host. Such a task has not run yet, so one
 * that was never on a processor is refused, by what was read before its cgroup. An exiting task is shown in the root of the
 * v1 hierarchies, and is refused by its flags in the last look. Neither can have asked; but a number that changes hands can
 * lead to it, and what is remembered of it would serve again.
 *
 * <p><b>Any doubt is a refusal</b> with its own line: a caller that this pid namespace cannot see, files that are missing,
 * hidden, unreadable, cut off, or that say something twice, a task that has not begun or is about to end, one without a
 * program, a traced one, one whose file-system uid or gid is not the request's, a cgroup outside our own cgroup namespace, two
 * different containers.
 *
 * <p><b>The uid that counts</b> is the file-system uid: it is what the kernel checks files with and what FUSE passes. A
 * setuid program is therefore its owner, not its user, and a server that acts for a client by {@code setfsuid} is that
 * client. Where the request carries other credentials than the task has (an io_uring personality, a stacked file system),
 * the two differ, and that is a refusal.
 *
 * <p><b>Containers</b> come from {@code /proc/<tid>/cgroup} and from nothing else: mountinfo, the hostname and the environment
 * are the container's own to write. {@link dev.credfs.procfs.ContainerPatterns} holds the table.
 *
 * <p><b>What may serve again.</b> For one second after it was read, a caller is answered from memory, if uid and gid of the
 * request are the same and the pulse of 1 still answers: the task is then still there, and its number nobody else's. A tenth
 * of a millisecond after the last look at it, {@code exe} must be the same file as well. So an exit, a reused number and a
 * change of uid are noticed at once, and an exec of another program unless it opens a file within that time of an open before
 * the exec. What can be missed, for less than a second, is a move to another cgroup, a new user namespace and a tracer that
 * attaches. The first needs the right to write to the host's cgroup tree, the last the right to ptrace the caller: whoever has
 * it can take the token from its memory as well. At most {@value dev.credfs.procfs.Processes#REMEMBERED} tasks are held, each
 * by one descriptor.
 *
 * <p><b>What the caller of this package must still do</b>: decide, and give the request's ids as the kernel passed them. Not
 * promised: that the program is what its path says ({@code exe} is a hint for a process with a mount namespace of its own), that
 * the process was not altered by {@code LD_PRELOAD}, and an answer in bounded time where {@code exe} lies on a file system that
 * hangs.
 *
 * <p>Rights: root, or {@code CAP_SYS_PTRACE}, sees everybody. An ordinary user sees its own processes, its rootless containers
 * among them, and is told "not allowed to look" of any other.
 */
@NullMarked
package dev.credfs.procfs;

import org.jspecify.annotations.NullMarked;
