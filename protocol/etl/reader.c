/*
 * The log file header and the records of a buffer, out of bytes that nobody vouches for.
 *
 * Records are found by their own sizes, and there are two families: those which begin with their
 * size (events, WPP messages, classic events) and those which begin with a version and have it at
 * offset 4 (the kernel's). Only events are reported. A damaged record costs itself when its size
 * can still be believed, else the rest of its buffer.
 */
#include "protocol/etl/reader.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "protocol/wire/reader.h"

static void report(struct etl_damage *damage, uint64_t offset, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(damage->message, sizeof damage->message, format, arguments);
    va_end(arguments);
    damage->offset = offset;
}

/* As report(), unless something was reported already. */
static void note(struct etl_damage *damage, uint64_t offset, const char *message)
{
    if (damage->message[0] == '\0') report(damage, offset, "%s", message);
}

/* A cursor at `offset`; it has failed when that lies beyond the end. */
static struct reader reader_at(const uint8_t *bytes, size_t size, size_t offset)
{
    struct reader reader;
    reader_init(&reader, bytes, size);
    read_bytes(&reader, offset);
    return reader;
}

static uint16_t u16_at(const uint8_t *bytes, size_t size, size_t offset)
{
    struct reader reader = reader_at(bytes, size, offset);
    return read_u16(&reader);
}

static uint32_t u32_at(const uint8_t *bytes, size_t size, size_t offset)
{
    struct reader reader = reader_at(bytes, size, offset);
    return read_u32(&reader);
}

static uint64_t u64_at(const uint8_t *bytes, size_t size, size_t offset)
{
    struct reader reader = reader_at(bytes, size, offset);
    return read_u64(&reader);
}

static bool is_buffer_size(uint32_t bytes)
{
    return bytes >= ETL_BUFFER_MIN_BYTES && bytes <= ETL_BUFFER_MAX_BYTES && bytes % 8 == 0;
}

/* The header has the size twice; either one will do. */
static enum etwr_status choose_buffer_size(uint32_t first, uint32_t second,
                                           struct etl_header *header, struct etl_damage *damage)
{
    if (!is_buffer_size(first) && !is_buffer_size(second)) {
        report(damage, ETL_BUFFER_SIZE, "impossible buffer size %u", (unsigned)first);
        return ETWR_E_MALFORMED;
    }
    header->buffer_bytes = is_buffer_size(second) ? second : first;
    if (first != second) {
        report(damage, is_buffer_size(second) ? ETL_BUFFER_SIZE : ETL_HEADER_SIZE,
               "two different buffer sizes, %u and %u; taking %u", (unsigned)first,
               (unsigned)second, (unsigned)header->buffer_bytes);
    }
    return ETWR_OK;
}

static void choose_clock(uint64_t perf_frequency, uint32_t mhz, size_t shift,
                         struct etl_header *header, struct etl_damage *damage)
{
    switch (header->clock_type) {
    case 0: /* older loggers say nothing */
    case ETL_CLOCK_QPC:
        header->ticks_per_second = perf_frequency;
        break;
    case ETL_CLOCK_SYSTEM:
        header->ticks_per_second = ETL_TICKS_PER_SECOND;
        break;
    case ETL_CLOCK_CPU:
        header->ticks_per_second = (uint64_t)mhz * 1000000;
        break;
    default:
        note(damage, ETL_CLOCK_TYPE - shift, "unknown clock type; times may be wrong");
        header->ticks_per_second = perf_frequency;
    }
    if (header->ticks_per_second == 0) {
        note(damage, header->clock_type == ETL_CLOCK_CPU ? ETL_CPU_MHZ : ETL_PERF_FREQUENCY - shift,
             "the clock's frequency is 0; times may be wrong");
        header->ticks_per_second = ETL_TICKS_PER_SECOND;
    }
}

