/*
 * Into the queue: sequence numbers, drops, and what a full queue owes.
 *
 * An event takes its sequence when it is put or dropped, under the lock, so the order of sequences
 * is the order of the queue. What did not fit (PROVIDER_OPEN, LOST, PROVIDER_CLOSE of a provider;
 * then FLUSH) is *owed*, and paid before any later event may go in, by whoever comes first: the
 * next writer or the background thread. So a LOST frame always stands where its events would have
 * stood.
 */
#ifndef ETWRELAY_CLIENT_SUBMIT_H
#define ETWRELAY_CLIENT_SUBMIT_H

#include "client/provider.h"

/*
 * What the queue holds besides EVENT, LOST and FLUSH frames as they go on the wire: entries with a
 * frame's header, kind and slot, and in their body a pointer to a `struct provider` (PROVIDER_OPEN,
 * PROVIDER_CLOSE) or, with a reference, to a `struct known` (SCHEMA).
 */
#define ENTRY_POINTER_BYTES (WIRE_HEADER_BYTES + sizeof(void *))

/* A valid event, complete but for its sequence. */
struct outgoing {
    struct intern_key key;
    struct etwr_bytes values;
    const struct etwr_guid *activity_id;
    const struct etwr_guid *related_activity_id;
    struct known **known; /* where the caller keeps a reference to its schema; NULL: nowhere */
};

/* Queue or count it. Results as etwr_provider_write(), less those of the builder. */
enum etwr_status submit_event(struct provider *provider, const struct outgoing *event);
/* Count a valid event for which there was no memory before it came to submit_event(). */
void submit_no_memory(struct provider *provider);
/* The state that the service pushed: ETWR_OK, or the event is counted and not to be sent. */
enum etwr_status submit_filter(struct provider *provider, uint8_t level, uint64_t keyword);

/* The provider has something to pay: owes_open, owes_close or lost. Under the lock. */
void submit_owe(struct provider *provider);
/* Pay as far as there is room; true when nothing is owed any more. Under the lock. */
bool submit_pay(struct etwr_client *client);
static inline bool submit_is_owing(const struct etwr_client *client)
{
    return client->owing || client->flush_owed != 0;
}

#endif
