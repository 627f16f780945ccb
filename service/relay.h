/*
 * The relay: owns all parts and is the only one that knows all stages.
 *
 * relay_handle_event() is the whole path of an event in one function; relay_requests.c has the
 * rarer requests. Life: the main thread's loop runs the acceptor, signals and the registry's
 * housekeeping; workers do everything else.
 */
#ifndef ETWRELAY_RELAY_H
#define ETWRELAY_RELAY_H

#include <stdatomic.h>
#include <uv.h>

#include "protocol/text.h"
#include "protocol/wire/request.h"
#include "service/host/activation.h"
#include "service/options.h"
#include "service/pipe/listener.h"
#include "service/pipe/session.h"
#include "service/policy/quota.h"
#include "service/provider/registry.h"
#include "service/settings.h"
#include "service/sink/sink.h"
#include "service/state.h"
#include "service/worker.h"

/* The service's own events: what was lost. */
#define RELAY_OWN_PROVIDER "etwrelay"

struct relay {
    const struct options *options; /* borrowed: what the command line says */
    struct settings *settings;     /* the newest; the main thread's reference */
    struct registry *registry;
    struct quota *quota;
    struct relay_provider *own_provider; /* `etwrelay` */
    struct sink *sinks[SLOT_SINKS_MAX];
    size_t sink_count, sinks_started;
    struct worker *workers;
    unsigned worker_count, workers_started;
    struct worker_message *
        *stop_messages; /* made at the start: stopping must not fail for want of memory */
    uint32_t pid;
    uint64_t started_ms;
    uint64_t started;                            /* FILETIME */
    atomic_uint_fast64_t refused[RELAY_REASONS]; /* connections turned away at the door */

    /* Until then places are scarce, and HELLO must come at once: SESSION_HELLO_PRESSURE_MS. */
    atomic_uint_fast64_t pressure_until_ms;

    /* The main thread's. */
    uv_loop_t loop;
    struct activation activation; /* the pipe, if the service manager opened it */
    struct listener *listener;
    uv_async_t enablement; /* some provider's listeners have changed */
    uv_timer_t housekeeping, pulse;
    bool has_loop, is_stopping, has_late_worker;
    uint64_t next_client_id;
    struct state state; /* the counters that survive a crash */
    uv_timer_t state_timer;
    bool has_previous;   /* state.found is of a run that ended badly */
    bool is_state_asked; /* the workers have been asked for their part */
};

/* Run the service until it is told to stop. Returns the process's exit status. */
int relay_run(const struct options *options);

/* Now, in 100 ns since 1601 UTC. Any thread. */
uint64_t relay_filetime(void);
/* Monotonic milliseconds. Any thread. */
uint64_t relay_now_ms(void);

/* relay_sinks.c */

/* Make the config's sinks and start them. False: `message` says which failed and why. */
bool relay_start_sinks(struct relay *relay, char message[512]);
void relay_stop_sinks(struct relay *relay); /* all batches are settled when it returns */
void relay_destroy_sinks(struct relay *relay);

/* relay_providers.c */

/* Have providers opened at the sinks that want it, and open our own. False: no memory. */
bool relay_open_own_provider(struct relay *relay);
/* What each sink wants of the provider and, merged, what is pushed to clients. Returns how often
 * state has been asked for, of all sinks together. Any thread, while the provider is open. */
uint32_t relay_find_listeners(const struct relay *relay, const struct settings *settings,
                              const struct relay_provider *provider,
                              struct enablement listeners[SLOT_SINKS_MAX],
                              struct enablement *merged);
/* From a sink, on any thread. */
void relay_on_enablement(void *context);
/* On the main thread: every worker is to look. */
void relay_pass_on_enablement(struct relay *relay);

/* relay_accept.c */

/* A connection has come: to a worker, or away with a reason. A listener_callback. */
void relay_on_accept(void *context, intptr_t handle, const struct peer *peer);
/* A session of somebody not known yet has read its first bytes: who is it, and may it stay? Returns
 * why not. The system may still not say; then ask again after the next bytes. Worker's thread. */
enum etwr_reason relay_identify(struct session *session);

/* relay_reload.c */

/* Read the config file anew and have the workers adopt it; a bad file changes nothing. */
void relay_reload(struct relay *relay);
/* The config as file and command line say it, with the default sink. Errors go to `errors`. NULL:
 * there were some. */
struct config *relay_load_config(const struct options *options, struct text *errors);
/* What quotas go by: without a limit of its own, one user at a console may use all that there is.
 */
struct config_limits relay_limits(const struct config *config);

/* relay_pulse.c */

/* From now on tell the service manager, if there is one, how the service does. */
void relay_start_pulse(struct relay *relay);

/* relay_state.c: counters across a crash; all on the main thread */

/* Find out and log how the run before on this pipe ended. Never stops a start. */
void relay_open_state(struct relay *relay, const char *pipe);
/* The service accepts: from now on the counters are written down once a second while they change,
 * and an end without relay_end_state() is a bad one. */
void relay_begin_state(struct relay *relay);
/* After the sinks have stopped: the last counters, and that this was a stop. */
void relay_end_state(struct relay *relay);

/* relay_pins.c */

/* Keep the providers open that the config wants open from the start. */
void relay_pin_providers(struct relay *relay);

/* ---- requests; each returns ETWR_REASON_NONE, or why the connection ends. Worker's thread. ----
 */
enum etwr_reason relay_handle_event(struct session *session, const struct request_event *event,
                                    size_t frame_bytes);
enum etwr_reason relay_handle_hello(struct session *session, const struct request_hello *hello);
enum etwr_reason relay_handle_open(struct session *session,
                                   const struct request_provider_open *open);
enum etwr_reason relay_handle_close(struct session *session, uint16_t number);
enum etwr_reason relay_handle_schema(struct session *session, const struct request_schema *request);
enum etwr_reason relay_handle_lost(struct session *session, const struct request_lost *lost);
enum etwr_reason relay_handle_status(struct session *session, uint64_t cookie);

/* Close all providers of a session that ends. */
void relay_close_slots(struct session *session);
/* New settings: ask the policy again, work out who listens, tell the client what changed. */
void relay_refresh_slots(struct session *session);
/* Listeners may have changed: tell the client what is new. True: it is to be asked for its state,
 * too. */
bool relay_tell_enablement(struct session *session);
void relay_ask_for_state(struct session *session);
/* Give a worker's counts of events to the registry, for status. */
void relay_publish_slot_events(struct slot *slot);

#endif
