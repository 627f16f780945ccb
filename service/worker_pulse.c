/* A worker's sign of life: its loop has turned since it was asked, and this is how it stands. */
#include "service/worker.h"

void worker_ask_pulse(struct worker *worker, enum worker_pulse_kind kind)
{
    atomic_store_explicit(&worker->pulses[kind].is_asked, true, memory_order_release);
    worker_wake(worker);
}

void worker_answer_pulse(struct worker *worker)
{
    for (size_t i = 0; i < PULSE_KINDS; i++) {
        struct worker_pulse *pulse = &worker->pulses[i];
        if (!atomic_load_explicit(&pulse->is_asked, memory_order_acquire)) continue;
        pulse->totals = status_totals_of(worker);
        atomic_store_explicit(&pulse->is_asked, false, memory_order_release);
    }
}

bool worker_has_pulse(const struct worker *worker, enum worker_pulse_kind kind)
{
    return !atomic_load_explicit(&worker->pulses[kind].is_asked, memory_order_acquire);
}

const struct status_totals *worker_pulse_totals(const struct worker *worker,
                                                enum worker_pulse_kind kind)
{
    return &worker->pulses[kind].totals;
}