/* A UTF-16LE string and its NUL; false when it has no end. */
static bool read_wide_string(struct reader *reader, struct etwr_bytes *string)
{
    const uint8_t *start = reader->at;
    uint16_t unit;
    do {
        unit = read_u16(reader);
    } while (unit != 0 && !reader->failed);
    if (reader->failed) return false;
    *string = (struct etwr_bytes){start, (size_t)(reader->at - start) - 2};
    return true;
}

static void read_names(const uint8_t *bytes, size_t size, size_t shift, struct etl_header *header,
                       struct etl_damage *damage)
{
    size_t end = ETL_RECORD_MARKER + (size_t)u16_at(bytes, size, ETL_RECORD_SIZE);
    if (end > size) {
        if (size >= header->buffer_bytes) {
            note(damage, ETL_RECORD_SIZE, "the log file header is larger than its buffer");
        }
        return;
    }
    struct reader reader = reader_at(bytes, end, ETL_NAMES - shift);
    if (!read_wide_string(&reader, &header->logger_name) ||
        !read_wide_string(&reader, &header->file_name)) {
        note(damage, ETL_NAMES - shift, "the log file header's names have no end");
    }
}

enum etwr_status etl_read_header(const void *first_bytes, size_t size, struct etl_header *header,
                                 struct etl_damage *damage)
{
    const uint8_t *bytes = first_bytes;
    memset(header, 0, sizeof *header);
    damage->message[0] = '\0';
    if (size < ETL_HEADER_READ_BYTES) {
        report(damage, size, "the file ends inside its log file header");
        return ETWR_E_MALFORMED;
    }
    uint32_t marker = u32_at(bytes, size, ETL_RECORD_MARKER);
    if (marker != ETL_MARKER_SYSTEM64 && marker != ETL_MARKER_SYSTEM32) {
        report(damage, ETL_RECORD_MARKER, "no log file header: not an .etl file");
        return ETWR_E_MALFORMED;
    }
    header->log_file_mode = u32_at(bytes, size, ETL_LOG_FILE_MODE);
    if ((header->log_file_mode & ETL_MODE_COMPRESSED) ||
        (u16_at(bytes, size, ETL_BUFFER_FLAGS) & ETL_FLAG_COMPRESSED)) {
        report(damage, ETL_LOG_FILE_MODE, "a compressed .etl file cannot be read here");
        return ETWR_E_UNSUPPORTED;
    }
    enum etwr_status status = choose_buffer_size(
        u32_at(bytes, size, ETL_BUFFER_SIZE), u32_at(bytes, size, ETL_HEADER_SIZE), header, damage);
    if (status != ETWR_OK) return status;

    size_t shift = marker == ETL_MARKER_SYSTEM32 ? ETL_32BIT_SHIFT : 0;
    header->system_time = u64_at(bytes, size, ETL_SYSTEM_TIME);
    header->provider_version = u32_at(bytes, size, ETL_PROVIDER_VERSION);
    header->processors = u32_at(bytes, size, ETL_PROCESSORS);
    header->end_time = u64_at(bytes, size, ETL_END_TIME);
    header->buffers_written = u32_at(bytes, size, ETL_BUFFERS_WRITTEN);
    header->pointer_bytes = u32_at(bytes, size, ETL_POINTER_SIZE);
    header->events_lost = u32_at(bytes, size, ETL_EVENTS_LOST);
    header->boot_time = u64_at(bytes, size, ETL_BOOT_TIME - shift);
    header->start_time = u64_at(bytes, size, ETL_START_TIME - shift);
    header->clock_type = u32_at(bytes, size, ETL_CLOCK_TYPE - shift);
    header->buffers_lost = u32_at(bytes, size, ETL_BUFFERS_LOST - shift);
    choose_clock(u64_at(bytes, size, ETL_PERF_FREQUENCY - shift), u32_at(bytes, size, ETL_CPU_MHZ),
                 shift, header, damage);
    read_names(bytes, size, shift, header, damage);
    return ETWR_OK;
}

