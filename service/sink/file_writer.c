/*
 * Pools, queue and writer thread of the file sinks.
 *
 * What is in a worker's own struct is touched by that worker alone; what passes between threads
 * (the pool of buffers, the queue to the writer, the lists of settled batches) is under one lock,
 * which a worker takes for a buffer or a hand-over, never for an event. A worker's batches go
 * round: its free list, the queue, its settled list, its caller, its free list.
 */
#include "service/sink/file_writer.h"

#include <stdlib.h>
#include <string.h>
#include <uv.h>

#define BUFFERS_PER_WORKER_MIN 3u /* one being filled, one in reserve, one being written */

/* Batches of a worker beyond one for each buffer. Part-filled regions are handed over only while
 * more than BATCHES_KEPT are free, so that full buffers never wait for one. */
#define BATCHES_EXTRA 12u
#define BATCHES_KEPT  3u

/* Of one worker, on its thread only. */
struct writer_worker {
    struct writer_buffer *current, *reserve;
    size_t region_start, at;    /* in `current` */
    struct writer_batch *batch; /* of the region that is being filled; NULL: none needed one yet */
    struct writer_batch *free_batches;
    unsigned free_batch_count;
    bool is_flush_owed; /* there was no batch to spare when file_writer_flush() was called */
    bool is_stalled;
    uint64_t stalled_since_ms;
    struct writer_batch *batches; /* the memory of all */
    char padding[64];             /* its neighbour is another thread's */
};

/* Under the lock. */
struct writer_outbox {
    struct sink_batch *first, *last; /* settled */
    bool is_waiting;                 /* for a buffer */
};

struct file_writer {
    struct file_writer_options options;
    struct writer_worker *workers;
    struct writer_outbox *outboxes;
    struct writer_buffer *buffers; /* the memory of all */
    bool *woken;                   /* the writer thread's: whom to tell that there is room */
    unsigned buffer_count;
    uv_thread_t thread;
    uv_mutex_t lock;
    uv_cond_t has_work;
    /* Under the lock. */
    struct writer_buffer *pool;
    struct writer_batch *queue_first, *queue_last;
    bool is_stopping;
};

/* Give the lock's holder a buffer of the pool, or remember that the worker waits for one. */
static struct writer_buffer *take_buffer(struct file_writer *writer, unsigned worker)
{
    uv_mutex_lock(&writer->lock);
    struct writer_buffer *buffer = writer->pool;
    if (buffer) writer->pool = buffer->next;
    writer->outboxes[worker].is_waiting = buffer == NULL;
    uv_mutex_unlock(&writer->lock);
    return buffer;
}

static bool has_reserve(struct file_writer *writer, unsigned worker)
{
    struct writer_worker *own = &writer->workers[worker];
    if (!own->reserve) own->reserve = take_buffer(writer, worker);
    return own->reserve != NULL;
}

bool file_writer_ready(struct file_writer *writer, unsigned worker, uint64_t now_ms)
{
    struct writer_worker *own = &writer->workers[worker];
    if (own->free_batch_count >= BATCHES_KEPT && has_reserve(writer, worker)) {
        own->is_stalled = false;
        return true;
    }
    if (!own->is_stalled) {
        own->is_stalled = true;
        own->stalled_since_ms = now_ms;
    }
    return now_ms - own->stalled_since_ms >= writer->options.stall_ms;
}

/* Make sure that the region being filled has a batch. */
static bool has_batch(struct writer_worker *own)
{
    if (own->batch) return true;
    struct writer_batch *batch = own->free_batches;
    if (!batch) return false;
    own->free_batches = batch->next;
    own->free_batch_count--;
    memset(batch, 0, sizeof *batch);
    own->batch = batch;
    return true;
}

/* Give the region, which has a batch, to the writer thread. */
static void hand_over(struct file_writer *writer, unsigned worker, bool is_final)
{
    struct writer_worker *own = &writer->workers[worker];
    struct writer_batch *batch = own->batch;
    batch->buffer = own->current;
    batch->start = own->region_start;
    batch->end = own->at;
    batch->worker = worker;
    batch->is_final = is_final;
    own->batch = NULL;
    own->region_start = own->at;
    own->is_flush_owed = false;

    uv_mutex_lock(&writer->lock);
    if (writer->queue_last)
        writer->queue_last->next = batch;
    else
        writer->queue_first = batch;
    writer->queue_last = batch;
    uv_cond_signal(&writer->has_work);
    uv_mutex_unlock(&writer->lock);
}

void file_writer_flush(struct file_writer *writer, unsigned worker)
{
    struct writer_worker *own = &writer->workers[worker];
    if (!own->current || own->at == own->region_start) return;
    own->is_flush_owed = own->free_batch_count < BATCHES_KEPT;
    if (!own->is_flush_owed) hand_over(writer, worker, false);
}

