/*
 * Text to values. Each reader takes exactly what literals.h shows, to the last character, or
 * refuses.
 */
#include "protocol/json/literals.h"

#include <string.h>

#define AUTHORITY_MAX       0xFFFFFFFFFFFFu /* 48 bits */
#define SUB_AUTHORITIES_MAX 15

static int digit_value(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return 16;
}

bool literal_hex(const char *text, uint8_t *bytes, size_t *size)
{
    size_t length = strlen(text);
    if (length % 2 != 0) return false;
    for (size_t i = 0; i < length; i++) {
        if (digit_value(text[i]) > 15) return false;
    }
    for (size_t i = 0; i < length / 2; i++) {
        bytes[i] = (uint8_t)(digit_value(text[2 * i]) << 4 | digit_value(text[2 * i + 1]));
    }
    *size = length / 2;
    return true;
}

/* Digits of `base` at *at, up to `max`; moves *at past them. */
static bool read_number(const char **at, unsigned base, uint64_t max, uint64_t *value)
{
    const char *start = *at;
    uint64_t result = 0;
    for (; (unsigned)digit_value(**at) < base; (*at)++) {
        result = result * base + (unsigned)digit_value(**at);
        if (result > max) return false;
    }
    *value = result;
    return *at > start;
}

static bool read_authority(const char **at, uint64_t *authority)
{
    bool is_hex = (*at)[0] == '0' && ((*at)[1] == 'x' || (*at)[1] == 'X');
    if (is_hex) *at += 2;
    return read_number(at, is_hex ? 16 : 10, AUTHORITY_MAX, authority);
}

bool literal_sid(const char *text, uint8_t sid[LITERAL_SID_MAX_BYTES], size_t *size)
{
    uint64_t number = 0;
    uint8_t read[LITERAL_SID_MAX_BYTES] = {1, 0};
    const char *at = text + 4;
    if (strncmp(text, "S-1-", 4) != 0 || !read_authority(&at, &number)) return false;
    for (int i = 0; i < 6; i++)
        read[2 + i] = (uint8_t)(number >> (40 - 8 * i)); /* big-endian */
    while (*at == '-') {
        uint8_t *sub = read + 8 + 4 * read[1];
        at++;
        if (read[1] == SUB_AUTHORITIES_MAX) return false;
        if (!read_number(&at, 10, UINT32_MAX, &number)) return false;
        for (int i = 0; i < 4; i++)
            sub[i] = (uint8_t)(number >> 8 * i);
        read[1]++;
    }
    if (*at != '\0') return false;
    *size = 8 + 4 * (size_t)read[1];
    memcpy(sid, read, *size);
    return true;
}

/* Exactly `count` digits. */
static bool read_digits(const char **at, int count, unsigned min, unsigned max, uint16_t *value)
{
    unsigned result = 0;
    for (int i = 0; i < count; i++, (*at)++) {
        if (**at < '0' || **at > '9') return false;
        result = result * 10 + (unsigned)(**at - '0');
    }
    *value = (uint16_t)result;
    return result >= min && result <= max;
}

static bool skip(const char **at, char c)
{
    if (**at != c) return false;
    (*at)++;
    return true;
}

static unsigned days_in_month(unsigned year, unsigned month)
{
    static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month == 2 && leap ? 29 : days[month - 1];
}

/* 0 is Sunday. 1601-01-01 was a Monday. */
static uint16_t day_of_week(const struct etwr_systemtime *time)
{
    unsigned years = time->year - 1601u;
    unsigned days = years * 365 + years / 4 - years / 100 + years / 400;
    for (unsigned month = 1; month < time->month; month++) {
        days += days_in_month(time->year, month);
    }
    return (uint16_t)((days + time->day) % 7);
}

static bool read_date(const char **at, struct etwr_systemtime *time)
{
    return read_digits(at, 4, 1601, 9999, &time->year) && skip(at, '-') &&
           read_digits(at, 2, 1, 12, &time->month) && skip(at, '-') &&
           read_digits(at, 2, 1, days_in_month(time->year, time->month), &time->day);
}

static bool read_fraction(const char **at, struct etwr_systemtime *time)
{
    unsigned scale = 100;
    if (!skip(at, '.')) return true;
    for (; scale > 0 && **at >= '0' && **at <= '9'; scale /= 10, (*at)++) {
        time->milliseconds = (uint16_t)(time->milliseconds + scale * (unsigned)(**at - '0'));
    }
    return scale < 100;
}

bool literal_systemtime(const char *text, struct etwr_systemtime *time)
{
    struct etwr_systemtime read = {0};
    const char *at = text;
    bool good = read_date(&at, &read) && skip(&at, 'T') && read_digits(&at, 2, 0, 23, &read.hour) &&
                skip(&at, ':') && read_digits(&at, 2, 0, 59, &read.minute) && skip(&at, ':') &&
                read_digits(&at, 2, 0, 59, &read.second) && read_fraction(&at, &read);
    if (!good || *at != '\0') return false;
    read.day_of_week = day_of_week(&read);
    *time = read;
    return true;
}

bool literal_float_word(const char *text, uint64_t *bits64, uint32_t *bits32)
{
    static const struct {
        const char *word;
        uint64_t bits64;
        uint32_t bits32;
    } words[] = {
        {"NaN", UINT64_C(0x7FF8000000000000), UINT32_C(0x7FC00000)},
        {"Infinity", UINT64_C(0x7FF0000000000000), UINT32_C(0x7F800000)},
        {"-Infinity", UINT64_C(0xFFF0000000000000), UINT32_C(0xFF800000)},
    };
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (strcmp(text, words[i].word) != 0) continue;
        *bits64 = words[i].bits64;
        *bits32 = words[i].bits32;
        return true;
    }
    return false;
}
