/*
 * Fair shares, asked for at each step from accept to event. What happens once a connection goes
 * through the mutex; what happens for each event meets it only once in a chunk of tokens, and once
 * in a pause when there are none.
 */
#include "service/policy/quota.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "protocol/wire/wire.h"
#include "service/policy/bucket.h"

#define MS_PER_SECOND 1000
#define MS_PER_MINUTE 60000
/* Of a second's tokens, what one session takes at once: its share, were there 64 of them. */
#define CHUNK_SHARE      64
#define CHUNK_EVENTS_MAX 1024
#define CHUNK_BYTES_MAX  (1024 * 1024)
/* Longest pause before a dry session looks again: others of the user may have given tokens back. */
#define RETRY_MAX_MS 100
#define SWEEP_MS     1000

struct quota_user {
    char *key;
    uint32_t clients;
    uint32_t hellos; /* of these, not past HELLO */
    uint64_t left_at_ms;
    struct bucket events, bytes, providers;
    atomic_size_t held_bytes;
    atomic_size_t *held_in_all; /* the quota's */
};

struct quota {
    uv_mutex_t mutex;
    struct config_limits limits;
    /* Copies of limits for who comes without the mutex. */
    atomic_uint_fast64_t event_rate, byte_rate, bytes_per_user, bytes_in_all;
    atomic_size_t held_in_all;
    struct quota_user **users; /* in order of their keys */
    size_t user_count;
    size_t user_capacity;
    uint32_t clients;
    uint64_t swept_at_ms;
};

static struct bucket_rate event_rate(const struct config_limits *limits)
{
    uint64_t rate = limits->events_per_second_per_user;
    uint64_t burst = limits->burst_seconds ? limits->burst_seconds : 1;
    struct bucket_rate r = {rate, MS_PER_SECOND, rate > UINT64_MAX / burst ? rate : rate * burst};

    return r;
}

/* The largest frame must fit into a full bucket, or it could never pass. */
static struct bucket_rate byte_rate(const struct config_limits *limits)
{
    uint64_t rate = limits->bytes_per_second_per_user;
    uint64_t burst = limits->burst_seconds ? limits->burst_seconds : 1;
    struct bucket_rate r = {rate, MS_PER_SECOND, rate > UINT64_MAX / burst ? rate : rate * burst};

    if (r.capacity < WIRE_FRAME_MAX_BYTES) r.capacity = WIRE_FRAME_MAX_BYTES;
    return r;
}

static struct bucket_rate provider_rate(const struct config_limits *limits)
{
    uint64_t rate = limits->new_providers_per_user_per_minute;
    struct bucket_rate r = {rate, MS_PER_MINUTE, rate};

    return r;
}

/* What all may hold together: as much as the users for whom there is room would, each of them with
 * all its clients and all its memory. More users with fewer clients share that. */
static uint64_t bytes_in_all(const struct config_limits *limits)
{
    uint64_t users = limits->clients_per_user == 0 ? 1 : limits->clients / limits->clients_per_user;

    if (limits->clients_per_user != 0 && limits->clients % limits->clients_per_user != 0) users++;
    if (users == 0) users = 1;
    return limits->bytes_per_user > UINT64_MAX / users ? UINT64_MAX
                                                       : limits->bytes_per_user * users;
}

static void set_limits(struct quota *quota, const struct config_limits *limits)
{
    quota->limits = *limits;
    atomic_store_explicit(&quota->event_rate, limits->events_per_second_per_user,
                          memory_order_relaxed);
    atomic_store_explicit(&quota->byte_rate, limits->bytes_per_second_per_user,
                          memory_order_relaxed);
    atomic_store_explicit(&quota->bytes_per_user, limits->bytes_per_user, memory_order_relaxed);
    atomic_store_explicit(&quota->bytes_in_all, bytes_in_all(limits), memory_order_relaxed);
}

enum etwr_status quota_create(const struct config_limits *limits, struct quota **quota)
{
    struct quota *q = calloc(1, sizeof *q);

    if (!q) return ETWR_E_NO_MEMORY;
    if (uv_mutex_init(&q->mutex) != 0) {
        free(q);
        return ETWR_E_NO_MEMORY;
    }
    set_limits(q, limits);
    *quota = q;
    return ETWR_OK;
}

