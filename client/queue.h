/*
 * The queue: a ring of whole entries, each in one piece, so that writers put frames straight into
 * it and the reader walks them where they lie. Pure: whoever uses it holds the client's lock, but
 * the reader may look at peeked bytes without it, as only queue_consume() gives them back.
 */
#ifndef ETWRELAY_CLIENT_QUEUE_H
#define ETWRELAY_CLIENT_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct queue {
    uint8_t *bytes;
    size_t capacity;
    size_t head; /* next byte to read */
    size_t tail; /* next byte to write */
    size_t wrap; /* while tail < head: where the bytes before the ring's end stop */
    size_t used;
};

/* False: no memory. */
bool queue_init(struct queue *queue, size_t capacity);
void queue_clear(struct queue *queue);

/* `size` bytes of room in one piece, or NULL. Nothing changes until queue_commit(). */
uint8_t *queue_reserve(struct queue *queue, size_t size);
/* The room reserved last, with the same `size`, is an entry (or several) now. */
void queue_commit(struct queue *queue, size_t size);

/* The oldest entries, as far as they lie in one piece; NULL when the queue is empty. */
const uint8_t *queue_peek(const struct queue *queue, size_t *size);
/* Give back the first `size` peeked bytes. */
void queue_consume(struct queue *queue, size_t size);

static inline bool queue_is_empty(const struct queue *queue)
{
    return queue->used == 0;
}

static inline bool queue_is_half_full(const struct queue *queue)
{
    return queue->used >= queue->capacity / 2;
}

#endif
