/*
 * One .etl file while it grows, written such that it is a whole, readable file after every step: a
 * process that is killed leaves everything up to the last step.
 *
 *     new slot:  the whole buffer at its place, then the count of buffers in the file header
 *     grow slot: the new records behind the old, then the slot's own header, then the file header
 *
 * A *slot* is a buffer's place in the file; slot 0 holds the file header. A worker's last slot may
 * be part-filled and grows in place until it is full, so that a slow trickle of events does not
 * cost a buffer each time. The second order matters: a header that counted records which are not
 * there would send readers into garbage.
 */
#ifndef ETWRELAY_ETL_FILE_H
#define ETWRELAY_ETL_FILE_H

#include "protocol/etl/writer.h"
#include "service/sink/etl_name.h"
#include "service/sink/file.h"

#define ETL_FILE_BUFFER_BYTES 0x20000u /* any record fits in one */

struct etl_file {
    struct file file;
    char path[ETL_NAME_MAX_BYTES];
    uint32_t buffers; /* that the header counts, slot 0 included; 0: no file is open */
    uint64_t events_lost, buffers_lost; /* since the file was created */
    bool is_untidy; /* some slot's tail holds remains of a failed write: the file is not marked as
                       closed in order */
};

/* A worker's place in a file. All zero: none. */
struct etl_slot {
    uint32_t index; /* 0: none is open */
    uint32_t filled;
    uint32_t soiled; /* bytes behind `filled` up to here are not 0xFF; 0: none */
    uint16_t processor;
    uint64_t stamp; /* of the slot's last writing */
};

/* Create file->path and put the first buffer, which is composed in `image` (ETL_FILE_BUFFER_BYTES).
 * On failure nothing of it stays, but FILE_EXISTS leaves alone what is there. */
enum file_result etl_file_create(struct etl_file *file, const struct etl_file_info *info,
                                 uint8_t *image);

static inline bool etl_file_is_open(const struct etl_file *file)
{
    return file->buffers != 0;
}

/*
 * Put a new slot: `image` holds its records behind ETL_BUFFER_HEADER_BYTES, up to slot->filled;
 * header and tail are put around them here. slot->processor, filled and stamp are set by the
 * caller, `index` here on success. After a failure the file is as it was.
 */
enum file_result etl_file_add_slot(struct etl_file *file, struct etl_slot *slot, uint8_t *image,
                                   uint64_t end_time);

/* Put `size` bytes of records behind those in an open slot with room for them. After a failure the
 * slot counts what it did. */
enum file_result etl_file_grow_slot(struct etl_file *file, struct etl_slot *slot,
                                    const uint8_t *records, uint32_t size, uint64_t stamp,
                                    uint64_t end_time);

/* Nothing more goes into the slot. */
void etl_file_close_slot(struct etl_file *file, struct etl_slot *slot);

/* All slots are closed: mark the last buffer, bring the header up to date, close. The result is of
 * what failed first. */
enum file_result etl_file_finish(struct etl_file *file, uint64_t end_time);

#endif
