/*
 * EventBuilder: its life, its buffers, and the finished event. Fields are added in field.c, structs
 * in structs.c.
 *
 * The metadata's size and tag are put in front of the name only when the event is encoded, so that
 * a tag may be set at any time without moving what was added.
 */
#include "protocol/tracelogging/builder.h"

#include <stdlib.h>
#include <string.h>

#include "protocol/tracelogging/little_endian.h"
#include "protocol/tracelogging/plain_field.h"

#define FIRST_METADATA_BYTES 512
#define FIRST_DATA_BYTES     512
/* What plain_field.h may write from a place before `metadata_stop` on. */
#define PLAIN_FIELD_BYTES (NAME_TURN_BYTES + PLAIN_HEAD_BYTES)
/* With the shortest tag, one byte, the longest metadata reaches this far. */
#define METADATA_CAPACITY_MAX (METADATA_NAME_AT - METADATA_SIZE_BYTES - 1 + ETWR_METADATA_MAX_BYTES)

static size_t metadata_limit(uint32_t tag_bytes)
{
    return METADATA_CAPACITY_MAX + 1 - tag_bytes;
}

void builder_update_stop(struct etwr_event *event)
{
    size_t limit = metadata_limit(event->tag_bytes);
    size_t room = event->metadata_capacity < limit ? event->metadata_capacity : limit;
    bool takes_plain = event->status == ETWR_OK && event->depth == 0;
    event->metadata_stop = event->metadata + (takes_plain ? room - PLAIN_FIELD_BYTES : 0);
}

enum etwr_status builder_fail(struct etwr_event *event, enum etwr_status status)
{
    if (event == NULL) return ETWR_E_INVALID_ARGUMENT;
    if (event->status == ETWR_OK) event->status = status;
    builder_update_stop(event);
    return event->status;
}

/* Doubling keeps the number of copies small; `limit` keeps a builder within what an event can hold.
 */
static size_t grown_capacity(size_t capacity, size_t needed, size_t limit)
{
    size_t doubled = capacity * 2 > needed ? capacity * 2 : needed;
    return doubled < limit ? doubled : limit;
}

enum etwr_status builder_grow_metadata(struct etwr_event *event, size_t size)
{
    size_t used = (size_t)(event->metadata_at - event->metadata);
    if (size > metadata_limit(event->tag_bytes) - used) return ETWR_E_METADATA_TOO_LONG;
    if (used + size <= event->metadata_capacity) return ETWR_OK;
    size_t capacity = grown_capacity(event->metadata_capacity, used + size, METADATA_CAPACITY_MAX);
    uint8_t *grown = realloc(event->metadata, capacity);
    if (grown == NULL) return ETWR_E_NO_MEMORY;
    event->metadata = grown;
    event->metadata_at = grown + used;
    event->metadata_capacity = capacity;
    builder_update_stop(event);
    return ETWR_OK;
}

enum etwr_status builder_grow_data(struct etwr_event *event, size_t size)
{
    size_t used = (size_t)(event->data_at - event->data);
    if (size > ETWR_DATA_MAX_BYTES - used) return ETWR_E_DATA_TOO_LONG;
    if (used + size <= event->data_capacity) return ETWR_OK;
    size_t capacity = grown_capacity(event->data_capacity, used + size, ETWR_DATA_MAX_BYTES);
    uint8_t *grown = realloc(event->data, capacity + DATA_SLACK_BYTES);
    if (grown == NULL) return ETWR_E_NO_MEMORY;
    event->data = grown;
    event->data_at = grown + used;
    event->data_stop = grown + capacity;
    event->data_capacity = capacity;
    return ETWR_OK;
}

enum etwr_status etwr_event_create(struct etwr_event **event)
{
    if (event == NULL) return ETWR_E_INVALID_ARGUMENT;
    struct etwr_event *created = calloc(1, sizeof *created);
    if (created == NULL) return ETWR_E_NO_MEMORY;
    created->metadata = malloc(FIRST_METADATA_BYTES);
    created->data = malloc(FIRST_DATA_BYTES + DATA_SLACK_BYTES);
    if (created->metadata == NULL || created->data == NULL) {
        etwr_event_destroy(created);
        return ETWR_E_NO_MEMORY;
    }
    created->metadata_capacity = FIRST_METADATA_BYTES;
    created->data_capacity = FIRST_DATA_BYTES;
    created->data_stop = created->data + FIRST_DATA_BYTES;
    etwr_event_reset(created, "", ETWR_LEVEL_DEFAULT, ETWR_KEYWORD_DEFAULT);
    *event = created;
    return ETWR_OK;
}

void etwr_event_destroy(struct etwr_event *event)
{
    if (event == NULL) return;
    free(event->metadata);
    free(event->data);
    free(event);
}

