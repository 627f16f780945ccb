/*
 * The acceptor over a Unix socket.
 *
 * The path is the identity of the service: whoever can put a socket there can pose as it. So the
 * lock file is taken before anything is touched, only our own stale socket is unlinked, and the
 * folder must be one in which nobody else can.
 */
#include "service/pipe/listener.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define ACCEPTS_PER_TURN 64
#define BACK_OFF_MS      50
#define LOCK_SUFFIX      ".lock"

struct listener {
    uv_poll_t poll;
    uv_timer_t back_off;
    int open_handles;
    int fd, lock_fd, spare_fd;
    char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
    dev_t device; /* of the socket that we made, so that we unlink no other */
    ino_t inode;
    listener_callback on_accept;
    void *context;
    struct listener_counters counters;
};

static enum etwr_status fail(char message[LISTENER_MESSAGE_BYTES], enum etwr_status status,
                             const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, LISTENER_MESSAGE_BYTES, format, arguments);
    va_end(arguments);
    return status;
}

static enum etwr_status fail_errno(char message[LISTENER_MESSAGE_BYTES], const char *what,
                                   const char *path)
{
    int error = errno;
    enum etwr_status status =
        error == EACCES || error == EPERM || error == EROFS ? ETWR_E_ACCESS_DENIED : ETWR_E_IO;
    return fail(message, status, "cannot %s %s: %s", what, path, strerror(error));
}

/* The folder: made if it is missing and its parent is there; refused when anybody could replace the
 * socket in it. */
static enum etwr_status check_folder(const char *path, char message[LISTENER_MESSAGE_BYTES])
{
    char folder[sizeof(((struct sockaddr_un *)0)->sun_path)];
    struct stat info;
    const char *slash = strrchr(path, '/');
    size_t size = slash == NULL ? 0 : (size_t)(slash - path);
    if (slash == NULL)
        memcpy(folder, ".", 2);
    else if (size == 0)
        memcpy(folder, "/", 2);
    else
        snprintf(folder, sizeof folder, "%.*s", (int)size, path);

    if (mkdir(folder, 0755) == 0) {
        /* The umask may have taken bits that clients need to reach the socket. */
        if (chmod(folder, 0755) != 0) return fail_errno(message, "set the mode of folder", folder);
    } else if (errno != EEXIST) {
        return fail_errno(message, "make the socket's folder", folder);
    }
    if (stat(folder, &info) != 0) return fail_errno(message, "look at folder", folder);
    if (!S_ISDIR(info.st_mode))
        return fail(message, ETWR_E_INVALID_ARGUMENT, "%s is not a folder", folder);
    if ((info.st_mode & S_IWOTH) != 0 && (info.st_mode & S_ISVTX) == 0)
        return fail(message, ETWR_E_ACCESS_DENIED,
                    "everybody may write to folder %s, so anybody could replace the socket in it: "
                    "use another folder or take the right away (chmod o-w)",
                    folder);
    if (info.st_uid != geteuid() && info.st_uid != 0)
        return fail(message, ETWR_E_ACCESS_DENIED,
                    "folder %s belongs to user %lu, who could replace the socket in it: use a "
                    "folder of your own or of root",
                    folder, (unsigned long)info.st_uid);
    return ETWR_OK;
}

/* Is the file behind `fd` still the one at `path`? A service that stopped meanwhile took its lock
 * file away. */
static bool is_same_file(int fd, const char *path)
{
    struct stat ours, there;
    return fstat(fd, &ours) == 0 && lstat(path, &there) == 0 && ours.st_dev == there.st_dev &&
           ours.st_ino == there.st_ino;
}

static enum etwr_status take_lock(struct listener *listener, char message[LISTENER_MESSAGE_BYTES])
{
    char path[sizeof listener->path + sizeof LOCK_SUFFIX];
    struct stat info;
    snprintf(path, sizeof path, "%s" LOCK_SUFFIX, listener->path);
    for (int attempt = 0; attempt < 16; attempt++) {
        int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
        if (fd < 0) return fail_errno(message, "open the lock file", path);
        listener->lock_fd = fd;
        if (fstat(fd, &info) != 0) return fail_errno(message, "look at the lock file", path);
        if (!S_ISREG(info.st_mode) || info.st_uid != geteuid())
            return fail(message, ETWR_E_ACCESS_DENIED,
                        "%s is not a lock file of our own: remove it or use another --pipe", path);
        if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
            if (errno != EWOULDBLOCK) return fail_errno(message, "lock", path);
            return fail(message, ETWR_E_LIMIT,
                        "another etwrelayd already serves %s: stop it or use another --pipe",
                        listener->path);
        }
        if (is_same_file(fd, path)) return ETWR_OK;
        close(fd);
        listener->lock_fd = -1;
    }
    return fail(message, ETWR_E_IO, "the lock file %s keeps changing", path);
}

/* Whatever is at the path goes only if it is a socket of our own user; we hold the lock, so nobody
 * serves it. */
