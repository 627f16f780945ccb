/*
 * Text for output, put piece by piece. A failed allocation does not end a half-built line in a
 * crash or in a check at every call: it is remembered, what follows is left out, and whoever sends
 * the text looks once.
 */
#include "protocol/text.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/tracelogging/utf8.h"

#define FIRST_CAPACITY 256

static const char digits[] = "0123456789abcdef";

void text_init(struct text *text)
{
    memset(text, 0, sizeof *text);
}

void text_clear(struct text *text)
{
    free(text->data);
    text_init(text);
}

void text_reset(struct text *text)
{
    text->size = 0;
    text->failed = false;
}

/* Room for `size` bytes more, at least doubling, so that putting is linear in all. */
static char *grow(struct text *text, size_t size)
{
    size_t capacity = text->capacity ? text->capacity : FIRST_CAPACITY;
    char *data;

    if (text->failed) return NULL;
    if (size > SIZE_MAX / 4 - text->size) {
        text->failed = true;
        return NULL;
    }
    while (capacity - text->size < size)
        capacity *= 2;
    if (capacity != text->capacity) {
        data = realloc(text->data, capacity);
        if (!data) {
            text->failed = true;
            return NULL;
        }
        text->data = data;
        text->capacity = capacity;
    }
    return text->data + text->size;
}

void text_put(struct text *text, const char *bytes, size_t size)
{
    char *at = grow(text, size);

    if (!at || size == 0) return;
    memcpy(at, bytes, size);
    text->size += size;
}

void text_put_string(struct text *text, const char *string)
{
    text_put(text, string, strlen(string));
}

void text_put_char(struct text *text, char c)
{
    text_put(text, &c, 1);
}

void text_put_padded(struct text *text, uint64_t value, size_t width)
{
    char buffer[20];
    char *at = buffer + sizeof buffer;

    do {
        *--at = digits[value % 10];
        value /= 10;
    } while (value != 0);
    while ((size_t)(buffer + sizeof buffer - at) < width && at > buffer)
        *--at = '0';
    text_put(text, at, (size_t)(buffer + sizeof buffer - at));
}

void text_put_u64(struct text *text, uint64_t value)
{
    text_put_padded(text, value, 1);
}

void text_put_i64(struct text *text, int64_t value)
{
    if (value < 0) text_put_char(text, '-');
    text_put_u64(text, value < 0 ? 0 - (uint64_t)value : (uint64_t)value);
}

void text_put_hex_padded(struct text *text, uint64_t value, size_t width)
{
    char buffer[16];
    char *at = buffer + sizeof buffer;

    do {
        *--at = digits[value & 0xF];
        value >>= 4;
    } while (value != 0);
    while ((size_t)(buffer + sizeof buffer - at) < width && at > buffer)
        *--at = '0';
    text_put(text, at, (size_t)(buffer + sizeof buffer - at));
}

void text_put_hex_u64(struct text *text, uint64_t value)
{
    text_put_string(text, "0x");
    text_put_hex_padded(text, value, 1);
}

void text_put_hex_bytes(struct text *text, const void *bytes, size_t size)
{
    const uint8_t *from = bytes;
    char *to = size > SIZE_MAX / 8 ? NULL : grow(text, 2 * size);

    if (!to) {
        text->failed = true;
        return;
    }
    for (size_t i = 0; i < size; i++) {
        *to++ = digits[from[i] >> 4];
        *to++ = digits[from[i] & 0xF];
    }
    text->size += 2 * size;
}

/* Numbers have a point in JSON, whatever the locale of the process says. */
static void put_number(struct text *text, const char *number)
{
    for (const char *at = number; *at; at++) {
        bool is_ours = (*at >= '0' && *at <= '9') || *at == '-' || *at == '+' || *at == 'e';

        if (is_ours) {
            text_put_char(text, *at);
        } else if (at > number && at[-1] >= '0' && at[-1] <= '9') {
            text_put_char(text,
                          '.'); /* the first byte of the locale's point; others are left out */
        }
    }
}

static bool put_word(struct text *text, double value)
{
    if (isnan(value)) {
        text_put_string(text, "NaN");
    } else if (isinf(value)) {
        text_put_string(text, value < 0 ? "-Infinity" : "Infinity");
    } else {
        return false;
    }
    return true;
}

