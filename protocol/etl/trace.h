/*
 * Reading a whole .etl file, buffer by buffer: which buffers there are, also when nobody closed the
 * file.
 *
 * BuffersWritten is stale in a file whose writer was killed; so buffers beyond it are read as long
 * as they are buffers, and that is told at the end (unless the file was simply growing while it was
 * read). Input comes from a callback, so that this needs no operating system.
 *
 *     struct etl_trace trace;
 *     if (etl_trace_open(&trace, read_at, file, &damage) == ETWR_OK) {
 *         while ((item = etl_trace_next(&trace, &event, &damage)) != ETL_END)
 *             ... ETL_EVENT: event.record goes to decode_json(); ETL_DAMAGE: damage is told
 *     }
 *     etl_trace_close(&trace);
 */
#ifndef ETWRELAY_ETL_TRACE_H
#define ETWRELAY_ETL_TRACE_H

#include "protocol/etl/reader.h"

/* Read up to `size` bytes at `offset`; *got is fewer only where the file ends. Anything but ETWR_OK
 * ends the reading. */
typedef enum etwr_status (*etl_read_at)(void *context, uint64_t offset, void *bytes, size_t size,
                                        size_t *got);

struct etl_trace {
    struct etl_header header; /* names lent until the next etl_trace_next() */
    etl_read_at read_at;
    void *context;
    uint8_t *bytes;
    uint64_t index;   /* of the buffer in `bytes` */
    size_t got;       /* its bytes, fewer at the end of a cut file */
    uint64_t buffers; /* read so far */
    struct etl_buffer buffer;
    struct etl_damage pending; /* told before the next record; empty message: none */
    enum etwr_status status;   /* what ended the reading: ETWR_OK, or the callback's error */
    bool is_loaded;            /* `bytes` holds a buffer that was not opened yet */
    bool is_open;              /* `buffer` has records left */
    bool is_last;              /* no buffer follows */
};

/*
 * Read the header and get ready. ETWR_OK, ETWR_E_MALFORMED or ETWR_E_UNSUPPORTED with `damage`,
 * ETWR_E_NO_MEMORY, or the callback's error. Close it in any case.
 */
enum etwr_status etl_trace_open(struct etl_trace *trace, etl_read_at read_at, void *context,
                                struct etl_damage *damage);

/* The next event or damage, in the order of the file. At ETL_END trace->status says whether input
 * failed. The event is lent until the next call. */
enum etl_item etl_trace_next(struct etl_trace *trace, struct etl_event *event,
                             struct etl_damage *damage);

void etl_trace_close(struct etl_trace *trace);

#endif
