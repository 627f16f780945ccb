/*
 * The names of types and out types, as tests/vectors/README.md lists them.
 *
 * intptr, uintptr and hexintptr are other names of the 64-bit types: pointers are 64 bits wide on
 * the wire.
 */
#include "protocol/json/event_json_types.h"

#include <stdio.h>
#include <string.h>

#include <etwrelay/types.h>

#include "protocol/json/nearest.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))
#define NAME_MAX_BYTES  16
#define ARRAY_COUNT_MAX 65535u

static const struct event_json_base bases[] = {
    {"zstr16", ETWR_IN_ZSTR16, EVENT_JSON_ZTEXT16, 0},
    {"zstr8", ETWR_IN_ZSTR8, EVENT_JSON_ZTEXT8, 0},
    {"str16", ETWR_IN_STR16, EVENT_JSON_TEXT16, 0},
    {"str8", ETWR_IN_STR8, EVENT_JSON_TEXT8, 0},
    {"int8", ETWR_IN_INT8, EVENT_JSON_SIGNED, 1},
    {"uint8", ETWR_IN_UINT8, EVENT_JSON_UNSIGNED, 1},
    {"int16", ETWR_IN_INT16, EVENT_JSON_SIGNED, 2},
    {"uint16", ETWR_IN_UINT16, EVENT_JSON_UNSIGNED, 2},
    {"int32", ETWR_IN_INT32, EVENT_JSON_SIGNED, 4},
    {"uint32", ETWR_IN_UINT32, EVENT_JSON_UNSIGNED, 4},
    {"int64", ETWR_IN_INT64, EVENT_JSON_SIGNED, 8},
    {"uint64", ETWR_IN_UINT64, EVENT_JSON_UNSIGNED, 8},
    {"intptr", ETWR_IN_INT64, EVENT_JSON_SIGNED, 8},
    {"uintptr", ETWR_IN_UINT64, EVENT_JSON_UNSIGNED, 8},
    {"float32", ETWR_IN_FLOAT32, EVENT_JSON_FLOAT32, 4},
    {"float64", ETWR_IN_FLOAT64, EVENT_JSON_FLOAT64, 8},
    {"bool32", ETWR_IN_BOOL32, EVENT_JSON_BOOL32, 4},
    {"binary", ETWR_IN_BINARY, EVENT_JSON_BYTES, 0},
    {"guid", ETWR_IN_GUID, EVENT_JSON_GUID, 16},
    {"filetime", ETWR_IN_FILETIME, EVENT_JSON_UNSIGNED, 8},
    {"systemtime", ETWR_IN_SYSTEMTIME, EVENT_JSON_SYSTEMTIME, 16},
    {"sid", ETWR_IN_SID, EVENT_JSON_SID, 0},
    {"hexint32", ETWR_IN_HEXINT32, EVENT_JSON_UNSIGNED, 4},
    {"hexint64", ETWR_IN_HEXINT64, EVENT_JSON_UNSIGNED, 8},
    {"hexintptr", ETWR_IN_HEXINT64, EVENT_JSON_UNSIGNED, 8},
    {"cbinary", ETWR_IN_CBINARY, EVENT_JSON_BYTES, 0},
    {"struct", ETWR_IN_STRUCT, EVENT_JSON_STRUCT, 0},
    {"custom", 0, EVENT_JSON_CUSTOM, 0},
};

static const char *const out_names[] = {
    "null",          "noprint",
    "string",        "boolean",
    "hex",           "pid",
    "tid",           "port",
    "ipv4",          "ipv6",
    "socketaddress", "xml",
    "json",          "win32error",
    "ntstatus",      "hresult",
    "filetime",      "signed",
    "unsigned",      "culture_insensitive_datetime",
    "utf8",          "pkcs7_with_type_info",
    "code_pointer",  "datetime_utc",
};

