/* foreign FILE UID UID ROUNDS: two users, each in a process of its own, open the file and read it at the same time by
 * every way there is. What each obtains is a whole token of its own: it begins as the token that the same descriptor
 * gave by pread, and never holds a byte of another. Prints, for each way, how many reads got a token and how many were
 * refused; a token goes to directory "." as "uid-way-round". Refusals of page-cache fills are right, bytes are not. */
#include "probe.h"
#include <liburing.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>

static sigjmp_buf fault;

static void on_fault(int signal)
{
    siglongjmp(fault, signal);
}

/* A way to read: fills buffer and returns the count, or -1 with errno. */
typedef ssize_t (*way)(int fd, const char *path, char *buffer, size_t size);

static ssize_t by_read(int fd, const char *path, char *buffer, size_t size)
{
    return read(fd, buffer, size);
}

static ssize_t by_read_of_one(int fd, const char *path, char *buffer, size_t size)
{
    ssize_t all = 0, count;
    while ((count = read(fd, buffer + all, 1)) == 1)
        all++;
    return count < 0 ? count : all;
}

static ssize_t by_pread(int fd, const char *path, char *buffer, size_t size)
{
    return pread(fd, buffer, size, 0);
}

static ssize_t by_readv(int fd, const char *path, char *buffer, size_t size)
{
    struct iovec parts[2] = {{buffer, 17}, {buffer + 17, size - 17}};
    return readv(fd, parts, 2);
}

static ssize_t by_preadv2(int fd, const char *path, char *buffer, size_t size)
{
    struct iovec part = {buffer, size};
    return preadv2(fd, &part, 1, 0, 0);
}

static ssize_t by_preadv2_nowait(int fd, const char *path, char *buffer, size_t size)
{
    struct iovec part = {buffer, size};
    return preadv2(fd, &part, 1, 0, RWF_NOWAIT);
}

static ssize_t by_direct(int fd, const char *path, char *buffer, size_t size)
{
    static char aligned[MAX_TOKEN] __attribute__((aligned(4096)));
    int direct = open(path, O_RDONLY | O_DIRECT | O_CLOEXEC);
    if (direct < 0)
        return -1;
    ssize_t count = read(direct, aligned, sizeof aligned);
    int error = errno;
    close(direct);
    errno = error;
    if (count > 0)
        memcpy(buffer, aligned, count);
    return count;
}

static ssize_t by_sendfile(int fd, const char *path, char *buffer, size_t size)
{
    int pair[2];
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0, "socketpair");
    off_t offset = 0;
    ssize_t sent = sendfile(pair[0], fd, &offset, size);
    int error = errno;
    ssize_t count = sent > 0 ? recv(pair[1], buffer, size, MSG_DONTWAIT) : sent;
    close(pair[0]);
    close(pair[1]);
    errno = error;
    return count;
}

static ssize_t by_splice(int fd, const char *path, char *buffer, size_t size)
{
    int ends[2];
    REQUIRE(pipe(ends) == 0, "pipe");
    loff_t offset = 0;
    ssize_t spliced = splice(fd, &offset, ends[1], NULL, size, 0);
    int error = errno;
    ssize_t count = spliced > 0 ? read(ends[0], buffer, size) : spliced;
    close(ends[0]);
    close(ends[1]);
    errno = error;
    return count;
}

static ssize_t by_copy_file_range(int fd, const char *path, char *buffer, size_t size)
{
    char name[] = "copy.XXXXXX";
    int copy = mkstemp(name);
    REQUIRE(copy >= 0, "mkstemp");
    unlink(name);
    loff_t offset = 0;
    ssize_t copied = copy_file_range(fd, &offset, copy, NULL, size, 0);
    int error = errno;
    ssize_t count = copied > 0 ? pread(copy, buffer, size, 0) : copied;
    close(copy);
    errno = error;
    return count;
}

