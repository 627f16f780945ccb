/*
 * The counters across a crash: what the run before left is read and told at the start; while this
 * one runs, its own are written once a second when they have changed.
 *
 * The workers are asked as the watchdog asks them, and answer between two events: each
 * worker's part is exact, and what is in the file is a second old at most.
 */
#include <stdlib.h>
#include <string.h>

#include "protocol/text.h"
#include "service/host/host.h"
#include "service/previous_run.h"
#include "service/relay.h"
#include "service/support/log.h"

#define WRITE_MS   1000
#define COLLECT_MS 10 /* a worker answers between two of its events */

/* The folder is wanted for the counters only: its absence stops nobody. */
static bool open_state(struct relay *relay, const char *pipe)
{
    char folder[STATE_PATH_BYTES / 2];
    char message[STATE_MESSAGE_BYTES];
    if (host_state_folder(folder, sizeof folder, message) != ETWR_OK) {
        log_line(LOG_LEVEL_INFO, "there is no state folder: after a crash nobody will know how "
                                 "the service stood");
        return false;
    }
    if (state_open(&relay->state, folder, pipe, message) == ETWR_OK) return true;
    log_line(LOG_LEVEL_WARNING, "%s: after a crash nobody will know how the service stood",
             message);
    return false;
}

static void log_previous(const struct state_record *record)
{
    struct text text;
    text_init(&text);
    previous_run_put_text(&text, record, relay_filetime());
    if (!text.failed) log_line(LOG_LEVEL_WARNING, "%.*s", (int)text.size, (const char *)text.data);
    text_clear(&text);
}

void relay_open_state(struct relay *relay, const char *pipe)
{
    if (!open_state(relay, pipe)) return;
    switch (relay->state.verdict) {
    case STATE_EMPTY:
        break;
    case STATE_GOOD:
        relay->has_previous = !relay->state.found.is_clean;
        if (relay->has_previous) log_previous(&relay->state.found);
        break;
    case STATE_DAMAGED:
        log_line(LOG_LEVEL_WARNING,
                 "the state file %s is damaged: how the run before ended is not known; it is "
                 "written anew",
                 relay->state.path);
        break;
    case STATE_FOREIGN:
        log_line(LOG_LEVEL_WARNING,
                 "%s is no state file of this service and is left alone: remove it, or after a "
                 "crash nobody will know how the service stood",
                 relay->state.path);
        break;
    }
}

static void write_state(struct relay *relay, const struct status_totals *totals, bool is_clean)
{
    char message[STATE_MESSAGE_BYTES];
    bool had_failed = relay->state.has_failed;
    const struct state_record record = {
        .is_clean = is_clean,
        .pid = relay->pid,
        .started = relay->started,
        .counted = relay_filetime(),
        .totals = *totals,
    };
    /* Once a fault, not each second. */
    if (state_write(&relay->state, &record, message) != ETWR_OK && !had_failed)
        log_line(LOG_LEVEL_WARNING, "%s", message);
}

static void ask(struct relay *relay)
{
    for (unsigned i = 0; i < relay->workers_started; i++)
        worker_ask_pulse(&relay->workers[i], PULSE_STATE);
}

static bool is_same(const struct status_totals *a, const struct status_totals *b)
{
    return a->clients == b->clients && a->accepted == b->accepted && a->written == b->written &&
           a->not_enabled == b->not_enabled && a->dropped == b->dropped && a->pending == b->pending;
}

/* False: some worker has not answered yet. While one hangs, nothing is written: a sum without its
 * part would be wrong. */
static bool collect(struct relay *relay)
{
    struct status_totals sum = {0};
    for (unsigned i = 0; i < relay->workers_started; i++) {
        if (!worker_has_pulse(&relay->workers[i], PULSE_STATE)) return false;
        status_totals_add(&sum, worker_pulse_totals(&relay->workers[i], PULSE_STATE));
    }
    if (relay->state.has_failed || !is_same(&sum, &relay->state.written.totals))
        write_state(relay, &sum, false);
    return true;
}

static void on_state_timer(uv_timer_t *timer)
{
    struct relay *relay = timer->data;
    if (relay->is_stopping) return;
    if (relay->is_state_asked) {
        relay->is_state_asked = !collect(relay);
    } else {
        ask(relay);
        relay->is_state_asked = true;
    }
    (void)uv_timer_start(timer, on_state_timer, relay->is_state_asked ? COLLECT_MS : WRITE_MS, 0);
}

static void tell_previous(struct relay *relay)
{
    struct worker_message *message = worker_message_create(WORKER_PREVIOUS_RUN);
    if (message == NULL) return; /* the log has it */
    message->previous = &relay->state.found;
    worker_post(&relay->workers[0], message);
}

void relay_begin_state(struct relay *relay)
{
    const struct status_totals none = {0};
    if (relay->state.file < 0) return;
    write_state(relay, &none, false);
    if (relay->has_previous) tell_previous(relay);
    (void)uv_timer_init(&relay->loop, &relay->state_timer);
    uv_unref((uv_handle_t *)&relay->state_timer);
    relay->state_timer.data = relay;
    (void)uv_timer_start(&relay->state_timer, on_state_timer, WRITE_MS, 0);
}

void relay_end_state(struct relay *relay)
{
    struct status_totals sum = {0};
    if (relay->state.file < 0) return;
    for (unsigned i = 0; i < relay->workers_started; i++) {
        const struct status_totals part = status_totals_of(&relay->workers[i]);
        status_totals_add(&sum, &part);
    }
    write_state(relay, &sum, true);
    /* At a console every pipe has a name of its own: files that tell nothing would pile up. */
    if (host_is_service() || relay->state.has_failed)
        state_close(&relay->state);
    else
        state_remove(&relay->state);
}
