/*
 * A provider's handle. It lives from etwr_provider_open() until the background thread has carried
 * its PROVIDER_CLOSE past everything written before; only that thread frees it, so what the service
 * pushes always finds it whole.
 */
#ifndef ETWRELAY_CLIENT_PROVIDER_H
#define ETWRELAY_CLIENT_PROVIDER_H

#include "client/client.h"

#define PROVIDER_LEVEL_ALL 256 /* level_plus_1 that every level passes */

struct etwr_prepared {
    struct provider *provider;
    struct etwr_prepared *next; /* of the same provider; under the lock */
    struct etwr_prepared *previous;
    struct known *known; /* a reference; may have lost its number: known->is_listed */
    struct schema *checker;
    struct etwr_descriptor descriptor;
    uint64_t hash; /* intern_hash() */
    size_t metadata_size;
    uint8_t metadata[];
};

struct provider {
    struct etwr_provider handle; /* first: what the program holds */
    struct etwr_client *client;
    uint16_t slot;
    uint32_t generation;
    size_t traits_bytes; /* of its provider traits: part of each ETW record */
    etwr_provider_callback callback;
    void *context;
    _Atomic uint32_t refused; /* enum etwr_reason; 0: accepted, or not answered yet */

    /* Under the lock. */
    bool is_closed; /* by the program: nothing may call it back any more */
    bool is_owing;  /* in client->owing */
    bool owes_open;
    bool owes_close;
    struct provider *owing_next;
    uint64_t lost[ETWR_REASON_NO_MEMORY + 1]; /* dropped here and not told yet */
    struct etwr_prepared *prepared;

    /* The background thread's. */
    bool is_open; /* its PROVIDER_OPEN has passed: to be opened again on each connection */
    bool is_answered;
    uint8_t told_change; /* what the callback was told last */
    uint8_t told_level;
    uint64_t told_any, told_all;

    size_t frame_size;
    uint8_t frame[]; /* its PROVIDER_OPEN frame */
};

static inline struct provider *provider_of(struct etwr_provider *handle)
{
    return (struct provider *)handle;
}

/* The service's word on it: sets what etwr_provider_enabled() reads, and calls back. Background
 * thread, without the lock. */
struct reply_provider_state;
void provider_on_state(struct etwr_client *client, const struct reply_provider_state *state);
/* Free it and its slot. Background thread, or nobody else left; under the lock. */
void provider_free(struct provider *provider);
/* Free one of its prepared events; under the lock. */
void prepared_free(struct etwr_prepared *prepared);

#endif
