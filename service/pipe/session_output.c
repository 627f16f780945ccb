/*
 * Answers: kept until the client reads them, but not without bound.
 *
 * Most go out at once and in full; what the pipe does not take waits in `out` while `writing` is
 * under way. A client that leaves more lying than SESSION_OUTPUT_MAX_BYTES, or leaves it too long,
 * is closed as a slow reader. Acknowledgements say where things stand, so a newer one takes the
 * place of one that was never made; pieces of a status follow one another only as fast as the
 * client reads.
 */
#include <stdlib.h>
#include <string.h>

#include "protocol/wire/reply.h"
#include "service/pipe/session.h"
#include "service/worker.h"

#define STATUS_PIECE_BYTES 32768
#define FRAME_SMALL_BYTES  1024

static void send_status_pieces(struct session *session);
static void start_write(struct session *session);

/* The client reads no more. What it has sent is handled all the same, until its end is read, too.
 */
static void mute(struct session *session)
{
    session->is_mute = true;
    session->out.size = 0;
}

/* An answer is lost. A client that has gone is heard to its end; one that is there would wait for
 * that answer for ever, and is better told that its connection has ended. */
static void give_up(struct session *session, int error)
{
    if (error == UV_EPIPE || error == UV_ECONNRESET || error == UV_EOF || error == UV_ECANCELED)
        mute(session);
    else
        session_end(session, ETWR_REASON_NONE, "");
}

static void on_written(uv_write_t *request, int error)
{
    struct session *session = request->data;
    session->is_writing = false;
    session->writing.size = 0;
    if (error != 0) give_up(session, error);
    session->output_ms = worker_awake_ms(session->worker);
    if (session->out.size > 0) start_write(session);
    send_status_pieces(session);
    if (session->out.size == 0 && !session->is_writing) session_output_drained(session);
}

static void start_write(struct session *session)
{
    struct session_bytes spare = session->writing;
    session->writing = session->out;
    session->out = spare;
    session->out.size = 0;
    uv_buf_t buffer = uv_buf_init((char *)session->writing.data, (unsigned)session->writing.size);
    int error = uv_write(&session->write, (uv_stream_t *)&session->pipe, &buffer, 1, on_written);
    session->is_writing = error == 0;
    if (error == 0) return;
    session->writing.size = 0;
    give_up(session, error);
}

/* Give the pipe what it takes now: *sent bytes. Returns libuv's error, 0 also when it takes none.
 */
static int try_send(struct session *session, const void *bytes, size_t size, size_t *sent)
{
    *sent = 0;
    if (session->is_writing || session->out.size > 0) return 0;
    uv_buf_t buffer = uv_buf_init((char *)(uintptr_t)bytes, (unsigned)size);
    int result = uv_try_write((uv_stream_t *)&session->pipe, &buffer, 1);
    if (result == UV_EAGAIN) return 0;
    if (result < 0) return result;
    *sent = (size_t)result;
    return 0;
}

void session_send(struct session *session, const void *bytes, size_t size)
{
    size_t sent;
    if (session->state == SESSION_CLOSING || session->is_mute) return;
    int error = try_send(session, bytes, size, &sent);
    if (error != 0) {
        give_up(session, error);
        return;
    }
    if (sent == size) return;
    if (session->out.size == 0 && !session->is_writing)
        session->output_ms = worker_awake_ms(session->worker);
    size -= sent;
    if (session->out.size + size > SESSION_OUTPUT_MAX_BYTES ||
        !session_bytes_reserve(session, &session->out, size)) {
        session_end(session, ETWR_REASON_SLOW_READER, "");
        return;
    }
    memcpy(session->out.data + session->out.size, (const uint8_t *)bytes + sent, size);
    session->out.size += size;
    if (!session->is_writing) start_write(session);
}

static void send_state(struct session *session, const struct slot *slot, enum wire_control control)
{
    const struct reply_provider_state state = {
        .slot = slot->number,
        .generation = slot->generation,
        .result = (uint8_t)slot->refused,
        .control = (uint8_t)control,
        .level = slot->merged.level,
        .match_any = slot->merged.match_any,
        .match_all = slot->merged.match_all,
    };
    uint8_t frame[FRAME_SMALL_BYTES];
    struct writer writer;
    writer_init(&writer, frame, sizeof frame);
    reply_put_provider_state(&writer, &state);
    session_send(session, frame, writer_size(&writer));
}

void session_send_provider_state(struct session *session, const struct slot *slot)
{
    send_state(session, slot, slot->merged.enabled ? WIRE_CONTROL_ENABLE : WIRE_CONTROL_DISABLE);
}

