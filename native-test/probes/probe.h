/* What the probes share: a check that ends the program, and a token as what it must look like. */
#ifndef PROBE_H
#define PROBE_H

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <grp.h>
#include <sys/stat.h>
#include <sys/types.h>

#define MAX_TOKEN 4096

static inline void not_so(const char *format, ...)
{
    int error = errno;
    va_list arguments;
    va_start(arguments, format);
    fprintf(stderr, "not so: ");
    vfprintf(stderr, format, arguments);
    fprintf(stderr, " (errno %d, %s)\n", error, strerror(error));
    va_end(arguments);
    exit(1);
}

#define REQUIRE(condition, ...) do { if (!(condition)) not_so(__VA_ARGS__); } while (0)

static inline int open_token(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    REQUIRE(fd >= 0, "open %s", path);
    return fd;
}

static inline void become(uid_t uid)
{
    REQUIRE(setgroups(0, NULL) == 0 && setresgid(uid, uid, uid) == 0 && setresuid(uid, uid, uid) == 0,
            "become uid %u", (unsigned) uid);
}

/* seconds of a clock that is not set */
static inline double now_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec + now.tv_nsec / 1e9;
}

#endif