/* A record larger than any buffer gets one that is large enough, for as long as it lies there. */
static bool has_capacity(struct writer_buffer *buffer, size_t capacity)
{
    if (capacity <= buffer->capacity) return true;
    uint8_t *bytes = realloc(buffer->bytes, capacity);
    if (!bytes) return false;
    buffer->bytes = bytes;
    buffer->capacity = capacity;
    return true;
}

/* Go on to the next buffer, large enough for `size` bytes more. */
static enum etwr_reason change_buffer(struct file_writer *writer, unsigned worker, size_t size)
{
    struct writer_worker *own = &writer->workers[worker];
    size_t start = writer->options.start_offset;
    if (!has_reserve(writer, worker)) return ETWR_REASON_FULL;
    if (size > SIZE_MAX - start || !has_capacity(own->reserve, start + size)) {
        return ETWR_REASON_NO_MEMORY;
    }
    if (own->current) {
        if (!has_batch(own)) return ETWR_REASON_FULL;
        hand_over(writer, worker, true);
    }
    own->current = own->reserve;
    own->reserve = NULL;
    own->region_start = own->at = start;
    return ETWR_REASON_NONE;
}

void *file_writer_reserve(struct file_writer *writer, unsigned worker, size_t size,
                          enum etwr_reason *reason)
{
    struct writer_worker *own = &writer->workers[worker];
    if (!own->current || size > own->current->capacity - own->at) {
        *reason = change_buffer(writer, worker, size);
        if (*reason != ETWR_REASON_NONE) return NULL;
    }
    *reason = ETWR_REASON_FULL;
    return has_batch(own) ? own->current->bytes + own->at : NULL;
}

struct writer_batch *file_writer_batch(struct file_writer *writer, unsigned worker)
{
    return writer->workers[worker].batch;
}

void file_writer_commit(struct file_writer *writer, unsigned worker, size_t size)
{
    struct writer_worker *own = &writer->workers[worker];
    own->at += size;
    own->batch->event_count++;
}

static void free_batch(struct writer_worker *own, struct writer_batch *batch)
{
    batch->next = own->free_batches;
    own->free_batches = batch;
    own->free_batch_count++;
}

struct sink_batch *file_writer_take_settled(struct file_writer *writer, unsigned worker)
{
    struct writer_worker *own = &writer->workers[worker];
    struct writer_outbox *outbox = &writer->outboxes[worker];
    uv_mutex_lock(&writer->lock);
    struct sink_batch *settled = outbox->first;
    outbox->first = outbox->last = NULL;
    uv_mutex_unlock(&writer->lock);

    /* Those which only brought a buffer back are nobody else's business. */
    struct sink_batch **link = &settled;
    while (*link) {
        struct writer_batch *batch = (struct writer_batch *)*link;
        if (batch->event_count != 0) {
            link = &batch->base.next;
            continue;
        }
        *link = batch->base.next;
        free_batch(own, batch);
    }
    return settled;
}

void file_writer_release(struct file_writer *writer, unsigned worker, struct sink_batch *batch)
{
    struct writer_worker *own = &writer->workers[worker];
    free_batch(own, (struct writer_batch *)batch);
    if (own->is_flush_owed) file_writer_flush(writer, worker);
}

static struct writer_batch *wait_for_batch(struct file_writer *writer)
{
    uv_mutex_lock(&writer->lock);
    while (!writer->queue_first && !writer->is_stopping) {
        uv_cond_wait(&writer->has_work, &writer->lock);
    }
    struct writer_batch *batch = writer->queue_first;
    if (batch) writer->queue_first = batch->next;
    if (!writer->queue_first) writer->queue_last = NULL;
    uv_mutex_unlock(&writer->lock);
    return batch;
}

/* Make a buffer that has grown as small as the others again. */
static void shrink(struct file_writer *writer, struct writer_buffer *buffer)
{
    size_t capacity = writer->options.buffer_bytes;
    if (buffer->capacity == capacity) return;
    uint8_t *bytes = realloc(buffer->bytes, capacity);
    if (!bytes) return; /* it stays large */
    buffer->bytes = bytes;
    buffer->capacity = capacity;
}

/* Under the lock: the buffer is free, and who waits for one shall look again. */
static void return_buffer(struct file_writer *writer, struct writer_buffer *buffer)
{
    buffer->next = writer->pool;
    writer->pool = buffer;
    for (unsigned i = 0; i < writer->options.worker_count; i++) {
        if (writer->outboxes[i].is_waiting) writer->woken[i] = true;
        writer->outboxes[i].is_waiting = false;
    }
}

