/*
 * Dates as ISO 8601. Everything is in UTC or, for SYSTEMTIME, in whatever its writer meant.
 */
#ifndef ETWRELAY_FORMAT_TIME_H
#define ETWRELAY_FORMAT_TIME_H

#include <etwrelay/types.h>

#include "protocol/text.h"

/* "2026-11-23T11:50:10.1234567Z": 100 ns since 1601, exactly. Years go up to 60056 and then have
 * five digits. */
void text_put_filetime(struct text *text, uint64_t filetime);

/* From the 16 bytes of a value. */
struct etwr_systemtime systemtime_from_bytes(const uint8_t bytes[16]);

/* "2026-11-23T11:50:10.123", the numbers as they are, even where there is no such date. */
void text_put_systemtime(struct text *text, const struct etwr_systemtime *time);

/* Is it a date from 1601 to 9999, with its own weekday? Then its text says all of it. */
bool systemtime_is_exact(const struct etwr_systemtime *time);

#endif
