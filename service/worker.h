/*
 * Workers: one thread, one loop, its sessions, its buffers, its share of each sink.
 *
 * Nothing that an event needs is shared between workers, so no lock is on its path. What a worker
 * must be told comes through its inbox, a list under a mutex, and is looked at between two events:
 * so everything that it answers (counters, above all) is exact.
 *
 * A turn of the loop: timers, then reads (sessions parse and put into sinks), then turn_end(): hand
 * part-filled buffers to the sinks' writers if it is time, collect what came back, answer clients.
 */
#ifndef ETWRELAY_WORKER_H
#define ETWRELAY_WORKER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <uv.h>

#include <etwrelay/event.h>

#include "service/load.h"
#include "service/pipe/session.h"
#include "service/settings.h"
#include "service/sink/sink.h"
#include "service/status.h"

#define RELAY_REASONS 128 /* one more than the highest reason there is room for */

#define WORKER_FLUSH_MS       5    /* a part-filled buffer is handed over at latest after this */
#define WORKER_FLUSH_GAP_MS   1    /* and when idle, but not more often than this */
#define WORKER_ACK_MS         25   /* settled events are acknowledged at latest after this */
#define WORKER_ACK_EVENTS     8192 /* or when there are so many */
#define WORKER_RETRY_MS       10   /* a sink without room is asked again */
#define WORKER_SCAN_MS        250  /* deadlines are looked at */
#define WORKER_ASLEEP_MS      2000 /* deadlines not looked at for so long: the worker slept */
#define WORKER_LOST_EVENTS_MS 1000 /* losses are told at latest after this */

struct relay;
struct state_record;
struct status_request;

enum worker_message_kind {
    WORKER_ACCEPT,       /* a connection */
    WORKER_SETTINGS,     /* adopt these */
    WORKER_STATUS,       /* add your part to this request */
    WORKER_STATUS_READY, /* all parts are there: answer the session that asked */
    WORKER_PREVIOUS_RUN, /* tell in the trace how the run before ended */
    WORKER_STOP          /* drain and end */
};

struct worker_message {
    struct worker_message *next;
    enum worker_message_kind kind;
    intptr_t handle; /* WORKER_ACCEPT */
    struct peer peer;
    struct quota_user *user;
    uint64_t client_id;
    struct settings *settings;           /* WORKER_SETTINGS: a reference */
    struct status_request *request;      /* WORKER_STATUS, WORKER_STATUS_READY */
    const struct state_record *previous; /* WORKER_PREVIOUS_RUN: the relay's */
};

/* Who asks a worker for a sign of life, each in a time of its own. */
enum worker_pulse_kind { PULSE_WATCHDOG, PULSE_STATE, PULSE_KINDS };

struct worker_pulse {
    atomic_bool is_asked; /* until the worker answers; then `totals` are the asker's to read */
    struct status_totals totals;
};

enum worker_phase {
    WORKER_RUNNING,
    WORKER_DRAINING, /* what had arrived when the stop came is still handled */
    WORKER_FLUSHING, /* later events are dropped; what is pending comes back */
    WORKER_ENDING,   /* sessions and handles close */
    WORKER_ENDED     /* its thread is gone */
};

struct worker_sink {
    struct sink *sink;            /* borrowed from the relay */
    struct account_counts counts; /* of clients' events */
    uint64_t pending;
};

struct worker_own { /* the service's own events; they follow the first sink */
    uint64_t written;
    uint64_t dropped[ETWR_REASON_DROP_COUNT];
    uint64_t pending;
};

struct worker_transport {
    uint64_t sessions; /* taken over from the acceptor */
    uint64_t frames, bytes;
    uint64_t partial;              /* connections that ended inside a frame */
    uint64_t ended[RELAY_REASONS]; /* connections, by reason */
    uint64_t unstamped;            /* events without room for their origin */
    uint64_t claimed_pid_differs;
};

struct worker {
    struct relay *relay;
    unsigned index;
    uv_thread_t thread;
    bool has_thread;
    uv_loop_t loop;
    uv_async_t wake;
    uv_prepare_t turn_start;
    uv_check_t turn_end;
    uv_idle_t spin; /* active while put events are not flushed: the loop then does not sleep but
                       looks whether more comes */
    uv_timer_t flush_timer, answer_timer, retry_timer, scan_timer, stop_timer, capture_timer;
    bool has_loop;

    uv_mutex_t inbox_mutex;
    struct worker_message *inbox, **inbox_end;
    bool is_deaf; /* under the mutex: `wake` is closed, nobody reads the inbox any more */
    atomic_bool has_settled;    /* some sink has batches back */
    atomic_bool has_enablement; /* some provider's listeners have changed */
    struct load load;           /* for the acceptor to choose by */
    struct worker_pulse pulses[PULSE_KINDS];

