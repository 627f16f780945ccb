/*
 * Batches go open -> in flight -> settled -> released; one worker uses it, so that there is one of
 * each list.
 */
#include "tests/fuzz/world_sink.h"

#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"

static struct world_sink *of(struct sink *sink)
{
    return (struct world_sink *)sink;
}

static enum etwr_status on_start(struct sink *sink, unsigned worker_count, char message[512])
{
    (void)sink;
    (void)worker_count;
    (void)message;
    return ETWR_OK;
}

static bool on_ready(struct sink *sink, unsigned worker, uint64_t now_ms)
{
    (void)worker;
    (void)now_ms;
    return of(sink)->is_ready;
}

/* What reaches a sink was checked before: every pointer and every size is good. */
static void check_event(const struct sink_event *event)
{
    size_t size = 80 + event->metadata.size + event->values.size + event->origin.size;
    const uint8_t *metadata = event->metadata.data;

    FUZZ_CHECK(size <= ETWR_RECORD_MAX_BYTES);
    FUZZ_CHECK(event->metadata.size >= 4 && event->traits.size >= 4);
    FUZZ_CHECK((size_t)(metadata[0] | metadata[1] << 8) == event->metadata.size);
}

static enum sink_result on_write(struct sink *base, unsigned worker, const struct sink_event *event,
                                 struct sink_batch **batch, enum etwr_reason *reason)
{
    struct world_sink *sink = of(base);
    bool is_own = memcmp(event->provider_id, &sink->own_id, sizeof sink->own_id) == 0;
    uint64_t count = is_own ? 0 : 1;

    (void)worker;
    check_event(event);
    switch (sink->answer) {
    case SINK_WRITTEN:
        sink->written += count;
        break;
    case SINK_NOT_ENABLED:
        sink->not_enabled += count;
        break;
    case SINK_DROPPED:
        *reason = sink->reason;
        sink->dropped += count;
        break;
    case SINK_PENDING:
        if (sink->open == NULL) sink->open = calloc(1, sizeof *sink->open);
        FUZZ_CHECK(sink->open != NULL);
        *batch = &sink->open->base;
        sink->open->client_events += count;
        sink->pending += count;
        break;
    }
    return sink->answer;
}

static void on_flush(struct sink *base, unsigned worker)
{
    struct world_sink *sink = of(base);
    (void)worker;
    if (sink->open == NULL) return;
    *sink->in_flight_end = sink->open;
    sink->in_flight_end = &sink->open->next;
    sink->open = NULL;
}

static struct sink_batch *on_take_settled(struct sink *base, unsigned worker)
{
    struct world_sink *sink = of(base);
    struct world_batch *first = sink->settled;
    (void)worker;
    for (struct world_batch *batch = first; batch != NULL; batch = batch->next)
        batch->base.next = batch->next != NULL ? &batch->next->base : NULL;
    sink->settled = NULL;
    sink->settled_end = &sink->settled;
    return first != NULL ? &first->base : NULL;
}

static void on_release(struct sink *base, unsigned worker, struct sink_batch *sink_batch)
{
    struct world_sink *sink = of(base);
    struct world_batch *batch = (struct world_batch *)sink_batch;
    (void)worker;
    FUZZ_CHECK(sink_batch->settlements == NULL);
    sink->pending -= batch->client_events;
    if (sink_batch->failed == ETWR_REASON_NONE)
        sink->batch_written += batch->client_events;
    else
        sink->batch_dropped += batch->client_events;
    free(batch);
}

static void on_nothing(struct sink *sink)
{
    (void)sink;
}

static enum etwr_reason on_open(struct sink *base, const struct etwr_guid *id,
                                struct etwr_bytes traits, struct sink_provider **provider)
{
    (void)id;
    (void)traits;
    of(base)->providers++;
    *provider = (struct sink_provider *)base;
    return ETWR_REASON_NONE;
}

static void on_close(struct sink *base, struct sink_provider *provider)
{
    (void)provider;
    FUZZ_CHECK(of(base)->providers-- > 0);
}

static void on_listeners(struct sink *base, const struct sink_provider *provider,
                         struct sink_listeners *listeners)
{
    (void)provider;
    *listeners = of(base)->listeners;
}

static const struct sink_ops ops = {on_start,        on_ready,   on_write,    on_flush,
                                    on_take_settled, on_release, on_nothing,  on_nothing,
                                    on_open,         on_close,   on_listeners};

void world_sink_init(struct world_sink *sink, const struct sink_callbacks *callbacks,
                     const struct etwr_guid *own_id)
{
    memset(sink, 0, sizeof *sink);
    sink->base = (struct sink){&ops, "test", "", *callbacks};
    sink->is_ready = true;
    sink->answer = SINK_PENDING;
    sink->reason = ETWR_REASON_FULL;
    sink->own_id = *own_id;
    sink->listeners = (struct sink_listeners){
        .enabled = true, .level = 255, .match_any = UINT64_MAX, .match_all = 0};
    sink->in_flight_end = &sink->in_flight;
    sink->settled_end = &sink->settled;
}

bool world_sink_settle(struct world_sink *sink, enum etwr_reason failed)
{
    struct world_batch *batch = sink->in_flight;

    if (batch == NULL) return false;
    sink->in_flight = batch->next;
    if (sink->in_flight == NULL) sink->in_flight_end = &sink->in_flight;
    batch->next = NULL;
    batch->base.failed = failed;
    *sink->settled_end = batch;
    sink->settled_end = &batch->next;
    return true;
}

static void free_batches(struct world_batch *batch)
{
    while (batch != NULL) {
        struct world_batch *next = batch->next;
        free(batch);
        batch = next;
    }
}

void world_sink_clear(struct world_sink *sink)
{
    FUZZ_CHECK(sink->providers == 0);
    free_batches(sink->open);
    free_batches(sink->in_flight);
    free_batches(sink->settled);
}
