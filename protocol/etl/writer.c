/*
 * Composes buffers and records for the .etl sink; layout.h has the offsets.
 *
 * A record goes into memory whose size is known already, once for each event that the relay takes:
 * so its fields are stored at fixed offsets, byte by byte (compilers make one store of it), without
 * the checks of a cursor.
 */
#include "protocol/etl/writer.h"

#include <stdbool.h>
#include <string.h>

#include "protocol/tracelogging/utf8.h"

#define NAME_MAX_UNITS   1023u
#define PROVIDER_VERSION 19045u  /* a Windows 10 build: readers take it for the format's age */
#define TIMER_RESOLUTION 156250u /* 100 ns units; what Windows says */
#define CPU_MHZ          1000u   /* some readers divide by it whatever the clock */
#define LOGGER_ID        1u

static void store_u16(uint8_t *at, uint16_t value)
{
    at[0] = (uint8_t)value;
    at[1] = (uint8_t)(value >> 8);
}

static void store_u32(uint8_t *at, uint32_t value)
{
    at[0] = (uint8_t)value;
    at[1] = (uint8_t)(value >> 8);
    at[2] = (uint8_t)(value >> 16);
    at[3] = (uint8_t)(value >> 24);
}

static void store_u64(uint8_t *at, uint64_t value)
{
    store_u32(at, (uint32_t)value);
    store_u32(at + 4, (uint32_t)(value >> 32));
}

void etl_put_buffer_header(uint8_t bytes[ETL_BUFFER_HEADER_BYTES],
                           const struct etl_buffer_info *info)
{
    memset(bytes, 0, ETL_BUFFER_HEADER_BYTES);
    store_u32(bytes, info->buffer_bytes);
    store_u32(bytes + ETL_BUFFER_SAVED_OFFSET, info->filled);
    store_u32(bytes + ETL_BUFFER_CURRENT, info->filled);
    store_u64(bytes + ETL_BUFFER_STAMP, info->stamp);
    store_u64(bytes + ETL_BUFFER_SEQUENCE, info->sequence);
    store_u16(bytes + ETL_BUFFER_PROCESSOR, info->processor);
    store_u16(bytes + ETL_BUFFER_LOGGER_ID, LOGGER_ID);
    store_u32(bytes + ETL_BUFFER_STATE, ETL_STATE_FLUSH);
    store_u32(bytes + ETL_BUFFER_FILLED, info->filled);
    store_u16(bytes + ETL_BUFFER_FLAGS, info->flags);
}

void etl_put_progress(uint8_t bytes[ETL_PROGRESS_BYTES], const struct etl_file_progress *progress)
{
    memset(bytes, 0, ETL_PROGRESS_BYTES);
    store_u64(bytes, progress->end_time);
    store_u32(bytes + (ETL_TIMER_RESOLUTION - ETL_END_TIME), TIMER_RESOLUTION);
    store_u32(bytes + (ETL_LOG_FILE_MODE - ETL_END_TIME), ETL_MODE_SEQUENTIAL);
    store_u32(bytes + (ETL_BUFFERS_WRITTEN - ETL_END_TIME), progress->buffers_written);
    store_u32(bytes + (ETL_START_BUFFERS - ETL_END_TIME), 1);
    store_u32(bytes + (ETL_POINTER_SIZE - ETL_END_TIME), 8);
    store_u32(bytes + (ETL_EVENTS_LOST - ETL_END_TIME), progress->events_lost);
}

/* Put one code point as UTF-16LE; returns its bytes. */
static size_t put_utf16(uint8_t at[4], uint32_t code_point)
{
    if (code_point < 0x10000) {
        store_u16(at, (uint16_t)code_point);
        return 2;
    }
    code_point -= 0x10000;
    store_u16(at, (uint16_t)(0xD800 + (code_point >> 10)));
    store_u16(at + 2, (uint16_t)(0xDC00 + (code_point & 0x3FF)));
    return 4;
}

/* Put a name and its NUL as UTF-16LE; returns its bytes, or 0 when there is no room. What is not
 * UTF-8 (a Unix path may hold anything) keeps its ASCII and shows a question mark for each other
 * byte. */
