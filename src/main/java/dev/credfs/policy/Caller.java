package dev.credfs.policy;

/**
 * The process behind one request, as it was while the request was being decided.
 *
 * @param tid the thread that asked
 * @param pid its thread group
 * @param startTicks field 22 of {@code /proc/<pid>/stat}: clock ticks from boot to the start of the process; with the pid it
 *     names one process for ever
 * @param uid the file-system uid of the request, as the kernel passed it
 * @param gid the file-system gid of the request, as the kernel passed it
 * @param executable the program it runs
 * @param cgroup all lines of {@code /proc/<pid>/cgroup}, as one string
 * @param userNamespace inode of {@code /proc/<pid>/ns/user}
 * @param container the container that the cgroup names
 */
public record Caller(
        Tid tid,
        Pid pid,
        long startTicks,
        Uid uid,
        Gid gid,
        Executable executable,
        String cgroup,
        long userNamespace,
        Container container) {

    /**
     * True when {@code other} may read what this caller opened: the same uid, user namespace and cgroup. Process and program
     * may differ, since a descriptor is inherited across fork and exec ({@code cat < file}).
     */
    public boolean mayShareDescriptorWith(Caller other) {
        return uid.equals(other.uid) && userNamespace == other.userNamespace && cgroup.equals(other.cgroup);
    }

    /** True for the same process, still with the same program and rights and in the same place; its threads may differ. */
    public boolean isSameProcessAs(Caller other) {
        return pid.equals(other.pid)
                && startTicks == other.startTicks
                && gid.equals(other.gid)
                && executable.equals(other.executable)
                && container.equals(other.container)
                && mayShareDescriptorWith(other);
    }

    /** One line for a log: who this is, without anything secret. */
    public String describe() {
        return "pid " + pid + " uid " + uid + " (" + executable.path() + ") in " + container;
    }
}
