/*
 * The way back: what the service tells its clients. The client library trusts these bytes no more
 * than the service trusts requests: a hostile or broken service must not take its clients down.
 */
#include "protocol/wire/reply.h"

#define WELCOME_BYTES       18
#define REFUSED_FIXED_BYTES 3
#define STATE_BYTES         23
#define ACK_FIXED_BYTES     25
#define ACK_COUNTER_BYTES   9
#define COOKIE_BYTES        8
#define ERROR_FIXED_BYTES   11

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

void reply_put_welcome(struct writer *writer, const struct reply_welcome *welcome)
{
    if (!frame_begin(writer, WIRE_WELCOME, 0, 0, WELCOME_BYTES)) return;
    put_u16(writer, welcome->version);
    put_u32(writer, welcome->features);
    put_u32(writer, welcome->body_max_bytes);
    put_u32(writer, welcome->schemas_max);
    put_u32(writer, welcome->providers_max);
}

/* Checks the limit before anything is put, so that the writer never holds half a frame. */
static bool text_fits(struct writer *writer, struct etwr_bytes text)
{
    if (text.size > WIRE_TEXT_MAX_BYTES) writer->failed = true;
    return !writer->failed;
}

void reply_put_refused(struct writer *writer, const struct reply_refused *refused)
{
    if (!text_fits(writer, refused->text)) return;
    if (!frame_begin(writer, WIRE_REFUSED, 0, 0, REFUSED_FIXED_BYTES + refused->text.size)) return;
    put_u8(writer, refused->reason);
    put_text(writer, refused->text, WIRE_TEXT_MAX_BYTES);
}

void reply_put_provider_state(struct writer *writer, const struct reply_provider_state *state)
{
    if (!frame_begin(writer, WIRE_PROVIDER_STATE, 0, state->slot, STATE_BYTES)) return;
    put_u32(writer, state->generation);
    put_u8(writer, state->result);
    put_u8(writer, state->control);
    put_u8(writer, state->level);
    put_u64(writer, state->match_any);
    put_u64(writer, state->match_all);
}

void reply_put_ack(struct writer *writer, const struct reply_ack *ack)
{
    size_t size = ACK_FIXED_BYTES + ack->dropped_count * ACK_COUNTER_BYTES;

    if (ack->dropped_count > WIRE_REASONS_MAX) {
        writer->failed = true;
        return;
    }
    if (!frame_begin(writer, WIRE_ACK, 0, 0, size)) return;
    put_u64(writer, ack->sequence);
    put_u64(writer, ack->written);
    put_u64(writer, ack->not_enabled);
    put_u8(writer, (uint8_t)ack->dropped_count);
    for (size_t i = 0; i < ack->dropped_count; i++) {
        put_u8(writer, ack->dropped[i].reason);
        put_u64(writer, ack->dropped[i].count);
    }
}

void reply_put_flushed(struct writer *writer, uint64_t cookie)
{
    if (!frame_begin(writer, WIRE_FLUSHED, 0, 0, COOKIE_BYTES)) return;
    put_u64(writer, cookie);
}

void reply_put_error(struct writer *writer, const struct reply_error *error)
{
    if (!text_fits(writer, error->text)) return;
    if (!frame_begin(writer, WIRE_ERROR, 0, 0, ERROR_FIXED_BYTES + error->text.size)) return;
    put_u64(writer, error->sequence);
    put_u8(writer, error->reason);
    put_text(writer, error->text, WIRE_TEXT_MAX_BYTES);
}

void reply_put_status(struct writer *writer, const struct reply_status *status)
{
    uint8_t flags = status->last ? WIRE_STATUS_LAST : 0;

    if (!frame_begin(writer, WIRE_STATUS_REPLY, flags, 0, COOKIE_BYTES + status->json.size)) return;
    put_u64(writer, status->cookie);
    put_bytes(writer, status->json.data, status->json.size);
}
