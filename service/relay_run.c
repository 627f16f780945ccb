/*
 * The service's life, on the main thread: start in the order in which things are needed, run the
 * acceptor's loop, stop in the reverse order, and say at the end how everything stands.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "service/host/host.h"
#include "service/relay.h"
#include "service/sink/clock.h"
#include "service/status.h"
#include "service/support/log.h"

#define HOUSEKEEPING_MS 1000

uint64_t relay_filetime(void)
{
    return sink_clock_now();
}

uint64_t relay_now_ms(void)
{
    return uv_hrtime() / 1000000;
}

static void stop(struct relay *relay)
{
    if (relay->is_stopping) return;
    relay->is_stopping = true;
    log_line(LOG_LEVEL_INFO, "stopping: draining what has arrived");
    host_tell(HOST_STOPPING);
    /* Who has connected is heard out; the workers get these before the stop. */
    listener_accept_waiting(relay->listener);
    listener_close(relay->listener);
    relay->listener = NULL;
    for (unsigned i = 0; i < relay->workers_started; i++) {
        worker_post(&relay->workers[i], relay->stop_messages[i]);
        relay->stop_messages[i] = NULL;
    }
    (void)uv_timer_stop(&relay->housekeeping);
    (void)uv_timer_stop(&relay->pulse);
    uv_unref((uv_handle_t *)&relay->enablement);
    host_watch_unref();
}

static void on_stop(void *context)
{
    stop(context);
}

static void on_reload(void *context)
{
    struct relay *relay = context;
    if (!relay->is_stopping) relay_reload(relay);
}

static void on_housekeeping(uv_timer_t *timer)
{
    struct relay *relay = timer->data;
    (void)registry_sweep(relay->registry, relay_now_ms());
}

static bool fail(enum host_cause cause, const char *message)
{
    host_refuse_start(cause, message);
    return false;
}

/* Before anything is opened here: what it does not keep of the descriptors passed, it closes. What
 * the service manager passes goes before the config's pipe, so that one config serves with and
 * without it; but not before what somebody says on the command line. */
static bool take_activation(struct relay *relay)
{
    char message[HOST_MESSAGE_BYTES];
    if (activation_take(&relay->activation, message) != ETWR_OK)
        return fail(HOST_CAUSE_PIPE, message);
    if (relay->activation.handle == 0 || relay->options->pipe == NULL) return true;
    return fail(HOST_CAUSE_PIPE,
                "the service manager passes a socket, and --pipe names another: leave one of them "
                "away");
}

static void refuse_config(const struct text *errors)
{
    struct text message;
    text_init(&message);
    text_put_string(&message, "the configuration has errors");
    /* Each is a line; the last line's end comes with the message's. */
    if (errors->size > 0) {
        text_put_char(&message, '\n');
        text_put(&message, errors->data, errors->size - 1);
    }
    text_put_char(&message, 0);
    fail(HOST_CAUSE_CONFIG, message.failed ? "the configuration has errors" : message.data);
    text_clear(&message);
}

static bool load_settings(struct relay *relay)
{
    struct text errors;
    text_init(&errors);
    struct config *config = relay_load_config(relay->options, &errors);
    if (config == NULL) {
        refuse_config(&errors);
        text_clear(&errors);
        return false;
    }
    text_clear(&errors);
    log_init((enum log_level)config->log_level);
    relay->settings = settings_create(config);
    config_unref(config);
    return relay->settings != NULL || fail(HOST_CAUSE_RESOURCES, "no memory");
}

static bool create_parts(struct relay *relay)
{
    const struct config_limits limits = relay_limits(relay->settings->config);
    uint64_t seed;
    /* Clients choose the keys of the schemas' tables: a secret that all can read is none. */
    if (uv_random(NULL, NULL, &seed, sizeof seed, 0, NULL) != 0)
        return fail(HOST_CAUSE_RESOURCES, "the system gives no random bytes");
    slots_seed(seed);
    if (registry_create(&limits, &relay->registry) != ETWR_OK ||
        quota_create(&limits, &relay->quota) != ETWR_OK)
        return fail(HOST_CAUSE_RESOURCES, "no memory");
    return true;
}