static size_t put_name(uint8_t *at, size_t capacity, const char *name)
{
    bool valid = utf8_is_valid(name, strlen(name));
    size_t size = 0;
    while (*name) {
        uint32_t c = valid ? utf8_next(&name) : (uint8_t)*name++;
        if (!valid && c >= 0x80) c = '?';
        uint8_t units[4];
        size_t unit_bytes = put_utf16(units, c);
        if (size + unit_bytes > NAME_MAX_UNITS * 2) break;
        if (size + unit_bytes + 2 > capacity) return 0;
        memcpy(at + size, units, unit_bytes);
        size += unit_bytes;
    }
    if (size + 2 > capacity) return 0;
    store_u16(at + size, 0);
    return size + 2;
}

/* The log file header record but for its size, up to the names. */
static void put_log_header(uint8_t *bytes, const struct etl_file_info *info)
{
    store_u32(bytes + ETL_RECORD_MARKER, ETL_MARKER_SYSTEM64);
    store_u32(bytes + ETL_HEADER_THREAD, info->tid);
    store_u32(bytes + ETL_HEADER_PROCESS, info->pid);
    store_u64(bytes + ETL_SYSTEM_TIME, info->start_time - info->boot_time);
    store_u32(bytes + ETL_HEADER_SIZE, info->buffer_bytes);
    store_u32(bytes + ETL_VERSION, ETL_LAYOUT_VERSION);
    store_u32(bytes + ETL_PROVIDER_VERSION, PROVIDER_VERSION);
    store_u32(bytes + ETL_PROCESSORS, info->processors);
    struct etl_file_progress progress = {.end_time = info->start_time, .buffers_written = 1};
    etl_put_progress(bytes + ETL_END_TIME, &progress);
    store_u32(bytes + ETL_CPU_MHZ, CPU_MHZ);
    store_u64(bytes + ETL_BOOT_TIME, info->boot_time);
    store_u64(bytes + ETL_PERF_FREQUENCY, ETL_TICKS_PER_SECOND);
    store_u64(bytes + ETL_START_TIME, info->start_time);
    store_u32(bytes + ETL_CLOCK_TYPE, ETL_CLOCK_QPC);
}

enum etwr_status etl_put_first_buffer(void *buffer, const struct etl_file_info *info)
{
    uint8_t *bytes = buffer;
    if (info->buffer_bytes < ETL_BUFFER_MIN_BYTES || info->buffer_bytes > ETL_BUFFER_MAX_BYTES ||
        info->buffer_bytes % 8 != 0 || info->processors == 0 ||
        info->processors > ETL_LAYOUT_PROCESSORS_MAX || info->start_time < info->boot_time) {
        return ETWR_E_INVALID_ARGUMENT;
    }
    memset(bytes, 0, ETL_NAMES);
    put_log_header(bytes, info);
    size_t end = ETL_NAMES;
    const char *names[2] = {info->logger_name, info->file_name};
    for (int i = 0; i < 2; i++) {
        size_t size = put_name(bytes + end, info->buffer_bytes - end, names[i]);
        if (size == 0) return ETWR_E_INVALID_ARGUMENT;
        end += size;
    }
    store_u16(bytes + ETL_RECORD_SIZE, (uint16_t)(end - ETL_RECORD_MARKER));
    size_t filled = ETL_ALIGN8(end);
    memset(bytes + end, 0, filled - end);
    memset(bytes + filled, ETL_TAIL_BYTE, info->buffer_bytes - filled);
    struct etl_buffer_info first = {.buffer_bytes = info->buffer_bytes,
                                    .filled = (uint32_t)filled,
                                    .flags = ETL_FLAG_PROC_INDEX | ETL_FLAG_FLUSH_MARKER};
    etl_put_buffer_header(bytes, &first);
    store_u16(bytes + ETL_BUFFER_TYPE, ETL_TYPE_HEADER);
    return ETWR_OK;
}

static size_t item_size(size_t data_size)
{
    return ETL_ITEM_HEADER_BYTES + ETL_ALIGN8(data_size);
}

size_t etl_event_size(const struct etl_put_event *event)
{
    if (event->traits.size > ETL_ITEM_DATA_MAX_BYTES ||
        event->metadata.size > ETL_ITEM_DATA_MAX_BYTES ||
        event->values[0].size > ETL_RECORD_MAX_BYTES ||
        event->values[1].size > ETL_RECORD_MAX_BYTES) {
        return 0;
    }
    size_t size = ETL_EVENT_HEADER_BYTES;
    if (event->related_activity_id) size += item_size(sizeof(struct etwr_guid));
    if (event->traits.size) size += item_size(event->traits.size);
    if (event->metadata.size) size += item_size(event->metadata.size);
    size += event->values[0].size + event->values[1].size;
    return size <= ETL_RECORD_MAX_BYTES ? size : 0;
}

