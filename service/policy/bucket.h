/*
 * A token bucket in whole numbers: it gains `rate` parts each millisecond, and a token is worth as
 * many parts as there are milliseconds in the rate's unit of time. So no fraction is ever lost, at
 * any rate, and no clock is read. Sums that would pass 64 bits stop there.
 */
#ifndef ETWRELAY_BUCKET_H
#define ETWRELAY_BUCKET_H

#include <stdint.h>

struct bucket_rate {
    uint64_t per_unit; /* tokens in one unit of time */
    uint64_t unit_ms;  /* that unit: 1,000 for a second */
    uint64_t capacity; /* tokens that a full bucket holds */
};

struct bucket {
    uint64_t parts;
    uint64_t filled_at_ms;
};

/* A full bucket. */
void bucket_init(struct bucket *bucket, const struct bucket_rate *rate, uint64_t now_ms);
/* Bring it up to now, and say how many whole tokens are in it. A clock that steps back adds
 * nothing. */
uint64_t bucket_fill(struct bucket *bucket, const struct bucket_rate *rate, uint64_t now_ms);
/* At most what bucket_fill() said. */
void bucket_take(struct bucket *bucket, const struct bucket_rate *rate, uint64_t tokens);
void bucket_give(struct bucket *bucket, const struct bucket_rate *rate, uint64_t tokens);
/* Milliseconds until `tokens` will be in it, from its last fill; at least 1. */
uint64_t bucket_wait_ms(const struct bucket *bucket, const struct bucket_rate *rate,
                        uint64_t tokens);

#endif
