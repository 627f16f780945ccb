/*
 * Puts regions into slots of the open file, and changes files.
 *
 * Nothing that fails here ends anything: the region at hand is dropped and counted, and the next
 * one tries again, with the same file, the same slot or the next name. So writing goes on by itself
 * once the disk has room.
 */
#include "service/sink/etl_log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "service/sink/clock.h"
#include "service/sink/etl_file.h"
#include "service/sink/etl_sort.h"

#define SLOTS_PER_MB ((1u << 20) / ETL_FILE_BUFFER_BYTES)

/* A worker's stream of records. */
struct stream {
    struct etl_slot slot;
    uint64_t last; /* stamp of its last record */
};

struct kept_file {
    uint32_t number;
    struct file_id id;
};

struct etl_log {
    struct etl_log_options options;
    char *path;
    uint32_t slots_max; /* of one file */
    struct etl_file file;
    uint32_t number;        /* of the newest file; 0: none yet */
    struct kept_file *kept; /* this run's files, oldest first; only with max_files */
    size_t kept_count, kept_capacity;
    struct stream *streams;
    struct etl_sorter *sorter;
    uint8_t *image;          /* a slot in the making */
    uint64_t unfiled_events; /* lost while no file was open */
    uint64_t unfiled_buffers;
    _Atomic uint64_t lost; /* by workers, and not in a file's account yet */
};

/* Now in stamps, and as end of the log: never before the epoch. */
static uint64_t stamp_now(const struct etl_log *log)
{
    uint64_t now = sink_clock_now();
    return now > log->options.epoch ? now - log->options.epoch : 0;
}

static enum etwr_reason reason_of(enum file_result result)
{
    return result == FILE_FULL ? ETWR_REASON_FULL : ETWR_REASON_IO;
}

/* Why the last file call failed. */
static void describe(const struct etl_log *log, char *text, size_t size)
{
    if (log->file.file.error != 0)
        file_error_text(&log->file.file, text, size);
    else
        snprintf(text, size, "no name in its row is free, or no memory");
}

static enum etwr_reason report_failure(struct etl_log *log, enum file_result result)
{
    char text[160];
    enum etwr_reason reason = reason_of(result);
    describe(log, text, sizeof text);
    sink_report(log->options.report, reason,
                "%s cannot be written: %s; events are dropped and counted until it can",
                log->file.path, text);
    return reason;
}

/* Bring what workers lost into the open file's account. */
static void collect_lost(struct etl_log *log)
{
    if (!etl_file_is_open(&log->file)) return;
    log->file.events_lost += log->unfiled_events + atomic_exchange(&log->lost, 0);
    log->file.buffers_lost += log->unfiled_buffers;
    log->unfiled_events = log->unfiled_buffers = 0;
}

void etl_log_count_lost(struct etl_log *log, uint64_t count)
{
    atomic_fetch_add(&log->lost, count);
}

static void lose_batch(struct etl_log *log, const struct writer_batch *batch)
{
    log->unfiled_events += batch->event_count;
    log->unfiled_buffers++;
    collect_lost(log);
}

static void remove_oldest(struct etl_log *log)
{
    char name[ETL_NAME_MAX_BYTES];
    const struct kept_file *oldest = &log->kept[0];
    if (etl_name(log->path, oldest->number, name, sizeof name) &&
        file_remove(name, &oldest->id) != FILE_OK) {
        sink_report(log->options.report, ETWR_REASON_OTHER,
                    "%s cannot be deleted; it stays beside the %u files that max_files allows",
                    name, (unsigned)log->options.max_files);
    }
    log->kept_count--;
    memmove(log->kept, log->kept + 1, log->kept_count * sizeof *log->kept);
}

/* Make room for the next file in the list of those to delete one day. */
static bool keep_room(struct etl_log *log)
{
    if (log->options.max_files == 0) return true;
    while (log->kept_count >= log->options.max_files)
        remove_oldest(log);
    if (log->kept_count < log->kept_capacity) return true;
    size_t capacity = log->kept_capacity * 2 + 4;
    struct kept_file *kept = realloc(log->kept, capacity * sizeof *kept);
    if (!kept) return false;
    log->kept = kept;
    log->kept_capacity = capacity;
    return true;
}

static void keep(struct etl_log *log)
{
    if (log->options.max_files == 0) return;
    log->kept[log->kept_count++] = (struct kept_file){log->number, log->file.file.id};
}

/* Create the file of the next number that is free. */
static enum file_result open_next(struct etl_log *log)
{
    uint64_t now = stamp_now(log) + log->options.epoch;
    uint32_t pid = (uint32_t)uv_os_getpid();
    struct etl_file_info info = {.buffer_bytes = ETL_FILE_BUFFER_BYTES,
                                 .processors = log->options.worker_count,
                                 .pid = pid,
                                 .tid = pid,
                                 .boot_time = log->options.epoch,
                                 .start_time = now,
                                 .logger_name = "etwrelay",
                                 .file_name = log->file.path};
    log->file.file.error = 0;
    if (!keep_room(log)) return FILE_FAILED;
    for (uint32_t number = log->number + 1; number <= ETL_NAME_NUMBER_MAX; number++) {
        if (!etl_name(log->path, number, log->file.path, sizeof log->file.path)) break;
        enum file_result result = etl_file_create(&log->file, &info, log->image);
        if (result == FILE_EXISTS) continue;
        if (result != FILE_OK) return result;
        log->number = number;
        keep(log);
        return FILE_OK;
    }
    return FILE_FAILED;
}

