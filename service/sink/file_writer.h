/*
 * The writer thread of a file sink, and the memory that events lie in until it has written them.
 *
 * Each worker fills a *buffer* from front to back, without locks. What it has put since the last
 * hand-over is a *region*, and goes to the writer thread as a *batch*; the worker goes on filling
 * the same buffer behind it. When a buffer is full its last region is *final*, and the buffer
 * returns to the pool once that is written.
 *
 *     buffer:  | written | with the writer | being filled ....... |
 *                region    region            region_start   at
 *
 * A worker holds the buffer it fills and one in reserve, so that after file_writer_ready() said yes
 * one record of any size, or half a buffer of smaller ones, can be put before the next check. All
 * memory is allocated at the start; only a single record larger than a buffer makes a buffer grow,
 * until it is written.
 *
 * Threads: functions with `worker` on that worker's thread; the `write` callback runs on the writer
 * thread, one batch at a time, those of one worker in their order.
 */
#ifndef ETWRELAY_FILE_WRITER_H
#define ETWRELAY_FILE_WRITER_H

#include "service/sink/sink.h"

struct writer_buffer {
    struct writer_buffer *next; /* in the pool */
    uint8_t *bytes;
    size_t capacity;
};

struct writer_batch {
    struct sink_batch base; /* first */
    struct writer_batch *next;
    struct writer_buffer *buffer;
    size_t start, end;    /* the region in the buffer; the writer thread may change its bytes */
    uint32_t event_count; /* 0: nothing to write, the buffer is just done with */
    unsigned worker;
    bool is_unsorted; /* for the sink: set by the worker, read by the writer */
    bool is_final;    /* the last region of its buffer */
};

struct file_writer;

struct file_writer_options {
    unsigned worker_count;
    unsigned buffer_count; /* in all; at least 3 a worker are made */
    size_t buffer_bytes;
    size_t start_offset; /* bytes left free at the front of each buffer */
    uint32_t stall_ms;
    /* Writer thread: write one region. ETWR_REASON_NONE, or why all of it was dropped. */
    enum etwr_reason (*write)(void *context, struct writer_batch *batch);
    void *context;
    struct sink_callbacks callbacks;
};

/* Allocate and start the thread. ETWR_OK, ETWR_E_NO_MEMORY, ETWR_E_LIMIT (no thread). */
enum etwr_status file_writer_start(const struct file_writer_options *options,
                                   struct file_writer **writer);

/* Hand over what is left, write everything, end the thread. Workers have stopped. */
void file_writer_stop(struct file_writer *writer);

/* Free; after file_writer_stop() and once no batch is used any more. NULL allowed. */
void file_writer_destroy(struct file_writer *writer);

/* Is a buffer in reserve? Yes also after stall_ms of no. */
bool file_writer_ready(struct file_writer *writer, unsigned worker, uint64_t now_ms);

/*
 * Room for a record of `size` bytes, to be filled and then committed at once. NULL: dropped;
 * *reason says ETWR_REASON_FULL or, for a record larger than a buffer, ETWR_REASON_NO_MEMORY.
 */
void *file_writer_reserve(struct file_writer *writer, unsigned worker, size_t size,
                          enum etwr_reason *reason);

/* The batch that a record put now belongs to; after file_writer_reserve(). */
struct writer_batch *file_writer_batch(struct file_writer *writer, unsigned worker);

/* The record is complete. */
void file_writer_commit(struct file_writer *writer, unsigned worker, size_t size);

/* As in struct sink_ops. */
void file_writer_flush(struct file_writer *writer, unsigned worker);
struct sink_batch *file_writer_take_settled(struct file_writer *writer, unsigned worker);
void file_writer_release(struct file_writer *writer, unsigned worker, struct sink_batch *batch);

#endif
