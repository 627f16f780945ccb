/* The JSON shape that `final` and `etwrelay status` share; a contract with scripts. */
#ifndef ETWRELAY_STATUS_JSON_H
#define ETWRELAY_STATUS_JSON_H

#include "protocol/text.h"
#include "service/worker.h"

/* What one worker adds: a snapshot between two of its events. */
struct status_part {
    uint64_t accepted, pending, in_doubt;
    struct account_counts counts;
    uint64_t client_dropped[ETWR_REASON_DROP_COUNT];
    size_t client_count, slot_count;
    struct text clients_json; /* objects of per_client, with commas between */
    struct worker_own own;
    struct worker_transport transport;
    struct {
        struct account_counts counts;
        uint64_t pending;
    } sinks[SLOT_SINKS_MAX];
};

enum status_scope {
    STATUS_OWN,        /* one user's clients */
    STATUS_EVERYTHING, /* for operators */
    STATUS_FINAL       /* everything, without what no longer is */
};

void status_put_client(struct text *text, const struct client *client, uint64_t now_ms);

void status_put_json(struct text *text, struct relay *relay, const struct settings *settings,
                     const struct status_part *parts, unsigned part_count, enum status_scope scope);

#endif