static const uint8_t out_values[] = {
    ETWR_OUT_NULL,          ETWR_OUT_NOPRINT,
    ETWR_OUT_STRING,        ETWR_OUT_BOOLEAN,
    ETWR_OUT_HEX,           ETWR_OUT_PID,
    ETWR_OUT_TID,           ETWR_OUT_PORT,
    ETWR_OUT_IPV4,          ETWR_OUT_IPV6,
    ETWR_OUT_SOCKETADDRESS, ETWR_OUT_XML,
    ETWR_OUT_JSON,          ETWR_OUT_WIN32ERROR,
    ETWR_OUT_NTSTATUS,      ETWR_OUT_HRESULT,
    ETWR_OUT_FILETIME,      ETWR_OUT_SIGNED,
    ETWR_OUT_UNSIGNED,      ETWR_OUT_CULTURE_INSENSITIVE_DATETIME,
    ETWR_OUT_UTF8,          ETWR_OUT_PKCS7_WITH_TYPE_INFO,
    ETWR_OUT_CODE_POINTER,  ETWR_OUT_DATETIME_UTC,
};

_Static_assert(COUNT_OF(out_names) == COUNT_OF(out_values), "a value for each out type's name");

static const struct event_json_base *find_base(const char *name, size_t size)
{
    for (size_t i = 0; i < COUNT_OF(bases); i++) {
        if (strlen(bases[i].name) == size && memcmp(bases[i].name, name, size) == 0) {
            return &bases[i];
        }
    }
    return NULL;
}

static bool unknown_base(const char *name, size_t size, char *why, size_t capacity)
{
    const char *names[COUNT_OF(bases)];
    char known[NAME_MAX_BYTES + 1];
    size_t kept = size < NAME_MAX_BYTES ? size : NAME_MAX_BYTES;
    for (size_t i = 0; i < COUNT_OF(bases); i++)
        names[i] = bases[i].name;
    memcpy(known, name, kept);
    known[kept] = '\0';
    (void)snprintf(why, capacity, "there is no such type; the nearest is \"%s\"",
                   nearest_word(known, names, COUNT_OF(bases)));
    return false;
}

/* "]" or "N]" behind the opening bracket. */
static bool read_count(const char *text, uint8_t *array, uint16_t *count)
{
    unsigned long value = 0;
    *array = ETWR_IN_SEQUENCE;
    *count = 0;
    if (strcmp(text, "]") == 0) return true;
    if (*text == '0') return false;
    for (; *text >= '0' && *text <= '9'; text++) {
        value = value * 10 + (unsigned long)(*text - '0');
        if (value > ARRAY_COUNT_MAX) return false;
    }
    *array = ETWR_IN_CONSTANT_ARRAY;
    *count = (uint16_t)value;
    return value > 0 && strcmp(text, "]") == 0;
}

bool event_json_type_read(const char *text, struct event_json_type *type, char *why,
                          size_t capacity)
{
    size_t size = strcspn(text, "[");
    struct event_json_type read = {.base = find_base(text, size)};
    if (read.base == NULL) return unknown_base(text, size, why, capacity);
    if (text[size] == '[' && !read_count(text + size + 1, &read.array, &read.count)) {
        (void)snprintf(why, capacity, "expected %s[] or %s[N] with N from 1 to 65535",
                       read.base->name, read.base->name);
        return false;
    }
    if (read.array != 0 &&
        (read.base->in == ETWR_IN_BINARY || read.base->kind == EVENT_JSON_CUSTOM)) {
        (void)snprintf(why, capacity, "%s has no arrays; use cbinary", read.base->name);
        return false;
    }
    *type = read;
    return true;
}

bool event_json_out_read(const char *text, uint8_t *out, const char **nearest)
{
    for (size_t i = 0; i < COUNT_OF(out_names); i++) {
        if (strcmp(text, out_names[i]) != 0) continue;
        *out = out_values[i];
        return true;
    }
    *nearest = nearest_word(text, out_names, COUNT_OF(out_names));
    return false;
}

bool event_json_is_text8(const struct event_json_type *type)
{
    return type->base->kind == EVENT_JSON_TEXT8 || type->base->kind == EVENT_JSON_ZTEXT8;
}
