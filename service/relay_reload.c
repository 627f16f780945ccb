/*
 * The config: loaded at the start, and again on SIGHUP.
 *
 * A reload never drops a connection. A file with any error changes nothing; a good one is adopted
 * by each worker between two of its events.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "service/host/host.h"
#include "service/relay.h"
#include "service/sink/etw_api.h"
#include "service/support/log.h"

#define DEFAULT_FILE            "etwrelay.etl"
#define DEFAULT_HELLOS_PER_USER 16

/* What Windows' service is for, is writing to ETW; anywhere else a file shows what came. */
static enum etwr_status add_default_sink(struct config *config, struct text *errors)
{
    char folder[1024];
    char spec[1024 + 32];
    char message[HOST_MESSAGE_BYTES];
    if (host_is_service() && etw_api_system() != NULL)
        return config_add_sink_spec(config, "etw", errors);
    enum etwr_status status = host_state_folder(folder, sizeof folder, message);
    if (status != ETWR_OK) {
        text_put_string(errors, message);
        text_put_char(errors, '\n');
        return status;
    }
    snprintf(spec, sizeof spec, "etl:%s/" DEFAULT_FILE, folder);
    return config_add_sink_spec(config, spec, errors);
}

struct config *relay_load_config(const struct options *options, struct text *errors)
{
    struct config *config = NULL;
    enum etwr_status status = options->config_path != NULL
                                  ? config_load(options->config_path, &config, errors)
                                  : config_parse("", 0, &config, errors);
    if (status == ETWR_OK) status = options_apply(options, config, errors);
    if (status == ETWR_OK && config->sink_count == 0) status = add_default_sink(config, errors);
    if (status == ETWR_OK) return config;
    if (errors->size == 0) {
        text_put_string(errors, etwr_status_text(status));
        text_put_char(errors, '\n');
    }
    config_unref(config);
    return NULL;
}

struct config_limits relay_limits(const struct config *config)
{
    struct config_limits limits = config->limits;
    if (host_is_service() || config->clients_per_user_set) return limits;
    limits.clients_per_user = limits.clients;
    /* The same goes for those that have not said HELLO, unless the config says otherwise. */
    if (limits.hellos_per_user == DEFAULT_HELLOS_PER_USER) limits.hellos_per_user = limits.clients;
    return limits;
}

static void log_errors(const struct text *errors)
{
    const char *at = errors->data;
    const char *end = at == NULL ? NULL : at + errors->size;
    while (at < end) {
        const char *line_end = memchr(at, '\n', (size_t)(end - at));
        if (line_end == NULL) line_end = end;
        log_line(LOG_LEVEL_ERROR, "config: %.*s", (int)(line_end - at), at);
        at = line_end + 1;
    }
}

/* Messages for all workers, or none: they must not follow different configs. */
static bool make_messages(struct relay *relay, struct worker_message **messages,
                          struct settings *settings)
{
    for (unsigned i = 0; i < relay->worker_count; i++) {
        messages[i] = worker_message_create(WORKER_SETTINGS);
        if (messages[i] != NULL) {
            messages[i]->settings = settings_ref(settings);
            continue;
        }
        while (i-- > 0)
            worker_drop_message(&relay->workers[i], messages[i]);
        return false;
    }
    return true;
}

static void adopt(struct relay *relay, struct settings *settings)
{
    const struct config *old = relay->settings->config;
    const struct config *config = settings->config;
    const struct config_limits limits = relay_limits(config);
    if (config->workers != old->workers || config->pipe_mode != old->pipe_mode ||
        (config->pipe == NULL) != (old->pipe == NULL) ||
        (config->pipe != NULL && strcmp(config->pipe, old->pipe) != 0))
        log_line(LOG_LEVEL_WARNING, "pipe, pipe_mode and workers change at the next start only");
    log_set_level((enum log_level)config->log_level);
    quota_configure(relay->quota, &limits);
    registry_configure(relay->registry, &limits);
    settings_unref(relay->settings);
    relay->settings = settings;
    relay_pin_providers(relay);
}

static bool post(struct relay *relay, struct config *config)
{
    bool changed = false;
    struct settings *settings = settings_follow(relay->settings, config, &changed);
    struct worker_message **messages = calloc(relay->worker_count, sizeof(*messages));
    if (settings == NULL || messages == NULL || !make_messages(relay, messages, settings)) {
        settings_unref(settings);
        free(messages);
        return false;
    }
    if (changed)
        log_line(LOG_LEVEL_WARNING,
                 "sinks other than their filters change at the next start only: the running ones "
                 "stay");
    adopt(relay, settings);
    for (unsigned i = 0; i < relay->worker_count; i++)
        worker_post(&relay->workers[i], messages[i]);
    free(messages);
    return true;
}

void relay_reload(struct relay *relay)
{
    struct text errors;
    text_init(&errors);
    host_tell(HOST_RELOADING);
    struct config *config = relay_load_config(relay->options, &errors);
    if (config == NULL) {
        log_errors(&errors);
        log_line(LOG_LEVEL_ERROR, "the config has errors: the old one stays in force");
    } else if (post(relay, config)) {
        log_line(LOG_LEVEL_INFO, "the config was read anew");
    } else {
        log_line(LOG_LEVEL_ERROR, "no memory for the new config: the old one stays in force");
    }
    config_unref(config);
    text_clear(&errors);
    host_tell(HOST_READY);
}
