/*
 * A session's life: opened with a connected pipe, ended for one reason, freed in its close
 * callback.
 *
 * Two-step close: session_end() takes away everything that others see at once, and the handle goes
 * when the last answers have left or the client has had its time to read them.
 */
#include "service/pipe/session.h"

#include <stdlib.h>
#include <string.h>

#include "protocol/wire/reply.h"
#include "service/lost_events.h"
#include "service/relay.h"
#include "service/support/log.h"
#include "service/worker.h"

#define BYTES_FIRST     256
#define BYTES_IDLE_KEPT 4096

static void set_state(struct session *session, enum session_state state)
{
    session->state = state;
    session->state_ms = worker_awake_ms(session->worker);
}

bool session_charge(struct session *session, size_t bytes)
{
    if (!quota_take_bytes(session->worker->relay->quota, session->quota_user, bytes)) return false;
    session->charged_bytes += bytes;
    return true;
}

void session_uncharge(struct session *session, size_t bytes)
{
    session->charged_bytes -= bytes;
    quota_give_bytes(session->quota_user, bytes);
}

bool session_bytes_reserve(struct session *session, struct session_bytes *bytes, size_t size)
{
    size_t capacity = bytes->capacity == 0 ? BYTES_FIRST : bytes->capacity;
    if (size <= bytes->capacity - bytes->size) return true;
    while (capacity - bytes->size < size)
        capacity *= 2;
    /* A whole frame must fit into the least that a user's budget can be. */
    if (capacity > WIRE_FRAME_MAX_BYTES && bytes->size + size <= WIRE_FRAME_MAX_BYTES)
        capacity = WIRE_FRAME_MAX_BYTES;
    if (!session_charge(session, capacity - bytes->capacity)) return false;
    uint8_t *data = realloc(bytes->data, capacity);
    if (data == NULL) {
        session_uncharge(session, capacity - bytes->capacity);
        return false;
    }
    bytes->data = data;
    bytes->capacity = capacity;
    return true;
}

void session_bytes_free(struct session *session, struct session_bytes *bytes)
{
    session_uncharge(session, bytes->capacity);
    free(bytes->data);
    memset(bytes, 0, sizeof *bytes);
}

static void link_session(struct worker *worker, struct session *session)
{
    session->next = worker->sessions;
    if (session->next != NULL) session->next->previous = session;
    worker->sessions = session;
    worker->session_count++;
    worker->transport.sessions++;
}

static void unlink_session(struct session *session)
{
    struct worker *worker = session->worker;
    if (session->next != NULL) session->next->previous = session->previous;
    if (session->previous != NULL)
        session->previous->next = session->next;
    else
        worker->sessions = session->next;
    worker->session_count--;
    atomic_fetch_sub_explicit(&worker->load.sessions, 1, memory_order_relaxed);
}

static void remove_from_lists(struct session *session)
{
    struct worker *worker = session->worker;
    struct session **link = &worker->owed;
    if (session->is_owed) {
        while (*link != session)
            link = &(*link)->next_owed;
        *link = session->next_owed;
        session->is_owed = false;
    }
    if (session->is_paused) {
        link = &worker->paused;
        while (*link != session)
            link = &(*link)->next_paused;
        *link = session->next_paused;
        session->is_paused = false;
    }
}

