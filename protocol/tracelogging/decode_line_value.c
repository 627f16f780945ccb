/*
 * Values for people. Who sends an event chooses its text, and whoever reads the line trusts its
 * shape: so all text is quoted, and no character gets through that would end the line, move a
 * terminal's cursor or turn the reading direction.
 */
#include "protocol/tracelogging/decode_line_value.h"

#include "protocol/tracelogging/decode_values.h"
#include "protocol/tracelogging/format_address.h"
#include "protocol/tracelogging/format_sid.h"
#include "protocol/tracelogging/format_time.h"

/* ---- characters */

/* Marks that turn the direction of what follows: a line could read other than it is. */
static bool is_direction_mark(uint32_t code_point)
{
    return code_point == 0x061C || (code_point >= 0x200E && code_point <= 0x200F) ||
           (code_point >= 0x202A && code_point <= 0x202E) ||
           (code_point >= 0x2066 && code_point <= 0x2069);
}

static bool is_control(uint32_t code_point)
{
    return code_point < 0x20 || (code_point >= 0x7F && code_point < 0xA0) || code_point == 0x2028 ||
           code_point == 0x2029 || code_point == 0xFEFF || is_direction_mark(code_point);
}

static void put_escaped(struct text *text, uint32_t code_point)
{
    switch (code_point) {
    case '\n':
        text_put_string(text, "\\n");
        return;
    case '\r':
        text_put_string(text, "\\r");
        return;
    case '\t':
        text_put_string(text, "\\t");
        return;
    default:
        text_put_string(text, "\\u");
        text_put_hex_padded(text, code_point, 4);
        return;
    }
}

static void put_character(struct text *text, uint32_t code_point)
{
    if (code_point == CHARACTER_INVALID) {
        text_put_character(text, CHARACTER_REPLACEMENT);
    } else if (is_control(code_point)) {
        put_escaped(text, code_point);
    } else {
        if (code_point == '"' || code_point == '\\') text_put_char(text, '\\');
        text_put_character(text, code_point);
    }
}

static void put_quoted(struct text *text, enum string_kind kind, struct etwr_bytes value)
{
    struct characters characters;
    uint32_t code_point;

    characters_init(&characters, kind, value);
    text_put_char(text, '"');
    while (characters_next(&characters, &code_point))
        put_character(text, code_point);
    text_put_char(text, '"');
}

static bool is_space(uint32_t code_point)
{
    return code_point == 0x20 || code_point == 0xA0 || code_point == 0x1680 ||
           (code_point >= 0x2000 && code_point <= 0x200D) || code_point == 0x202F ||
           code_point == 0x205F || code_point == 0x2060 || code_point == 0x3000;
}

static bool is_punctuation_of_lines(uint32_t code_point)
{
    switch (code_point) {
    case '"':
    case '\\':
    case '=':
    case ',':
    case '{':
    case '}':
    case '[':
    case ']':
        return true;
    default:
        return false;
    }
}

static bool is_bare_name(struct etwr_bytes name)
{
    struct characters characters;
    uint32_t code_point;

    characters_init(&characters, STRING_UTF8, name);
    while (characters_next(&characters, &code_point)) {
        if (code_point == CHARACTER_INVALID || is_control(code_point) || is_space(code_point) ||
            is_punctuation_of_lines(code_point))
            return false;
    }
    return name.size > 0;
}

void line_put_name(struct text *text, struct etwr_bytes name)
{
    if (is_bare_name(name)) {
        text_put(text, name.data, name.size);
    } else {
        put_quoted(text, STRING_UTF8, name);
    }
}

void line_put_hex(struct text *text, struct etwr_bytes bytes)
{
    text_put_string(text, "0x");
    text_put_hex_bytes(text, bytes.data, bytes.size);
}

/* ---- integers */

static void put_bool(struct text *text, uint64_t value)
{
    text_put_string(text, value ? "true" : "false");
}

/* 8 bits are a Windows-1252 character, 16 bits a UTF-16 unit; wider ones are none. */
static bool put_char_value(struct text *text, struct etwr_bytes value)
{
    if (value.size > 2) return false;
    put_quoted(text, value.size == 1 ? STRING_WINDOWS_1252 : STRING_UTF16, value);
    return true;
}

static uint64_t swap_16(uint64_t value)
{
    return (value & 0xFF) << 8 | (value >> 8 & 0xFF);
}

static void put_code(struct text *text, uint64_t value, size_t size)
{
    text_put_string(text, "0x");
    text_put_hex_padded(text, value, 2 * size);
}

