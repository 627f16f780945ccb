/*
 * Second stop of an event: its schema becomes a number. A builder makes the same metadata anew for
 * each event, so it is recognised by its bytes: a hash picks a bucket, a comparison decides. The
 * SCHEMA frame is made here once, so that announcing it, now or after a reconnect, cannot fail.
 */
#include "client/intern.h"

#include <stdlib.h>
#include <string.h>

#include "protocol/tracelogging/schema.h"
#include "protocol/wire/request.h"

#define IDS_AT_START      64
#define BUCKETS_AN_ID     2
#define SCHEMA_HEAD_BYTES (WIRE_HEADER_BYTES + 4 + WIRE_DESCRIPTOR_BYTES)

_Static_assert(sizeof(struct etwr_descriptor) == 16, "compared and hashed as plain bytes");

static uint64_t mix(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * UINT64_C(0x9E3779B97F4A7C15);
    return hash ^ (hash >> 29);
}

uint64_t intern_hash(const struct intern *intern, const struct intern_key *key)
{
    const uint8_t *at = key->metadata.data;
    size_t left = key->metadata.size;
    uint64_t hash = mix(intern->seed, ((uint64_t)key->slot << 32) | left);
    uint64_t words[2];

    memcpy(words, key->descriptor, sizeof words);
    hash = mix(mix(hash, words[0]), words[1]);
    for (; left >= 8; at += 8, left -= 8) {
        memcpy(words, at, 8);
        hash = mix(hash, words[0]);
    }
    words[0] = 0;
    if (left > 0) memcpy(words, at, left);
    return mix(hash, words[0]);
}

bool intern_init(struct intern *intern, uint64_t seed)
{
    *intern = (struct intern){.limit = INTERN_SCHEMAS_MAX, .seed = seed};
    intern->by_id = calloc(IDS_AT_START, sizeof *intern->by_id);
    intern->buckets = calloc(IDS_AT_START * BUCKETS_AN_ID, sizeof *intern->buckets);
    intern->bucket_count = IDS_AT_START * BUCKETS_AN_ID;
    if (intern->by_id && intern->buckets) return true;
    intern_clear(intern);
    return false;
}

void known_release(struct known *known)
{
    if (!known || --known->references > 0) return;
    schema_destroy(known->checker);
    free(known);
}

static struct known **bucket_of(const struct intern *intern, uint64_t hash)
{
    return &intern->buckets[hash & (intern->bucket_count - 1)];
}

/* Out of the table; the number is free, the schema lives on while others hold it. */
static void unlist(struct intern *intern, struct known *known)
{
    struct known **link = bucket_of(intern, known->hash);

    while (*link != known)
        link = &(*link)->next;
    *link = known->next;
    known->is_listed = false;
    intern->by_id[known->id - 1] = NULL;
    intern->holes++;
    known_release(known);
}

void intern_clear(struct intern *intern)
{
    for (size_t i = 0; i < intern->count; i++)
        if (intern->by_id[i]) unlist(intern, intern->by_id[i]);
    free(intern->by_id);
    free(intern->buckets);
    *intern = (struct intern){0};
}

static bool is_same(const struct known *known, const struct intern_key *key)
{
    return known->hash == key->hash && known->slot == key->slot &&
           known->metadata.size == key->metadata.size &&
           memcmp(&known->descriptor, key->descriptor, sizeof known->descriptor) == 0 &&
           memcmp(known->metadata.data, key->metadata.data, key->metadata.size) == 0;
}

struct known *intern_find(struct intern *intern, const struct intern_key *key)
{
    struct known *known = *bucket_of(intern, key->hash);

    while (known && !is_same(known, key))
        known = known->next;
    if (known) known->was_used = true;
    return known;
}

/* Twice the ids and buckets. A table that cannot grow stays as it is and gives numbers again. */
static bool grow(struct intern *intern)
{
    size_t ids = intern->bucket_count / BUCKETS_AN_ID;
    size_t bucket_count = intern->bucket_count * 2;
    struct known **buckets, **by_id;

    by_id = realloc(intern->by_id, ids * 2 * sizeof *by_id);
    if (!by_id) return false;
    intern->by_id = by_id;
    buckets = calloc(bucket_count, sizeof *buckets);
    if (!buckets) return false;
    memset(by_id + ids, 0, ids * sizeof *by_id);
    free(intern->buckets);
    intern->buckets = buckets;
    intern->bucket_count = bucket_count;
    for (size_t i = 0; i < intern->count; i++) {
        struct known **link;

        if (!by_id[i]) continue;
        link = bucket_of(intern, by_id[i]->hash);
        by_id[i]->next = *link;
        *link = by_id[i];
    }
    return true;
}

