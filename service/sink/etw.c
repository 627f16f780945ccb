/*
 * The etw sink: hands each event to Event Tracing for Windows, through the table of etw_api.h.
 *
 * ETW keeps no order with us: its sessions come and go on threads of their own. What they want
 * arrives in a callback that only stores atomics and rings; who must know reads them later. Level,
 * any and all are stored one by one, so a reader may see a mixture of old and new. That is
 * harmless: an event passes by three conditions that are independent of each other, so one that is
 * wanted both before and after the change passes by every mixture, and after the ring the mixture
 * is read again. (ETW runs one provider's callbacks one after the other.)
 *
 * An event is settled when ETW's call returns. A failure means that at least one session missed it
 * while others may have it, so nothing is ever written twice.
 */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "service/sink/etw_api.h"
#include "service/sink/report.h"
#include "service/sink/sink.h"

#define PROVIDERS_MAX  512 /* a process can register 1,024, and other code may want some */
#define NAME_OFFSET    2   /* in the traits: behind their size */
#define DATA_COUNT_MAX 4
#define ALL_LEVELS     255
#define ALL_KEYWORDS   UINT64_MAX

struct sink_provider {
    struct etw_listener listener; /* first: on_control() */
    struct etw_sink *etw;
    struct sink_provider *next_free;
    bool is_registered;
    uint64_t handle; /* may be 0 although it is registered: Wine never writes it */
    const char *name;
    /* Written by the callback. */
    atomic_bool enabled;
    atomic_uchar level;
    _Atomic uint64_t match_any, match_all;
    _Atomic uint32_t captures;
};

struct etw_sink {
    struct sink base; /* first */
    const struct etw_api *api;
    struct sink_report report;
    struct sink_provider *free;
    /* All that there can ever be: none is freed while ETW could still call back. */
    struct sink_provider providers[PROVIDERS_MAX];
};

static struct etw_sink *etw_of(struct sink *sink)
{
    return (struct etw_sink *)sink;
}

static void store_listeners(struct sink_provider *provider, uint8_t level, uint64_t match_any,
                            uint64_t match_all)
{
    bool is_all = match_any == 0; /* then ETW does not look at the other mask either */
    atomic_store_explicit(&provider->level, level == 0 ? ALL_LEVELS : level, memory_order_relaxed);
    atomic_store_explicit(&provider->match_any, is_all ? ALL_KEYWORDS : match_any,
                          memory_order_relaxed);
    atomic_store_explicit(&provider->match_all, is_all ? 0 : match_all, memory_order_relaxed);
    atomic_store_explicit(&provider->enabled, true, memory_order_release);
}

/* ETW's thread, holding ETW's locks. */
static void on_control(struct etw_listener *listener, uint32_t control, uint8_t level,
                       uint64_t match_any, uint64_t match_all)
{
    struct sink_provider *provider = (struct sink_provider *)listener;
    const struct sink_callbacks *callbacks = &provider->etw->base.callbacks;
    switch (control) {
    case ETW_DISABLE:
        atomic_store_explicit(&provider->enabled, false, memory_order_release);
        break;
    case ETW_ENABLE:
        store_listeners(provider, level, match_any, match_all);
        break;
    case ETW_CAPTURE_STATE:
        atomic_fetch_add_explicit(&provider->captures, 1, memory_order_release);
        break;
    default:
        return;
    }
    if (callbacks->on_enablement != NULL) callbacks->on_enablement(callbacks->context);
}

static void etw_provider_listeners(struct sink *sink, const struct sink_provider *provider,
                                   struct sink_listeners *listeners)
{
    (void)sink;
    listeners->captures = atomic_load_explicit(&provider->captures, memory_order_acquire);
    listeners->enabled = atomic_load_explicit(&provider->enabled, memory_order_acquire);
    listeners->level = atomic_load_explicit(&provider->level, memory_order_relaxed);
    listeners->match_any = atomic_load_explicit(&provider->match_any, memory_order_relaxed);
    listeners->match_all = atomic_load_explicit(&provider->match_all, memory_order_relaxed);
}

static void reset_provider(struct sink_provider *provider, struct etw_sink *etw, const char *name)
{
    provider->listener.on_control = on_control;
    provider->etw = etw;
    provider->name = name;
    provider->handle = 0;
    atomic_store(&provider->enabled, false);
    atomic_store(&provider->level, 0);
    atomic_store(&provider->match_any, 0);
    atomic_store(&provider->match_all, 0);
    atomic_store(&provider->captures, 0);
}

