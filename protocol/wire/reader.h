/*
 * The bounded cursor: the only way in which bytes from outside are read.
 *
 * A read that would pass the end sets `failed`, returns 0 or NULL, and so do all reads after it; nothing moves any more.
 * Check once, with reader_finish(), which also refuses left-over bytes. Nested data gets a cursor of its own
 * (reader_sub()). All integers are little-endian.
 */
#ifndef ETWRELAY_READER_H
#define ETWRELAY_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct reader {
    const uint8_t *at;
    const uint8_t *end;
    bool failed;
};

void reader_init(struct reader *reader, const void *bytes, size_t size);
static inline size_t reader_left(const struct reader *reader) { return (size_t)(reader->end - reader->at); }

uint8_t read_u8(struct reader *reader);
uint16_t read_u16(struct reader *reader);
uint32_t read_u32(struct reader *reader);
uint64_t read_u64(struct reader *reader);
/* `size` bytes in place, lent as long as the bytes under the cursor live; NULL on failure. */
const uint8_t *read_bytes(struct reader *reader, size_t size);
/* A NUL-terminated string in place; its length without the NUL. NULL on failure (no NUL before the end). */
const char *read_zstring(struct reader *reader, size_t *length);
/* A cursor over the next `size` bytes, which are passed over here. */
struct reader reader_sub(struct reader *reader, size_t size);
/* True when nothing failed and nothing is left over. */
bool reader_finish(const struct reader *reader);

#endif
