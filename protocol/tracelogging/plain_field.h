/*
 * The path of nearly every add: a field outside of structs, with an ASCII name, and room for it.
 *
 * It is in a header because what an add costs its caller is decided here: in the adders it becomes
 * one function without calls. Whatever is not plain is left, untouched, to field.c, which can do
 * everything and says what is wrong.
 */
#ifndef ETWRELAY_PLAIN_FIELD_H
#define ETWRELAY_PLAIN_FIELD_H

#include "protocol/tracelogging/builder.h"

#define MORE_FOLLOWS    0x80 /* in byte: an out byte follows; out byte: a tag follows */
#define NAME_TURN_BYTES 8
#define OUT_MAX         0x7F
#define TAG_BYTES       4

static inline uint8_t *put_tag(uint8_t *at, uint32_t tag)
{
    at[0] = (uint8_t)(MORE_FOLLOWS | tag >> 21);
    at[1] = (uint8_t)(MORE_FOLLOWS | (tag >> 14 & 0x7F));
    at[2] = (uint8_t)(MORE_FOLLOWS | (tag >> 7 & 0x7F));
    at[3] = (uint8_t)(tag & 0x7F);
    return at + TAG_BYTES;
}

/* What follows the name when an out type or a tag does; returns its end. */
static inline uint8_t *put_long_head(uint8_t *at, unsigned in, unsigned out, uint32_t tag)
{
    *at++ = (uint8_t)(in | MORE_FOLLOWS);
    if (tag == 0) {
        *at++ = (uint8_t)out;
        return at;
    }
    *at++ = (uint8_t)(out | MORE_FOLLOWS);
    return put_tag(at, tag);
}

/* One byte of a name: its last, or none of ASCII, ends the copy. */
#define COPY_NAME_BYTE(I)                                                                          \
    do {                                                                                           \
        signed char byte = (signed char)name[I];                                                   \
        at[I] = (uint8_t)byte;                                                                     \
        if (byte <= 0) return byte == 0 ? at + (I) + 1 : NULL;                                     \
    } while (0)

/*
 * Copy an ASCII name and its NUL; each turn that starts before `stop` may write NAME_TURN_BYTES.
 * Returns its end; NULL: no room, or not ASCII. Names are short: this beats the calls of strlen()
 * and memcpy().
 */
static inline uint8_t *copy_ascii_name(uint8_t *at, const uint8_t *stop, const char *name)
{
    for (; at < stop; at += NAME_TURN_BYTES, name += NAME_TURN_BYTES) {
        COPY_NAME_BYTE(0);
        COPY_NAME_BYTE(1);
        COPY_NAME_BYTE(2);
        COPY_NAME_BYTE(3);
        COPY_NAME_BYTE(4);
        COPY_NAME_BYTE(5);
        COPY_NAME_BYTE(6);
        COPY_NAME_BYTE(7);
    }
    return NULL;
}

#undef COPY_NAME_BYTE

/*
 * Add a field of a plain type or a sequence of one, not `binary`, which counts twice. True with the
 * place of its `size` bytes in `*value`; false: not plain, nothing has changed.
 *
 * That no error is kept and no struct open needs no look: `metadata_stop` leaves no room then.
 */
static inline bool add_plain_field(struct etwr_event *event, const char *name, unsigned in,
                                   unsigned out, uint32_t tag, size_t size, uint8_t **value)
{
    if (event == NULL || name == NULL) return false;
    uint8_t *end = copy_ascii_name(event->metadata_at, event->metadata_stop, name);
    if (end == NULL) return false;
    if ((out | tag) == 0)
        *end++ = (uint8_t)in;
    else if (out > OUT_MAX || tag > ETWR_TAG_MAX)
        return false;
    else
        end = put_long_head(end, in, out, tag);
    uint8_t *data = event->data_at;
    uint32_t fields = event->fields + 1 + (in >> 6);
    if (size > (size_t)(event->data_stop - data) || fields > ETWR_FIELDS_MAX) return false;

    event->metadata_at = end;
    event->data_at = data + size;
    event->fields = fields;
    *value = data;
    return true;
}

#endif
