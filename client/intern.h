/*
 * Interned schemas: (provider slot, descriptor, metadata) to the small number that travels with
 * each event instead. At most 4,096 are live; past that the one not used for longest (roughly: the
 * clock algorithm) gives up its number, if there is one of the same slot: announcing a slot's
 * number again replaces it at the service, and only that.
 *
 * All under the client's lock, references included.
 */
#ifndef ETWRELAY_CLIENT_INTERN_H
#define ETWRELAY_CLIENT_INTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <etwrelay/types.h>

#define INTERN_SCHEMAS_MAX 4096

struct schema;

/* One interned schema. Shared by the table, the queue's entries, the background thread's table and
 * prepared events; the last reference frees it. */
struct known {
    uint32_t references;
    uint32_t id; /* on the wire: 1 to INTERN_SCHEMAS_MAX */
    uint16_t slot;
    bool is_listed; /* still in the table: `id` is its own */
    bool was_used;  /* again, since it was made or the clock's hand passed */
    uint64_t hash;
    struct known *next; /* in its bucket */
    struct etwr_descriptor descriptor;
    struct etwr_bytes metadata; /* into `frame` */
    struct schema *checker;     /* owned; NULL until an encoded event needed one */
    size_t frame_size;
    uint8_t frame[]; /* its SCHEMA frame */
};

struct intern {
    struct known **by_id; /* [0] is id 1 */
    struct known **buckets;
    size_t bucket_count; /* a power of two */
    size_t count;        /* places of by_id in use or used before; holes are NULL */
    size_t limit;        /* at most this many ids */
    size_t hand;         /* the clock's */
    size_t holes;
    uint64_t seed;
};

/* What an event looks for. */
struct intern_key {
    uint16_t slot;
    const struct etwr_descriptor *descriptor;
    struct etwr_bytes metadata;
    uint64_t hash; /* intern_hash() of the others: computed before the lock is taken */
};

bool intern_init(struct intern *intern, uint64_t seed); /* false: no memory */
void intern_clear(struct intern *intern);

uint64_t intern_hash(const struct intern *intern, const struct intern_key *key);
/* Marks it as used; NULL: not known. Takes no reference. */
struct known *intern_find(struct intern *intern, const struct intern_key *key);
/* Make it known, its number taken from another one if need be. NULL: no memory; nothing changed.
 * Takes no reference. */
struct known *intern_add(struct intern *intern, const struct intern_key *key);
/* The provider is gone, and its schemas with it. */
void intern_forget_slot(struct intern *intern, uint16_t slot);
/* The service keeps fewer: ids over `limit` are not used any more. 0 is read as 1. */
void intern_limit(struct intern *intern, size_t limit);

static inline struct known *known_acquire(struct known *known)
{
    known->references++;
    return known;
}
void known_release(struct known *known); /* NULL is allowed */

#endif
