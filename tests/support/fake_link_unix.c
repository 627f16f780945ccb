/* See fake_link.h: Unix sockets. */
#include "tests/support/fake_link.h"

#include <check.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

void fake_link_make_path(char path[FAKE_PATH_BYTES])
{
    char folder[] = "/tmp/etwrelay-test-XXXXXX";

    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(path, FAKE_PATH_BYTES, "%s/s", folder);
}

void fake_link_forget_path(const char *path)
{
    char folder[FAKE_PATH_BYTES];

    strcpy(folder, path);
    *strrchr(folder, '/') = '\0';
    rmdir(folder);
}

intptr_t fake_link_listen(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    ck_assert_int_ge(listener, 0);
    strcpy(address.sun_path, path);
    ck_assert_int_eq(bind(listener, (struct sockaddr *)&address, sizeof address), 0);
    ck_assert_int_eq(listen(listener, 16), 0);
    return listener;
}

void fake_link_stop_listening(intptr_t listener, const char *path)
{
    close((int)listener);
    unlink(path);
}

static bool wait_for(intptr_t fd, int timeout_ms)
{
    struct pollfd wanted = {.fd = (int)fd, .events = POLLIN};

    return poll(&wanted, 1, timeout_ms) == 1;
}

bool fake_link_is_called(intptr_t listener, int timeout_ms)
{
    return wait_for(listener, timeout_ms);
}

intptr_t fake_link_accept(intptr_t *listener, const char *path)
{
    int fd = accept((int)*listener, NULL, NULL);

    (void)path;
    ck_assert_int_ge(fd, 0);
    return fd;
}

intptr_t fake_link_make_pair(intptr_t *client)
{
    int ends[2];

    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    *client = ends[1];
    return ends[0];
}

void fake_link_close(intptr_t link)
{
    close((int)link);
}

long fake_link_receive(intptr_t link, void *bytes, size_t size, int timeout_ms)
{
    ssize_t count;

    if (!wait_for(link, timeout_ms)) return -1;
    count = recv((int)link, bytes, size, 0);
    return count <= 0 ? 0 : (long)count;
}

void fake_link_send(intptr_t link, const void *bytes, size_t size)
{
    const char *at = bytes;

    while (size > 0) {
        ssize_t count = send((int)link, at, size, MSG_NOSIGNAL);

        ck_assert_int_gt(count, 0);
        at += count;
        size -= (size_t)count;
    }
}

bool fake_link_is_open(intptr_t handle)
{
    return fcntl((int)handle, F_GETFD) >= 0;
}

bool fake_link_is_inherited(intptr_t handle)
{
    return (fcntl((int)handle, F_GETFD) & FD_CLOEXEC) == 0;
}

void fake_environment(const char *name, const char *value)
{
    if (value)
        setenv(name, value, 1);
    else
        unsetenv(name);
}
