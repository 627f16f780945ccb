/*
 * Text for the log: times, and lines that cannot be broken by what they hold.
 */
#ifndef ETWRELAY_LOG_TEXT_H
#define ETWRELAY_LOG_TEXT_H

#include <stddef.h>
#include <stdint.h>

#define LOG_TEXT_TIME_BYTES 32

/* Seconds since 1970, UTC, years 1970 to 9999, as "2026-11-23T11:50:10.123Z". */
void log_text_time(int64_t seconds, unsigned milliseconds, char text[LOG_TEXT_TIME_BYTES]);

/* `text` with everything escaped that is no printable UTF-8, at most `capacity` bytes (at least
 * 16), no NUL; ends in "..." where that is not all. Returns the bytes put. */
size_t log_text_escape(const char *text, char *line, size_t capacity);

#endif
