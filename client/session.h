/*
 * One connection, from HELLO to its end, on the background thread.
 *
 *   HELLO sent --WELCOME--> accepted --ends, fails, client stops--> over
 *       |--REFUSED, deadline, ends--> over
 *
 * Nothing leaves the queue before WELCOME. What leaves it is copied into the out buffer and counts
 * as sent from then on: if the connection ends, it is in doubt unless acknowledged, and never sent
 * again. Openings and schemas are sent anew on each connection: openings first of all, a schema
 * right before the first event that needs it.
 */
#ifndef ETWRELAY_CLIENT_SESSION_H
#define ETWRELAY_CLIENT_SESSION_H

#include "client/provider.h"
#include "protocol/wire/request.h"

#define SESSION_OUT_BYTES   ((size_t)128 * 1024)
#define SESSION_PIECE_BYTES ((size_t)16 * 1024) /* less than this is no reason to go on */

/* A schema as of the queue's head. */
struct announced {
    struct known *known; /* a reference; NULL: none under this id yet */
    uint32_t connection; /* the last one that was told */
};

enum session_end {
    SESSION_LOST,        /* after it was accepted: connect again soon */
    SESSION_NOT_REACHED, /* it ended or was silent before it accepted: with growing pauses */
    SESSION_REFUSED,     /* not now: connect again slowly */
    SESSION_FINAL        /* no version in common: never */
};

struct session {
    struct etwr_client *client;
    struct flight flight;
    struct announced by_id[INTERN_SCHEMAS_MAX]; /* [0] is id 1 */
    size_t id_count;                            /* places that were ever used */
    uint64_t flush_sent;                        /* highest cookie that left the queue */
    uint32_t connection;                        /* counts connections */

    /* Of this connection. */
    struct stream *stream;
    const char *name; /* what errors call it: the path */
    bool is_accepted;
    bool is_over;
    bool is_write_failed; /* what the service said before it closed is still to be read */
    enum session_end end;
    uint32_t body_max_bytes; /* the service's */
    size_t reported_count;   /* in_doubt ranges in HELLO */
    size_t reopen_next;      /* slots still to be opened again: from here ... */
    size_t reopen_end;       /* ... to here */
    uint64_t reissue_flush;  /* cookie to be sent once more; 0: none */
    uint64_t status_sent;    /* cookie of the last STATUS */
    bool is_draining;        /* the queue is being emptied: no pause until it is */
    uint64_t due_ms;         /* when the delay is over; 0: not running */

    uint8_t *out;
    size_t out_start, out_end;
    uint8_t *in; /* WIRE_FRAME_MAX_BYTES */
    size_t in_size;
};

struct session *session_create(struct etwr_client *client); /* NULL: no memory */
void session_destroy(struct session *session);

/* Speak over `stream`, which is closed at the end, until the connection ends or the client stops.
 * `name` is what errors call it. */
enum session_end session_run(struct session *session, struct stream *stream, const char *name);
/* Empty the queue without a connection: its events are dropped as disconnected. */
void session_discard(struct session *session);

/* For session.c's two halves: what goes out (session_out.c), what comes in (session_in.c). */

/* Out. */
void session_put_hello(struct session *session);
/* Fill the out buffer, if it is empty, with what may go out now. */
void session_fill(struct session *session);
/* Write as much as the connection takes. */
void session_write(struct session *session);
/* In: read and act on what the service sent. */
void session_read(struct session *session);
/* End it; etwr_client_last_error() then gives its name and this message. */
void session_fail(struct session *session, enum session_end end, const char *message);

static inline bool session_has_output(const struct session *session)
{
    return session->out_start < session->out_end;
}

#endif