static enum etwr_status remove_stale(const char *path, char message[LISTENER_MESSAGE_BYTES])
{
    struct stat info;
    if (lstat(path, &info) != 0)
        return errno == ENOENT ? ETWR_OK : fail_errno(message, "look at", path);
    if (!S_ISSOCK(info.st_mode))
        return fail(message, ETWR_E_ACCESS_DENIED,
                    "%s exists and is not a socket: remove it or use another --pipe", path);
    if (info.st_uid != geteuid())
        return fail(message, ETWR_E_ACCESS_DENIED,
                    "%s is a socket of user %lu, not ours: remove it or use another --pipe", path,
                    (unsigned long)info.st_uid);
    if (unlink(path) != 0) return fail_errno(message, "remove the stale socket", path);
    return ETWR_OK;
}

static enum etwr_status bind_socket(struct listener *listener, uint32_t mode,
                                    char message[LISTENER_MESSAGE_BYTES])
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct stat info;
    memcpy(address.sun_path, listener->path, sizeof address.sun_path);
    listener->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (listener->fd < 0) return fail_errno(message, "make a socket for", listener->path);
    /* Nobody else reaches it until the mode is set below. */
    (void)fchmod(listener->fd, 0600);
    if (bind(listener->fd, (const struct sockaddr *)&address, sizeof address) != 0)
        return fail_errno(message, "bind", listener->path);
    if (lstat(listener->path, &info) != 0) return fail_errno(message, "look at", listener->path);
    listener->device = info.st_dev;
    listener->inode = info.st_ino;
    if (listen(listener->fd, SOMAXCONN) != 0)
        return fail_errno(message, "listen on", listener->path);
    if (chmod(listener->path, (mode_t)mode) != 0)
        return fail_errno(message, "set the mode of", listener->path);
    return ETWR_OK;
}

static void close_descriptors(struct listener *listener)
{
    struct stat info;
    if (listener->inode != 0 && lstat(listener->path, &info) == 0 &&
        info.st_dev == listener->device && info.st_ino == listener->inode)
        (void)unlink(listener->path);
    if (listener->lock_fd >= 0 && listener->inode != 0) {
        char path[sizeof listener->path + sizeof LOCK_SUFFIX];
        snprintf(path, sizeof path, "%s" LOCK_SUFFIX, listener->path);
        (void)unlink(path);
    }
    if (listener->fd >= 0) close(listener->fd);
    if (listener->spare_fd >= 0) close(listener->spare_fd);
    if (listener->lock_fd >= 0) close(listener->lock_fd);
    listener->fd = listener->spare_fd = listener->lock_fd = -1;
}

static void on_poll(uv_poll_t *poll, int status, int events);

static void on_back_off_over(uv_timer_t *timer)
{
    struct listener *listener = timer->data;
    (void)uv_poll_start(&listener->poll, UV_READABLE, on_poll);
}

static void back_off(struct listener *listener)
{
    (void)uv_poll_stop(&listener->poll);
    (void)uv_timer_start(&listener->back_off, on_back_off_over, BACK_OFF_MS, 0);
}

/* No descriptor is left: give up the spare one to take a connection and close it, so that its peer
 * learns of it at once and the queue does not stand still. False: none is waiting. */
static bool shed_one(struct listener *listener)
{
    if (listener->spare_fd >= 0) close(listener->spare_fd);
    int fd = accept(listener->fd, NULL, NULL);
    if (fd >= 0) {
        close(fd);
        listener->counters.shed++;
    }
    listener->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    return fd >= 0;
}

static void shed_waiting(struct listener *listener)
{
    for (int i = 0; i < ACCEPTS_PER_TURN && shed_one(listener); i++) {
    }
    listener->on_accept(listener->context, LISTENER_SHED, NULL);
}

/* False: no more for this turn. */
static bool accept_one(struct listener *listener)
{
    struct peer peer;
    int fd = accept4(listener->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) {
        listener->counters.accepted++;
        bool known = peer_read(fd, &peer) == ETWR_OK;
        listener->on_accept(listener->context, fd, known ? &peer : NULL);
        return true;
    }
    /* Somebody connected and left again: an everyday thing. */
    if (errno == EINTR || errno == ECONNABORTED || errno == EPROTO) return true;
    if (errno == EAGAIN || errno == EWOULDBLOCK) return false;
    bool no_descriptor = errno == EMFILE || errno == ENFILE;
    listener->counters.errors++;
    if (no_descriptor) shed_waiting(listener);
    back_off(listener);
    return false;
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
    struct listener *listener = poll->data;
    (void)events;
    if (status < 0) {
        listener->counters.errors++;
        back_off(listener);
        return;
    }
    for (int i = 0; i < ACCEPTS_PER_TURN && accept_one(listener); i++) {
    }
}

void listener_accept_waiting(struct listener *listener)
{
    for (int i = 0; i < SOMAXCONN && accept_one(listener); i++) {
    }
}

static void on_handle_closed(uv_handle_t *handle)
{
    struct listener *listener = handle->data;
    if (--listener->open_handles == 0) free(listener);
}

