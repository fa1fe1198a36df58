/*
 * The floor of scripts/bench: what a read costs when the server does nothing. Raw /dev/fuse, one thread, github/token of
 * static bytes, the mount flags and timeouts of credfs, and the fewest requests: open, read and release.
 *
 *   floor MOUNTPOINT BYTES     serves a token of so many bytes until SIGTERM, then unmounts
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/fuse.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/uio.h>

#define MAX_TOKEN 8192
/* what the kernel asks for at least: FUSE_MIN_READ_BUFFER */
#define BUFFER_BYTES (132 * 1024)
enum { ROOT = FUSE_ROOT_ID, DIRECTORY, TOKEN };

static char token[MAX_TOKEN];
static size_t length;
static const char *mountpoint;

static void unmount(int signal)
{
    (void)signal;
    umount2(mountpoint, MNT_DETACH);
    _exit(0);
}

static void answer(int fd, uint64_t unique, int error, const void *body, size_t bytes)
{
    struct fuse_out_header head = {.len = sizeof head + bytes, .error = error, .unique = unique};
    struct iovec parts[] = {{&head, sizeof head}, {(void *)body, bytes}};
    /* a caller that is gone is ENOENT */
    if (writev(fd, parts, 2) < 0 && errno != ENOENT)
        perror("floor: writev");
}

static struct fuse_attr attributes(uint64_t node)
{
    struct fuse_attr attr = {.ino = node, .mode = S_IFDIR | 0555, .nlink = 2};
    if (node == TOKEN) {
        attr.mode = S_IFREG | 0444;
        attr.nlink = 1;
        attr.size = length;
    }
    return attr;
}

static void lookup(int fd, const struct fuse_in_header *in, const char *name)
{
    struct fuse_entry_out entry = {.entry_valid = 1, .attr_valid = 1};
    if (in->nodeid == ROOT && strcmp(name, "github") == 0)
        entry.nodeid = DIRECTORY;
    else if (in->nodeid == DIRECTORY && strcmp(name, "token") == 0)
        entry.nodeid = TOKEN;
    else {
        answer(fd, in->unique, -ENOENT, NULL, 0);
        return;
    }
    entry.attr = attributes(entry.nodeid);
    answer(fd, in->unique, 0, &entry, sizeof entry);
}

static void process(int fd, const struct fuse_in_header *in)
{
    const void *body = in + 1;
    switch (in->opcode) {
    case FUSE_INIT: {
        const struct fuse_init_in *init = body;
        struct fuse_init_out out = {.major = FUSE_KERNEL_VERSION, .minor = FUSE_KERNEL_MINOR_VERSION,
                                    .max_readahead = init->max_readahead,
                                    .flags = init->flags & FUSE_ASYNC_READ, .max_write = 128 * 1024};
        answer(fd, in->unique, 0, &out, sizeof out);
        break;
    }
    case FUSE_LOOKUP:
        lookup(fd, in, body);
        break;
    case FUSE_GETATTR: {
        struct fuse_attr_out out = {.attr_valid = 1, .attr = attributes(in->nodeid)};
        answer(fd, in->unique, 0, &out, sizeof out);
        break;
    }
    case FUSE_OPEN: {
        struct fuse_open_out out = {.open_flags = FOPEN_DIRECT_IO};
        answer(fd, in->unique, 0, &out, sizeof out);
        break;
    }
    case FUSE_READ: {
        const struct fuse_read_in *read = body;
        size_t left = read->offset < length ? length - read->offset : 0;
        answer(fd, in->unique, 0, token + (length - left), left < read->size ? left : read->size);
        break;
    }
    case FUSE_RELEASE:
        answer(fd, in->unique, 0, NULL, 0);
        break;
    case FUSE_FORGET:
    case FUSE_BATCH_FORGET:
    case FUSE_INTERRUPT:
        break;
    default:
        /* of FLUSH the kernel then sends no more */
        answer(fd, in->unique, -ENOSYS, NULL, 0);
    }
}

int main(int argc, char **argv)
{
    static char buffer[BUFFER_BYTES] __attribute__((aligned(8)));
    char options[128];
    if (argc != 3 || (length = strtoul(argv[2], NULL, 10)) == 0 || length > MAX_TOKEN) {
        fprintf(stderr, "usage: floor MOUNTPOINT BYTES\n");
        return 2;
    }
    mountpoint = argv[1];
    memset(token, 'x', length);
    int fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);
    snprintf(options, sizeof options, "fd=%d,rootmode=40000,user_id=0,group_id=0,default_permissions", fd);
    if (fd < 0 || mount("floor", mountpoint, "fuse", MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC, options) != 0) {
        perror("floor: mount");
        return 1;
    }
    signal(SIGTERM, unmount);
    for (;;) {
        ssize_t received = read(fd, buffer, sizeof buffer);
        if (received > 0)
            process(fd, (const struct fuse_in_header *)buffer);
        else if (errno == ENODEV)
            return 0;
        else if (errno != EINTR && errno != EAGAIN && errno != ENOENT) {
            perror("floor: read");
            return 1;
        }
    }
}