/* Out types that some width or other of integer has. False: not with this one. */
static bool put_integer_as(struct text *text, uint8_t out, struct etwr_bytes value)
{
    uint64_t number = value_unsigned(value);

    switch (out) {
    case ETWR_OUT_STRING:
        return put_char_value(text, value);
    case ETWR_OUT_BOOLEAN:
        put_bool(text, number);
        return true;
    case ETWR_OUT_CODE_POINTER:
    case ETWR_OUT_HEX:
        text_put_hex_u64(text, number);
        return true;
    case ETWR_OUT_UNSIGNED:
    case ETWR_OUT_WIN32ERROR:
    case ETWR_OUT_PID:
    case ETWR_OUT_TID:
        text_put_u64(text, number);
        return true;
    case ETWR_OUT_SIGNED:
        text_put_i64(text, value_signed(value));
        return true;
    case ETWR_OUT_NTSTATUS:
    case ETWR_OUT_HRESULT:
        put_code(text, number, value.size);
        return true;
    case ETWR_OUT_PORT:
        if (value.size == 2) text_put_u64(text, swap_16(number));
        return value.size == 2;
    case ETWR_OUT_IPV4:
        if (value.size == 4) text_put_ipv4(text, value.data);
        return value.size == 4;
    case ETWR_OUT_FILETIME:
    case ETWR_OUT_DATETIME_UTC:
        if (value.size == 8) text_put_filetime(text, number);
        return value.size == 8;
    default:
        return false;
    }
}

static void put_integer(struct text *text, uint8_t base, uint8_t out, struct etwr_bytes value)
{
    if (put_integer_as(text, out, value)) return;
    if (base == ETWR_IN_HEXINT32 || base == ETWR_IN_HEXINT64) {
        text_put_hex_u64(text, value_unsigned(value));
    } else if (base_is_signed(base)) {
        text_put_i64(text, value_signed(value));
    } else {
        text_put_u64(text, value_unsigned(value));
    }
}

/* ---- the others */

static bool put_binary_as(struct text *text, uint8_t out, struct etwr_bytes value)
{
    switch (out) {
    case ETWR_OUT_IPV6:
        if (value.size == 16) text_put_ipv6(text, value.data);
        return value.size == 16;
    case ETWR_OUT_IPV4:
        if (value.size == 4) text_put_ipv4(text, value.data);
        return value.size == 4;
    case ETWR_OUT_SOCKETADDRESS:
        return text_put_socket_address(text, value);
    default:
        return false;
    }
}

static void put_bool32(struct text *text, uint8_t out, struct etwr_bytes value)
{
    if (out == ETWR_OUT_NULL || !put_integer_as(text, out, value))
        put_bool(text, value_unsigned(value));
}

static void put_systemtime(struct text *text, uint8_t out, struct etwr_bytes value)
{
    struct etwr_systemtime time = systemtime_from_bytes(value.data);

    text_put_systemtime(text, &time);
    if (out == ETWR_OUT_DATETIME_UTC) text_put_char(text, 'Z');
}

static void put_guid(struct text *text, struct etwr_bytes value)
{
    struct etwr_guid guid = value_guid(value);
    char name[ETWR_GUID_TEXT_BYTES];

    etwr_guid_format(&guid, name);
    text_put_string(text, name);
}

void line_put_value(struct text *text, uint8_t base, uint8_t out, struct etwr_bytes value)
{
    if (base_is_signed(base) || base_is_unsigned(base)) {
        put_integer(text, base, out, value);
        return;
    }
    if (base_is_string(base)) {
        put_quoted(text, string_kind_of(base, out), value);
        return;
    }
    switch (base) {
    case ETWR_IN_FLOAT32:
        text_put_float32(text, value_float32(value));
        return;
    case ETWR_IN_FLOAT64:
        text_put_float64(text, value_float64(value));
        return;
    case ETWR_IN_BOOL32:
        put_bool32(text, out, value);
        return;
    case ETWR_IN_GUID:
        put_guid(text, value);
        return;
    case ETWR_IN_FILETIME:
        text_put_filetime(text, value_unsigned(value));
        return;
    case ETWR_IN_SYSTEMTIME:
        put_systemtime(text, out, value);
        return;
    case ETWR_IN_SID:
        text_put_sid(text, value);
        return;
    default:
        if (!put_binary_as(text, out, value)) line_put_hex(text, value);
        return;
    }
}
