/*
 * The pulse: does every thread still turn? On the main thread, as often as the service manager's
 * watchdog asks for.
 *
 * The main loop asks each worker and looks at the next beat who has answered. Only when all have is
 * the watchdog told, so that one worker that hangs brings the restart although the main thread is
 * well. What the answers carry, the counters, is told along with it.
 */
#include <stdio.h>

#include "service/host/watchdog.h"
#include "service/relay.h"
#include "service/support/log.h"

#define STATUS_BYTES 256

static void ask(struct relay *relay)
{
    for (unsigned i = 0; i < relay->workers_started; i++)
        worker_ask_pulse(&relay->workers[i], PULSE_WATCHDOG);
}

/* The first worker that has not answered; NULL: all have. */
static const struct worker *find_late(const struct relay *relay)
{
    for (unsigned i = 0; i < relay->workers_started; i++)
        if (!worker_has_pulse(&relay->workers[i], PULSE_WATCHDOG)) return &relay->workers[i];
    return NULL;
}

/* Once a silence, not at each beat. */
static void tell_late(struct relay *relay, const struct worker *worker)
{
    char status[STATUS_BYTES];
    if (relay->has_late_worker) return;
    relay->has_late_worker = true;
    snprintf(status, sizeof status, "worker %u does not answer", worker->index);
    log_line(LOG_LEVEL_WARNING, "%s: the service manager's watchdog is not told", status);
    watchdog_tell(false, status);
}

static void tell_alive(struct relay *relay)
{
    struct status_totals sum = {0};
    char status[STATUS_BYTES];
    for (unsigned i = 0; i < relay->workers_started; i++)
        status_totals_add(&sum, worker_pulse_totals(&relay->workers[i], PULSE_WATCHDOG));
    snprintf(status, sizeof status,
             "%llu clients; accepted %llu, written %llu, not enabled %llu, dropped %llu, "
             "pending %llu",
             (unsigned long long)sum.clients, (unsigned long long)sum.accepted,
             (unsigned long long)sum.written, (unsigned long long)sum.not_enabled,
             (unsigned long long)sum.dropped, (unsigned long long)sum.pending);
    watchdog_tell(true, status);
    if (relay->has_late_worker) log_line(LOG_LEVEL_INFO, "all workers answer again");
    relay->has_late_worker = false;
}

static void on_pulse(uv_timer_t *timer)
{
    struct relay *relay = timer->data;
    const struct worker *late = find_late(relay);
    if (late != NULL) {
        tell_late(relay, late);
        return;
    }
    tell_alive(relay);
    ask(relay);
}

void relay_start_pulse(struct relay *relay)
{
    uint64_t interval_ms = watchdog_interval_ms();
    if (interval_ms == 0) return;
    ask(relay);
    (void)uv_timer_start(&relay->pulse, on_pulse, interval_ms, interval_ms);
}
