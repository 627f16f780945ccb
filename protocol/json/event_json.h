/*
 * An event in JSON (tests/vectors/README.md has the form) into a builder, and whom it is for.
 *
 * Nothing is changed silently: a key that is not known, a value that does not fit, a number that
 * lost digits is an error with the JSON path and what was expected.
 */
#ifndef ETWRELAY_EVENT_JSON_H
#define ETWRELAY_EVENT_JSON_H

#include <etwrelay/event.h>

#define EVENT_JSON_NAME_MAX_BYTES 1024

struct event_json {
    char provider[EVENT_JSON_NAME_MAX_BYTES + 1];
    int has_provider_id, has_group_id;
    struct etwr_guid provider_id, group_id; /* provider_id is the name's hash when none was given */
};

struct event_json_error {
    enum etwr_status status; /* as in the vectors' "error": etwr_status_name(status) */
    char path[256];          /* $.fields[3].value */
    char message[256];
};

/* `json`: one line without its line end. `builder` is reset; on failure it is left in an error
 * state. */
enum etwr_status event_json_read(const char *json, size_t size, struct etwr_event *builder,
                                 struct event_json *target, struct event_json_error *error);

/* One field of the command line: NAME:TYPE=VALUE, added to the builder (error->path is the
 * argument's name part). */
enum etwr_status event_json_add_argument(struct etwr_event *builder, const char *argument,
                                         struct event_json_error *error);

#endif