static void report_refusal(struct etw_sink *etw, const char *name, uint32_t code)
{
    if (code == ETW_ACCESS_DENIED)
        sink_report(
            &etw->report, ETWR_REASON_REGISTER_FAILED,
            "Windows does not let this account register the provider %.300s (EventRegister: "
            "5, access denied): give the service's account TRACELOG_REGISTER_GUIDS on the "
            "provider's id with EventAccessControl",
            name);
    else
        sink_report(&etw->report, ETWR_REASON_REGISTER_FAILED,
                    "Windows does not register the provider %.300s: EventRegister returned %lu",
                    name, (unsigned long)code);
}

/* Without traits ETW still takes name and metadata from each event, if it heeds their type. */
static void set_traits(struct etw_sink *etw, const struct sink_provider *provider,
                       struct etwr_bytes traits)
{
    const uint8_t yes = 1;
    uint32_t code = etw->api->event_set_information(provider->handle, ETW_SET_TRAITS, traits.data,
                                                    (uint32_t)traits.size);
    if (code == ETW_SUCCESS) return;
    uint32_t second = etw->api->event_set_information(provider->handle, ETW_USE_DESCRIPTOR_TYPE,
                                                      &yes, sizeof yes);
    sink_report(&etw->report, ETWR_REASON_NONE,
                "Windows does not take the traits of the provider %.300s (EventSetInformation: %lu,"
                " then %lu for the type of data): its events carry them one by one, and its group "
                "is not known to sessions",
                provider->name, (unsigned long)code, (unsigned long)second);
}

static enum etwr_reason etw_provider_open(struct sink *sink, const struct etwr_guid *id,
                                          struct etwr_bytes traits, struct sink_provider **provider)
{
    struct etw_sink *etw = etw_of(sink);
    struct sink_provider *taken = etw->free;
    const char *name = (const char *)traits.data + NAME_OFFSET;
    if (taken == NULL) {
        sink_report(&etw->report, ETWR_REASON_PROVIDER_LIMIT,
                    "%d providers are registered, and there can be no more: %.300s is refused",
                    PROVIDERS_MAX, name);
        return ETWR_REASON_PROVIDER_LIMIT;
    }
    reset_provider(taken, etw, name);
    uint32_t code = etw->api->event_register(id, &taken->listener, &taken->handle);
    if (code != ETW_SUCCESS) {
        report_refusal(etw, name, code);
        return ETWR_REASON_REGISTER_FAILED;
    }
    taken->is_registered = true;
    set_traits(etw, taken, traits);
    etw->free = taken->next_free;
    *provider = taken;
    return ETWR_REASON_NONE;
}

static void unregister(struct etw_sink *etw, struct sink_provider *provider)
{
    if (!provider->is_registered) return;
    provider->is_registered = false;
    (void)etw->api->event_unregister(provider->handle);
    provider->handle = 0;
    atomic_store(&provider->enabled, false);
}

static void etw_provider_close(struct sink *sink, struct sink_provider *provider)
{
    struct etw_sink *etw = etw_of(sink);
    unregister(etw, provider);
    provider->next_free = etw->free;
    etw->free = provider;
}

static enum etwr_reason reason_of(uint32_t code)
{
    switch (code) {
    case ETW_MORE_DATA:
        return ETWR_REASON_SESSION_BUFFER_SMALL;
    case ETW_ARITHMETIC_OVERFLOW:
        return ETWR_REASON_TOO_LARGE;
    case ETW_NOT_ENOUGH_MEMORY:
        return ETWR_REASON_NO_BUFFERS;
    case ETW_LOG_FILE_FULL:
    case ETW_STATUS_LOG_FILE_FULL:
        return ETWR_REASON_FULL;
    default: /* ETW_INVALID_HANDLE, ETW_INVALID_PARAMETER, and what nobody has documented */
        return ETWR_REASON_OTHER;
    }
}

static const char *advice_for(enum etwr_reason reason)
{
    switch (reason) {
    case ETWR_REASON_SESSION_BUFFER_SMALL:
        return "a session's buffers are smaller than the event: give it larger ones";
    case ETWR_REASON_TOO_LARGE:
        return "the event is larger than ETW takes";
    case ETWR_REASON_NO_BUFFERS:
        return "a session has no free buffer: give it more, or a faster disk";
    case ETWR_REASON_FULL:
        return "a session's file is full";
    default:
        return "this is not expected";
    }
}