/*
 * The shorter form is tried first: 0.1 should not read 0.10000000000000001. Readers of JSON round
 * to a double and then to a float, which in rare cases is not what rounding once gives: so both
 * must agree.
 */
void text_put_float32(struct text *text, float value)
{
    char number[40];

    if (put_word(text, value)) return;
    snprintf(number, sizeof number, "%.6g", (double)value);
    if (strtof(number, NULL) != value || (float)strtod(number, NULL) != value)
        snprintf(number, sizeof number, "%.9g", (double)value);
    /* Rounded up, the largest floats pass FLT_MAX, and a reader that compares would refuse them. */
    if (fabs(strtod(number, NULL)) > FLT_MAX)
        snprintf(number, sizeof number, "%.17g", (double)value);
    put_number(text, number);
}

void text_put_float64(struct text *text, double value)
{
    char number[40];

    if (put_word(text, value)) return;
    snprintf(number, sizeof number, "%.15g", value);
    if (strtod(number, NULL) != value) snprintf(number, sizeof number, "%.17g", value);
    put_number(text, number);
}

/* ---- JSON strings */

static void put_json_unit(struct text *text, unsigned unit)
{
    text_put_string(text, "\\u");
    text_put_hex_padded(text, unit, 4);
}

static void put_json_ascii(struct text *text, char c)
{
    switch (c) {
    case '"':
        text_put_string(text, "\\\"");
        return;
    case '\\':
        text_put_string(text, "\\\\");
        return;
    case '\n':
        text_put_string(text, "\\n");
        return;
    case '\r':
        text_put_string(text, "\\r");
        return;
    case '\t':
        text_put_string(text, "\\t");
        return;
    default:
        put_json_unit(text, (unsigned char)c);
        return;
    }
}

static bool is_plain_ascii(char c)
{
    return (unsigned char)c >= 0x20 && (unsigned char)c < 0x7F && c != '"' && c != '\\';
}

/*
 * What a terminal or a reader of lines would act on though JSON allows it raw: the C1 controls and
 * the line and paragraph separators. Returns the bytes that the character takes, 0 for any other;
 * `*unit` is its number.
 */
static size_t find_hazard(const char *at, size_t left, unsigned *unit)
{
    const unsigned char *b = (const unsigned char *)at;

    if (left >= 2 && b[0] == 0xC2 && b[1] < 0xA0) {
        *unit = b[1];
        return 2;
    }
    if (left >= 3 && b[0] == 0xE2 && b[1] == 0x80 && (b[2] == 0xA8 || b[2] == 0xA9)) {
        *unit = 0x2000u | (b[2] & 0x3Fu);
        return 3;
    }
    return 0;
}

void text_put_character(struct text *text, uint32_t code_point)
{
    char bytes[UTF8_CODE_POINT_MAX_BYTES];
    size_t size = utf8_put(code_point, bytes);

    text_put(text, bytes, size);
}

void text_put_json_character(struct text *text, uint32_t code_point)
{
    if (code_point < 0x80) {
        if (is_plain_ascii((char)code_point)) {
            text_put_char(text, (char)code_point);
        } else {
            put_json_ascii(text, (char)code_point);
        }
    } else if (code_point < 0xA0 || code_point == 0x2028 || code_point == 0x2029) {
        put_json_unit(text, code_point);
    } else {
        text_put_character(text, code_point);
    }
}

/* How many bytes from `at` on can be copied as they are. */
static size_t plain_span(const char *at, size_t left)
{
    size_t span = 0;
    unsigned unit;

    while (span < left) {
        unsigned char c = (unsigned char)at[span];

        if (c < 0x80 ? !is_plain_ascii(at[span]) : find_hazard(at + span, left - span, &unit) > 0)
            break;
        span++;
    }
    return span;
}

void text_put_json_string(struct text *text, const char *bytes, size_t size)
{
    size_t at = 0;

    text_put_char(text, '"');
    while (at < size) {
        size_t span = plain_span(bytes + at, size - at);
        size_t hazard;
        unsigned unit;

        text_put(text, bytes + at, span);
        at += span;
        if (at == size) break;
        hazard = find_hazard(bytes + at, size - at, &unit);
        if (hazard > 0) {
            put_json_unit(text, unit);
            at += hazard;
        } else {
            put_json_ascii(text, bytes[at]);
            at++;
        }
    }
    text_put_char(text, '"');
}