/* Ticks as 100 ns units, rounded down or up; all ones when there are too many. */
static uint64_t units_of_ticks(uint64_t ticks, uint64_t per_second, bool round_up)
{
    uint64_t seconds = ticks / per_second, rest = ticks % per_second;
    if (seconds >= UINT64_MAX / ETL_TICKS_PER_SECOND - 1) return UINT64_MAX;
    if (per_second > UINT64_MAX / ETL_TICKS_PER_SECOND) { /* no real clock: near enough */
        return seconds * ETL_TICKS_PER_SECOND + rest / (per_second / ETL_TICKS_PER_SECOND);
    }
    uint64_t scaled = rest * ETL_TICKS_PER_SECOND;
    uint64_t odd = round_up && scaled % per_second != 0;
    return seconds * ETL_TICKS_PER_SECOND + scaled / per_second + odd;
}

uint64_t etl_filetime(const struct etl_header *header, uint64_t stamp)
{
    if (stamp < header->system_time) {
        uint64_t before =
            units_of_ticks(header->system_time - stamp, header->ticks_per_second, true);
        return before < header->start_time ? header->start_time - before : 0;
    }
    uint64_t after = units_of_ticks(stamp - header->system_time, header->ticks_per_second, false);
    return after < UINT64_MAX - header->start_time ? header->start_time + after : UINT64_MAX;
}

static bool is_filled_size(const struct etl_buffer *buffer, uint32_t bytes)
{
    return bytes >= ETL_BUFFER_HEADER_BYTES && bytes <= buffer->header->buffer_bytes &&
           bytes % 8 == 0;
}

/* Does the first record's place hold a record? */
static bool looks_used(const uint8_t *bytes, size_t size)
{
    uint32_t marker = u32_at(bytes, size, ETL_BUFFER_HEADER_BYTES);
    return marker != ETL_MARKER_TAIL && (marker >> 24 & ETL_RECORD_IS_RECORD);
}

/* How far the buffer is filled: what it says at 0x30, else at 0x04, else up to its tail. */
static bool choose_filled(struct etl_buffer *buffer, struct etl_damage *damage)
{
    uint32_t filled = u32_at(buffer->bytes, buffer->size, ETL_BUFFER_FILLED);
    uint32_t saved = u32_at(buffer->bytes, buffer->size, ETL_BUFFER_SAVED_OFFSET);
    buffer->filled = filled;
    if (is_filled_size(buffer, filled)) return true;
    report(damage, buffer->offset + ETL_BUFFER_FILLED, "impossible filled size %u",
           (unsigned)filled);
    buffer->filled = saved;
    if (is_filled_size(buffer, saved)) return true;
    buffer->filled = buffer->header->buffer_bytes;
    buffer->is_guess = true;
    return looks_used(buffer->bytes, buffer->size);
}

static void read_buffer_header(struct etl_buffer *buffer)
{
    const uint8_t *bytes = buffer->bytes;
    buffer->stamp = u64_at(bytes, buffer->size, ETL_BUFFER_STAMP);
    buffer->sequence = u64_at(bytes, buffer->size, ETL_BUFFER_SEQUENCE);
    buffer->flags = u16_at(bytes, buffer->size, ETL_BUFFER_FLAGS);
    buffer->type = u16_at(bytes, buffer->size, ETL_BUFFER_TYPE);
    buffer->processor = u16_at(bytes, buffer->size, ETL_BUFFER_PROCESSOR);
    if (!(buffer->flags & ETL_FLAG_PROC_INDEX)) buffer->processor &= 0xFF; /* before Windows 8 */
}

