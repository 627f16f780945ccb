/*
 * Sessions: one connection each, on one worker's loop for its whole life.
 *
 *        accepted            HELLO read and answered
 *     ------------> NEW -----------------------------> OPEN
 *                    |                                  |
 *                    | anything but a good HELLO,       | the client closed, broke the protocol,
 * was too slow; | hello_timeout: REFUSED           | the service stops: ERROR v v
 *                    +------------> CLOSING <-----------+
 *                       last answers leave, then the handle is closed; its close callback frees the
 * session
 *
 * session.c's set_state() is the only place where the state changes.
 *
 * Bytes are parsed where the worker's one large read put them; only what cannot be parsed yet (the
 * tail of a frame, or what a *hold* keeps back) is copied into the session's own buffer, which
 * grows with the bytes received and never beyond one read and one frame. A hold stops parsing and
 * reading until its cause is gone: so pressure reaches the client's queue.
 */
#ifndef ETWRELAY_SESSION_H
#define ETWRELAY_SESSION_H

#include <stdbool.h>
#include <uv.h>

#include "protocol/wire/frame.h"
#include "service/pipe/client.h"
#include "service/pipe/peer.h"
#include "service/pipe/slots.h"
#include "service/policy/quota.h"

#define SESSION_READ_BYTES       65536  /* one read */
#define SESSION_TURN_BYTES       262144 /* parsed for one session in one turn of the loop */
#define SESSION_OUTPUT_MAX_BYTES 262144 /* answers that the client has not read */
#define SESSION_FLUSHES_MAX      32     /* unanswered FLUSHes; more hold the session */
#define SESSION_LINGER_MS        1000   /* for the last answers of a closing session */
/* For HELLO, while others are turned away for want of room. */
#define SESSION_HELLO_PRESSURE_MS 250

enum session_state { SESSION_NEW, SESSION_OPEN, SESSION_CLOSING };

enum session_hold {
    SESSION_HOLD_SINKS = 1 << 0,  /* a sink has no room */
    SESSION_HOLD_FLUSH = 1 << 1,  /* too many FLUSHes are unanswered */
    SESSION_HOLD_STATUS = 1 << 2, /* a STATUS is being answered */
    SESSION_HOLD_TURN = 1 << 3    /* others have their turn */
};

struct session_bytes {
    uint8_t *data;
    size_t size, capacity;
};

struct session_flush {
    uint64_t cookie;
    uint64_t sequence; /* answered once this one is settled */
};

struct session {
    uv_pipe_t pipe;
    uv_write_t write;
    struct worker *worker;
    struct session *next, *previous; /* of the worker's */
    struct session *next_owed;       /* in the worker's list of those that are owed an answer */
    struct session *next_paused;     /* in the worker's list of those waiting for their next turn */
    bool is_owed, is_paused, is_reading, is_writing, is_closed, is_hello_done;
    bool owes_state; /* listeners have asked for its providers' state, and it was not told yet */
    bool is_mute;    /* answers cannot be sent any more */
    bool is_drained; /* stopping: what had arrived before has been parsed */
    enum session_state state;
    unsigned holds; /* set of enum session_hold */

    struct client *client; /* a reference of its account */
    struct quota_user *quota_user;
    struct quota_tokens tokens;
    size_t charged_bytes; /* of the user's memory, buffers included */
    struct slots slots;
    size_t schema_count;
    uint64_t schema_bytes;

    struct session_bytes in;      /* not parsed yet */
    struct session_bytes out;     /* not being written yet */
    struct session_bytes writing; /* being written */
    uint64_t state_ms;            /* when the state was entered */
    uint64_t frame_ms;            /* when the frame in `in` began */
    uint64_t output_ms;           /* since when the client has not read */
    uint64_t turn;                /* the turn in which it was read, or let go on, last */
    size_t turn_bytes;
    uint64_t round; /* the worker's in which sinks had room for it last */

    uint64_t acked_sequence;
    uint64_t acked_ms;
    struct session_flush flushes[SESSION_FLUSHES_MAX];
    size_t flush_count;
    struct {
        char *json; /* owned; NULL: none is being sent */
        size_t size, sent;
        uint64_t cookie;
        bool is_asked;
    } status;
};

/* Take over a connected pipe: it is closed whatever happens. `user` counts as connected;
 * disconnected with the session. */
void session_open(struct worker *worker, intptr_t handle, const struct peer *peer,
                  struct quota_user *user, uint64_t id);

/* HELLO was good. */
void session_welcome(struct session *session);
/* Begin to end it. With a reason other than ETWR_REASON_NONE the client is told, with `text` (may
 * be "") for people. */
void session_end(struct session *session, enum etwr_reason reason, const char *text);

void session_hold(struct session *session, enum session_hold hold);
/* Take the hold away; parses and reads on when it was the last. */
void session_release(struct session *session, enum session_hold hold);
/* Everything that was to be sent has left. */
void session_output_drained(struct session *session);
/* Deadlines and buffers that are idle; a few times a second. */
void session_scan(struct session *session, uint64_t awake_ms);

/* session_input.c */

void session_read_start(struct session *session);
void session_read_stop(struct session *session);
/* Parse what a hold kept back. */
void session_parse_kept(struct session *session);

/* session_requests.c */

/* One whole frame. ETWR_REASON_NONE, or why the connection ends. */
enum etwr_reason session_handle_frame(struct session *session, const struct frame *frame);

/* session_output.c */

/* Send a whole frame, or keep it until the client reads. */
void session_send(struct session *session, const void *bytes, size_t size);
void session_send_provider_state(struct session *session, const struct slot *slot);
/* A listener asks for the provider's state. */
void session_send_capture_state(struct session *session, const struct slot *slot);
/* What is settled was not told yet, or a FLUSH waits: have session_answer() called at the end of
 * the turn. */
void session_owe(struct session *session);
/* Send ACK and FLUSHED as far as they are due; false: something is still owed. */
bool session_answer(struct session *session, bool at_once);
/* A FLUSH came. */
void session_add_flush(struct session *session, uint64_t cookie);
/* Answer a STATUS; takes `json`. */
void session_send_status(struct session *session, char *json, size_t size);

/* memory, session.c */

/* Room for `size` more bytes; false: no memory, or over the user's budget. */
bool session_bytes_reserve(struct session *session, struct session_bytes *bytes, size_t size);
void session_bytes_free(struct session *session, struct session_bytes *bytes);
/* The user's memory budget. False: over it, and nothing was taken. */
bool session_charge(struct session *session, size_t bytes);
void session_uncharge(struct session *session, size_t bytes);

#endif
