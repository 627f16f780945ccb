/*
 * The connection to the service, and waiting for it: transport_unix.c, transport_win.c. Bytes only;
 * what they mean is session.c's business. Nothing in here blocks but transport_wait(), and
 * stream_connect() for as long as a tenth of a second where all instances of a pipe are taken.
 */
#ifndef ETWRELAY_CLIENT_TRANSPORT_H
#define ETWRELAY_CLIENT_TRANSPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <etwrelay/status.h>

#define TRANSPORT_PATH_ROOM_BYTES 776 /* for any valid path and its NUL, on any system */

/* One connected stream. */
struct stream;

/* Who must serve it, before a byte is said. */
enum stream_trust {
    STREAM_NAMED, /* somebody named this very path */
    STREAM_USER,  /* this user's own service */
    STREAM_SYSTEM /* the system's */
};

/*
 * May this be connected to at all? On Unix 1 to 107 bytes (sun_path would cut longer ones short);
 * on Windows the name of a pipe on this machine, \\.\pipe\..., of at most 256 UTF-16 units.
 */
bool transport_path_is_valid(const char *path);

/*
 * Connect to a valid path. `text` gets words for people on failure.
 *
 * What may be trusted is the folder on Unix (transport_unix.h), the pipe's owner on Windows: the
 * service's SID, SYSTEM or administrators for the system's own; for the user's own this user, or
 * whom this process's own objects belong to (administrators, when it runs elevated); any of these
 * for a path that was named, which on Unix is taken as it is.
 *
 * ETWR_OK, ETWR_E_NOT_FOUND, ETWR_E_ACCESS_DENIED (also: not to be trusted), ETWR_E_NO_MEMORY,
 * ETWR_E_IO.
 */
enum etwr_status stream_connect(const char *path, enum stream_trust trust, struct stream **stream,
                                char *text, size_t capacity);
/* Take an open stream socket or pipe: on success it is closed with the stream, and not inherited by
 * other programs. ETWR_OK, ETWR_E_INVALID_ARGUMENT (no such thing, or not connected),
 * ETWR_E_NO_MEMORY. */
enum etwr_status stream_adopt(intptr_t handle, struct stream **stream);
void stream_close(struct stream *stream); /* NULL is allowed */
/* Let go of a stream on which nothing was read or written yet: what it was made of stays open and
 * is the caller's. */
intptr_t stream_release(struct stream *stream);

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
extern const char transport_handle_variable[]; /* ETWRELAY_FD, ETWRELAY_HANDLE */
extern const char transport_system_path[];
/* The user's own; false: this user has no place for one. */
bool transport_user_path(char *path, size_t capacity);
bool transport_path_exists(const char *path); /* connects to nothing */
/* Can anybody take the user's own path? (Only pipes' names.) Then what stands there must not keep
 * clients from the system's. */
extern const bool transport_user_path_is_open_to_all;

/*
 * Hand over what stream_release() returned. Windows: duplicate it, with the rights to read and
 * write alone, into the process of handle `to`; *given is its number there. Unix: send it over the
 * connected Unix socket `to`; *given is -1. The caller's own is closed on success.
 * ETWR_OK, ETWR_E_INVALID_ARGUMENT, ETWR_E_ACCESS_DENIED, ETWR_E_NO_MEMORY, ETWR_E_IO.
 */
enum etwr_status transport_give(intptr_t handle, intptr_t to, intptr_t *given);
void transport_discard(intptr_t handle); /* close it */

#endif
