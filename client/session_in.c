/*
 * What the service says. It is trusted no more than it trusts us: each frame goes through the
 * bounded readers, an ACK must add up, text is cleaned before anybody prints it, and whatever
 * breaks a rule ends the connection, never the host.
 */
#include <stdlib.h>
#include <string.h>

#include "client/session.h"
#include "client/words.h"
#include "protocol/tracelogging/utf8.h"
#include "protocol/wire/reply.h"

#define READS_A_TURN 16 /* then it is the queue's turn again */

static bool on_welcome(struct session *session, const struct frame *frame)
{
    struct etwr_client *client = session->client;
    struct reply_welcome welcome;

    if (session->is_accepted || reply_read_welcome(frame, &welcome) != ETWR_OK) return false;
    if (welcome.version != WIRE_VERSION) return false;
    session->is_accepted = true;
    session->body_max_bytes = welcome.body_max_bytes;
    client_lock(client);
    client->link = LINK_UP;
    client->error[0] = '\0';
    client->account.counters.connects++;
    account_mark_reported(&client->account, session->reported_count);
    intern_limit(&client->intern, welcome.schemas_max);
    os_monitor_wake_all(client->monitor);
    client_unlock(client);
    return true;
}

/* The service's text on a terminal: no control characters, no half characters. */
static void clean_text(struct etwr_bytes text, char *clean, size_t capacity)
{
    size_t size = text.size < capacity - 1 ? text.size : capacity - 1;

    if (size > 0) memcpy(clean, text.data, size);
    while (size > 0 && !utf8_is_valid(clean, size))
        size--;
    clean[size] = '\0';
    for (size_t i = 0; i < size; i++)
        if ((unsigned char)clean[i] < 0x20 || clean[i] == 0x7F) clean[i] = ' ';
}

static void fail_with_reason(struct session *session, enum session_end end, const char *what,
                             uint8_t reason, struct etwr_bytes text)
{
    char clean[CLIENT_ERROR_BYTES / 2], message[CLIENT_ERROR_BYTES];

    clean_text(text, clean, sizeof clean);
    words_set(message, sizeof message, what);
    words_add(message, sizeof message, ": ");
    words_add(message, sizeof message, etwr_reason_name((enum etwr_reason)reason));
    if (clean[0] != '\0') words_add(message, sizeof message, ": ");
    words_add(message, sizeof message, clean);
    session_fail(session, end, message);
}

static bool on_refused(struct session *session, const struct frame *frame)
{
    struct reply_refused refused;
    enum session_end end = SESSION_REFUSED;

    if (session->is_accepted || reply_read_refused(frame, &refused) != ETWR_OK) return false;
    if (refused.reason == ETWR_REASON_BAD_VERSION) end = SESSION_FINAL;
    if (refused.reason == ETWR_REASON_STOPPING) end = SESSION_NOT_REACHED;
    fail_with_reason(session, end, "the service refused the connection", refused.reason,
                     refused.text);
    return true;
}

/* ERROR tells why the connection ends, or about one event that is counted in an ACK anyway. */
static bool on_error(struct session *session, const struct frame *frame)
{
    struct reply_error error;

    if (reply_read_error(frame, &error) != ETWR_OK) return false;
    if (error.reason >= ETWR_REASON_DROP_COUNT)
        fail_with_reason(session, session->is_accepted ? SESSION_LOST : SESSION_NOT_REACHED,
                         "the service ended the connection", error.reason, error.text);
    return true;
}

static bool on_provider_state(struct session *session, const struct frame *frame)
{
    struct reply_provider_state state;

    if (reply_read_provider_state(frame, &state) != ETWR_OK) return false;
    provider_on_state(session->client, &state);
    return true;
}

static bool on_ack(struct session *session, const struct frame *frame)
{
    struct etwr_client *client = session->client;
    struct reply_ack ack;
    struct settled news;

    if (reply_read_ack(frame, &ack) != ETWR_OK) return false;
    if (!flight_acknowledge(&session->flight, &ack, &news)) return false;
    client_lock(client);
    account_settle(&client->account, &news, ack.sequence);
    os_monitor_wake_all(client->monitor);
    client_unlock(client);
    return true;
}

