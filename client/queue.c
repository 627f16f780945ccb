/*
 * Where an event waits for the background thread. An entry is never split at the ring's end: what
 * is left there is skipped, and `wrap` remembers where. When the last byte is read both ends return
 * to the start, so an entry as large as the ring always fits an empty one.
 */
#include "client/queue.h"

#include <stdlib.h>

bool queue_init(struct queue *queue, size_t capacity)
{
    *queue = (struct queue){.bytes = malloc(capacity), .capacity = capacity};
    return queue->bytes != NULL;
}

void queue_clear(struct queue *queue)
{
    free(queue->bytes);
    *queue = (struct queue){0};
}

static bool is_wrapped(const struct queue *queue)
{
    return queue->used > 0 && queue->tail <= queue->head;
}

uint8_t *queue_reserve(struct queue *queue, size_t size)
{
    if (is_wrapped(queue))
        return size <= queue->head - queue->tail ? queue->bytes + queue->tail : NULL;
    if (size <= queue->capacity - queue->tail) return queue->bytes + queue->tail;
    if (size > queue->head) return NULL;
    return queue->bytes;
}

void queue_commit(struct queue *queue, size_t size)
{
    if (!is_wrapped(queue) && size > queue->capacity - queue->tail) {
        queue->wrap = queue->tail;
        queue->tail = 0;
    }
    queue->tail += size;
    queue->used += size;
}

const uint8_t *queue_peek(const struct queue *queue, size_t *size)
{
    if (queue->used == 0) return NULL;
    *size = (is_wrapped(queue) ? queue->wrap : queue->tail) - queue->head;
    return queue->bytes + queue->head;
}

void queue_consume(struct queue *queue, size_t size)
{
    bool was_wrapped = is_wrapped(queue);

    queue->head += size;
    queue->used -= size;
    if (queue->used == 0)
        queue->head = queue->tail = 0;
    else if (was_wrapped && queue->head == queue->wrap)
        queue->head = 0;
}
