/*
 * Accounts: where every event of one client is, exactly, at any moment.
 *
 *     accepted = written + not_enabled + sum(dropped) + pending
 *
 * An event takes its sequence number when it is accepted and is *settled* when its outcome is
 * known: at once, or when the batch that it was put into comes back from its sink. Batches of two
 * sinks may come back in any order, but a client is told one number, "everything up to here is
 * settled": so outcomes are credited in the order of the sequences. The account keeps a queue of
 * *settlements*; each one covers a run of sequences which one batch, or nothing, holds up:
 *
 *     credited up to settled_sequence | settlement (batch 7) | settlement (batch 8) | ...
 * next_sequence
 *
 * An outcome that is known while older events still wait joins the newest settlement, and stays
 * pending until that one is at the front and done. An account outlives its session as long as
 * settlements are outstanding.
 *
 * Pure: no clock, no input or output. Everything belongs to one worker's thread. Steady traffic
 * allocates nothing: what an event may need is reserved in the worker's pool first.
 */
#ifndef ETWRELAY_ACCOUNT_H
#define ETWRELAY_ACCOUNT_H

#include <stdbool.h>

#include <etwrelay/types.h>

struct account_counts {
    uint64_t written;
    uint64_t not_enabled;
    uint64_t dropped[ETWR_REASON_DROP_COUNT];
};

void account_counts_add(struct account_counts *to, const struct account_counts *from);
uint64_t account_counts_sum(const struct account_counts *counts);

/* A provider's name, kept as long as anything must be told about it. */
struct account_label {
    unsigned references;
    size_t size;
    char name[];
};

struct account_label *account_label_create(const char *name, size_t size); /* NULL: no memory */
struct account_label *account_label_ref(struct account_label *label);
void account_label_unref(struct account_label *label); /* NULL allowed */

/* Dropped events of one provider, for telling them in the trace. Sequences in between may belong to
 * others. */
struct account_loss {
    struct account_label *label; /* lent */
    enum etwr_reason reason;
    uint64_t count;
    uint64_t first_sequence, last_sequence;
};

#define ACCOUNT_PARTS_MAX 4 /* providers whose pending events one settlement holds */
#define ACCOUNT_REASONS_MAX                                                                        \
    6 /* reasons of drops which one settlement holds, its batch's included */

struct account;
struct account_batch;

struct settlement {
    struct settlement *next_of_account;
    struct settlement *next_of_batch;
    struct account *account;           /* a reference while the batch is out */
    const struct account_batch *batch; /* NULL: nothing holds this one up */
    uint64_t last_sequence;
    uint64_t events; /* accepted events in here */
    /* Outcomes known already. */
    uint64_t written, not_enabled, no_memory;
    struct {
        enum etwr_reason reason;
        uint64_t count;
    } dropped[ACCOUNT_REASONS_MAX];
    size_t dropped_count;
    /* Events which the batch decides about. */
    struct {
        struct account_label *label; /* a reference */
        uint64_t count, first_sequence, last_sequence;
    } parts[ACCOUNT_PARTS_MAX];
    size_t part_count;
};

/* What hangs on one batch of one sink: sink_batch.settlements. */
struct account_batch {
    struct account_batch *next_free;
    struct settlement *settlements; /* of the accounts that follow this sink for these events */
    uint64_t events;                /* clients' events in the batch, whoever's account follows it */
    uint64_t own;                   /* the service's own events in the batch */
};

/* Free settlements and batches of one worker. */
struct account_pool {
    struct settlement *settlements;
    size_t settlement_count;
    struct account_batch *batches;
    size_t batch_count;
};

void account_pool_init(struct account_pool *pool);
void account_pool_clear(struct account_pool *pool);
/* Have enough for one event that is put into `batches` batches. False: no memory. */
bool account_pool_reserve(struct account_pool *pool, size_t batches);
/* Never NULL after account_pool_reserve(). */
struct account_batch *account_batch_take(struct account_pool *pool);

struct account_callbacks {
    /* Events of a batch were dropped. Known drops are told by whoever decides them. */
    void (*on_loss)(struct account *account, const struct account_loss *loss);
    /* settled_sequence moved because a batch came back: the client may be owed an answer. */
    void (*on_progress)(struct account *account);
    /* The last reference is gone: free what the account is part of. */
    void (*on_unused)(struct account *account);
};

struct account {
    const struct account_callbacks *callbacks; /* borrowed for its life */
    unsigned references;
    uint64_t next_sequence;    /* of the next event */
    uint64_t settled_sequence; /* everything up to it is credited */
    uint64_t accepted;
    uint64_t pending; /* counted by itself, so that the equation can be checked */
    struct account_counts counts;
    uint64_t client_dropped[ETWR_REASON_DROP_COUNT]; /* what the client says it lost (LOST) */
    uint64_t in_doubt; /* what the client says was in doubt on earlier connections (HELLO) */
    struct settlement *oldest, *newest;
};

/* One reference, the caller's. Sequences start with `first_sequence` (at least 1); see
 * account_start(). */
void account_init(struct account *account, const struct account_callbacks *callbacks);
void account_start(struct account *account, uint64_t first_sequence);
void account_unref(struct account *account);

/* Are there `count` sequence numbers left? A client that would pass the end of 64 bits breaks the
 * protocol. */
bool account_has_sequences(const struct account *account, uint64_t count);

/* One event arrived: returns its sequence. Exactly one of the next four functions follows, before
 * the next event. */
uint64_t account_accept(struct account *account);
void account_written(struct account *account);
void account_not_enabled(struct account *account);
/* The pool must have been reserved, but for ETWR_REASON_NO_MEMORY. */
void account_dropped(struct account *account, struct account_pool *pool, enum etwr_reason reason);
/* The event is in `batch`. The pool must have been reserved. */
void account_defer(struct account *account, struct account_pool *pool, struct account_batch *batch,
                   struct account_label *label);

/* The client lost `count` events before it could send them; their numbers pass in order. */
void account_lost(struct account *account, enum etwr_reason reason, uint64_t count);

/* A batch is back: `failed` is ETWR_REASON_NONE, or why all of it was dropped. The batch goes back
 * to the pool. */
void account_settle_batch(struct account_pool *pool, struct account_batch *batch,
                          enum etwr_reason failed);

/* Does the equation hold? For tests and for checks at the end of a run. */
bool account_is_exact(const struct account *account);

#endif
