/*
 * EventBuilder: adders of values of one size, alone and in arrays. They are many and all alike, so
 * each is only a jump, with its type's constants, to the one function that does the work.
 */
#include "protocol/tracelogging/builder.h"

#include <string.h>

#include "protocol/tracelogging/little_endian.h"
#include "protocol/tracelogging/plain_field.h"

/* What an adder knows of its type, in one register: in type, bytes of a value, and bytes of its
 * units. These are what has a byte order: a number is one unit, a SYSTEMTIME eight, a GUID (kept as
 * bytes) sixteen. */
#define KIND(IN, BYTES, UNIT_BYTES)                                                                \
    ((unsigned)(IN) | (unsigned)(BYTES) << 8 | (unsigned)(UNIT_BYTES) << 16)

#define GUID_KIND       KIND(ETWR_IN_GUID, sizeof(struct etwr_guid), 1)
#define SYSTEMTIME_KIND KIND(ETWR_IN_SYSTEMTIME, sizeof(struct etwr_systemtime), 2)

_Static_assert(sizeof(struct etwr_guid) == 16, "a GUID is 16 bytes and no more");
_Static_assert(sizeof(struct etwr_systemtime) == 16, "a SYSTEMTIME is eight u16 and no more");

static unsigned in_of(unsigned kind)
{
    return kind & 0xFF;
}

static size_t bytes_of(unsigned kind)
{
    return kind >> 8 & 0xFF;
}

static size_t unit_bytes_of(unsigned kind)
{
    return kind >> 16;
}

static uint32_t float32_bits(float value)
{
    uint32_t bits;
    _Static_assert(sizeof bits == sizeof value, "float32 is IEEE 754 binary32");
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static uint64_t float64_bits(double value)
{
    uint64_t bits;
    _Static_assert(sizeof bits == sizeof value, "float64 is IEEE 754 binary64");
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

/* Always stores eight bytes: those behind the value do not count, and DATA_SLACK_BYTES is room for
 * them. */
static enum etwr_status add_number(struct etwr_event *event, const char *name, uint64_t bits,
                                   unsigned out, uint32_t tag, unsigned kind)
{
    uint8_t *at;
    if (!add_plain_field(event, name, in_of(kind), out, tag, bytes_of(kind), &at))
        return builder_add_unusual_number(event, name, bits, out, tag, kind);
    store_u64(at, bits);
    return ETWR_OK;
}

/* `count` units in this machine's order, as float and double are too. */
static void store_units(uint8_t *at, const void *units, size_t count, size_t unit_bytes)
{
    const uint8_t *from = units;
    if (unit_bytes == 1) {
        if (count != 0) memcpy(at, from, count);
        return;
    }
    for (; count > 0; count--, from += unit_bytes, at += unit_bytes) {
        uint16_t u16;
        uint32_t u32;
        uint64_t u64;
        switch (unit_bytes) {
        case 2:
            memcpy(&u16, from, sizeof u16);
            store_u16(at, u16);
            break;
        case 4:
            memcpy(&u32, from, sizeof u32);
            store_u32(at, u32);
            break;
        default:
            memcpy(&u64, from, sizeof u64);
            store_u64(at, u64);
            break;
        }
    }
}

static enum etwr_status add_numbers(struct etwr_event *event, const char *name, const void *values,
                                    size_t count, unsigned out, uint32_t tag, unsigned array,
                                    unsigned kind)
{
    if (values == NULL && count != 0) return builder_fail(event, ETWR_E_BAD_VALUE);
    /* Should this overflow, then the count is refused before the size is looked at. */
    size_t size = count * bytes_of(kind);
    uint8_t *at = builder_add_elements(event, name, in_of(kind) | array, count, out, tag, size);
    if (at == NULL) return builder_status(event);
    store_units(at, values, size / unit_bytes_of(kind), unit_bytes_of(kind));
    return ETWR_OK;
}

#define DEFINE_ARRAYS(TYPE, ELEMENT, TYPE_KIND)                                                    \
    enum etwr_status etwr_event_add_##TYPE##_sequence(struct etwr_event *event, const char *name,  \
                                                      const ELEMENT *values, size_t count,         \
                                                      enum etwr_out out, uint32_t tag)             \
    {                                                                                              \
        return add_numbers(event, name, values, count, out, tag, ETWR_IN_SEQUENCE, TYPE_KIND);     \
    }                                                                                              \
    enum etwr_status etwr_event_add_##TYPE##_array(struct etwr_event *event, const char *name,     \
                                                   const ELEMENT *values, size_t count,            \
                                                   enum etwr_out out, uint32_t tag)                \
    {                                                                                              \
        return add_numbers(event, name, values, count, out, tag, ETWR_IN_CONSTANT_ARRAY,           \
                           TYPE_KIND);                                                             \
    }

