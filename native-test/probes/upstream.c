/* upstream: an API on 127.0.0.1 that is quick and says nothing: prints its port, and serves until it is killed.
 *
 *   GET /bytes/N      N bytes of text with their length      GET /endless     chunks, until the client has enough
 *   GET /hang         a head, half a body, and no more       GET /open        how many connections there are, but for this one
 *   PUT anything      reads the body, answers its length     GET anything     "hello"
 */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

enum { HEAD = 64 * 1024, BLOCK = 64 * 1024 };

static atomic_int open_connections;
static char block[BLOCK];

struct input {
    int fd;
    size_t begin, end;
    char bytes[HEAD];
};

static int fill(struct input *in) {
    if (in->begin == in->end) {
        in->begin = in->end = 0;
    }
    if (in->end == HEAD) {
        return 0;
    }
    ssize_t got = read(in->fd, in->bytes + in->end, HEAD - in->end);
    if (got <= 0) {
        return 0;
    }
    in->end += got;
    return 1;
}

static int put(int fd, const char *bytes, size_t length) {
    while (length > 0) {
        ssize_t written = write(fd, bytes, length);
        if (written <= 0) {
            return 0;
        }
        bytes += written;
        length -= written;
    }
    return 1;
}

static int answer(int fd, const char *text) {
    char head[256];
    int length = snprintf(head, sizeof head, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n%s", strlen(text), text);
    return put(fd, head, length);
}

static int skip(struct input *in, unsigned long long length) {
    while (length > 0) {
        if (in->begin == in->end && !fill(in)) {
            return 0;
        }
        unsigned long long step = in->end - in->begin < length ? in->end - in->begin : length;
        in->begin += step;
        length -= step;
    }
    return 1;
}

/* a line without its end, or NULL */
static char *line(struct input *in, char *into, size_t size) {
    size_t length = 0;
    while (1) {
        if (in->begin == in->end && !fill(in)) {
            return NULL;
        }
        char c = in->bytes[in->begin++];
        if (c == '\n') {
            break;
        }
        if (c != '\r' && length + 1 < size) {
            into[length++] = c;
        }
    }
    into[length] = 0;
    return into;
}

static int take_body(struct input *in, unsigned long long length, int chunked) {
    unsigned long long taken = 0;
    char text[64];
    while (chunked) {
        if (!line(in, text, sizeof text)) {
            return 0;
        }
        unsigned long long size = strtoull(text, NULL, 16);
        if (!skip(in, size) || !line(in, text, sizeof text)) {
            return 0;
        }
        taken += size;
        chunked = size > 0;
    }
    if (!skip(in, length)) {
        return 0;
    }
    snprintf(text, sizeof text, "%llu\n", taken + length);
    return answer(in->fd, text);
}

static int give_bytes(int fd, unsigned long long length) {
    char head[128];
    int size = snprintf(head, sizeof head, "HTTP/1.1 200 OK\r\nContent-Length: %llu\r\n\r\n", length);
    if (!put(fd, head, size)) {
        return 0;
    }
    while (length > 0) {
        size_t step = length < BLOCK ? length : BLOCK;
        if (!put(fd, block, step)) {
            return 0;
        }
        length -= step;
    }
    return 1;
}

static void give_endlessly(int fd) {
    const char head[] = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    int going = put(fd, head, sizeof head - 1);
    while (going) {
        going = put(fd, "10000\r\n", 7) && put(fd, block, BLOCK) && put(fd, "\r\n", 2);
    }
}

static int serve_one(struct input *in) {
    char request[1024], field[HEAD], text[64];
    if (!line(in, request, sizeof request)) {
        return 0;
    }
    unsigned long long length = 0;
    int chunked = 0;
    while (line(in, field, sizeof field) && *field) {
        if (strncasecmp(field, "content-length:", 15) == 0) {
            length = strtoull(field + 15, NULL, 10);
        } else if (strcasecmp(field, "transfer-encoding: chunked") == 0) {
            chunked = 1;
        }
    }
    if (strncmp(request, "PUT ", 4) == 0 || length > 0 || chunked) {
        return take_body(in, length, chunked);
    }
    if (strncmp(request, "GET /bytes/", 11) == 0) {
        return give_bytes(in->fd, strtoull(request + 11, NULL, 10));
    }
    if (strncmp(request, "GET /endless", 12) == 0) {
        give_endlessly(in->fd);
        return 0;
    }
    if (strncmp(request, "GET /hang", 9) == 0) {
        const char half[] = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf\n";
        put(in->fd, half, sizeof half - 1);
        return fill(in);
    }
    if (strncmp(request, "GET /open", 9) == 0) {
        snprintf(text, sizeof text, "%d\n", atomic_load(&open_connections) - 1);
        return answer(in->fd, text);
    }
    return answer(in->fd, "hello\n");
}

static void *serve(void *argument) {
    struct input *in = argument;
    while (serve_one(in)) {
    }
    close(in->fd);
    atomic_fetch_sub(&open_connections, 1);
    free(in);
    return NULL;
}

int main(void) {
    signal(SIGPIPE, SIG_IGN);
    unsigned seed = 1;
    for (int i = 0; i < BLOCK; i++) {
        block[i] = "abcdefghijklmnopqrstuvwxyz0123456789_-{}[]:,\"./ ABCDEFGHIJKLMNOP\n"[(seed = seed * 1103515245 + 12345) / 65536 % 65];
    }
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0), one = 1;
    if (bind(listener, (struct sockaddr *)&address, size) || listen(listener, 4096)
        || getsockname(listener, (struct sockaddr *)&address, &size)) {
        perror("upstream");
        return 1;
    }
    printf("%d\n", ntohs(address.sin_port));
    fflush(stdout);
    pthread_attr_t small;
    pthread_attr_init(&small);
    pthread_attr_setstacksize(&small, 256 * 1024);
    pthread_attr_setdetachstate(&small, PTHREAD_CREATE_DETACHED);
    while (1) {
        int fd = accept(listener, NULL, NULL);
        if (fd < 0) {
            continue;
        }
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        struct input *in = calloc(1, sizeof *in);
        in->fd = fd;
        pthread_t thread;
        atomic_fetch_add(&open_connections, 1);
        if (pthread_create(&thread, &small, serve, in)) {
            close(fd);
            free(in);
            atomic_fetch_sub(&open_connections, 1);
        }
    }
}
