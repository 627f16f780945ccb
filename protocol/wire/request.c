/*
 * Second step on the path of received bytes: a frame becomes a request. Behind these functions the
 * rest of the service sees structs whose every field is within its limit; only a schema's metadata
 * and an event's values are still opaque, and go to schema_rebuild() and schema_check().
 */
#include "protocol/wire/request.h"

#define GUID_BYTES 16

/* Flags that a kind knows, and whether it belongs to a provider's slot. False: not a request. */
static bool kind_rules(uint8_t kind, uint8_t *flags, bool *slot_needed)
{
    *flags = 0;
    *slot_needed = false;
    switch (kind) {
    case WIRE_HELLO:
    case WIRE_LOST:
    case WIRE_FLUSH:
    case WIRE_STATUS:
        return true;
    case WIRE_PROVIDER_OPEN:
        *flags = WIRE_OPEN_HAS_ID | WIRE_OPEN_HAS_GROUP;
        *slot_needed = true;
        return true;
    case WIRE_EVENT:
        *flags = WIRE_EVENT_HAS_ACTIVITY | WIRE_EVENT_HAS_RELATED;
        *slot_needed = true;
        return true;
    case WIRE_PROVIDER_CLOSE:
    case WIRE_SCHEMA:
        *slot_needed = true;
        return true;
    default:
        return false;
    }
}

/* Begin to read a body: false when the header's flags or slot break the kind's rules. */
static bool begin(const struct frame *frame, uint8_t kind, struct reader *reader)
{
    uint8_t flags;
    bool slot_needed;

    if (frame->kind != kind) return false;
    (void)kind_rules(kind, &flags, &slot_needed);
    if (frame->flags & ~flags) return false;
    /* LOST may name a slot or none. */
    if (kind != WIRE_LOST && slot_needed != (frame->slot != 0)) return false;
    reader_init(reader, frame->body, frame->body_size);
    return true;
}

static void read_guid(struct reader *reader, struct etwr_guid *guid)
{
    const uint8_t *bytes = read_bytes(reader, GUID_BYTES);

    if (bytes) memcpy(guid->bytes, bytes, GUID_BYTES);
}

/* A GUID is bytes alone, so it may be looked at wherever it lies. */
static const struct etwr_guid *lend_guid(struct reader *reader)
{
    return (const struct etwr_guid *)read_bytes(reader, GUID_BYTES);
}

enum etwr_reason request_refusal(const struct frame *frame)
{
    struct reader reader;
    uint8_t flags;
    bool slot_needed;

    if (!kind_rules(frame->kind, &flags, &slot_needed)) return ETWR_REASON_UNKNOWN_KIND;
    if (frame->flags & ~flags) return ETWR_REASON_UNKNOWN_KIND;
    if (frame->kind != WIRE_HELLO) return ETWR_REASON_MALFORMED;
    reader_init(&reader, frame->body, frame->body_size);
    return read_u32(&reader) != WIRE_MAGIC ? ETWR_REASON_BAD_MAGIC : ETWR_REASON_MALFORMED;
}

static bool read_in_doubt(struct reader *item, struct request_hello *hello)
{
    struct request_in_doubt *range = &hello->in_doubt[hello->in_doubt_count];

    if (hello->in_doubt_count == REQUEST_IN_DOUBT_MAX) return false;
    range->first = read_u64(item);
    range->count = read_u64(item);
    if (!reader_finish(item) || range->first == 0 || range->count == 0) return false;
    if (range->first >= hello->first_sequence) return false;
    if (range->count > hello->first_sequence - range->first) return false;
    hello->in_doubt_count++;
    return true;
}

/* Up to the body's end. */
static bool read_hello_items(struct reader *reader, struct request_hello *hello)
{
    while (reader_left(reader) > 0) {
        uint16_t tag = read_u16(reader);
        uint16_t size = read_u16(reader);
        struct reader item = reader_sub(reader, size);

        if (item.failed) return false;
        if (tag == WIRE_ITEM_IN_DOUBT && !read_in_doubt(&item, hello)) return false;
    }
    return true;
}

enum etwr_status request_read_hello(const struct frame *frame, struct request_hello *hello)
{
    struct request_hello h;
    struct reader reader;
    const uint8_t *instance;

    if (!begin(frame, WIRE_HELLO, &reader)) return ETWR_E_MALFORMED;
    if (read_u32(&reader) != WIRE_MAGIC) return ETWR_E_MALFORMED;
    h.version_lowest = read_u16(&reader);
    h.version_highest = read_u16(&reader);
    h.features = read_u32(&reader);
    h.claimed_pid = read_u32(&reader);
    instance = read_bytes(&reader, WIRE_INSTANCE_BYTES);
    h.first_sequence = read_u64(&reader);
    h.image = read_text(&reader, WIRE_NAME_MAX_BYTES);
    h.in_doubt_count = 0;
    if (reader.failed || h.version_lowest > h.version_highest) return ETWR_E_MALFORMED;
    if (h.first_sequence == 0 || h.first_sequence > WIRE_SEQUENCE_MAX) return ETWR_E_MALFORMED;
    if (!read_hello_items(&reader, &h)) return ETWR_E_MALFORMED;
    memcpy(h.instance, instance, WIRE_INSTANCE_BYTES);
    *hello = h;
    return ETWR_OK;
}

