/*
 * The connection to the service, and waiting for it: transport_unix.c, later transport_win.c. Bytes
 * only; what they mean is session.c's business. Nothing in here blocks but transport_wait().
 */
#ifndef ETWRELAY_CLIENT_TRANSPORT_H
#define ETWRELAY_CLIENT_TRANSPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <etwrelay/status.h>

#define TRANSPORT_PATH_MAX_BYTES 107 /* sun_path, less its NUL: longer ones would be cut short */

/* One connected stream. */
struct stream;

/*
 * Connect to a path of at most TRANSPORT_PATH_MAX_BYTES. `text` gets the system's words on failure.
 * ETWR_OK, ETWR_E_NOT_FOUND, ETWR_E_ACCESS_DENIED, ETWR_E_NO_MEMORY, ETWR_E_IO.
 */
enum etwr_status stream_connect(const char *path, struct stream **stream, char *text,
                                size_t capacity);
/* Take an open stream socket: on success it is closed with the stream, here and in forked children.
 * ETWR_OK, ETWR_E_INVALID_ARGUMENT (not an open, connected stream socket), ETWR_E_NO_MEMORY. */
enum etwr_status stream_adopt(intptr_t handle, struct stream **stream);
void stream_close(struct stream *stream); /* NULL is allowed */
/* Undo stream_adopt(): the socket stays open and is its owner's again. */
void stream_release(struct stream *stream);

enum stream_result {
    STREAM_DONE,  /* *count bytes, at least 1 */
    STREAM_AGAIN, /* not now: transport_wait() */
    STREAM_ENDED  /* by either side, or failed */
};

enum stream_result stream_read(struct stream *stream, void *bytes, size_t size, size_t *count);
enum stream_result stream_write(struct stream *stream, const void *bytes, size_t size,
                                size_t *count);

/* How other threads end a transport_wait(). */
struct waker;

struct waker *waker_create(void); /* NULL: no memory or descriptor */
void waker_destroy(struct waker *waker);
void waker_wake(struct waker *waker); /* any thread */

struct transport_events {
    bool readable; /* or ended: read to find out */
    bool writable;
};

/*
 * Wait until `waker` was woken, `stream` (NULL for none) can be read (`want_read`) or written
 * (`want_write`), or os_clock_ms() reaches the deadline.
 */
struct transport_events transport_wait(struct waker *waker, struct stream *stream, bool want_read,
                                       bool want_write, uint64_t deadline_ms);

/* Names that differ by system. */
extern const char transport_handle_variable[]; /* ETWRELAY_FD */
extern const char transport_system_path[];
/* The user's own socket; false: this user has no place for one. */
bool transport_user_path(char *path, size_t capacity);
bool transport_path_exists(const char *path);
/*
 * May a socket be trusted for where it lies? Its folder must belong to root or to us, and nobody
 * else may write to it; for the system's own path it may instead belong to the service's user,
 * when only root could have made it (the folder above is root's).
 */
bool transport_path_is_trusted(const char *path, bool is_system);

#endif
