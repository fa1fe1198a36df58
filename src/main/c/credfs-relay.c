/* credfs-relay: TCP connections of a container to the gateway's unix socket, bytes both ways.
 *
 * The gateway tells its clients by the process at the other end of its socket. That is the relay, which runs in the
 * container and as its user: whoever can connect to the relay is this container to the gateway. So it listens on loopback
 * addresses, of a network namespace that nobody else is in.
 *
 * It reads no byte of what it passes, resolves no name and knows no key. One thread and one epoll descriptor, edge-triggered:
 * what an endpoint is ready for is remembered until a call says EAGAIN, so nothing is registered anew and no event repeats.
 * A direction reads when it has nothing left to write: it holds one block at most, and only while its receiver is slow.
 *
 * How a connection ends:
 *   - An end of input is passed on as one, when all before it has been written; both make the end of the connection.
 *   - The gateway may answer and close before it has read everything. What it does not take any more is thrown away, and
 *     the client has a moment to read the answer: closing at once would reset the connection under it.
 *   - A client that resets or takes no more ends both sides, so that the gateway gives up the request.
 *   - No gateway, no connection: each connects anew, so a restart of the gateway is seen by the next one.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifndef VERSION
#define VERSION "unpackaged"
#endif

enum {
    MAX_LISTENERS = 16,
    MAX_CONNECTIONS = 1024, /* further ones wait in the kernel until one has ended */
    OTHER_FILES = 16 + MAX_LISTENERS,
    BLOCK_BYTES = 32 * 1024,
    BLOCKS_A_TURN = 8,       /* then it is somebody else's */
    TICK_MS = 20,            /* how often what waits for no event is looked at */
    CONNECT_MS = 10 * 1000,  /* how long a gateway whose queue is full is asked again */
    LINGER_MS = 2 * 1000,    /* how long a client may read an answer whose request nobody takes */
    EVENTS = 64,
};

enum { EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_NOT_EXECUTABLE = 126, EXIT_NO_COMMAND = 127 };

enum side { CLIENT, GATEWAY };

/* What one side sends to the other. */
struct flow {
    char *rest; /* what was read and not yet written; NULL: nothing */
    size_t begin, end;
    bool ended;     /* the sender has no more */
    bool discarded; /* the receiver takes no more */
    bool done;      /* and was told so */
};

struct connection {
    int fd[2]; /* -1: that of the client in a free place; that of the gateway until it is connected */
    bool readable[2], writable[2];
    struct flow flow[2]; /* by who sends */
    int64_t deadline;    /* of what waits for no event, in ms; 0: nothing does */
    bool queued;
};

/* What an event is about: a connection's side is its place times two plus the side. */
static const uint64_t SIGNALS = UINT64_MAX, LISTENERS = UINT64_MAX - MAX_LISTENERS;

static struct connection connections[MAX_CONNECTIONS];
static int limit = MAX_CONNECTIONS, open_count, waiting_count;
/* The places of connections that can go on: each once, and in a turn once more after those whose turn it is. */
static int queue[2 * MAX_CONNECTIONS], queue_length;

static struct sockaddr_in addresses[MAX_LISTENERS];
static int listeners[MAX_LISTENERS], listener_count;
static bool acceptable[MAX_LISTENERS], accept_later;

static struct sockaddr_un gateway = {.sun_family = AF_UNIX};
static int gateway_error; /* that was said last */

static int events_fd, signals_fd;
static pid_t command; /* 0: none was given */

static const char USAGE[] = "usage: credfs-relay --socket PATH [--listen ADDRESS:PORT]... [-- COMMAND ARGUMENT...]";

