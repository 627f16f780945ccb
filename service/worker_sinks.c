/*
 * A worker and its sinks: putting, flushing, taking back, and waiting for room.
 *
 * Each batch that a sink makes carries one record of ours, with the clients' settlements and the
 * counts that are nobody's account (other sinks than the followed one, the service's own events).
 */
#include "service/worker.h"

#include "service/relay.h"

struct account_batch *worker_batch(struct worker *worker, struct sink_batch *batch)
{
    if (batch->settlements == NULL) batch->settlements = account_batch_take(&worker->pool);
    return batch->settlements;
}

void worker_note_put(struct worker *worker, uint8_t level)
{
    if (!worker->has_put) {
        worker->has_put = true;
        worker->put_ms = worker_now_ms(worker);
    }
    /* Level 0 is "always logged", not urgent. */
    if (level == 1 || level == 2) worker->is_urgent = true;
}

void worker_flush_sinks(struct worker *worker)
{
    for (size_t i = 0; i < worker->sink_count; i++) {
        struct sink *sink = worker->sinks[i].sink;
        sink->ops->flush(sink, worker->index);
    }
    worker->has_put = worker->is_urgent = false;
    worker->flushed_ms = worker_now_ms(worker);
    (void)uv_idle_stop(&worker->spin);
    (void)uv_timer_stop(&worker->flush_timer);
}

/* Not at once: a crowd that flushes shares one buffer a turn, and would use up all of them. */
void worker_want_flush(struct worker *worker)
{
    if (worker->has_put) worker->is_urgent = true;
}

bool worker_sinks_ready(struct worker *worker)
{
    uint64_t now_ms = worker_now_ms(worker);
    for (size_t i = 0; i < worker->sink_count; i++) {
        struct sink *sink = worker->sinks[i].sink;
        if (sink->ops->ready(sink, worker->index, now_ms)) continue;
        worker_hold_sessions(worker);
        return false;
    }
    return true;
}

static void on_retry(uv_timer_t *timer)
{
    worker_release_sinks(timer->data);
}

void worker_hold_sessions(struct worker *worker)
{
    if (worker->is_held) return;
    worker->is_held = true;
    worker->has_served_held = false;
    /* What was put must get out, or room never comes. */
    worker_flush_sinks(worker);
    for (struct session *session = worker->sessions; session != NULL; session = session->next)
        session_hold(session, SESSION_HOLD_SINKS);
    (void)uv_timer_start(&worker->retry_timer, on_retry, WORKER_RETRY_MS, WORKER_RETRY_MS);
}

static bool has_room(struct worker *worker)
{
    uint64_t now_ms = worker_now_ms(worker);
    for (size_t i = 0; i < worker->sink_count; i++) {
        struct sink *sink = worker->sinks[i].sink;
        if (!sink->ops->ready(sink, worker->index, now_ms)) return false;
    }
    return true;
}

/* Until there is no room again. Who was served in this round stays held unless it is over; returns
 * how many. Releasing takes no session out of the list. */
static size_t release_sessions(struct worker *worker, bool is_over)
{
    size_t kept = 0;
    for (struct session *session = worker->sessions; session != NULL && !worker->is_held;
         session = session->next) {
        if (session->round == worker->round && !is_over) {
            kept++;
            continue;
        }
        session->turn = worker->turn; /* what its socket holds has yet to be read: not drained */
        session_release(session, SESSION_HOLD_SINKS);
    }
    return kept;
}

static void begin_round(struct worker *worker)
{
    worker->has_served_held = false;
    worker->round++;
    (void)release_sessions(worker, true);
}

/* Room may be gone again before all have had their share: those at the list's front, or whose
 * answers come first and who have sent anew, would have all there is. So who has had it waits one
 * turn of the loop longer, in which the others are read. */
void worker_release_sinks(struct worker *worker)
{
    if (!worker->is_held || !has_room(worker)) return;
    worker->is_held = false;
    (void)uv_timer_stop(&worker->retry_timer);
    size_t kept = release_sessions(worker, false);
    if (worker->is_held || kept == 0) return;
    if (kept == worker->session_count) {
        begin_round(worker);
        return;
    }
    worker->has_served_held = true;
    worker->released_turn = worker->turn;
    (void)uv_async_send(&worker->wake); /* that turn comes at once, whether or not they have sent */
}

void worker_release_served(struct worker *worker)
{
    if (worker->has_served_held && worker->turn != worker->released_turn) begin_round(worker);
}

static void settle_own(struct worker *worker, uint64_t count, enum etwr_reason failed)
{
    worker->own.pending -= count;
    if (failed == ETWR_REASON_NONE)
        worker->own.written += count;
    else
        worker->own.dropped[failed] += count;
}

static void settle_batch(struct worker *worker, struct worker_sink *sink,
                         struct sink_batch *sink_batch)
{
    struct account_batch *batch = sink_batch->settlements;
    enum etwr_reason failed = sink_batch->failed;
    if (batch == NULL) return;
    sink_batch->settlements = NULL;
    sink->pending -= batch->events;
    if (failed == ETWR_REASON_NONE)
        sink->counts.written += batch->events;
    else
        sink->counts.dropped[failed] += batch->events;
    settle_own(worker, batch->own, failed);
    account_settle_batch(&worker->pool, batch, failed);
}

void worker_collect_settled(struct worker *worker)
{
    for (size_t i = 0; i < worker->sink_count; i++) {
        struct sink *sink = worker->sinks[i].sink;
        struct sink_batch *batch = sink->ops->take_settled(sink, worker->index);
        while (batch != NULL) {
            struct sink_batch *next = batch->next;
            settle_batch(worker, &worker->sinks[i], batch);
            sink->ops->release_batch(sink, worker->index, batch);
            batch = next;
        }
    }
}

/* They are told to every sink, and counted by what the first one says. */
static void put_own(struct worker *worker, size_t index, const struct sink_event *own)
{
    struct sink *sink = worker->sinks[index].sink;
    struct sink_event at_sink = *own;
    const struct sink_event *event = &at_sink;
    at_sink.provider = worker->relay->own_provider->at_sinks[index];
    struct sink_batch *sink_batch = NULL;
    enum etwr_reason reason = ETWR_REASON_OTHER;
    enum sink_result result = sink->ops->write(sink, worker->index, event, &sink_batch, &reason);
    if (index != 0) return;
    if (result == SINK_WRITTEN) worker->own.written++;
    if (result == SINK_DROPPED) worker->own.dropped[reason]++;
    if (result != SINK_PENDING) return;
    worker_batch(worker, sink_batch)->own++;
    worker->own.pending++;
}

bool worker_write_own(struct worker *worker, const struct sink_event *event)
{
    if (!account_pool_reserve(&worker->pool, worker->sink_count)) return false;
    for (size_t i = 0; i < worker->sink_count; i++)
        put_own(worker, i, event);
    worker_note_put(worker, event->descriptor.level);
    return true;
}
