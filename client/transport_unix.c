/*
 * transport.h over Unix stream sockets. Every call says MSG_DONTWAIT instead of making the socket
 * non-blocking: an adopted socket's flags are shared with the process that opened it.
 */
#include "client/transport.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "client/fork_unix.h"
#include "client/os.h"
#include "client/transport_unix.h"
#include "client/words.h"

#define OTHERS_WRITE (S_IWGRP | S_IWOTH)

const char transport_handle_variable[] = "ETWRELAY_FD";
const char transport_system_path[] = "/run/etwrelay/etwrelay.sock";
const bool transport_user_path_is_open_to_all = false;

_Static_assert(sizeof((struct sockaddr_un *)0)->sun_path == SOCKET_PATH_MAX_BYTES + 1,
               "the limit of a socket's path");

struct stream {
    int fd;
    struct fork_guard guard;
};

struct waker {
    int fd;
    struct fork_guard guard;
};

static enum etwr_status status_of_errno(int error)
{
    switch (error) {
    case ENOENT:
    case ENOTDIR:
    case ECONNREFUSED: /* a socket file that nobody listens on */
        return ETWR_E_NOT_FOUND;
    case EACCES:
    case EPERM:
        return ETWR_E_ACCESS_DENIED;
    case EBADF:
    case ENOTSOCK:
        return ETWR_E_INVALID_ARGUMENT;
    case ENOMEM:
    case ENOBUFS:
        return ETWR_E_NO_MEMORY;
    default:
        return ETWR_E_IO;
    }
}

static void describe(int error, char *text, size_t capacity)
{
    if (strerror_r(error, text, capacity) == 0) return;
    words_set(text, capacity, "error ");
    words_add_number(text, capacity, (uint32_t)error);
}

static struct stream *stream_create(int fd)
{
    struct stream *stream = malloc(sizeof *stream);

    if (!stream) return NULL;
    stream->fd = fd;
    fork_guard_add(&stream->guard, fd);
    return stream;
}

static int connect_socket(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int error;

    if (fd < 0) return -1;
    memcpy(address.sun_path, path, strlen(path));
    /* A Unix socket connects at once or not at all: EAGAIN says that the backlog is full. */
    if (connect(fd, (const struct sockaddr *)&address, sizeof address) == 0) return fd;
    error = errno;
    close(fd);
    errno = error;
    return -1;
}

bool transport_path_is_valid(const char *path)
{
    size_t length = strlen(path);

    return length > 0 && length <= SOCKET_PATH_MAX_BYTES;
}

enum etwr_status stream_connect(const char *path, enum stream_trust trust, struct stream **stream,
                                char *text, size_t capacity)
{
    int fd;

    if (!transport_path_is_valid(path)) return ETWR_E_INVALID_ARGUMENT;
    /* What is not there needs no trust: connecting says so in the system's words. */
    if (trust != STREAM_NAMED && transport_path_exists(path) &&
        !transport_path_is_trusted(path, trust == STREAM_SYSTEM)) {
        words_set(text, capacity, "not trusted, others may write to its folder or own it");
        return ETWR_E_ACCESS_DENIED;
    }
    fd = connect_socket(path);
    if (fd < 0) {
        int error = errno;

        describe(error, text, capacity);
        return status_of_errno(error);
    }
    *stream = stream_create(fd);
    if (*stream) return ETWR_OK;
    close(fd);
    describe(ENOMEM, text, capacity);
    return ETWR_E_NO_MEMORY;
}

static bool is_connected_stream(int fd)
{
    struct sockaddr_storage peer;
    socklen_t size = sizeof peer;
    int type = 0;

    if (getpeername(fd, (struct sockaddr *)&peer, &size) != 0) return false;
    size = sizeof type;
    return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_STREAM;
}

enum etwr_status stream_adopt(intptr_t handle, struct stream **stream)
{
    int fd = (int)handle;
    int flags;

    if (handle < 0 || handle > INT_MAX || !is_connected_stream(fd)) return ETWR_E_INVALID_ARGUMENT;
    flags = fcntl(fd, F_GETFD);
    if (flags < 0 || fcntl(fd, F_SETFD, flags | FD_CLOEXEC) != 0) return ETWR_E_INVALID_ARGUMENT;
    *stream = stream_create(fd);
    return *stream ? ETWR_OK : ETWR_E_NO_MEMORY;
}

intptr_t stream_release(struct stream *stream)
{
    int fd = stream->fd;

    fork_guard_remove(&stream->guard);
    free(stream);
    return fd;
}

void stream_close(struct stream *stream)
{
    if (stream) transport_discard(stream_release(stream));
}

void transport_discard(intptr_t handle)
{
    close((int)handle);
}

enum etwr_status transport_give(intptr_t handle, intptr_t to, intptr_t *given)
{
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control = {.bytes = {0}};
    char byte = 0;
    int fd = (int)handle;
    struct iovec content = {.iov_base = &byte, .iov_len = sizeof byte};
    struct msghdr message = {.msg_iov = &content,
                             .msg_iovlen = 1,
                             .msg_control = control.bytes,
                             .msg_controllen = sizeof control.bytes};
    ssize_t sent;

