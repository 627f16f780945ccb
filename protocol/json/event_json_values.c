/*
 * Values: a JSON value of a plain type into the packed bytes that stand in an event.
 *
 * All types go one way: pack here, then etwr_event_add_packed(), which checks the bytes in full
 * once more. {"hex"} gives the content alone; the size in front of it or the NUL behind it is put
 * here.
 */
#include "protocol/json/event_json_reader.h"

#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "protocol/json/literals.h"
#include "protocol/tracelogging/utf8.h"

#define COUNTED_MAX_BYTES 65535u
#define ELEMENTS_MAX      65535

static void put_little_endian(struct text *text, uint64_t value, size_t bytes)
{
    char out[8];
    for (size_t i = 0; i < bytes; i++)
        out[i] = (char)(unsigned char)(value >> 8 * i);
    text_put(text, out, bytes);
}

static bool fail_value(struct event_reader *reader, const char *expected)
{
    return event_reader_fail(reader, ETWR_E_BAD_VALUE, "expected %s", expected);
}

static bool check_memory(struct event_reader *reader, const struct text *text)
{
    return !text->failed || event_reader_check(reader, ETWR_E_NO_MEMORY);
}

static bool pack_signed(struct event_reader *reader, unsigned bytes, const cJSON *item)
{
    int64_t max = (int64_t)(UINT64_MAX >> (65 - 8 * bytes));
    int64_t value = 0;
    if (strict_get_i64(item, -max - 1, max, &value) != ETWR_OK) {
        return event_reader_fail(reader, ETWR_E_BAD_VALUE,
                                 "expected an integer from %" PRId64 " to %" PRId64 ": %s",
                                 -max - 1, max, strict_integer_fault(item));
    }
    put_little_endian(&reader->packed, (uint64_t)value, bytes);
    return true;
}

static bool pack_unsigned(struct event_reader *reader, unsigned bytes, const cJSON *item)
{
    uint64_t max = UINT64_MAX >> (64 - 8 * bytes);
    uint64_t value = 0;
    if (strict_get_u64(item, max, &value) != ETWR_OK) {
        return event_reader_fail(reader, ETWR_E_BAD_VALUE,
                                 "expected an integer from 0 to %" PRIu64 ": %s", max,
                                 strict_integer_fault(item));
    }
    put_little_endian(&reader->packed, value, bytes);
    return true;
}

static bool pack_bool32(struct event_reader *reader, const cJSON *item)
{
    if (!cJSON_IsBool(item)) return pack_signed(reader, 4, item);
    put_little_endian(&reader->packed, cJSON_IsTrue(item) ? 1 : 0, 4);
    return true;
}

static bool pack_float(struct event_reader *reader, bool is_double, const cJSON *item)
{
    uint64_t bits64 = 0;
    uint32_t bits32 = 0;
    double max = is_double ? DBL_MAX : (double)FLT_MAX;
    if (cJSON_IsNumber(item) && fabs(item->valuedouble) <= max) {
        float narrow = is_double ? 0 : (float)item->valuedouble;
        memcpy(&bits64, &item->valuedouble, sizeof(bits64));
        memcpy(&bits32, &narrow, sizeof(bits32));
    } else if (cJSON_IsNumber(item)) {
        return event_reader_fail(reader, ETWR_E_BAD_VALUE, "too large for a float%d",
                                 is_double ? 64 : 32);
    } else if (!cJSON_IsString(item) || !literal_float_word(item->valuestring, &bits64, &bits32)) {
        return fail_value(reader, "a number, \"NaN\", \"Infinity\" or \"-Infinity\"");
    }
    put_little_endian(&reader->packed, is_double ? bits64 : bits32, is_double ? 8 : 4);
    return true;
}

/* Counted bytes with their size in front. */
static bool put_counted(struct event_reader *reader, const char *bytes, size_t size)
{
    if (size > COUNTED_MAX_BYTES) {
        return event_reader_fail(reader, ETWR_E_DATA_TOO_LONG,
                                 "a value of %zu bytes; at most 65535 fit", size);
    }
    put_little_endian(&reader->packed, size, 2);
    text_put(&reader->packed, bytes, size);
    return true;
}

/* Up to the first NUL, and a NUL. */
static bool put_terminated(struct event_reader *reader, const char *bytes, size_t size,
                           size_t width)
{
    static const char nul[2];
    size_t end = 0;
    while (end + width <= size && memcmp(bytes + end, nul, width) != 0)
        end += width;
    text_put(&reader->packed, bytes, end);
    text_put(&reader->packed, nul, width);
    return true;
}

