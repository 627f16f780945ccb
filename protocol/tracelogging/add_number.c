/*
 * EventBuilder: adders of values of one size. All are the same three functions, made by the macros
 * below: a value is reserved, and then put in little-endian order.
 */
#include "protocol/tracelogging/builder.h"

#include <string.h>

#include "protocol/tracelogging/little_endian.h"

static inline void store_float32(uint8_t *at, float value)
{
    uint32_t bits;
    _Static_assert(sizeof bits == sizeof value, "float32 is IEEE 754 binary32");
    memcpy(&bits, &value, sizeof bits);
    store_u32(at, bits);
}

static inline void store_float64(uint8_t *at, double value)
{
    uint64_t bits;
    _Static_assert(sizeof bits == sizeof value, "float64 is IEEE 754 binary64");
    memcpy(&bits, &value, sizeof bits);
    store_u64(at, bits);
}

static inline void store_i8(uint8_t *at, int8_t value)
{
    store_u8(at, (uint8_t)value);
}

static inline void store_i16(uint8_t *at, int16_t value)
{
    store_u16(at, (uint16_t)value);
}

static inline void store_i32(uint8_t *at, int32_t value)
{
    store_u32(at, (uint32_t)value);
}

static inline void store_i64(uint8_t *at, int64_t value)
{
    store_u64(at, (uint64_t)value);
}

static inline void store_guid(uint8_t *at, struct etwr_guid value)
{
    memcpy(at, value.bytes, sizeof value.bytes);
}

static inline void store_systemtime(uint8_t *at, struct etwr_systemtime value)
{
    store_u16(at, value.year);
    store_u16(at + 2, value.month);
    store_u16(at + 4, value.day_of_week);
    store_u16(at + 6, value.day);
    store_u16(at + 8, value.hour);
    store_u16(at + 10, value.minute);
    store_u16(at + 12, value.second);
    store_u16(at + 14, value.milliseconds);
}

/* Room for an array's values; NULL after a failure. */
static uint8_t *reserve_elements(struct etwr_event *event, const char *name, unsigned in,
                                 const void *values, size_t count, size_t each_bytes, unsigned out,
                                 uint32_t tag)
{
    if (values == NULL && count != 0) {
        builder_fail(event, ETWR_E_BAD_VALUE);
        return NULL;
    }
    if (count > COUNT_MAX) {
        builder_fail(event, ETWR_E_DATA_TOO_LONG);
        return NULL;
    }
    return builder_add_elements(event, name, in, count, out, tag, count * each_bytes);
}

#define DEFINE_ARRAY_ADDER(TYPE, FORM, IN, ELEMENT, BYTES, STORE)                                  \
    enum etwr_status etwr_event_add_##TYPE##FORM(struct etwr_event *event, const char *name,       \
                                                 const ELEMENT *values, size_t count,              \
                                                 enum etwr_out out, uint32_t tag)                  \
    {                                                                                              \
        uint8_t *at = reserve_elements(event, name, IN, values, count, BYTES, out, tag);           \
        if (at == NULL) return builder_status(event);                                              \
        for (size_t i = 0; i < count; i++)                                                         \
            STORE(at + i * (BYTES), values[i]);                                                    \
        return ETWR_OK;                                                                            \
    }

#define DEFINE_ARRAY_ADDERS(TYPE, IN, ELEMENT, BYTES, STORE)                                       \
    DEFINE_ARRAY_ADDER(TYPE, _sequence, (IN) | ETWR_IN_SEQUENCE, ELEMENT, BYTES, STORE)            \
    DEFINE_ARRAY_ADDER(TYPE, _array, (IN) | ETWR_IN_CONSTANT_ARRAY, ELEMENT, BYTES, STORE)

#define DEFINE_NUMBER(TYPE, IN, VALUE, BYTES, STORE)                                               \
    enum etwr_status etwr_event_add_##TYPE(struct etwr_event *event, const char *name,             \
                                           VALUE value, enum etwr_out out, uint32_t tag)           \
    {                                                                                              \
        uint8_t *at = builder_add_value(event, name, IN, out, tag, BYTES);                         \
        if (at == NULL) return builder_status(event);                                              \
        STORE(at, value);                                                                          \
        return ETWR_OK;                                                                            \
    }                                                                                              \
    DEFINE_ARRAY_ADDERS(TYPE, IN, VALUE, BYTES, STORE)

/* By pointer, which may be NULL by mistake. */
#define DEFINE_STRUCTURE(TYPE, IN, VALUE, BYTES, STORE)                                            \
    enum etwr_status etwr_event_add_##TYPE(struct etwr_event *event, const char *name,             \
                                           const VALUE *value, enum etwr_out out, uint32_t tag)    \
    {                                                                                              \
        if (value == NULL) return builder_fail(event, ETWR_E_BAD_VALUE);                           \
        uint8_t *at = builder_add_value(event, name, IN, out, tag, BYTES);                         \
        if (at == NULL) return builder_status(event);                                              \
        STORE(at, *value);                                                                         \
        return ETWR_OK;                                                                            \
    }                                                                                              \
    DEFINE_ARRAY_ADDERS(TYPE, IN, VALUE, BYTES, STORE)

DEFINE_NUMBER(int8, ETWR_IN_INT8, int8_t, 1, store_i8)
DEFINE_NUMBER(uint8, ETWR_IN_UINT8, uint8_t, 1, store_u8)
DEFINE_NUMBER(int16, ETWR_IN_INT16, int16_t, 2, store_i16)
DEFINE_NUMBER(uint16, ETWR_IN_UINT16, uint16_t, 2, store_u16)
DEFINE_NUMBER(int32, ETWR_IN_INT32, int32_t, 4, store_i32)
DEFINE_NUMBER(uint32, ETWR_IN_UINT32, uint32_t, 4, store_u32)
DEFINE_NUMBER(int64, ETWR_IN_INT64, int64_t, 8, store_i64)
DEFINE_NUMBER(uint64, ETWR_IN_UINT64, uint64_t, 8, store_u64)
DEFINE_NUMBER(intptr, ETWR_IN_INT64, int64_t, 8, store_i64)
DEFINE_NUMBER(uintptr, ETWR_IN_UINT64, uint64_t, 8, store_u64)
DEFINE_NUMBER(float32, ETWR_IN_FLOAT32, float, 4, store_float32)
DEFINE_NUMBER(float64, ETWR_IN_FLOAT64, double, 8, store_float64)
DEFINE_NUMBER(bool32, ETWR_IN_BOOL32, int32_t, 4, store_i32)
DEFINE_NUMBER(hexint32, ETWR_IN_HEXINT32, uint32_t, 4, store_u32)
DEFINE_NUMBER(hexint64, ETWR_IN_HEXINT64, uint64_t, 8, store_u64)
DEFINE_NUMBER(hexintptr, ETWR_IN_HEXINT64, uint64_t, 8, store_u64)
DEFINE_NUMBER(filetime, ETWR_IN_FILETIME, uint64_t, 8, store_u64)
DEFINE_STRUCTURE(guid, ETWR_IN_GUID, struct etwr_guid, 16, store_guid)
DEFINE_STRUCTURE(systemtime, ETWR_IN_SYSTEMTIME, struct etwr_systemtime, 16, store_systemtime)