static void forget_event(struct etwr_event *event)
{
    event->status = ETWR_OK;
    event->depth = 0;
    event->metadata_at = event->metadata + METADATA_NAME_AT;
    event->metadata_stop = event->metadata + event->metadata_capacity - PLAIN_FIELD_BYTES;
    event->data_at = event->data;
    event->fields = 0;
    event->tag = 0;
    event->tag_bytes = 1;
    event->compare_at = 0;
    event->is_template = false;
    event->has_activity_id = false;
    event->has_related_activity_id = false;
}

enum etwr_status etwr_event_reset(struct etwr_event *event, const char *name, uint8_t level,
                                  uint64_t keyword)
{
    if (event == NULL) return ETWR_E_INVALID_ARGUMENT;
    forget_event(event);
    event->descriptor = (struct etwr_descriptor){
        .channel = ETWR_CHANNEL_DEFAULT, .level = level, .keyword = keyword};
    uint8_t *end = NULL;
    if (name != NULL) end = copy_ascii_name(event->metadata_at, event->metadata_stop, name);
    if (end == NULL) return builder_put_unusual_name(event, name);
    event->metadata_at = end;
    return ETWR_OK;
}

void etwr_event_set_opcode(struct etwr_event *event, uint8_t opcode)
{
    if (event != NULL) event->descriptor.opcode = opcode;
}

void etwr_event_set_id(struct etwr_event *event, uint16_t id)
{
    if (event != NULL) event->descriptor.id = id;
}

void etwr_event_set_version(struct etwr_event *event, uint8_t version)
{
    if (event != NULL) event->descriptor.version = version;
}

void etwr_event_set_task(struct etwr_event *event, uint16_t task)
{
    if (event != NULL) event->descriptor.task = task;
}

void etwr_event_set_channel(struct etwr_event *event, uint8_t channel)
{
    if (event != NULL) event->descriptor.channel = channel;
}

/* A tag is 28 bits, highest first, seven a byte; bytes that would be zero at its end are left out,
 * but never only one. */
static uint32_t tag_bytes(uint32_t tag)
{
    if ((tag & 0x1FFFFF) == 0) return 1;
    return (tag & 0x3FFF) == 0 ? 2 : 4;
}

enum etwr_status etwr_event_set_tag(struct etwr_event *event, uint32_t tag)
{
    if (event == NULL || event->status != ETWR_OK) return builder_status(event);
    if (tag > ETWR_TAG_MAX) return builder_fail(event, ETWR_E_BAD_TAG);
    size_t used = (size_t)(event->metadata_at - event->metadata);
    if (used > metadata_limit(tag_bytes(tag))) return builder_fail(event, ETWR_E_METADATA_TOO_LONG);
    event->tag = tag;
    event->tag_bytes = tag_bytes(tag);
    builder_update_stop(event);
    return ETWR_OK;
}

void etwr_event_set_activity_id(struct etwr_event *event, const struct etwr_guid *id)
{
    if (event == NULL) return;
    event->has_activity_id = id != NULL;
    if (id != NULL) event->activity_id = *id;
}

void etwr_event_set_related_activity_id(struct etwr_event *event, const struct etwr_guid *id)
{
    if (event == NULL) return;
    event->has_related_activity_id = id != NULL;
    if (id != NULL) event->related_activity_id = *id;
}

enum etwr_status etwr_event_status(const struct etwr_event *event)
{
    return builder_status(event);
}

static struct etwr_bytes finish_metadata(struct etwr_event *event)
{
    uint8_t *start = event->metadata + METADATA_NAME_AT - METADATA_SIZE_BYTES - event->tag_bytes;
    size_t size = (size_t)(event->metadata_at - start);
    uint8_t *at = start + METADATA_SIZE_BYTES;
    store_u16(start, (uint16_t)size);
    for (uint32_t i = 0; i < event->tag_bytes; i++)
        at[i] = (uint8_t)(0x80 | (event->tag >> (21 - 7 * i) & 0x7F));
    at[event->tag_bytes - 1] &= 0x7F;
    return (struct etwr_bytes){start, size};
}

enum etwr_status etwr_event_encode_template(struct etwr_event *event, struct etwr_encoded *encoded)
{
    if (event == NULL || encoded == NULL) return ETWR_E_INVALID_ARGUMENT;
    if (event->status != ETWR_OK) return event->status;
    if (event->depth != 0) return ETWR_E_BAD_STRUCT;
    encoded->descriptor = event->descriptor;
    encoded->metadata = finish_metadata(event);
    encoded->data = (struct etwr_bytes){event->data, 0};
    encoded->activity_id = event->has_activity_id ? &event->activity_id : NULL;
    encoded->related_activity_id =
        event->has_related_activity_id ? &event->related_activity_id : NULL;
    return ETWR_OK;
}

enum etwr_status etwr_event_encode(struct etwr_event *event, struct etwr_encoded *encoded)
{
    if (event != NULL && event->status == ETWR_OK && event->depth == 0 && event->is_template)
        return ETWR_E_BAD_VALUE;
    enum etwr_status status = etwr_event_encode_template(event, encoded);
    if (status == ETWR_OK) encoded->data.size = (size_t)(event->data_at - event->data);
    return status;
}