void session_open(struct worker *worker, intptr_t handle, const struct peer *peer,
                  struct quota_user *user, uint64_t id)
{
    struct session *session = calloc(1, sizeof *session);
    struct client *client = session == NULL ? NULL : client_create(worker, peer, id);
    if (client == NULL) {
        free(session);
        listener_refuse(handle, NULL, 0);
        quota_disconnect(worker->relay->quota, user, false, worker_now_ms(worker));
        atomic_fetch_sub_explicit(&worker->load.sessions, 1, memory_order_relaxed);
        return;
    }
    session->worker = worker;
    session->client = client;
    session->quota_user = user;
    client->session = session;
    slots_init(&session->slots);
    link_session(worker, session);
    set_state(session, SESSION_NEW);
    int error = uv_pipe_init(&worker->loop, &session->pipe, 0);
    session->pipe.data = session;
    session->write.data = session;
    if (error == 0) error = uv_pipe_open(&session->pipe, (uv_file)handle);
    if (error != 0) {
        listener_refuse(handle, NULL, 0);
        session_end(session, ETWR_REASON_NONE, "");
        return;
    }
    if (worker->phase != WORKER_RUNNING) {
        session_end(session, ETWR_REASON_STOPPING, "the service is stopping");
        return;
    }
    if (worker->is_held) session->holds |= SESSION_HOLD_SINKS;
    session_read_start(session);
}

void session_welcome(struct session *session)
{
    const struct config_limits *limits = &session->worker->settings->config->limits;
    bool is_lifted = session->worker->settings->config->allow_any_provider;
    const struct reply_welcome welcome = {
        .version = WIRE_VERSION,
        .body_max_bytes = WIRE_BODY_MAX_BYTES,
        .schemas_max = limits->schemas_per_client,
        .providers_max = is_lifted ? UINT16_MAX : limits->providers_per_client,
    };
    uint8_t frame[64];
    struct writer writer;
    writer_init(&writer, frame, sizeof frame);
    reply_put_welcome(&writer, &welcome);
    set_state(session, SESSION_OPEN);
    session_send(session, frame, writer_size(&writer));
}

static void on_closed(uv_handle_t *handle)
{
    struct session *session = handle->data;
    session_bytes_free(session, &session->in);
    session_bytes_free(session, &session->out);
    session_bytes_free(session, &session->writing);
    quota_give_tokens(session->worker->relay->quota, session->quota_user, &session->tokens);
    quota_disconnect(session->worker->relay->quota, session->quota_user, session->is_hello_done,
                     worker_now_ms(session->worker));
    unlink_session(session);
    free(session->status.json);
    free(session);
}

static void close_handle(struct session *session)
{
    if (session->is_closed) return;
    session->is_closed = true;
    uv_close((uv_handle_t *)&session->pipe, on_closed);
}

/* The last word: REFUSED before the WELCOME, ERROR after it. */
static void send_reason(struct session *session, enum etwr_reason reason, const char *text)
{
    uint8_t frame[WIRE_TEXT_MAX_BYTES + 64];
    struct writer writer;
    if (session->state == SESSION_CLOSING) return;
    writer_init(&writer, frame, sizeof frame);
    if (session->state == SESSION_NEW) {
        const struct reply_refused refused = {(uint8_t)reason, {text, strlen(text)}};
        reply_put_refused(&writer, &refused);
    } else {
        const struct reply_error error = {
            session->client->account.next_sequence, (uint8_t)reason, {text, strlen(text)}};
        reply_put_error(&writer, &error);
    }
    session_send(session, frame, writer_size(&writer));
}

static void count_end(struct session *session, enum etwr_reason reason)
{
    static struct log_cause cause = {.name = "ended connections"};
    struct worker_transport *transport = &session->worker->transport;
    if (reason >= ETWR_REASON_MALFORMED && (size_t)reason < RELAY_REASONS)
        transport->ended[reason]++;
    if (session->in.size > 0 && session->holds == 0) transport->partial++;
    if (reason == ETWR_REASON_NONE || reason == ETWR_REASON_STOPPING) return;
    log_repeated(&cause, LOG_LEVEL_WARNING, "connection of %s, process %lu (%s), ended: %s",
                 session->client->peer.user, (unsigned long)session->client->peer.pid,
                 session->client->image, etwr_reason_name(reason));
}

/* What others know of the session goes now. Its account lives on while batches are out. */
static void detach(struct session *session)
{
    struct worker *worker = session->worker;
    struct client *client = session->client;
    remove_from_lists(session);
    relay_close_slots(session);
    if (client->loss_count > 0) lost_events_tell(worker, client);
    client->session = NULL;
    session->client = NULL;
    account_unref(&client->account);
}

