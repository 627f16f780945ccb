/*
 * The background thread: connects, with back-off, and runs one session after the other until the
 * client stops.
 */
#ifndef ETWRELAY_CLIENT_PUMP_H
#define ETWRELAY_CLIENT_PUMP_H

#include "client/client.h"

struct session;

struct pump {
    struct endpoint endpoint;
    struct stream *adopted; /* the only stream there is; taken by the first session */
    bool is_adopted;
    struct session *session;
    uint32_t pause_ms; /* before the next attempt */
    uint64_t random;   /* spreads the attempts of many clients */
};

/* `adopted` is taken on success; NULL: connect to `endpoint`. NULL: no memory. */
struct pump *pump_create(struct etwr_client *client, const struct endpoint *endpoint,
                         struct stream *adopted, uint64_t random);
void pump_destroy(struct pump *pump);

/* The thread. Leaves an empty queue: what could not be sent is counted. */
void pump_run(void *client);

#endif