/*
 * The clock, over one slot's schemas or (slot 0) all: the place of the first one that was not used
 * since the hand passed it last. False: the slot has none.
 */
static bool find_victim(struct intern *intern, uint16_t slot, size_t *place)
{
    for (size_t steps = 0; steps < 2 * intern->count; steps++) {
        struct known *known = intern->by_id[intern->hand];

        *place = intern->hand;
        intern->hand = (intern->hand + 1) % intern->count;
        if (slot != 0 && known->slot != slot) continue;
        if (!known->was_used) return true;
        known->was_used = false;
    }
    return false;
}

/* Ids belong to their slot at the service, so one of the same slot is replaced there; another
 * slot's would stay, and with it the service's count. */
static size_t evict(struct intern *intern, uint16_t slot)
{
    size_t place = 0;

    if (!find_victim(intern, slot, &place)) find_victim(intern, 0, &place);
    unlist(intern, intern->by_id[place]);
    return place;
}

static size_t find_hole(const struct intern *intern)
{
    size_t place = 0;

    while (intern->by_id[place])
        place++;
    return place;
}

/* A place in by_id that is free. */
static size_t take_place(struct intern *intern, uint16_t slot)
{
    size_t room = intern->bucket_count / BUCKETS_AN_ID;

    if (intern->holes > 0) return find_hole(intern);
    if (intern->count < intern->limit && (intern->count < room || grow(intern))) {
        intern->holes++; /* unlist() and intern_add() count alike */
        return intern->count++;
    }
    return evict(intern, slot);
}

static struct known *create_known(const struct intern_key *key)
{
    size_t size = SCHEMA_HEAD_BYTES + key->metadata.size;
    struct known *known = malloc(sizeof *known + size);

    if (!known) return NULL;
    *known = (struct known){.references = 1,
                            .slot = key->slot,
                            .is_listed = true,
                            .hash = key->hash,
                            .descriptor = *key->descriptor,
                            .frame_size = size};
    known->metadata.data = known->frame + SCHEMA_HEAD_BYTES;
    known->metadata.size = key->metadata.size;
    return known;
}

static bool put_frame(struct known *known, const struct intern_key *key)
{
    struct request_schema schema = {.slot = known->slot,
                                    .schema_id = known->id,
                                    .descriptor = known->descriptor,
                                    .metadata = key->metadata};
    struct writer writer;

    writer_init(&writer, known->frame, known->frame_size);
    request_put_schema(&writer, &schema);
    return !writer.failed;
}

struct known *intern_add(struct intern *intern, const struct intern_key *key)
{
    struct known *known = create_known(key);
    struct known **link;
    size_t place;

    if (!known) return NULL;
    place = take_place(intern, key->slot);
    known->id = (uint32_t)place + 1;
    if (!put_frame(known, key)) {
        free(known);
        return NULL;
    }
    intern->by_id[place] = known;
    intern->holes--;
    link = bucket_of(intern, known->hash);
    known->next = *link;
    *link = known;
    return known;
}

void intern_forget_slot(struct intern *intern, uint16_t slot)
{
    for (size_t i = 0; i < intern->count; i++)
        if (intern->by_id[i] && intern->by_id[i]->slot == slot) unlist(intern, intern->by_id[i]);
}

void intern_limit(struct intern *intern, size_t limit)
{
    if (limit == 0) limit = 1;
    if (limit > INTERN_SCHEMAS_MAX) limit = INTERN_SCHEMAS_MAX;
    for (size_t i = limit; i < intern->count; i++) {
        if (intern->by_id[i]) unlist(intern, intern->by_id[i]);
        intern->holes--;
    }
    if (intern->count > limit) intern->count = limit;
    if (intern->hand >= intern->count) intern->hand = 0;
    intern->limit = limit;
}
