/* See raw_link.h. Blocking sockets with a time limit: the test's own thread is all there is. */
#include "tests/support/raw_link.h"

#include <check.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#define DEADLINE_S 30

intptr_t raw_link_open(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const struct timeval limit = {.tv_sec = DEADLINE_S};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit), 0);
    ck_assert_int_eq(setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit), 0);
    strncpy(address.sun_path, path, sizeof address.sun_path - 1);
    ck_assert_int_eq(connect(fd, (const struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

void raw_link_close(intptr_t link)
{
    close((int)link);
}

bool raw_link_send(intptr_t link, const void *bytes, size_t size)
{
    const char *at = bytes;
    while (size > 0) {
        ssize_t sent = send((int)link, at, size, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) continue;
        ck_assert_msg(sent > 0 || errno == EPIPE || errno == ECONNRESET, "send: %s",
                      strerror(errno));
        if (sent <= 0) return false;
        at += sent;
        size -= (size_t)sent;
    }
    return true;
}

size_t raw_link_receive(intptr_t link, void *bytes, size_t size)
{
    ssize_t got;
    do
        got = recv((int)link, bytes, size, 0);
    while (got < 0 && errno == EINTR);
    ck_assert_msg(got >= 0 || errno == ECONNRESET, "recv: %s", strerror(errno));
    return got <= 0 ? 0 : (size_t)got;
}

bool raw_link_is_answered(intptr_t link, int timeout_ms)
{
    struct pollfd entry = {(int)link, POLLIN, 0};
    return poll(&entry, 1, timeout_ms) != 0;
}
