package dev.credfs.fuse;

import dev.credfs.policy.Failure;
import java.io.IOException;
import java.nio.file.Path;
import java.util.function.Consumer;

/**
 * The directory above the mountpoint, as a shared mount. A container binds this directory as {@code rslave}: then the
 * mount of a restarted daemon propagates into it, where a direct bind would keep the dead one.
 */
final class SharedParent {
    private SharedParent() {}

    /**
     * Makes it shared where it is not yet. It stays so after the daemon stops, on purpose: a running container's slave
     * hangs on this peer group, and a new one would not reach it.
     */
    static void ensure(Path parent, Consumer<String> notices) throws MountException, IOException {
        if (MountEntry.holding(parent).shared()) {
            return;
        }
        if (Native.LIBC.geteuid() != 0) {
            notices.accept(
                    parent + " is not a shared mount and only root can make it one: running containers will need a"
                            + " restart when credfs restarts");
            return;
        }
        String path = parent.toString();
        // A mountpoint of this name may be one that another mount hides, as under a /tmp of a service's own: EINVAL
        // then.
        if (MountEntry.holding(parent).mountpoint().equals(path) && share(path)) {
            return;
        }
        if (Native.LIBC.mount(path, path, null, Native.MS_BIND | Native.MS_REC, null) != 0) {
            throw new MountException(
                    Failure.NOT_MOUNTED, "cannot bind " + parent + " on itself: errno " + Native.lastErrno());
        }
        if (!share(path)) {
            throw new MountException(
                    Failure.NOT_MOUNTED, "cannot make " + parent + " a shared mount: errno " + Native.lastErrno());
        }
    }

    private static boolean share(String path) {
        return Native.LIBC.mount(null, path, null, Native.MS_SHARED, null) == 0;
    }
}
