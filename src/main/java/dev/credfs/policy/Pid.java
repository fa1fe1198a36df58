package dev.credfs.policy;

/**
 * The id of a process: the thread group id, in the daemon's own pid namespace ({@code Tgid of /proc/<tid>/status}).
 *
 * @param number positive; the kernel's 0 stands for a caller that this namespace cannot see, which is never a Pid
 */
public record Pid(int number) {
    public Pid {
        if (number <= 0) {
            throw new IllegalArgumentException("not a pid: " + number);
        }
    }

    @Override
    public String toString() {
        return Integer.toString(number);
    }
}
