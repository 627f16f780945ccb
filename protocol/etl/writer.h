/*
 * Composing the parts of an .etl file in memory: the first buffer, buffer headers, event records.
 * Pure; no input or output.
 *
 * Files made of these are sequential, uncompressed, 64-bit, clock type 1 with 10^7 ticks a second;
 * stamps are FILETIMEs less `boot_time`. So a reader which adds them to BootTime and one which
 * counts from (StartTime, SystemTime) get the same, exact time.
 */
#ifndef ETWRELAY_ETL_WRITER_H
#define ETWRELAY_ETL_WRITER_H

#include <etwrelay/types.h>

#include "protocol/etl/layout.h"

/* What the log file header says from the beginning. Times are FILETIMEs. Strings are borrowed,
 * UTF-8, cut to 1,023 UTF-16 units. */
struct etl_file_info {
    uint32_t
        buffer_bytes;    /* at least ETL_BUFFER_MIN_BYTES + room for both names; a multiple of 8 */
    uint32_t processors; /* 1 to 256; every buffer's processor is below it */
    uint32_t pid, tid;
    uint64_t boot_time; /* the moment of stamp 0 */
    uint64_t start_time;
    const char *logger_name;
    const char *file_name;
};

/*
 * Compose buffer 0, tail included, into `buffer_bytes` bytes: a log of one buffer, ended at its
 * start time. ETWR_OK; ETWR_E_INVALID_ARGUMENT: a number out of its range, or names that do not
 * fit.
 */
enum etwr_status etl_put_first_buffer(void *bytes, const struct etl_file_info *info);

/* The fields of the log file header that change while a file grows. */
struct etl_file_progress {
    uint64_t end_time; /* FILETIME */
    uint32_t buffers_written;
    uint32_t events_lost;
};

/* They lie close together: one write of these bytes at ETL_END_TIME in the file brings all up to
 * date. */
#define ETL_PROGRESS_BYTES 36u
void etl_put_progress(uint8_t bytes[ETL_PROGRESS_BYTES], const struct etl_file_progress *progress);

struct etl_buffer_info {
    uint32_t buffer_bytes;
    uint32_t filled; /* bytes in use, the header included */
    uint64_t stamp;  /* not before any record's */
    uint64_t sequence;
    uint16_t processor;
    uint16_t flags; /* ETL_FLAG_... */
};

void etl_put_buffer_header(uint8_t bytes[ETL_BUFFER_HEADER_BYTES],
                           const struct etl_buffer_info *info);

/* One event; everything is borrowed for the call. */
struct etl_put_event {
    const struct etwr_guid *provider_id;
    struct etwr_descriptor descriptor;
    const struct etwr_guid *activity_id;         /* NULL for none */
    const struct etwr_guid *related_activity_id; /* NULL for none */
    struct etwr_bytes traits;                    /* size 0: no such item */
    struct etwr_bytes metadata;                  /* size 0: no such item */
    struct etwr_bytes values[2];                 /* user data, in two pieces */
    uint64_t stamp;
    uint32_t pid, tid;
};

/* The record's exact size, or 0 when one record cannot hold the event. It takes ETL_ALIGN8() of it
 * in the buffer. */
size_t etl_event_size(const struct etl_put_event *event);

/* Put the record of `size` = etl_event_size() bytes, not 0, and zeros up to ETL_ALIGN8(size). */
void etl_put_event(void *bytes, size_t size, const struct etl_put_event *event);

/* Of a record that etl_put_event() made. */
size_t etl_record_size(const uint8_t *record); /* exact, not aligned */
uint64_t etl_record_stamp(const uint8_t *record);
void etl_record_set_stamp(uint8_t *record, uint64_t stamp);

#endif
