/*
 * A contestant of scripts/bench: github/token of static bytes on the low-level interface of libfuse 3, with its own loop
 * and threads, and the mount flags and timeouts of credfs.
 *
 *   libfuse3 MOUNTPOINT BYTES     serves a token of so many bytes until SIGTERM
 */
#define FUSE_USE_VERSION 312
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <fuse_lowlevel.h>

#define MAX_TOKEN 8192
enum { ROOT = FUSE_ROOT_ID, DIRECTORY, TOKEN };

static char token[MAX_TOKEN];
static size_t length;

static struct stat attributes(fuse_ino_t node)
{
    struct stat st = {.st_ino = node, .st_mode = S_IFDIR | 0555, .st_nlink = 2};
    if (node == TOKEN) {
        st.st_mode = S_IFREG | 0444;
        st.st_nlink = 1;
        st.st_size = length;
    }
    return st;
}

static void lookup(fuse_req_t request, fuse_ino_t parent, const char *name)
{
    struct fuse_entry_param entry = {.attr_timeout = 1, .entry_timeout = 1};
    if (parent == ROOT && strcmp(name, "github") == 0)
        entry.ino = DIRECTORY;
    else if (parent == DIRECTORY && strcmp(name, "token") == 0)
        entry.ino = TOKEN;
    else {
        fuse_reply_err(request, ENOENT);
        return;
    }
    entry.attr = attributes(entry.ino);
    fuse_reply_entry(request, &entry);
}

static void getattr(fuse_req_t request, fuse_ino_t node, struct fuse_file_info *info)
{
    (void)info;
    struct stat st = attributes(node);
    fuse_reply_attr(request, &st, 1);
}

static void open_token(fuse_req_t request, fuse_ino_t node, struct fuse_file_info *info)
{
    (void)node;
    info->direct_io = 1;
    fuse_reply_open(request, info);
}

static void read_token(fuse_req_t request, fuse_ino_t node, size_t size, off_t offset, struct fuse_file_info *info)
{
    (void)node;
    (void)info;
    size_t left = (size_t)offset < length ? length - offset : 0;
    fuse_reply_buf(request, token + (length - left), left < size ? left : size);
}

static const struct fuse_lowlevel_ops operations = {
    .lookup = lookup, .getattr = getattr, .open = open_token, .read = read_token};

int main(int argc, char **argv)
{
    if (argc != 3 || (length = strtoul(argv[2], NULL, 10)) == 0 || length > MAX_TOKEN) {
        fprintf(stderr, "usage: libfuse3 MOUNTPOINT BYTES\n");
        return 2;
    }
    memset(token, 'x', length);
    char *arguments[] = {argv[0], "-o", "ro,nosuid,nodev,noexec,default_permissions,fsname=libfuse3"};
    struct fuse_args args = FUSE_ARGS_INIT(3, arguments);
    struct fuse_session *session = fuse_session_new(&args, &operations, sizeof operations, NULL);
    if (session == NULL || fuse_set_signal_handlers(session) != 0 || fuse_session_mount(session, argv[1]) != 0)
        return 1;
    struct fuse_loop_config *threads = fuse_loop_cfg_create();
    fuse_session_loop_mt(session, threads);
    fuse_loop_cfg_destroy(threads);
    fuse_session_unmount(session);
    fuse_remove_signal_handlers(session);
    fuse_session_destroy(session);
    fuse_opt_free_args(&args);
    return 0;
}