void session_end(struct session *session, enum etwr_reason reason, const char *text)
{
    if (session->state == SESSION_CLOSING) return;
    session_read_stop(session);
    count_end(session, reason);
    if (reason != ETWR_REASON_NONE && reason != ETWR_REASON_SLOW_READER) {
        (void)session_answer(session, true);
        send_reason(session, reason, text);
        /* A client that does not read may have been given up meanwhile. */
        if (session->state == SESSION_CLOSING) return;
    }
    set_state(session, SESSION_CLOSING);
    detach(session);
    bool is_waiting = session->out.size > 0 || session->is_writing;
    if (reason == ETWR_REASON_NONE || reason == ETWR_REASON_SLOW_READER || !is_waiting)
        close_handle(session);
}

void session_output_drained(struct session *session)
{
    if (session->state == SESSION_CLOSING) close_handle(session);
}

void session_hold(struct session *session, enum session_hold hold)
{
    session->holds |= (unsigned)hold;
    session_read_stop(session);
}

void session_release(struct session *session, enum session_hold hold)
{
    if ((session->holds & (unsigned)hold) == 0) return;
    session->holds &= ~(unsigned)hold;
    if (session->holds != 0 || session->state == SESSION_CLOSING) return;
    session->frame_ms = worker_awake_ms(session->worker); /* the wait was not the client's */
    session_parse_kept(session);
    if (session->holds == 0 && session->state != SESSION_CLOSING) session_read_start(session);
}

static bool is_over(uint64_t since_ms, uint64_t now_ms, uint64_t limit_ms)
{
    return now_ms >= since_ms && now_ms - since_ms >= limit_ms;
}

/* Buffers that a burst made large go back when they are empty. */
static void free_idle(struct session *session)
{
    if (session->in.size == 0 && session->in.capacity > BYTES_IDLE_KEPT)
        session_bytes_free(session, &session->in);
    if (session->out.size == 0 && session->out.capacity > BYTES_IDLE_KEPT)
        session_bytes_free(session, &session->out);
    if (!session->is_writing && session->writing.capacity > BYTES_IDLE_KEPT)
        session_bytes_free(session, &session->writing);
}

static uint64_t find_hello_limit(const struct session *session)
{
    uint64_t limit_ms = session->worker->settings->config->limits.hello_timeout_ms;
    uint64_t pressure_until_ms =
        atomic_load_explicit(&session->worker->relay->pressure_until_ms, memory_order_relaxed);
    if (worker_now_ms(session->worker) >= pressure_until_ms || limit_ms < SESSION_HELLO_PRESSURE_MS)
        return limit_ms;
    return SESSION_HELLO_PRESSURE_MS;
}

void session_scan(struct session *session, uint64_t awake_ms)
{
    const struct config_limits *limits = &session->worker->settings->config->limits;
    bool has_output = session->out.size > 0 || session->is_writing;
    if (session->state == SESSION_CLOSING) {
        if (is_over(session->state_ms, awake_ms, SESSION_LINGER_MS)) close_handle(session);
        return;
    }
    if (session->state == SESSION_NEW &&
        is_over(session->state_ms, awake_ms, find_hello_limit(session))) {
        session_end(session, ETWR_REASON_HELLO_TIMEOUT, "no HELLO came in time");
        return;
    }
    if (session->in.size > 0 && session->holds == 0 &&
        is_over(session->frame_ms, awake_ms, limits->frame_timeout_ms)) {
        session_end(session, ETWR_REASON_FRAME_TIMEOUT, "a frame was not finished in time");
        return;
    }
    if (has_output && is_over(session->output_ms, awake_ms, limits->frame_timeout_ms)) {
        session_end(session, ETWR_REASON_SLOW_READER, "");
        return;
    }
    free_idle(session);
}