    enum worker_phase phase;
    uint64_t stop_ms;            /* when the stop came */
    uint64_t stop_turn;          /* the turn in which the stop came */
    uint64_t turn;               /* counts turns of the loop */
    uint64_t read_turn;          /* the last turn in which something was read */
    uint64_t seen_ms, asleep_ms; /* worker_awake_ms()'s: its last look, all that was slept */
    uint64_t filetime;           /* when the bytes being parsed were read */

    struct settings *settings;
    struct worker_sink sinks[SLOT_SINKS_MAX];
    size_t sink_count;
    bool is_held;            /* a sink has no room */
    bool has_put, is_urgent; /* since the last flush; urgent: an event of level 1 or 2 */
    uint64_t put_ms, flushed_ms;

    struct session *sessions;
    size_t session_count;
    uint64_t round; /* in each, who waits for room is served once before anybody is served twice */
    bool has_served_held;   /* who was served in this round is held although there is room */
    uint64_t released_turn; /* since when that is so */
    struct session *owed, *paused;
    struct client *clients; /* those whose connection has ended but not their account, too */
    struct client *lossy;
    uint64_t lost_events_ms;

    struct account_pool pool;
    struct etwr_event *builder;     /* for schemas */
    struct etwr_event *own_builder; /* for the service's own events */
    uint8_t *read_buffer;           /* SESSION_READ_BYTES, of whichever session is read */
    uint8_t *frame_buffer;          /* WIRE_FRAME_MAX_BYTES, for putting answers */

    /* Of clients that are gone, and what belongs to nobody. */
    struct {
        uint64_t accepted, in_doubt;
        struct account_counts counts;
        uint64_t client_dropped[ETWR_REASON_DROP_COUNT];
    } retired;
    struct worker_own own;
    struct worker_transport transport;
};

/* Make and start; the settings' reference is the worker's own. On failure nothing is left. */
enum etwr_status worker_start(struct worker *worker, struct relay *relay, unsigned index,
                              struct settings *settings);
/* After WORKER_STOP was posted: wait for its end. */
void worker_join(struct worker *worker);
/* After the sinks have stopped: the last batches are credited, on the caller's thread. */
void worker_finish(struct worker *worker);
void worker_clear(struct worker *worker);

/* A message on the heap, with zeros but for its kind. NULL: no memory. */
struct worker_message *worker_message_create(enum worker_message_kind kind);
/* Post a message, which is taken. From any thread. */
void worker_post(struct worker *worker, struct worker_message *message);
/* A sink has batches back, or room again. From any thread. */
void worker_notice_settled(struct worker *worker);

/* Some provider's listeners have changed. From any thread. */
void worker_notice_enablement(struct worker *worker);

uint64_t worker_now_ms(const struct worker *worker);
/* The clock for what others must have done in time. It stands still while the worker could not see
 * what they did: the machine slept, or the service was stopped or starved for more than
 * WORKER_ASLEEP_MS at once. */
uint64_t worker_awake_ms(struct worker *worker);

/* worker_sinks.c: putting into sinks and taking back */

/* Can every sink take the next event? If not, all sessions are held until it can. */
bool worker_sinks_ready(struct worker *worker);
void worker_note_put(struct worker *worker, uint8_t level);
/* Tie what sink `index` just said to its counters; `batch` is the one that a pending event is in.
 */
struct account_batch *worker_batch(struct worker *worker, struct sink_batch *batch);
void worker_flush_sinks(struct worker *worker);
/* At the end of this turn. */
void worker_want_flush(struct worker *worker);
void worker_collect_settled(struct worker *worker);
void worker_hold_sessions(struct worker *worker);
/* If there is room again. */
void worker_release_sinks(struct worker *worker);
/* At a turn's end: who was served goes on, too, when the others have been read. */
void worker_release_served(struct worker *worker);
/* One of the service's own events, to every sink, whatever its filter. The pool must hold enough:
 * false if not. */
bool worker_write_own(struct worker *worker, const struct sink_event *event);

/* worker_enablement.c */

/* Between two events: tell clients, if there is something to tell. */
void worker_tell_enablement(struct worker *worker);

/* worker_pulse.c */

/* Ask for a sign of life; main thread. Not again before it has come. */
void worker_ask_pulse(struct worker *worker, enum worker_pulse_kind kind);
/* Between two events. */
void worker_answer_pulse(struct worker *worker);
/* Has it come? Then the totals are of that moment. */
bool worker_has_pulse(const struct worker *worker, enum worker_pulse_kind kind);
const struct status_totals *worker_pulse_totals(const struct worker *worker,
                                                enum worker_pulse_kind kind);

/* worker_inbox.c */

/* Have its loop turn, unless it has ended. From any thread. */
void worker_wake(struct worker *worker);
void worker_read_inbox(struct worker *worker);
/* A message that comes too late: give back what it hands over, and free it. */
void worker_drop_message(struct worker *worker, struct worker_message *message);

/* worker_stop.c */

void worker_begin_stop(struct worker *worker);
/* At the end of each turn while stopping. */
void worker_go_on_stopping(struct worker *worker);

#endif
