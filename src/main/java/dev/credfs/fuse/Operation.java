package dev.credfs.fuse;

import dev.credfs.policy.Errno;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Set;

/**
 * A FUSE operation that credfs answers, with the errnos it may answer. A refusal outside its list becomes EIO. ENOSYS
 * is in no list and not even in {@link Errno}: one ENOSYS from {@code open} makes the kernel stop asking, for the whole
 * mount.
 */
enum Operation {
    GETATTR(Errno.ENOENT, Errno.ENOTDIR, Errno.ENAMETOOLONG, Errno.EACCES),
    READDIR(Errno.ENOENT, Errno.ENOTDIR, Errno.EACCES),
    OPEN(
            Errno.ENOENT,
            Errno.ENOTDIR,
            Errno.EISDIR,
            Errno.ENAMETOOLONG,
            Errno.EACCES,
            Errno.EROFS,
            Errno.EAGAIN,
            Errno.EMFILE,
            Errno.ESTALE),
    READ(Errno.EACCES, Errno.EINVAL, Errno.EAGAIN, Errno.ESTALE),
    RELEASE(),
    STATFS(),
    UTIMENS(Errno.EROFS, Errno.ENOENT),
    READLINK(Errno.EINVAL),
    MKNOD(Errno.EROFS),
    MKDIR(Errno.EROFS),
    UNLINK(Errno.EROFS),
    RMDIR(Errno.EROFS),
    SYMLINK(Errno.EROFS),
    RENAME(Errno.EROFS),
    LINK(Errno.EROFS),
    CHMOD(Errno.EROFS),
    CHOWN(Errno.EROFS),
    TRUNCATE(Errno.EROFS),
    FTRUNCATE(Errno.EROFS),
    CREATE(Errno.EROFS),
    WRITE(Errno.EROFS),
    FALLOCATE(Errno.EROFS);

    /** Never handed out, and not changed after the constructor. */
    @SuppressWarnings("ImmutableEnumChecker")
    private final Set<Errno> allowed = EnumSet.of(Errno.EIO);

    Operation(Errno... besidesEio) {
        for (Errno errno : besidesEio) {
            allowed.add(errno);
        }
    }

    /** The value that the callback returns for a refusal: a negative errno from this operation's list. */
    int answer(Errno errno) {
        return -(allowed.contains(errno) ? errno : Errno.EIO).number();
    }

    /** As the kernel spells it. */
    String spelling() {
        return name().toLowerCase(Locale.ROOT);
    }
}
