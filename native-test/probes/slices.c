/* slices FILE: pread(size, offset) over all of 0..length+8 and huge values gives the bytes of one token, byte-exact, and
 * writes nothing beyond them. Mints one token. */
#include "probe.h"
#include <limits.h>
#include <stdint.h>
#include <sys/uio.h>

#define GUARD 64

static char token[MAX_TOKEN];
static ssize_t length;

static void check(int fd, size_t size, off_t offset)
{
    static unsigned char buffer[GUARD + MAX_TOKEN + GUARD];
    ssize_t expected = offset >= length ? 0 : length - offset;
    if ((size_t) expected > size)
        expected = size;
    memset(buffer, 0xA5, sizeof buffer);
    ssize_t count = pread(fd, buffer + GUARD, size, offset);
    REQUIRE(count == expected, "pread(%zu, %lld) gave %zd instead of %zd", size, (long long) offset, count, expected);
    REQUIRE(memcmp(buffer + GUARD, token + (count > 0 ? offset : 0), count) == 0,
            "pread(%zu, %lld) gave other bytes", size, (long long) offset);
    for (size_t i = 0; i < sizeof buffer; i++)
        REQUIRE((i >= GUARD && i < GUARD + (size_t) count) || buffer[i] == 0xA5,
                "pread(%zu, %lld) wrote byte %zd of its buffer", size, (long long) offset, (ssize_t) i - GUARD);
}

int main(int argc, char **argv)
{
    REQUIRE(argc == 2, "one argument");
    int fd = open_token(argv[1]);
    struct stat stat;
    REQUIRE(fstat(fd, &stat) == 0, "fstat");
    length = pread(fd, token, sizeof token, 0);
    REQUIRE(length == stat.st_size && length > 0, "%zd bytes, and st_size is %lld", length, (long long) stat.st_size);

    /* from 1 on: a read at 0 may mint anew when the token is older than a second */
    for (off_t offset = 1; offset <= length + 8; offset++)
        for (size_t size = 0; size <= (size_t) length + 8; size++)
            check(fd, size, offset);

    off_t huge[] = {4095, 4096, 4097, 65536, INT_MAX - 1L, INT_MAX, INT_MAX + 1L, UINT32_MAX, UINT32_MAX + 1L,
                    INT64_MAX / 2, INT64_MAX - 2 * MAX_TOKEN};
    size_t sizes[] = {0, 1, 2, 511, 512, 4095, 4096};
    for (size_t i = 0; i < sizeof huge / sizeof *huge; i++)
        for (size_t j = 0; j < sizeof sizes / sizeof *sizes; j++)
            check(fd, sizes[j], huge[i]);
    REQUIRE(pread(fd, token, 1, INT64_MAX) <= 0, "a byte at the last offset there is");
    REQUIRE(pread(fd, token, 1, -1) == -1 && errno == EINVAL, "pread at -1");

    /* sizes at offset 0, each on a descriptor of its own: whatever token it is, not a byte too many */
    for (size_t size = 0; size <= (size_t) length + 8; size++) {
        static unsigned char buffer[GUARD + MAX_TOKEN + GUARD];
        int own = open_token(argv[1]);
        memset(buffer, 0xA5, sizeof buffer);
        ssize_t count = read(own, buffer + GUARD, size);
        ssize_t expected = size < (size_t) length ? (ssize_t) size : length;
        REQUIRE(count == expected, "read(%zu) gave %zd", size, count);
        for (size_t i = 0; i < sizeof buffer; i++)
            REQUIRE((i >= GUARD && i < GUARD + (size_t) count) == (buffer[i] != 0xA5),
                    "read(%zu) and byte %zd of its buffer", size, (ssize_t) i - GUARD);
        close(own);
    }

    /* a buffer of a megabyte, and scattered ones */
    static char large[1 << 20];
    int own = open_token(argv[1]);
    REQUIRE(read(own, large, sizeof large) == length && read(own, large, sizeof large) == 0, "one large read");
    struct iovec parts[3] = {{large, 1}, {large + 1, 10}, {large + 11, 4096}};
    REQUIRE(preadv(own, parts, 3, 0) == length, "preadv");
    REQUIRE(preadv(own, parts, 3, length - 5) == 5, "preadv of the last five bytes");
    close(own);
    close(fd);
    printf("%zd\n", length);
    return 0;
}
