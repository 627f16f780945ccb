/*
 * PreviousRunEnded: what the provider `etwrelay` says when the run before this one ended without a
 * stop. {pid, started, counted, age_s, clients, accepted, written, not_enabled, dropped, pending}:
 * how the earlier process stood when it last wrote its counters down, and how old that is.
 */
#ifndef ETWRELAY_PREVIOUS_RUN_H
#define ETWRELAY_PREVIOUS_RUN_H

#include <stdbool.h>

#include "protocol/text.h"
#include "service/state_file.h"

struct worker;

/* Seconds since the counters were read, at `now` (FILETIME); 0 if the clock was turned back. */
uint64_t previous_run_age_s(const struct state_record *record, uint64_t now);

/* The same for people, one line. */
void previous_run_put_text(struct text *text, const struct state_record *record, uint64_t now);

/* Write the event. Worker's thread. False: no memory. */
bool previous_run_tell(struct worker *worker, const struct state_record *record);

#endif
