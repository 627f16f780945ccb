/*
 * Slots: the providers that a session has opened, and the schemas announced for each.
 *
 * Numbers and ids are chosen by the client, so nothing here is indexed by them without a bound:
 * slots are an ordered array (a client has a few), schemas a hash table whose key is mixed with a
 * secret of the process (T18). A provider or schema that is refused keeps its place and its reason,
 * because its events are well-formed and must be counted with it.
 */
#ifndef ETWRELAY_SLOTS_H
#define ETWRELAY_SLOTS_H

#include "protocol/tracelogging/schema.h"
#include "service/pipe/account.h"
#include "service/provider/enablement.h"
#include "service/provider/registry.h"

#define SLOT_SINKS_MAX CONFIG_SINKS_MAX /* at most 32: sinks are bits of a mask */

struct slot_schema {
    struct slot_schema *next; /* of the same bucket */
    uint32_t id;
    enum etwr_reason refused; /* ETWR_REASON_NONE: good */
    struct schema *schema;    /* the client's fields; NULL when refused */
    struct etwr_descriptor descriptor;
    struct etwr_bytes plain; /* canonical metadata of the client's fields; owned */
    struct etwr_bytes
        stamped;     /* with the origin's; size 0: there is no room, or no origin is stamped */
    unsigned origin; /* the fields that `stamped` was made for */
    size_t charged_bytes;
};

struct slot {
    uint16_t number;
    uint32_t generation;
    enum etwr_reason refused;        /* ETWR_REASON_NONE: registered */
    struct relay_provider *provider; /* lent by the registry; NULL when refused */
    struct account_label *label;     /* the name */
    bool has_id, has_group;          /* what the client asked for, for asking the policy again */
    struct etwr_guid id, group;
    struct enablement listeners[SLOT_SINKS_MAX]; /* what each sink wants of it */
    struct enablement merged;                    /* what was pushed to the client */
    uint32_t captures, captures_told; /* how often its state was asked for; and passed on */
    uint64_t events;                  /* not added to provider->events yet */
    size_t charged_bytes;
    struct slot_schema *last;     /* found last: events come in runs */
    struct slot_schema **buckets; /* NULL while there is none */
    size_t bucket_count;          /* a power of 2 */
    size_t schema_count;
};

struct slots {
    struct slot **sorted; /* by number */
    size_t count, capacity;
    struct slot *last; /* found last */
};

/* Secret for the buckets; once, before threads start. */
void slots_seed(uint64_t seed);

void slots_init(struct slots *slots);
/* NULL: not open. */
struct slot *slots_find(struct slots *slots, uint16_t number);
/* A slot without schemas; the label's reference is taken on success. NULL: no memory. `number` is
 * not in use. */
struct slot *slots_add(struct slots *slots, uint16_t number, struct account_label *label);
/* Free a slot without schemas and provider. */
void slots_remove(struct slots *slots, struct slot *slot);
void slots_clear(struct slots *slots); /* empty already: frees the array */

struct slot_schema *slot_find_schema(struct slot *slot, uint32_t id);
/* A new schema, refused with ETWR_REASON_SCHEMA until filled in. `id` is not in use. NULL: no
 * memory. */
struct slot_schema *slot_add_schema(struct slot *slot, uint32_t id);
void slot_remove_schema(struct slot *slot, struct slot_schema *schema);
/* Remove all; returns the sum of what was charged for them. */
size_t slot_clear_schemas(struct slot *slot);

#endif
