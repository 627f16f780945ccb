/*
 * Events in flight: handed to a connection and not acknowledged yet, as runs of sequences, so that
 * it is known exactly which are in doubt when the connection ends. Pure, and the background
 * thread's alone.
 *
 * LOST frames take sequences of their own and break a run. Past FLIGHT_RUNS_MAX runs the last one
 * goes on over the gaps: its count stays exact, its sequences do not.
 */
#ifndef ETWRELAY_CLIENT_FLIGHT_H
#define ETWRELAY_CLIENT_FLIGHT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <etwrelay/status.h>

#include "protocol/wire/reply.h"

#define FLIGHT_RUNS_MAX 64

struct flight_run {
    uint64_t first;
    uint64_t count;
    bool has_gaps; /* LOST sequences lie among these */
};

/* How a connection's events ended, by the service's word; cumulative, or a difference. */
struct settled {
    uint64_t written;
    uint64_t not_enabled;
    uint64_t dropped[ETWR_REASON_DROP_COUNT];
};

struct flight {
    uint64_t sent;         /* highest sequence handed to any connection */
    uint64_t acknowledged; /* highest the service has settled, or that is in doubt */
    uint64_t event_count;  /* in flight */
    struct flight_run runs[FLIGHT_RUNS_MAX]; /* oldest first, from `oldest` on, around */
    size_t oldest;
    size_t run_count;
    struct settled settled; /* on this connection */
};

void flight_init(struct flight *flight);
/* A new connection; flight_end() came before. */
void flight_begin(struct flight *flight);
/* The next sequence is an event's. */
void flight_add_event(struct flight *flight);
/* The next `count` sequences were lost here. */
void flight_add_lost(struct flight *flight, uint64_t count);
/*
 * Check an ACK against what was sent: counters that only grow, over exactly the events up to its
 * sequence. False, nothing changed, when it does not hold. `news` gets what it settles that the
 * ones before did not.
 */
bool flight_acknowledge(struct flight *flight, const struct reply_ack *ack, struct settled *news);
/* The connection is over: the runs in flight, oldest first, into `runs`; returns how many. */
size_t flight_end(struct flight *flight, struct flight_run runs[FLIGHT_RUNS_MAX]);

#endif
