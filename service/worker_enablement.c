/*
 * What a worker does when some provider's listeners have changed: look at all its sessions, tell
 * clients at once what is new, and pass on requests for state bit by bit.
 *
 * Whoever is asked for its state answers with a burst of events. A thousand clients asked in the
 * same moment would overrun every session's buffers, so they are asked in small groups.
 */
#include "service/relay.h"
#include "service/worker.h"

#define CAPTURES_AT_ONCE 16
#define CAPTURES_GAP_MS  10

void worker_notice_enablement(struct worker *worker)
{
    atomic_store_explicit(&worker->has_enablement, true, memory_order_release);
    worker_wake(worker);
}

/* Ask the next few; false: nobody is left to be asked. */
static bool ask_some(struct worker *worker)
{
    unsigned asked = 0;
    struct session *session = worker->sessions;
    while (session != NULL) {
        struct session *next = session->next; /* a slow reader ends here */
        if (session->owes_state) {
            if (asked++ == CAPTURES_AT_ONCE) return true;
            session->owes_state = false;
            if (session->state == SESSION_OPEN) relay_ask_for_state(session);
        }
        session = next;
    }
    return false;
}

static void on_capture_timer(uv_timer_t *timer)
{
    struct worker *worker = timer->data;
    if (!ask_some(worker)) (void)uv_timer_stop(timer);
}

static void ask_for_state(struct worker *worker)
{
    if (uv_is_active((uv_handle_t *)&worker->capture_timer) || !ask_some(worker)) return;
    (void)uv_timer_start(&worker->capture_timer, on_capture_timer, CAPTURES_GAP_MS,
                         CAPTURES_GAP_MS);
}

void worker_tell_enablement(struct worker *worker)
{
    bool is_state_wanted = false;
    if (!atomic_exchange_explicit(&worker->has_enablement, false, memory_order_acquire)) return;
    if (worker->phase != WORKER_RUNNING) return;
    struct session *session = worker->sessions;
    while (session != NULL) {
        struct session *next = session->next;
        if (session->state == SESSION_OPEN) session->owes_state |= relay_tell_enablement(session);
        is_state_wanted = is_state_wanted || session->owes_state;
        session = next;
    }
    if (is_state_wanted) ask_for_state(worker);
}