/* Content bytes of a value whose size varies. */
static bool put_content(struct event_reader *reader, enum event_json_kind kind, const char *bytes,
                        size_t size)
{
    bool is_wide = kind == EVENT_JSON_TEXT16 || kind == EVENT_JSON_ZTEXT16;
    if (is_wide && size % 2 != 0) return fail_value(reader, "whole UTF-16 units: an even size");
    if (kind == EVENT_JSON_ZTEXT8) return put_terminated(reader, bytes, size, 1);
    if (kind == EVENT_JSON_ZTEXT16) return put_terminated(reader, bytes, size, 2);
    return put_counted(reader, bytes, size);
}

/* `size` zero bytes and one more, so that there is memory even for none. */
static void make_room(struct text *text, size_t size)
{
    static const char zeros[256];
    text_reset(text);
    for (; size >= sizeof(zeros); size -= sizeof(zeros))
        text_put(text, zeros, sizeof(zeros));
    text_put(text, zeros, size + 1);
}

static bool pack_text(struct event_reader *reader, enum event_json_kind kind, const cJSON *item)
{
    size_t size = 0, wide_size = 0;
    if (!cJSON_IsString(item)) return fail_value(reader, "text, or {\"hex\": \"...\"}");
    size = strlen(item->valuestring);
    if (!utf8_is_valid(item->valuestring, size)) return fail_value(reader, "valid UTF-8");
    if (kind == EVENT_JSON_TEXT8 || kind == EVENT_JSON_ZTEXT8) {
        return put_content(reader, kind, item->valuestring, size);
    }
    wide_size = utf16_size_of_utf8(item->valuestring, size);
    make_room(&reader->scratch, wide_size);
    if (!check_memory(reader, &reader->scratch)) return false;
    (void)utf16_from_utf8(item->valuestring, size, reader->scratch.data);
    return put_content(reader, kind, reader->scratch.data, wide_size);
}

bool event_json_hex(struct event_reader *reader, const cJSON *item)
{
    size_t size = 0;
    struct text *scratch = &reader->scratch;
    text_reset(scratch);
    if (!cJSON_IsString(item)) return fail_value(reader, "hexadecimal digits in a string");
    text_put(scratch, item->valuestring, strlen(item->valuestring) + 1);
    if (!check_memory(reader, scratch)) return false;
    if (!literal_hex(scratch->data, (uint8_t *)scratch->data, &size)) {
        return fail_value(reader, "an even number of hexadecimal digits");
    }
    scratch->size = size;
    return true;
}

static bool pack_bytes(struct event_reader *reader, const cJSON *item)
{
    if (!event_json_hex(reader, item)) return false;
    return put_counted(reader, reader->scratch.data, reader->scratch.size);
}

static bool pack_guid(struct event_reader *reader, const cJSON *item)
{
    struct etwr_guid guid;
    if (!cJSON_IsString(item) || etwr_guid_parse(item->valuestring, &guid) != ETWR_OK) {
        return fail_value(reader, "a GUID such as \"6ba7b810-9dad-11d1-80b4-00c04fd430c8\"");
    }
    text_put(&reader->packed, (const char *)guid.bytes, sizeof(guid.bytes));
    return true;
}

static bool pack_systemtime(struct event_reader *reader, const cJSON *item)
{
    struct etwr_systemtime time;
    if (!cJSON_IsString(item) || !literal_systemtime(item->valuestring, &time)) {
        return fail_value(reader, "a date that exists, \"2026-11-23T11:50:10.123\", years 1601 to "
                                  "9999");
    }
    const uint16_t parts[] = {time.year, time.month,  time.day_of_week, time.day,
                              time.hour, time.minute, time.second,      time.milliseconds};
    for (size_t i = 0; i < 8; i++)
        put_little_endian(&reader->packed, parts[i], 2);
    return true;
}

static bool pack_sid(struct event_reader *reader, const cJSON *item)
{
    uint8_t sid[LITERAL_SID_MAX_BYTES];
    size_t size = 0;
    if (!cJSON_IsString(item) || !literal_sid(item->valuestring, sid, &size)) {
        return fail_value(reader, "a SID such as \"S-1-5-18\", with at most 15 sub-authorities");
    }
    text_put(&reader->packed, (const char *)sid, size);
    return true;
}

static bool is_whole_sid(const struct text *bytes)
{
    size_t count = 0;
    if (bytes->size < 8) return false;
    count = (unsigned char)bytes->data[1];
    return count <= 15 && bytes->size == 8 + 4 * count;
}

