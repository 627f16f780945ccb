/*
 * EventBuilder: one field, checked, written behind the end, committed.
 *
 * builder_add_value() is the path of nearly every add: a plain field outside of structs, with an
 * ASCII name and room for it. Whatever is not like that goes to builder_add_field(), which can do
 * everything and says what is wrong.
 */
#include "protocol/tracelogging/builder.h"

#include <string.h>

#include "protocol/tracelogging/little_endian.h"
#include "protocol/tracelogging/utf8.h"

#define MORE_FOLLOWS   0x80 /* in byte: an out byte follows; out byte: a tag follows */
#define OUT_MAX        0x7F
#define TAG_BYTES      4
#define HEAD_MAX_BYTES (1 + 1 + TAG_BYTES + 2)

/* ETW's own decoders make two properties of a sequence (count, values) and of a binary field (size,
 * bytes). */
static uint32_t field_cost(unsigned in)
{
    if (in_is_custom(in)) return 1;
    return (in & ETWR_IN_SEQUENCE) != 0 || in == ETWR_IN_BINARY ? 2 : 1;
}

static inline uint8_t *put_tag(uint8_t *at, uint32_t tag)
{
    at[0] = (uint8_t)(MORE_FOLLOWS | tag >> 21);
    at[1] = (uint8_t)(MORE_FOLLOWS | (tag >> 14 & 0x7F));
    at[2] = (uint8_t)(MORE_FOLLOWS | (tag >> 7 & 0x7F));
    at[3] = (uint8_t)(tag & 0x7F);
    return at + TAG_BYTES;
}

uint8_t *builder_copy_name(uint8_t *at, const uint8_t *stop, const char *name)
{
    const char *start = name;
    uint8_t seen = 0;
    while (at < stop) {
        uint8_t byte = (uint8_t)*name++;
        *at++ = byte;
        seen |= byte;
        if (byte != 0) continue;
        if (seen < 0x80 || utf8_is_valid(start, (size_t)(name - start))) return at;
        return NULL;
    }
    return NULL;
}

uint8_t *builder_add_value(struct etwr_event *event, const char *name, unsigned in, unsigned out,
                           uint32_t tag, size_t size)
{
    struct placed placed;
    const struct field field = {.name = name, .in = (uint8_t)in, .out = out, .tag = tag};
    return builder_add_field(event, &field, FIELD_VALUE, size, &placed) ? placed.data : NULL;
}

static bool has_out_byte(const struct field *field)
{
    return field->out != 0 || field->tag != 0 || in_is_struct(field->in);
}

/* What follows the name, but for a custom field's type information. */
static size_t put_head(uint8_t head[HEAD_MAX_BYTES], const struct field *field)
{
    uint8_t *at = head;
    *at++ = (uint8_t)(field->in | (has_out_byte(field) ? MORE_FOLLOWS : 0));
    if (has_out_byte(field)) *at++ = (uint8_t)(field->out | (field->tag != 0 ? MORE_FOLLOWS : 0u));
    if (field->tag != 0) at = put_tag(at, field->tag);
    if (in_is_constant_array(field->in)) {
        store_u16(at, (uint16_t)field->count);
        at += 2;
    }
    if (in_is_custom(field->in)) {
        store_u16(at, (uint16_t)field->type_info.size);
        at += 2;
    }
    return (size_t)(at - head);
}

static enum etwr_status record_field(struct etwr_event *event, const struct field *field,
                                     struct placed *placed)
{
    uint8_t head[HEAD_MAX_BYTES];
    size_t head_bytes = put_head(head, field);
    size_t name_bytes = strlen(field->name) + 1;
    if (event->fields + field_cost(field->in) > ETWR_FIELDS_MAX) return ETWR_E_TOO_MANY_FIELDS;
    if (!utf8_is_valid(field->name, name_bytes)) return ETWR_E_BAD_NAME;
    if (name_bytes > ETWR_METADATA_MAX_BYTES || field->type_info.size > ETWR_METADATA_MAX_BYTES)
        return ETWR_E_METADATA_TOO_LONG;
    size_t size = name_bytes + head_bytes + field->type_info.size;
    enum etwr_status status = builder_grow_metadata(event, size);
    if (status != ETWR_OK) return status;

