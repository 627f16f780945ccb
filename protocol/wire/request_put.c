/*
 * What a client says. Apart from request.c, which reads it: clients are linked with one half of the
 * protocol, the service with both.
 */
#include "protocol/wire/request.h"

#define HELLO_FIXED_BYTES   42 /* up to and with the image name's size */
#define OPEN_FIXED_BYTES    6
#define SCHEMA_FIXED_BYTES  (4 + WIRE_DESCRIPTOR_BYTES)
#define LOST_BYTES          9
#define COOKIE_BYTES        8
#define ITEM_HEADER_BYTES   4
#define ITEM_IN_DOUBT_BYTES 16
#define GUID_BYTES          16

void request_put_hello(struct writer *writer, const struct request_hello *hello)
{
    size_t size = HELLO_FIXED_BYTES + hello->image.size +
                  hello->in_doubt_count * (ITEM_HEADER_BYTES + ITEM_IN_DOUBT_BYTES);

    if (hello->image.size > WIRE_NAME_MAX_BYTES || hello->in_doubt_count > REQUEST_IN_DOUBT_MAX) {
        writer->failed = true;
        return;
    }
    if (!frame_begin(writer, WIRE_HELLO, 0, 0, size)) return;
    put_u32(writer, WIRE_MAGIC);
    put_u16(writer, hello->version_lowest);
    put_u16(writer, hello->version_highest);
    put_u32(writer, hello->features);
    put_u32(writer, hello->claimed_pid);
    put_bytes(writer, hello->instance, WIRE_INSTANCE_BYTES);
    put_u64(writer, hello->first_sequence);
    put_text(writer, hello->image, WIRE_NAME_MAX_BYTES);
    for (size_t i = 0; i < hello->in_doubt_count; i++) {
        put_u16(writer, WIRE_ITEM_IN_DOUBT);
        put_u16(writer, ITEM_IN_DOUBT_BYTES);
        put_u64(writer, hello->in_doubt[i].first);
        put_u64(writer, hello->in_doubt[i].count);
    }
}

void request_put_provider_open(struct writer *writer, const struct request_provider_open *open)
{
    uint8_t flags = (uint8_t)((open->has_id ? WIRE_OPEN_HAS_ID : 0) |
                              (open->has_group ? WIRE_OPEN_HAS_GROUP : 0));
    size_t size = OPEN_FIXED_BYTES + open->name.size + (open->has_id ? GUID_BYTES : 0) +
                  (open->has_group ? GUID_BYTES : 0);

    if (open->name.size > WIRE_NAME_MAX_BYTES) {
        writer->failed = true;
        return;
    }
    if (!frame_begin(writer, WIRE_PROVIDER_OPEN, flags, open->slot, size)) return;
    put_u32(writer, open->generation);
    put_text(writer, open->name, WIRE_NAME_MAX_BYTES);
    if (open->has_id) put_bytes(writer, open->id.bytes, GUID_BYTES);
    if (open->has_group) put_bytes(writer, open->group.bytes, GUID_BYTES);
}

void request_put_provider_close(struct writer *writer, uint16_t slot)
{
    frame_begin(writer, WIRE_PROVIDER_CLOSE, 0, slot, 0);
}

void request_put_schema(struct writer *writer, const struct request_schema *schema)
{
    size_t size = SCHEMA_FIXED_BYTES + schema->metadata.size;

    if (!frame_begin(writer, WIRE_SCHEMA, 0, schema->slot, size)) return;
    put_u32(writer, schema->schema_id);
    put_descriptor(writer, &schema->descriptor);
    put_bytes(writer, schema->metadata.data, schema->metadata.size);
}

void request_put_event(struct writer *writer, const struct request_event *event)
{
    uint8_t flags = (uint8_t)((event->activity_id ? WIRE_EVENT_HAS_ACTIVITY : 0) |
                              (event->related_activity_id ? WIRE_EVENT_HAS_RELATED : 0));
    size_t size = WIRE_EVENT_FIXED_BYTES + event->values.size +
                  (event->activity_id ? GUID_BYTES : 0) +
                  (event->related_activity_id ? GUID_BYTES : 0);

    if (!frame_begin(writer, WIRE_EVENT, flags, event->slot, size)) return;
    put_u32(writer, event->schema_id);
    put_u64(writer, event->time);
    put_u32(writer, event->thread_id);
    if (event->activity_id) put_bytes(writer, event->activity_id, GUID_BYTES);
    if (event->related_activity_id) put_bytes(writer, event->related_activity_id, GUID_BYTES);
    put_bytes(writer, event->values.data, event->values.size);
}

void request_put_lost(struct writer *writer, const struct request_lost *lost)
{
    if (!frame_begin(writer, WIRE_LOST, 0, lost->slot, LOST_BYTES)) return;
    put_u64(writer, lost->count);
    put_u8(writer, lost->reason);
}

static void put_cookie(struct writer *writer, uint8_t kind, uint64_t cookie)
{
    if (!frame_begin(writer, kind, 0, 0, COOKIE_BYTES)) return;
    put_u64(writer, cookie);
}

void request_put_flush(struct writer *writer, uint64_t cookie)
{
    put_cookie(writer, WIRE_FLUSH, cookie);
}

void request_put_status(struct writer *writer, uint64_t cookie)
{
    put_cookie(writer, WIRE_STATUS, cookie);
}

void put_descriptor(struct writer *writer, const struct etwr_descriptor *descriptor)
{
    put_u16(writer, descriptor->id);
    put_u8(writer, descriptor->version);
    put_u8(writer, descriptor->channel);
    put_u8(writer, descriptor->level);
    put_u8(writer, descriptor->opcode);
    put_u16(writer, descriptor->task);
    put_u64(writer, descriptor->keyword);
}