static void destroy_user(struct quota_user *user)
{
    free(user->key);
    free(user);
}

void quota_destroy(struct quota *quota)
{
    if (!quota) return;
    for (size_t i = 0; i < quota->user_count; i++) {
        destroy_user(quota->users[i]);
    }
    free(quota->users);
    uv_mutex_destroy(&quota->mutex);
    free(quota);
}

void quota_configure(struct quota *quota, const struct config_limits *limits)
{
    uv_mutex_lock(&quota->mutex);
    set_limits(quota, limits);
    uv_mutex_unlock(&quota->mutex);
}

/* Where the key is, or would have to be put. */
static size_t find_place(const struct quota *quota, const char *key, bool *found)
{
    size_t low = 0;
    size_t high = quota->user_count;

    *found = false;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(quota->users[middle]->key, key);

        if (order == 0) {
            *found = true;
            return middle;
        }
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Has everything that this user spent come back, so that its entry says nothing any more? */
static bool has_recovered(const struct quota *quota, struct quota_user *user, uint64_t now_ms)
{
    uint64_t pause = (uint64_t)quota->limits.burst_seconds * MS_PER_SECOND;

    if (user->clients > 0 || atomic_load(&user->held_bytes) > 0) return false;
    if (pause < MS_PER_MINUTE) pause = MS_PER_MINUTE;
    return now_ms >= user->left_at_ms && now_ms - user->left_at_ms >= pause;
}

static void sweep(struct quota *quota, uint64_t now_ms)
{
    size_t kept = 0;

    if (now_ms >= quota->swept_at_ms && now_ms - quota->swept_at_ms < SWEEP_MS) return;
    quota->swept_at_ms = now_ms;
    for (size_t i = 0; i < quota->user_count; i++) {
        struct quota_user *user = quota->users[i];

        if (has_recovered(quota, user, now_ms))
            destroy_user(user);
        else
            quota->users[kept++] = user;
    }
    quota->user_count = kept;
}

static bool make_room(struct quota *quota)
{
    size_t capacity = quota->user_capacity ? quota->user_capacity * 2 : 16;
    struct quota_user **users;

    if (quota->user_count < quota->user_capacity) return true;
    users = realloc(quota->users, capacity * sizeof *users);
    if (!users) return false;
    quota->users = users;
    quota->user_capacity = capacity;
    return true;
}

static struct quota_user *create_user(struct quota *quota, const char *key, uint64_t now_ms)
{
    struct bucket_rate events = event_rate(&quota->limits);
    struct bucket_rate bytes = byte_rate(&quota->limits);
    struct bucket_rate providers = provider_rate(&quota->limits);
    struct quota_user *user = calloc(1, sizeof *user);
    size_t size = strlen(key) + 1;

    if (!user) return NULL;
    user->key = malloc(size);
    if (!user->key) {
        free(user);
        return NULL;
    }
    memcpy(user->key, key, size);
    user->left_at_ms = now_ms;
    user->held_in_all = &quota->held_in_all;
    bucket_init(&user->events, &events, now_ms);
    bucket_init(&user->bytes, &bytes, now_ms);
    bucket_init(&user->providers, &providers, now_ms);
    return user;
}

static struct quota_user *find_or_create_user(struct quota *quota, const char *key, uint64_t now_ms)
{
    struct quota_user *user;
    bool found;
    size_t place = find_place(quota, key, &found);

    if (found) return quota->users[place];
    if (!make_room(quota)) return NULL;
    user = create_user(quota, key, now_ms);
    if (!user) return NULL;
    memmove(&quota->users[place + 1], &quota->users[place],
            (quota->user_count - place) * sizeof quota->users[0]);
    quota->users[place] = user;
    quota->user_count++;
    return user;
}

/* Nobody's entry is no user's, so no user's limits hold there. */
static bool has_place(const struct quota *quota, const struct quota_user *user)
{
    return user->key[0] == 0 || (user->clients < quota->limits.clients_per_user &&
                                 user->hellos < quota->limits.hellos_per_user);
}

static enum etwr_reason connect_locked(struct quota *quota, const char *key, uint64_t now_ms,
                                       struct quota_user **user)
{
    struct quota_user *u;

    sweep(quota, now_ms);
    if (quota->clients >= quota->limits.clients) return ETWR_REASON_CLIENT_LIMIT;
    u = find_or_create_user(quota, key, now_ms);
    if (!u) return ETWR_REASON_NO_MEMORY;
    if (!has_place(quota, u)) return ETWR_REASON_USER_LIMIT;
    quota->clients++;
    u->clients++;
    u->hellos++;
    *user = u;
    return ETWR_REASON_NONE;
}

enum etwr_reason quota_connect(struct quota *quota, const char *user_key, uint64_t now_ms,
                               struct quota_user **user)
{
    enum etwr_reason reason;

    uv_mutex_lock(&quota->mutex);
    reason = connect_locked(quota, user_key, now_ms, user);
    uv_mutex_unlock(&quota->mutex);
    return reason;
}

static bool take(atomic_size_t *held_bytes, atomic_uint_fast64_t *limit_bytes, size_t bytes)
{
    uint64_t limit = atomic_load_explicit(limit_bytes, memory_order_relaxed);
    size_t held = atomic_load_explicit(held_bytes, memory_order_relaxed);

    do {
        if (held > limit || bytes > limit - held) return false;
    } while (!atomic_compare_exchange_weak_explicit(held_bytes, &held, held + bytes,
                                                    memory_order_relaxed, memory_order_relaxed));
    return true;
}

static void give(atomic_size_t *held_bytes, size_t bytes)
{
    size_t held = atomic_fetch_sub_explicit(held_bytes, bytes, memory_order_release);

    assert(held >= bytes);
    (void)held;
}

static enum etwr_reason identify_locked(struct quota *quota, const char *key, size_t bytes,
                                        uint64_t now_ms, struct quota_user **user)
{
    struct quota_user *nobody = *user;
    struct quota_user *u = find_or_create_user(quota, key, now_ms);

    if (!u) return ETWR_REASON_NO_MEMORY;
    if (!has_place(quota, u) || !take(&u->held_bytes, &quota->bytes_per_user, bytes))
        return ETWR_REASON_USER_LIMIT;
    u->clients++;
    u->hellos++;
    assert(nobody->clients > 0 && nobody->hellos > 0);
    nobody->clients--;
    nobody->hellos--;
    nobody->left_at_ms = now_ms;
    give(&nobody->held_bytes, bytes);
    *user = u;
    return ETWR_REASON_NONE;
}

enum etwr_reason quota_identify(struct quota *quota, const char *user_key, size_t bytes,
                                uint64_t now_ms, struct quota_user **user)
{
    enum etwr_reason reason;

    uv_mutex_lock(&quota->mutex);
    reason = identify_locked(quota, user_key, bytes, now_ms, user);
    uv_mutex_unlock(&quota->mutex);
    return reason;
}

void quota_hello_done(struct quota *quota, struct quota_user *user)
{
    uv_mutex_lock(&quota->mutex);
    assert(user->hellos > 0);
    user->hellos--;
    uv_mutex_unlock(&quota->mutex);
}

void quota_disconnect(struct quota *quota, struct quota_user *user, bool hello_done,
                      uint64_t now_ms)
{
    uv_mutex_lock(&quota->mutex);
    assert(user->clients > 0 && (hello_done || user->hellos > 0));
    quota->clients--;
    user->clients--;
    if (!hello_done) user->hellos--;
    user->left_at_ms = now_ms;
    uv_mutex_unlock(&quota->mutex);
}

enum etwr_reason quota_take_provider(struct quota *quota, struct quota_user *user, uint64_t now_ms)
{
    enum etwr_reason reason = ETWR_REASON_QUOTA;
    struct bucket_rate rate;

    uv_mutex_lock(&quota->mutex);
    rate = provider_rate(&quota->limits);
    if (rate.per_unit == 0) {
        reason = ETWR_REASON_NONE;
    } else if (bucket_fill(&user->providers, &rate, now_ms) > 0) {
        bucket_take(&user->providers, &rate, 1);
        reason = ETWR_REASON_NONE;
    }
    uv_mutex_unlock(&quota->mutex);
    return reason;
}

bool quota_take_bytes(struct quota *quota, struct quota_user *user, size_t bytes)
{
    if (!take(&quota->held_in_all, &quota->bytes_in_all, bytes)) return false;
    if (take(&user->held_bytes, &quota->bytes_per_user, bytes)) return true;
    give(&quota->held_in_all, bytes);
    return false;
}

/* The last give may be what lets a sweep free the user: nothing of it is touched afterwards. */
void quota_give_bytes(struct quota_user *user, size_t bytes)
{
    give(user->held_in_all, bytes);
    give(&user->held_bytes, bytes);
}

static uint64_t chunk_of(uint64_t rate, uint64_t most)
{
    uint64_t chunk = rate / CHUNK_SHARE;

    return chunk < most ? chunk : most;
}

/* Move tokens from the bucket to the session so that it has `needed`; a chunk if there is one.
 * Returns 0, or how many milliseconds to wait. */
static uint64_t move_tokens(struct bucket *bucket, const struct bucket_rate *rate,
                            uint64_t chunk_max, uint64_t needed, uint64_t *tokens, uint64_t now_ms)
{
    uint64_t available;
    uint64_t missing;
    uint64_t chunk;

    if (rate->per_unit == 0 || *tokens >= needed) return 0;
    missing = needed - *tokens;
    available = bucket_fill(bucket, rate, now_ms);
    if (available < missing) return bucket_wait_ms(bucket, rate, missing);
    chunk = chunk_of(rate->per_unit, chunk_max);
    if (chunk > available) chunk = available;
    if (chunk < missing) chunk = missing;
    bucket_take(bucket, rate, chunk);
    *tokens += chunk;
    return 0;
}

static bool refill(struct quota *quota, struct quota_user *user, struct quota_tokens *tokens,
                   size_t bytes, uint64_t now_ms)
{
    struct bucket_rate rate;
    uint64_t wait_ms;

    uv_mutex_lock(&quota->mutex);
    rate = event_rate(&quota->limits);
    wait_ms = move_tokens(&user->events, &rate, CHUNK_EVENTS_MAX, 1, &tokens->events, now_ms);
    if (wait_ms == 0) {
        rate = byte_rate(&quota->limits);
        wait_ms = move_tokens(&user->bytes, &rate, CHUNK_BYTES_MAX, bytes, &tokens->bytes, now_ms);
    }
    uv_mutex_unlock(&quota->mutex);
    if (wait_ms == 0) return true;
    tokens->retry_at_ms = now_ms + (wait_ms < RETRY_MAX_MS ? wait_ms : RETRY_MAX_MS);
    return false;
}

bool quota_take_event(struct quota *quota, struct quota_user *user, struct quota_tokens *tokens,
                      size_t bytes, uint64_t now_ms)
{
    bool count_events = atomic_load_explicit(&quota->event_rate, memory_order_relaxed) != 0;
    bool count_bytes = atomic_load_explicit(&quota->byte_rate, memory_order_relaxed) != 0;

    if (!count_events && !count_bytes) return true;
    if ((count_events && tokens->events == 0) || (count_bytes && tokens->bytes < bytes)) {
        /* The distance is bounded, or a clock that stepped back would hold the session dry. */
        if (now_ms < tokens->retry_at_ms && tokens->retry_at_ms - now_ms <= RETRY_MAX_MS)
            return false;
        if (!refill(quota, user, tokens, bytes, now_ms)) return false;
    }
    if (count_events && tokens->events > 0) tokens->events--;
    if (count_bytes && tokens->bytes >= bytes) tokens->bytes -= bytes;
    return true;
}

void quota_give_tokens(struct quota *quota, struct quota_user *user, struct quota_tokens *tokens)
{
    struct bucket_rate events;
    struct bucket_rate bytes;

    uv_mutex_lock(&quota->mutex);
    events = event_rate(&quota->limits);
    bytes = byte_rate(&quota->limits);
    bucket_give(&user->events, &events, tokens->events);
    bucket_give(&user->bytes, &bytes, tokens->bytes);
    uv_mutex_unlock(&quota->mutex);
    memset(tokens, 0, sizeof *tokens);
}

void quota_counts(struct quota *quota, struct quota_counts *counts)
{
    uv_mutex_lock(&quota->mutex);
    counts->clients = quota->clients;
    counts->users = (uint32_t)quota->user_count;
    uv_mutex_unlock(&quota->mutex);
}

size_t quota_user_bytes(const struct quota_user *user)
{
    return atomic_load_explicit(&user->held_bytes, memory_order_relaxed);
}
