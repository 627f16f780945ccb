/*
 * EventBuilder: any field, checked, written behind the end, committed. Plain fields do not get here
 * (plain_field.h): this is the way of those in structs, of long names and those that are not ASCII,
 * of growing buffers, and of everything that is wrong.
 */
#include "protocol/tracelogging/builder.h"

#include <string.h>

#include "protocol/tracelogging/little_endian.h"
#include "protocol/tracelogging/plain_field.h"
#include "protocol/tracelogging/utf8.h"

#define HEAD_MAX_BYTES (PLAIN_HEAD_BYTES + 2)

/* ETW's own decoders make two properties of a sequence (count, values) and of a binary field (size,
 * bytes). */
static uint32_t field_cost(unsigned in)
{
    if (in_is_custom(in)) return 1;
    return (in & ETWR_IN_SEQUENCE) != 0 || in == ETWR_IN_BINARY ? 2 : 1;
}

uint8_t *builder_add_unusual_value(struct etwr_event *event, const char *name, unsigned in,
                                   unsigned out, uint32_t tag, size_t size)
{
    struct placed placed;
    const struct field field = {.name = name, .in = (uint8_t)in, .out = out, .tag = tag};
    return builder_add_field(event, &field, FIELD_VALUE, size, &placed) ? placed.data : NULL;
}

enum etwr_status builder_add_unusual_number(struct etwr_event *event, const char *name,
                                            uint64_t bits, unsigned out, uint32_t tag,
                                            unsigned in_and_bytes)
{
    unsigned in = in_and_bytes & 0xFF;
    size_t size = in_and_bytes >> 8 & 0xFF;
    uint8_t *at = builder_add_unusual_value(event, name, in, out, tag, size);
    if (at == NULL) return builder_status(event);
    store_u64(at, bits);
    return ETWR_OK;
}

enum etwr_status builder_add_unusual_guid(struct etwr_event *event, const char *name,
                                          const struct etwr_guid *value, unsigned out, uint32_t tag)
{
    uint8_t *at =
        builder_add_unusual_value(event, name, ETWR_IN_GUID, out, tag, sizeof value->bytes);
    if (at == NULL) return builder_status(event);
    memcpy(at, value->bytes, sizeof value->bytes);
    return ETWR_OK;
}

/* What follows the name of any field, but for a custom field's type information. */
static size_t put_whole_head(uint8_t head[HEAD_MAX_BYTES], const struct field *field)
{
    uint8_t *at = head;
    if ((field->out | field->tag) == 0 && !in_is_struct(field->in))
        *at++ = field->in;
    else
        at = put_long_head(at, field->in, field->out, field->tag);
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
    size_t head_bytes = put_whole_head(head, field);
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
    size_t head_bytes = put_whole_head(head, field);
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

/* Of the scope that this field opens; a field that is no struct lies as deep as its struct. */
static unsigned array_depth(const struct etwr_event *event, unsigned in)
{
    unsigned around = event->depth == 0 ? 0 : event->scopes[event->depth - 1].array_depth;
    bool is_deeper = in_is_struct(in) && (around > 0 || in != ETWR_IN_STRUCT);
    return is_deeper ? around + 1 : around;
}

static enum etwr_status place_field(struct etwr_event *event, const struct field *field,
                                    enum field_use use, struct placed *placed)
{
    if (field->name == NULL) return ETWR_E_BAD_NAME;
    if (field->out > OUT_MAX) return ETWR_E_BAD_TYPE;
    if (field->tag > ETWR_TAG_MAX) return ETWR_E_BAD_TAG;
    if (!builder_takes_member(event, use)) return ETWR_E_BAD_STRUCT;
    unsigned depth = array_depth(event, field->in);
    if (depth > ETWR_ARRAY_DEPTH_MAX) return ETWR_E_TOO_DEEP;
    placed->array_depth = (uint8_t)depth;
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

/* A name that is refused leaves an empty one. */
enum etwr_status builder_put_unusual_name(struct etwr_event *event, const char *name)
{
    event->metadata_at[0] = 0;
    if (name == NULL) return builder_fail(event, ETWR_E_BAD_NAME);
    size_t length = strlen(name);
    enum etwr_status status = builder_grow_metadata(event, length + 1);
    if (status == ETWR_OK && !utf8_is_valid(name, length)) status = ETWR_E_BAD_NAME;
    if (status != ETWR_OK) {
        event->metadata_at += 1;
        return builder_fail(event, status);
    }
    memcpy(event->metadata_at, name, length + 1);
    event->metadata_at += length + 1;
    return ETWR_OK;
}
