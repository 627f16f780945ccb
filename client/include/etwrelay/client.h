/**
 * libetwrelay: send TraceLogging events through the local relay service.
 *
 * The library never breaks or blocks its host. Connecting happens on one background thread per
 * client object, with back-off; opening a provider and writing an event return at once, and a
 * service that is absent, restarting or wedged costs only counted drops. Events written before the
 * first connection wait in the queue.
 *
 * Threads: every function may be called from any thread, several at once, unless it says otherwise.
 * Callbacks run on the background thread, which holds no lock then: they may open, close and write,
 * but etwr_client_flush(), etwr_client_wait_connected() and etwr_client_status() return
 * ETWR_E_INVALID_ARGUMENT there, a full queue never waits, and etwr_client_destroy() must not be
 * called.
 *
 * On Windows, no function of a client may be called from DllMain(): the background thread cannot
 * end there, and etwr_client_destroy() would wait for it.
 *
 * After fork() the child's copy of a client is dead: every call on it returns ETWR_E_CLOSED or does
 * nothing, and the parent's connection is untouched. A child that wants to trace makes a client of
 * its own; it may destroy the copy.
 */
#ifndef ETWRELAY_CLIENT_H
#define ETWRELAY_CLIENT_H

#include <etwrelay/atomic.h>
#include <etwrelay/event.h>

