/*
 * EventBuilder: adders of bytes as they are: raw strings, blobs, SIDs, custom fields, and values
 * packed already.
 */
#include "protocol/tracelogging/builder.h"

#include <string.h>

#include "protocol/tracelogging/little_endian.h"
#include "protocol/tracelogging/packed.h"

/* How a value is bounded. */
enum bytes_form { FORM_ZSTR16, FORM_ZSTR8, FORM_COUNTED16, FORM_COUNTED8, FORM_SID };

struct bytes_kind {
    uint8_t in;
    uint8_t form;
};

static const struct bytes_kind ZSTR16_RAW = {ETWR_IN_ZSTR16, FORM_ZSTR16};
static const struct bytes_kind ZSTR8_RAW = {ETWR_IN_ZSTR8, FORM_ZSTR8};
static const struct bytes_kind STR16_RAW = {ETWR_IN_STR16, FORM_COUNTED16};
static const struct bytes_kind STR8_RAW = {ETWR_IN_STR8, FORM_COUNTED8};
static const struct bytes_kind CBINARY = {ETWR_IN_CBINARY, FORM_COUNTED8};
static const struct bytes_kind BINARY = {ETWR_IN_BINARY, FORM_COUNTED8};
static const struct bytes_kind SID = {ETWR_IN_SID, FORM_SID};

/* memcpy() of nothing from NULL is undefined. */
static uint8_t *put_bytes_at(uint8_t *at, const void *data, size_t size)
{
    if (size > 0) memcpy(at, data, size);
    return at + size;
}

static uint8_t *put_counted(uint8_t *at, const void *data, size_t size)
{
    store_u16(at, (uint16_t)size);
    return put_bytes_at(at + 2, data, size);
}

/* A terminated string ends at its first NUL, whatever its size says. */
static size_t zstr16_bytes(const uint8_t *data, size_t size)
{
    size_t at = 0;
    while (at < size && (data[at] != 0 || data[at + 1] != 0))
        at += 2;
    return at;
}

static size_t zstr8_bytes(const uint8_t *data, size_t size)
{
    const uint8_t *end = size == 0 ? NULL : memchr(data, 0, size);
    return end == NULL ? size : (size_t)(end - data);
}

static enum etwr_status measure_bytes(struct bytes_kind kind, const void *data, size_t size,
                                      size_t *packed_size)
{
    bool is_wide = kind.form == FORM_ZSTR16 || kind.form == FORM_COUNTED16;
    if ((data == NULL && size != 0) || (is_wide && size % 2 != 0)) return ETWR_E_BAD_VALUE;
    switch ((enum bytes_form)kind.form) {
    case FORM_ZSTR16:
        *packed_size = zstr16_bytes(data, size) + 2;
        return ETWR_OK;
    case FORM_ZSTR8:
        *packed_size = zstr8_bytes(data, size) + 1;
        return ETWR_OK;
    case FORM_COUNTED16:
    case FORM_COUNTED8:
        *packed_size = size + 2;
        return size > COUNT_MAX ? ETWR_E_DATA_TOO_LONG : ETWR_OK;
    case FORM_SID:
        *packed_size = size;
        return packed_is_sid(data, size) ? ETWR_OK : ETWR_E_BAD_VALUE;
    }
    return ETWR_E_BAD_TYPE;
}

/* Put a value that measure_bytes() passed; returns its end. */
static uint8_t *put_value(struct bytes_kind kind, uint8_t *at, const void *data, size_t size)
{
    static const uint8_t nul[2] = {0, 0};
    switch ((enum bytes_form)kind.form) {
    case FORM_ZSTR16:
        at = put_bytes_at(at, data, zstr16_bytes(data, size));
        return put_bytes_at(at, nul, 2);
    case FORM_ZSTR8:
        at = put_bytes_at(at, data, zstr8_bytes(data, size));
        return put_bytes_at(at, nul, 1);
    case FORM_COUNTED16:
    case FORM_COUNTED8:
        return put_counted(at, data, size);
    case FORM_SID:
        return put_bytes_at(at, data, size);
    }
    return at;
}

static enum etwr_status add_bytes(struct etwr_event *event, const char *name,
                                  struct bytes_kind kind, const void *data, size_t size,
                                  unsigned out, uint32_t tag)
{
    size_t packed_size;
    enum etwr_status status = measure_bytes(kind, data, size, &packed_size);
    if (status != ETWR_OK) return builder_fail(event, status);
    uint8_t *at = kind.in == ETWR_IN_BINARY
                      ? builder_add_unusual_value(event, name, kind.in, out, tag, packed_size)
                      : builder_add_value(event, name, kind.in, out, tag, packed_size);
    if (at == NULL) return builder_status(event);
    put_value(kind, at, data, size);
    return ETWR_OK;
}

static enum etwr_status measure_all(struct bytes_kind kind, const struct etwr_bytes *values,
                                    size_t count, size_t *total)
{
    *total = 0;
    for (size_t i = 0; i < count; i++) {
        size_t size;
        enum etwr_status status = measure_bytes(kind, values[i].data, values[i].size, &size);
        if (status != ETWR_OK) return status;
        if (size > ETWR_DATA_MAX_BYTES - *total) return ETWR_E_DATA_TOO_LONG;
        *total += size;
    }
    return ETWR_OK;
}

