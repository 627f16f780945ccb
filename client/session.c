/*
 * Fourth stop of an event: the background thread's turn. Each turn moves what may go out, writes in
 * large pieces, plans how long to sleep (under the lock, so that no wake-up is missed), sleeps, and
 * reads. While events keep coming it sleeps with a timeout and no writer pays for a wake-up.
 */
#include "client/session.h"

#include <stdlib.h>
#include <string.h>

#include "client/submit.h"
#include "client/words.h"

#define HELLO_TIMEOUT_MS 5000u

struct session *session_create(struct etwr_client *client)
{
    struct session *session = calloc(1, sizeof *session);

    if (!session) return NULL;
    session->client = client;
    session->out = malloc(SESSION_OUT_BYTES);
    session->in = malloc(WIRE_FRAME_MAX_BYTES);
    flight_init(&session->flight);
    if (session->out && session->in) return session;
    session_destroy(session);
    return NULL;
}

void session_destroy(struct session *session)
{
    if (!session) return;
    for (size_t i = 0; i < session->id_count; i++)
        known_release(session->by_id[i].known);
    free(session->out);
    free(session->in);
    free(session);
}

void session_fail(struct session *session, enum session_end end, const char *message)
{
    struct etwr_client *client = session->client;

    if (session->is_over) return;
    session->is_over = true;
    session->end = end;
    client_lock(client);
    words_set(client->error, sizeof client->error, session->name);
    words_add(client->error, sizeof client->error, ": ");
    words_add(client->error, sizeof client->error, message);
    client_unlock(client);
}

static void begin(struct session *session, struct stream *stream, const char *name)
{
    struct etwr_client *client = session->client;

    session->stream = stream;
    session->name = name;
    session->connection++;
    session->is_accepted = session->is_over = session->is_write_failed = false;
    session->is_draining = false;
    session->due_ms = 0;
    session->status_sent = 0;
    session->out_start = session->out_end = session->in_size = 0;
    flight_begin(&session->flight);
    client_lock(client);
    session->reopen_next = 0;
    session->reopen_end = client->slot_count;
    session->reissue_flush = session->flush_sent > client->flush_done ? session->flush_sent : 0;
    client->status.size = 0; /* what an earlier connection said of it is not continued */
    client_unlock(client);
    session_put_hello(session);
}

static void end(struct session *session)
{
    struct etwr_client *client = session->client;
    struct flight_run runs[FLIGHT_RUNS_MAX];
    size_t count = flight_end(&session->flight, runs);

    client_lock(client);
    client->link = LINK_DOWN;
    client->sleep = SLEEP_STUCK;
    account_doubt(&client->account, runs, count);
    os_monitor_wake_all(client->monitor);
    client_unlock(client);
    stream_close(session->stream);
    session->stream = NULL;
}

/* Is there something to send that does not come out of the queue? */
static bool has_questions(const struct session *session)
{
    const struct status_request *status = &session->client->status;

    return session->reopen_next < session->reopen_end || session->reissue_flush != 0 ||
           (status->is_busy && !status->is_done && status->cookie != session->status_sent);
}

/*
 * How long may the thread sleep with nothing left to write? 0: not at all, the queue is to be
 * emptied. After it was emptied the thread waits one more delay with a timeout, so that under
 * steady load nobody has to wake it.
 */
static uint64_t plan_sleep(struct session *session)
{
    struct etwr_client *client = session->client;
    uint64_t now = os_clock_ms();
    bool is_due = session->due_ms != 0 && now >= session->due_ms;

    if (has_questions(session)) {
        client->sleep = SLEEP_NOT;
        return 0;
    }
    if (queue_is_empty(&client->queue) && !submit_is_owing(client)) {
        session->is_draining = client->is_urgent = false;
        if (is_due) session->due_ms = 0;
        client->sleep = session->due_ms != 0 ? SLEEP_TIMED : SLEEP_IDLE;
        return session->due_ms != 0 ? session->due_ms : OS_NEVER;
    }
    if (session->is_draining || is_due || client->is_urgent || client->room_waiters > 0 ||
        queue_is_half_full(&client->queue)) {
        session->is_draining = true;
        session->due_ms = 0;
        client->is_urgent = false;
        client->sleep = SLEEP_NOT;
        return 0;
    }
    if (session->due_ms == 0) session->due_ms = now + client->delay_ms;
    client->sleep = SLEEP_TIMED;
    return session->due_ms;
}

/* Before WELCOME, and while the connection takes no more, only its answer matters. */
static void sleep_and_read(struct session *session, uint64_t hello_deadline_ms)
{
    struct etwr_client *client = session->client;
    bool has_output = session_has_output(session);
    struct transport_events events;
    uint64_t deadline = OS_NEVER;

    client_lock(client);
    if (client->is_stopping) {
        client_unlock(client);
        return;
    }
    client->sleep = SLEEP_STUCK;
    if (!session->is_accepted)
        deadline = hello_deadline_ms;
    else if (!has_output && !session->is_write_failed)
        deadline = plan_sleep(session);
    client_unlock(client);
    events = transport_wait(client->waker, session->stream, true, has_output, deadline);
    client_lock(client);
    client->sleep = SLEEP_NOT;
    client_unlock(client);
    if (events.readable || session->is_write_failed) session_read(session);
}

static bool is_stopping(struct etwr_client *client)
{
    bool stopping;

    client_lock(client);
    stopping = client->is_stopping;
    client_unlock(client);
    return stopping;
}

enum session_end session_run(struct session *session, struct stream *stream, const char *name)
{
    uint64_t hello_deadline_ms = os_clock_ms() + HELLO_TIMEOUT_MS;

    begin(session, stream, name);
    while (!session->is_over && !is_stopping(session->client)) {
        if (session->is_accepted) session_fill(session);
        session_write(session);
        sleep_and_read(session, hello_deadline_ms);
        if (session->is_accepted || os_clock_ms() < hello_deadline_ms) continue;
        session_fail(session, SESSION_NOT_REACHED, "nobody answered within 5 seconds");
    }
    if (!session->is_over) session_fail(session, SESSION_LOST, "the client was closed");
    end(session);
    return session->end;
}
