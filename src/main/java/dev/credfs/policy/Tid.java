package dev.credfs.policy;

/**
 * The id of a thread, as FUSE gives it for a caller, in the daemon's own pid namespace ({@code /proc/<tid>}).
 *
 * @param number positive; the kernel's 0 stands for a caller that this namespace cannot see, which is never a Tid
 */
public record Tid(int number) {
    public Tid {
        if (number <= 0) {
            throw new IllegalArgumentException("not a tid: " + number);
        }
    }

    @Override
    public String toString() {
        return Integer.toString(number);
    }
}
