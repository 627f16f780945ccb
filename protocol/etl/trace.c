/*
 * Goes through a file buffer by buffer. The header's BuffersWritten decides what is missing at the
 * end; it does not decide where reading stops, since the file of a killed writer holds more than it
 * says.
 */
#include "protocol/etl/trace.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/wire/reader.h"

static void tell(struct etl_trace *trace, uint64_t offset, const char *message)
{
    trace->pending.offset = offset;
    snprintf(trace->pending.message, sizeof trace->pending.message, "%s", message);
}

/* Fill `bytes` with buffer `index`; `got` is 0 behind the end of the file or when input fails. */
static void read_buffer(struct etl_trace *trace)
{
    uint64_t size = trace->header.buffer_bytes;
    size_t got = 0;
    trace->status =
        trace->read_at(trace->context, trace->index * size, trace->bytes, (size_t)size, &got);
    if (trace->status != ETWR_OK) got = 0;
    if (got > size) got = (size_t)size;
    trace->is_last = got < size;
    trace->got = got;
}

enum etwr_status etl_trace_open(struct etl_trace *trace, etl_read_at read_at, void *context,
                                struct etl_damage *damage)
{
    uint8_t start[ETL_HEADER_READ_BYTES];
    size_t got = 0;
    memset(trace, 0, sizeof *trace);
    trace->read_at = read_at;
    trace->context = context;
    damage->message[0] = '\0';
    enum etwr_status status = read_at(context, 0, start, sizeof start, &got);
    if (status != ETWR_OK) return status;
    status = etl_read_header(start, got, &trace->header, damage);
    if (status != ETWR_OK) return status;

    trace->bytes = malloc(trace->header.buffer_bytes);
    if (!trace->bytes) return ETWR_E_NO_MEMORY;
    read_buffer(trace);
    if (trace->status != ETWR_OK) return trace->status;
    status =
        etl_read_header(trace->bytes, trace->got, &trace->header, damage); /* now with its names */
    if (status != ETWR_OK) return status;
    trace->pending = *damage;
    trace->is_loaded = true;
    return ETWR_OK;
}

/* Has the writer been at the header since it was read? A file may be read while it grows, and the
 * newest buffer is there a moment before it is counted. */
static bool is_growing(const struct etl_trace *trace)
{
    uint8_t bytes[ETL_BUFFERS_WRITTEN + 4 - ETL_END_TIME];
    struct reader reader;
    size_t got = 0;
    enum etwr_status status =
        trace->read_at(trace->context, ETL_END_TIME, bytes, sizeof bytes, &got);
    if (status != ETWR_OK || got < sizeof bytes) return false;
    reader_init(&reader, bytes, sizeof bytes);
    bool has_moved = read_u64(&reader) != trace->header.end_time;
    read_bytes(&reader, sizeof bytes - 12);
    return has_moved || read_u32(&reader) != trace->header.buffers_written;
}

/* Behind what the header counts there may be buffers all the same, or preallocated space. */
static bool is_buffer(const struct etl_trace *trace)
{
    struct reader reader;
    reader_init(&reader, trace->bytes, trace->got);
    return read_u32(&reader) == trace->header.buffer_bytes && trace->got > ETL_BUFFER_HEADER_BYTES;
}

static void load_next(struct etl_trace *trace)
{
    trace->index++;
    read_buffer(trace);
    if (trace->status != ETWR_OK) return;
    bool is_counted = trace->index < trace->header.buffers_written;
    if (is_counted && trace->got == 0) {
        tell(trace, trace->index * trace->header.buffer_bytes,
             "the file ends before the last buffer that its header counts");
    }
    trace->is_loaded = is_counted ? trace->got != 0 : is_buffer(trace);
    if (!trace->is_loaded)
        trace->is_last = true;
    else
        trace->buffers = trace->index + 1;
}

/* All is read: have there been buffers that nobody counts? Told once. */
static bool tell_stale_count(struct etl_trace *trace)
{
    if (trace->buffers <= trace->header.buffers_written || trace->status != ETWR_OK) return false;
    trace->buffers = 0;
    if (is_growing(trace)) return false;
    tell(trace, ETL_BUFFERS_WRITTEN,
         "the header counts fewer buffers than there are: the file was not closed");
    return true;
}

enum etl_item etl_trace_next(struct etl_trace *trace, struct etl_event *event,
                             struct etl_damage *damage)
{
    for (;;) {
        if (trace->pending.message[0] != '\0') {
            *damage = trace->pending;
            trace->pending.message[0] = '\0';
            return ETL_DAMAGE;
        }
        if (trace->is_open) {
            enum etl_item item = etl_buffer_next(&trace->buffer, event, damage);
            if (item != ETL_END) return item;
            trace->is_open = false;
        }
        if (trace->is_loaded) {
            trace->is_loaded = false;
            trace->is_open =
                etl_buffer_open(&trace->buffer, &trace->header, trace->bytes, trace->got,
                                trace->index * trace->header.buffer_bytes, &trace->pending);
        } else if (!trace->is_last) {
            load_next(trace);
        } else if (!tell_stale_count(trace)) {
            return ETL_END;
        }
    }
}

void etl_trace_close(struct etl_trace *trace)
{
    free(trace->bytes);
    trace->bytes = NULL;
}
