/* Slots: see the header. Found by number on the path of every event, so the one found last is kept.
 */
#include "service/pipe/slots.h"

#include <stdlib.h>
#include <string.h>

#define BUCKETS_FIRST 16

static uint64_t secret = 0x9E3779B97F4A7C15u;

void slots_seed(uint64_t seed)
{
    secret = seed;
}

void slots_init(struct slots *slots)
{
    memset(slots, 0, sizeof *slots);
}

/* Where `number` is, or where it belongs. */
static size_t find_place(const struct slots *slots, uint16_t number)
{
    size_t low = 0, high = slots->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (slots->sorted[middle]->number < number)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

struct slot *slots_find(struct slots *slots, uint16_t number)
{
    if (slots->last != NULL && slots->last->number == number) return slots->last;
    size_t place = find_place(slots, number);
    if (place == slots->count || slots->sorted[place]->number != number) return NULL;
    slots->last = slots->sorted[place];
    return slots->last;
}

static bool grow(struct slots *slots)
{
    if (slots->count < slots->capacity) return true;
    size_t capacity = slots->capacity == 0 ? 4 : slots->capacity * 2;
    struct slot **sorted = realloc(slots->sorted, capacity * sizeof *sorted);
    if (sorted == NULL) return false;
    slots->sorted = sorted;
    slots->capacity = capacity;
    return true;
}

struct slot *slots_add(struct slots *slots, uint16_t number, struct account_label *label)
{
    if (!grow(slots)) return NULL;
    struct slot *slot = calloc(1, sizeof *slot);
    if (slot == NULL) return NULL;
    size_t place = find_place(slots, number);
    memmove(slots->sorted + place + 1, slots->sorted + place,
            (slots->count - place) * sizeof *slots->sorted);
    slots->sorted[place] = slot;
    slots->count++;
    slot->number = number;
    slot->label = label;
    return slot;
}

void slots_remove(struct slots *slots, struct slot *slot)
{
    size_t place = find_place(slots, slot->number);
    slots->count--;
    memmove(slots->sorted + place, slots->sorted + place + 1,
            (slots->count - place) * sizeof *slots->sorted);
    if (slots->last == slot) slots->last = NULL;
    account_label_unref(slot->label);
    free(slot->buckets);
    free(slot);
}

void slots_clear(struct slots *slots)
{
    free(slots->sorted);
    slots_init(slots);
}

static size_t bucket_of(const struct slot *slot, uint32_t id)
{
    uint64_t hash = (id ^ secret) * 0xD6E8FEB86659FD93u;
    hash ^= hash >> 32;
    hash *= (secret | 1);
    return (size_t)(hash >> 32) & (slot->bucket_count - 1);
}

struct slot_schema *slot_find_schema(struct slot *slot, uint32_t id)
{
    if (slot->last != NULL && slot->last->id == id) return slot->last;
    if (slot->bucket_count == 0) return NULL;
    struct slot_schema *schema = slot->buckets[bucket_of(slot, id)];
    while (schema != NULL && schema->id != id)
        schema = schema->next;
    if (schema != NULL) slot->last = schema;
    return schema;
}

static bool grow_buckets(struct slot *slot)
{
    size_t old_count = slot->bucket_count;
    struct slot_schema **old = slot->buckets;
    if (slot->schema_count < old_count) return true;
    size_t count = old_count == 0 ? BUCKETS_FIRST : old_count * 2;
    struct slot_schema **buckets = calloc(count, sizeof(*buckets));
    if (buckets == NULL) return false;
    slot->buckets = buckets;
    slot->bucket_count = count;
    for (size_t i = 0; i < old_count; i++) {
        while (old[i] != NULL) {
            struct slot_schema *schema = old[i];
            old[i] = schema->next;
            schema->next = buckets[bucket_of(slot, schema->id)];
            buckets[bucket_of(slot, schema->id)] = schema;
        }
    }
    free(old);
    return true;
}

struct slot_schema *slot_add_schema(struct slot *slot, uint32_t id)
{
    if (!grow_buckets(slot)) return NULL;
    struct slot_schema *schema = calloc(1, sizeof *schema);
    if (schema == NULL) return NULL;
    schema->id = id;
    schema->refused = ETWR_REASON_SCHEMA;
    schema->next = slot->buckets[bucket_of(slot, id)];
    slot->buckets[bucket_of(slot, id)] = schema;
    slot->schema_count++;
    return schema;
}

static void destroy_schema(struct slot_schema *schema)
{
    if (schema->schema != NULL) schema_destroy(schema->schema);
    free((void *)schema->plain.data);
    free((void *)schema->stamped.data);
    free(schema);
}

void slot_remove_schema(struct slot *slot, struct slot_schema *schema)
{
    struct slot_schema **link = &slot->buckets[bucket_of(slot, schema->id)];
    while (*link != schema)
        link = &(*link)->next;
    *link = schema->next;
    if (slot->last == schema) slot->last = NULL;
    slot->schema_count--;
    destroy_schema(schema);
}

size_t slot_clear_schemas(struct slot *slot)
{
    size_t charged = 0;
    for (size_t i = 0; i < slot->bucket_count; i++) {
        while (slot->buckets[i] != NULL) {
            struct slot_schema *schema = slot->buckets[i];
            slot->buckets[i] = schema->next;
            charged += schema->charged_bytes;
            destroy_schema(schema);
        }
    }
    slot->last = NULL;
    slot->schema_count = 0;
    return charged;
}
