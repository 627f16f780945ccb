/*
 * The service manager's notification socket ($NOTIFY_SOCKET): one datagram a state.
 *
 * The protocol is a few lines, so there is no library for it here. Not being heard is no error: the
 * service works on.
 */
#include "service/host/host.h"
#include "service/host/watchdog.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define QUIET_INTERVAL_MS 5000 /* with a status but without a watchdog */

static void send_text(const char *text)
{
    const char *path = getenv("NOTIFY_SOCKET");
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (path == NULL || (path[0] != '/' && path[0] != '@')) return;
    size_t size = strlen(path);
    if (size < 2 || size >= sizeof address.sun_path) return;
    memcpy(address.sun_path, path, size);
    if (path[0] == '@') address.sun_path[0] = 0; /* a name without a file */
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return;
    socklen_t length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + size);
    (void)sendto(fd, text, strlen(text), MSG_NOSIGNAL, (const struct sockaddr *)&address, length);
    close(fd);
}

void host_tell(enum host_state state)
{
    char text[96];
    struct timespec now;
    switch (state) {
    case HOST_READY:
        send_text("READY=1\nSTATUS=accepting connections");
        break;
    case HOST_RELOADING:
        if (clock_gettime(CLOCK_MONOTONIC, &now) != 0) return;
        snprintf(text, sizeof text, "RELOADING=1\nMONOTONIC_USEC=%lld",
                 (long long)now.tv_sec * 1000000 + now.tv_nsec / 1000);
        send_text(text);
        break;
    case HOST_STOPPING:
        send_text("STOPPING=1\nSTATUS=draining");
        break;
    }
}

/* What the watchdog asks for, in microseconds; 0: there is none, or it is another process's. */
static uint64_t watchdog_us(void)
{
    const char *text = getenv("WATCHDOG_USEC");
    const char *pid = getenv("WATCHDOG_PID");
    char *end;
    if (text == NULL || text[0] < '0' || text[0] > '9') return 0;
    if (pid != NULL && strtoul(pid, NULL, 10) != (unsigned long)getpid()) return 0;
    errno = 0;
    unsigned long long microseconds = strtoull(text, &end, 10);
    return errno == 0 && *end == 0 ? microseconds : 0;
}

/* A quarter: an answer that misses one beat, and the next, is still in time at the third. */
uint64_t watchdog_interval_ms(void)
{
    uint64_t limit_us = watchdog_us();
    uint64_t quarter_ms = limit_us / 4000;
    if (getenv("NOTIFY_SOCKET") == NULL) return 0;
    if (limit_us == 0 || quarter_ms > QUIET_INTERVAL_MS) return QUIET_INTERVAL_MS;
    return quarter_ms == 0 ? 1 : quarter_ms;
}

void watchdog_tell(bool is_alive, const char *status)
{
    char text[512];
    const char *sign = is_alive && watchdog_us() > 0 ? "WATCHDOG=1\n" : "";
    snprintf(text, sizeof text, "%sSTATUS=%s", sign, status);
    send_text(text);
}