static enum etwr_status add_bytes_array(struct etwr_event *event, const char *name,
                                        struct bytes_kind kind, unsigned array,
                                        const struct etwr_bytes *values, size_t count, unsigned out,
                                        uint32_t tag)
{
    size_t total;
    if (values == NULL && count != 0) return builder_fail(event, ETWR_E_BAD_VALUE);
    enum etwr_status status = measure_all(kind, values, count, &total);
    if (status != ETWR_OK) return builder_fail(event, status);
    uint8_t *at = builder_add_elements(event, name, kind.in | array, count, out, tag, total);
    if (at == NULL) return builder_status(event);
    for (size_t i = 0; i < count; i++)
        at = put_value(kind, at, values[i].data, values[i].size);
    return ETWR_OK;
}

#define DEFINE_BYTES(TYPE, KIND)                                                                   \
    enum etwr_status etwr_event_add_##TYPE(struct etwr_event *event, const char *name,             \
                                           const void *data, size_t size, enum etwr_out out,       \
                                           uint32_t tag)                                           \
    {                                                                                              \
        return add_bytes(event, name, KIND, data, size, out, tag);                                 \
    }                                                                                              \
    enum etwr_status etwr_event_add_##TYPE##_sequence(                                             \
        struct etwr_event *event, const char *name, const struct etwr_bytes *values, size_t count, \
        enum etwr_out out, uint32_t tag)                                                           \
    {                                                                                              \
        return add_bytes_array(event, name, KIND, ETWR_IN_SEQUENCE, values, count, out, tag);      \
    }                                                                                              \
    enum etwr_status etwr_event_add_##TYPE##_array(struct etwr_event *event, const char *name,     \
                                                   const struct etwr_bytes *values, size_t count,  \
                                                   enum etwr_out out, uint32_t tag)                \
    {                                                                                              \
        return add_bytes_array(event, name, KIND, ETWR_IN_CONSTANT_ARRAY, values, count, out,      \
                               tag);                                                               \
    }

DEFINE_BYTES(zstr16_raw, ZSTR16_RAW)
DEFINE_BYTES(zstr8_raw, ZSTR8_RAW)
DEFINE_BYTES(str16_raw, STR16_RAW)
DEFINE_BYTES(str8_raw, STR8_RAW)
DEFINE_BYTES(sid, SID)
DEFINE_BYTES(cbinary, CBINARY)

enum etwr_status etwr_event_add_binary(struct etwr_event *event, const char *name, const void *data,
                                       size_t size, enum etwr_out out, uint32_t tag)
{
    return add_bytes(event, name, BINARY, data, size, out, tag);
}

enum etwr_status builder_init_custom(struct field *field, const char *name, uint8_t in,
                                     const void *type_info, size_t type_info_size, unsigned out,
                                     uint32_t tag)
{
    if (in > ETWR_IN_TYPE_MASK) return ETWR_E_BAD_TYPE;
    if (type_info == NULL && type_info_size != 0) return ETWR_E_BAD_VALUE;
    *field = (struct field){.name = name,
                            .in = (uint8_t)(in | ETWR_IN_CUSTOM),
                            .out = out,
                            .tag = tag,
                            .type_info = {type_info, type_info_size}};
    return ETWR_OK;
}

enum etwr_status etwr_event_add_custom(struct etwr_event *event, const char *name, uint8_t in,
                                       const void *type_info, size_t type_info_size,
                                       const void *data, size_t size, enum etwr_out out,
                                       uint32_t tag)
{
    struct field field;
    struct placed placed;
    enum etwr_status status =
        builder_init_custom(&field, name, in, type_info, type_info_size, out, tag);
    if (status == ETWR_OK && data == NULL && size != 0) status = ETWR_E_BAD_VALUE;
    if (status == ETWR_OK && size > COUNT_MAX) status = ETWR_E_DATA_TOO_LONG;
    if (status != ETWR_OK) return builder_fail(event, status);
    if (!builder_add_field(event, &field, FIELD_VALUE, size + 2, &placed))
        return builder_status(event);
    put_counted(placed.data, data, size);
    return ETWR_OK;
}

static enum etwr_status check_packed(unsigned in, size_t count, const void *data, size_t size)
{
    struct reader reader;
    if (!packed_is_type(in)) return ETWR_E_BAD_TYPE;
    if (!builder_is_count(in, count) || data == NULL) return ETWR_E_BAD_VALUE;
    if (size > ETWR_DATA_MAX_BYTES) return ETWR_E_DATA_TOO_LONG;
    reader_init(&reader, data, size);
    packed_skip(&reader, in, count);
    return reader_finish(&reader) ? ETWR_OK : ETWR_E_BAD_VALUE;
}

enum etwr_status etwr_event_add_packed(struct etwr_event *event, const char *name, uint8_t in,
                                       size_t count, const void *data, size_t size,
                                       enum etwr_out out, uint32_t tag)
{
    struct placed placed;
    struct field field = {.name = name, .in = in, .out = out, .tag = tag};
    if (in_is_constant_array(in)) field.count = count;
    enum etwr_status status = check_packed(in, field.count, data, size);
    if (status != ETWR_OK) return builder_fail(event, status);
    if (!builder_add_field(event, &field, FIELD_VALUE, size, &placed)) return builder_status(event);
    memcpy(placed.data, data, size);
    return ETWR_OK;
}
