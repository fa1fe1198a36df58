/*
 * The reader of scripts/bench. Times are of open, read and close together.
 *
 *   openread first FILE MICROS         reads every millisecond until it gets a token; prints the milliseconds since
 *                                      MICROS, a time of the real-time clock
 *   openread times FILE COUNT [CORE]   reads so often, on that core if one is named; prints the median and the 99th
 *                                      percentile in microseconds
 *
 * Exit status 1 when there is no token within 30 s, when a read is not the whole file, or when one brings the token of
 * the read before: then something was measured that is no mint.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <sys/stat.h>

#define MAX_TOKEN 8192
#define PATIENCE_MICROS 30e6

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

static int first(const char *file, double since)
{
    const struct timespec millisecond = {.tv_nsec = 1000000};
    char buffer[MAX_TOKEN];
    while (token(file, buffer) <= 0) {
        if (micros(CLOCK_REALTIME) - since > PATIENCE_MICROS) {
            fprintf(stderr, "openread: no token from %s: %s\n", file, strerror(errno));
            return 1;
        }
        nanosleep(&millisecond, NULL);
    }
    printf("%.0f\n", (micros(CLOCK_REALTIME) - since) / 1e3);
    return 0;
}

static int times(const char *file, long count)
{
    static char buffers[2][MAX_TOKEN];
    struct stat st;
    double *taken = calloc(count, sizeof *taken);
    if (taken == NULL || stat(file, &st) != 0) {
        perror("openread");
        return 1;
    }
    for (long i = 0; i < count; i++) {
        char *buffer = buffers[i % 2];
        double start = micros(CLOCK_MONOTONIC);
        ssize_t length = token(file, buffer);
        taken[i] = micros(CLOCK_MONOTONIC) - start;
        if (length != st.st_size) {
            fprintf(stderr, "openread: %zd bytes instead of %lld: %s\n", length, (long long)st.st_size,
                    strerror(errno));
            return 1;
        }
        if (i > 0 && memcmp(buffers[0], buffers[1], length) == 0) {
            fprintf(stderr, "openread: two opens brought one token\n");
            return 1;
        }
    }
    qsort(taken, count, sizeof *taken, ascending);
    printf("%.1f %.1f\n", taken[count / 2], taken[count * 99 / 100]);
    return 0;
}

static int stay_on(int core)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(core, &set);
    return sched_setaffinity(0, sizeof set, &set);
}

int main(int argc, char **argv)
{
    if (argc == 4 && strcmp(argv[1], "first") == 0)
        return first(argv[2], atof(argv[3]));
    if ((argc == 4 || argc == 5) && strcmp(argv[1], "times") == 0 && atol(argv[3]) > 0) {
        if (argc == 5 && stay_on(atoi(argv[4])) != 0) {
            perror("openread: sched_setaffinity");
            return 1;
        }
        return times(argv[2], atol(argv[3]));
    }
    fprintf(stderr, "usage: openread first FILE MICROS | times FILE COUNT [CORE]\n");
    return 2;
}