static void finish_file(struct etl_log *log)
{
    if (!etl_file_is_open(&log->file)) return;
    for (unsigned i = 0; i < log->options.worker_count; i++) {
        etl_file_close_slot(&log->file, &log->streams[i].slot);
    }
    collect_lost(log);
    enum file_result result = etl_file_finish(&log->file, stamp_now(log) + log->options.epoch);
    if (result != FILE_OK) report_failure(log, result);
}

/* A file with room for one more slot. */
static enum file_result have_file(struct etl_log *log)
{
    if (etl_file_is_open(&log->file) && log->file.buffers < log->slots_max) return FILE_OK;
    finish_file(log);
    return open_next(log);
}

/* The batch's records in the order of their times: in place, or sorted into the image. */
static uint8_t *order_records(struct etl_log *log, struct writer_batch *batch)
{
    uint8_t *records = batch->buffer->bytes + batch->start;
    if (!batch->is_unsorted) return records;
    uint8_t *sorted = log->image + ETL_BUFFER_HEADER_BYTES;
    etl_sort(log->sorter, records, batch->end - batch->start, sorted);
    return sorted;
}

/* Memory in which the records stand where a slot has its first ones. A whole buffer, the usual case
 * under load, is used as it is: its worker is done with it. */
static uint8_t *image_of(struct etl_log *log, struct writer_batch *batch, uint8_t *records)
{
    uint8_t *first = log->image + ETL_BUFFER_HEADER_BYTES;
    if (records == first) return log->image;
    if (batch->start == ETL_BUFFER_HEADER_BYTES && batch->is_final) return batch->buffer->bytes;
    memcpy(first, records, batch->end - batch->start);
    return log->image;
}

static enum file_result write_region(struct etl_log *log, struct writer_batch *batch)
{
    struct stream *stream = &log->streams[batch->worker];
    struct etl_slot *slot = &stream->slot;
    uint32_t size = (uint32_t)(batch->end - batch->start);
    bool fits = slot->index != 0 && size <= ETL_FILE_BUFFER_BYTES - slot->filled;
    if (!fits) {
        etl_file_close_slot(&log->file, slot);
        enum file_result result = have_file(log); /* before the image is used for records */
        if (result != FILE_OK) return result;
    }
    uint64_t now = stamp_now(log);
    uint8_t *records = order_records(log, batch);
    stream->last = etl_clamp(records, size, stream->last, now);
    if (now < stream->last) now = stream->last; /* the system's clock was set back */
    collect_lost(log);
    uint64_t end_time = now + log->options.epoch;
    if (fits) return etl_file_grow_slot(&log->file, slot, records, size, now, end_time);
    struct etl_slot added = {.filled = ETL_BUFFER_HEADER_BYTES + size,
                             .processor = (uint16_t)batch->worker,
                             .stamp = now};
    enum file_result result =
        etl_file_add_slot(&log->file, &added, image_of(log, batch, records), end_time);
    if (result == FILE_OK) *slot = added;
    return result;
}

enum etwr_reason etl_log_write(void *context, struct writer_batch *batch)
{
    struct etl_log *log = context;
    if (batch->event_count == 0) return ETWR_REASON_NONE;
    enum file_result result = write_region(log, batch);
    if (result == FILE_OK) return ETWR_REASON_NONE;
    lose_batch(log, batch);
    return report_failure(log, result);
}

static uint32_t slots_of_mb(uint32_t max_mb)
{
    if (max_mb == 0 || max_mb > UINT32_MAX / SLOTS_PER_MB) return UINT32_MAX;
    return max_mb * SLOTS_PER_MB;
}

enum etwr_status etl_log_start(const struct etl_log_options *options, struct etl_log **result,
                               char message[512])
{
    if (options->worker_count == 0 || options->worker_count > ETL_LAYOUT_PROCESSORS_MAX) {
        snprintf(message, 512, "an .etl file takes 1 to %d workers", ETL_LAYOUT_PROCESSORS_MAX);
        return ETWR_E_INVALID_ARGUMENT;
    }
    struct etl_log *log = calloc(1, sizeof *log);
    if (!log) return ETWR_E_NO_MEMORY;
    log->options = *options;
    log->slots_max = slots_of_mb(options->max_mb);
    log->path = malloc(strlen(options->path) + 1);
    log->streams = calloc(options->worker_count, sizeof *log->streams);
    log->sorter = etl_sorter_create(ETL_FILE_BUFFER_BYTES);
    log->image = malloc(ETL_FILE_BUFFER_BYTES);
    if (!log->path || !log->streams || !log->sorter || !log->image) {
        etl_log_destroy(log);
        return ETWR_E_NO_MEMORY;
    }
    strcpy(log->path, options->path);
    if (open_next(log) == FILE_OK) {
        *result = log;
        return ETWR_OK;
    }
    char text[160];
    describe(log, text, sizeof text);
    snprintf(message, 512, "%.300s cannot be created: %s", log->file.path, text);
    etl_log_destroy(log);
    return ETWR_E_IO;
}

void etl_log_stop(struct etl_log *log)
{
    finish_file(log);
}

void etl_log_destroy(struct etl_log *log)
{
    if (!log) return;
    etl_sorter_destroy(log->sorter);
    free(log->path);
    free(log->streams);
    free(log->image);
    free(log->kept);
    free(log);
}
