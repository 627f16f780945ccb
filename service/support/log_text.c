/*
 * Escaping for the log. A client chooses its image name and its provider names: without this it
 * could forge lines, or move a terminal's cursor.
 */
#include "service/support/log_text.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "protocol/tracelogging/utf8.h"

#define ESCAPE_MAX_BYTES 8 /* "\u2028" and a NUL fit */
#define SECONDS_PER_DAY  86400
#define SECONDS_MAX      INT64_C(253402300799) /* the end of the year 9999 */

static bool is_leap(unsigned year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static unsigned days_in_year(unsigned year)
{
    return is_leap(year) ? 366 : 365;
}

static unsigned days_in_month(unsigned year, unsigned month)
{
    static const unsigned days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return month == 2 && is_leap(year) ? 29 : days[month - 1];
}

/* Counted off year by year: some fifty steps, for a line that a person reads. */
static void civil_date(unsigned days, unsigned *year, unsigned *month, unsigned *day)
{
    *year = 1970;
    *month = 1;
    for (; days >= days_in_year(*year); (*year)++)
        days -= days_in_year(*year);
    for (; days >= days_in_month(*year, *month); (*month)++)
        days -= days_in_month(*year, *month);
    *day = days + 1;
}

void log_text_time(int64_t seconds, unsigned milliseconds, char text[LOG_TEXT_TIME_BYTES])
{
    unsigned year = 0, month = 0, day = 0, second = 0;
    if (seconds < 0 || seconds > SECONDS_MAX) seconds = 0; /* a clock that is off */
    civil_date((unsigned)(seconds / SECONDS_PER_DAY), &year, &month, &day);
    second = (unsigned)(seconds % SECONDS_PER_DAY);
    (void)snprintf(text, LOG_TEXT_TIME_BYTES, "%04u-%02u-%02uT%02u:%02u:%02u.%03uZ", year % 10000,
                   month % 100, day % 100, second / 3600 % 24, second / 60 % 60, second % 60,
                   milliseconds % 1000);
}

/* The bytes of the character at `at`, or 0 when it is no valid UTF-8. */
static size_t character_size(const char *at)
{
    unsigned char lead = (unsigned char)*at;
    size_t size = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    for (size_t i = 1; i < size; i++) {
        if (at[i] == '\0') return 0;
    }
    return utf8_is_valid(at, size) ? size : 0;
}

/* C0, DEL, C1, line and paragraph separators, and what turns the reading direction. */
static bool is_unprintable(uint32_t c)
{
    return c < 0x20 || (c >= 0x7F && c < 0xA0) || (c >= 0x200E && c <= 0x200F) ||
           (c >= 0x2028 && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069) || c == 0xFEFF;
}

static size_t put_escape(uint32_t c, char escape[ESCAPE_MAX_BYTES])
{
    static const char named[] = "\n\r\t";
    static const char letters[] = "nrt";
    const char *found = c < 0x80 && c != 0 ? strchr(named, (int)c) : NULL;
    bool is_byte = c < 0x100;
    if (found != NULL) {
        escape[0] = '\\';
        escape[1] = letters[found - named];
        return 2;
    }
    return (size_t)snprintf(escape, ESCAPE_MAX_BYTES, is_byte ? "\\x%02x" : "\\u%04x", (unsigned)c);
}

/* The next character of `at`, or its escape; *put is its bytes. Returns how far to go on. */
static size_t escape_next(const char *at, char piece[ESCAPE_MAX_BYTES], size_t *put)
{
    size_t size = character_size(at);
    const char *next = at;
    uint32_t c = size == 0 ? 0 : utf8_next(&next);
    if (size == 0) {
        *put = put_escape((unsigned char)*at, piece);
        return 1;
    }
    if (is_unprintable(c)) {
        *put = put_escape(c, piece);
        return size;
    }
    memcpy(piece, at, size);
    *put = size;
    return size;
}

size_t log_text_escape(const char *text, char *line, size_t capacity)
{
    char piece[ESCAPE_MAX_BYTES];
    size_t used = 0, put = 0;
    while (*text != '\0') {
        text += escape_next(text, piece, &put);
        if (used + put > capacity - 3) {
            memcpy(line + used, "...", 3);
            return used + 3;
        }
        memcpy(line + used, piece, put);
        used += put;
    }
    return used;
}
