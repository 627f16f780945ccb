/*
 * UTF-8 and UTF-16LE: every name and text value passes here on its way into an event, and out of it
 * in the decoder.
 *
 * Nearly all of it is ASCII, so the check takes eight bytes at a time and falls to the byte-wise
 * rules only where a high bit shows. Conversions trust their input (checked before), so they cannot
 * fail half way through a value.
 */
#include "protocol/tracelogging/utf8.h"

#include <string.h>

#define HIGH_BITS   UINT64_C(0x8080808080808080)
#define REPLACEMENT 0xFFFDu
#define UTF16_BYTES 2

static bool is_continuation(uint8_t byte)
{
    return (byte & 0xC0) == 0x80;
}

/* Bytes of the sequence at `at`, or 0 when it is none. The second byte's range rules out overlong
 * forms, surrogates and what lies over U+10FFFF (Unicode, table 3-7). */
static size_t sequence_bytes(const uint8_t *at, size_t left)
{
    uint8_t first = at[0];
    if (first < 0x80) return 1;
    if (first < 0xC2 || first > 0xF4) return 0;
    size_t need = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
    if (left < need) return 0;
    uint8_t low = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
    uint8_t high = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
    if (at[1] < low || at[1] > high) return 0;
    if (need > 2 && !is_continuation(at[2])) return 0;
    if (need > 3 && !is_continuation(at[3])) return 0;
    return need;
}

static uint64_t load_word(const uint8_t *at)
{
    uint64_t word;
    memcpy(&word, at, sizeof word);
    return word;
}

/* Eight bytes at a time; the last eight may overlap those before. */
static bool is_ascii(const uint8_t *at, size_t size)
{
    uint64_t seen = 0;
    if (size < sizeof seen) {
        for (size_t i = 0; i < size; i++)
            seen |= at[i];
        return seen < 0x80;
    }
    for (size_t i = 0; i < size - sizeof seen; i += sizeof seen)
        seen |= load_word(at + i);
    seen |= load_word(at + size - sizeof seen);
    return (seen & HIGH_BITS) == 0;
}

bool utf8_is_valid(const char *text, size_t size)
{
    const uint8_t *at = (const uint8_t *)text;
    if (is_ascii(at, size)) return true;
    while (size > 0) {
        size_t step = sequence_bytes(at, size);
        if (step == 0) return false;
        at += step;
        size -= step;
    }
    return true;
}

size_t utf8_cut(const char *text, size_t size, size_t max)
{
    if (size <= max) return size;
    while (max > 0 && is_continuation((uint8_t)text[max]))
        max--;
    return max;
}

uint32_t utf8_next(const char **at)
{
    const uint8_t *byte = (const uint8_t *)*at;
    uint32_t first = byte[0];
    if (first < 0x80) {
        *at += 1;
        return first;
    }
    if (first < 0xE0) {
        *at += 2;
        return (first & 0x1F) << 6 | (byte[1] & 0x3Fu);
    }
    if (first < 0xF0) {
        *at += 3;
        return (first & 0x0F) << 12 | (byte[1] & 0x3Fu) << 6 | (byte[2] & 0x3Fu);
    }
    *at += 4;
    return (first & 0x07) << 18 | (byte[1] & 0x3Fu) << 12 | (byte[2] & 0x3Fu) << 6 |
           (byte[3] & 0x3Fu);
}

size_t utf8_put(uint32_t code_point, char bytes[UTF8_CODE_POINT_MAX_BYTES])
{
    uint8_t *at = (uint8_t *)bytes;
    if (code_point < 0x80) {
        at[0] = (uint8_t)code_point;
        return 1;
    }
    if (code_point < 0x800) {
        at[0] = (uint8_t)(0xC0 | code_point >> 6);
        at[1] = (uint8_t)(0x80 | (code_point & 0x3F));
        return 2;
    }
    if (code_point < 0x10000) {
        at[0] = (uint8_t)(0xE0 | code_point >> 12);
        at[1] = (uint8_t)(0x80 | (code_point >> 6 & 0x3F));
        at[2] = (uint8_t)(0x80 | (code_point & 0x3F));
        return 3;
    }
    at[0] = (uint8_t)(0xF0 | code_point >> 18);
    at[1] = (uint8_t)(0x80 | (code_point >> 12 & 0x3F));
    at[2] = (uint8_t)(0x80 | (code_point >> 6 & 0x3F));
    at[3] = (uint8_t)(0x80 | (code_point & 0x3F));
    return 4;
}

/* Units by first bytes: one for each sequence, a second for those of four bytes (a surrogate pair).
 */
size_t utf16_size_of_utf8(const char *text, size_t size)
{
    const uint8_t *at = (const uint8_t *)text;
    size_t units = 0;
    for (size_t i = 0; i < size; i++)
        units += (size_t)(!is_continuation(at[i])) + (size_t)(at[i] >= 0xF0);
    return units * UTF16_BYTES;
}

static uint8_t *put_unit(uint8_t *at, uint32_t unit)
{
    at[0] = (uint8_t)unit;
    at[1] = (uint8_t)(unit >> 8);
    return at + UTF16_BYTES;
}

size_t utf16_from_utf8(const char *text, size_t size, void *utf16)
{
    const char *end = text + size;
    uint8_t *at = utf16;
    while (text < end) {
        uint32_t code_point = utf8_next(&text);
        if (code_point >= 0x10000) {
            at = put_unit(at, 0xD7C0 + (code_point >> 10));
            code_point = 0xDC00 | (code_point & 0x3FF);
        }
        at = put_unit(at, code_point);
    }
    return (size_t)(at - (uint8_t *)utf16);
}

static uint32_t unit_at(const uint8_t *at)
{
    return (uint32_t)at[0] | (uint32_t)at[1] << 8;
}

/* The code point at `at` of `left` (2 or more) bytes; a surrogate comes back as itself when its
 * partner is missing. */
static uint32_t next_of_utf16(const uint8_t *at, size_t left, size_t *used)
{
    uint32_t unit = unit_at(at);
    *used = UTF16_BYTES;
    if ((unit & 0xFC00) != 0xD800 || left < 2 * UTF16_BYTES) return unit;
    uint32_t partner = unit_at(at + UTF16_BYTES);
    if ((partner & 0xFC00) != 0xDC00) return unit;
    *used = 2 * UTF16_BYTES;
    return 0x10000 + ((unit & 0x3FF) << 10 | (partner & 0x3FF));
}

static bool is_surrogate(uint32_t code_point)
{
    return code_point >= 0xD800 && code_point <= 0xDFFF;
}

bool utf8_size_of_utf16(const void *utf16, size_t size, size_t *utf8_size)
{
    const uint8_t *at = utf16;
    size_t total = 0;
    if (size % UTF16_BYTES != 0) return false;
    while (size > 0) {
        size_t used;
        uint32_t code_point = next_of_utf16(at, size, &used);
        if (is_surrogate(code_point)) return false;
        total += code_point < 0x80 ? 1 : code_point < 0x800 ? 2 : code_point < 0x10000 ? 3 : 4;
        at += used;
        size -= used;
    }
    *utf8_size = total;
    return true;
}

size_t utf8_from_utf16(const void *utf16, size_t size, char *utf8)
{
    const uint8_t *at = utf16;
    char *start = utf8;
    while (size >= UTF16_BYTES) {
        size_t used;
        uint32_t code_point = next_of_utf16(at, size, &used);
        utf8 += utf8_put(is_surrogate(code_point) ? REPLACEMENT : code_point, utf8);
        at += used;
        size -= used;
    }
    return (size_t)(utf8 - start);
}