#ifdef __cplusplus
extern "C" {
#endif

struct etwr_client;
struct etwr_counters;
struct etwr_prepared;

/** The library's version, "1.0.0". */
ETWR_API const char *etwr_version(void);

/**
 * How a client behaves. Start from etwr_client_options_init(); zeros then mean the defaults named
 * here.
 */
struct etwr_client_options {
    /** sizeof(struct etwr_client_options); set by etwr_client_options_init(). */
    size_t struct_size;
    /**
     * Pipe or socket path. NULL: the open stream named by ETWRELAY_FD (ETWRELAY_HANDLE on Windows),
     * for the first client of a process that asks; the path in ETWRELAY_PIPE; the user's own
     * service ($XDG_RUNTIME_DIR/etwrelay.sock; \\.\pipe\etwrelay-console) if it is there; the
     * system's (/run/etwrelay/etwrelay.sock; \\.\pipe\ProtectedPrefix\LocalService\etwrelay). The
     * last two are looked for at each attempt, and only where nobody else could have put them.
     *
     * On Windows the pipe's owner is asked for before anything is said. The user's own service must
     * belong to this user, the system's to `NT SERVICE\etwrelay`, SYSTEM or administrators, and one
     * that is named here or in ETWRELAY_PIPE to any of these.
     */
    const char *pipe;
    /** Size of the queue; 0: 1 MiB; 64 KiB to 1 GiB. Each event takes its frame's bytes there. */
    size_t queue_bytes;
    /** A full queue: 0 drops at once; else wait up to this long for room, then drop (timeout). */
    uint32_t wait_ms;
    /** Longest time a normal event waits to be sent with others; 0: 2 ms; at most 1,000. Levels 1
     *  and 2 never wait. */
    uint32_t delay_ms;
    /** Label told to the service, UTF-8 of at most 1,024 bytes; NULL: this program's file name. */
    const char *image_name;
};

ETWR_API void etwr_client_options_init(struct etwr_client_options *options);

/**
 * Make a client and start its background thread. Does not connect before it returns.
 *
 * @param options  copied; NULL for all defaults.
 * @param client   written on success; the caller owns it.
 * @return ETWR_OK
 *         ETWR_E_INVALID_ARGUMENT  a value out of range, a socket path that is empty or over 107
 *                                  bytes, a pipe's name that does not begin with \\.\pipe\ or is
 *                                  over 256 characters, ETWRELAY_FD (ETWRELAY_HANDLE) not the
 *                                  decimal number of an open stream.
 *         ETWR_E_NO_MEMORY
 *         ETWR_E_IO                no thread, no descriptor, no random numbers.
 */
ETWR_API enum etwr_status etwr_client_create(const struct etwr_client_options *options,
                                             struct etwr_client **client);

/**
 * As etwr_client_create(), over a connected stream that somebody else opened (a sandbox's broker).
 * There is no reconnect: when it ends, queued and later events are dropped as `disconnected`.
 *
 * On Windows the handle should be overlapped, as etwr_broker_open()'s is. A synchronous one is
 * served, too, at the price of being asked 30 to 1,000 times a second whether something has come;
 * it must carry FILE_WRITE_ATTRIBUTES then, and nobody else may read from it meanwhile. In a
 * sandbox that takes away the system's random numbers, adopt before it closes.
 *
 * @param options  copied; NULL for all defaults; `pipe` is not looked at.
 * @param fd       *taken* on success: the library closes it, and other programs do not inherit it.
 *                 A Unix stream socket; on Windows the HANDLE of a connected pipe, with the rights
 *                 to read and write, cast to intptr_t. Nothing may have been said on it.
 * @return as etwr_client_create(); ETWR_E_INVALID_ARGUMENT also when `fd` is no such stream.
 */
ETWR_API enum etwr_status etwr_client_adopt(const struct etwr_client_options *options, intptr_t fd,
                                            struct etwr_client **client);

/**
 * For the broker of a sandbox: open a stream to the service for a process that may not do so
 * itself.
 *
 * Looks where a client would (but not at ETWRELAY_FD or ETWRELAY_HANDLE), with the same rights and
 * the same check of who serves it, once, and says nothing. The greeting is left to the process
 * which adopts the stream, because it is about that process: it names the id under which the
 * service keeps this client's account and the number of its first event, and the answer holds the
 * limits that the client must keep. So open it when the other process is about to start: the
 * service waits for a greeting for 5 seconds unless it is configured otherwise.
 *
 * To the service the broker is the peer: user, quota and origin are the broker's.
 *
 * @param pipe      as in etwr_client_options.
 * @param handle    written on success: a file descriptor that is closed on exec; on Windows an
 *                  overlapped HANDLE that is not inherited. The caller's own, to be given away with
 *                  etwr_broker_give(), or to be inherited (dup2() after fork(), an attribute list
 *                  of CreateProcessW()) and named in ETWRELAY_FD or ETWRELAY_HANDLE.
 * @param text      gets the reason on failure, at most `capacity` bytes with the NUL; may be NULL.
 * @return ETWR_OK, ETWR_E_INVALID_ARGUMENT (the path), ETWR_E_NOT_FOUND, ETWR_E_NO_MEMORY,
 *         ETWR_E_IO; ETWR_E_ACCESS_DENIED, also when it is not served by whom it should be.
 */
ETWR_API enum etwr_status etwr_broker_open(const char *pipe, intptr_t *handle, char *text,
                                           size_t capacity);

/**
 * Give what etwr_broker_open() returned to another process.
 *
 * @param handle  *taken* on success: closed here.
 * @param to      Windows: a HANDLE of that process with PROCESS_DUP_HANDLE, cast to intptr_t. It
 *                gets the rights to read, write and wait, no others. Unix: a connected Unix socket
 *                to it, on which one byte goes with the descriptor (SCM_RIGHTS, see recvmsg()).
 * @param given   Windows: the handle's number in that process, to be told to it; Unix: -1, the
 *                receiver gets the number. May be NULL.
 * @return ETWR_OK, ETWR_E_INVALID_ARGUMENT, ETWR_E_ACCESS_DENIED, ETWR_E_NO_MEMORY, ETWR_E_IO; but
 *         for ETWR_OK nothing has changed.
 */
ETWR_API enum etwr_status etwr_broker_give(intptr_t handle, intptr_t to, intptr_t *given);

/**
 * Stop: try to deliver what is queued and to have it acknowledged for at most `timeout_ms`, count
 * the rest as `disconnected` (never sent) or in doubt, join the thread, free. Providers and
 * prepared events of this client are freed with it. With nothing to deliver it does not wait.
 *
 * @param client    NULL is allowed. No other thread may use it, its providers or its prepared
 * events any more.
 * @param counters  the final counters are written here (zeros in a forked child); may be NULL.
 */
ETWR_API void etwr_client_destroy(struct etwr_client *client, uint32_t timeout_ms,
                                  struct etwr_counters *counters);

/**
 * Wait until the service has accepted this client.
 *
 * @return ETWR_OK             connected at this moment.
 *         ETWR_E_TIMEOUT      not yet; etwr_client_last_error() says why.
 *         ETWR_E_REFUSED      for good: no protocol version in common. (A service that is full or
 *                             stopping is asked again in the background: ETWR_E_TIMEOUT.)
 *         ETWR_E_DISCONNECTED an adopted stream ended.
 *         ETWR_E_CLOSED
 */
ETWR_API enum etwr_status etwr_client_wait_connected(struct etwr_client *client,
                                                     uint32_t timeout_ms);

/**
 * Wait until everything written before this call is settled: a sink has it, nobody listens, or it
 * was dropped with a reason. It does not flush ETW's own sessions. Survives a reconnect: what was
 * in doubt then is settled as in doubt, and the new connection answers.
 *
 * @return ETWR_OK; ETWR_E_TIMEOUT (it goes on in the background); ETWR_E_REFUSED,
 *         ETWR_E_DISCONNECTED (as for etwr_client_wait_connected()); ETWR_E_CLOSED.
 */
ETWR_API enum etwr_status etwr_client_flush(struct etwr_client *client, uint32_t timeout_ms);

/**
 * Why there is no connection at the moment, for people: which path was tried and what the system or
 * the service said, in one line. Empty while connected and before the first attempt.
 *
 * @param text  gets at most `capacity` bytes with the NUL.
 */
ETWR_API void etwr_client_last_error(struct etwr_client *client, char *text, size_t capacity);

/**
 * Ask the service for its counters (`etwrelay status`). Several threads may ask; each waits its
 * turn.
 *
 * @param json  written on success: a NUL-terminated JSON text, which the caller frees with
 *              etwr_free().
 * @return ETWR_OK, ETWR_E_TIMEOUT, ETWR_E_REFUSED, ETWR_E_DISCONNECTED, ETWR_E_NO_MEMORY,
 *         ETWR_E_MALFORMED (not UTF-8), ETWR_E_CLOSED.
 */
ETWR_API enum etwr_status etwr_client_status(struct etwr_client *client, uint32_t timeout_ms,
                                             char **json);

/** Free what this library gave away. NULL is allowed. */
ETWR_API void etwr_free(void *memory);

/**
 * Where every event is. At any moment, exactly:
 *
 *   produced = not_enabled + sum(dropped) + settled_written + settled_not_enabled
 *              + sum(settled_dropped) + in_doubt + pending
 *
 * and pending is 0 at rest. Reasons are enum etwr_reason (status.h). Events that are sent, and
 * those dropped here because they did not fit, take a sequence each; those that the service's
 * pushed state rules out (not_enabled, and all of a refused provider's) take none and are not told.
 */
struct etwr_counters {
    /** Every write that was a valid event. */
    uint64_t produced;
    /** Ruled out here by the state the service pushed; not sent. */
    uint64_t not_enabled;
    /** Dropped here, by reason; a refused provider's events by the service's reason. */
    uint64_t dropped[ETWR_REASON_DROP_COUNT];
    /** The service says: written. */
    uint64_t settled_written;
    /** The service says: nobody listens. */
    uint64_t settled_not_enabled;
    /** The service says: dropped, by reason. */
    uint64_t settled_dropped[ETWR_REASON_DROP_COUNT];
    /** Sent on a connection that ended before they were acknowledged; never sent again. */
    uint64_t in_doubt;
    /** Queued, or sent and not acknowledged yet. */
    uint64_t pending;
    /** Highest sequence that the service settled; sequences count from 1 over all connections. */
    uint64_t acknowledged;
    uint64_t sent_bytes;
    /** Connections that the service accepted. */
    uint64_t connects;
};

/** A consistent snapshot: the equation holds in it. */
ETWR_API void etwr_client_counters(struct etwr_client *client, struct etwr_counters *counters);

/** Sequences in doubt. */
struct etwr_in_doubt {
    uint64_t first;
    uint64_t count;
};

/**
 * Ranges of sequences in doubt, oldest first; their counts add up to the counter `in_doubt`. At
 * most 64 are kept: past that the two oldest become one, with the first sequence of the earlier and
 * the counts added.
 *
 * @param ranges  written; may be NULL when *count is 0.
 * @param count   in: room in `ranges`; out: ranges known.
 */
ETWR_API void etwr_client_in_doubt(struct etwr_client *client, struct etwr_in_doubt *ranges,
                                   size_t *count);

enum etwr_provider_change {
    ETWR_PROVIDER_DISABLED = 0,
    ETWR_PROVIDER_ENABLED = 1,
    ETWR_PROVIDER_CAPTURE_STATE = 2
};

/**
 * Called on the background thread when the service has answered for the first time, when somebody
 * starts or stops listening or changes what they listen to, and when somebody asks for state. Level
 * and masks are 0 with ETWR_PROVIDER_DISABLED.
 */
typedef void (*etwr_provider_callback)(void *context, enum etwr_provider_change change,
                                       uint8_t level, uint64_t match_any, uint64_t match_all);

struct etwr_provider_options {
    /** Set by etwr_provider_options_init(). */
    size_t struct_size;
    /** NULL: the name's hash. Another id needs the service's configuration to allow it. */
    const struct etwr_guid *id;
    /** Provider group; NULL for none. Needs the service's configuration to allow it. */
    const struct etwr_guid *group;
    /** NULL for none. */
    etwr_provider_callback callback;
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
 * Open a provider. Returns at once; the service's answer comes in the background. Until then the
 * provider counts as enabled; after a disconnect its last state stays until the next answer. When
 * the service refuses it, writing returns ETWR_E_REFUSED and its events are counted as dropped by
 * the service's reason.
 *
 * Opening the same name, id and group twice gives two handles of one provider, each with a slot of
 * its own.
 *
 * @param name      copied; UTF-8, 1 to 1,024 bytes.
 * @param options   copied; NULL for none.
 * @param provider  written on success; closed with etwr_provider_close() or with its client.
 * @return ETWR_OK, ETWR_E_BAD_NAME, ETWR_E_INVALID_ARGUMENT, ETWR_E_NO_MEMORY, ETWR_E_LIMIT (65,535
 *         at once), ETWR_E_CLOSED.
 */
ETWR_API enum etwr_status etwr_provider_open(struct etwr_client *client, const char *name,
                                             const struct etwr_provider_options *options,
                                             struct etwr_provider **provider);

/**
 * Close; events written before are still delivered. Frees `provider` and its prepared events; no
 * other thread may be using them. When it returns, the provider's callback does not run any more
 * (it waits for one that does, unless that is where it is called from). NULL is allowed.
 */
ETWR_API void etwr_provider_close(struct etwr_provider *provider);

/** @return ETWR_OK while accepted or not answered yet; ETWR_E_REFUSED, with the reason in *reason
 *  (may be NULL); ETWR_E_CLOSED. */
ETWR_API enum etwr_status etwr_provider_status(struct etwr_provider *provider,
                                               enum etwr_reason *reason);

/**
 * Does somebody listen to events of this level and keyword? A few instructions: call it before
 * making an event. The rule is ETW's: level 0 passes always; keyword 0 passes any mask.
 */
static inline int etwr_provider_enabled(const struct etwr_provider *provider, uint8_t level,
                                        uint64_t keyword)
{
    const struct etwr_provider_state *state = &provider->state;
    uint64_t all;

    if (level >= etwr_atomic_load_u32(&state->level_plus_1)) return 0;
    if (keyword == 0) return 1;
    all = etwr_atomic_load_u64(&state->match_all);
    return (keyword & etwr_atomic_load_u64(&state->match_any)) != 0 && (keyword & all) == all;
}

/**
 * Hand one finished event to the relay.
 *
 * Copies the encoded bytes before returning, so the caller may reuse `event` at once. Never waits
 * unless the client was made with wait_ms: when the queue is full the event is dropped and counted.
 * ETWR_OK means queued, not yet written.
 *
 * @param provider  borrowed for the call.
 * @param event     borrowed; must be complete.
 * @return ETWR_OK              queued.
 *         ETWR_E_NOT_ENABLED   nobody listens; counted as not_enabled.
 *         ETWR_E_REFUSED       the service refused the provider; dropped by its reason.
 *         ETWR_E_QUEUE_FULL    dropped; `queue_full` went up by one.
 *         ETWR_E_TIMEOUT       dropped after wait_ms; `timeout` went up by one.
 *         ETWR_E_TOO_LARGE     one ETW record cannot hold it (65,535 bytes with its headers);
 *                              `too_large` went up by one.
 *         ETWR_E_DISCONNECTED  no connection will come any more (an adopted stream ended, or no
 *                              protocol version in common); `disconnected` went up by one.
 *         ETWR_E_NO_MEMORY     dropped; `no_memory` went up by one.
 *         ETWR_E_CLOSED        nothing counted.
 *         or the builder's error (event.h): such an event was never valid; nothing is sent and
 *         nothing counted.
 */
ETWR_API enum etwr_status etwr_provider_write(struct etwr_provider *provider,
                                              struct etwr_event *event);

/**
 * Hand over an event that is TraceLogging-encoded already (bindings, existing instrumentation).
 * Same checks and results as etwr_provider_write(), and, with nothing sent or counted:
 *   ETWR_E_MALFORMED  the metadata is not well formed.
 *   ETWR_E_BAD_VALUE  the values do not follow the metadata, in full and with nothing left over.
 *   or the limit of event.h that the metadata would pass.
 *
 * @param metadata  event metadata, its u16 size first.
 * @param values    packed values; NULL when there are none.
 * @param activity_id, related_activity_id  NULL for none.
 */
ETWR_API enum etwr_status etwr_provider_write_encoded(struct etwr_provider *provider,
                                                      const struct etwr_descriptor *descriptor,
                                                      const void *metadata, size_t metadata_size,
                                                      const void *values, size_t values_size,
                                                      const struct etwr_guid *activity_id,
                                                      const struct etwr_guid *related_activity_id);

/**
 * Prepare an event: its name, descriptor and fields are declared once, then only values are given.
 *
 * @param declared  a builder in which every field was *declared* (etwr_event_declare(),
 *                  _declare_struct(), begin/end_struct) or added (the values are ignored). Borrowed
 *                  for the call.
 * @param prepared  written on success; freed with its provider or by etwr_prepared_destroy().
 * @return ETWR_OK, the builder's error, ETWR_E_INVALID_ARGUMENT, ETWR_E_NO_MEMORY, ETWR_E_CLOSED.
 */
ETWR_API enum etwr_status etwr_prepared_create(struct etwr_provider *provider,
                                               struct etwr_event *declared,
                                               struct etwr_prepared **prepared);

/** Free it; no other thread may be using it. NULL is allowed. */
ETWR_API void etwr_prepared_destroy(struct etwr_prepared *prepared);

/**
 * Values of one prepared event, packed one behind the other into memory of the caller (often the
 * stack). The first put that fails writes nothing and sets `failed` to its status
 * (ETWR_E_DATA_TOO_LONG: no room, or a counted value over 65,535 bytes; ETWR_E_BAD_VALUE: NULL,
 * text that is not UTF-8, a SID of a wrong size); later puts do nothing, and etwr_prepared_write()
 * returns it. Not shared between threads.
 */
struct etwr_values {
    uint8_t *at;
    uint8_t *end;
    uint8_t *start;
    int failed; /**< enum etwr_status; 0: nothing has failed */
};

/** Begin, or begin anew. @param memory borrowed until the last use of `values`. */
ETWR_API void etwr_values_init(struct etwr_values *values, void *memory, size_t capacity);

/* In the order in which the fields were declared. A sequence's elements follow etwr_put_count(). */
ETWR_API void etwr_put_int8(struct etwr_values *values, int8_t value);
ETWR_API void etwr_put_uint8(struct etwr_values *values, uint8_t value);
ETWR_API void etwr_put_int16(struct etwr_values *values, int16_t value);
ETWR_API void etwr_put_uint16(struct etwr_values *values, uint16_t value);
/** Also bool32. */
ETWR_API void etwr_put_int32(struct etwr_values *values, int32_t value);
/** Also hexint32. */
ETWR_API void etwr_put_uint32(struct etwr_values *values, uint32_t value);
ETWR_API void etwr_put_int64(struct etwr_values *values, int64_t value);
/** Also hexint64, pointers and filetime. */
ETWR_API void etwr_put_uint64(struct etwr_values *values, uint64_t value);
ETWR_API void etwr_put_float32(struct etwr_values *values, float value);
ETWR_API void etwr_put_float64(struct etwr_values *values, double value);
ETWR_API void etwr_put_guid(struct etwr_values *values, const struct etwr_guid *value);
ETWR_API void etwr_put_systemtime(struct etwr_values *values, const struct etwr_systemtime *value);
/** The bytes as they are; give the field ETWR_OUT_UTF8 when they are UTF-8. */
ETWR_API void etwr_put_zstr8(struct etwr_values *values, const char *text);
/** Converted from UTF-8. */
ETWR_API void etwr_put_zstr16(struct etwr_values *values, const char *utf8);
/** Also binary, cbinary and custom-serialised fields. */
ETWR_API void etwr_put_str8(struct etwr_values *values, const void *data, size_t size);
/** Converted from UTF-8. */
ETWR_API void etwr_put_str16(struct etwr_values *values, const char *utf8);
ETWR_API void etwr_put_sid(struct etwr_values *values, const void *sid, size_t size);
/** A sequence's element count. */
ETWR_API void etwr_put_count(struct etwr_values *values, uint16_t count);

/**
 * Queue one prepared event with these values, which are checked against the declaration. Results as
 * etwr_provider_write(), and, with nothing sent or counted, ETWR_E_BAD_VALUE (they do not follow
 * it) or the status in values->failed.
 *
 * @param activity_id, related_activity_id  NULL for none.
 */
ETWR_API enum etwr_status etwr_prepared_write(struct etwr_prepared *prepared,
                                              const struct etwr_values *values,
                                              const struct etwr_guid *activity_id,
                                              const struct etwr_guid *related_activity_id);

#ifdef __cplusplus
}
#endif

#endif
