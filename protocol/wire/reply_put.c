/*
 * What the service says. Apart from reply.c, which reads it: clients are linked with one half of
 * the protocol, the service with both.
 */
#include "protocol/wire/reply.h"

#define WELCOME_BYTES       18
#define REFUSED_FIXED_BYTES 3
#define STATE_BYTES         23
#define ACK_FIXED_BYTES     25
#define ACK_COUNTER_BYTES   9
#define COOKIE_BYTES        8
#define ERROR_FIXED_BYTES   11

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