static ssize_t mapped(int fd, char *buffer, int flags)
{
    struct stat stat;
    REQUIRE(fstat(fd, &stat) == 0, "fstat");
    char *map = mmap(NULL, stat.st_size, PROT_READ, flags, fd, 0);
    if (map == MAP_FAILED)
        return -1;
    volatile ssize_t count = -1;
    if (sigsetjmp(fault, 1) == 0) {
        memcpy(buffer, map, stat.st_size);
        count = stat.st_size;
    }
    munmap(map, stat.st_size);
    errno = EFAULT;
    return count;
}

static ssize_t by_private_map(int fd, const char *path, char *buffer, size_t size)
{
    return mapped(fd, buffer, MAP_PRIVATE);
}

/* The kernel tries a page that it may not populate again and again, until a signal ends the process (__mm_populate, seen
 * on 6.18): that is the caller's own time, and must be the end of it. */
static ssize_t by_populated_map(int fd, const char *path, char *buffer, size_t size)
{
    int ends[2], status;
    REQUIRE(pipe(ends) == 0, "pipe");
    pid_t child = fork();
    if (child == 0) {
        alarm(1);
        ssize_t count = mapped(fd, buffer, MAP_PRIVATE | MAP_POPULATE);
        _exit(count > 0 && write(ends[1], buffer, count) != count);
    }
    close(ends[1]);
    ssize_t count = read(ends[0], buffer, size);
    close(ends[0]);
    REQUIRE(waitpid(child, &status, 0) == child, "wait");
    errno = EFAULT;
    return count > 0 ? count : -1;
}

static ssize_t by_shared_map(int fd, const char *path, char *buffer, size_t size)
{
    return mapped(fd, buffer, MAP_SHARED);
}

static ssize_t by_read_after_advice(int fd, const char *path, char *buffer, size_t size)
{
    posix_fadvise(fd, 0, 0, POSIX_FADV_WILLNEED);
    readahead(fd, 0, size);
    return read(fd, buffer, size);
}

static ssize_t uring(int fd, char *buffer, size_t size, int forced)
{
    struct io_uring ring;
    int error = io_uring_queue_init(2, &ring, 0);
    REQUIRE(error == 0, "io_uring: %s; see /proc/sys/kernel/io_uring_disabled", strerror(-error));
    struct io_uring_sqe *entry = io_uring_get_sqe(&ring);
    io_uring_prep_read(entry, fd, buffer, size, 0);
    if (forced)
        entry->flags |= IOSQE_ASYNC;
    struct io_uring_cqe *done;
    REQUIRE(io_uring_submit(&ring) == 1 && io_uring_wait_cqe(&ring, &done) == 0, "io_uring");
    ssize_t count = done->res;
    io_uring_queue_exit(&ring);
    if (count < 0) {
        errno = -count;
        return -1;
    }
    return count;
}

static size_t size_of(int fd)
{
    struct stat stat;
    REQUIRE(fstat(fd, &stat) == 0, "fstat");
    return stat.st_size;
}

static ssize_t by_io_uring(int fd, const char *path, char *buffer, size_t size)
{
    return uring(fd, buffer, size_of(fd), 0);
}

static ssize_t by_io_uring_worker(int fd, const char *path, char *buffer, size_t size)
{
    return uring(fd, buffer, size_of(fd), 1);
}

/* A fault of the kernel (seen on 6.18): io_uring goes on after a short read, and fuse_direct_IO, where FUSE_ASYNC_DIO is
 * not negotiated, has not moved the position; so what goes beyond st_size is the token again. Its own it is. */
static ssize_t by_large_io_uring(int fd, const char *path, char *buffer, size_t size)
{
    ssize_t count = uring(fd, buffer, size, 0), length = size_of(fd);
    for (ssize_t i = length; i < count; i++)
        REQUIRE(buffer[i] == buffer[i % length], "io_uring gave a foreign byte at %zd", i);
    return count > length ? length : count;
}

