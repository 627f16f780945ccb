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
void text_put_hex_u64(struct text *text, uint64_t value); /* 0x1f */
void text_put_hex_bytes(struct text *text, const void *bytes, size_t size);
/* %.9g / %.17g in the C locale, such that the text reads back to the same value; NaN, Infinity, -Infinity as words. */
void text_put_float32(struct text *text, float value);
void text_put_float64(struct text *text, double value);
/* A JSON string with its quotes; `bytes` must be UTF-8. Control characters, quotes and backslashes are escaped. */
void text_put_json_string(struct text *text, const char *bytes, size_t size);

#endif