enum etwr_status request_read_provider_open(const struct frame *frame,
                                            struct request_provider_open *open)
{
    struct request_provider_open o = {0};
    struct reader reader;

    if (!begin(frame, WIRE_PROVIDER_OPEN, &reader)) return ETWR_E_MALFORMED;
    o.slot = frame->slot;
    o.generation = read_u32(&reader);
    o.name = read_text(&reader, WIRE_NAME_MAX_BYTES);
    o.has_id = (frame->flags & WIRE_OPEN_HAS_ID) != 0;
    o.has_group = (frame->flags & WIRE_OPEN_HAS_GROUP) != 0;
    if (o.has_id) read_guid(&reader, &o.id);
    if (o.has_group) read_guid(&reader, &o.group);
    if (!reader_finish(&reader) || o.name.size == 0) return ETWR_E_MALFORMED;
    *open = o;
    return ETWR_OK;
}

enum etwr_status request_read_provider_close(const struct frame *frame, uint16_t *slot)
{
    struct reader reader;

    if (!begin(frame, WIRE_PROVIDER_CLOSE, &reader)) return ETWR_E_MALFORMED;
    if (!reader_finish(&reader)) return ETWR_E_MALFORMED;
    *slot = frame->slot;
    return ETWR_OK;
}

enum etwr_status request_read_schema(const struct frame *frame, struct request_schema *schema)
{
    struct request_schema s;
    struct reader reader;

    if (!begin(frame, WIRE_SCHEMA, &reader)) return ETWR_E_MALFORMED;
    s.slot = frame->slot;
    s.schema_id = read_u32(&reader);
    s.descriptor = read_descriptor(&reader);
    s.metadata.size = reader_left(&reader);
    s.metadata.data = read_bytes(&reader, s.metadata.size);
    if (!reader_finish(&reader)) return ETWR_E_MALFORMED;
    *schema = s;
    return ETWR_OK;
}

enum etwr_status request_read_event(const struct frame *frame, struct request_event *event)
{
    struct request_event e = {0};
    struct reader reader;

    if (frame->kind != WIRE_EVENT || frame->slot == 0) return ETWR_E_MALFORMED;
    if (frame->flags & ~(WIRE_EVENT_HAS_ACTIVITY | WIRE_EVENT_HAS_RELATED)) return ETWR_E_MALFORMED;
    reader_init(&reader, frame->body, frame->body_size);
    e.slot = frame->slot;
    e.schema_id = read_u32(&reader);
    e.time = read_u64(&reader);
    e.thread_id = read_u32(&reader);
    if (frame->flags & WIRE_EVENT_HAS_ACTIVITY) e.activity_id = lend_guid(&reader);
    if (frame->flags & WIRE_EVENT_HAS_RELATED) e.related_activity_id = lend_guid(&reader);
    e.values.size = reader_left(&reader);
    e.values.data = read_bytes(&reader, e.values.size);
    if (!reader_finish(&reader)) return ETWR_E_MALFORMED;
    *event = e;
    return ETWR_OK;
}

enum etwr_status request_read_lost(const struct frame *frame, struct request_lost *lost)
{
    struct request_lost l;
    struct reader reader;

    if (!begin(frame, WIRE_LOST, &reader)) return ETWR_E_MALFORMED;
    l.slot = frame->slot;
    l.count = read_u64(&reader);
    l.reason = read_u8(&reader);
    if (!reader_finish(&reader)) return ETWR_E_MALFORMED;
    if (l.count == 0 || l.count > WIRE_SEQUENCE_MAX) return ETWR_E_MALFORMED;
    if (l.reason == 0 || l.reason >= ETWR_REASON_DROP_COUNT) return ETWR_E_MALFORMED;
    *lost = l;
    return ETWR_OK;
}

static enum etwr_status read_cookie(const struct frame *frame, uint8_t kind, uint64_t *cookie)
{
    struct reader reader;
    uint64_t value;

    if (!begin(frame, kind, &reader)) return ETWR_E_MALFORMED;
    value = read_u64(&reader);
    if (!reader_finish(&reader)) return ETWR_E_MALFORMED;
    *cookie = value;
    return ETWR_OK;
}

enum etwr_status request_read_flush(const struct frame *frame, uint64_t *cookie)
{
    return read_cookie(frame, WIRE_FLUSH, cookie);
}

enum etwr_status request_read_status(const struct frame *frame, uint64_t *cookie)
{
    return read_cookie(frame, WIRE_STATUS, cookie);
}

struct etwr_descriptor read_descriptor(struct reader *reader)
{
    struct etwr_descriptor descriptor;

    descriptor.id = read_u16(reader);
    descriptor.version = read_u8(reader);
    descriptor.channel = read_u8(reader);
    descriptor.level = read_u8(reader);
    descriptor.opcode = read_u8(reader);
    descriptor.task = read_u16(reader);
    descriptor.keyword = read_u64(reader);
    return descriptor;
}
