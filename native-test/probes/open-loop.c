// open-loop FILE COUNT: opens, reads and closes so often, one after the other; prints the median, the 99th percentile and the
// worst in microseconds. Exit status 1 when a read is not the whole file.
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double micros(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1e6 + t.tv_nsec / 1e3;
}

int main(int argc, char **argv) {
    struct stat st;
    long count = argc == 3 ? atol(argv[2]) : 0;
    double *times = calloc(count > 0 ? count : 1, sizeof *times);
    if (count <= 0 || times == NULL || stat(argv[1], &st) != 0) {
        fprintf(stderr, "usage: open-loop FILE COUNT\n");
        return 2;
    }
    char buffer[8192];
    for (long i = 0; i < count; i++) {
        double start = micros();
        int fd = open(argv[1], O_RDONLY);
        ssize_t length = fd < 0 ? -1 : read(fd, buffer, sizeof buffer);
        if (fd < 0 || length != st.st_size || close(fd) != 0) {
            perror("open-loop");
            return 1;
        }
        times[i] = micros() - start;
    }
    qsort(times, count, sizeof *times, ascending);
    printf("%ld opens: p50 %.1f us, p99 %.1f us, worst %.0f us\n", count, times[count / 2], times[count * 99 / 100],
           times[count - 1]);
    return 0;
}
