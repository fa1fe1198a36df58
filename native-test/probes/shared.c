/* shared FILE UID: one descriptor, many hands. Threads that share it, a token across the second, another user who got it
 * by a socket or by setuid. FILE is of a mount with allow-other whose rules admit root and UID. */
#include "probe.h"
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/wait.h>

static const char *path;
static ssize_t length;
static int descriptor;

static void whole(int fd, char *token)
{
    ssize_t count = pread(fd, token, MAX_TOKEN, 0);
    REQUIRE(count == length, "%zd bytes of %zd", count, length);
}

/* Reads in pieces of seven while others do: what it puts together is one token, byte for byte. */
static void *reader(void *found)
{
    for (int round = 0; round < 40; round++) {
        char token[MAX_TOKEN], again[MAX_TOKEN];
        for (ssize_t at = 0, count; at < length; at += count) {
            count = pread(descriptor, token + at, 7, at);
            REQUIRE(count > 0, "a piece of seven at %zd gave %zd", at, count);
        }
        for (ssize_t at = 1; at < length; at++) {
            ssize_t count = pread(descriptor, again + at, 1, at);
            REQUIRE(count == 1 && again[at] == token[at], "two tokens are spliced at %zd", at);
            at += 30;
        }
        memcpy(found, token, length);
        /* every round ends in a file of its own, to be verified as a token */
        char name[64];
        snprintf(name, sizeof name, "%lu-%d", (unsigned long) pthread_self(), round);
        FILE *out = fopen(name, "w");
        REQUIRE(out != NULL && fwrite(token, 1, length, out) == (size_t) length && fclose(out) == 0, "write %s", name);
    }
    return NULL;
}

static void threads_share(void)
{
    pthread_t threads[4];
    static char found[4][MAX_TOKEN];
    descriptor = open_token(path);
    for (int i = 0; i < 4; i++)
        REQUIRE(pthread_create(&threads[i], NULL, reader, found[i]) == 0, "a thread");
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    close(descriptor);
}

static void seek_to_the_start(void)
{
    char first[MAX_TOKEN], token[MAX_TOKEN];
    double opening = now_seconds();
    int fd = open_token(path);
    REQUIRE(read(fd, first, MAX_TOKEN) == length, "the first read");
    double change = 0;
    do {
        double before = now_seconds();
        REQUIRE(lseek(fd, 0, SEEK_SET) == 0 && read(fd, token, MAX_TOKEN) == length, "a read after a seek");
        if (memcmp(first, token, length) == 0) {
            /* another is due one second after the mint, which was before the end of the first read */
            REQUIRE(before < opening + 5, "the same token %.1f s after it was opened", before - opening);
            poll(NULL, 0, 10);
        } else {
            change = now_seconds() - opening;
        }
    } while (change == 0);
    REQUIRE(change > 1, "another token after %.3f s", change);

    /* in the middle it stays the same, however old: the end of one token never follows the beginning of another */
    char rest[MAX_TOKEN];
    double until = now_seconds() + 1.2;
    while (now_seconds() < until) {
        REQUIRE(pread(fd, rest, MAX_TOKEN, 10) == length - 10, "a read at 10");
        REQUIRE(memcmp(rest, token + 10, length - 10) == 0, "a read at 10 is of another token");
        poll(NULL, 0, 50);
    }
    whole(fd, rest);
    REQUIRE(memcmp(rest, token, length) != 0, "a read at 0 is of a token older than a second");
    close(fd);
}

static void expect_refusal(int fd, const char *what)
{
    char token[MAX_TOKEN];
    ssize_t count = pread(fd, token, sizeof token, 0);
    REQUIRE(count == -1 && errno == EACCES, "%s: pread at 0 gave %zd", what, count);
    count = pread(fd, token, sizeof token, 10);
    REQUIRE(count == -1 && errno == EACCES, "%s: pread at 10 gave %zd", what, count);
    count = read(fd, token, sizeof token);
    REQUIRE(count == -1 && errno == EACCES, "%s: read gave %zd", what, count);
}

static void end_child(pid_t child, const char *what)
{
    int status;
    REQUIRE(waitpid(child, &status, 0) == child && status == 0, "%s", what);
}

static void inherited(uid_t uid)
{
    char token[MAX_TOKEN], again[MAX_TOKEN];
    int fd = open_token(path);
    whole(fd, token);
    pid_t child = fork();
    if (child == 0) {
        /* the same user in another process may */
        REQUIRE(pread(fd, again, MAX_TOKEN, 0) == length, "an inherited descriptor of the same user");
        become(uid);
        expect_refusal(fd, "inherited across setuid");
        /* what is its own it may open */
        int own = open_token(path);
        REQUIRE(pread(own, again, MAX_TOKEN, 0) == length && memcmp(token, again, length) != 0, "a token of its own");
        _exit(0);
    }
    end_child(child, "inherited");
    close(fd);
}

static void passed(uid_t uid)
{
    int pair[2];
    REQUIRE(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair) == 0, "socketpair");
    pid_t child = fork();
    if (child == 0) {
        close(pair[0]);
        become(uid);
        char byte, control[CMSG_SPACE(sizeof(int))];
        struct iovec part = {&byte, 1};
        struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control,
                                 .msg_controllen = sizeof control};
        REQUIRE(recvmsg(pair[1], &message, 0) == 1, "recvmsg");
        int fd;
        memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof fd);
        expect_refusal(fd, "passed over a socket");
        _exit(0);
    }
    close(pair[1]);
    int fd = open_token(path);
    char byte = 0, control[CMSG_SPACE(sizeof(int))] = {0};
    struct iovec part = {&byte, 1};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof fd);
    memcpy(CMSG_DATA(header), &fd, sizeof fd);
    REQUIRE(sendmsg(pair[0], &message, 0) == 1, "sendmsg");
    end_child(child, "passed");
    char token[MAX_TOKEN];
    whole(fd, token);
    close(fd);
    close(pair[0]);
}

int main(int argc, char **argv)
{
    REQUIRE(argc == 3, "two arguments");
    path = argv[1];
    struct stat stat;
    REQUIRE(lstat(path, &stat) == 0, "stat %s", path);
    length = stat.st_size;
    threads_share();
    seek_to_the_start();
    inherited(atoi(argv[2]));
    passed(atoi(argv[2]));
    return 0;
}
