/*
 * A worker's life and its turns. See the header for the picture.
 *
 * The one idea: work is done as it arrives, but everything that costs a system call or a hand-over
 * to another thread (flushing sinks, acknowledging) is put off to the turn's end, where it is done
 * once for all that the turn brought.
 */
#include "service/worker.h"

#include <stdlib.h>
#include <string.h>

#include "service/lost_events.h"
#include "service/relay.h"
#include "service/support/log.h"

uint64_t worker_now_ms(const struct worker *worker)
{
    return uv_now(&worker->loop);
}

uint64_t worker_awake_ms(struct worker *worker)
{
    uint64_t now_ms = worker_now_ms(worker);
    if (now_ms - worker->seen_ms > WORKER_ASLEEP_MS) worker->asleep_ms += now_ms - worker->seen_ms;
    worker->seen_ms = now_ms;
    return now_ms - worker->asleep_ms;
}

/* Sessions that had used up their turn read on. */
static void on_turn_start(uv_prepare_t *handle)
{
    struct worker *worker = handle->data;
    struct session *session = worker->paused;
    worker->turn++;
    worker->paused = NULL;
    while (session != NULL) {
        struct session *next = session->next_paused;
        session->is_paused = false;
        session_release(session, SESSION_HOLD_TURN);
        session = next;
    }
}

/* Nothing to do: being active is the whole point, the loop then only looks whether something has
 * arrived. */
static void on_spin(uv_idle_t *handle)
{
    (void)handle;
}

static void on_flush_timer(uv_timer_t *timer)
{
    worker_flush_sinks(timer->data);
}

static void on_answer_timer(uv_timer_t *timer)
{
    (void)timer;
} /* turn_end() does it */

static void on_scan_timer(uv_timer_t *timer)
{
    struct worker *worker = timer->data;
    uint64_t now_ms = worker_now_ms(worker);
    uint64_t awake_ms = worker_awake_ms(worker);
    struct session *session = worker->sessions;
    load_measure(&worker->load, worker->transport.bytes);
    while (session != NULL) {
        struct session *next = session->next; /* closing frees in a later callback */
        session_scan(session, awake_ms);
        session = next;
    }
    if (worker->lossy != NULL && !worker->is_held &&
        now_ms - worker->lost_events_ms >= WORKER_LOST_EVENTS_MS)
        lost_events_tell_all(worker);
}

/* Hand over what was put: at once when it is urgent, when nothing more arrives, or when the time is
 * over. */
static void consider_flush(struct worker *worker)
{
    uint64_t now_ms = worker_now_ms(worker);
    bool is_idle = worker->read_turn != worker->turn;
    if (!worker->has_put) return;
    if (worker->is_urgent || now_ms - worker->put_ms >= WORKER_FLUSH_MS ||
        (is_idle && now_ms - worker->flushed_ms >= WORKER_FLUSH_GAP_MS)) {
        worker_flush_sinks(worker);
        return;
    }
    if (!is_idle) {
        (void)uv_idle_start(&worker->spin, on_spin);
        return;
    }
    (void)uv_idle_stop(&worker->spin);
    if (!uv_is_active((uv_handle_t *)&worker->flush_timer))
        (void)uv_timer_start(&worker->flush_timer, on_flush_timer, WORKER_FLUSH_GAP_MS, 0);
}

static void answer_sessions(struct worker *worker)
{
    struct session *session = worker->owed;
    worker->owed = NULL;
    while (session != NULL) {
        struct session *next = session->next_owed;
        session->is_owed = false;
        if (!session_answer(session, false)) session_owe(session);
        session = next;
    }
    if (worker->owed != NULL && !uv_is_active((uv_handle_t *)&worker->answer_timer))
        (void)uv_timer_start(&worker->answer_timer, on_answer_timer, WORKER_ACK_MS, 0);
}

static void on_turn_end(uv_check_t *handle)
{
    struct worker *worker = handle->data;
    consider_flush(worker);
    worker_release_served(worker);
    if (atomic_exchange_explicit(&worker->has_settled, false, memory_order_acquire)) {
        worker_collect_settled(worker);
        worker_release_sinks(worker);
    }
    answer_sessions(worker);
    if (worker->phase != WORKER_RUNNING) worker_go_on_stopping(worker);
}

static void on_wake(uv_async_t *handle)
{
    worker_read_inbox(handle->data);
    worker_answer_pulse(handle->data);
    worker_tell_enablement(handle->data);
}

static enum etwr_status allocate(struct worker *worker)
{
    worker->read_buffer = malloc(SESSION_READ_BYTES);
    worker->frame_buffer = malloc(WIRE_FRAME_MAX_BYTES);
    if (worker->read_buffer == NULL || worker->frame_buffer == NULL) return ETWR_E_NO_MEMORY;
    if (etwr_event_create(&worker->builder) != ETWR_OK) return ETWR_E_NO_MEMORY;
    return etwr_event_create(&worker->own_builder);
}