static enum etwr_status start_polling(struct listener *listener, uv_loop_t *loop,
                                      char message[LISTENER_MESSAGE_BYTES])
{
    int error = uv_timer_init(loop, &listener->back_off);
    listener->back_off.data = listener;
    listener->open_handles = 1; /* uv_timer_init() cannot fail */
    if (error == 0) error = uv_poll_init(loop, &listener->poll, listener->fd);
    if (error == 0) {
        listener->poll.data = listener;
        listener->open_handles = 2;
        error = uv_poll_start(&listener->poll, UV_READABLE, on_poll);
    }
    if (error == 0) return ETWR_OK;
    char reason[64];
    return fail(message, ETWR_E_IO, "cannot watch %s: %s", listener->path,
                uv_strerror_r(error, reason, sizeof reason));
}

static enum etwr_status open_path(struct listener *listener, uint32_t mode,
                                  char message[LISTENER_MESSAGE_BYTES])
{
    enum etwr_status status = check_folder(listener->path, message);
    if (status == ETWR_OK) status = take_lock(listener, message);
    if (status == ETWR_OK) status = remove_stale(listener->path, message);
    if (status == ETWR_OK) status = bind_socket(listener, mode, message);
    return status;
}

/* Whoever opened it made its path and its mode, and takes them away again. */
static enum etwr_status adopt_socket(struct listener *listener, int fd,
                                     char message[LISTENER_MESSAGE_BYTES])
{
    int flags = fcntl(fd, F_GETFL);
    listener->fd = fd;
    if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0)
        return fail_errno(message, "use the socket that was passed for", listener->path);
    return ETWR_OK;
}

static enum etwr_status open_spare(struct listener *listener, char message[LISTENER_MESSAGE_BYTES])
{
    listener->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    return listener->spare_fd >= 0 ? ETWR_OK : fail_errno(message, "open", "/dev/null");
}

enum etwr_status listener_open(uv_loop_t *loop, const char *path,
                               const struct listener_access *access, listener_callback on_accept,
                               void *context, struct listener **result,
                               char message[LISTENER_MESSAGE_BYTES])
{
    struct listener *listener;
    if (path[0] == 0 || strlen(path) >= sizeof listener->path)
        return fail(message, ETWR_E_INVALID_ARGUMENT,
                    "the socket path has %zu bytes, and 1 to %zu are possible: choose a shorter "
                    "--pipe: %.128s",
                    strlen(path), sizeof listener->path - 1, path);
    listener = calloc(1, sizeof *listener);
    if (listener == NULL) return fail(message, ETWR_E_NO_MEMORY, "no memory for the listener");
    memcpy(listener->path, path, strlen(path) + 1);
    listener->fd = listener->lock_fd = listener->spare_fd = -1;
    listener->on_accept = on_accept;
    listener->context = context;
    enum etwr_status status = access->passed != 0
                                  ? adopt_socket(listener, (int)access->passed, message)
                                  : open_path(listener, access->mode, message);
    if (status == ETWR_OK) status = open_spare(listener, message);
    if (status == ETWR_OK) status = start_polling(listener, loop, message);
    if (status == ETWR_OK) {
        *result = listener;
        return ETWR_OK;
    }
    if (listener->open_handles == 0) {
        close_descriptors(listener);
        free(listener);
        return status;
    }
    listener_close(listener);
    return status;
}

const struct listener_counters *listener_counters(const struct listener *listener)
{
    return &listener->counters;
}

void listener_close(struct listener *listener)
{
    uv_close((uv_handle_t *)&listener->back_off, on_handle_closed);
    if (listener->open_handles == 2) uv_close((uv_handle_t *)&listener->poll, on_handle_closed);
    close_descriptors(listener);
}

void listener_refuse(intptr_t handle, const void *bytes, size_t size)
{
    (void)send((int)handle, bytes, size, MSG_DONTWAIT | MSG_NOSIGNAL);
    close((int)handle);
}

/* Who starts it says enough: a service manager runs it as root or names the socket. */
enum etwr_status listener_default_path(bool is_service, char *path, size_t capacity)
{
    const char *folder = getenv("XDG_RUNTIME_DIR");
    const char *runtime = getenv("RUNTIME_DIRECTORY");
    int size;
    if (is_service && runtime != NULL &&
        runtime[0] == '/') /* the first of them, as for the state */
        size = snprintf(path, capacity, "%.*s/etwrelay.sock", (int)strcspn(runtime, ":"), runtime);
    else if (geteuid() == 0)
        size = snprintf(path, capacity, "/run/etwrelay/etwrelay.sock");
    else if (folder != NULL && folder[0] == '/')
        size = snprintf(path, capacity, "%s/etwrelay.sock", folder);
    else
        return ETWR_E_NOT_FOUND;
    return size > 0 && (size_t)size < capacity ? ETWR_OK : ETWR_E_LIMIT;
}

const char *listener_shed_advice(void)
{
    return "raise the limit (ulimit -n)";
}
