/*
 * The arithmetic behind rates. Everything saturates: a rate or a pause of any size in the config
 * or on the clock may make a bucket full, never make it wrap around to empty.
 */
#include "service/policy/bucket.h"

static uint64_t multiply(uint64_t a, uint64_t b)
{
    return b != 0 && a > UINT64_MAX / b ? UINT64_MAX : a * b;
}

static uint64_t add(uint64_t a, uint64_t b)
{
    return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

static void put(struct bucket *bucket, const struct bucket_rate *rate, uint64_t parts)
{
    uint64_t full = multiply(rate->capacity, rate->unit_ms);
    uint64_t sum = add(bucket->parts, parts);

    bucket->parts = sum < full ? sum : full;
}

void bucket_init(struct bucket *bucket, const struct bucket_rate *rate, uint64_t now_ms)
{
    bucket->parts = multiply(rate->capacity, rate->unit_ms);
    bucket->filled_at_ms = now_ms;
}

uint64_t bucket_fill(struct bucket *bucket, const struct bucket_rate *rate, uint64_t now_ms)
{
    uint64_t elapsed = now_ms > bucket->filled_at_ms ? now_ms - bucket->filled_at_ms : 0;

    put(bucket, rate, multiply(elapsed, rate->per_unit));
    bucket->filled_at_ms = now_ms;
    return bucket->parts / rate->unit_ms;
}

void bucket_take(struct bucket *bucket, const struct bucket_rate *rate, uint64_t tokens)
{
    bucket->parts -= tokens * rate->unit_ms;
}

void bucket_give(struct bucket *bucket, const struct bucket_rate *rate, uint64_t tokens)
{
    put(bucket, rate, multiply(tokens, rate->unit_ms));
}

uint64_t bucket_wait_ms(const struct bucket *bucket, const struct bucket_rate *rate,
                        uint64_t tokens)
{
    uint64_t needed = multiply(tokens, rate->unit_ms);
    uint64_t missing = needed > bucket->parts ? needed - bucket->parts : 0;

    if (rate->per_unit == 0 || missing <= rate->per_unit) return 1;
    return missing / rate->per_unit + (missing % rate->per_unit != 0);
}
