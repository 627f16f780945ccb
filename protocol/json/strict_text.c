/*
 * JSON strings by RFC 8259, section 7, and stricter in two points: \u0000 is refused, because
 * cJSON's strings end there, and so is half a surrogate pair, because no UTF-8 can hold it.
 */
#include "protocol/json/strict_text.h"

#include <string.h>

#include "protocol/tracelogging/utf8.h"

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

/* \uXXXX at `at`; false when it is not that. */
static bool read_u(const char *at, const char *end, uint32_t *unit)
{
    uint32_t value = 0;
    if (end - at < 6 || at[0] != '\\' || at[1] != 'u') return false;
    for (int i = 2; i < 6; i++) {
        int digit = hex_digit(at[i]);
        if (digit < 0) return false;
        value = value << 4 | (uint32_t)digit;
    }
    *unit = value;
    return true;
}

static bool is_high(uint32_t unit)
{
    return unit >= 0xD800 && unit < 0xDC00;
}
static bool is_low(uint32_t unit)
{
    return unit >= 0xDC00 && unit < 0xE000;
}

static enum strict_text_fault check_u(const char **at, const char *end)
{
    uint32_t unit = 0, low = 0;
    if (!read_u(*at, end, &unit)) return STRICT_TEXT_ESCAPE;
    if (unit == 0) return STRICT_TEXT_NUL;
    if (is_low(unit)) return STRICT_TEXT_SURROGATE;
    if (is_high(unit)) {
        if (!read_u(*at + 6, end, &low) || !is_low(low)) return STRICT_TEXT_SURROGATE;
        *at += 6;
    }
    *at += 6;
    return STRICT_TEXT_OK;
}

static enum strict_text_fault check_escape(const char **at, const char *end)
{
    char kind = '\0';
    if (end - *at < 2) return STRICT_TEXT_OPEN;
    kind = (*at)[1];
    if (kind == 'u') return check_u(at, end);
    if (kind == '\0' || strchr("\"\\/bfnrt", kind) == NULL) return STRICT_TEXT_ESCAPE;
    *at += 2;
    return STRICT_TEXT_OK;
}

static enum strict_text_fault check_utf8(const char **at, const char *end)
{
    unsigned char lead = (unsigned char)**at;
    size_t size = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    if ((size_t)(end - *at) < size || !utf8_is_valid(*at, size)) return STRICT_TEXT_UTF8;
    *at += size;
    return STRICT_TEXT_OK;
}

enum strict_text_fault strict_text_check(const char **at, const char *end)
{
    enum strict_text_fault fault = STRICT_TEXT_OK;
    while (*at < end && fault == STRICT_TEXT_OK) {
        unsigned char c = (unsigned char)**at;
        if (c == '"') return STRICT_TEXT_OK;
        if (c < 0x20) return STRICT_TEXT_CONTROL;
        if (c == '\\') {
            fault = check_escape(at, end);
        } else if (c >= 0x80) {
            fault = check_utf8(at, end);
        } else {
            (*at)++;
        }
    }
    return fault == STRICT_TEXT_OK ? STRICT_TEXT_OPEN : fault;
}

uint32_t strict_text_next(const char **at)
{
    static const char letters[] = "bfnrt";
    static const char meanings[] = "\b\f\n\r\t";
    uint32_t unit = 0, low = 0;
    char kind = '\0';
    if (**at != '\\') return utf8_next(at);
    kind = (*at)[1];
    if (kind != 'u') {
        const char *letter = strchr(letters, kind);
        *at += 2;
        return (uint32_t)(unsigned char)(letter == NULL ? kind : meanings[letter - letters]);
    }
    (void)read_u(*at, *at + 6, &unit); /* checked: it is one */
    *at += 6;
    if (!is_high(unit)) return unit;
    (void)read_u(*at, *at + 6, &low);
    *at += 6;
    return 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
}
