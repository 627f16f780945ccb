/*
 * Providers and the sinks whose listeners come and go: a provider that the registry takes up is
 * opened at each of them, and what their listeners want reaches the clients.
 *
 * A sink rings on any thread (relay_on_enablement()); the main thread passes it on to each worker,
 * and each worker looks at its own sessions (worker_enablement.c). Nothing is handed over but the
 * ringing: everybody reads the newest state from the sink, so that rings may melt into one.
 */
#include <string.h>

#include "service/relay.h"
#include "service/support/log.h"

static void close_at_sinks(struct relay *relay, struct relay_provider *provider)
{
    for (size_t i = 0; i < relay->sink_count; i++) {
        struct sink *sink = relay->sinks[i];
        if (provider->at_sinks[i] == NULL) continue;
        sink->ops->provider_close(sink, provider->at_sinks[i]);
        provider->at_sinks[i] = NULL;
    }
}

static enum etwr_reason open_at_sinks(struct relay *relay, struct relay_provider *provider)
{
    for (size_t i = 0; i < relay->sink_count; i++) {
        struct sink *sink = relay->sinks[i];
        if (sink->ops->provider_open == NULL) continue;
        enum etwr_reason reason =
            sink->ops->provider_open(sink, &provider->id, provider->traits, &provider->at_sinks[i]);
        if (reason == ETWR_REASON_NONE) continue;
        close_at_sinks(relay, provider);
        return reason;
    }
    return ETWR_REASON_NONE;
}

/* Clients must know that their provider cannot be had. Our own losses must be told in whichever
 * sinks there are. */
static enum etwr_reason on_register(void *context, struct relay_provider *provider)
{
    struct relay *relay = context;
    enum etwr_reason reason = open_at_sinks(relay, provider);
    if (reason == ETWR_REASON_NONE || strcmp(provider->name, RELAY_OWN_PROVIDER) != 0)
        return reason;
    log_line(LOG_LEVEL_WARNING,
             "the service's own provider %s cannot be registered: losses are told in other sinks "
             "only",
             provider->name);
    return ETWR_REASON_NONE;
}

static void on_unregister(void *context, struct relay_provider *provider)
{
    close_at_sinks(context, provider);
}

bool relay_open_own_provider(struct relay *relay)
{
    const struct registry_hooks hooks = {on_register, on_unregister, relay};
    struct etwr_guid id;
    registry_set_hooks(relay->registry, &hooks);
    return etwr_provider_id_from_name(RELAY_OWN_PROVIDER, &id) == ETWR_OK &&
           registry_open(relay->registry, RELAY_OWN_PROVIDER, &id, NULL, relay_now_ms(),
                         &relay->own_provider) == ETWR_REASON_NONE;
}

static struct enablement of_sink(struct sink *sink, const struct relay_provider *provider,
                                 size_t index, uint32_t *captures)
{
    struct sink_listeners listeners = {.enabled = false};
    if (provider->at_sinks[index] == NULL) return (struct enablement){.enabled = false};
    sink->ops->provider_listeners(sink, provider->at_sinks[index], &listeners);
    *captures += listeners.captures;
    return (struct enablement){listeners.enabled, listeners.level, listeners.match_any,
                               listeners.match_all};
}

uint32_t relay_find_listeners(const struct relay *relay, const struct settings *settings,
                              const struct relay_provider *provider,
                              struct enablement listeners[SLOT_SINKS_MAX],
                              struct enablement *merged)
{
    uint32_t captures = 0;
    memset(merged, 0, sizeof *merged);
    for (size_t i = 0; i < relay->sink_count; i++) {
        struct sink *sink = relay->sinks[i];
        listeners[i] = enablement_of_filter(settings->sinks[i].filter, provider->name);
        if (sink->ops->provider_listeners != NULL) {
            const struct enablement wanted = of_sink(sink, provider, i, &captures);
            listeners[i] = enablement_intersect(&listeners[i], &wanted);
        }
        enablement_merge(merged, &listeners[i]);
    }
    return captures;
}

void relay_on_enablement(void *context)
{
    struct relay *relay = context;
    (void)uv_async_send(&relay->enablement);
}

void relay_pass_on_enablement(struct relay *relay)
{
    for (unsigned i = 0; i < relay->workers_started; i++)
        worker_notice_enablement(&relay->workers[i]);
}
