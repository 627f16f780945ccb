/*
 * What the parts of the event reader share: where they are in the tree, the builder, the first
 * error.
 *
 * Every function that returns bool returns false after it has put its error into `error`; nothing
 * goes on after that.
 */
#ifndef ETWRELAY_EVENT_JSON_READER_H
#define ETWRELAY_EVENT_JSON_READER_H

#include <stdbool.h>

#include "protocol/json/event_json.h"
#include "protocol/json/event_json_types.h"
#include "protocol/json/format.h"
#include "protocol/json/json_path.h"
#include "protocol/json/strict.h"
#include "protocol/text.h"

struct event_reader {
    struct etwr_event *builder;
    struct event_json_error *error;
    struct json_path path;
    struct text packed;  /* one field's packed value */
    struct text scratch; /* bytes of one {"hex"} or UTF-16 text */
};

void event_reader_init(struct event_reader *reader, struct etwr_event *builder,
                       struct event_json_error *error);
void event_reader_clear(struct event_reader *reader);

/* Always false. */
FORMAT_LIKE(3, 4)
bool event_reader_fail(struct event_reader *reader, enum etwr_status status, const char *format,
                       ...);
/* The same, one step further down the path. */
FORMAT_LIKE(4, 5)
bool event_reader_fail_at(struct event_reader *reader, const char *key, enum etwr_status status,
                          const char *format, ...);

/* True for ETWR_OK; else the builder's status with its text. */
bool event_reader_check(struct event_reader *reader, enum etwr_status status);

/* An error of ours must be one of the builder's too, so that the event cannot be written. */
void event_reader_fail_builder(struct event_reader *reader);

/* Is `object` an object, with these keys only? `what` names it in messages. */
bool event_reader_check_keys(struct event_reader *reader, const cJSON *object, const char *what,
                             const char *const *keys, size_t count);

/* A number or a string that holds one; *value is left alone when the key is absent. */
bool event_reader_number(struct event_reader *reader, const cJSON *object, const char *key,
                         uint64_t max, uint64_t *value);
bool event_reader_tag(struct event_reader *reader, const cJSON *object, uint32_t *tag);

/* Pack one value of a plain type, `item`, behind reader->packed; as an array when `type` is one. */
bool event_json_pack(struct event_reader *reader, const struct event_json_type *type,
                     const cJSON *item);

/* Hexadecimal text into reader->scratch. */
bool event_json_hex(struct event_reader *reader, const cJSON *item);

/* The out type that README.md gives to a value without "out"; `item` is NULL in a declaration. */
uint8_t event_json_default_out(const struct event_json_type *type, const cJSON *item);

/* Pack `item` and add it as a field. */
bool event_json_add_plain(struct event_reader *reader, const char *name,
                          const struct event_json_type *type, const cJSON *item, uint8_t out,
                          uint32_t tag);

/* The field objects of an event. */
bool event_json_add_fields(struct event_reader *reader, const cJSON *fields);

#endif