/* must: a reader that has to work. The others are refused, or get what is theirs. */
static const struct {
    const char *name;
    way read;
    int must;
    int own; /* a descriptor and thus a token of its own, not that of the pread before */
    int once; /* it takes long */
} ways[] = {
    {"read", by_read, 1, 0},
    {"read-of-one", by_read_of_one, 1, 0, 1},
    {"pread", by_pread, 1, 0},
    {"readv", by_readv, 1, 0},
    {"preadv2", by_preadv2, 1, 0},
    {"preadv2-nowait", by_preadv2_nowait, 0, 0},
    {"o-direct", by_direct, 1, 1},
    {"sendfile", by_sendfile, 0, 0},
    {"splice", by_splice, 0, 0},
    {"copy-file-range", by_copy_file_range, 0, 0},
    {"private-map", by_private_map, 0, 0},
    {"populated-map", by_populated_map, 0, 0, 1},
    {"shared-map", by_shared_map, 0, 0},
    {"read-after-advice", by_read_after_advice, 1, 0},
    {"io-uring", by_io_uring, 1, 0},
    {"io-uring-worker", by_io_uring_worker, 1, 0},
    {"io-uring-large", by_large_io_uring, 1, 0},
};
#define WAYS (sizeof ways / sizeof *ways)

static void keep(uid_t uid, const char *name, int round, const char *content, ssize_t length)
{
    char file[128];
    snprintf(file, sizeof file, "%u-%s-%d", (unsigned) uid, name, round);
    FILE *out = fopen(file, "w");
    REQUIRE(out != NULL && fwrite(content, 1, length, out) == (size_t) length && fclose(out) == 0, "write %s", file);
}

static void read_as(uid_t uid, const char *path, int rounds, int start)
{
    become(uid);
    signal(SIGBUS, on_fault);
    signal(SIGSEGV, on_fault);
    struct stat stat;
    REQUIRE(lstat(path, &stat) == 0, "stat %s", path);
    char go;
    REQUIRE(read(start, &go, 1) == 0, "wait for the start");
    for (size_t i = 0; i < WAYS; i++) {
        int got = 0, refused = 0, last = 0;
        for (int round = 0; round < (ways[i].once ? 1 : rounds); round++) {
            char first[MAX_TOKEN], second[MAX_TOKEN];
            memset(second, 0, sizeof second);
            /* the file's own token first, so that both users have been here when the way is tried */
            int fd = open_token(path);
            ssize_t length = pread(fd, first, sizeof first, 0);
            REQUIRE(length == stat.st_size, "%u: pread gave %zd", (unsigned) uid, length);
            double began = now_seconds();
            ssize_t count = ways[i].read(fd, path, second, sizeof second);
            if (count < 0) {
                REQUIRE(!ways[i].must, "%u cannot read by %s", (unsigned) uid, ways[i].name);
                refused++;
                last = errno;
            } else {
                REQUIRE(count == length, "%s gave %zd bytes of %zd", ways[i].name, count, length);
                /* later than a second it may have minted anew */
                if (!ways[i].own && now_seconds() - began < 0.5)
                    REQUIRE(memcmp(first, second, length) == 0, "%s gave user %u another token", ways[i].name,
                            (unsigned) uid);
                got++;
                if (round == 0)
                    keep(uid, ways[i].name, round, second, count);
            }
            close(fd);
        }
        printf("%u %s %d %d %d\n", (unsigned) uid, ways[i].name, got, refused, last);
    }
    fflush(stdout);
    _exit(0);
}

int main(int argc, char **argv)
{
    REQUIRE(argc == 5, "four arguments");
    setlinebuf(stdout);
    int start[2];
    REQUIRE(pipe(start) == 0, "pipe");
    pid_t children[2];
    for (int i = 0; i < 2; i++) {
        children[i] = fork();
        if (children[i] == 0) {
            close(start[1]);
            read_as(atoi(argv[2 + i]), argv[1], atoi(argv[4]), start[0]);
        }
    }
    close(start[1]);
    int failed = 0, status;
    for (int i = 0; i < 2; i++)
        failed |= waitpid(children[i], &status, 0) != children[i] || status != 0;
    return failed;
}
