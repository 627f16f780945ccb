/*
 * Numbers: RFC 8259's grammar, and the strict integers that configuration and events take.
 *
 * cJSON keeps a double only. An integer below 2^53 in magnitude survives that exactly; of anything
 * else a double may be a different number, so it is refused and a string has to say it.
 */
#include "protocol/json/strict_number.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/json/strict.h"

#define EXACT_LIMIT  9007199254740992.0 /* 2^53 */
#define EXPONENT_MAX 100000L            /* beyond any double and any number of 63 characters */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool skip_digits(const char **at, const char *end)
{
    const char *start = *at;
    while (*at < end && is_digit(**at))
        (*at)++;
    return *at > start;
}

static bool skip_exponent(const char **at, const char *end)
{
    if (*at == end || (**at != 'e' && **at != 'E')) return true;
    (*at)++;
    if (*at < end && (**at == '+' || **at == '-')) (*at)++;
    return skip_digits(at, end);
}

enum strict_number_fault strict_number_check(const char **at, const char *end)
{
    const char *start = *at;
    if (**at == '-') (*at)++;
    if (end - *at >= 2 && **at == '0' && is_digit((*at)[1])) return STRICT_NUMBER_LEADING_ZERO;
    if (!skip_digits(at, end)) return STRICT_NUMBER_GRAMMAR;
    if (*at < end && **at == '.') {
        (*at)++;
        if (!skip_digits(at, end)) return STRICT_NUMBER_GRAMMAR;
    }
    if (!skip_exponent(at, end)) return STRICT_NUMBER_GRAMMAR;
    if (*at - start > STRICT_NUMBER_MAX_BYTES) {
        *at = start;
        return STRICT_NUMBER_TOO_LONG;
    }
    return STRICT_NUMBER_OK;
}

/* By its digits alone: is anything but zeros left behind the point once the exponent has moved it?
 */
static bool has_fraction(const char *text)
{
    long behind_point = 0, trailing_zeros = 0, exponent = 0;
    bool past_point = false, all_zeros = true;
    const char *at = text + (*text == '-');
    for (; is_digit(*at) || *at == '.'; at++) {
        if (*at == '.') {
            past_point = true;
            continue;
        }
        if (past_point) behind_point++;
        trailing_zeros = *at == '0' ? trailing_zeros + 1 : 0;
        if (*at != '0') all_zeros = false;
    }
    if (*at != '\0') exponent = strtol(at + 1, NULL, 10);
    if (exponent > EXPONENT_MAX) exponent = EXPONENT_MAX;
    if (exponent < -EXPONENT_MAX) exponent = -EXPONENT_MAX;
    return !all_zeros && exponent - behind_point + trailing_zeros < 0;
}

bool strict_number_loses_fraction(const char *text, size_t size)
{
    char copy[STRICT_NUMBER_MAX_BYTES + 1];
    double value = 0;
    if (size > STRICT_NUMBER_MAX_BYTES) return false;
    memcpy(copy, text, size);
    copy[size] = '\0';
    if (!has_fraction(copy)) return false;
    value = strtod(copy, NULL);
    return value == floor(value);
}

/* A JSON number as magnitude and sign. A number that lost a fraction carries its text: strict.c put
 * it there. */
static bool number_to_integer(const cJSON *item, uint64_t *magnitude, bool *negative)
{
    double value = item->valuedouble;
    if (item->valuestring != NULL) return false;
    if (!(fabs(value) < EXACT_LIMIT) || value != floor(value)) return false;
    *negative = value < 0;
    *magnitude = (uint64_t)fabs(value);
    return true;
}

static int digit_value(char c)
{
    if (is_digit(c)) return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return 16;
}

static bool text_to_integer(const char *text, uint64_t *magnitude, bool *negative)
{
    unsigned base = 10;
    uint64_t value = 0;
    *negative = *text == '-';
    if (*negative) text++;
    if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
        base = 16;
        text += 2;
    }
    if (*text == '\0') return false;
    for (; *text != '\0'; text++) {
        unsigned digit = (unsigned)digit_value(*text);
        if (digit >= base || value > (UINT64_MAX - digit) / base) return false;
        value = value * base + digit;
    }
    *magnitude = value;
    return true;
}

static bool to_integer(const cJSON *item, uint64_t *magnitude, bool *negative)
{
    if (cJSON_IsNumber(item)) return number_to_integer(item, magnitude, negative);
    if (cJSON_IsString(item)) return text_to_integer(item->valuestring, magnitude, negative);
    return false;
}

enum etwr_status strict_get_u64(const cJSON *item, uint64_t max, uint64_t *value)
{
    uint64_t magnitude = 0;
    bool negative = false;
    if (!to_integer(item, &magnitude, &negative)) return ETWR_E_BAD_VALUE;
    if ((negative && magnitude != 0) || magnitude > max) return ETWR_E_BAD_VALUE;
    *value = magnitude;
    return ETWR_OK;
}

enum etwr_status strict_get_i64(const cJSON *item, int64_t min, int64_t max, int64_t *value)
{
    uint64_t magnitude = 0;
    int64_t result = 0;
    bool negative = false;
    if (!to_integer(item, &magnitude, &negative)) return ETWR_E_BAD_VALUE;
    if (!negative && magnitude > (uint64_t)INT64_MAX) return ETWR_E_BAD_VALUE;
    if (negative && magnitude > (uint64_t)INT64_MAX + 1) return ETWR_E_BAD_VALUE;
    result = (int64_t)magnitude;
    if (negative) result = magnitude == 0 ? 0 : -(int64_t)(magnitude - 1) - 1;
    if (result < min || result > max) return ETWR_E_BAD_VALUE;
    *value = result;
    return ETWR_OK;
}

const char *strict_integer_fault(const cJSON *item)
{
    if (cJSON_IsString(item)) return "not a number in decimal or 0x hex within the range";
    if (!cJSON_IsNumber(item)) return "neither a number nor a string that holds one";
    if (item->valuestring != NULL || item->valuedouble != floor(item->valuedouble)) {
        return "an integer has no fraction";
    }
    if (!(fabs(item->valuedouble) < EXACT_LIMIT)) {
        return "a JSON number of 2^53 or more loses digits: give it as a string";
    }
    return "out of range";
}
