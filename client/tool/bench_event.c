/*
 * The reference event, both ways: built field by field each time, or prepared once so that only its
 * values are put.
 */
#include "client/tool/bench_event.h"

#include <stdio.h>
#include <string.h>

static const char path[] = "/api/v1/items/0123456789";
static const struct etwr_guid request = {{0x12, 0x34, 0x56, 0x78, 0x9a, 0xbc, 0xde, 0xf0, 0x0f,
                                          0xed, 0xcb, 0xa9, 0x87, 0x65, 0x43, 0x21}};

_Static_assert(sizeof path - 1 == 24, "the reference event's path has 24 characters");

static enum etwr_status build(struct bench_event *event)
{
    struct etwr_event *builder = event->builder;
    uint32_t count = event->count++;

    etwr_event_reset(builder, BENCH_EVENT_NAME, BENCH_EVENT_LEVEL, BENCH_EVENT_KEYWORD);
    etwr_event_add_uint32(builder, "status", 200, ETWR_OUT_NULL, 0);
    etwr_event_add_uint64(builder, "bytes", 5120 + (uint64_t)count, ETWR_OUT_NULL, 0);
    etwr_event_add_float64(builder, "ms", 1.25, ETWR_OUT_NULL, 0);
    etwr_event_add_str8(builder, "path", path, ETWR_OUT_UTF8, 0);
    etwr_event_add_guid(builder, "request", &request, ETWR_OUT_NULL, 0);
    return etwr_event_add_bool32(builder, "ok", 1, ETWR_OUT_NULL, 0);
}

bool bench_event_open(struct bench_event *event, struct etwr_client *client, bool use_builder)
{
    enum etwr_status status = etwr_event_create(&event->builder);

    if (status == ETWR_OK)
        status = etwr_provider_open(client, BENCH_EVENT_PROVIDER, NULL, &event->provider);
    if (status == ETWR_OK && !use_builder) {
        build(event);
        status = etwr_prepared_create(event->provider, event->builder, &event->prepared);
    }
    if (status == ETWR_OK) return true;
    fprintf(stderr, "etwrelay bench: cannot make the reference event: %s\n",
            etwr_status_text(status));
    bench_event_close(event);
    return false;
}

void bench_event_close(struct bench_event *event)
{
    etwr_provider_close(event->provider); /* frees the prepared event, too */
    etwr_event_destroy(event->builder);
    memset(event, 0, sizeof *event);
}

static enum etwr_status write_prepared(struct bench_event *event)
{
    uint8_t memory[128];
    struct etwr_values values;

    etwr_values_init(&values, memory, sizeof memory);
    etwr_put_uint32(&values, 200);
    etwr_put_uint64(&values, 5120 + (uint64_t)event->count++);
    etwr_put_float64(&values, 1.25);
    etwr_put_str8(&values, path, sizeof path - 1);
    etwr_put_guid(&values, &request);
    etwr_put_int32(&values, 1);
    return etwr_prepared_write(event->prepared, &values, NULL, NULL);
}

enum etwr_status bench_event_write(struct bench_event *event)
{
    if (event->prepared != NULL) return write_prepared(event);
    build(event);
    return etwr_provider_write(event->provider, event->builder);
}
