/*
 * What the connection has carried and the service has not answered for. The service is not trusted:
 * an ACK that cannot be true ends the connection, or the client's books would not add up.
 */
#include "client/flight.h"

#include <string.h>

void flight_init(struct flight *flight)
{
    memset(flight, 0, sizeof *flight);
}

void flight_begin(struct flight *flight)
{
    memset(&flight->settled, 0, sizeof flight->settled);
    flight->acknowledged = flight->sent;
}

static struct flight_run *run_at(struct flight *flight, size_t index)
{
    return &flight->runs[(flight->oldest + index) % FLIGHT_RUNS_MAX];
}

void flight_add_event(struct flight *flight)
{
    struct flight_run *last = NULL;

    flight->sent++;
    flight->event_count++;
    if (flight->run_count > 0) {
        last = run_at(flight, flight->run_count - 1);
        if (!last->has_gaps && last->first + last->count == flight->sent) {
            last->count++;
            return;
        }
        if (flight->run_count == FLIGHT_RUNS_MAX) {
            last->has_gaps = true;
            last->count++;
            return;
        }
    }
    *run_at(flight, flight->run_count++) = (struct flight_run){.first = flight->sent, .count = 1};
}

void flight_add_lost(struct flight *flight, uint64_t count)
{
    flight->sent += count;
}

/* Cumulative counters of an ACK; false when their sum cannot be: over `most`. */
static bool totals_of(const struct reply_ack *ack, uint64_t most, struct settled *totals)
{
    uint64_t left = most;

    memset(totals, 0, sizeof *totals);
    totals->written = ack->written;
    totals->not_enabled = ack->not_enabled;
    if (ack->written > left) return false;
    left -= ack->written;
    if (ack->not_enabled > left) return false;
    left -= ack->not_enabled;
    for (size_t i = 0; i < ack->dropped_count; i++) {
        if (ack->dropped[i].count > left) return false;
        left -= ack->dropped[i].count;
        totals->dropped[ack->dropped[i].reason] += ack->dropped[i].count;
    }
    return true;
}

static uint64_t sum_of(const struct settled *settled)
{
    uint64_t sum = settled->written + settled->not_enabled;

    for (size_t i = 0; i < ETWR_REASON_DROP_COUNT; i++)
        sum += settled->dropped[i];
    return sum;
}

/* What is new; false when a counter went back. */
static bool subtract(const struct settled *now, const struct settled *before, struct settled *news)
{
    if (now->written < before->written || now->not_enabled < before->not_enabled) return false;
    news->written = now->written - before->written;
    news->not_enabled = now->not_enabled - before->not_enabled;
    for (size_t i = 0; i < ETWR_REASON_DROP_COUNT; i++) {
        if (now->dropped[i] < before->dropped[i]) return false;
        news->dropped[i] = now->dropped[i] - before->dropped[i];
    }
    return true;
}

/*
 * Are the oldest `count` events exactly those up to `sequence`? Finds how many runs they take in
 * whole, and how many events of the next one.
 */
static bool find_end(struct flight *flight, uint64_t count, uint64_t sequence, size_t *whole,
                     uint64_t *part)
{
    const struct flight_run *run;
    size_t index = 0;

    while (index < flight->run_count && count >= run_at(flight, index)->count)
        count -= run_at(flight, index++)->count;
    *whole = index;
    *part = count;
    if (index > 0) {
        run = run_at(flight, index - 1);
        /* Where there are gaps, its last event lies even further on. */
        if (count == 0 && run->first + run->count - 1 > sequence) return false;
    }
    if (index == flight->run_count) return count == 0;
    run = run_at(flight, index);
    if (run->has_gaps) return true;
    return sequence < run->first + count && (count == 0 || run->first + count - 1 <= sequence);
}

bool flight_acknowledge(struct flight *flight, const struct reply_ack *ack, struct settled *news)
{
    uint64_t before = sum_of(&flight->settled);
    struct settled totals, difference;
    size_t whole;
    uint64_t part, count;

    if (ack->sequence < flight->acknowledged || ack->sequence > flight->sent) return false;
    if (!totals_of(ack, before + flight->event_count, &totals)) return false;
    if (!subtract(&totals, &flight->settled, &difference)) return false;
    count = sum_of(&difference);
    if (!find_end(flight, count, ack->sequence, &whole, &part)) return false;
    flight->oldest = (flight->oldest + whole) % FLIGHT_RUNS_MAX;
    flight->run_count -= whole;
    if (part > 0) {
        run_at(flight, 0)->first += part;
        run_at(flight, 0)->count -= part;
    }
    flight->event_count -= count;
    flight->acknowledged = ack->sequence;
    flight->settled = totals;
    *news = difference;
    return true;
}

size_t flight_end(struct flight *flight, struct flight_run runs[FLIGHT_RUNS_MAX])
{
    size_t count = flight->run_count;

    for (size_t i = 0; i < count; i++)
        runs[i] = *run_at(flight, i);
    flight->run_count = 0;
    flight->event_count = 0;
    flight->acknowledged = flight->sent;
    return count;
}
