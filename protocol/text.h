/*
 * A growing UTF-8 text for output, with a sticky failure: put as you like, look at `failed` once.
 * Reset keeps the memory, so steady use allocates nothing. Holds no NUL of its own; use size.
 */
#ifndef ETWRELAY_TEXT_H
#define ETWRELAY_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct text {
    char *data;
    size_t size;
    size_t capacity;
    bool failed; /* an allocation failed; what was put since is missing */
};

void text_init(struct text *text);
void text_clear(struct text *text); /* frees */
void text_reset(struct text *text); /* empties, keeps memory and clears `failed` */

void text_put(struct text *text, const char *bytes, size_t size);
void text_put_string(struct text *text, const char *string);
void text_put_char(struct text *text, char c);
void text_put_u64(struct text *text, uint64_t value);
void text_put_i64(struct text *text, int64_t value);
/* Decimal, with zeros in front up to `width` digits (at most 20). */
void text_put_padded(struct text *text, uint64_t value, size_t width);
void text_put_hex_u64(struct text *text, uint64_t value); /* 0x1f */
/* Hexadecimal without 0x, with zeros in front up to `width` digits (at most 16). */
void text_put_hex_padded(struct text *text, uint64_t value, size_t width);
void text_put_hex_bytes(struct text *text, const void *bytes, size_t size);
/* A number as JSON has it, in the C locale, which reads back to the same value, also through a
 * double: %.6g / %.15g where that does, else %.9g / %.17g. NaN, Infinity, -Infinity as words,
 * without quotes. */
void text_put_float32(struct text *text, float value);
void text_put_float64(struct text *text, double value);
/* A JSON string with its quotes; `bytes` must be UTF-8. Quotes, backslashes, all control characters
 * and U+2028, U+2029 are escaped, so that the text is one line to every reader and harmless to a
 * terminal. */
void text_put_json_string(struct text *text, const char *bytes, size_t size);
/* One character of such a string, which is neither a surrogate nor over U+10FFFF. */
void text_put_json_character(struct text *text, uint32_t code_point);
/* The same as it is, in UTF-8. */
void text_put_character(struct text *text, uint32_t code_point);

#endif