bool etl_buffer_open(struct etl_buffer *buffer, const struct etl_header *header, const void *bytes,
                     size_t size, uint64_t offset, struct etl_damage *damage)
{
    damage->message[0] = '\0';
    *buffer = (struct etl_buffer){.header = header,
                                  .bytes = bytes,
                                  .size = size < header->buffer_bytes ? size : header->buffer_bytes,
                                  .offset = offset,
                                  .at = ETL_BUFFER_HEADER_BYTES};
    if (size < ETL_BUFFER_HEADER_BYTES) {
        report(damage, offset + size, "the file ends inside a buffer's header");
        return false;
    }
    read_buffer_header(buffer);
    if (buffer->flags & ETL_FLAG_COMPRESSED) {
        report(damage, offset + ETL_BUFFER_FLAGS, "a compressed buffer cannot be read here");
        return false;
    }
    uint32_t said = u32_at(buffer->bytes, buffer->size, ETL_BUFFER_SIZE);
    if (said != header->buffer_bytes) {
        report(damage, offset, "a buffer's size is %u, the file's buffers have %u", (unsigned)said,
               (unsigned)header->buffer_bytes);
        if (!looks_used(buffer->bytes, buffer->size)) return false;
    }
    if (!choose_filled(buffer, damage)) return false;
    if (buffer->filled > buffer->size && !buffer->is_guess) {
        report(damage, offset + size, "the file ends inside a buffer: %u of its %u bytes are there",
               (unsigned)size, (unsigned)buffer->filled);
    } else if (size < header->buffer_bytes) {
        note(damage, offset + size, "the file ends inside a buffer, behind its last record");
    }
    return true;
}

/* What a record begins with. */
struct record_start {
    uint8_t type, flags;
    size_t size;
};

static bool begins_with_version(uint8_t type)
{
    return type <= ETL_RECORD_COMPACT64 || type == ETL_RECORD_PERFINFO32 ||
           type == ETL_RECORD_PERFINFO64;
}

static bool is_known(const struct record_start *start)
{
    uint8_t type = start->type;
    return (start->flags & ETL_RECORD_IS_RECORD) &&
           ((type >= ETL_RECORD_SYSTEM32 && type <= ETL_RECORD_COMPACT64) ||
            (type >= ETL_RECORD_FULL32 && type <= ETL_RECORD_INSTANCE64));
}

static bool is_event(uint8_t type)
{
    return type == ETL_RECORD_EVENT32 || type == ETL_RECORD_EVENT64;
}

static struct record_start read_start(const struct etl_buffer *buffer)
{
    struct reader reader = reader_at(buffer->bytes, buffer->size, buffer->at);
    struct record_start start = {0};
    start.size = read_u16(&reader);
    start.type = read_u8(&reader);
    start.flags = read_u8(&reader);
    if (begins_with_version(start.type)) start.size = read_u16(&reader);
    return start;
}

static bool is_zero_guid(const uint8_t *guid)
{
    static const uint8_t zeros[16];
    return memcmp(guid, zeros, sizeof zeros) == 0;
}

static void take_item(struct trace_record *record, unsigned type, struct etwr_bytes data)
{
    switch (type) {
    case ETL_ITEM_RELATED_ACTIVITY:
        record->related_activity_id = data.data;
        break;
    case ETL_ITEM_EVENT_METADATA:
        record->metadata = data;
        break;
    case ETL_ITEM_PROVIDER_TRAITS:
        record->traits = data;
        break;
    default: /* stacks, SIDs and the like */
        break;
    }
}

/* One extended item; *more says whether another follows. */
static bool read_item(struct reader *reader, struct trace_record *record, bool *more)
{
    size_t total = read_u16(reader);
    unsigned type = read_u16(reader);
    *more = read_u16(reader) & ETL_ITEM_MORE;
    size_t size = read_u16(reader);
    if (reader->failed || total < ETL_ITEM_HEADER_BYTES || size > total - ETL_ITEM_HEADER_BYTES ||
        (type == ETL_ITEM_RELATED_ACTIVITY && size < sizeof(struct etwr_guid))) {
        return false;
    }
    const uint8_t *data = read_bytes(reader, ETL_ALIGN8(total) - ETL_ITEM_HEADER_BYTES);
    if (!data) return false;
    take_item(record, type, (struct etwr_bytes){data, size});
    return true;
}

