/*
 * Characters out of UTF-16LE, UTF-8 and Windows-1252. What is broken is given out as broken and
 * passed over by as little as possible, so that the rest can still be read.
 */
#include "protocol/tracelogging/decode_string.h"

#include "protocol/tracelogging/codepage.h"
#include "protocol/tracelogging/utf8.h"

enum string_kind string_kind_of(uint8_t base, uint8_t out)
{
    if (base == ETWR_IN_ZSTR16 || base == ETWR_IN_STR16) return STRING_UTF16;
    if (out == ETWR_OUT_UTF8 || out == ETWR_OUT_XML || out == ETWR_OUT_JSON) return STRING_UTF8;
    return STRING_WINDOWS_1252;
}

void characters_init(struct characters *characters, enum string_kind kind, struct etwr_bytes bytes)
{
    static const uint8_t nothing[1] = {0};

    characters->kind = kind;
    characters->at = bytes.data ? bytes.data : nothing;
    characters->end = characters->at + (bytes.data ? bytes.size : 0);
}

static size_t left(const struct characters *characters)
{
    return (size_t)(characters->end - characters->at);
}

static uint32_t unit_at(const uint8_t *at)
{
    return (uint32_t)(at[0] | at[1] << 8);
}

static bool is_high_surrogate(uint32_t unit)
{
    return unit >= 0xD800 && unit <= 0xDBFF;
}

static bool is_low_surrogate(uint32_t unit)
{
    return unit >= 0xDC00 && unit <= 0xDFFF;
}

static uint32_t next_utf16(struct characters *characters)
{
    uint32_t unit, low;

    if (left(characters) < 2) {
        characters->at = characters->end;
        return CHARACTER_INVALID;
    }
    unit = unit_at(characters->at);
    characters->at += 2;
    if (is_low_surrogate(unit)) return CHARACTER_INVALID;
    if (!is_high_surrogate(unit)) return unit;
    low = left(characters) < 2 ? 0 : unit_at(characters->at);
    if (!is_low_surrogate(low)) return CHARACTER_INVALID;
    characters->at += 2;
    return 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
}

/* How long the character is that this byte begins, if it begins one. */
static size_t utf8_length(uint8_t lead)
{
    if (lead < 0xE0) return 2;
    return lead < 0xF0 ? 3 : 4;
}

static uint32_t next_utf8(struct characters *characters)
{
    const char *at = (const char *)characters->at;
    uint8_t lead = characters->at[0];
    size_t length = utf8_length(lead);
    uint32_t code_point;

    if (lead < 0x80 || length > left(characters) || !utf8_is_valid(at, length)) {
        characters->at++;
        return lead < 0x80 ? lead : CHARACTER_INVALID;
    }
    code_point = utf8_next(&at);
    characters->at = (const uint8_t *)at;
    return code_point;
}

bool characters_next(struct characters *characters, uint32_t *code_point)
{
    if (characters->at == characters->end) return false;
    switch (characters->kind) {
    case STRING_UTF16:
        *code_point = next_utf16(characters);
        break;
    case STRING_UTF8:
        *code_point = next_utf8(characters);
        break;
    case STRING_WINDOWS_1252:
        *code_point = codepage_windows_1252(*characters->at++);
        break;
    }
    return true;
}

bool string_is_exact(enum string_kind kind, struct etwr_bytes bytes)
{
    struct characters characters;
    uint32_t code_point;

    characters_init(&characters, kind, bytes);
    while (characters_next(&characters, &code_point)) {
        if (code_point == 0 || code_point == CHARACTER_INVALID) return false;
        if (kind == STRING_WINDOWS_1252 && code_point >= 0x80) return false;
    }
    return true;
}
