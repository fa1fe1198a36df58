/* Gives one process number to one process after the other, so that whoever reads /proc/<number> meanwhile races.
 *
 *   A lead NUMBER ROUNDS CGROUP_A B CGROUP_B C FSID
 *
 * A joins CGROUP_A, starts B in CGROUP_B with the file-system uid and gid FSID, and then, in turn with it, forks a child of
 * that number, lets it live for some microseconds, kills it and reaps it. Every third child of A execs C. A, B and C are
 * copies of this program, so what a child is can be told from its program and its cgroup, and both are its own from birth.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void die(const char *what) {
    perror(what);
    exit(1);
}

static void join(const char *cgroup) {
    char path[4096];
    snprintf(path, sizeof path, "%s/cgroup.procs", cgroup);
    int fd = open(path, O_WRONLY);
    if (fd < 0 || write(fd, "0", 1) != 1) die(path);
    close(fd);
}

/* Spinning keeps the processor from a child that has not begun; sleeping gives it away. */
static void rest(long nanos) {
    if (random() % 2) {
        struct timespec length = {.tv_nsec = nanos};
        nanosleep(&length, 0);
        return;
    }
    struct timespec start, now;
    clock_gettime(CLOCK_MONOTONIC, &start);
    do {
        clock_gettime(CLOCK_MONOTONIC, &now);
    } while ((now.tv_sec - start.tv_sec) * 1000000000L + now.tv_nsec - start.tv_nsec < nanos);
}

static void one_child(pid_t number, const char *program) {
    struct clone_args args = {
        .exit_signal = SIGCHLD, .set_tid = (uint64_t)(uintptr_t)&number, .set_tid_size = 1};
    long child;
    /* EEXIST: the machine gave the number to somebody else for now. */
    while ((child = syscall(SYS_clone3, &args, sizeof args)) < 0) {
        if (errno != EEXIST && errno != EAGAIN) die("clone3");
        sched_yield();
    }
    if (child == 0) {
        if (program) execl(program, program, "wait", (char *)0);
        for (;;) pause();
    }
    rest(20000 + random() % 300000);
    kill(number, SIGKILL);
    if (waitpid(number, 0, 0) != number) die("waitpid");
}

int main(int argc, char **argv) {
    if (argc == 2) for (;;) pause();
    if (argc == 5) {
        join(argv[3]);
        setfsgid(atoi(argv[4]));
        setfsuid(atoi(argv[4]));
        for (char turn; read(0, &turn, 1) == 1;) {
            one_child(atoi(argv[2]), 0);
            if (write(1, &turn, 1) != 1) die("write");
        }
        return 0;
    }
    if (argc != 9) return 2;
    int go[2], done[2];
    if (pipe(go) || pipe(done)) die("pipe");
    pid_t follower = fork();
    if (follower == 0) {
        dup2(go[0], 0);
        dup2(done[1], 1);
        close(go[1]);
        close(done[0]);
        execl(argv[5], argv[5], "follow", argv[2], argv[6], argv[8], (char *)0);
        die(argv[5]);
    }
    close(go[0]);
    close(done[1]);
    join(argv[4]);
    char turn = 0;
    for (int i = atoi(argv[3]); i > 0; i--) {
        one_child(atoi(argv[2]), i % 3 == 0 ? argv[7] : 0);
        if (write(go[1], &turn, 1) != 1 || read(done[0], &turn, 1) != 1) die("follower");
    }
    close(go[1]);
    return waitpid(follower, 0, 0) == follower ? 0 : 1;
}