/* {"hex": "...", "text"?: "..."}: hex counts, text is for people. */
static bool pack_hex(struct event_reader *reader, const struct event_json_base *base,
                     const cJSON *item)
{
    static const char *const keys[] = {"hex", "text"};
    const struct text *bytes = &reader->scratch;
    const cJSON *hex = cJSON_GetObjectItemCaseSensitive(item, "hex");
    if (!event_reader_check_keys(reader, item, "a raw value", keys, 2)) return false;
    if (hex == NULL) return fail_value(reader, "{\"hex\": \"...\"}");
    if (!event_json_hex(reader, hex)) return false;
    if (base->bytes != 0 && bytes->size != base->bytes) {
        return event_reader_fail(reader, ETWR_E_BAD_VALUE,
                                 "%s takes %u raw bytes, and \"hex\" holds %zu", base->name,
                                 (unsigned)base->bytes, bytes->size);
    }
    if (base->kind == EVENT_JSON_SID && !is_whole_sid(bytes)) {
        return fail_value(reader, "the raw bytes of one whole SID");
    }
    if (base->bytes == 0 && base->kind != EVENT_JSON_SID) {
        return put_content(reader, base->kind, bytes->data, bytes->size);
    }
    text_put(&reader->packed, bytes->data, bytes->size);
    return true;
}

static bool pack_scalar(struct event_reader *reader, const struct event_json_base *base,
                        const cJSON *item)
{
    if (cJSON_IsObject(item)) return pack_hex(reader, base, item);
    switch (base->kind) {
    case EVENT_JSON_SIGNED:
        return pack_signed(reader, base->bytes, item);
    case EVENT_JSON_UNSIGNED:
        return pack_unsigned(reader, base->bytes, item);
    case EVENT_JSON_FLOAT32:
        return pack_float(reader, false, item);
    case EVENT_JSON_FLOAT64:
        return pack_float(reader, true, item);
    case EVENT_JSON_BOOL32:
        return pack_bool32(reader, item);
    case EVENT_JSON_BYTES:
        return pack_bytes(reader, item);
    case EVENT_JSON_TEXT8:
    case EVENT_JSON_TEXT16:
    case EVENT_JSON_ZTEXT8:
    case EVENT_JSON_ZTEXT16:
        return pack_text(reader, base->kind, item);
    case EVENT_JSON_GUID:
        return pack_guid(reader, item);
    case EVENT_JSON_SYSTEMTIME:
        return pack_systemtime(reader, item);
    case EVENT_JSON_SID:
        return pack_sid(reader, item);
    case EVENT_JSON_STRUCT:
    case EVENT_JSON_CUSTOM:
        break;
    }
    return event_reader_check(reader, ETWR_E_BAD_TYPE);
}

static bool pack_array(struct event_reader *reader, const struct event_json_type *type,
                       const cJSON *item)
{
    const cJSON *element = NULL;
    size_t index = 0;
    int count = 0;
    if (!cJSON_IsArray(item)) return fail_value(reader, "an array [...] of values");
    count = cJSON_GetArraySize(item);
    if (count > ELEMENTS_MAX) {
        return event_reader_fail(reader, ETWR_E_DATA_TOO_LONG, "more than 65535 elements");
    }
    if (type->array == ETWR_IN_CONSTANT_ARRAY && count != type->count) {
        return event_reader_fail(reader, ETWR_E_BAD_VALUE,
                                 "%s[%u] takes %u elements, and there are %d", type->base->name,
                                 (unsigned)type->count, (unsigned)type->count, count);
    }
    if (type->array == ETWR_IN_SEQUENCE) put_little_endian(&reader->packed, (unsigned)count, 2);
    cJSON_ArrayForEach(element, item)
    {
        size_t mark = json_path_index(&reader->path, index++);
        if (!pack_scalar(reader, type->base, element)) return false;
        json_path_back(&reader->path, mark);
    }
    return true;
}

bool event_json_pack(struct event_reader *reader, const struct event_json_type *type,
                     const cJSON *item)
{
    bool good = false;
    text_reset(&reader->packed);
    good =
        type->array == 0 ? pack_scalar(reader, type->base, item) : pack_array(reader, type, item);
    return good && check_memory(reader, &reader->packed);
}

static bool has_text(const cJSON *item)
{
    const cJSON *element = NULL;
    if (!cJSON_IsArray(item)) return cJSON_IsString(item);
    cJSON_ArrayForEach(element, item)
    {
        if (cJSON_IsString(element)) return true;
    }
    return item->child == NULL;
}

uint8_t event_json_default_out(const struct event_json_type *type, const cJSON *item)
{
    if (!event_json_is_text8(type)) return ETWR_OUT_NULL;
    return item == NULL || has_text(item) ? ETWR_OUT_UTF8 : ETWR_OUT_NULL;
}

bool event_json_add_plain(struct event_reader *reader, const char *name,
                          const struct event_json_type *type, const cJSON *item, uint8_t out,
                          uint32_t tag)
{
    const uint8_t in = (uint8_t)(type->base->in | type->array);
    if (!event_json_pack(reader, type, item)) return false;
    return event_reader_check(
        reader, etwr_event_add_packed(reader->builder, name, in, type->count, reader->packed.data,
                                      reader->packed.size, (enum etwr_out)out, tag));
}
