/*
 * GUIDs as text. In memory a GUID's first three groups are little-endian, so text order and byte
 * order differ there.
 */
#include <etwrelay/types.h>

#include <stdbool.h>
#include <string.h>

/* The byte that each pair of digits belongs to, in the order of the text. */
static const uint8_t BYTE_AT[16] = {3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15};

static bool is_dash_before(size_t pair)
{
    return pair == 4 || pair == 6 || pair == 8 || pair == 10;
}

static int digit_value(char digit)
{
    if (digit >= '0' && digit <= '9') return digit - '0';
    if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
    if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
    return -1;
}

/* A NUL is neither dash nor digit, so nothing behind the end of the text is looked at. */
static const char *read_groups(const char *text, struct etwr_guid *guid)
{
    for (size_t pair = 0; pair < sizeof guid->bytes; pair++) {
        if (is_dash_before(pair) && *text++ != '-') return NULL;
        int high = digit_value(text[0]);
        int low = high < 0 ? -1 : digit_value(text[1]);
        if (low < 0) return NULL;
        guid->bytes[BYTE_AT[pair]] = (uint8_t)(high << 4 | low);
        text += 2;
    }
    return text;
}

enum etwr_status etwr_guid_parse(const char *text, struct etwr_guid *guid)
{
    struct etwr_guid parsed;
    if (text == NULL || guid == NULL) return ETWR_E_BAD_VALUE;
    bool is_braced = *text == '{';
    const char *end = read_groups(is_braced ? text + 1 : text, &parsed);
    if (end == NULL || (is_braced && *end++ != '}') || *end != '\0') return ETWR_E_BAD_VALUE;
    *guid = parsed;
    return ETWR_OK;
}

void etwr_guid_format(const struct etwr_guid *guid, char text[ETWR_GUID_TEXT_BYTES])
{
    static const char digits[] = "0123456789abcdef";
    for (size_t pair = 0; pair < sizeof guid->bytes; pair++) {
        uint8_t byte = guid->bytes[BYTE_AT[pair]];
        if (is_dash_before(pair)) *text++ = '-';
        *text++ = digits[byte >> 4];
        *text++ = digits[byte & 0x0F];
    }
    *text = '\0';
}