    if (handle < 0 || handle > INT_MAX || to < 0 || to > INT_MAX) return ETWR_E_INVALID_ARGUMENT;
    control.header.cmsg_level = SOL_SOCKET;
    control.header.cmsg_type = SCM_RIGHTS;
    control.header.cmsg_len = CMSG_LEN(sizeof fd);
    memcpy(CMSG_DATA(&control.header), &fd, sizeof fd);
    do {
        sent = sendmsg((int)to, &message, MSG_NOSIGNAL);
    } while (sent < 0 && errno == EINTR);
    if (sent < 0) return status_of_errno(errno);
    close(fd);
    *given = -1;
    return ETWR_OK;
}

static enum stream_result result_of(ssize_t count, size_t *moved)
{
    if (count > 0) {
        *moved = (size_t)count;
        return STREAM_DONE;
    }
    if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS))
        return STREAM_AGAIN;
    return STREAM_ENDED;
}

enum stream_result stream_read(struct stream *stream, void *bytes, size_t size, size_t *count)
{
    ssize_t got;

    do {
        got = recv(stream->fd, bytes, size, MSG_DONTWAIT);
    } while (got < 0 && errno == EINTR);
    return result_of(got, count);
}

enum stream_result stream_write(struct stream *stream, const void *bytes, size_t size,
                                size_t *count)
{
    ssize_t put;

    do {
        put = send(stream->fd, bytes, size, MSG_DONTWAIT | MSG_NOSIGNAL);
    } while (put < 0 && errno == EINTR);
    return result_of(put, count);
}

struct waker *waker_create(void)
{
    struct waker *waker = malloc(sizeof *waker);

    if (!waker) return NULL;
    waker->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (waker->fd < 0) {
        free(waker);
        return NULL;
    }
    fork_guard_add(&waker->guard, waker->fd);
    return waker;
}

void waker_destroy(struct waker *waker)
{
    if (!waker) return;
    fork_guard_remove(&waker->guard);
    close(waker->fd);
    free(waker);
}

void waker_wake(struct waker *waker)
{
    uint64_t one = 1;
    ssize_t put;

    /* EAGAIN: the counter is full, so the sleeper is woken already. */
    do {
        put = write(waker->fd, &one, sizeof one);
    } while (put < 0 && errno == EINTR);
}

static void waker_reset(struct waker *waker)
{
    uint64_t count;
    ssize_t got;

    do {
        got = read(waker->fd, &count, sizeof count);
    } while (got < 0 && errno == EINTR);
}

/* poll()'s timeout: rounded down to 0 only when the deadline has come. */
static int timeout_until(uint64_t deadline_ms)
{
    uint64_t now = os_clock_ms();

    if (deadline_ms == OS_NEVER) return -1;
    if (deadline_ms <= now) return 0;
    return deadline_ms - now > INT_MAX ? INT_MAX : (int)(deadline_ms - now);
}

struct transport_events transport_wait(struct waker *waker, struct stream *stream, bool want_read,
                                       bool want_write, uint64_t deadline_ms)
{
    struct transport_events events = {false, false};
    struct pollfd fds[2] = {{.fd = waker->fd, .events = POLLIN}, {.fd = -1}};
    short wanted = (short)((want_read ? POLLIN : 0) | (want_write ? POLLOUT : 0));
    const short ended = POLLERR | POLLHUP | POLLNVAL;

    if (stream && wanted) {
        fds[1].fd = stream->fd;
        fds[1].events = wanted;
    }
    if (poll(fds, 2, timeout_until(deadline_ms)) <= 0) return events;
    if (fds[0].revents) waker_reset(waker);
    events.readable = (fds[1].revents & (POLLIN | ended)) != 0;
    events.writable = (fds[1].revents & (POLLOUT | ended)) != 0;
    return events;
}

bool transport_user_path(char *path, size_t capacity)
{
    const char *folder = getenv("XDG_RUNTIME_DIR");
    int size;

    if (!folder || folder[0] != '/') return false;
    size = snprintf(path, capacity, "%s/etwrelay.sock", folder);
    return size > 0 && (size_t)size < capacity && size <= SOCKET_PATH_MAX_BYTES;
}

bool transport_path_exists(const char *path)
{
    struct stat info;

    return stat(path, &info) == 0;
}

/* Cut `path` down to its folder; false when it names none. */
static bool cut_to_folder(char *path)
{
    char *slash = strrchr(path, '/');

    if (!slash) return false;
    if (slash == path) slash++;
    *slash = '\0';
    return true;
}

bool transport_path_is_trusted(const char *path, bool is_system)
{
    char folder[SOCKET_PATH_MAX_BYTES + 1];
    struct stat info;

    if (snprintf(folder, sizeof folder, "%s", path) >= (int)sizeof folder) return false;
    if (!cut_to_folder(folder)) return false;
    if (stat(folder, &info) != 0 || !S_ISDIR(info.st_mode)) return false;
    if (info.st_mode & OTHERS_WRITE) return false;
    if (info.st_uid == 0 || info.st_uid == geteuid()) return true;
    if (!is_system || !cut_to_folder(folder) || stat(folder, &info) != 0) return false;
    return info.st_uid == 0 && !(info.st_mode & OTHERS_WRITE);
}
