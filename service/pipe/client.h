/*
 * The client: what must be known about the one at the other end for as long as any of its events is
 * outstanding.
 *
 * A session ends with its connection; the client's account and what must be told about its losses
 * live on until the last batch with its events has come back. Belongs to one worker's thread.
 */
#ifndef ETWRELAY_CLIENT_RECORD_H
#define ETWRELAY_CLIENT_RECORD_H

#include "protocol/wire/wire.h"
#include "service/pipe/account.h"
#include "service/pipe/peer.h"

#define CLIENT_LOSSES_MAX 8

struct client_loss {
    struct account_label *label; /* a reference; NULL: no provider is known */
    enum etwr_reason reason;
    uint64_t count;
    uint64_t first_sequence, last_sequence;
};

struct session;
struct worker;

struct client {
    struct account account; /* first: client_of() */
    struct worker *worker;
    struct session *session;        /* NULL once the connection has ended */
    struct client *next, *previous; /* in the worker's list of all */
    struct client *next_lossy;      /* in the worker's list of those with losses to tell */
    bool is_lossy;                  /* in that list, which holds a reference */
    uint64_t id; /* unique in the service: names the session in messages between workers */
    struct peer peer;
    uint8_t instance[WIRE_INSTANCE_BYTES];
    uint32_t claimed_pid;
    char image[PEER_IMAGE_BYTES]; /* the client's own word, else the system's */
    uint64_t connected_ms;
    struct client_loss losses[CLIENT_LOSSES_MAX]; /* not told in the trace yet */
    size_t loss_count;
};

static inline struct client *client_of(struct account *account)
{
    return (struct client *)account;
}

/* A client in the worker's list, with one reference for its session. NULL: no memory. */
struct client *client_create(struct worker *worker, const struct peer *peer, uint64_t id);

/* Note a loss, to be told in the trace; one that continues an earlier one joins it. False: the
 * table is full, tell first. */
bool client_add_loss(struct client *client, const struct account_loss *loss);
/* The first `count` have been told. */
void client_forget_losses(struct client *client, size_t count);

#endif
