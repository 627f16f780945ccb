/*
 * How a worker ends: nothing that had arrived is lost, nothing that had been counted stays open.
 *
 *     DRAINING  what had arrived when the stop came is still handled; a session that has been read
 * empty is drained, and what it sends from then on is dropped as `shutdown` FLUSHING  everything is
 * dropped as `shutdown`; what was put before comes back settled ENDING    last acknowledgements,
 * sessions close, handles close, the loop ends
 *
 * Each phase ends early when there is nothing left to wait for; the first two together take at most
 * drain_ms.
 */
#include "service/lost_events.h"
#include "service/relay.h"
#include "service/worker.h"

static bool is_time_over(const struct worker *worker)
{
    return worker_now_ms(worker) - worker->stop_ms >= worker->settings->config->limits.drain_ms;
}

static void on_stop_timer(uv_timer_t *timer)
{
    (void)timer;
} /* the turn's end does it */

void worker_begin_stop(struct worker *worker)
{
    if (worker->phase != WORKER_RUNNING) return;
    worker->stop_ms = worker_now_ms(worker);
    worker->stop_turn = worker->turn;
    worker->phase = WORKER_DRAINING;
    /* Turns must come, also when nothing arrives. */
    (void)uv_timer_start(&worker->stop_timer, on_stop_timer, 0, WORKER_RETRY_MS);
}

/* A session which a whole turn did not read has nothing left that had arrived before the stop. */
static bool is_drained(struct worker *worker)
{
    bool all = true;
    if (worker->turn < worker->stop_turn + 2) return false;
    for (struct session *session = worker->sessions; session != NULL; session = session->next) {
        if (session->state == SESSION_CLOSING) continue;
        if (session->holds == 0 && session->turn != worker->turn) session->is_drained = true;
        all = all && session->is_drained;
    }
    return all;
}

static bool has_pending(const struct worker *worker)
{
    for (size_t i = 0; i < worker->sink_count; i++)
        if (worker->sinks[i].pending > 0) return true;
    return worker->own.pending > 0;
}

static void end_sessions(struct worker *worker)
{
    struct session *session = worker->sessions;
    while (session != NULL) {
        struct session *next = session->next;
        session_end(session, ETWR_REASON_STOPPING, "the service is stopping");
        session = next;
    }
    lost_events_tell_all(worker);
    worker_flush_sinks(worker);
}

static void close_handles(struct worker *worker)
{
    uv_handle_t *handles[] = {
        (uv_handle_t *)&worker->wake,        (uv_handle_t *)&worker->turn_start,
        (uv_handle_t *)&worker->turn_end,    (uv_handle_t *)&worker->spin,
        (uv_handle_t *)&worker->flush_timer, (uv_handle_t *)&worker->answer_timer,
        (uv_handle_t *)&worker->retry_timer, (uv_handle_t *)&worker->scan_timer,
        (uv_handle_t *)&worker->stop_timer,  (uv_handle_t *)&worker->capture_timer,
    };
    uv_mutex_lock(&worker->inbox_mutex);
    worker->is_deaf = true;
    uv_mutex_unlock(&worker->inbox_mutex);
    for (size_t i = 0; i < sizeof handles / sizeof *handles; i++)
        if (!uv_is_closing(handles[i])) uv_close(handles[i], NULL);
}

void worker_go_on_stopping(struct worker *worker)
{
    if (worker->phase == WORKER_DRAINING && (is_drained(worker) || is_time_over(worker))) {
        lost_events_tell_all(worker);
        worker_flush_sinks(worker);
        worker->phase = WORKER_FLUSHING;
    }
    if (worker->phase == WORKER_FLUSHING && (!has_pending(worker) || is_time_over(worker))) {
        worker->phase = WORKER_ENDING;
        end_sessions(worker);
    }
    /* Sessions linger while their last answers leave; what comes back meanwhile is still credited.
     */
    if (worker->phase == WORKER_ENDING && worker->session_count == 0) close_handles(worker);
}