void session_send_capture_state(struct session *session, const struct slot *slot)
{
    send_state(session, slot, WIRE_CONTROL_CAPTURE_STATE);
}

void session_owe(struct session *session)
{
    struct worker *worker = session->worker;
    if (session->is_owed || session->state != SESSION_OPEN) return;
    session->is_owed = true;
    session->next_owed = worker->owed;
    worker->owed = session;
}

static void send_ack(struct session *session)
{
    const struct account *account = &session->client->account;
    struct reply_ack ack = {.sequence = account->settled_sequence,
                            .written = account->counts.written,
                            .not_enabled = account->counts.not_enabled};
    uint8_t frame[FRAME_SMALL_BYTES];
    struct writer writer;
    for (size_t i = 0; i < ETWR_REASON_DROP_COUNT; i++) {
        if (account->counts.dropped[i] == 0) continue;
        ack.dropped[ack.dropped_count].reason = (uint8_t)i;
        ack.dropped[ack.dropped_count++].count = account->counts.dropped[i];
    }
    writer_init(&writer, frame, sizeof frame);
    reply_put_ack(&writer, &ack);
    session->acked_sequence = account->settled_sequence;
    session->acked_ms = worker_now_ms(session->worker);
    session_send(session, frame, writer_size(&writer));
}

static void send_flushed(struct session *session, uint64_t cookie)
{
    uint8_t frame[64];
    struct writer writer;
    writer_init(&writer, frame, sizeof frame);
    reply_put_flushed(&writer, cookie);
    session_send(session, frame, writer_size(&writer));
}

static size_t count_reached(const struct session *session)
{
    size_t reached = 0;
    uint64_t settled = session->client->account.settled_sequence;
    while (reached < session->flush_count && session->flushes[reached].sequence <= settled)
        reached++;
    return reached;
}

static bool is_due(const struct session *session)
{
    uint64_t now_ms = worker_now_ms(session->worker);
    return session->client->account.settled_sequence - session->acked_sequence >=
               WORKER_ACK_EVENTS ||
           now_ms < session->acked_ms || now_ms - session->acked_ms >= WORKER_ACK_MS;
}

bool session_answer(struct session *session, bool at_once)
{
    struct session_flush reached[SESSION_FLUSHES_MAX];
    if (session->state != SESSION_OPEN) return true;
    bool has_news = session->client->account.settled_sequence != session->acked_sequence;
    size_t count = count_reached(session);
    if (count == 0 && !has_news) return true;
    if (count == 0 && !at_once && !is_due(session)) return false;
    /* The client is still busy with the last one: say it later, with what is settled then. */
    if (count == 0 && session->out.size > 0 && !at_once) return false;
    if (has_news || count > 0) send_ack(session);
    memcpy(reached, session->flushes, count * sizeof *reached);
    session->flush_count -= count;
    memmove(session->flushes, session->flushes + count,
            session->flush_count * sizeof *session->flushes);
    for (size_t i = 0; i < count; i++)
        send_flushed(session, reached[i].cookie);
    if (count > 0) session_release(session, SESSION_HOLD_FLUSH);
    return true;
}

void session_add_flush(struct session *session, uint64_t cookie)
{
    struct session_flush *flush = &session->flushes[session->flush_count++];
    flush->cookie = cookie;
    flush->sequence = session->client->account.next_sequence - 1;
    session_owe(session);
    worker_want_flush(session->worker);
    if (session->flush_count == SESSION_FLUSHES_MAX) session_hold(session, SESSION_HOLD_FLUSH);
}

void session_send_status(struct session *session, char *json, size_t size)
{
    session->status.is_asked = false;
    session->status.json = json;
    session->status.size = size;
    session->status.sent = 0;
    send_status_pieces(session);
}

static void send_piece(struct session *session, size_t size)
{
    struct writer writer;
    bool is_last = session->status.sent + size == session->status.size;
    const struct reply_status piece = {
        session->status.cookie, is_last, {session->status.json + session->status.sent, size}};
    writer_init(&writer, session->worker->frame_buffer, WIRE_FRAME_MAX_BYTES);
    reply_put_status(&writer, &piece);
    session->status.sent += size;
    session_send(session, session->worker->frame_buffer, writer_size(&writer));
}

static void send_status_pieces(struct session *session)
{
    while (session->status.json != NULL && session->out.size == 0 && !session->is_writing &&
           session->state == SESSION_OPEN) {
        size_t left = session->status.size - session->status.sent;
        if (left == 0) {
            free(session->status.json);
            session->status.json = NULL;
            session_release(session, SESSION_HOLD_STATUS);
            return;
        }
        send_piece(session, left < STATUS_PIECE_BYTES ? left : STATUS_PIECE_BYTES);
    }
}
