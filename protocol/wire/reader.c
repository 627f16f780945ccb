/*
 * Bytes from outside, read: the cursor's slower half. The idea to keep in mind is the sticky
 * failure: a caller reads a whole body straight through and asks once, at the end, whether it was
 * all there. So every function here must leave a failed cursor where it stands.
 */
#include "protocol/wire/reader.h"

#include <string.h>

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

/* How many bytes follow a lead byte, or -1 for a byte that leads nothing. */
static int utf8_tail_count(uint8_t lead)
{
    if (lead < 0x80) return 0;
    if (lead >= 0xC2 && lead <= 0xDF) return 1;
    if (lead >= 0xE0 && lead <= 0xEF) return 2;
    if (lead >= 0xF0 && lead <= 0xF4) return 3;
    return -1;
}

/* The second byte's range rules out overlong forms, surrogates and what lies past U+10FFFF. */
static bool utf8_second_fits(uint8_t lead, uint8_t second)
{
    uint8_t lowest = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
    uint8_t highest = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;

    return second >= lowest && second <= highest;
}

static bool is_text(const uint8_t *bytes, size_t size)
{
    size_t at = 0;

    while (at < size) {
        int tail = utf8_tail_count(bytes[at]);

        if (bytes[at] == 0 || tail < 0 || (size_t)tail >= size - at) return false;
        if (tail > 0 && !utf8_second_fits(bytes[at], bytes[at + 1])) return false;
        for (int i = 2; i <= tail; i++) {
            if ((bytes[at + (size_t)i] & 0xC0) != 0x80) return false;
        }
        at += 1 + (size_t)tail;
    }
    return true;
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
