/* writing DIRECTORY FILE: every call that would change the file, the directory or a name in it is EROFS. */
#include "probe.h"
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <linux/fs.h>

static int wrong;

static void refused(const char *what, long result, int also)
{
    if (result == -1 && (errno == EROFS || (also != 0 && errno == also)))
        return;
    fprintf(stderr, "not so: %s gave %ld, errno %d (%s)\n", what, result, errno, strerror(errno));
    wrong++;
}

#define REFUSED(call) refused(#call, call, 0)
#define REFUSED_OR(error, call) refused(#call, call, error)

int main(int argc, char **argv)
{
    REQUIRE(argc == 3, "two arguments");
    const char *file = argv[2];
    char new[4096], other[4096];
    snprintf(new, sizeof new, "%s/new", argv[1]);
    snprintf(other, sizeof other, "%s/other", argv[1]);
    int fd = open_token(file);
    int directory = open(argv[1], O_RDONLY | O_DIRECTORY);
    struct timespec times[2] = {{0, UTIME_NOW}, {0, UTIME_NOW}};

    REFUSED(open(file, O_WRONLY));
    REFUSED(open(file, O_RDWR));
    REFUSED(open(file, O_WRONLY | O_APPEND));
    REFUSED(open(file, O_WRONLY | O_TRUNC));
    REFUSED(open(file, O_RDONLY | O_TRUNC));
    REFUSED(open(new, O_RDONLY | O_CREAT, 0600));
    REFUSED(open(new, O_WRONLY | O_CREAT, 0600));
    REFUSED(open(new, O_RDWR | O_CREAT | O_EXCL, 0600));
    REFUSED(openat(directory, "new", O_WRONLY | O_CREAT, 0600));
    REFUSED_OR(EOPNOTSUPP, open(argv[1], O_TMPFILE | O_RDWR, 0600));
    REFUSED(creat(new, 0600));
    REFUSED(truncate(file, 0));
    REFUSED(truncate(file, 1 << 20));
    REFUSED(unlink(file));
    REFUSED(unlinkat(directory, "token", 0));
    REFUSED(rename(file, new));
    /* flags of rename, and a capability that is none, are refused before anybody asks whether it can be written */
    REFUSED_OR(EINVAL, renameat2(directory, "token", directory, "line", RENAME_EXCHANGE));
    REFUSED(link(file, new));
    REFUSED(symlink("target", new));
    REFUSED(mkdir(new, 0700));
    REFUSED(rmdir(argv[1]));
    REFUSED(mknod(new, S_IFREG | 0600, 0));
    REFUSED(mknod(new, S_IFIFO | 0600, 0));
    REFUSED(mknod(new, S_IFSOCK | 0600, 0));
    REFUSED(chmod(file, 0777));
    REFUSED(chmod(argv[1], 0777));
    REFUSED(fchmod(fd, 0777));
    REFUSED(chown(file, 1, 1));
    REFUSED(lchown(file, 1, 1));
    REFUSED(fchown(fd, 1, 1));
    REFUSED(utimensat(AT_FDCWD, file, times, 0));
    REFUSED(utimensat(AT_FDCWD, file, NULL, 0));
    REFUSED(futimens(fd, times));
    REFUSED_OR(EOPNOTSUPP, setxattr(file, "user.a", "b", 1, 0));
    REFUSED_OR(EOPNOTSUPP, fsetxattr(fd, "user.a", "b", 1, 0));
    REFUSED_OR(EINVAL, setxattr(file, "security.capability", "b", 1, 0));
    REFUSED_OR(EOPNOTSUPP, removexattr(file, "user.a"));
    REFUSED_OR(EPERM, syscall(SYS_acct, file));

    /* on a descriptor that is open for reading the kernel itself says so, and with other words */
    REFUSED_OR(EBADF, write(fd, "x", 1));
    REFUSED_OR(EBADF, pwrite(fd, "x", 1, 0));
    REFUSED_OR(EINVAL, ftruncate(fd, 0));
    REFUSED_OR(EBADF, fallocate(fd, 0, 0, 1));
    REFUSED_OR(EBADF, fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 1));
    int flags = FS_IMMUTABLE_FL;
    REFUSED_OR(ENOTTY, ioctl(fd, FS_IOC_SETFLAGS, &flags));

    struct stat stat1;
    REQUIRE(fstat(fd, &stat1) == 0 && (stat1.st_mode & 0222) == 0, "mode %o", stat1.st_mode);
    REQUIRE(lstat(new, &stat1) == -1 && errno == ENOENT, "there is a new file");
    REQUIRE(lstat(other, &stat1) == -1 && errno == ENOENT, "there is another file");
    return wrong > 0;
}
