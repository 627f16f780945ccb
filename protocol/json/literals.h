/*
 * Values that JSON writes as text: hexadecimal bytes, SIDs, SYSTEMTIMEs, floating-point words.
 */
#ifndef ETWRELAY_LITERALS_H
#define ETWRELAY_LITERALS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <etwrelay/types.h>

#define LITERAL_SID_MAX_BYTES 68 /* 8 + 4 x 15 */

/* An even number of hexadecimal digits, in any case. `bytes` has room for strlen(text) / 2; may be
 * `text` itself. */
bool literal_hex(const char *text, uint8_t *bytes, size_t *size);

/* "S-1-5-18": revision 1; authority in decimal or 0x hex, up to 48 bits; up to 15 sub-authorities
 * of 32 bits. */
bool literal_sid(const char *text, uint8_t sid[LITERAL_SID_MAX_BYTES], size_t *size);

/* "2026-11-23T11:50:10", with a fraction of one to three digits or none. A date that exists, years
 * 1601 to 9999; the day of the week is computed. */
bool literal_systemtime(const char *text, struct etwr_systemtime *time);

/* "NaN" (quiet, no sign, no payload), "Infinity" or "-Infinity", as the bits of a float64 and of a
 * float32. */
bool literal_float_word(const char *text, uint64_t *bits64, uint32_t *bits32);

#endif
