/*
 * The bounded cursor: the only way in which bytes from outside are read.
 *
 * A read that would pass the end sets `failed`, returns 0 or NULL, and so do all reads after it;
 * nothing moves any more. Check once, with reader_finish(), which also refuses left-over bytes.
 * Nested data gets a cursor of its own (reader_sub()). All integers are little-endian. What runs
 * for each event is inline here, the rest is in reader.c.
 */
#ifndef ETWRELAY_READER_H
#define ETWRELAY_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <etwrelay/types.h>

struct reader {
    const uint8_t *at;
    const uint8_t *end;
    bool failed;
};

/* Borrows `bytes` until the last read. NULL is allowed when `size` is 0. */
static inline void reader_init(struct reader *reader, const void *bytes, size_t size)
{
    static const uint8_t nothing[1] = {0};

    /* A cursor is never NULL, so that a read of 0 bytes is told from a failed one. */
    reader->at = bytes ? (const uint8_t *)bytes : nothing;
    reader->end = reader->at + (bytes ? size : 0);
    reader->failed = false;
}

static inline size_t reader_left(const struct reader *reader)
{
    return (size_t)(reader->end - reader->at);
}

/* `size` bytes in place, lent as long as the bytes under the cursor live; NULL on failure. */
static inline const uint8_t *read_bytes(struct reader *reader, size_t size)
{
    const uint8_t *bytes = reader->at;

    if (reader->failed || size > reader_left(reader)) {
        reader->failed = true;
        return NULL;
    }
    reader->at += size;
    return bytes;
}

static inline uint8_t read_u8(struct reader *reader)
{
    const uint8_t *b = read_bytes(reader, 1);

    return b ? b[0] : 0;
}

static inline uint16_t read_u16(struct reader *reader)
{
    const uint8_t *b = read_bytes(reader, 2);

    return b ? (uint16_t)(b[0] | b[1] << 8) : 0;
}

static inline uint32_t read_u32(struct reader *reader)
{
    const uint8_t *b = read_bytes(reader, 4);

    if (!b) return 0;
    return (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}

static inline uint64_t read_u64(struct reader *reader)
{
    const uint8_t *b = read_bytes(reader, 8);

    if (!b) return 0;
    return (uint64_t)b[0] | (uint64_t)b[1] << 8 | (uint64_t)b[2] << 16 | (uint64_t)b[3] << 24 |
           (uint64_t)b[4] << 32 | (uint64_t)b[5] << 40 | (uint64_t)b[6] << 48 |
           (uint64_t)b[7] << 56;
}

/* A NUL-terminated string in place; its length without the NUL in *length (may be NULL). NULL on
 * failure (no NUL before the end). Not checked for UTF-8. */
const char *read_zstring(struct reader *reader, size_t *length);

/* A u16 byte count and so many bytes of text, lent in place: fails when they are more than
 * `max_bytes`, not UTF-8, or hold a NUL. Size 0 on failure. */
struct etwr_bytes read_text(struct reader *reader, size_t max_bytes);

/* A cursor over the next `size` bytes, which are passed over here. */
struct reader reader_sub(struct reader *reader, size_t size);

/* True when nothing failed and nothing is left over. */
static inline bool reader_finish(const struct reader *reader)
{
    return !reader->failed && reader->at == reader->end;
}

#endif