static uint32_t put_data(struct etw_data *data, uint32_t count, struct etwr_bytes bytes,
                         uint32_t type)
{
    if (bytes.size == 0) return count;
    data[count] = (struct etw_data){(uint64_t)(uintptr_t)bytes.data, (uint32_t)bytes.size, type};
    return count + 1;
}

static uint32_t write_event(const struct etw_sink *etw, const struct sink_provider *provider,
                            const struct sink_event *event)
{
    /* Not NULL, which would give the event whatever activity this thread has. */
    static const struct etwr_guid no_activity;
    struct etw_data data[DATA_COUNT_MAX];
    uint32_t count = put_data(data, 0, event->traits, ETW_DATA_PROVIDER_METADATA);
    count = put_data(data, count, event->metadata, ETW_DATA_EVENT_METADATA);
    count = put_data(data, count, event->values, ETW_DATA_VALUES);
    count = put_data(data, count, event->origin, ETW_DATA_VALUES);
    return etw->api->event_write_transfer(provider->handle, &event->descriptor,
                                          event->activity_id == NULL ? &no_activity
                                                                     : event->activity_id,
                                          event->related_activity_id, count, data);
}

static enum sink_result etw_write(struct sink *sink, unsigned worker,
                                  const struct sink_event *event, struct sink_batch **batch,
                                  enum etwr_reason *reason)
{
    struct etw_sink *etw = etw_of(sink);
    const struct sink_provider *provider = event->provider;
    (void)worker, (void)batch;
    if (provider == NULL ||
        !etw->api->event_provider_enabled(provider->handle, event->descriptor.level,
                                          event->descriptor.keyword))
        return SINK_NOT_ENABLED;
    uint32_t code = write_event(etw, provider, event);
    if (code == ETW_SUCCESS) return SINK_WRITTEN;
    *reason = reason_of(code);
    sink_report(&etw->report, *reason,
                "EventWriteTransfer returned %lu for the provider %.300s: %s", (unsigned long)code,
                provider->name, advice_for(*reason));
    return SINK_DROPPED;
}

static enum etwr_status etw_start(struct sink *sink, unsigned worker_count, char message[512])
{
    (void)sink, (void)worker_count, (void)message;
    return ETWR_OK;
}

static bool etw_ready(struct sink *sink, unsigned worker, uint64_t now_ms)
{
    (void)sink, (void)worker, (void)now_ms;
    return true;
}

static void etw_flush(struct sink *sink, unsigned worker)
{
    (void)sink, (void)worker;
}

static struct sink_batch *etw_take_settled(struct sink *sink, unsigned worker)
{
    (void)sink, (void)worker;
    return NULL;
}

static void etw_release_batch(struct sink *sink, unsigned worker, struct sink_batch *batch)
{
    (void)sink, (void)worker, (void)batch;
}

/* No callback comes after this. */
static void etw_stop(struct sink *sink)
{
    struct etw_sink *etw = etw_of(sink);
    for (size_t i = 0; i < PROVIDERS_MAX; i++)
        unregister(etw, &etw->providers[i]);
}

static void etw_destroy(struct sink *sink)
{
    etw_stop(sink);
    free(sink);
}

static const struct sink_ops etw_ops = {
    .start = etw_start,
    .ready = etw_ready,
    .write = etw_write,
    .flush = etw_flush,
    .take_settled = etw_take_settled,
    .release_batch = etw_release_batch,
    .stop = etw_stop,
    .destroy = etw_destroy,
    .provider_open = etw_provider_open,
    .provider_close = etw_provider_close,
    .provider_listeners = etw_provider_listeners,
};

struct sink *sink_etw_create(const struct etw_api *api, const struct sink_callbacks *callbacks)
{
    struct etw_sink *etw = calloc(1, sizeof *etw);
    if (etw == NULL) return NULL;
    etw->base =
        (struct sink){.ops = &etw_ops, .type = "etw", .target = "", .callbacks = *callbacks};
    etw->api = api;
    sink_report_init(&etw->report, &etw->base);
    for (size_t i = PROVIDERS_MAX; i-- > 0;) {
        etw->providers[i].next_free = etw->free;
        etw->free = &etw->providers[i];
    }
    return &etw->base;
}
