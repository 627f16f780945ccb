/*
 * Values for programs: what is printed here comes back to the same bytes through `etwrelay send
 * --jsonl`. Where the plain form would not, the bytes are given as {"hex"}, with {"text"} beside it
 * for people.
 */
#include "protocol/tracelogging/decode_json_value.h"

#include <math.h>

#include "protocol/tracelogging/decode_values.h"
#include "protocol/tracelogging/format_sid.h"
#include "protocol/tracelogging/format_time.h"

/* From here on a JSON number may lose digits in readers that keep it as a double. */
#define JSON_EXACT_LIMIT (UINT64_C(1) << 53)

/* The NaN that the word "NaN" stands for: quiet, without sign and payload. */
#define NAN32_BITS UINT64_C(0x7FC00000)
#define NAN64_BITS UINT64_C(0x7FF8000000000000)

void json_put_hex(struct text *text, struct etwr_bytes bytes)
{
    text_put_char(text, '"');
    text_put_hex_bytes(text, bytes.data, bytes.size);
    text_put_char(text, '"');
}

void json_put_characters(struct text *text, enum string_kind kind, struct etwr_bytes bytes)
{
    struct characters characters;
    uint32_t code_point;

    characters_init(&characters, kind, bytes);
    text_put_char(text, '"');
    while (characters_next(&characters, &code_point)) {
        if (code_point == 0) code_point = CHARACTER_NUL_SYMBOL;
        if (code_point == CHARACTER_INVALID) code_point = CHARACTER_REPLACEMENT;
        text_put_json_character(text, code_point);
    }
    text_put_char(text, '"');
}

void json_put_guid(struct text *text, const struct etwr_guid *guid)
{
    char name[ETWR_GUID_TEXT_BYTES];

    etwr_guid_format(guid, name);
    text_put_char(text, '"');
    text_put_string(text, name);
    text_put_char(text, '"');
}

/* {"hex": "..", "text": as far as the caller goes on to put it, then close_hex_and_text(). */
static void open_hex_and_text(struct text *text, struct etwr_bytes value)
{
    text_put_string(text, "{\"hex\":");
    json_put_hex(text, value);
    text_put_string(text, ",\"text\":");
}

static void close_hex_and_text(struct text *text)
{
    text_put_char(text, '}');
}

static void put_string(struct text *text, enum string_kind kind, struct etwr_bytes value)
{
    if (!string_is_exact(kind, value)) {
        open_hex_and_text(text, value);
        json_put_characters(text, kind, value);
        close_hex_and_text(text);
    } else if (kind == STRING_UTF16) {
        json_put_characters(text, kind, value);
    } else {
        text_put_json_string(text, value.data, value.size); /* UTF-8 or ASCII: as it is */
    }
}

static void put_unsigned(struct text *text, uint64_t value)
{
    const char *quote = value < JSON_EXACT_LIMIT ? "" : "\"";

    text_put_string(text, quote);
    text_put_u64(text, value);
    text_put_string(text, quote);
}

static void put_signed(struct text *text, int64_t value)
{
    bool is_exact = value < (int64_t)JSON_EXACT_LIMIT && value > -(int64_t)JSON_EXACT_LIMIT;
    const char *quote = is_exact ? "" : "\"";

    text_put_string(text, quote);
    text_put_i64(text, value);
    text_put_string(text, quote);
}

static void put_float(struct text *text, struct etwr_bytes value)
{
    bool is_32 = value.size == sizeof(float);
    double number = is_32 ? (double)value_float32(value) : value_float64(value);
    bool is_word = !isfinite(number);
    bool is_odd_nan = isnan(number) && value_unsigned(value) != (is_32 ? NAN32_BITS : NAN64_BITS);

    if (is_odd_nan) open_hex_and_text(text, value);
    if (is_word) text_put_char(text, '"');
    if (is_32) {
        text_put_float32(text, value_float32(value));
    } else {
        text_put_float64(text, number);
    }
    if (is_word) text_put_char(text, '"');
    if (is_odd_nan) close_hex_and_text(text);
}

static void put_bool32(struct text *text, int64_t value)
{
    if (value == 0 || value == 1) {
        text_put_string(text, value ? "true" : "false");
    } else {
        text_put_i64(text, value);
    }
}

static void put_systemtime(struct text *text, struct etwr_bytes value)
{
    struct etwr_systemtime time = systemtime_from_bytes(value.data);
    bool is_exact = systemtime_is_exact(&time);

    if (!is_exact) open_hex_and_text(text, value);
    text_put_char(text, '"');
    text_put_systemtime(text, &time);
    text_put_char(text, '"');
    if (!is_exact) close_hex_and_text(text);
}

static void put_sid(struct text *text, struct etwr_bytes value)
{
    bool is_exact = sid_is_exact(value);

    if (!is_exact) open_hex_and_text(text, value);
    text_put_char(text, '"');
    text_put_sid(text, value);
    text_put_char(text, '"');
    if (!is_exact) close_hex_and_text(text);
}

static void put_guid_value(struct text *text, struct etwr_bytes value)
{
    struct etwr_guid guid = value_guid(value);

    json_put_guid(text, &guid);
}

void json_put_value(struct text *text, uint8_t base, uint8_t out, struct etwr_bytes value)
{
    if (base_is_signed(base)) {
        put_signed(text, value_signed(value));
        return;
    }
    if (base_is_unsigned(base)) {
        put_unsigned(text, value_unsigned(value));
        return;
    }
    if (base_is_string(base)) {
        put_string(text, string_kind_of(base, out), value);
        return;
    }
    switch (base) {
    case ETWR_IN_FLOAT32:
    case ETWR_IN_FLOAT64:
        put_float(text, value);
        return;
    case ETWR_IN_BOOL32:
        put_bool32(text, value_signed(value));
        return;
    case ETWR_IN_GUID:
        put_guid_value(text, value);
        return;
    case ETWR_IN_FILETIME:
        put_unsigned(text, value_unsigned(value));
        return;
    case ETWR_IN_SYSTEMTIME:
        put_systemtime(text, value);
        return;
    case ETWR_IN_SID:
        put_sid(text, value);
        return;
    default:
        json_put_hex(text, value);
        return; /* binary, cbinary */
    }
}
