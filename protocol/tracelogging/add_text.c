/*
 * EventBuilder: adders of text given as NUL-terminated UTF-8. The 8-bit kinds keep its bytes, the
 * 16-bit kinds convert it.
 *
 * A value is measured and checked in full before anything is reserved, so that the writing cannot
 * fail; for arrays that means a pass over all elements first.
 */
#include "protocol/tracelogging/builder.h"

#include <string.h>

#include "protocol/tracelogging/little_endian.h"
#include "protocol/tracelogging/utf8.h"

struct text_kind {
    uint8_t in;
    bool is_wide;
    bool is_counted; /* a u16 byte count before, rather than a NUL behind */
};

/* So a value that its u16 could not count does not fit the data either, and needs no check of its
 * own. */
_Static_assert(ETWR_DATA_MAX_BYTES < sizeof(uint16_t) + COUNT_MAX + 1, "counted values fit a u16");

static const struct text_kind ZSTR16 = {ETWR_IN_ZSTR16, true, false};
static const struct text_kind ZSTR8 = {ETWR_IN_ZSTR8, false, false};
static const struct text_kind STR16 = {ETWR_IN_STR16, true, true};
static const struct text_kind STR8 = {ETWR_IN_STR8, false, true};

/* Bytes that a value takes, count or NUL included. */
static enum etwr_status measure_text(struct text_kind kind, const char *text, size_t length,
                                     size_t *size)
{
    if (!utf8_is_valid(text, length)) return ETWR_E_BAD_VALUE;
    size_t bytes = kind.is_wide ? utf16_size_of_utf8(text, length) : length;
    *size = bytes + (kind.is_counted || kind.is_wide ? 2u : 1u);
    return ETWR_OK;
}

/* Put a value of `size` bytes as measured; returns its end. */
static uint8_t *put_text(struct text_kind kind, uint8_t *at, const char *text, size_t length,
                         size_t size)
{
    if (kind.is_counted) {
        store_u16(at, (uint16_t)(size - 2));
        at += 2;
    }
    if (kind.is_wide) {
        at += utf16_from_utf8(text, length, at);
    } else {
        memcpy(at, text, length);
        at += length;
    }
    if (!kind.is_counted) {
        *at++ = 0;
        if (kind.is_wide) *at++ = 0;
    }
    return at;
}

/* Text of the 8-bit kinds is only copied: the shortest way for what is the most common. */
static inline enum etwr_status add_narrow(struct etwr_event *event, const char *name,
                                          bool is_counted, const char *text, unsigned out,
                                          uint32_t tag)
{
    if (text == NULL) return builder_fail(event, ETWR_E_BAD_VALUE);
    size_t length = strlen(text);
    if (!utf8_is_valid(text, length)) return builder_fail(event, ETWR_E_BAD_VALUE);
    unsigned in = is_counted ? ETWR_IN_STR8 : ETWR_IN_ZSTR8;
    uint8_t *at = builder_add_value(event, name, in, out, tag, length + (is_counted ? 2 : 1));
    if (at == NULL) return builder_status(event);
    if (is_counted) {
        store_u16(at, (uint16_t)length);
        memcpy(at + 2, text, length);
    } else {
        memcpy(at, text, length + 1);
    }
    return ETWR_OK;
}

static enum etwr_status add_wide(struct etwr_event *event, const char *name, struct text_kind kind,
                                 const char *text, unsigned out, uint32_t tag)
{
    if (text == NULL) return builder_fail(event, ETWR_E_BAD_VALUE);
    size_t length = strlen(text);
    size_t size = 0;
    enum etwr_status status = measure_text(kind, text, length, &size);
    if (status != ETWR_OK) return builder_fail(event, status);
    uint8_t *at = builder_add_value(event, name, kind.in, out, tag, size);
    if (at == NULL) return builder_status(event);
    put_text(kind, at, text, length, size);
    return ETWR_OK;
}

/* Stops at the first element that is wrong, or past what an event can hold. */
static enum etwr_status measure_texts(struct text_kind kind, const char *const *values,
                                      size_t count, size_t *total)
{
    *total = 0;
    for (size_t i = 0; i < count; i++) {
        size_t size = 0;
        if (values[i] == NULL) return ETWR_E_BAD_VALUE;
        enum etwr_status status = measure_text(kind, values[i], strlen(values[i]), &size);
        if (status != ETWR_OK) return status;
        if (size > ETWR_DATA_MAX_BYTES - *total) return ETWR_E_DATA_TOO_LONG;
        *total += size;
    }
    return ETWR_OK;
}

static enum etwr_status add_texts(struct etwr_event *event, const char *name, struct text_kind kind,
                                  unsigned array, const char *const *values, size_t count,
                                  unsigned out, uint32_t tag)
{
    size_t total;
    if (values == NULL && count != 0) return builder_fail(event, ETWR_E_BAD_VALUE);
    enum etwr_status status = measure_texts(kind, values, count, &total);
    if (status != ETWR_OK) return builder_fail(event, status);
    uint8_t *at = builder_add_elements(event, name, kind.in | array, count, out, tag, total);
    if (at == NULL) return builder_status(event);
    for (size_t i = 0; i < count; i++) {
        size_t length = strlen(values[i]);
        size_t wide_bytes = kind.is_wide ? utf16_size_of_utf8(values[i], length) : length;
        at = put_text(kind, at, values[i], length, wide_bytes + 2);
    }
    return ETWR_OK;
}

#define DEFINE_TEXT(TYPE, KIND, ADD, SCALAR_KIND)                                                  \
    enum etwr_status etwr_event_add_##TYPE(struct etwr_event *event, const char *name,             \
                                           const char *value, enum etwr_out out, uint32_t tag)     \
    {                                                                                              \
        return ADD(event, name, SCALAR_KIND, value, out, tag);                                     \
    }                                                                                              \
    enum etwr_status etwr_event_add_##TYPE##_sequence(struct etwr_event *event, const char *name,  \
                                                      const char *const *values, size_t count,     \
                                                      enum etwr_out out, uint32_t tag)             \
    {                                                                                              \
        return add_texts(event, name, KIND, ETWR_IN_SEQUENCE, values, count, out, tag);            \
    }                                                                                              \
    enum etwr_status etwr_event_add_##TYPE##_array(struct etwr_event *event, const char *name,     \
                                                   const char *const *values, size_t count,        \
                                                   enum etwr_out out, uint32_t tag)                \
    {                                                                                              \
        return add_texts(event, name, KIND, ETWR_IN_CONSTANT_ARRAY, values, count, out, tag);      \
    }

DEFINE_TEXT(zstr16, ZSTR16, add_wide, ZSTR16)
DEFINE_TEXT(zstr8, ZSTR8, add_narrow, false)
DEFINE_TEXT(str16, STR16, add_wide, STR16)
DEFINE_TEXT(str8, STR8, add_narrow, true)
