/*
 * From a whole frame to a request, and whether the session may make it now.
 *
 * After request_read_*() a body is known to be well-formed; what it asks for is the relay's
 * business.
 */
#include "service/pipe/session.h"

#include "protocol/wire/request.h"
#include "service/relay.h"
#include "service/worker.h"

static enum etwr_reason handle_hello(struct session *session, const struct frame *frame)
{
    struct request_hello hello;
    if (request_read_hello(frame, &hello) != ETWR_OK) return request_refusal(frame);
    return relay_handle_hello(session, &hello);
}

static enum etwr_reason handle_open(struct session *session, const struct frame *frame)
{
    struct request_provider_open open;
    if (request_read_provider_open(frame, &open) != ETWR_OK) return request_refusal(frame);
    return relay_handle_open(session, &open);
}

static enum etwr_reason handle_close(struct session *session, const struct frame *frame)
{
    uint16_t slot;
    if (request_read_provider_close(frame, &slot) != ETWR_OK) return request_refusal(frame);
    return relay_handle_close(session, slot);
}

static enum etwr_reason handle_schema(struct session *session, const struct frame *frame)
{
    struct request_schema schema;
    if (request_read_schema(frame, &schema) != ETWR_OK) return request_refusal(frame);
    return relay_handle_schema(session, &schema);
}

static enum etwr_reason handle_event(struct session *session, const struct frame *frame)
{
    struct request_event event;
    if (request_read_event(frame, &event) != ETWR_OK) return request_refusal(frame);
    return relay_handle_event(session, &event, WIRE_HEADER_BYTES + frame->body_size);
}

static enum etwr_reason handle_lost(struct session *session, const struct frame *frame)
{
    struct request_lost lost;
    if (request_read_lost(frame, &lost) != ETWR_OK) return request_refusal(frame);
    return relay_handle_lost(session, &lost);
}

static enum etwr_reason handle_flush(struct session *session, const struct frame *frame)
{
    uint64_t cookie;
    if (request_read_flush(frame, &cookie) != ETWR_OK) return request_refusal(frame);
    session_add_flush(session, cookie);
    return ETWR_REASON_NONE;
}

static enum etwr_reason handle_status(struct session *session, const struct frame *frame)
{
    uint64_t cookie;
    if (request_read_status(frame, &cookie) != ETWR_OK) return request_refusal(frame);
    return relay_handle_status(session, cookie);
}

enum etwr_reason session_handle_frame(struct session *session, const struct frame *frame)
{
    if (session->state == SESSION_NEW)
        return frame->kind == WIRE_HELLO ? handle_hello(session, frame) : ETWR_REASON_UNEXPECTED;
    switch (frame->kind) {
    case WIRE_EVENT:
        return handle_event(session, frame);
    case WIRE_SCHEMA:
        return handle_schema(session, frame);
    case WIRE_PROVIDER_OPEN:
        return handle_open(session, frame);
    case WIRE_PROVIDER_CLOSE:
        return handle_close(session, frame);
    case WIRE_LOST:
        return handle_lost(session, frame);
    case WIRE_FLUSH:
        return handle_flush(session, frame);
    case WIRE_STATUS:
        return handle_status(session, frame);
    case WIRE_HELLO:
        return ETWR_REASON_UNEXPECTED;
    default:
        return frame->kind >= WIRE_KIND_SKIPPABLE ? ETWR_REASON_NONE : ETWR_REASON_UNKNOWN_KIND;
    }
}
