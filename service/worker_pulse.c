/* A worker's sign of life: its loop has turned since it was asked, and this is how it stands. */
#include "service/worker.h"

void worker_ask_pulse(struct worker *worker)
{
    atomic_store_explicit(&worker->is_pulse_asked, true, memory_order_release);
    worker_wake(worker);
}

void worker_answer_pulse(struct worker *worker)
{
    if (!atomic_load_explicit(&worker->is_pulse_asked, memory_order_acquire)) return;
    worker->totals = status_totals_of(worker);
    atomic_store_explicit(&worker->is_pulse_asked, false, memory_order_release);
}

bool worker_has_pulse(const struct worker *worker)
{
    return !atomic_load_explicit(&worker->is_pulse_asked, memory_order_acquire);
}