static uint8_t *put_item(uint8_t *at, uint16_t type, bool more, const void *data, size_t size)
{
    size_t total = item_size(size);
    store_u16(at, (uint16_t)total);
    store_u16(at + 2, type);
    store_u16(at + 4, more ? ETL_ITEM_MORE : 0);
    store_u16(at + 6, (uint16_t)size);
    memset(at + total - 8, 0, 8); /* the padding; data goes over the rest */
    memcpy(at + ETL_ITEM_HEADER_BYTES, data, size);
    return at + total;
}

/* In the order of Windows' own records, traits before metadata; each item says whether another
 * follows. */
static uint8_t *put_items(uint8_t *at, const struct etl_put_event *event)
{
    bool traits = event->traits.size != 0;
    bool metadata = event->metadata.size != 0;
    if (event->related_activity_id) {
        at = put_item(at, ETL_ITEM_RELATED_ACTIVITY, traits || metadata, event->related_activity_id,
                      sizeof(struct etwr_guid));
    }
    if (traits) {
        at = put_item(at, ETL_ITEM_PROVIDER_TRAITS, metadata, event->traits.data,
                      event->traits.size);
    }
    if (metadata) {
        at = put_item(at, ETL_ITEM_EVENT_METADATA, false, event->metadata.data,
                      event->metadata.size);
    }
    return at;
}

static void put_event_header(uint8_t *at, size_t size, const struct etl_put_event *event)
{
    const struct etwr_descriptor *d = &event->descriptor;
    bool has_items = event->related_activity_id || event->traits.size || event->metadata.size;
    store_u16(at, (uint16_t)size);
    at[ETL_EVENT_HEADER_TYPE] = ETL_RECORD_EVENT64;
    at[ETL_EVENT_HEADER_TYPE + 1] = 0xC0;
    store_u32(at + ETL_EVENT_FLAGS, has_items ? ETL_EVENT_HAS_ITEMS : 0); /* EventProperty: 0 */
    store_u32(at + ETL_EVENT_THREAD, event->tid);
    store_u32(at + ETL_EVENT_PROCESS, event->pid);
    store_u64(at + ETL_EVENT_STAMP, event->stamp);
    memcpy(at + ETL_EVENT_PROVIDER, event->provider_id, sizeof(struct etwr_guid));
    uint8_t *descriptor = at + ETL_EVENT_DESCRIPTOR;
    store_u16(descriptor, d->id);
    descriptor[2] = d->version;
    descriptor[3] = d->channel;
    descriptor[4] = d->level;
    descriptor[5] = d->opcode;
    store_u16(descriptor + 6, d->task);
    store_u64(descriptor + 8, d->keyword);
    store_u64(at + ETL_EVENT_TIMES, 0);
    static const struct etwr_guid none;
    memcpy(at + ETL_EVENT_ACTIVITY, event->activity_id ? event->activity_id : &none, sizeof none);
}

void etl_put_event(void *bytes, size_t size, const struct etl_put_event *event)
{
    uint8_t *record = bytes;
    put_event_header(record, size, event);
    uint8_t *at = put_items(record + ETL_EVENT_HEADER_BYTES, event);
    for (int i = 0; i < 2; i++) {
        if (event->values[i].size == 0) continue; /* `data` may be NULL */
        memcpy(at, event->values[i].data, event->values[i].size);
        at += event->values[i].size;
    }
    memset(at, 0, ETL_ALIGN8(size) - size);
}

size_t etl_record_size(const uint8_t *record)
{
    return (size_t)(record[0] | record[1] << 8);
}

uint64_t etl_record_stamp(const uint8_t *record)
{
    /* Written out: compilers make one load of this, but not of a loop. */
    const uint8_t *b = record + ETL_EVENT_STAMP;
    return (uint64_t)b[0] | (uint64_t)b[1] << 8 | (uint64_t)b[2] << 16 | (uint64_t)b[3] << 24 |
           (uint64_t)b[4] << 32 | (uint64_t)b[5] << 40 | (uint64_t)b[6] << 48 |
           (uint64_t)b[7] << 56;
}

void etl_record_set_stamp(uint8_t *record, uint64_t stamp)
{
    store_u64(record + ETL_EVENT_STAMP, stamp);
}