/* BITS makes the value's unsigned form of the same width. */
#define DEFINE_NUMBER(TYPE, IN, VALUE, BITS)                                                       \
    enum etwr_status etwr_event_add_##TYPE(struct etwr_event *event, const char *name,             \
                                           VALUE value, enum etwr_out out, uint32_t tag)           \
    {                                                                                              \
        return add_number(event, name, BITS(value), out, tag,                                      \
                          KIND(IN, sizeof(VALUE), sizeof(VALUE)));                                 \
    }                                                                                              \
    DEFINE_ARRAYS(TYPE, VALUE, KIND(IN, sizeof(VALUE), sizeof(VALUE)))

DEFINE_NUMBER(int8, ETWR_IN_INT8, int8_t, (uint8_t))
DEFINE_NUMBER(uint8, ETWR_IN_UINT8, uint8_t, (uint8_t))
DEFINE_NUMBER(int16, ETWR_IN_INT16, int16_t, (uint16_t))
DEFINE_NUMBER(uint16, ETWR_IN_UINT16, uint16_t, (uint16_t))
DEFINE_NUMBER(int32, ETWR_IN_INT32, int32_t, (uint32_t))
DEFINE_NUMBER(uint32, ETWR_IN_UINT32, uint32_t, (uint32_t))
DEFINE_NUMBER(int64, ETWR_IN_INT64, int64_t, (uint64_t))
DEFINE_NUMBER(uint64, ETWR_IN_UINT64, uint64_t, (uint64_t))
DEFINE_NUMBER(intptr, ETWR_IN_INT64, int64_t, (uint64_t))
DEFINE_NUMBER(uintptr, ETWR_IN_UINT64, uint64_t, (uint64_t))
DEFINE_NUMBER(float32, ETWR_IN_FLOAT32, float, float32_bits)
DEFINE_NUMBER(float64, ETWR_IN_FLOAT64, double, float64_bits)
DEFINE_NUMBER(bool32, ETWR_IN_BOOL32, int32_t, (uint32_t))
DEFINE_NUMBER(hexint32, ETWR_IN_HEXINT32, uint32_t, (uint32_t))
DEFINE_NUMBER(hexint64, ETWR_IN_HEXINT64, uint64_t, (uint64_t))
DEFINE_NUMBER(hexintptr, ETWR_IN_HEXINT64, uint64_t, (uint64_t))
DEFINE_NUMBER(filetime, ETWR_IN_FILETIME, uint64_t, (uint64_t))
DEFINE_ARRAYS(guid, struct etwr_guid, GUID_KIND)
DEFINE_ARRAYS(systemtime, struct etwr_systemtime, SYSTEMTIME_KIND)

enum etwr_status etwr_event_add_systemtime(struct etwr_event *event, const char *name,
                                           const struct etwr_systemtime *value, enum etwr_out out,
                                           uint32_t tag)
{
    if (value == NULL) return builder_fail(event, ETWR_E_BAD_VALUE);
    uint8_t *at = builder_add_value(event, name, ETWR_IN_SYSTEMTIME, out, tag, sizeof *value);
    if (at == NULL) return builder_status(event);
    store_units(at, value, sizeof *value / sizeof value->year, sizeof value->year);
    return ETWR_OK;
}
