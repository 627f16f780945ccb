/*
 * The way back: what the service tells its clients. The client library trusts these bytes no more
 * than the service trusts requests: a hostile or broken service must not take its clients down.
 */
#include "protocol/wire/reply.h"

static bool begin(const struct frame *frame, uint8_t kind, uint8_t flags, struct reader *reader)
{
    bool slot_needed = kind == WIRE_PROVIDER_STATE;

    if (frame->kind != kind || (frame->flags & ~flags)) return false;
    if (slot_needed != (frame->slot != 0)) return false;
    reader_init(reader, frame->body, frame->body_size);
    return true;
}

/* Version 1 knows no items of WELCOME and REFUSED: whatever is whole is skipped. */
static bool skip_items(struct reader *reader)
{
    while (!reader->failed && reader_left(reader) > 0) {
        read_u16(reader);
        read_bytes(reader, read_u16(reader));
    }
    return reader_finish(reader);
}

enum etwr_status reply_read_welcome(const struct frame *frame, struct reply_welcome *welcome)
{
    struct reply_welcome w;
    struct reader reader;

    if (!begin(frame, WIRE_WELCOME, 0, &reader)) return ETWR_E_MALFORMED;
    w.version = read_u16(&reader);
    w.features = read_u32(&reader);
    w.body_max_bytes = read_u32(&reader);
    w.schemas_max = read_u32(&reader);
    w.providers_max = read_u32(&reader);
    if (!skip_items(&reader)) return ETWR_E_MALFORMED;
    *welcome = w;
    return ETWR_OK;
}

enum etwr_status reply_read_refused(const struct frame *frame, struct reply_refused *refused)
{
    struct reply_refused r;
    struct reader reader;

    if (!begin(frame, WIRE_REFUSED, 0, &reader)) return ETWR_E_MALFORMED;
    r.reason = read_u8(&reader);
    r.text = read_text(&reader, WIRE_TEXT_MAX_BYTES);
    if (!skip_items(&reader) || r.reason < ETWR_REASON_DROP_COUNT) return ETWR_E_MALFORMED;
    *refused = r;
    return ETWR_OK;
}

enum etwr_status reply_read_provider_state(const struct frame *frame,
                                           struct reply_provider_state *state)
{
    struct reply_provider_state s;
    struct reader reader;

    if (!begin(frame, WIRE_PROVIDER_STATE, 0, &reader)) return ETWR_E_MALFORMED;
    s.slot = frame->slot;
    s.generation = read_u32(&reader);
    s.result = read_u8(&reader);
    s.control = read_u8(&reader);
    s.level = read_u8(&reader);
    s.match_any = read_u64(&reader);
    s.match_all = read_u64(&reader);
    if (!reader_finish(&reader)) return ETWR_E_MALFORMED;
    if (s.result >= ETWR_REASON_DROP_COUNT) return ETWR_E_MALFORMED;
    if (s.control > WIRE_CONTROL_CAPTURE_STATE) return ETWR_E_MALFORMED;
    *state = s;
    return ETWR_OK;
}

/* Rising order makes a reason that is given twice impossible, and costs nothing to check. */
static bool read_ack_counters(struct reader *reader, struct reply_ack *ack)
{
    uint8_t last = 0;

    for (size_t i = 0; i < ack->dropped_count; i++) {
        uint8_t reason = read_u8(reader);

        if (reason <= last || reason >= ETWR_REASON_DROP_COUNT) return false;
        ack->dropped[i].reason = reason;
        ack->dropped[i].count = read_u64(reader);
        last = reason;
    }
    return true;
}

enum etwr_status reply_read_ack(const struct frame *frame, struct reply_ack *ack)
{
    struct reply_ack a;
    struct reader reader;

    if (!begin(frame, WIRE_ACK, 0, &reader)) return ETWR_E_MALFORMED;
    a.sequence = read_u64(&reader);
    a.written = read_u64(&reader);
    a.not_enabled = read_u64(&reader);
    a.dropped_count = read_u8(&reader);
    if (a.dropped_count > WIRE_REASONS_MAX) return ETWR_E_MALFORMED;
    if (!read_ack_counters(&reader, &a) || !reader_finish(&reader)) return ETWR_E_MALFORMED;
    *ack = a;
    return ETWR_OK;
}

enum etwr_status reply_read_flushed(const struct frame *frame, uint64_t *cookie)
{
    struct reader reader;
    uint64_t value;

    if (!begin(frame, WIRE_FLUSHED, 0, &reader)) return ETWR_E_MALFORMED;
    value = read_u64(&reader);
    if (!reader_finish(&reader)) return ETWR_E_MALFORMED;
    *cookie = value;
    return ETWR_OK;
}

enum etwr_status reply_read_error(const struct frame *frame, struct reply_error *error)
{
    struct reply_error e;
    struct reader reader;

    if (!begin(frame, WIRE_ERROR, 0, &reader)) return ETWR_E_MALFORMED;
    e.sequence = read_u64(&reader);
    e.reason = read_u8(&reader);
    e.text = read_text(&reader, WIRE_TEXT_MAX_BYTES);
    if (!reader_finish(&reader) || e.reason == 0) return ETWR_E_MALFORMED;
    *error = e;
    return ETWR_OK;
}

enum etwr_status reply_read_status(const struct frame *frame, struct reply_status *status)
{
    struct reply_status s;
    struct reader reader;

    if (!begin(frame, WIRE_STATUS_REPLY, WIRE_STATUS_LAST, &reader)) return ETWR_E_MALFORMED;
    s.cookie = read_u64(&reader);
    s.last = (frame->flags & WIRE_STATUS_LAST) != 0;
    s.json.size = reader_left(&reader);
    s.json.data = read_bytes(&reader, s.json.size);
    if (!reader_finish(&reader)) return ETWR_E_MALFORMED;
    *status = s;
    return ETWR_OK;
}