/* The 80 bytes that every event has; returns its flags. */
static unsigned read_event_header(struct reader *reader, struct etl_event *event)
{
    struct trace_record *record = &event->record;
    read_u32(reader); /* size and type */
    unsigned flags = read_u16(reader);
    read_u16(reader);
    record->tid = read_u32(reader);
    record->pid = read_u32(reader);
    event->stamp = read_u64(reader);
    const uint8_t *provider = read_bytes(reader, sizeof record->provider_id);
    if (provider) memcpy(&record->provider_id, provider, sizeof record->provider_id);
    record->descriptor.id = read_u16(reader);
    record->descriptor.version = read_u8(reader);
    record->descriptor.channel = read_u8(reader);
    record->descriptor.level = read_u8(reader);
    record->descriptor.opcode = read_u8(reader);
    record->descriptor.task = read_u16(reader);
    record->descriptor.keyword = read_u64(reader);
    read_u64(reader); /* processor times */
    const uint8_t *activity = read_bytes(reader, sizeof(struct etwr_guid));
    if (activity && !is_zero_guid(activity)) record->activity_id = (const void *)activity;
    return flags;
}

static enum etl_item read_event(const struct etl_buffer *buffer, size_t at,
                                const struct record_start *start, struct etl_event *event,
                                struct etl_damage *damage)
{
    *event = (struct etl_event){.offset = buffer->offset + at,
                                .is_32bit = start->type == ETL_RECORD_EVENT32};
    struct reader reader;
    reader_init(&reader, buffer->bytes + at, start->size);
    bool more = read_event_header(&reader, event) & ETL_EVENT_HAS_ITEMS;
    while (more) {
        const uint8_t *item = reader.at;
        if (!read_item(&reader, &event->record, &more)) {
            report(damage, buffer->offset + (uint64_t)(item - buffer->bytes),
                   "an event's extended data does not fit the event");
            return ETL_DAMAGE;
        }
    }
    size_t left = reader_left(&reader);
    event->record.data = (struct etwr_bytes){read_bytes(&reader, left), left};
    event->record.filetime = etl_filetime(buffer->header, event->stamp);
    event->record.processor = buffer->processor;
    return ETL_EVENT;
}

/* Give the rest of the buffer up. */
static enum etl_item lose_rest(struct etl_buffer *buffer, struct etl_damage *damage,
                               const char *message)
{
    report(damage, buffer->offset + buffer->at, "%s; the rest of its buffer is lost", message);
    buffer->at = buffer->filled;
    return ETL_DAMAGE;
}

enum etl_item etl_buffer_next(struct etl_buffer *buffer, struct etl_event *event,
                              struct etl_damage *damage)
{
    size_t end = buffer->filled < buffer->size ? buffer->filled : buffer->size;
    bool is_cut = buffer->filled > buffer->size; /* which etl_buffer_open() has told */
    while (buffer->at < end) {
        size_t at = buffer->at, left = end - at;
        struct record_start start = read_start(buffer);
        bool is_tail = u32_at(buffer->bytes, end, at) == ETL_MARKER_TAIL;
        if ((is_tail && buffer->is_guess) || (is_cut && (left < 8 || start.size > left))) break;
        if (is_tail) return lose_rest(buffer, damage, "no record where one is counted");
        if (!is_known(&start)) return lose_rest(buffer, damage, "a record of unknown type");
        if (start.size > left) return lose_rest(buffer, damage, "a record runs over its buffer");
        if (start.size < (is_event(start.type) ? ETL_EVENT_HEADER_BYTES : 8)) {
            return lose_rest(buffer, damage, "a record is smaller than its header");
        }
        buffer->at += ETL_ALIGN8(start.size);
        if (is_event(start.type)) return read_event(buffer, at, &start, event, damage);
        buffer->skipped++;
    }
    buffer->at = buffer->filled;
    return ETL_END;
}
