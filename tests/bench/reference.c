/* See the header. Names and types stand here once for all benchmarks. */
#include "tests/bench/reference.h"

#include <string.h>

static const char path[] = "/api/v1/items/0123456789";
static const struct etwr_guid request = {{0x12, 0x34, 0x56, 0x78, 0x9a, 0xbc, 0xde, 0xf0, 0x0f,
                                          0xed, 0xcb, 0xa9, 0x87, 0x65, 0x43, 0x21}};

enum etwr_status reference_build(struct etwr_event *builder, uint8_t level, uint32_t count)
{
    etwr_event_reset(builder, "RequestDone", level, REFERENCE_KEYWORD);
    etwr_event_add_uint32(builder, "status", 200, ETWR_OUT_NULL, 0);
    etwr_event_add_uint64(builder, "bytes", 5120 + (uint64_t)count, ETWR_OUT_NULL, 0);
    etwr_event_add_float64(builder, "ms", 1.25, ETWR_OUT_NULL, 0);
    etwr_event_add_str8(builder, "path", path, ETWR_OUT_UTF8, 0);
    etwr_event_add_guid(builder, "request", &request, ETWR_OUT_NULL, 0);
    return etwr_event_add_bool32(builder, "ok", 1, ETWR_OUT_NULL, 0);
}

static void put_around(struct etwr_values *values, uint32_t count, const char *text, size_t size)
{
    etwr_put_uint32(values, 200);
    etwr_put_uint64(values, 5120 + (uint64_t)count);
    etwr_put_float64(values, 1.25);
    etwr_put_str8(values, text, size);
    etwr_put_guid(values, &request);
    etwr_put_int32(values, 1);
}

void reference_put(struct etwr_values *values, void *memory, size_t capacity, uint32_t count)
{
    etwr_values_init(values, memory, capacity);
    put_around(values, count, path, sizeof path - 1);
}

void reference_put_sized(struct etwr_values *values, void *memory, size_t capacity, uint32_t count,
                         size_t path_size)
{
    static char text[REFERENCE_PATH_MAX_BYTES];

    if (text[0] == '\0') memset(text, 'p', sizeof text);
    etwr_values_init(values, memory, capacity);
    put_around(values, count, text, path_size < sizeof text ? path_size : sizeof text);
}
