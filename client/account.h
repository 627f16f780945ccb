/*
 * The books: where every numbered event of this client is. Pure; under the client's lock, so that
 * the equation of etwr_client_counters() holds whenever somebody looks.
 *
 *   numbered = sum(dropped) + queued + in flight + settled + in_doubt
 *
 * Events that the pushed state rules out (not_enabled, or a refused provider) take no number and
 * are counted by provider_rule_out() without the lock.
 */
#ifndef ETWRELAY_CLIENT_ACCOUNT_H
#define ETWRELAY_CLIENT_ACCOUNT_H

#include <etwrelay/client.h>

#include "client/flight.h"
#include "protocol/wire/request.h"

#define ACCOUNT_RANGES_MAX 64

struct account {
    uint64_t numbered; /* sequences given so far: events put and dropped */
    uint64_t put;      /* events that went into the queue, ever */
    uint64_t queued;
    uint64_t in_flight;
    uint64_t sent;                 /* highest sequence handed to a connection, LOST included */
    struct etwr_counters counters; /* dropped, settled, in_doubt, acknowledged, bytes, connects */
    struct etwr_in_doubt ranges[ACCOUNT_RANGES_MAX]; /* oldest first */
    size_t range_count;
    size_t reported_count; /* of these, told to a service */
};

void account_init(struct account *account);
void account_put(struct account *account);                           /* one into the queue */
void account_drop(struct account *account, enum etwr_reason reason); /* one before the queue */
void account_drop_queued(struct account *account, enum etwr_reason reason, uint64_t count);
/* The background thread moved `events` from the queue to the connection; `sent` as in flight.h. */
void account_send(struct account *account, uint64_t events, uint64_t sent);
void account_settle(struct account *account, const struct settled *news, uint64_t acknowledged);
/* The connection ended with these runs in flight. Past ACCOUNT_RANGES_MAX ranges the oldest are
 * merged: the first sequence of the earlier one, the counts added. */
void account_doubt(struct account *account, const struct flight_run *runs, size_t count);
/* The ranges that no service has been told of, at most REQUEST_IN_DOUBT_MAX; returns how many. */
size_t account_unreported(const struct account *account, struct request_in_doubt *ranges);
void account_mark_reported(struct account *account, size_t count);

/* Events that were put and whose end is known. */
static inline uint64_t account_ended(const struct account *account)
{
    return account->put - account->queued - account->in_flight;
}

static inline bool account_is_at_rest(const struct account *account)
{
    return account->queued == 0 && account->in_flight == 0 && account->sent == account->numbered;
}

#endif