static const char HELP[] =
    "\n"
    "\n"
    "Passes TCP connections of a container on to the gateway's unix socket.\n"
    "\n"
    "  --socket PATH                 the gateway's socket, as the container sees it\n"
    "  --listen ADDRESS:PORT         a loopback address, IPv4; 127.0.0.1:3128 when none is given, port 0 for a free one\n"
    "  --unsafe-listen ADDRESS:PORT  any address: whoever reaches it is this container to the gateway\n"
    "  --version, --help\n"
    "\n"
    "With COMMAND it sets HTTPS_PROXY, HTTP_PROXY (also in small letters) to the first address, NO_PROXY to the loopback\n"
    "addresses where there is none yet, runs it, forwards signals to it, and ends when it ends, with its exit status or\n"
    "128 and the number of the signal. Without, it runs until SIGTERM.";

static void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void end(int status, const char *format, ...) __attribute__((format(printf, 2, 3), noreturn));

static void say_line(const char *format, va_list arguments) {
    char line[512];
    vsnprintf(line, sizeof line, format, arguments);
    dprintf(STDERR_FILENO, "credfs-relay: %s\n", line);
}

static void say(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    say_line(format, arguments);
    va_end(arguments);
}

static void end(int status, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    say_line(format, arguments);
    va_end(arguments);
    exit(status);
}

static int64_t now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ADDRESS:PORT, written in the one usual way. */
static void add_listener(const char *option, const char *text, bool any) {
    char address[INET_ADDRSTRLEN];
    const char *colon = strrchr(text, ':');
    size_t length = colon ? (size_t)(colon - text) : sizeof address;
    unsigned long port = 0;
    size_t digits = colon ? strspn(colon + 1, "0123456789") : 0;
    bool number = digits >= 1 && digits <= 5 && colon[1 + digits] == '\0' && (digits == 1 || colon[1] != '0');
    if (number) {
        port = strtoul(colon + 1, NULL, 10);
    }
    struct sockaddr_in *into = &addresses[listener_count];
    if (length < sizeof address) {
        memcpy(address, text, length);
        address[length] = '\0';
    }
    if (length >= sizeof address || inet_pton(AF_INET, address, &into->sin_addr) != 1 || !number || port > UINT16_MAX) {
        end(EXIT_USAGE, "%s: expected an IPv4 address and a port such as 127.0.0.1:3128, not '%s'", option, text);
    }
    if (!any && ntohl(into->sin_addr.s_addr) >> 24 != IN_LOOPBACKNET) {
        end(EXIT_USAGE, "%s: %s is not a loopback address: whoever reaches it is this container to the gateway; "
            "say '--unsafe-listen' if that is meant", option, address);
    }
    if (listener_count == MAX_LISTENERS - 1) {
        end(EXIT_USAGE, "%s: there can be %d addresses at most", option, MAX_LISTENERS - 1);
    }
    into->sin_family = AF_INET;
    into->sin_port = htons((uint16_t)port);
    listener_count++;
}

static bool watch(int fd, uint64_t what, uint32_t events) {
    struct epoll_event event = {.events = events | EPOLLET, .data.u64 = what};
    return epoll_ctl(events_fd, EPOLL_CTL_ADD, fd, &event) == 0;
}

static bool watch_side(const struct connection *c, enum side side) {
    return watch(c->fd[side], (uint64_t)(c - connections) * 2 + side, EPOLLIN | EPOLLOUT | EPOLLRDHUP);
}

