// kill-storm FILE DAEMON READERS LOOKED: so many processes read the file over and over; once each has had a token, and the
// file LOOKED is there, the daemon is killed. Prints how they ended; exit status 0 when all did within two seconds, each
// with an error, and no read was short.
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct reader {
    volatile int tokens;
    int partial;
    int error;
    double end;
};

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

// Told to try again, a reader does: the daemon mints for so many at once and no more.
static int is_end(int error) { return error != EAGAIN && error != EINTR; }

static void read_until_error(const char *file, ssize_t length, struct reader *self) {
    char buffer[8192];
    for (;;) {
        int fd = open(file, O_RDONLY);
        if (fd < 0) {
            if (is_end(errno)) {
                self->error = errno;
                return;
            }
            continue;
        }
        ssize_t count = read(fd, buffer, sizeof buffer);
        int error = errno;
        close(fd);
        if (count < 0 && is_end(error)) {
            self->error = error;
            return;
        }
        if (count == length) {
            self->tokens++;
        } else if (count >= 0) {
            self->partial++;
        }
    }
}

int main(int argc, char **argv) {
    struct stat st;
    if (argc != 5 || stat(argv[1], &st) != 0) {
        fprintf(stderr, "usage: kill-storm FILE DAEMON READERS LOOKED\n");
        return 2;
    }
    pid_t daemon = atoi(argv[2]);
    int readers = atoi(argv[3]);
    struct reader *all =
        mmap(NULL, readers * sizeof *all, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (all == MAP_FAILED) {
        perror("mmap");
        return 2;
    }
    for (int i = 0; i < readers; i++) {
        pid_t pid = fork();
        if (pid < 0) {
            perror("fork");
            return 2;
        }
        if (pid == 0) {
            read_until_error(argv[1], st.st_size, &all[i]);
            all[i].end = now();
            _exit(0);
        }
    }
    double give_up = now() + 60;
    for (int i = 0; i < readers; i++) {
        while (all[i].tokens == 0 && now() < give_up) {
            usleep(1000);
        }
    }
    while (access(argv[4], F_OK) != 0 && now() < give_up) {
        usleep(1000);
    }
    double killed = now();
    kill(daemon, SIGKILL);
    int returned = 0;
    double deadline = killed + 10;
    while (returned < readers && now() < deadline) {
        int status;
        if (waitpid(-1, &status, WNOHANG) > 0) {
            returned += WIFEXITED(status);
        } else {
            usleep(500);
        }
    }
    int errors[256] = {0}, partial = 0, tokens = 0, without = 0;
    double worst = 0;
    for (int i = 0; i < readers; i++) {
        errors[all[i].error & 255]++;
        partial += all[i].partial;
        tokens += all[i].tokens;
        without += all[i].tokens == 0;
        if (all[i].end - killed > worst) {
            worst = all[i].end - killed;
        }
    }
    printf("%d of %d returned, the last after %.0f ms; %d tokens, %d partial; %d readers without a token;", returned,
           readers, worst * 1000, tokens, partial, without);
    for (int i = 0; i < 256; i++) {
        if (errors[i] > 0) {
            printf(" %s=%d", i == 0 ? "none" : strerrorname_np(i), errors[i]);
        }
    }
    printf("\n");
    return returned == readers && worst <= 2.0 && partial == 0 && without == 0 && errors[0] == 0 ? 0 : 1;
}
