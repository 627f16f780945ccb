/**
 * libetwrelay: send TraceLogging events through the local relay service.
 *
 * The library never breaks or blocks its host. Connecting happens on one background thread per client object, with
 * back-off; opening a provider and writing an event return at once, and a service that is absent, restarting or wedged
 * costs only counted drops. Events written before the first connection wait in the queue.
 *
 * Threads: every function may be called from any thread, several at once, unless it says otherwise. Callbacks run on the
 * background thread and must not call etwr_client_destroy(), etwr_client_flush() or etwr_client_wait_connected().
 *
 * After fork() the child's copy of a client is dead: every call on it returns ETWR_E_CLOSED or does nothing, and the
 * parent's connection is untouched. A child that wants to trace makes a client of its own.
 */
#ifndef ETWRELAY_CLIENT_H
#define ETWRELAY_CLIENT_H

#include <etwrelay/atomic.h>
#include <etwrelay/event.h>

#ifdef __cplusplus
extern "C" {
#endif

struct etwr_client;
struct etwr_prepared;

/** The library's version, "1.0.0". */
ETWR_API const char *etwr_version(void);

/* ---------------------------------------------------------------- client */

/**
 * How a client behaves. Start from etwr_client_options_init(); zeros then mean the defaults named here.
 */
struct etwr_client_options {
    size_t struct_size;     /**< sizeof(struct etwr_client_options); set by etwr_client_options_init() */
    const char *pipe;       /**< pipe or socket path; NULL: ETWRELAY_FD / ETWRELAY_HANDLE, ETWRELAY_PIPE, the user's own, the system's */
    size_t queue_bytes;     /**< size of the queue; 0: 1 MiB; 64 KiB to 1 GiB. Each event takes its frame's bytes there */
    uint32_t wait_ms;       /**< a full queue: 0 drops at once; else wait up to this long for room, then drop (timeout) */
    uint32_t delay_ms;      /**< longest time a normal event waits to be sent with others; 0: 2 ms; at most 1,000 */
    const char *image_name; /**< label told to the service; NULL: this program's file name */
};

ETWR_API void etwr_client_options_init(struct etwr_client_options *options);

/**
 * Make a client and start its background thread. Does not connect before it returns.
 * @param options  copied; NULL for all defaults.
 * @param client   written on success; the caller owns it.
 * @return ETWR_OK; ETWR_E_INVALID_ARGUMENT (a value out of range, a socket path over 107 bytes, ETWRELAY_FD not a number);
 *         ETWR_E_NO_MEMORY; ETWR_E_IO (no thread).
 */
ETWR_API enum etwr_status etwr_client_create(const struct etwr_client_options *options, struct etwr_client **client);

/**
 * As etwr_client_create(), over a connected stream that somebody else opened (a sandbox's broker). There is no reconnect:
 * when it ends, later events are dropped as `disconnected`.
 * @param fd  *taken* on success: the library closes it. A Unix stream socket; on Windows a pipe HANDLE cast to intptr_t.
 */
ETWR_API enum etwr_status etwr_client_adopt(const struct etwr_client_options *options, intptr_t fd,
                                            struct etwr_client **client);

/**
 * Stop: try to deliver what is queued and to have it acknowledged for at most `timeout_ms`, count the rest as
 * `disconnected` or in doubt, join the thread, free. Providers and prepared events of this client are freed with it.
 * @param counters  the final counters are written here; may be NULL.
 * No other thread may use the client, its providers or its prepared events any more. NULL is allowed.
 */
struct etwr_counters;
ETWR_API void etwr_client_destroy(struct etwr_client *client, uint32_t timeout_ms, struct etwr_counters *counters);

/** Wait until the service has accepted this client. @return ETWR_OK, ETWR_E_TIMEOUT, ETWR_E_REFUSED, ETWR_E_DISCONNECTED
 *  (an adopted stream ended), ETWR_E_CLOSED. */
ETWR_API enum etwr_status etwr_client_wait_connected(struct etwr_client *client, uint32_t timeout_ms);

/**
 * Wait until everything written before this call is settled: a sink has it, nobody listens, or it was dropped with a
 * reason. It does not flush ETW's own sessions. Survives a reconnect (what was in doubt then is settled as in doubt).
 * @return ETWR_OK; ETWR_E_TIMEOUT (it goes on in the background); ETWR_E_REFUSED; ETWR_E_DISCONNECTED; ETWR_E_CLOSED.
 */
ETWR_API enum etwr_status etwr_client_flush(struct etwr_client *client, uint32_t timeout_ms);

/** Why there is no connection at the moment, for people: which path was tried and what the system or the service said.
 *  Empty when connected. Writes at most `capacity` bytes with the NUL. */
ETWR_API void etwr_client_last_error(struct etwr_client *client, char *text, size_t capacity);

/**
 * Ask the service for its counters (`etwrelay status`): a JSON text, NUL-terminated, which the caller frees with
 * etwr_free(). @return ETWR_OK, ETWR_E_TIMEOUT, ETWR_E_REFUSED, ETWR_E_DISCONNECTED, ETWR_E_NO_MEMORY, ETWR_E_CLOSED.
 */
ETWR_API enum etwr_status etwr_client_status(struct etwr_client *client, uint32_t timeout_ms, char **json);
ETWR_API void etwr_free(void *memory);

/* -------------------------------------------------------------- counters */

/**
 * Where every event is. At any moment, exactly:
 *   produced = not_enabled + sum(dropped) + settled_written + settled_not_enabled + sum(settled_dropped) + in_doubt + pending
 * and pending is 0 at rest. Reasons are enum etwr_reason (status.h).
 */
struct etwr_counters {
    uint64_t produced;                                 /**< every write that was a valid event */
    uint64_t not_enabled;                              /**< ruled out here by the state the service pushed; not sent */
    uint64_t dropped[ETWR_REASON_DROP_COUNT];          /**< dropped here, by reason */
    uint64_t settled_written;                          /**< the service says: written */
    uint64_t settled_not_enabled;                      /**< the service says: nobody listens */
    uint64_t settled_dropped[ETWR_REASON_DROP_COUNT];  /**< the service says: dropped, by reason */
    uint64_t in_doubt;      /**< sent on a connection that ended before they were acknowledged; never sent again */
    uint64_t pending;       /**< queued, or sent and not acknowledged yet */
    uint64_t acknowledged;  /**< highest sequence settled; sequences count from 1 over all connections */
    uint64_t sent_bytes;
    uint64_t connects;      /**< connections that the service accepted */
};

/** A consistent snapshot: the equation holds in it. */
ETWR_API void etwr_client_counters(struct etwr_client *client, struct etwr_counters *counters);

/** Ranges of sequences in doubt, oldest first. @param count in: room in `ranges`; out: ranges known (at most the last 64). */
struct etwr_in_doubt {
    uint64_t first;
    uint64_t count;
};
ETWR_API void etwr_client_in_doubt(struct etwr_client *client, struct etwr_in_doubt *ranges, size_t *count);

/* ------------------------------------------------------------- providers */

enum etwr_provider_change { ETWR_PROVIDER_DISABLED = 0, ETWR_PROVIDER_ENABLED = 1, ETWR_PROVIDER_CAPTURE_STATE = 2 };

/** Called on the background thread when somebody starts or stops listening, changes what they listen to, or asks for state. */
typedef void (*etwr_provider_callback)(void *context, enum etwr_provider_change change, uint8_t level,
                                       uint64_t match_any, uint64_t match_all);

struct etwr_provider_options {
    size_t struct_size;
    const struct etwr_guid *id;       /**< NULL: the name's hash. Another id needs the service's configuration to allow it */
    const struct etwr_guid *group;    /**< provider group; NULL for none. Needs the service's configuration to allow it */
    etwr_provider_callback callback;  /**< NULL for none */
    void *context;
};

ETWR_API void etwr_provider_options_init(struct etwr_provider_options *options);

/** What etwr_provider_enabled() reads; kept by the library. Do not touch. */
struct etwr_provider_state {
    etwr_atomic_u32 level_plus_1; /* 0: disabled; else highest level listened to, plus 1 */
    etwr_atomic_u64 match_any;
    etwr_atomic_u64 match_all;
};

struct etwr_provider {
    struct etwr_provider_state state; /* first member: etwr_provider_enabled() is inline */
};

/**
 * Open a provider. Returns at once; the service's answer comes in the background. Until then the provider counts as
 * enabled. When the service refuses it, its events are sent nowhere and counted by the service's reason.
 * Opening the same name, id and group twice gives two handles of one provider slot of their own.
 * @param name      copied; UTF-8, 1 to 1,024 bytes.
 * @param options   copied; NULL for none.
 * @param provider  written on success; closed with etwr_provider_close() or with its client.
 * @return ETWR_OK, ETWR_E_BAD_NAME, ETWR_E_NO_MEMORY, ETWR_E_LIMIT (65,535 at once), ETWR_E_CLOSED.
 */
ETWR_API enum etwr_status etwr_provider_open(struct etwr_client *client, const char *name,
                                             const struct etwr_provider_options *options,
                                             struct etwr_provider **provider);

/** Close; events written before are still delivered. Frees `provider` and its prepared events. NULL is allowed. */
ETWR_API void etwr_provider_close(struct etwr_provider *provider);

/** ETWR_OK while accepted or not answered yet; ETWR_E_REFUSED, with the reason in *reason (may be NULL). */
ETWR_API enum etwr_status etwr_provider_status(struct etwr_provider *provider, enum etwr_reason *reason);

/**
 * Does somebody listen to events of this level and keyword? A few instructions: call it before making an event.
 * The rule is ETW's: level 0 passes always; keyword 0 passes any mask.
 */
static inline int etwr_provider_enabled(const struct etwr_provider *provider, uint8_t level, uint64_t keyword)
{
    const struct etwr_provider_state *state = &provider->state;
    uint64_t all;
    if (level >= etwr_atomic_load_u32(&state->level_plus_1)) return 0;
    if (keyword == 0) return 1;
    all = etwr_atomic_load_u64(&state->match_all);
    return (keyword & etwr_atomic_load_u64(&state->match_any)) != 0 && (keyword & all) == all;
}

/* ---------------------------------------------------------------- events */

/**
 * Hand one finished event to the relay.
 *
 * Copies the encoded bytes before returning, so the caller may reuse `event` at once. Never waits unless the client was
 * made with wait_ms: when the queue is full the event is dropped and counted. ETWR_OK means queued, not yet written.
 *
 * @param provider  borrowed for the call.
 * @param event     borrowed; must be complete.
 * @return ETWR_OK                queued.
 *         ETWR_E_NOT_ENABLED     nobody listens; counted as not_enabled.
 *         ETWR_E_QUEUE_FULL      dropped; `queue_full` went up by one.
 *         ETWR_E_TIMEOUT         dropped after wait_ms; `timeout` went up by one.
 *         ETWR_E_TOO_LARGE       one ETW record cannot hold it (65,535 bytes with its headers); `too_large` went up by one.
 *         ETWR_E_DISCONNECTED    an adopted stream has ended; `disconnected` went up by one.
 *         ETWR_E_NO_MEMORY       dropped; `no_memory` went up by one.
 *         ETWR_E_CLOSED          nothing counted.
 *         or the builder's error (event.h): such an event was never valid; nothing is sent and nothing counted.
 */
ETWR_API enum etwr_status etwr_provider_write(struct etwr_provider *provider, struct etwr_event *event);

/**
 * Hand over an event that is TraceLogging-encoded already (bindings, existing instrumentation). Same checks and results as
 * etwr_provider_write(); metadata that is not well formed is ETWR_E_MALFORMED, values that do not follow it are
 * ETWR_E_BAD_VALUE, and nothing is sent or counted.
 * @param metadata  event metadata, its u16 size first. @param values  packed values.
 */
ETWR_API enum etwr_status etwr_provider_write_encoded(struct etwr_provider *provider,
                                                      const struct etwr_descriptor *descriptor, const void *metadata,
                                                      size_t metadata_size, const void *values, size_t values_size,
                                                      const struct etwr_guid *activity_id,
                                                      const struct etwr_guid *related_activity_id);

/* -------------------------------------------------------- prepared events */

/**
 * Prepare an event: its name, descriptor and fields are declared once, then only values are given.
 * @param declared  a builder in which every field was *declared* (etwr_event_declare(), _declare_struct(), begin/end_struct)
 *                  or added (the values are ignored). Borrowed for the call.
 * @param prepared  written on success; freed with its provider or by etwr_prepared_destroy().
 * @return ETWR_OK, the builder's error, ETWR_E_NO_MEMORY, ETWR_E_CLOSED.
 */
ETWR_API enum etwr_status etwr_prepared_create(struct etwr_provider *provider, struct etwr_event *declared,
                                               struct etwr_prepared **prepared);
ETWR_API void etwr_prepared_destroy(struct etwr_prepared *prepared);

/**
 * Values of one prepared event, packed one behind the other into memory of the caller (often the stack).
 * The first put that does not fit sets `failed`; etwr_prepared_write() then returns ETWR_E_DATA_TOO_LONG.
 * Not shared between threads.
 */
struct etwr_values {
    uint8_t *at;
    uint8_t *end;
    uint8_t *start;
    int failed;
};

ETWR_API void etwr_values_init(struct etwr_values *values, void *memory, size_t capacity);
/* In the order in which the fields were declared. A sequence's elements follow etwr_put_count(). */
ETWR_API void etwr_put_int8(struct etwr_values *values, int8_t value);
ETWR_API void etwr_put_uint8(struct etwr_values *values, uint8_t value);
ETWR_API void etwr_put_int16(struct etwr_values *values, int16_t value);
ETWR_API void etwr_put_uint16(struct etwr_values *values, uint16_t value);
ETWR_API void etwr_put_int32(struct etwr_values *values, int32_t value); /* also bool32 */
ETWR_API void etwr_put_uint32(struct etwr_values *values, uint32_t value); /* also hexint32 */
ETWR_API void etwr_put_int64(struct etwr_values *values, int64_t value);
ETWR_API void etwr_put_uint64(struct etwr_values *values, uint64_t value); /* also hexint64, pointers, filetime */
ETWR_API void etwr_put_float32(struct etwr_values *values, float value);
ETWR_API void etwr_put_float64(struct etwr_values *values, double value);
ETWR_API void etwr_put_guid(struct etwr_values *values, const struct etwr_guid *value);
ETWR_API void etwr_put_systemtime(struct etwr_values *values, const struct etwr_systemtime *value);
ETWR_API void etwr_put_zstr8(struct etwr_values *values, const char *text);
ETWR_API void etwr_put_zstr16(struct etwr_values *values, const char *utf8);
ETWR_API void etwr_put_str8(struct etwr_values *values, const void *data, size_t size); /* also binary and cbinary */
ETWR_API void etwr_put_str16(struct etwr_values *values, const char *utf8);
ETWR_API void etwr_put_sid(struct etwr_values *values, const void *sid, size_t size);
ETWR_API void etwr_put_count(struct etwr_values *values, uint16_t count);

/**
 * Queue one prepared event with these values. The values are checked against the declaration. Results as
 * etwr_provider_write(), and ETWR_E_BAD_VALUE: they do not follow it (nothing sent or counted).
 * @param activity_id  NULL for none. @param related_activity_id  NULL for none.
 */
ETWR_API enum etwr_status etwr_prepared_write(struct etwr_prepared *prepared, const struct etwr_values *values,
                                              const struct etwr_guid *activity_id,
                                              const struct etwr_guid *related_activity_id);

#ifdef __cplusplus
}
#endif

#endif