static bool on_flushed(struct session *session, const struct frame *frame)
{
    struct etwr_client *client = session->client;
    uint64_t cookie;

    if (reply_read_flushed(frame, &cookie) != ETWR_OK || cookie > session->flush_sent) return false;
    client_lock(client);
    if (cookie > client->flush_done) client->flush_done = cookie;
    os_monitor_wake_all(client->monitor);
    client_unlock(client);
    return true;
}

/* Join a piece of JSON text to those before; false: no memory, or longer than any honest one. */
static bool append_status(struct status_request *status, struct etwr_bytes piece)
{
    char *json;

    if (piece.size > CLIENT_STATUS_MAX_BYTES - status->size) return false;
    json = realloc(status->json, status->size + piece.size + 1);
    if (!json) return false;
    if (piece.size > 0) memcpy(json + status->size, piece.data, piece.size);
    status->json = json;
    status->size += piece.size;
    json[status->size] = '\0';
    return true;
}

static bool is_text(const struct status_request *status)
{
    return memchr(status->json, '\0', status->size) == NULL &&
           utf8_is_valid(status->json, status->size);
}

static bool on_status(struct session *session, const struct frame *frame)
{
    struct status_request *status = &session->client->status;
    struct reply_status reply;

    if (reply_read_status(frame, &reply) != ETWR_OK) return false;
    client_lock(session->client);
    /* Late answers to somebody who has stopped waiting are passed over. */
    if (status->is_busy && !status->is_done && reply.cookie == status->cookie) {
        bool has_room = append_status(status, reply.json);

        status->is_done = reply.last || !has_room;
        status->result = !has_room ? ETWR_E_NO_MEMORY : ETWR_OK;
        if (has_room && reply.last && !is_text(status)) status->result = ETWR_E_MALFORMED;
        if (status->is_done) os_monitor_wake_all(session->client->monitor);
    }
    client_unlock(session->client);
    return true;
}

/* False: the frame breaks the protocol. */
static bool on_frame(struct session *session, const struct frame *frame)
{
    if (frame->kind >= WIRE_KIND_SKIPPABLE) return true;
    switch (frame->kind) {
    case WIRE_WELCOME:
        return on_welcome(session, frame);
    case WIRE_REFUSED:
        return on_refused(session, frame);
    case WIRE_ERROR:
        return on_error(session, frame);
    default:
        break;
    }
    if (!session->is_accepted) return false;
    switch (frame->kind) {
    case WIRE_PROVIDER_STATE:
        return on_provider_state(session, frame);
    case WIRE_ACK:
        return on_ack(session, frame);
    case WIRE_FLUSHED:
        return on_flushed(session, frame);
    case WIRE_STATUS_REPLY:
        return on_status(session, frame);
    default:
        return false;
    }
}

/* Act on every whole frame; what is left of the next one moves to the front. */
static bool take_frames(struct session *session)
{
    enum frame_result result = FRAME_WHOLE;
    struct frame frame;
    size_t at = 0, used = 0;

    while (!session->is_over) {
        result = frame_find(session->in + at, session->in_size - at, &frame, &used);
        if (result != FRAME_WHOLE) break;
        if (!on_frame(session, &frame)) return false;
        at += used;
    }
    session->in_size -= at;
    memmove(session->in, session->in + at, session->in_size);
    return result != FRAME_OVERSIZE;
}

static enum session_end end_now(const struct session *session)
{
    return session->is_accepted ? SESSION_LOST : SESSION_NOT_REACHED;
}

void session_read(struct session *session)
{
    for (int i = 0; i < READS_A_TURN && !session->is_over; i++) {
        size_t room = WIRE_FRAME_MAX_BYTES - session->in_size, count = 0;
        enum stream_result result =
            stream_read(session->stream, session->in + session->in_size, room, &count);

        if (result == STREAM_AGAIN && !session->is_write_failed) return;
        if (result != STREAM_DONE) {
            session_fail(session, end_now(session), "the service closed the connection");
            return;
        }
        session->in_size += count;
        if (!take_frames(session))
            session_fail(session, end_now(session),
                         "the service sent bytes that break the protocol");
        if (count < room) return;
    }
}