static void listen_everywhere(void) {
    for (int i = 0; i < listener_count; i++) {
        struct sockaddr_in *at = &addresses[i];
        char text[INET_ADDRSTRLEN];
        int one = 1;
        socklen_t length = sizeof *at;
        inet_ntop(AF_INET, &at->sin_addr, text, sizeof text);
        listeners[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        if (listeners[i] < 0 || setsockopt(listeners[i], SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) != 0 ||
            bind(listeners[i], (struct sockaddr *)at, sizeof *at) != 0 || listen(listeners[i], SOMAXCONN) != 0 ||
            getsockname(listeners[i], (struct sockaddr *)at, &length) != 0 ||
            !watch(listeners[i], LISTENERS + (uint64_t)i, EPOLLIN)) {
            end(EXIT_FAILED, "cannot listen on %s:%d: %s", text, ntohs(at->sin_port), strerror(errno));
        }
    }
}

/* As many connections as there can be files; more of them than a program that still uses select() could stand. */
static void raise_limit(struct rlimit *before) {
    if (getrlimit(RLIMIT_NOFILE, before) != 0) {
        end(EXIT_FAILED, "getrlimit: %s", strerror(errno));
    }
    struct rlimit files = *before;
    rlim_t wanted = 2 * MAX_CONNECTIONS + OTHER_FILES;
    if (files.rlim_cur < wanted) {
        files.rlim_cur = files.rlim_max < wanted ? files.rlim_max : wanted;
        if (setrlimit(RLIMIT_NOFILE, &files) != 0) {
            files = *before;
        }
    }
    if (files.rlim_cur < wanted) {
        limit = files.rlim_cur > OTHER_FILES + 2 ? (int)(files.rlim_cur - OTHER_FILES) / 2 : 1;
    }
}

static void put(const char *name, const char *value, bool over) {
    if (setenv(name, value, over) != 0) {
        end(EXIT_FAILED, "setenv: %s", strerror(errno));
    }
}

static void set_environment(void) {
    char address[INET_ADDRSTRLEN] = "127.0.0.1", proxy[64];
    if (addresses[0].sin_addr.s_addr != INADDR_ANY) {
        inet_ntop(AF_INET, &addresses[0].sin_addr, address, sizeof address);
    }
    snprintf(proxy, sizeof proxy, "http://%s:%d", address, ntohs(addresses[0].sin_port));
    put("HTTPS_PROXY", proxy, true);
    put("https_proxy", proxy, true);
    put("HTTP_PROXY", proxy, true);
    put("http_proxy", proxy, true);
    /* what listens in the container is no business of the gateway's; who said which it is knows better */
    if (!getenv("NO_PROXY") && !getenv("no_proxy")) {
        put("NO_PROXY", "localhost,127.0.0.1,::1", true);
        put("no_proxy", "localhost,127.0.0.1,::1", true);
    }
}

static void start(char **arguments, const sigset_t *mask, const struct rlimit *files) {
    command = fork();
    if (command < 0) {
        end(EXIT_FAILED, "fork: %s", strerror(errno));
    }
    if (command == 0) {
        sigprocmask(SIG_SETMASK, mask, NULL);
        setrlimit(RLIMIT_NOFILE, files);
        execvp(arguments[0], arguments);
        int error = errno;
        say("%s: %s", arguments[0], strerror(error));
        _exit(error == ENOENT || error == ENOTDIR ? EXIT_NO_COMMAND : EXIT_NOT_EXECUTABLE);
    }
}

static void enqueue(struct connection *c) {
    if (!c->queued) {
        c->queued = true;
        queue[queue_length++] = (int)(c - connections);
    }
}

static void set_deadline(struct connection *c, int64_t deadline) {
    waiting_count += (deadline != 0) - (c->deadline != 0);
    c->deadline = deadline;
}

static void forget_rest(struct flow *flow) {
    free(flow->rest);
    flow->rest = NULL;
}

static void close_connection(struct connection *c) {
    for (int side = CLIENT; side <= GATEWAY; side++) {
        if (c->fd[side] >= 0) {
            close(c->fd[side]);
        }
        forget_rest(&c->flow[side]);
    }
    set_deadline(c, 0);
    bool queued = c->queued;
    *c = (struct connection){.fd = {-1, -1}, .queued = queued};
    open_count--;
}

/* Said once for each reason: whoever tries again and again must not fill a log. */
static void say_gateway(int error) {
    if (error != gateway_error) {
        gateway_error = error;
        if (error != 0) {
            say("%s: %s", gateway.sun_path, strerror(error));
        }
    }
}

/* A unix socket is connected at once or not at all; EAGAIN: the gateway's queue is full, and no event tells when it is not. */
static void connect_gateway(struct connection *c) {
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&gateway, sizeof gateway) == 0) {
        say_gateway(0);
        set_deadline(c, 0);
        c->fd[GATEWAY] = fd;
        c->writable[GATEWAY] = true;
        if (watch_side(c, GATEWAY)) {
            enqueue(c);
        } else {
            close_connection(c);
        }
        return;
    }
    int error = errno;
    if (fd >= 0) {
        close(fd);
    }
    if (error == EAGAIN && c->deadline == 0) {
        set_deadline(c, now_ms() + CONNECT_MS);
    }
    if (error != EAGAIN || now_ms() >= c->deadline) {
        say_gateway(error);
        close_connection(c);
    }
}