static void settle(struct file_writer *writer, struct writer_batch *batch, enum etwr_reason reason)
{
    const struct sink_callbacks *callbacks = &writer->options.callbacks;
    struct writer_outbox *outbox = &writer->outboxes[batch->worker];
    /* From the unlock on the batch is the worker's. */
    struct writer_buffer *done = batch->is_final ? batch->buffer : NULL;
    if (done) shrink(writer, done);
    memset(writer->woken, 0, writer->options.worker_count * sizeof *writer->woken);
    writer->woken[batch->worker] = true;
    batch->base.failed = reason;
    batch->base.next = NULL;

    uv_mutex_lock(&writer->lock);
    if (outbox->last)
        outbox->last->next = &batch->base;
    else
        outbox->first = &batch->base;
    outbox->last = &batch->base;
    if (done) return_buffer(writer, done);
    uv_mutex_unlock(&writer->lock);

    for (unsigned i = 0; i < writer->options.worker_count; i++) {
        if (writer->woken[i]) callbacks->on_settled(callbacks->context, i);
    }
}

static void run(void *context)
{
    struct file_writer *writer = context;
    struct writer_batch *batch;
    while ((batch = wait_for_batch(writer)) != NULL) {
        settle(writer, batch, writer->options.write(writer->options.context, batch));
    }
}

static bool make_buffers(struct file_writer *writer)
{
    const struct file_writer_options *options = &writer->options;
    writer->buffers = calloc(writer->buffer_count, sizeof *writer->buffers);
    if (!writer->buffers) return false;
    for (unsigned i = 0; i < writer->buffer_count; i++) {
        struct writer_buffer *buffer = &writer->buffers[i];
        buffer->bytes = malloc(options->buffer_bytes);
        if (!buffer->bytes) return false;
        buffer->capacity = options->buffer_bytes;
        buffer->next = writer->pool;
        writer->pool = buffer;
    }
    return true;
}

static bool make_batches(struct file_writer *writer)
{
    unsigned count = writer->buffer_count + BATCHES_EXTRA;
    for (unsigned i = 0; i < writer->options.worker_count; i++) {
        struct writer_worker *own = &writer->workers[i];
        own->batches = calloc(count, sizeof *own->batches);
        if (!own->batches) return false;
        for (unsigned j = 0; j < count; j++)
            free_batch(own, &own->batches[j]);
    }
    return true;
}

static bool make_memory(struct file_writer *writer)
{
    unsigned workers = writer->options.worker_count;
    writer->workers = calloc(workers, sizeof *writer->workers);
    writer->outboxes = calloc(workers, sizeof *writer->outboxes);
    writer->woken = calloc(workers, sizeof *writer->woken);
    return writer->workers && writer->outboxes && writer->woken && make_buffers(writer) &&
           make_batches(writer);
}

static void free_memory(struct file_writer *writer)
{
    for (unsigned i = 0; writer->buffers && i < writer->buffer_count; i++) {
        free(writer->buffers[i].bytes);
    }
    for (unsigned i = 0; writer->workers && i < writer->options.worker_count; i++) {
        free(writer->workers[i].batches);
    }
    free(writer->buffers);
    free(writer->workers);
    free(writer->outboxes);
    free(writer->woken);
    free(writer);
}

enum etwr_status file_writer_start(const struct file_writer_options *options,
                                   struct file_writer **result)
{
    enum etwr_status status = ETWR_E_NO_MEMORY;
    unsigned least = BUFFERS_PER_WORKER_MIN * options->worker_count;
    struct file_writer *writer = calloc(1, sizeof *writer);
    if (!writer) return status;
    writer->options = *options;
    writer->buffer_count = options->buffer_count > least ? options->buffer_count : least;
    if (!make_memory(writer)) goto memory;
    status = ETWR_E_LIMIT;
    if (uv_mutex_init(&writer->lock) != 0) goto memory;
    if (uv_cond_init(&writer->has_work) != 0) goto lock;
    if (uv_thread_create(&writer->thread, run, writer) != 0) goto condition;
    *result = writer;
    return ETWR_OK;
condition:
    uv_cond_destroy(&writer->has_work);
lock:
    uv_mutex_destroy(&writer->lock);
memory:
    free_memory(writer);
    return status;
}

void file_writer_stop(struct file_writer *writer)
{
    for (unsigned i = 0; i < writer->options.worker_count; i++) {
        struct writer_worker *own = &writer->workers[i];
        if (own->current && own->at != own->region_start) hand_over(writer, i, true);
    }
    uv_mutex_lock(&writer->lock);
    writer->is_stopping = true;
    uv_cond_signal(&writer->has_work);
    uv_mutex_unlock(&writer->lock);
    uv_thread_join(&writer->thread);
}

void file_writer_destroy(struct file_writer *writer)
{
    if (!writer) return;
    uv_cond_destroy(&writer->has_work);
    uv_mutex_destroy(&writer->lock);
    free_memory(writer);
}
