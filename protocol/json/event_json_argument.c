/*
 * One field of the command line, NAME:TYPE=VALUE, by the same rules as a field object in JSON.
 *
 * A scalar's VALUE is its text as it stands; a sequence's is a JSON array.
 */
#include "protocol/json/event_json.h"

#include <stdlib.h>
#include <string.h>

#include "protocol/json/event_json_reader.h"
#include "protocol/json/strict_number.h"

struct argument {
    char *name; /* the copy that everything else points into */
    const char *type;
    const char *value;
};

/* The last ':' before the first '=' ends the name, so that a name may hold ':' and a value
 * anything. */
static bool split_argument(struct event_reader *reader, const char *text, struct argument *argument)
{
    char *equals = NULL, *colon = NULL;
    argument->name = malloc(strlen(text) + 1);
    if (argument->name == NULL) return event_reader_check(reader, ETWR_E_NO_MEMORY);
    memcpy(argument->name, text, strlen(text) + 1);
    equals = strchr(argument->name, '=');
    if (equals != NULL) {
        *equals = '\0';
        colon = strrchr(argument->name, ':');
    }
    json_path_init_root(&reader->path, argument->name);
    if (colon == NULL) {
        return event_reader_fail(reader, ETWR_E_BAD_VALUE, "expected NAME:TYPE=VALUE");
    }
    *colon = '\0';
    json_path_init_root(&reader->path, argument->name);
    argument->type = colon + 1;
    argument->value = equals + 1;
    return true;
}

static bool read_argument_type(struct event_reader *reader, const struct argument *argument,
                               struct event_json_type *type)
{
    char why[128];
    if (!event_json_type_read(argument->type, type, why, sizeof(why))) {
        return event_reader_fail(reader, ETWR_E_BAD_TYPE, "%s", why);
    }
    if (type->base->kind == EVENT_JSON_STRUCT || type->base->kind == EVENT_JSON_CUSTOM) {
        return event_reader_fail(reader, ETWR_E_BAD_TYPE, "%s only through --jsonl",
                                 type->base->name);
    }
    return true;
}

/* A float or a bool32 is a JSON number or word on the command line too; everything else is text. */
static cJSON *scalar_item(const struct event_json_type *type, const char *value)
{
    const char *at = value;
    const char *end = value + strlen(value);
    enum event_json_kind kind = type->base->kind;
    bool is_float = kind == EVENT_JSON_FLOAT32 || kind == EVENT_JSON_FLOAT64;
    if (kind == EVENT_JSON_BOOL32 && strcmp(value, "true") == 0) return cJSON_CreateTrue();
    if (kind == EVENT_JSON_BOOL32 && strcmp(value, "false") == 0) return cJSON_CreateFalse();
    if (is_float && strict_number_check(&at, end) == STRICT_NUMBER_OK && at == end) {
        return cJSON_CreateNumber(strtod(value, NULL));
    }
    return cJSON_CreateString(value);
}

static bool array_item(struct event_reader *reader, const char *value, cJSON **item)
{
    struct strict_error strict;
    enum etwr_status status = strict_parse(value, strlen(value), item, &strict);
    if (status == ETWR_OK) return true;
    if (strict.is_nul) status = ETWR_E_BAD_VALUE;
    return event_reader_fail(reader, status,
                             "a sequence's value is a JSON array; column %zu: %.160s",
                             strict.column, strict.message);
}

static bool add_argument(struct event_reader *reader, const char *text, struct argument *argument,
                         cJSON **item)
{
    struct event_json_type type;
    if (!split_argument(reader, text, argument)) return false;
    if (!read_argument_type(reader, argument, &type)) return false;
    if (type.array != 0) {
        if (!array_item(reader, argument->value, item)) return false;
    } else {
        *item = scalar_item(&type, argument->value);
        if (*item == NULL) return event_reader_check(reader, ETWR_E_NO_MEMORY);
    }
    return event_json_add_plain(reader, argument->name, &type, *item,
                                event_json_default_out(&type, *item), 0);
}

enum etwr_status event_json_add_argument(struct etwr_event *builder, const char *argument,
                                         struct event_json_error *error)
{
    struct event_reader reader;
    struct argument parts = {0};
    cJSON *item = NULL;
    event_reader_init(&reader, builder, error);
    if (!add_argument(&reader, argument, &parts, &item)) event_reader_fail_builder(&reader);
    cJSON_Delete(item);
    free(parts.name);
    event_reader_clear(&reader);
    return error->status;
}
