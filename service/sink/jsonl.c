/*
 * The JSON lines sink: each event decoded, one line, appended.
 *
 * A worker decodes into a text of its own, since how long a line gets is known only then, and
 * copies it into the buffer. The writer thread appends whole batches of lines; of one that could
 * not be written in full nothing stays, so that a line in the file is always a whole one and every
 * line that was counted as dropped is not there.
 */
#include <stdlib.h>
#include <string.h>
#include <stdio.h>

#include "protocol/tracelogging/decode.h"
#include "service/sink/file.h"
#include "service/sink/file_writer.h"
#include "service/sink/report.h"

#define JSONL_BUFFER_BYTES 0x20000u

struct jsonl_worker {
    struct text line;
    uint8_t *values; /* values and origin in one piece */
    size_t values_capacity;
    char padding[64]; /* its neighbour is another thread's */
};

struct jsonl_sink {
    struct sink base; /* first */
    struct jsonl_options options;
    char *path;
    struct jsonl_worker *workers;
    unsigned worker_count;
    struct file_writer *writer;
    struct file file;
    bool is_open;
    bool has_open_end; /* the file ends inside a line: finish it before the next. The writer
                          thread's */
    struct sink_report report;
};

static struct jsonl_sink *jsonl_of(struct sink *sink)
{
    return (struct jsonl_sink *)sink;
}

/* Take back what was written of a batch; where that is impossible (a pipe) the next line starts on
 * a new one. */
static void take_back(struct jsonl_sink *jsonl, size_t written)
{
    uint64_t size;
    int error = jsonl->file.error; /* what to tell is why it could not be written */
    if (written == 0) return;
    jsonl->has_open_end = file_size(&jsonl->file, &size) != FILE_OK || size < written ||
                          file_truncate(&jsonl->file, size - written) != FILE_OK;
    jsonl->file.error = error;
}

static enum file_result append(struct jsonl_sink *jsonl, const uint8_t *bytes, size_t size)
{
    size_t written;
    if (jsonl->has_open_end) {
        enum file_result result = file_append(&jsonl->file, "\n", 1, &written);
        if (result != FILE_OK) return result;
        jsonl->has_open_end = false;
    }
    enum file_result result = file_append(&jsonl->file, bytes, size, &written);
    if (result != FILE_OK) take_back(jsonl, written);
    return result;
}

static enum etwr_reason jsonl_write_batch(void *context, struct writer_batch *batch)
{
    struct jsonl_sink *jsonl = context;
    if (batch->event_count == 0) return ETWR_REASON_NONE;
    enum file_result result =
        append(jsonl, batch->buffer->bytes + batch->start, batch->end - batch->start);
    if (result == FILE_OK) return ETWR_REASON_NONE;
    char text[160];
    enum etwr_reason reason = result == FILE_FULL ? ETWR_REASON_FULL : ETWR_REASON_IO;
    file_error_text(&jsonl->file, text, sizeof text);
    sink_report(&jsonl->report, reason,
                "%s cannot be written: %s; events are dropped and counted until it can",
                jsonl->path, text);
    return reason;
}

static bool is_standard_output(const struct jsonl_sink *jsonl)
{
    return strcmp(jsonl->path, "-") == 0;
}

static enum etwr_status open_file(struct jsonl_sink *jsonl, char message[512])
{
    char text[160];
    enum file_result result;
    if (is_standard_output(jsonl)) {
        result = file_open_standard_output(&jsonl->file);
    } else {
        jsonl->has_open_end = file_has_open_end(jsonl->path); /* of a killed process */
        result = file_open_append(&jsonl->file, jsonl->path);
    }
    jsonl->is_open = result == FILE_OK;
    if (jsonl->is_open) return ETWR_OK;
    file_error_text(&jsonl->file, text, sizeof text);
    snprintf(message, 512, "%.300s cannot be opened: %s", jsonl->path, text);
    return ETWR_E_IO;
}

static enum etwr_status jsonl_start(struct sink *sink, unsigned worker_count, char message[512])
{
    struct jsonl_sink *jsonl = jsonl_of(sink);
    enum etwr_status status = open_file(jsonl, message);
    if (status != ETWR_OK) return status;
    snprintf(message, 512, "no memory or no thread for the buffers of %.300s", jsonl->path);
    jsonl->workers = calloc(worker_count, sizeof *jsonl->workers);
    if (!jsonl->workers) return ETWR_E_NO_MEMORY;
    jsonl->worker_count = worker_count;
    for (unsigned i = 0; i < worker_count; i++)
        text_init(&jsonl->workers[i].line);
    struct file_writer_options options = {.worker_count = worker_count,
                                          .buffer_count = jsonl->options.buffers,
                                          .buffer_bytes = JSONL_BUFFER_BYTES,
                                          .stall_ms = jsonl->options.stall_ms,
                                          .write = jsonl_write_batch,
                                          .context = jsonl,
                                          .callbacks = jsonl->base.callbacks};
    return file_writer_start(&options, &jsonl->writer);
}

static bool jsonl_ready(struct sink *sink, unsigned worker, uint64_t now_ms)
{
    return file_writer_ready(jsonl_of(sink)->writer, worker, now_ms);
}

