/*
 * Readers that are not what they seem to be. Exit status 0 if a token was read; else the errno of open or read.
 *
 *   caller pass SOCKET FILE      opens FILE, sends the descriptor to whoever connects, and exits 0 when that one is done
 *   caller receive SOCKET        connects, and reads from the descriptor it is sent
 *   caller traced FILE           reads as a child that its parent traces
 *   caller named NAME FILE       reads under this name of its own choice, at most 15 bytes
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

static void broken(const char *what)
{
    perror(what);
    exit(255);
}

static int read_from(int fd)
{
    char token[4096];
    ssize_t n = read(fd, token, sizeof token);
    if (n < 0)
        return errno;
    return n == 0 ? 254 : 0;
}

static int open_and_read(const char *path)
{
    int fd = open(path, O_RDONLY);
    return fd < 0 ? errno : read_from(fd);
}

static int unix_socket(const char *path, struct sockaddr_un *address)
{
    memset(address, 0, sizeof *address);
    address->sun_family = AF_UNIX;
    snprintf(address->sun_path, sizeof address->sun_path, "%s", path);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    if (fd < 0)
        broken("socket");
    return fd;
}

static int pass(const char *path, const char *file)
{
    struct sockaddr_un address;
    int listening = unix_socket(path, &address);
    int fd = open(file, O_RDONLY);
    if (fd < 0)
        return errno;
    if (bind(listening, (struct sockaddr *)&address, sizeof address) || listen(listening, 1))
        broken("listen");
    int connection = accept(listening, NULL, NULL);
    if (connection < 0)
        broken("accept");
    char byte = 'x';
    char control[CMSG_SPACE(sizeof fd)];
    struct iovec data = {&byte, 1};
    struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    memset(control, 0, sizeof control);
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof fd);
    memcpy(CMSG_DATA(header), &fd, sizeof fd);
    if (sendmsg(connection, &message, 0) != 1)
        broken("sendmsg");
    if (read(connection, &byte, 1) != 0)
        broken("read");
    return 0;
}

static int receive(const char *path)
{
    struct sockaddr_un address;
    int connection = unix_socket(path, &address);
    if (connect(connection, (struct sockaddr *)&address, sizeof address))
        broken("connect");
    char byte;
    int fd;
    char control[CMSG_SPACE(sizeof fd)];
    struct iovec data = {&byte, 1};
    struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    if (recvmsg(connection, &message, 0) != 1 || !CMSG_FIRSTHDR(&message))
        broken("recvmsg");
    memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof fd);
    return read_from(fd);
}

static int traced(const char *file)
{
    pid_t child = fork();
    if (child == 0) {
        if (ptrace(PTRACE_TRACEME, 0, NULL, NULL))
            broken("ptrace");
        _exit(open_and_read(file));
    }
    int status;
    if (child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status))
        broken("child");
    return WEXITSTATUS(status);
}

int main(int count, char **words)
{
    if (count == 4 && !strcmp(words[1], "pass"))
        return pass(words[2], words[3]);
    if (count == 3 && !strcmp(words[1], "receive"))
        return receive(words[2]);
    if (count == 3 && !strcmp(words[1], "traced"))
        return traced(words[2]);
    if (count == 4 && !strcmp(words[1], "named")) {
        if (prctl(PR_SET_NAME, words[2], 0, 0, 0))
            broken("prctl");
        return open_and_read(words[3]);
    }
    fprintf(stderr, "caller: see its source for how to call it\n");
    return 255;
}
