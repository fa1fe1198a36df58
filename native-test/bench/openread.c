/*
 * The reader of scripts/bench. What it times is open, read and close together, in microseconds.
 *
 *   openread cold FILE SINCE COUNT        tries every millisecond until it has a token, and then reads on; prints the
 *                                         milliseconds since SINCE, a real-time clock in microseconds, and then the time
 *                                         of each of the COUNT reads, that of the first token included
 *   openread times FILE COUNT CLIENTS CORE KIND
 *                                         reads COUNT times in all, from so many processes, on that core or, where CORE
 *                                         is -, on any; prints the median, the 99th percentile and the reads per second
 *   openread stats FILE COUNT             calls stat so often
 *   openread forever FILE                 reads until it is stopped
 *   openread into FILE OTHER              opens FILE, waits for a byte on stdin, and reads FILE into memory that is a
 *                                         mapping of OTHER: where nobody answers for OTHER, that read waits in the kernel
 *                                         and no signal but SIGKILL ends it
 *
 * KIND is fresh or static. Exit status 1 when there is no token within 30 s, when a read is not the whole file, or, where
 * it is to be fresh, when one brings the token of the read before: then something was measured that is no mint.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define MAX_TOKEN 8192
#define MAX_CLIENTS 64
#define PATIENCE_MICROS 30e6

/* what the clients of a run share with the process that started them */
struct shared {
    pthread_barrier_t together;
    double started[MAX_CLIENTS], ended[MAX_CLIENTS];
    double taken[];
};

static double micros(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return t.tv_sec * 1e6 + t.tv_nsec / 1e3;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static ssize_t token(const char *file, char *buffer)
{
    int fd = open(file, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    ssize_t length = read(fd, buffer, MAX_TOKEN);
    close(fd);
    return length;
}

static int cold(const char *file, double since, long count)
{
    const struct timespec millisecond = {.tv_nsec = 1000000};
    char buffer[MAX_TOKEN];
    double *taken = calloc(count, sizeof *taken);
    for (long i = 0; i < count; i++) {
        double start = micros(CLOCK_MONOTONIC);
        while (token(file, buffer) <= 0) {
            if (i > 0 || micros(CLOCK_REALTIME) - since > PATIENCE_MICROS) {
                fprintf(stderr, "openread: no token from %s: %s\n", file, strerror(errno));
                return 1;
            }
            nanosleep(&millisecond, NULL);
            start = micros(CLOCK_MONOTONIC);
        }
        taken[i] = micros(CLOCK_MONOTONIC) - start;
        if (i == 0)
            printf("%.1f\n", (micros(CLOCK_REALTIME) - since) / 1e3);
    }
    for (long i = 0; i < count; i++)
        printf("%.1f\n", taken[i]);
    return 0;
}

static int read_often(const char *file, double *taken, long count, bool fresh)
{
    static char buffers[2][MAX_TOKEN];
    struct stat st;
    if (stat(file, &st) != 0) {
        perror("openread: stat");
        return 1;
    }
    for (long i = 0; i < count; i++) {
        double start = micros(CLOCK_MONOTONIC);
        ssize_t length = token(file, buffers[i % 2]);
        taken[i] = micros(CLOCK_MONOTONIC) - start;
        if (length != st.st_size) {
            fprintf(stderr, "openread: %zd bytes instead of %lld: %s\n", length, (long long)st.st_size,
                    strerror(errno));
            return 1;
        }
        if (fresh && i > 0 && memcmp(buffers[0], buffers[1], length) == 0) {
            fprintf(stderr, "openread: two opens brought one token\n");
            return 1;
        }
    }
    return 0;
}

static int stay_on(int core)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(core, &set);
    return sched_setaffinity(0, sizeof set, &set);
}

static int times(const char *file, long count, int clients, const char *core, bool fresh)
{
    long each = count / clients;
    struct shared *shared = mmap(NULL, sizeof *shared + count * sizeof *shared->taken, PROT_READ | PROT_WRITE,
                                 MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    pthread_barrierattr_t between_processes;
    if (shared == MAP_FAILED || (core[0] != '-' && stay_on(atoi(core)) != 0)) {
        perror("openread");
        return 1;
    }
    pthread_barrierattr_init(&between_processes);
    pthread_barrierattr_setpshared(&between_processes, PTHREAD_PROCESS_SHARED);
    pthread_barrier_init(&shared->together, &between_processes, clients);
    for (int i = 0; i < clients; i++)
        if (fork() == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            pthread_barrier_wait(&shared->together);
            shared->started[i] = micros(CLOCK_MONOTONIC);
            int status = read_often(file, shared->taken + i * each, each, fresh);
            shared->ended[i] = micros(CLOCK_MONOTONIC);
            _exit(status);
        }
    int failed = 0;
    for (int status; wait(&status) > 0;)
        failed |= status;
    if (failed)
        return 1;
    qsort(shared->started, clients, sizeof(double), ascending);
    qsort(shared->ended, clients, sizeof(double), ascending);
    qsort(shared->taken, each * clients, sizeof(double), ascending);
    printf("%.2f %.2f %.0f\n", shared->taken[each * clients / 2], shared->taken[each * clients * 99 / 100],
           each * clients * 1e6 / (shared->ended[clients - 1] - shared->started[0]));
    return 0;
}

static int stats(const char *file, long count)
{
    struct stat st;
    for (long i = 0; i < count; i++)
        if (stat(file, &st) != 0) {
            perror("openread: stat");
            return 1;
        }
    return 0;
}

static int forever(const char *file)
{
    char buffer[MAX_TOKEN];
    while (token(file, buffer) > 0)
        ;
    perror("openread");
    return 1;
}

static int into(const char *file, const char *other)
{
    int fd = open(file, O_RDONLY | O_CLOEXEC), mapped = open(other, O_RDONLY | O_CLOEXEC);
    void *buffer = mmap(NULL, MAX_TOKEN, PROT_READ | PROT_WRITE, MAP_PRIVATE, mapped, 0);
    if (fd < 0 || buffer == MAP_FAILED) {
        perror("openread");
        return 1;
    }
    puts("opened");
    fflush(stdout);
    getchar();
    return read(fd, buffer, MAX_TOKEN) < 0;
}

int main(int argc, char **argv)
{
    const char *mode = argc > 2 ? argv[1] : "", *file = argc > 2 ? argv[2] : "";
    if (strcmp(mode, "cold") == 0 && argc == 5)
        return cold(file, atof(argv[3]), atol(argv[4]));
    if (strcmp(mode, "times") == 0 && argc == 7 && atoi(argv[4]) > 0 && atoi(argv[4]) <= MAX_CLIENTS)
        return times(file, atol(argv[3]), atoi(argv[4]), argv[5], strcmp(argv[6], "fresh") == 0);
    if (strcmp(mode, "stats") == 0 && argc == 4)
        return stats(file, atol(argv[3]));
    if (strcmp(mode, "forever") == 0 && argc == 3)
        return forever(file);
    if (strcmp(mode, "into") == 0 && argc == 4)
        return into(file, argv[3]);
    fprintf(stderr, "usage: openread cold|times|stats|forever|into FILE ...: see its source\n");
    return 2;
}
