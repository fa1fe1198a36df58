/*
 * A contestant of scripts/bench: github/token of static bytes on the high-level interface of libfuse 2.9, which credfs
 * stands on too, with its own loop and threads, and the mount flags and timeouts of credfs.
 *
 *   libfuse2 MOUNTPOINT BYTES     serves a token of so many bytes until SIGTERM
 */
#define FUSE_USE_VERSION 29
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <fuse.h>

#define MAX_TOKEN 8192
#define FILE_PATH "/github/token"

static char token[MAX_TOKEN];
static size_t length;

static int getattr(const char *path, struct stat *st)
{
    if (strcmp(path, FILE_PATH) == 0) {
        st->st_mode = S_IFREG | 0444;
        st->st_nlink = 1;
        st->st_size = length;
        return 0;
    }
    st->st_mode = S_IFDIR | 0555;
    st->st_nlink = 2;
    return strcmp(path, "/") == 0 || strcmp(path, "/github") == 0 ? 0 : -ENOENT;
}

static int open_token(const char *path, struct fuse_file_info *info)
{
    info->direct_io = 1;
    return strcmp(path, FILE_PATH) == 0 ? 0 : -ENOENT;
}

static int read_token(const char *path, char *buffer, size_t size, off_t offset, struct fuse_file_info *info)
{
    (void)path;
    (void)info;
    size_t left = (size_t)offset < length ? length - offset : 0;
    size_t bytes = left < size ? left : size;
    memcpy(buffer, token + (length - left), bytes);
    return bytes;
}

static const struct fuse_operations operations = {.getattr = getattr, .open = open_token, .read = read_token};

int main(int argc, char **argv)
{
    if (argc != 3 || (length = strtoul(argv[2], NULL, 10)) == 0 || length > MAX_TOKEN) {
        fprintf(stderr, "usage: libfuse2 MOUNTPOINT BYTES\n");
        return 2;
    }
    memset(token, 'x', length);
    char *arguments[] = {argv[0], "-f", "-o",
                         "ro,nosuid,nodev,noexec,default_permissions,attr_timeout=1,entry_timeout=1,fsname=libfuse2", argv[1]};
    return fuse_main(5, arguments, &operations, NULL);
}