    uint8_t *at = event->metadata_at;
    memcpy(at, field->name, name_bytes);
    memcpy(at + name_bytes, head, head_bytes);
    if (field->type_info.size > 0)
        memcpy(at + name_bytes + head_bytes, field->type_info.data, field->type_info.size);
    size_t start = (size_t)(at - event->metadata);
    placed->out_at = (uint32_t)(start + name_bytes + 1);
    placed->end_at = (uint32_t)(start + size);
    return ETWR_OK;
}

/* In a second or later element: is this the member that the first one has here? Counts that are not
 * known yet are compared when the struct ends. */
static enum etwr_status compare_field(const struct etwr_event *event, const struct field *field,
                                      struct placed *placed)
{
    uint8_t head[HEAD_MAX_BYTES];
    size_t head_bytes = put_head(head, field);
    const uint8_t *recorded = event->metadata + event->compare_at;
    size_t name_bytes = strlen((const char *)recorded) + 1;
    if (strcmp((const char *)recorded, field->name) != 0) return ETWR_E_BAD_STRUCT;
    recorded += name_bytes;
    size_t left = (size_t)(event->metadata_at - recorded);
    if (left < head_bytes) return ETWR_E_BAD_STRUCT;
    if (in_is_struct(field->in) && field->out == 0) head[1] |= recorded[1] & OUT_MAX;
    if (in_is_struct(field->in) && in_is_constant_array(field->in) && field->count == 0)
        memcpy(head + head_bytes - 2, recorded + head_bytes - 2, 2);
    if (memcmp(head, recorded, head_bytes) != 0) return ETWR_E_BAD_STRUCT;
    /* Equal heads say equal sizes of type information, so as much of it was recorded. */
    recorded += head_bytes;
    if (field->type_info.size > 0 &&
        memcmp(recorded, field->type_info.data, field->type_info.size) != 0)
        return ETWR_E_BAD_STRUCT;
    placed->out_at = (uint32_t)(event->compare_at + name_bytes + 1);
    placed->end_at = (uint32_t)((size_t)(recorded - event->metadata) + field->type_info.size);
    return ETWR_OK;
}

static enum etwr_status place_field(struct etwr_event *event, const struct field *field,
                                    enum field_use use, struct placed *placed)
{
    if (field->name == NULL) return ETWR_E_BAD_NAME;
    if (field->out > OUT_MAX) return ETWR_E_BAD_TYPE;
    if (field->tag > ETWR_TAG_MAX) return ETWR_E_BAD_TAG;
    if (!builder_takes_member(event, use)) return ETWR_E_BAD_STRUCT;
    return event->compare_at != 0 ? compare_field(event, field, placed)
                                  : record_field(event, field, placed);
}

static void commit_field(struct etwr_event *event, const struct field *field,
                         const struct placed *placed)
{
    if (event->compare_at != 0) {
        event->compare_at = placed->end_at;
    } else {
        event->metadata_at = event->metadata + placed->end_at;
        event->fields += field_cost(field->in);
    }
}

bool builder_add_field(struct etwr_event *event, const struct field *field, enum field_use use,
                       size_t size, struct placed *placed)
{
    if (event == NULL || event->status != ETWR_OK) return false;
    enum etwr_status status = place_field(event, field, use, placed);
    if (status == ETWR_OK) status = builder_reserve_data(event, size);
    if (status != ETWR_OK) {
        builder_fail(event, status);
        return false;
    }
    commit_field(event, field, placed);
    placed->data = event->data_at;
    event->data_at += size;
    builder_count_member(event, use, in_is_struct(field->in));
    return true;
}

uint8_t *builder_add_elements(struct etwr_event *event, const char *name, unsigned in, size_t count,
                              unsigned out, uint32_t tag, size_t size)
{
    struct placed placed;
    struct field field = {.name = name, .in = (uint8_t)in, .out = out, .tag = tag};
    bool is_constant = in_is_constant_array(in);
    if (count > COUNT_MAX || (is_constant && count == 0)) {
        builder_fail(event, count == 0 ? ETWR_E_BAD_VALUE : ETWR_E_DATA_TOO_LONG);
        return NULL;
    }
    if (is_constant) {
        field.count = count;
        return builder_add_field(event, &field, FIELD_VALUE, size, &placed) ? placed.data : NULL;
    }
    uint8_t *at = builder_add_value(event, name, in, out, tag, sizeof(uint16_t) + size);
    if (at == NULL) return NULL;
    store_u16(at, (uint16_t)count);
    return at + sizeof(uint16_t);
}