static void on_enablement(uv_async_t *handle)
{
    relay_pass_on_enablement(handle->data);
}

static bool start_loop(struct relay *relay)
{
    if (uv_loop_init(&relay->loop) != 0)
        return fail(HOST_CAUSE_RESOURCES, "cannot make an event loop");
    relay->has_loop = true;
    if (uv_async_init(&relay->loop, &relay->enablement, on_enablement) != 0)
        return fail(HOST_CAUSE_RESOURCES, "cannot wake the event loop");
    relay->enablement.data = relay;
    (void)uv_timer_init(&relay->loop, &relay->housekeeping);
    (void)uv_timer_init(&relay->loop, &relay->pulse);
    relay->housekeeping.data = relay->pulse.data = relay;
    const struct host_requests requests = {on_stop, on_reload, relay};
    if (!host_watch(&relay->loop, &requests))
        return fail(HOST_CAUSE_RESOURCES, "cannot catch signals");
    (void)uv_timer_start(&relay->housekeeping, on_housekeeping, HOUSEKEEPING_MS, HOUSEKEEPING_MS);
    return true;
}

static bool start_listener(struct relay *relay)
{
    const struct config *config = relay->settings->config;
    const struct activation *activation = &relay->activation;
    char message[LISTENER_MESSAGE_BYTES];
    struct listener_access access = {
        .mode = config->pipe_mode, .security = &config->security, .is_service = host_is_service()};
    char path[256];
    access.passed = activation->handle;
    const char *pipe = activation->handle != 0 ? activation->name : config->pipe;
    if (pipe == NULL) {
        if (listener_default_path(access.is_service, path, sizeof path) != ETWR_OK)
            return fail(
                HOST_CAUSE_PIPE,
                "no place for the socket: XDG_RUNTIME_DIR is not set. Say where with --pipe "
                "PATH");
        pipe = path;
    }
    if (listener_open(&relay->loop, pipe, &access, relay_on_accept, relay, &relay->listener,
                      message) != ETWR_OK)
        return fail(HOST_CAUSE_PIPE, message);
    log_line(LOG_LEVEL_INFO, "listening on %s%s", pipe,
             activation->handle != 0 ? ", which the service manager opened" : "");
    relay_open_state(relay, pipe);
    return true;
}

static bool start_sinks(struct relay *relay)
{
    char message[512] = "";
    if (!relay_start_sinks(relay, message)) return fail(HOST_CAUSE_SINK, message);
    for (size_t i = 0; i < relay->sink_count; i++)
        log_line(LOG_LEVEL_INFO, "writing to %s%s%s", relay->sinks[i]->type,
                 relay->sinks[i]->target[0] == 0 ? "" : ":", relay->sinks[i]->target);
    return relay_open_own_provider(relay) || fail(HOST_CAUSE_RESOURCES, "no memory");
}

static unsigned count_workers(const struct config *config)
{
    if (config->workers > 0) return config->workers;
    unsigned cores = uv_available_parallelism();
    return cores > 1 ? cores - 1 : 1;
}

static bool allocate_workers(struct relay *relay)
{
    relay->worker_count = count_workers(relay->settings->config);
    relay->workers = calloc(relay->worker_count, sizeof *relay->workers);
    relay->stop_messages = calloc(relay->worker_count, sizeof(*relay->stop_messages));
    if (relay->workers == NULL || relay->stop_messages == NULL)
        return fail(HOST_CAUSE_RESOURCES, "no memory");
    for (unsigned i = 0; i < relay->worker_count; i++) {
        relay->stop_messages[i] = worker_message_create(WORKER_STOP);
        if (relay->stop_messages[i] == NULL) return fail(HOST_CAUSE_RESOURCES, "no memory");
    }
    return true;
}

