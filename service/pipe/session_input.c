/*
 * From the pipe to whole frames.
 *
 * All sessions of a worker are read into one large buffer, and frames are parsed where they lie; a
 * session's own buffer holds only what must wait. While it holds a frame's beginning, just so much
 * is copied as completes that frame.
 */
#include <string.h>

#include "service/pipe/session.h"
#include "service/relay.h"
#include "service/worker.h"

static bool can_parse(const struct session *session)
{
    return session->holds == 0 && session->state != SESSION_CLOSING &&
           session->client->peer.is_known;
}

/* Parse whole frames while nothing forbids it. Returns the bytes used. */
static size_t parse(struct session *session, const uint8_t *bytes, size_t size)
{
    struct worker *worker = session->worker;
    size_t at = 0;
    while (at < size && can_parse(session)) {
        struct frame frame;
        size_t used;
        enum frame_result result = frame_find(bytes + at, size - at, &frame, &used);
        if (result == FRAME_OVERSIZE) {
            session_end(session, ETWR_REASON_OVERSIZE,
                        "a frame's body is longer than 65,535 bytes");
            return at;
        }
        if (result == FRAME_PARTIAL) break;
        if (frame.kind == WIRE_EVENT) {
            /* It must find room in every sink before it is looked at: else it waits here. */
            if (!worker_sinks_ready(worker)) break;
            session->round = worker->round;
        }
        at += used;
        worker->transport.frames++;
        enum etwr_reason reason = session_handle_frame(session, &frame);
        if (reason != ETWR_REASON_NONE) session_end(session, reason, etwr_reason_name(reason));
    }
    if (session->state != SESSION_CLOSING &&
        session->client->account.settled_sequence != session->acked_sequence)
        session_owe(session);
    return at;
}

static bool keep(struct session *session, const uint8_t *bytes, size_t size)
{
    if (size == 0) return true;
    if (!session_bytes_reserve(session, &session->in, size)) {
        session_end(session, ETWR_REASON_USER_LIMIT, "the memory for this user is used up");
        return false;
    }
    memcpy(session->in.data + session->in.size, bytes, size);
    session->in.size += size;
    return true;
}

/* Another frame's beginning is now at the front, or none. */
static void drop_front(struct session *session, size_t used)
{
    if (used == 0 || session->state == SESSION_CLOSING) return;
    session->in.size -= used;
    memmove(session->in.data, session->in.data + used, session->in.size);
    session->frame_ms = worker_awake_ms(session->worker);
}

/* Bytes that the frame at the front of `in` lacks, as far as is known. */
static size_t find_missing(const struct session *session)
{
    struct frame frame;
    size_t whole;
    if (frame_find(session->in.data, session->in.size, &frame, &whole) != FRAME_PARTIAL) return 0;
    return whole - session->in.size;
}

/* Complete the frame that `in` begins with; returns the bytes taken. */
static size_t complete_kept(struct session *session, const uint8_t *bytes, size_t size)
{
    size_t at = 0;
    while (session->in.size > 0 && at < size && can_parse(session)) {
        size_t missing = find_missing(session);
        size_t take = missing < size - at ? missing : size - at;
        if (!keep(session, bytes + at, take)) return at;
        at += take;
        drop_front(session, parse(session, session->in.data, session->in.size));
    }
    return at;
}

/* Nothing is made of the bytes before it is known who sent them. False: the session has ended. */
static bool identify(struct session *session)
{
    if (session->client->peer.is_known) return true;
    session->frame_ms = worker_awake_ms(session->worker);
    enum etwr_reason reason = relay_identify(session);
    if (reason != ETWR_REASON_NONE) session_end(session, reason, etwr_reason_name(reason));
    return reason == ETWR_REASON_NONE;
}

static void take(struct session *session, const uint8_t *bytes, size_t size)
{
    if (!identify(session)) return;
    size_t at = complete_kept(session, bytes, size);
    if (at < size && session->in.size == 0 && can_parse(session)) {
        at += parse(session, bytes + at, size - at);
        session->frame_ms = worker_awake_ms(session->worker);
    }
    if (session->state != SESSION_CLOSING) (void)keep(session, bytes + at, size - at);
}

void session_parse_kept(struct session *session)
{
    if (session->in.size == 0) return;
    drop_front(session, parse(session, session->in.data, session->in.size));
}

/* One session may not keep the others waiting: after so many bytes it is their turn. */
static void limit_turn(struct session *session, size_t size)
{
    struct worker *worker = session->worker;
    if (session->turn != worker->turn) session->turn_bytes = 0;
    session->turn = worker->turn;
    session->turn_bytes += size;
    if (session->turn_bytes < SESSION_TURN_BYTES || session->is_paused) return;
    session->is_paused = true;
    session->next_paused = worker->paused;
    worker->paused = session;
    session_hold(session, SESSION_HOLD_TURN);
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
    struct session *session = handle->data;
    (void)suggested;
    *buffer = uv_buf_init((char *)session->worker->read_buffer, SESSION_READ_BYTES);
}

static void on_read(uv_stream_t *stream, ssize_t size, const uv_buf_t *buffer)
{
    struct session *session = stream->data;
    struct worker *worker = session->worker;
    if (size == 0) return;
    if (size < 0) {
        session_end(session, ETWR_REASON_NONE, "");
        return;
    }
    worker->filetime = relay_filetime();
    worker->read_turn = worker->turn;
    worker->transport.bytes += (uint64_t)size;
    take(session, (const uint8_t *)buffer->base, (size_t)size);
    if (session->state != SESSION_CLOSING) limit_turn(session, (size_t)size);
}

void session_read_start(struct session *session)
{
    if (session->is_reading || session->holds != 0) return;
    session->is_reading = true;
    if (uv_read_start((uv_stream_t *)&session->pipe, on_alloc, on_read) != 0)
        session_end(session, ETWR_REASON_NONE, "");
}

void session_read_stop(struct session *session)
{
    if (!session->is_reading) return;
    session->is_reading = false;
    (void)uv_read_stop((uv_stream_t *)&session->pipe);
}
