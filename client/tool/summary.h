/*
 * What became of the events, as `send` and `bench` print it: every event is in exactly one of the
 * numbers.
 */
#ifndef ETWRELAY_TOOL_SUMMARY_H
#define ETWRELAY_TOOL_SUMMARY_H

#include <etwrelay/client.h>

#include "protocol/text.h"

struct summary {
    uint64_t sent; /* valid events handed to the library: written + not_enabled + dropped, once the
                      client is closed */
    uint64_t written;
    uint64_t not_enabled;
    uint64_t dropped[ETWR_REASON_DROP_COUNT]; /* by client or service; ETWR_REASON_IN_DOUBT: what
                                                 was in doubt */
};

/* Add a client's final counters. */
void summary_add(struct summary *summary, const struct etwr_counters *counters);
uint64_t summary_lost(const struct summary *summary);

/* "written":n,"not_enabled":n,"dropped":{reason:n,...} without braces around. */
void summary_put(const struct summary *summary, struct text *text);

/* One line a reason on stderr that says what to do about it, for those where something can be done.
 */
void summary_explain(const struct summary *summary, const char *command);

#endif
