/* See the header. */
#include "tests/load/tap.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEADLINE_MS 20000
#define DRAIN_BYTES 65536

/* Open for writing, too: so the service finds a reader, and the test sees when it is full. */
void tap_open(struct tap *tap, const struct scratch *scratch, const char *limits)
{
    char path[PROCESS_PATH_MAX];
    ck_assert_int_eq(mkfifo(scratch_file(scratch, "tap", path), 0600), 0);
    tap->fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
    ck_assert_int_ge(tap->fd, 0);
    int size = snprintf(tap->config, sizeof tap->config,
                        "{\"workers\":1,\"limits\":{%s},\"sinks\":[{\"type\":\"jsonl\",\"path\":"
                        "\"%s\",\"buffers\":2,\"stall_ms\":600000}]}",
                        limits, path);
    ck_assert_int_lt(size, (int)sizeof tap->config);
}

void tap_close(struct tap *tap)
{
    close(tap->fd);
    tap->fd = -1;
}

bool tap_wait_full(const struct tap *tap)
{
    struct pollfd wanted = {.fd = tap->fd, .events = POLLOUT};
    uint64_t until = load_now_ms() + DEADLINE_MS;
    while (poll(&wanted, 1, 0) > 0) {
        if (load_now_ms() > until) return false;
        load_pause();
    }
    return true;
}

size_t tap_read(const struct tap *tap, char *bytes, size_t size)
{
    ssize_t got;
    do {
        got = read(tap->fd, bytes, size);
    } while (got < 0 && errno == EINTR);
    return got < 0 ? 0 : (size_t)got;
}

pid_t tap_drain(const struct tap *tap)
{
    static char bytes[DRAIN_BYTES];
    struct pollfd wanted = {.fd = tap->fd, .events = POLLIN};
    pid_t pid = fork();
    ck_assert_int_ge(pid, 0);
    while (pid == 0)
        if (poll(&wanted, 1, -1) > 0) (void)tap_read(tap, bytes, sizeof bytes);
    return pid;
}
