/*
 * Bytes from outside, read: the cursor's slower half. The idea to keep in mind is the sticky
 * failure: a caller reads a whole body straight through and asks once, at the end, whether it was
 * all there. So every function here must leave a failed cursor where it stands.
 */
#include "protocol/wire/reader.h"

#include <string.h>

#include "protocol/tracelogging/utf8.h"

const char *read_zstring(struct reader *reader, size_t *length)
{
    size_t left = reader_left(reader);
    const uint8_t *end = NULL;
    const uint8_t *start;

    if (!reader->failed && left > 0) end = memchr(reader->at, 0, left);
    if (!end) {
        reader->failed = true;
        return NULL;
    }
    start = read_bytes(reader, (size_t)(end - reader->at) + 1);
    if (length) *length = (size_t)(end - start);
    return (const char *)start;
}

struct reader reader_sub(struct reader *reader, size_t size)
{
    struct reader sub;
    const uint8_t *bytes = read_bytes(reader, size);

    reader_init(&sub, bytes, size);
    sub.failed = !bytes;
    return sub;
}

/* A NUL is valid UTF-8, but names and messages are C strings to somebody later on. */
static bool is_text(const uint8_t *bytes, size_t size)
{
    if (size > 0 && memchr(bytes, 0, size)) return false;
    return utf8_is_valid((const char *)bytes, size);
}

struct etwr_bytes read_text(struct reader *reader, size_t max_bytes)
{
    struct etwr_bytes text = {NULL, 0};
    size_t size = read_u16(reader);
    const uint8_t *bytes = read_bytes(reader, size);

    if (!bytes) return text;
    if (size > max_bytes || !is_text(bytes, size)) {
        reader->failed = true;
        return text;
    }
    text.data = bytes;
    text.size = size;
    return text;
}
