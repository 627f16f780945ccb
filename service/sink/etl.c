/*
 * The .etl sink: events as records of an Event Trace Log file, without any ETW session.
 *
 * A worker composes the record right where it will lie in the buffer, with the origin's pid, tid
 * and time in its header, and only notes when that time is before the one of the record in front.
 * Everything else (order, place in the file, the files themselves) is the writer thread's:
 * etl_log.c.
 */
#include <stdlib.h>
#include <string.h>
#include <stdio.h>

#include "protocol/etl/writer.h"
#include "service/sink/clock.h"
#include "service/sink/etl_file.h"
#include "service/sink/etl_log.h"

/* Origin times may lie before this process, not by much before this machine's start. */
#define EPOCH_BEFORE_BOOT (24u * 3600u * UINT64_C(10000000))

/* A worker's; its neighbours' lie elsewhere in the cache. */
struct etl_worker {
    uint64_t last; /* stamp of the record before, in this region */
    char padding[56];
};

struct etl_sink {
    struct sink base; /* first */
    struct etl_options options;
    char *path;
    uint64_t epoch;
    struct etl_worker *workers;
    struct file_writer *writer;
    struct etl_log *log;
    struct sink_report report;
};

static struct etl_sink *etl_of(struct sink *sink)
{
    return (struct etl_sink *)sink;
}

static enum etwr_status start_writer(struct etl_sink *etl, unsigned worker_count)
{
    struct file_writer_options options = {.worker_count = worker_count,
                                          .buffer_count = etl->options.buffers,
                                          .buffer_bytes = ETL_FILE_BUFFER_BYTES,
                                          .start_offset = ETL_BUFFER_HEADER_BYTES,
                                          .stall_ms = etl->options.stall_ms,
                                          .write = etl_log_write,
                                          .context = etl->log,
                                          .callbacks = etl->base.callbacks};
    return file_writer_start(&options, &etl->writer);
}

static enum etwr_status etl_start(struct sink *sink, unsigned worker_count, char message[512])
{
    struct etl_sink *etl = etl_of(sink);
    snprintf(message, 512, "no memory for the buffers of %.300s", etl->path);
    etl->workers = calloc(worker_count, sizeof *etl->workers);
    if (!etl->workers) return ETWR_E_NO_MEMORY;
    uint64_t boot = sink_clock_boot();
    etl->epoch = boot > EPOCH_BEFORE_BOOT ? boot - EPOCH_BEFORE_BOOT : 0;
    struct etl_log_options options = {.path = etl->path,
                                      .max_mb = etl->options.max_mb,
                                      .max_files = etl->options.max_files,
                                      .worker_count = worker_count,
                                      .epoch = etl->epoch,
                                      .report = &etl->report};
    enum etwr_status status = etl_log_start(&options, &etl->log, message);
    if (status != ETWR_OK) return status;
    status = start_writer(etl, worker_count);
    if (status == ETWR_OK) return ETWR_OK;
    snprintf(message, 512, "no memory or no thread for the buffers of %.300s", etl->path);
    etl_log_stop(etl->log);
    return status;
}

static bool etl_ready(struct sink *sink, unsigned worker, uint64_t now_ms)
{
    return file_writer_ready(etl_of(sink)->writer, worker, now_ms);
}

static enum sink_result drop(struct etl_sink *etl, enum etwr_reason why, enum etwr_reason *reason)
{
    *reason = why;
    etl_log_count_lost(etl->log, 1);
    if (why == ETWR_REASON_FULL) {
        sink_report(&etl->report, why,
                    "%s: the disk is too slow or stuck; events are dropped and counted", etl->path);
    }
    return SINK_DROPPED;
}

static enum sink_result etl_write(struct sink *sink, unsigned worker,
                                  const struct sink_event *event, struct sink_batch **batch,
                                  enum etwr_reason *reason)
{
    struct etl_sink *etl = etl_of(sink);
    struct etl_worker *own = &etl->workers[worker];
    struct etl_put_event record = {
        .provider_id = event->provider_id,
        .descriptor = event->descriptor,
        .activity_id = event->activity_id,
        .related_activity_id = event->related_activity_id,
        .traits = event->traits,
        .metadata = event->metadata,
        .values = {event->values, event->origin},
        .stamp = event->time > etl->epoch ? event->time - etl->epoch : 0,
        .pid = event->pid,
        .tid = event->tid,
    };
    size_t size = etl_event_size(&record);
    if (size == 0) return drop(etl, ETWR_REASON_TOO_LARGE, reason);
    size_t aligned = ETL_ALIGN8(size);
    enum etwr_reason why;
    uint8_t *at = file_writer_reserve(etl->writer, worker, aligned, &why);
    if (!at) return drop(etl, why, reason);
    etl_put_event(at, size, &record);
    struct writer_batch *open = file_writer_batch(etl->writer, worker);
    if (open->event_count != 0 && record.stamp < own->last) open->is_unsorted = true;
    own->last = record.stamp;
    file_writer_commit(etl->writer, worker, aligned);
    *batch = &open->base;
    return SINK_PENDING;
}

static void etl_flush(struct sink *sink, unsigned worker)
{
    file_writer_flush(etl_of(sink)->writer, worker);
}

static struct sink_batch *etl_take_settled(struct sink *sink, unsigned worker)
{
    return file_writer_take_settled(etl_of(sink)->writer, worker);
}

static void etl_release_batch(struct sink *sink, unsigned worker, struct sink_batch *batch)
{
    file_writer_release(etl_of(sink)->writer, worker, batch);
}

static void etl_stop(struct sink *sink)
{
    struct etl_sink *etl = etl_of(sink);
    file_writer_stop(etl->writer);
    etl_log_stop(etl->log);
}

static void etl_destroy(struct sink *sink)
{
    struct etl_sink *etl = etl_of(sink);
    file_writer_destroy(etl->writer);
    etl_log_destroy(etl->log);
    free(etl->workers);
    free(etl->path);
    free(etl);
}

static const struct sink_ops etl_ops = {
    .start = etl_start,
    .ready = etl_ready,
    .write = etl_write,
    .flush = etl_flush,
    .take_settled = etl_take_settled,
    .release_batch = etl_release_batch,
    .stop = etl_stop,
    .destroy = etl_destroy,
};

struct sink *sink_etl_create(const struct etl_options *options,
                             const struct sink_callbacks *callbacks)
{
    struct etl_sink *etl = calloc(1, sizeof *etl);
    if (!etl) return NULL;
    etl->path = malloc(strlen(options->path) + 1);
    if (!etl->path) {
        free(etl);
        return NULL;
    }
    strcpy(etl->path, options->path);
    etl->options = *options;
    etl->options.path = etl->path;
    etl->base =
        (struct sink){.ops = &etl_ops, .type = "etl", .target = etl->path, .callbacks = *callbacks};
    sink_report_init(&etl->report, &etl->base);
    return &etl->base;
}
