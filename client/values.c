/*
 * Values of prepared events, packed as TraceLogging packs them, into the caller's memory. A put
 * that does not fit writes nothing, and the first failure is kept, so a caller looks at the write's
 * result alone.
 */
#include <string.h>

#include <etwrelay/client.h>

#include "protocol/tracelogging/little_endian.h"
#include "protocol/tracelogging/utf8.h"

#define COUNTED_MAX_BYTES 65535u

void etwr_values_init(struct etwr_values *values, void *memory, size_t capacity)
{
    values->start = values->at = memory;
    values->end = memory ? values->start + capacity : NULL;
    values->failed = memory || capacity == 0 ? ETWR_OK : ETWR_E_INVALID_ARGUMENT;
}

/* Nothing has room any more, so that puts look for room alone. */
static void fail(struct etwr_values *values, enum etwr_status status)
{
    if (values->failed == ETWR_OK) values->failed = (int)status;
    values->end = values->at;
}

/* Room for `size` bytes, at least 1, taken; NULL after a failure. */
static inline uint8_t *take(struct etwr_values *values, size_t size)
{
    uint8_t *at = values->at;

    if (size > (size_t)(values->end - at)) {
        fail(values, ETWR_E_DATA_TOO_LONG);
        return NULL;
    }
    values->at = at + size;
    return at;
}

static inline void put_8(struct etwr_values *values, uint8_t value)
{
    uint8_t *at = take(values, 1);

    if (at) at[0] = value;
}

void etwr_put_int8(struct etwr_values *values, int8_t value)
{
    put_8(values, (uint8_t)value);
}

void etwr_put_uint8(struct etwr_values *values, uint8_t value)
{
    put_8(values, value);
}

static inline void put_16(struct etwr_values *values, uint16_t value)
{
    uint8_t *at = take(values, 2);

    if (at) store_u16(at, value);
}

void etwr_put_int16(struct etwr_values *values, int16_t value)
{
    put_16(values, (uint16_t)value);
}

void etwr_put_uint16(struct etwr_values *values, uint16_t value)
{
    put_16(values, value);
}

static inline void put_32(struct etwr_values *values, uint32_t value)
{
    uint8_t *at = take(values, 4);

    if (at) store_u32(at, value);
}

void etwr_put_int32(struct etwr_values *values, int32_t value)
{
    put_32(values, (uint32_t)value);
}

void etwr_put_uint32(struct etwr_values *values, uint32_t value)
{
    put_32(values, value);
}

static inline void put_64(struct etwr_values *values, uint64_t value)
{
    uint8_t *at = take(values, 8);

    if (at) store_u64(at, value);
}

void etwr_put_int64(struct etwr_values *values, int64_t value)
{
    put_64(values, (uint64_t)value);
}

void etwr_put_uint64(struct etwr_values *values, uint64_t value)
{
    put_64(values, value);
}

void etwr_put_float32(struct etwr_values *values, float value)
{
    uint32_t bits;

    memcpy(&bits, &value, sizeof bits);
    put_32(values, bits);
}

void etwr_put_float64(struct etwr_values *values, double value)
{
    uint64_t bits;

    memcpy(&bits, &value, sizeof bits);
    put_64(values, bits);
}

void etwr_put_guid(struct etwr_values *values, const struct etwr_guid *value)
{
    uint8_t *at;

    if (!value) {
        fail(values, ETWR_E_BAD_VALUE);
        return;
    }
    at = take(values, sizeof value->bytes);
    if (at) memcpy(at, value->bytes, sizeof value->bytes);
}

void etwr_put_systemtime(struct etwr_values *values, const struct etwr_systemtime *value)
{
    struct etwr_values part;
    uint8_t *at;

    if (!value) {
        fail(values, ETWR_E_BAD_VALUE);
        return;
    }
    at = take(values, 16);
    if (!at) return;
    part = (struct etwr_values){.start = at, .at = at, .end = at + 16};
    put_16(&part, value->year);
    put_16(&part, value->month);
    put_16(&part, value->day_of_week);
    put_16(&part, value->day);
    put_16(&part, value->hour);
    put_16(&part, value->minute);
    put_16(&part, value->second);
    put_16(&part, value->milliseconds);
}

void etwr_put_zstr8(struct etwr_values *values, const char *text)
{
    size_t size;
    uint8_t *at;

    if (!text) {
        fail(values, ETWR_E_BAD_VALUE);
        return;
    }
    size = strlen(text) + 1;
    at = take(values, size);
    if (at) memcpy(at, text, size);
}

/* UTF-16LE of checked text, `more` bytes of room in front of it and `end` behind. */
static uint8_t *put_utf16(struct etwr_values *values, const char *utf8, size_t more, size_t end,
                          size_t *size)
{
    size_t length;
    uint8_t *at;

    if (!utf8 || !utf8_is_valid(utf8, length = strlen(utf8))) {
        fail(values, ETWR_E_BAD_VALUE);
        return NULL;
    }
    *size = utf16_size_of_utf8(utf8, length);
    if (more > 0 && *size > COUNTED_MAX_BYTES) {
        fail(values, ETWR_E_DATA_TOO_LONG);
        return NULL;
    }
    at = take(values, more + *size + end);
    if (at) utf16_from_utf8(utf8, length, at + more);
    return at;
}

void etwr_put_zstr16(struct etwr_values *values, const char *utf8)
{
    size_t size;
    uint8_t *at = put_utf16(values, utf8, 0, 2, &size);

    if (at) memset(at + size, 0, 2);
}

void etwr_put_str16(struct etwr_values *values, const char *utf8)
{
    size_t size;
    uint8_t *at = put_utf16(values, utf8, 2, 0, &size);

    if (!at) return;
    store_u16(at, (uint16_t)size);
}

void etwr_put_str8(struct etwr_values *values, const void *data, size_t size)
{
    uint8_t *at;

    if (!data && size > 0) {
        fail(values, ETWR_E_BAD_VALUE);
        return;
    }
    if (size > COUNTED_MAX_BYTES) {
        fail(values, ETWR_E_DATA_TOO_LONG);
        return;
    }
    at = take(values, 2 + size);
    if (!at) return;
    store_u16(at, (uint16_t)size);
    if (size > 0) memcpy(at + 2, data, size);
}

void etwr_put_sid(struct etwr_values *values, const void *sid, size_t size)
{
    const uint8_t *bytes = sid;
    uint8_t *at;

    if (!bytes || size < 8 || bytes[1] > 15 || size != 8 + 4 * (size_t)bytes[1]) {
        fail(values, ETWR_E_BAD_VALUE);
        return;
    }
    at = take(values, size);
    if (at) memcpy(at, bytes, size);
}

void etwr_put_count(struct etwr_values *values, uint16_t count)
{
    put_16(values, count);
}
