/* The sinks: made from the config, started before any worker, stopped after all of them. */
#include <stdio.h>

#include "service/relay.h"
#include "service/sink/etw_api.h"
#include "service/support/log.h"

static void on_settled(void *context, unsigned worker)
{
    struct relay *relay = context;
    worker_notice_settled(&relay->workers[worker]);
}

static void on_error(void *context, const struct sink *sink, enum etwr_reason reason,
                     const char *message)
{
    const char *colon = sink->target[0] == 0 ? "" : ":";
    (void)context;
    if (reason == ETWR_REASON_NONE)
        log_line(LOG_LEVEL_WARNING, "sink %s%s%s: %s", sink->type, colon, sink->target, message);
    else
        log_line(LOG_LEVEL_ERROR, "sink %s%s%s: %s (events are dropped as %s)", sink->type, colon,
                 sink->target, message, etwr_reason_name(reason));
}

static struct sink *create(const struct config_sink *config, const struct sink_callbacks *callbacks)
{
    const struct etl_options etl = {config->path, config->max_mb, config->max_files,
                                    config->buffers, config->stall_ms};
    const struct jsonl_options jsonl = {config->path, config->buffers, config->stall_ms};
    switch (config->type) {
    case CONFIG_SINK_ETL:
        return sink_etl_create(&etl, callbacks);
    case CONFIG_SINK_JSONL:
        return sink_jsonl_create(&jsonl, callbacks);
    case CONFIG_SINK_NULL:
        return sink_null_create(callbacks);
    case CONFIG_SINK_ETW:
        return sink_etw_create(etw_api_system(), callbacks);
    }
    return NULL;
}

static bool start_one(struct relay *relay, const struct config_sink *config, char message[512])
{
    const struct sink_callbacks callbacks = {.on_settled = on_settled,
                                             .on_error = on_error,
                                             .context = relay,
                                             .on_enablement = relay_on_enablement};
    if (config->type == CONFIG_SINK_ETW && etw_api_system() == NULL) {
        snprintf(message, 512, "the sink etw exists on Windows only: use --sink etl:FILE");
        return false;
    }
    struct sink *sink = create(config, &callbacks);
    if (sink == NULL) {
        snprintf(message, 512, "no memory for a sink");
        return false;
    }
    relay->sinks[relay->sink_count++] = sink;
    if (sink->ops->start(sink, relay->worker_count, message) != ETWR_OK) return false;
    relay->sinks_started++;
    return true;
}

bool relay_start_sinks(struct relay *relay, char message[512])
{
    const struct config *config = relay->settings->config;
    for (size_t i = 0; i < config->sink_count; i++)
        if (!start_one(relay, &config->sinks[i], message)) return false;
    return true;
}

void relay_stop_sinks(struct relay *relay)
{
    for (size_t i = 0; i < relay->sinks_started; i++)
        relay->sinks[i]->ops->stop(relay->sinks[i]);
    relay->sinks_started = 0;
}

void relay_destroy_sinks(struct relay *relay)
{
    for (size_t i = 0; i < relay->sink_count; i++)
        relay->sinks[i]->ops->destroy(relay->sinks[i]);
    relay->sink_count = 0;
}
