/*
 * Field types and out types by the names that JSON and the command line use.
 */
#ifndef ETWRELAY_EVENT_JSON_TYPES_H
#define ETWRELAY_EVENT_JSON_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum event_json_kind { /* how a value is written in JSON */
                       EVENT_JSON_SIGNED,
                       EVENT_JSON_UNSIGNED,
                       EVENT_JSON_FLOAT32,
                       EVENT_JSON_FLOAT64,
                       EVENT_JSON_BOOL32,
                       EVENT_JSON_BYTES,  /* hex, counted */
                       EVENT_JSON_TEXT8,  /* counted */
                       EVENT_JSON_TEXT16, /* counted */
                       EVENT_JSON_ZTEXT8,
                       EVENT_JSON_ZTEXT16,
                       EVENT_JSON_GUID,
                       EVENT_JSON_SYSTEMTIME,
                       EVENT_JSON_SID,
                       EVENT_JSON_STRUCT,
                       EVENT_JSON_CUSTOM
};

struct event_json_base {
    const char *name;
    uint8_t in; /* enum etwr_in, without flags */
    enum event_json_kind kind;
    uint8_t bytes; /* of one packed value; 0 when that varies */
};

struct event_json_type {
    const struct event_json_base *base;
    uint8_t array;  /* 0, ETWR_IN_SEQUENCE or ETWR_IN_CONSTANT_ARRAY */
    uint16_t count; /* of a constant array, else 0 */
};

/* "int32", "int32[]", "int32[4]". On failure *why is one sentence of at most `capacity` bytes. */
bool event_json_type_read(const char *text, struct event_json_type *type, char *why,
                          size_t capacity);

/* False when there is no such out type; *nearest is then the nearest name. */
bool event_json_out_read(const char *text, uint8_t *out, const char **nearest);

bool event_json_is_text8(const struct event_json_type *type); /* zstr8, str8 and their arrays */

#endif