/* libuv's init functions for these cannot fail, but for the loop and the async, which take
 * descriptors. */
static int init_loop(struct worker *worker)
{
    int error = uv_loop_init(&worker->loop);
    if (error != 0) return error;
    error = uv_async_init(&worker->loop, &worker->wake, on_wake);
    if (error != 0) {
        uv_loop_close(&worker->loop);
        return error;
    }
    worker->has_loop = true;
    (void)uv_prepare_init(&worker->loop, &worker->turn_start);
    (void)uv_check_init(&worker->loop, &worker->turn_end);
    (void)uv_idle_init(&worker->loop, &worker->spin);
    (void)uv_timer_init(&worker->loop, &worker->flush_timer);
    (void)uv_timer_init(&worker->loop, &worker->answer_timer);
    (void)uv_timer_init(&worker->loop, &worker->retry_timer);
    (void)uv_timer_init(&worker->loop, &worker->scan_timer);
    (void)uv_timer_init(&worker->loop, &worker->stop_timer);
    (void)uv_timer_init(&worker->loop, &worker->capture_timer);
    worker->wake.data = worker->turn_start.data = worker->turn_end.data = worker;
    worker->spin.data = worker->flush_timer.data = worker->answer_timer.data = worker;
    worker->retry_timer.data = worker->scan_timer.data = worker->stop_timer.data = worker;
    worker->capture_timer.data = worker;
    (void)uv_prepare_start(&worker->turn_start, on_turn_start);
    (void)uv_check_start(&worker->turn_end, on_turn_end);
    (void)uv_timer_start(&worker->scan_timer, on_scan_timer, WORKER_SCAN_MS, WORKER_SCAN_MS);
    return 0;
}

static void run(void *argument)
{
    struct worker *worker = argument;
    (void)uv_run(&worker->loop, UV_RUN_DEFAULT);
}

static void close_walked(uv_handle_t *handle, void *argument)
{
    (void)argument;
    if (!uv_is_closing(handle)) uv_close(handle, NULL);
}

static void close_loop(struct worker *worker)
{
    if (!worker->has_loop) return;
    uv_walk(&worker->loop, close_walked, NULL);
    (void)uv_run(&worker->loop, UV_RUN_DEFAULT);
    (void)uv_loop_close(&worker->loop);
    worker->has_loop = false;
}

enum etwr_status worker_start(struct worker *worker, struct relay *relay, unsigned index,
                              struct settings *settings)
{
    memset(worker, 0, sizeof *worker);
    worker->relay = relay;
    worker->index = index;
    worker->settings = settings_ref(settings);
    worker->round = 1; /* a new session's is 0: not served yet */
    worker->inbox_end = &worker->inbox;
    worker->sink_count = relay->sink_count;
    for (size_t i = 0; i < relay->sink_count; i++)
        worker->sinks[i].sink = relay->sinks[i];
    account_pool_init(&worker->pool);
    atomic_init(&worker->has_settled, false);
    atomic_init(&worker->has_enablement, false);
    load_init(&worker->load);
    for (size_t i = 0; i < PULSE_KINDS; i++)
        atomic_init(&worker->pulses[i].is_asked, false);
    enum etwr_status status = ETWR_E_IO;
    if (uv_mutex_init(&worker->inbox_mutex) != 0) goto no_mutex;
    status = allocate(worker);
    if (status == ETWR_OK && init_loop(worker) != 0) status = ETWR_E_IO;
    if (status == ETWR_OK && uv_thread_create(&worker->thread, run, worker) != 0)
        status = ETWR_E_IO;
    if (status == ETWR_OK) {
        worker->has_thread = true;
        return ETWR_OK;
    }
    worker_clear(worker);
    return status;
no_mutex:
    settings_unref(worker->settings);
    return status;
}

void worker_join(struct worker *worker)
{
    if (worker->has_thread) (void)uv_thread_join(&worker->thread);
    worker->has_thread = false;
    worker->phase = WORKER_ENDED;
}

void worker_finish(struct worker *worker)
{
    worker_collect_settled(worker);
}

static void free_messages(struct worker *worker)
{
    while (worker->inbox != NULL) {
        struct worker_message *message = worker->inbox;
        worker->inbox = message->next;
        worker_drop_message(worker, message);
    }
}

void worker_clear(struct worker *worker)
{
    close_loop(worker);
    free_messages(worker);
    lost_events_forget_all(worker);
    account_pool_clear(&worker->pool);
    etwr_event_destroy(worker->builder);
    etwr_event_destroy(worker->own_builder);
    free(worker->read_buffer);
    free(worker->frame_buffer);
    settings_unref(worker->settings);
    uv_mutex_destroy(&worker->inbox_mutex);
}
