/*
 * The sinks' one small interface, and how an event becomes settled.
 *
 * A sink takes events from several workers at once, without locks: everything with a `worker`
 * argument is called on that worker's thread only. An event is either settled at once
 * (SINK_WRITTEN, or SINK_DROPPED with a reason) or belongs to a *batch* (SINK_PENDING): what one
 * worker has put since the batch before was handed to the writer thread. The worker hangs its
 * settlements on the batch; when the batch's bytes were handed to the operating system, or could
 * not be, the sink calls `on_settled` (from any thread) and the worker collects it with
 * take_settled(). Batches of one worker and sink come back in the order in which they were made.
 *
 * Back-pressure: ready() says whether a worker may go on. After a yes one event of any size can be
 * put without dropping, and 64 KiB of smaller ones, so it need not be asked before each event.
 * While it says no, the worker stops reading its sessions, but flushes and collects; `on_settled`
 * is also called when room comes back. Only after the sink's own `stall_ms` does ready() say yes
 * again although there is no room, and then write() drops with ETWR_REASON_FULL once the buffer at
 * hand is full.
 *
 * A sink whose listeners come and go while the service runs (ETW's sessions do) has the operations
 * provider_open(), provider_close() and provider_listeners(): each provider is opened once before
 * the first of its events, and what comes of that goes with every event. It calls `on_enablement`
 * when a provider's listeners have changed, and says SINK_NOT_ENABLED for an event that none of
 * them wants.
 */
#ifndef ETWRELAY_SINK_H
#define ETWRELAY_SINK_H

#include <stdbool.h>

#include <etwrelay/types.h>

/* What a sink keeps of one open provider; its own. */
struct sink_provider;

/* Who listens to a provider: the merge over all listeners, in normal form. */
struct sink_listeners {
    bool enabled; /* somebody does; else the next three say nothing */
    uint8_t level;
    uint64_t match_any, match_all;
    uint32_t captures; /* how often one of them has asked for the provider's state; wraps */
};

/* One checked event; lent until write() returns. */
struct sink_event {
    struct sink_provider *provider; /* from provider_open(); NULL for a sink that has none */
    const struct etwr_guid *provider_id;
    struct etwr_bytes traits;
    struct etwr_descriptor descriptor;
    struct etwr_bytes metadata; /* canonical, origin fields included */
    struct etwr_bytes values;
    struct etwr_bytes origin; /* packed origin values; follow `values`; size 0 when unstamped */
    const struct etwr_guid *activity_id; /* NULL for none */
    const struct etwr_guid *related_activity_id;
    uint64_t time; /* FILETIME, never in the future */
    uint32_t pid;  /* of the origin */
    uint32_t tid;
};

enum sink_result { SINK_WRITTEN, SINK_PENDING, SINK_DROPPED, SINK_NOT_ENABLED };

/* What one handing-over to the writer settles. Embedded in the sinks' own batches. */
struct sink_batch {
    struct sink_batch *next; /* in the list that take_settled() returns */
    void *settlements;       /* the worker's; NULL when the batch is new */
    enum etwr_reason failed; /* ETWR_REASON_NONE: written; else why the whole batch was dropped */
};

struct sink;

struct sink_callbacks {
    void (*on_settled)(void *context, unsigned worker); /* any thread; must not block */
    /* A line for the operator; the sink limits its own rate. ETWR_REASON_NONE: nothing is lost by
     * it. Any thread. */
    void (*on_error)(void *context, const struct sink *sink, enum etwr_reason reason,
                     const char *message);
    void *context;
    /* The listeners of some provider have changed. Any thread, also from within provider_open();
     * must not block. May be NULL. */
    void (*on_enablement)(void *context);
};

struct sink_ops {
    /* Open files, start threads. `message` says what went wrong and where. */
    enum etwr_status (*start)(struct sink *sink, unsigned worker_count, char message[512]);
    bool (*ready)(struct sink *sink, unsigned worker, uint64_t now_ms);
    enum sink_result (*write)(struct sink *sink, unsigned worker, const struct sink_event *event,
                              struct sink_batch **batch, enum etwr_reason *reason);
    /* Hand what this worker has put so far to the writer; with nothing put, nothing happens. */
    void (*flush)(struct sink *sink, unsigned worker);
    /* Batches that are settled, oldest first, or NULL; each goes back by release_batch(). */
    struct sink_batch *(*take_settled)(struct sink *sink, unsigned worker);
    void (*release_batch)(struct sink *sink, unsigned worker, struct sink_batch *batch);
    /* Finalise files, join threads. All workers have flushed and stopped; batches are settled when
     * this returns and can still be taken. */
    void (*stop)(struct sink *sink);
    void (*destroy)(struct sink *sink); /* frees; after stop() or a failed or absent start() */

    /*
     * These three, or none (NULL). Opening and closing is done by one thread at a time, after
     * start(); events of a provider are put between the two. `traits` are lent until it is closed,
     * which may come after stop() but not after destroy().
     * Returns ETWR_REASON_NONE, or why this provider cannot be had.
     */
    enum etwr_reason (*provider_open)(struct sink *sink, const struct etwr_guid *id,
                                      struct etwr_bytes traits, struct sink_provider **provider);
    void (*provider_close)(struct sink *sink, struct sink_provider *provider);
    /* Who listens now. Any thread, while the provider is open. */
    void (*provider_listeners)(struct sink *sink, const struct sink_provider *provider,
                               struct sink_listeners *listeners);
};

/* The common head of every sink. */
struct sink {
    const struct sink_ops *ops;
    const char *type;   /* "etl", "jsonl", "null", "etw" */
    const char *target; /* path as configured, "" for none; for status */
    struct sink_callbacks callbacks;
};

/* Each copies its arguments; the caller owns the sink. NULL when there is no memory. */
struct etl_options {
    const char *path;
    uint32_t max_mb;    /* 0: no limit */
    uint32_t max_files; /* 0: no limit */
    uint32_t buffers;   /* of 128 KiB, in all; at least 3 a worker are made */
    uint32_t stall_ms;
};
struct sink *sink_etl_create(const struct etl_options *options,
                             const struct sink_callbacks *callbacks);

struct jsonl_options {
    const char *path; /* "-" is standard output */
    uint32_t buffers; /* as for etl */
    uint32_t stall_ms;
};
struct sink *sink_jsonl_create(const struct jsonl_options *options,
                               const struct sink_callbacks *callbacks);

struct sink *sink_null_create(const struct sink_callbacks *callbacks);

/* `api`: etw_api_system(), or a test's; borrowed, and it outlives the sink. */
struct etw_api;
struct sink *sink_etw_create(const struct etw_api *api, const struct sink_callbacks *callbacks);

#endif
