/*
 * Reading the bytes of an .etl file: the log file header, and the records of one buffer. Pure; no
 * input or output.
 *
 * For any uncompressed file, Windows' or ours. Nothing in it is trusted. Where bytes break the
 * format the damage is told with its offset in the file, and reading goes on behind it: at the next
 * record where the broken one's size still makes sense, else at the next buffer. (trace.h reads
 * whole files.)
 */
#ifndef ETWRELAY_ETL_READER_H
#define ETWRELAY_ETL_READER_H

#include <stdbool.h>

#include "protocol/etl/layout.h"
#include "protocol/tracelogging/decode.h"

struct etl_damage {
    uint64_t offset; /* in the file */
    char message[128];
};

/* The log file header. Times are FILETIMEs. */
struct etl_header {
    uint32_t buffer_bytes;
    uint32_t buffers_written; /* may be stale when the file was not closed */
    uint32_t processors, pointer_bytes, log_file_mode, provider_version;
    uint32_t events_lost, buffers_lost;
    uint32_t clock_type;
    uint64_t ticks_per_second; /* of the session clock; never 0 */
    uint64_t system_time;      /* session clock at start_time */
    uint64_t boot_time, start_time, end_time;
    struct etwr_bytes logger_name,
        file_name; /* UTF-16LE without NUL, in place; empty where damaged */
};

/* So many bytes of a file are enough for all of the header but its names. */
#define ETL_HEADER_READ_BYTES 0x180u

/*
 * Read the header from a file's first bytes: the first buffer, or as much of it as there is.
 * ETWR_OK, also when something less than vital is wrong: then damage->message is not empty.
 * ETWR_E_MALFORMED: no .etl file, or one whose header says too little to read on;
 * ETWR_E_UNSUPPORTED: compressed. Both fill in `damage`.
 */
enum etwr_status etl_read_header(const void *bytes, size_t size, struct etl_header *header,
                                 struct etl_damage *damage);

/* The FILETIME of a session stamp; 0 or all ones when it lies outside of what a FILETIME can say.
 */
uint64_t etl_filetime(const struct etl_header *header, uint64_t stamp);

/* One event record. Lent until the buffer's bytes change. */
struct etl_event {
    struct trace_record record; /* `file` is NULL: for the caller to fill in */
    uint64_t stamp;
    uint64_t offset; /* of the record in the file */
    bool is_32bit;   /* written with 32-bit pointers */
};

/* A buffer that is being read. */
struct etl_buffer {
    const struct etl_header *header;
    const uint8_t *bytes;
    size_t size; /* bytes there are; less than a buffer at the end of a cut file */
    uint64_t offset;
    uint32_t filled;
    uint64_t stamp, sequence;
    uint16_t processor, flags, type;
    size_t at;        /* the next record */
    bool is_guess;    /* the buffer does not say how far it is filled: stop at its tail */
    uint64_t skipped; /* records that are no events */
};

enum etl_item {
    ETL_END,    /* nothing more */
    ETL_EVENT,  /* *event is filled in */
    ETL_DAMAGE, /* *damage is filled in; go on */
};

/*
 * Start on a buffer: `size` bytes which lie at `offset` in the file. `header` is borrowed until the
 * last etl_next(). False: no records can be read from it, and `damage` says why. True with
 * damage->message not empty: records can be read, yet something is wrong.
 */
bool etl_buffer_open(struct etl_buffer *buffer, const struct etl_header *header, const void *bytes,
                     size_t size, uint64_t offset, struct etl_damage *damage);

/* The next event of the buffer; records of other kinds are passed over. */
enum etl_item etl_buffer_next(struct etl_buffer *buffer, struct etl_event *event,
                              struct etl_damage *damage);

#endif
