/*
 * A sink of the test's: it says what it is told to say, settles batches when it is told to, and
 * keeps books of its own, by which the service's are checked.
 */
#ifndef ETWRELAY_TESTS_FUZZ_WORLD_SINK_H
#define ETWRELAY_TESTS_FUZZ_WORLD_SINK_H

#include "service/sink/sink.h"

struct world_batch {
    struct sink_batch base; /* first */
    uint64_t client_events;
    struct world_batch *next;
};

struct world_sink {
    struct sink base; /* first */
    bool is_ready;
    enum sink_result answer;
    enum etwr_reason reason; /* of SINK_DROPPED */
    struct sink_listeners listeners;
    struct etwr_guid own_id; /* of the service's own provider, whose events are not clients' */

    struct world_batch *open;                       /* being filled */
    struct world_batch *in_flight, **in_flight_end; /* handed over, oldest first */
    struct world_batch *settled, **settled_end;     /* not taken back yet */

    /* Of clients' events. */
    uint64_t written, not_enabled, dropped;
    uint64_t pending; /* until their batch was taken back */
    uint64_t batch_written, batch_dropped;
    unsigned providers; /* open */
};

void world_sink_init(struct world_sink *sink, const struct sink_callbacks *callbacks,
                     const struct etwr_guid *own_id);
/* The oldest batch is done. False: there is none. */
bool world_sink_settle(struct world_sink *sink, enum etwr_reason failed);
void world_sink_clear(struct world_sink *sink);

#endif
