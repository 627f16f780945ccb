/* See etl_file.h, above all for the order of the writes. */
#include "service/sink/etl_file.h"

#include <string.h>

static uint64_t offset_of(uint32_t index)
{
    return (uint64_t)index * ETL_FILE_BUFFER_BYTES;
}

static uint32_t u32_of(uint64_t count)
{
    return count < UINT32_MAX ? (uint32_t)count : UINT32_MAX;
}

static enum file_result put_progress(struct etl_file *file, uint32_t buffers, uint64_t end_time)
{
    uint8_t bytes[ETL_PROGRESS_BYTES];
    struct etl_file_progress progress = {end_time, buffers, u32_of(file->events_lost)};
    etl_put_progress(bytes, &progress);
    return file_write_at(&file->file, ETL_END_TIME, bytes, sizeof bytes);
}

static void put_slot_header(uint8_t bytes[ETL_BUFFER_HEADER_BYTES], const struct etl_slot *slot,
                            uint32_t index)
{
    struct etl_buffer_info info = {.buffer_bytes = ETL_FILE_BUFFER_BYTES,
                                   .filled = slot->filled,
                                   .stamp = slot->stamp,
                                   .sequence = index,
                                   .processor = slot->processor,
                                   .flags = ETL_FLAG_PROC_INDEX};
    etl_put_buffer_header(bytes, &info);
}

enum file_result etl_file_create(struct etl_file *file, const struct etl_file_info *info,
                                 uint8_t *image)
{
    file->buffers = 0;
    file->events_lost = file->buffers_lost = 0;
    file->is_untidy = false;
    if (etl_put_first_buffer(image, info) != ETWR_OK) return FILE_FAILED;
    enum file_result result = file_create(&file->file, file->path);
    if (result != FILE_OK) return result;
    result = file_write_at(&file->file, 0, image, ETL_FILE_BUFFER_BYTES);
    if (result == FILE_OK) {
        file->buffers = 1;
        return FILE_OK;
    }
    int error = file->file.error; /* what to tell is why it could not be written */
    file_remove(file->path, &file->file.id);
    file_close(&file->file);
    file->file.error = error;
    return result;
}

enum file_result etl_file_add_slot(struct etl_file *file, struct etl_slot *slot, uint8_t *image,
                                   uint64_t end_time)
{
    uint32_t index = file->buffers;
    put_slot_header(image, slot, index);
    memset(image + slot->filled, ETL_TAIL_BYTE, ETL_FILE_BUFFER_BYTES - slot->filled);
    enum file_result result =
        file_write_at(&file->file, offset_of(index), image, ETL_FILE_BUFFER_BYTES);
    if (result == FILE_OK) result = put_progress(file, index + 1, end_time);
    if (result == FILE_OK) {
        slot->index = index;
        slot->soiled = 0;
        file->buffers++;
        return FILE_OK;
    }
    int error = file->file.error;
    file_truncate(&file->file, offset_of(index)); /* else the next slot goes over it */
    file->file.error = error;
    return result;
}

/* Paint what a failed write left behind the slot's records. */
static enum file_result clean_tail(struct etl_file *file, struct etl_slot *slot)
{
    uint8_t paint[4096];
    memset(paint, ETL_TAIL_BYTE, sizeof paint);
    for (uint32_t at = slot->filled; at < slot->soiled;) {
        uint32_t left = slot->soiled - at;
        uint32_t size = left < sizeof paint ? left : (uint32_t)sizeof paint;
        enum file_result result =
            file_write_at(&file->file, offset_of(slot->index) + at, paint, size);
        if (result != FILE_OK) return result;
        at += size;
    }
    slot->soiled = 0;
    return FILE_OK;
}

static enum file_result write_slot_header(struct etl_file *file, const struct etl_slot *slot)
{
    uint8_t bytes[ETL_BUFFER_HEADER_BYTES];
    put_slot_header(bytes, slot, slot->index);
    return file_write_at(&file->file, offset_of(slot->index), bytes, sizeof bytes);
}

enum file_result etl_file_grow_slot(struct etl_file *file, struct etl_slot *slot,
                                    const uint8_t *records, uint32_t size, uint64_t stamp,
                                    uint64_t end_time)
{
    struct etl_slot grown = *slot;
    grown.filled += size;
    grown.stamp = stamp;
    if (slot->soiled < grown.filled) slot->soiled = grown.filled;
    enum file_result result =
        file_write_at(&file->file, offset_of(slot->index) + slot->filled, records, size);
    if (result == FILE_OK) result = write_slot_header(file, &grown);
    if (result != FILE_OK) return result;

    grown.soiled = slot->soiled > grown.filled ? slot->soiled : 0;
    *slot = grown;
    put_progress(file, file->buffers, end_time); /* the records are counted already */
    return FILE_OK;
}

void etl_file_close_slot(struct etl_file *file, struct etl_slot *slot)
{
    if (slot->index != 0 && slot->soiled) {
        /* The header first: the write that failed may have been its own. */
        if (write_slot_header(file, slot) != FILE_OK || clean_tail(file, slot) != FILE_OK) {
            file->is_untidy = true;
        }
    }
    memset(slot, 0, sizeof *slot);
}

static enum file_result mark_last_buffer(struct etl_file *file)
{
    static const uint8_t flags[2] = {ETL_FLAG_PROC_INDEX | ETL_FLAG_FLUSH_MARKER, 0};
    if (file->is_untidy) return FILE_OK;
    return file_write_at(&file->file, offset_of(file->buffers - 1) + ETL_BUFFER_FLAGS, flags,
                         sizeof flags);
}

static enum file_result put_buffers_lost(struct etl_file *file)
{
    uint8_t bytes[4];
    uint32_t count = u32_of(file->buffers_lost);
    for (int i = 0; i < 4; i++)
        bytes[i] = (uint8_t)(count >> (8 * i));
    return file_write_at(&file->file, ETL_BUFFERS_LOST, bytes, sizeof bytes);
}

enum file_result etl_file_finish(struct etl_file *file, uint64_t end_time)
{
    enum file_result results[5];
    results[0] = file_truncate(&file->file, offset_of(file->buffers));
    results[1] = mark_last_buffer(file);
    results[2] = put_buffers_lost(file);
    results[3] = put_progress(file, file->buffers, end_time);
    results[4] = file_close(&file->file);
    file->buffers = 0;
    for (size_t i = 0; i < sizeof results / sizeof *results; i++) {
        if (results[i] != FILE_OK) return results[i];
    }
    return FILE_OK;
}
