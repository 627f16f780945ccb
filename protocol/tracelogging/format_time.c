/*
 * Calendar arithmetic. FILETIME's year 1601 is no accident: the Gregorian calendar's cycle of 400
 * years, 146,097 days, begins there, so days since then need no correction.
 */
#include "protocol/tracelogging/format_time.h"

#define TICKS_PER_SECOND UINT64_C(10000000)
#define SECONDS_PER_DAY  86400
#define DAYS_PER_400     146097
#define DAYS_PER_100     36524
#define DAYS_PER_4       1461
#define DAYS_PER_YEAR    365
#define FIRST_YEAR       1601
#define LAST_YEAR        9999 /* of four digits */

static bool is_leap(unsigned year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static unsigned days_in_month(unsigned year, unsigned month)
{
    static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

    return days[month - 1] + (month == 2 && is_leap(year) ? 1u : 0u);
}

/* The last year of a cycle is the long one: its last day would count as a fifth part. */
static uint32_t part(uint32_t *days, uint32_t length, uint32_t parts)
{
    uint32_t count = *days / length;

    if (count == parts) count--;
    *days -= count * length;
    return count;
}

static void put_date(struct text *text, uint32_t days)
{
    uint32_t year = FIRST_YEAR + 400 * (days / DAYS_PER_400);
    uint32_t month = 1;

    days %= DAYS_PER_400;
    year += 100 * part(&days, DAYS_PER_100, 4);
    year += 4 * (days / DAYS_PER_4);
    days %= DAYS_PER_4;
    year += part(&days, DAYS_PER_YEAR, 4);
    for (; days >= days_in_month(year, month); month++)
        days -= days_in_month(year, month);
    text_put_padded(text, year, 4);
    text_put_char(text, '-');
    text_put_padded(text, month, 2);
    text_put_char(text, '-');
    text_put_padded(text, days + 1, 2);
}

static void put_clock(struct text *text, unsigned hour, unsigned minute, unsigned second)
{
    text_put_char(text, 'T');
    text_put_padded(text, hour, 2);
    text_put_char(text, ':');
    text_put_padded(text, minute, 2);
    text_put_char(text, ':');
    text_put_padded(text, second, 2);
    text_put_char(text, '.');
}

void text_put_filetime(struct text *text, uint64_t filetime)
{
    uint64_t seconds = filetime / TICKS_PER_SECOND;
    unsigned of_day = (unsigned)(seconds % SECONDS_PER_DAY);

    put_date(text, (uint32_t)(seconds / SECONDS_PER_DAY));
    put_clock(text, of_day / 3600, of_day / 60 % 60, of_day % 60);
    text_put_padded(text, filetime % TICKS_PER_SECOND, 7);
    text_put_char(text, 'Z');
}

struct etwr_systemtime systemtime_from_bytes(const uint8_t bytes[16])
{
    struct etwr_systemtime time;
    uint16_t words[8];

    for (unsigned i = 0; i < 8; i++)
        words[i] = (uint16_t)(bytes[2 * i] | bytes[2 * i + 1] << 8);
    time.year = words[0];
    time.month = words[1];
    time.day_of_week = words[2];
    time.day = words[3];
    time.hour = words[4];
    time.minute = words[5];
    time.second = words[6];
    time.milliseconds = words[7];
    return time;
}

void text_put_systemtime(struct text *text, const struct etwr_systemtime *time)
{
    text_put_padded(text, time->year, 4);
    text_put_char(text, '-');
    text_put_padded(text, time->month, 2);
    text_put_char(text, '-');
    text_put_padded(text, time->day, 2);
    put_clock(text, time->hour, time->minute, time->second);
    text_put_padded(text, time->milliseconds, 3);
}

static unsigned weekday(const struct etwr_systemtime *time)
{
    unsigned years = time->year - (unsigned)FIRST_YEAR;
    unsigned days = years * DAYS_PER_YEAR + years / 4 - years / 100 + years / 400;

    for (unsigned month = 1; month < time->month; month++)
        days += days_in_month(time->year, month);
    return (days + time->day) % 7; /* 1601-01-01 was a Monday: 1 */
}

bool systemtime_is_exact(const struct etwr_systemtime *time)
{
    if (time->year < FIRST_YEAR || time->year > LAST_YEAR) return false;
    if (time->month < 1 || time->month > 12) return false;
    if (time->day < 1 || time->day > days_in_month(time->year, time->month)) return false;
    if (time->hour > 23 || time->minute > 59 || time->second > 59) return false;
    return time->milliseconds <= 999 && time->day_of_week == weekday(time);
}