static bool start_workers(struct relay *relay)
{
    for (unsigned i = 0; i < relay->worker_count; i++) {
        if (worker_start(&relay->workers[i], relay, i, relay->settings) != ETWR_OK)
            return fail(HOST_CAUSE_RESOURCES,
                        "cannot start the worker threads: no memory, or too many threads");
        relay->workers_started++;
    }
    return true;
}

static bool start(struct relay *relay)
{
    return take_activation(relay) && load_settings(relay) && create_parts(relay) &&
           allocate_workers(relay) && start_loop(relay) && start_listener(relay) &&
           start_sinks(relay) && start_workers(relay);
}

static void close_walked(uv_handle_t *handle, void *argument)
{
    (void)argument;
    if (!uv_is_closing(handle)) uv_close(handle, NULL);
}

static void print_final(struct relay *relay)
{
    struct text text;
    text_init(&text);
    text_put_string(&text, "{\"final\":");
    status_final(relay, &text);
    text_put_string(&text, "}\n");
    if (text.failed) {
        log_line(LOG_LEVEL_ERROR, "no memory for the final counters");
    } else {
        host_print_final((const char *)text.data, text.size);
    }
    text_clear(&text);
}

static void end_workers(struct relay *relay)
{
    for (unsigned i = 0; i < relay->workers_started; i++)
        if (relay->stop_messages[i] != NULL) {
            worker_post(&relay->workers[i], relay->stop_messages[i]);
            relay->stop_messages[i] = NULL;
        }
    for (unsigned i = 0; i < relay->workers_started; i++)
        worker_join(&relay->workers[i]);
}

static void clear(struct relay *relay)
{
    for (unsigned i = 0; i < relay->workers_started; i++)
        worker_clear(&relay->workers[i]);
    /* Providers are closed at the sinks, and after that no sink rings any more. */
    if (relay->own_provider != NULL)
        registry_close(relay->registry, relay->own_provider, relay_now_ms());
    registry_destroy(relay->registry);
    relay_destroy_sinks(relay);
    if (relay->listener != NULL) listener_close(relay->listener);
    if (relay->has_loop) {
        uv_walk(&relay->loop, close_walked, NULL);
        (void)uv_run(&relay->loop, UV_RUN_DEFAULT);
        (void)uv_loop_close(&relay->loop);
    }
    state_close(&relay->state);
    quota_destroy(relay->quota);
    settings_unref(relay->settings);
    for (unsigned i = 0; relay->stop_messages != NULL && i < relay->worker_count; i++)
        free(relay->stop_messages[i]);
    free(relay->stop_messages);
    free(relay->workers);
}

static void run(struct relay *relay)
{
    relay_pin_providers(relay);
    relay_begin_state(relay);
    fprintf(stderr, "ready\n");
    host_tell(HOST_READY);
    relay_start_pulse(relay);
    (void)uv_run(&relay->loop, UV_RUN_DEFAULT);
}

int relay_run(const struct options *options)
{
    struct relay *relay = calloc(1, sizeof *relay);
    if (relay == NULL) {
        fail(HOST_CAUSE_RESOURCES, "no memory");
        return EXIT_FAILURE;
    }
    relay->options = options;
    relay->pid = (uint32_t)uv_os_getpid();
    relay->started_ms = relay_now_ms();
    relay->started = relay_filetime();
    relay->state.file = -1;
    bool started = start(relay);
    if (started) run(relay);
    end_workers(relay);
    relay_stop_sinks(relay);
    for (unsigned i = 0; i < relay->workers_started; i++)
        worker_finish(&relay->workers[i]);
    if (started) {
        relay_end_state(relay);
        print_final(relay);
    }
    clear(relay);
    free(relay);
    log_finish();
    return started ? EXIT_SUCCESS : EXIT_FAILURE;
}
