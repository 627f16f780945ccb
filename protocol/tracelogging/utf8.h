/*
 * UTF-8 to UTF-16LE and back, and the one check of what UTF-8 is: no overlong forms, no surrogates,
 * nothing over U+10FFFF.
 *
 * Text goes by pointer and size; a NUL is a character like any other here. Nothing allocates: a
 * caller asks for the length, makes room and converts. Threads: any.
 */
#ifndef ETWRELAY_UTF8_H
#define ETWRELAY_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UTF8_CODE_POINT_MAX_BYTES 4

/* Are `size` bytes whole, valid UTF-8? */
bool utf8_is_valid(const char *text, size_t size);

/*
 * Bytes of the longest beginning of `size` bytes of valid UTF-8 that has at most `max` bytes and
 * ends between two code points.
 */
size_t utf8_cut(const char *text, size_t size, size_t max);

/*
 * The next code point of valid UTF-8 (utf8_is_valid() said so); moves `*at` past it. Not for
 * unchecked text.
 */
uint32_t utf8_next(const char **at);

/* Put one code point, not a surrogate, as UTF-8; returns its 1 to 4 bytes. */
size_t utf8_put(uint32_t code_point, char bytes[UTF8_CODE_POINT_MAX_BYTES]);

/* Bytes of `size` bytes of valid UTF-8 once they are UTF-16LE: always even, at most twice `size`.
 */
size_t utf16_size_of_utf8(const char *text, size_t size);

/* Convert valid UTF-8 into `utf16`, which has room for utf16_size_of_utf8(); returns the bytes put.
 * No alignment needed. */
size_t utf16_from_utf8(const char *text, size_t size, void *utf16);

/*
 * Bytes of `size` bytes of UTF-16LE once they are UTF-8. False, `*utf8_size` unchanged, when the
 * text would not come back to the same bytes: odd size or a surrogate without its partner.
 */
bool utf8_size_of_utf16(const void *utf16, size_t size, size_t *utf8_size);

/*
 * Convert any UTF-16LE into `utf8`, which has room for `size / 2 * 3` bytes; returns the bytes put.
 * What is no character (a lone surrogate) becomes U+FFFD; an odd last byte is left out.
 */
size_t utf8_from_utf16(const void *utf16, size_t size, char *utf8);

#endif