/* Values and origin as one: the decoder knows no seam. */
static bool join_values(struct jsonl_worker *own, const struct sink_event *event,
                        struct etwr_bytes *joined)
{
    size_t size = event->values.size + event->origin.size;
    *joined = event->values;
    if (event->origin.size == 0) return true;
    if (size > own->values_capacity) {
        uint8_t *values = realloc(own->values, size * 2);
        if (!values) return false;
        own->values = values;
        own->values_capacity = size * 2;
    }
    if (event->values.size) memcpy(own->values, event->values.data, event->values.size);
    memcpy(own->values + event->values.size, event->origin.data, event->origin.size);
    *joined = (struct etwr_bytes){own->values, size};
    return true;
}

/* Decode the event into the worker's line. */
static bool put_line(struct jsonl_worker *own, unsigned worker, const struct sink_event *event)
{
    struct trace_record record = {
        .provider_id = *event->provider_id,
        .traits = event->traits,
        .descriptor = event->descriptor,
        .metadata = event->metadata,
        .activity_id = event->activity_id,
        .related_activity_id = event->related_activity_id,
        .filetime = event->time,
        .pid = event->pid,
        .tid = event->tid,
        .processor = (uint16_t)worker,
    };
    text_reset(&own->line);
    if (!join_values(own, event, &record.data)) return false;
    if (decode_json(&record, &own->line) == ETWR_E_NO_MEMORY) return false;
    text_put_char(&own->line, '\n');
    return !own->line.failed;
}

static enum sink_result drop(struct jsonl_sink *jsonl, enum etwr_reason why,
                             enum etwr_reason *reason)
{
    *reason = why;
    if (why == ETWR_REASON_FULL) {
        sink_report(&jsonl->report, why,
                    "%s: its disk or reader is too slow or stuck; events are dropped and counted",
                    jsonl->path);
    }
    return SINK_DROPPED;
}

static enum sink_result jsonl_write(struct sink *sink, unsigned worker,
                                    const struct sink_event *event, struct sink_batch **batch,
                                    enum etwr_reason *reason)
{
    struct jsonl_sink *jsonl = jsonl_of(sink);
    struct jsonl_worker *own = &jsonl->workers[worker];
    enum etwr_reason why;
    if (!put_line(own, worker, event)) return drop(jsonl, ETWR_REASON_NO_MEMORY, reason);
    void *at = file_writer_reserve(jsonl->writer, worker, own->line.size, &why);
    if (!at) return drop(jsonl, why, reason);
    memcpy(at, own->line.data, own->line.size);
    file_writer_commit(jsonl->writer, worker, own->line.size);
    *batch = &file_writer_batch(jsonl->writer, worker)->base;
    return SINK_PENDING;
}

static void jsonl_flush(struct sink *sink, unsigned worker)
{
    file_writer_flush(jsonl_of(sink)->writer, worker);
}

static struct sink_batch *jsonl_take_settled(struct sink *sink, unsigned worker)
{
    return file_writer_take_settled(jsonl_of(sink)->writer, worker);
}

static void jsonl_release_batch(struct sink *sink, unsigned worker, struct sink_batch *batch)
{
    file_writer_release(jsonl_of(sink)->writer, worker, batch);
}

static void close_file(struct jsonl_sink *jsonl)
{
    char text[160];
    if (!jsonl->is_open) return;
    jsonl->is_open = false;
    if (file_close(&jsonl->file) == FILE_OK) return;
    file_error_text(&jsonl->file, text, sizeof text);
    sink_report(&jsonl->report, ETWR_REASON_OTHER, "%s could not be closed: %s", jsonl->path, text);
}

static void jsonl_stop(struct sink *sink)
{
    struct jsonl_sink *jsonl = jsonl_of(sink);
    file_writer_stop(jsonl->writer);
    close_file(jsonl);
}

static void jsonl_destroy(struct sink *sink)
{
    struct jsonl_sink *jsonl = jsonl_of(sink);
    close_file(jsonl); /* when start() failed behind it */
    file_writer_destroy(jsonl->writer);
    for (unsigned i = 0; i < jsonl->worker_count; i++) {
        text_clear(&jsonl->workers[i].line);
        free(jsonl->workers[i].values);
    }
    free(jsonl->workers);
    free(jsonl->path);
    free(jsonl);
}

static const struct sink_ops jsonl_ops = {
    .start = jsonl_start,
    .ready = jsonl_ready,
    .write = jsonl_write,
    .flush = jsonl_flush,
    .take_settled = jsonl_take_settled,
    .release_batch = jsonl_release_batch,
    .stop = jsonl_stop,
    .destroy = jsonl_destroy,
};

struct sink *sink_jsonl_create(const struct jsonl_options *options,
                               const struct sink_callbacks *callbacks)
{
    struct jsonl_sink *jsonl = calloc(1, sizeof *jsonl);
    if (!jsonl) return NULL;
    jsonl->path = malloc(strlen(options->path) + 1);
    if (!jsonl->path) {
        free(jsonl);
        return NULL;
    }
    strcpy(jsonl->path, options->path);
    jsonl->options = *options;
    jsonl->options.path = jsonl->path;
    jsonl->base = (struct sink){
        .ops = &jsonl_ops, .type = "jsonl", .target = jsonl->path, .callbacks = *callbacks};
    sink_report_init(&jsonl->report, &jsonl->base);
    return &jsonl->base;
}