static void begin_connection(int fd) {
    int one = 1;
    struct connection *c = connections;
    while (c->fd[CLIENT] >= 0) {
        c++;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    c->fd[CLIENT] = fd;
    c->writable[CLIENT] = true;
    open_count++;
    if (watch_side(c, CLIENT)) {
        connect_gateway(c);
    } else {
        close_connection(c);
    }
}

static void accept_all(void) {
    for (int i = 0; i < listener_count; i++) {
        while (acceptable[i] && open_count < limit) {
            int fd = accept4(listeners[i], NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
            if (fd >= 0) {
                begin_connection(fd);
            } else if (errno == EAGAIN) {
                acceptable[i] = false;
            } else {
                /* no more files, mostly: at the next tick there may be */
                accept_later = true;
                return;
            }
        }
    }
}

/* Writes what it can. False: the receiver is gone. */
static bool write_some(struct connection *c, enum side to, const char *bytes, size_t length, size_t *written) {
    *written = 0;
    while (*written < length && c->writable[to]) {
        ssize_t n = send(c->fd[to], bytes + *written, length - *written, MSG_NOSIGNAL);
        if (n >= 0) {
            *written += (size_t)n;
        } else if (errno == EAGAIN) {
            c->writable[to] = false;
        } else {
            return false;
        }
    }
    return true;
}

enum step { GOES_ON, WAITS, BROKEN };

/* One block from one side to the other. BROKEN: the client is gone. */
static enum step move_block(struct connection *c, enum side from) {
    static char block[BLOCK_BYTES];
    enum side to = from == CLIENT ? GATEWAY : CLIENT;
    struct flow *flow = &c->flow[from];
    size_t written;
    if (flow->done) {
        return WAITS;
    }
    if (flow->rest && flow->discarded) {
        forget_rest(flow);
    }
    if (flow->rest) {
        bool alive = write_some(c, to, flow->rest + flow->begin, flow->end - flow->begin, &written);
        flow->begin += written;
        if (!alive && to == CLIENT) {
            return BROKEN;
        }
        flow->discarded = !alive;
        if (alive && flow->begin < flow->end) {
            return WAITS;
        }
        forget_rest(flow);
        return GOES_ON;
    }
    if (flow->ended) {
        shutdown(c->fd[to], SHUT_WR);
        flow->done = true;
        return WAITS;
    }
    if (!c->readable[from]) {
        return WAITS;
    }
    ssize_t n = recv(c->fd[from], block, sizeof block, 0);
    if (n < 0) {
        if (errno == EAGAIN) {
            c->readable[from] = false;
            return WAITS;
        }
        if (from == CLIENT) {
            return BROKEN;
        }
        /* A gateway that closes with something unread says so with an error, after all that it wrote. */
        n = 0;
    }
    flow->ended = n == 0;
    if (flow->ended || flow->discarded) {
        return GOES_ON;
    }
    if (!write_some(c, to, block, (size_t)n, &written)) {
        if (to == CLIENT) {
            return BROKEN;
        }
        flow->discarded = true;
    } else if (written < (size_t)n) {
        flow->rest = malloc(BLOCK_BYTES);
        if (!flow->rest) {
            return BROKEN;
        }
        flow->begin = 0;
        flow->end = (size_t)n - written;
        memcpy(flow->rest, block + written, flow->end);
    }
    return GOES_ON;
}

static void go_on(struct connection *c) {
    if (c->fd[GATEWAY] < 0) {
        return;
    }
    for (int side = CLIENT; side <= GATEWAY; side++) {
        enum step step = GOES_ON;
        for (int i = 0; i < BLOCKS_A_TURN && step == GOES_ON; i++) {
            step = move_block(c, side);
        }
        if (step == BROKEN) {
            close_connection(c);
            return;
        }
        if (step == GOES_ON) {
            enqueue(c);
        }
    }
    if (c->flow[CLIENT].done && c->flow[GATEWAY].done) {
        close_connection(c);
    } else if (c->flow[CLIENT].discarded && c->flow[GATEWAY].done && c->deadline == 0) {
        set_deadline(c, now_ms() + LINGER_MS);
    }
}

static void note_event(uint64_t what, uint32_t events) {
    struct connection *c = &connections[what / 2];
    enum side side = what % 2 == CLIENT ? CLIENT : GATEWAY;
    if (c->fd[side] < 0) {
        return;
    }
    c->readable[side] = c->readable[side] || (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR));
    c->writable[side] = c->writable[side] || (events & (EPOLLOUT | EPOLLHUP | EPOLLERR));
    if (side == GATEWAY && (events & EPOLLHUP)) {
        /* It has closed, which it does not say to a client that just waits. */
        c->flow[CLIENT].discarded = true;
    }
    enqueue(c);
}

static void look_at_waiting(void) {
    int64_t now = now_ms();
    for (int i = 0; i < MAX_CONNECTIONS && waiting_count > 0; i++) {
        struct connection *c = &connections[i];
        if (c->deadline == 0) {
            continue;
        }
        if (c->fd[GATEWAY] < 0) {
            connect_gateway(c);
        } else if (now >= c->deadline) {
            close_connection(c);
        }
    }
}

static void reap(void) {
    int status;
    pid_t ended;
    /* as the first process of a container it is the parent of every orphan */
    while ((ended = waitpid(-1, &status, WNOHANG)) > 0) {
        if (ended == command) {
            exit(WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
        }
    }
}

static void note_signals(void) {
    struct signalfd_siginfo info;
    while (read(signals_fd, &info, sizeof info) == sizeof info) {
        if (info.ssi_signo == SIGCHLD) {
            reap();
        } else if (info.ssi_signo == SIGPIPE) {
            /* nobody reads what it says: no reason to end */
        } else if (command == 0) {
            exit(0);
        } else if (info.ssi_code != SI_KERNEL) {
            /* what a terminal sends it sends to the command, too */
            kill(command, (int)info.ssi_signo);
        }
    }
}

static void serve(void) {
    struct epoll_event events[EVENTS];
    for (;;) {
        bool ticks = waiting_count > 0 || accept_later;
        int n = epoll_wait(events_fd, events, EVENTS, queue_length > 0 ? 0 : ticks ? TICK_MS : -1);
        if (n < 0 && errno != EINTR) {
            end(EXIT_FAILED, "epoll: %s", strerror(errno));
        }
        for (int i = 0; i < n; i++) {
            uint64_t what = events[i].data.u64;
            if (what == SIGNALS) {
                note_signals();
            } else if (what >= LISTENERS) {
                acceptable[what - LISTENERS] = true;
            } else {
                note_event(what, events[i].events);
            }
        }
        /* Places are freed below here only: no event above was about a connection that had another before. */
        int turns = queue_length;
        for (int i = 0; i < turns; i++) {
            struct connection *c = &connections[queue[i]];
            c->queued = false;
            go_on(c);
        }
        queue_length -= turns;
        memmove(queue, queue + turns, (size_t)queue_length * sizeof *queue);
        look_at_waiting();
        accept_later = false;
        accept_all();
    }
}

static char **parse(int count, char **arguments) {
    int i = 1;
    for (; i < count && strcmp(arguments[i], "--") != 0; i++) {
        const char *option = arguments[i];
        if (strcmp(option, "--version") == 0) {
            puts("credfs-relay " VERSION);
            exit(0);
        }
        if (strcmp(option, "--help") == 0) {
            printf("%s%s\n", USAGE, HELP);
            exit(0);
        }
        bool socket = strcmp(option, "--socket") == 0, any = strcmp(option, "--unsafe-listen") == 0;
        if (!socket && !any && strcmp(option, "--listen") != 0) {
            end(EXIT_USAGE, option[0] == '-' ? "unknown option '%s'; see --help" : "'%s': a command comes after '--'", option);
        }
        if (++i == count || strcmp(arguments[i], "--") == 0) {
            end(EXIT_USAGE, "%s: a value is missing", option);
        }
        const char *value = arguments[i];
        if (!socket) {
            add_listener(option, value, any);
            continue;
        }
        if (gateway.sun_path[0] != '\0') {
            end(EXIT_USAGE, "--socket: there is one gateway");
        }
        if (value[0] == '\0' || strlen(value) >= sizeof gateway.sun_path) {
            end(EXIT_USAGE, "--socket: a path of 1 to %zu bytes", sizeof gateway.sun_path - 1);
        }
        strcpy(gateway.sun_path, value);
    }
    if (gateway.sun_path[0] == '\0') {
        end(EXIT_USAGE, "--socket is missing; %s", USAGE);
    }
    if (i == count - 1) {
        end(EXIT_USAGE, "a command is missing after '--'");
    }
    if (listener_count == 0) {
        add_listener("--listen", "127.0.0.1:3128", false);
    }
    return i < count ? arguments + i + 1 : NULL;
}

int main(int count, char **arguments) {
    char **to_run = parse(count, arguments);
    struct rlimit files;
    sigset_t before, caught;
    for (int i = 0; i < MAX_CONNECTIONS; i++) {
        connections[i].fd[CLIENT] = connections[i].fd[GATEWAY] = -1;
    }
    raise_limit(&files);

    if (to_run) {
        /* all that it can pass on; what a fault of its own raises cannot be blocked, and a terminal stops both */
        static const int own[] = {SIGFPE, SIGILL, SIGSEGV, SIGBUS, SIGABRT, SIGTRAP, SIGSYS, SIGTSTP, SIGTTIN, SIGTTOU};
        sigfillset(&caught);
        for (size_t i = 0; i < sizeof own / sizeof *own; i++) {
            sigdelset(&caught, own[i]);
        }
    } else {
        sigemptyset(&caught);
        sigaddset(&caught, SIGTERM);
        sigaddset(&caught, SIGINT);
        sigaddset(&caught, SIGHUP);
        sigaddset(&caught, SIGCHLD);
        sigaddset(&caught, SIGPIPE);
    }
    /* an ignored one, which it may have inherited, would reap without saying how a process ended */
    signal(SIGCHLD, SIG_DFL);
    sigprocmask(SIG_BLOCK, &caught, &before);

    events_fd = epoll_create1(EPOLL_CLOEXEC);
    signals_fd = signalfd(-1, &caught, SFD_NONBLOCK | SFD_CLOEXEC);
    if (events_fd < 0 || signals_fd < 0 || !watch(signals_fd, SIGNALS, EPOLLIN)) {
        end(EXIT_FAILED, "epoll: %s", strerror(errno));
    }
    listen_everywhere();
    if (to_run) {
        set_environment();
        start(to_run, &before, &files);
    } else {
        for (int i = 0; i < listener_count; i++) {
            char text[INET_ADDRSTRLEN];
            inet_ntop(AF_INET, &addresses[i].sin_addr, text, sizeof text);
            say("listening on %s:%d", text, ntohs(addresses[i].sin_port));
        }
    }
    serve();
}
