/*
 * Losses told in the trace: the provider `etwrelay` writes an event LostEvents {client, user, pid,
 * provider, reason, count, first_sequence, last_sequence}, so that a reader of the trace knows
 * that, where and why something is missing.
 *
 * Told before the client's next good event, when its connection or the service ends, and every
 * second while any is left. These events go to every sink whatever its filter, and are counted as
 * `own`.
 */
#ifndef ETWRELAY_LOST_EVENTS_H
#define ETWRELAY_LOST_EVENTS_H

#include "service/pipe/client.h"

struct worker;

/* Keep a loss for telling. */
void lost_events_note(struct worker *worker, struct client *client,
                      const struct account_loss *loss);

/* Tell one client's losses, all clients' losses. What cannot be told for want of memory stays. */
void lost_events_tell(struct worker *worker, struct client *client);
void lost_events_tell_all(struct worker *worker);
/* Let go of what could not be told any more, at the worker's end. */
void lost_events_forget_all(struct worker *worker);

#endif
