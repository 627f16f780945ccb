/*
 * Events in JSON: one line of `etwrelay send --jsonl` into the EventBuilder.
 *
 * The builder does all the counting and limiting; here every key is known, every number exact, and
 * the error says where. The tree is read in the builder's order: name, level and keyword first,
 * fields last.
 */
#include "protocol/json/event_json.h"

#include <stdio.h>
#include <string.h>

#include "protocol/json/event_json_reader.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* An event may hold 127 structs, one in the other: an object and an array each. */
#define EVENT_DEPTH 280

static const char *const event_keys[] = {
    "provider", "provider_id", "group_id", "event",       "level",
    "keyword",  "opcode",      "id",       "version",     "task",
    "channel",  "tag",         "fields",   "activity_id", "related_activity_id",
    "record",
};

static bool ends_with(const char *text, const char *end)
{
    size_t text_size = strlen(text), end_size = strlen(end);
    return text_size >= end_size && strcmp(text + text_size - end_size, end) == 0;
}

/* \u0000 is refused by the parser; what it was part of says which of an event's own errors that is.
 */
static enum etwr_status status_of_nul(const char *path)
{
    bool is_name = strcmp(path, "$.provider") == 0 || strcmp(path, "$.event") == 0 ||
                   ends_with(path, "].name");
    return is_name ? ETWR_E_BAD_NAME : ETWR_E_BAD_VALUE;
}

static void take_strict_error(const struct strict_error *strict, enum etwr_status status,
                              struct event_json_error *error)
{
    error->status = strict->is_nul ? status_of_nul(strict->path) : status;
    memcpy(error->path, strict->path, sizeof(error->path));
    (void)snprintf(error->message, sizeof(error->message), "column %zu: %.200s%s", strict->column,
                   strict->message, strict->is_nul ? "; give the bytes as {\"hex\": \"...\"}" : "");
}

static bool read_provider(struct event_reader *reader, const cJSON *event,
                          struct event_json *target)
{
    const cJSON *name = cJSON_GetObjectItemCaseSensitive(event, "provider");
    size_t size = 0;
    if (!cJSON_IsString(name)) {
        return event_reader_fail_at(reader, "provider", ETWR_E_BAD_NAME,
                                    "required: the provider's name");
    }
    size = strlen(name->valuestring);
    if (size == 0 || size > EVENT_JSON_NAME_MAX_BYTES) {
        return event_reader_fail_at(reader, "provider", ETWR_E_BAD_NAME,
                                    "a provider's name has 1 to %d bytes",
                                    EVENT_JSON_NAME_MAX_BYTES);
    }
    memcpy(target->provider, name->valuestring, size + 1);
    return true;
}

static bool read_guid(struct event_reader *reader, const cJSON *event, const char *key, int *has,
                      struct etwr_guid *guid)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(event, key);
    *has = item != NULL;
    if (item == NULL) return true;
    if (cJSON_IsString(item) && etwr_guid_parse(item->valuestring, guid) == ETWR_OK) return true;
    return event_reader_fail_at(reader, key, ETWR_E_BAD_VALUE,
                                "expected a GUID such as "
                                "\"6ba7b810-9dad-11d1-80b4-00c04fd430c8\"");
}

static bool read_target(struct event_reader *reader, const cJSON *event, struct event_json *target)
{
    struct etwr_guid *id = &target->provider_id;
    if (!read_provider(reader, event, target) ||
        !read_guid(reader, event, "provider_id", &target->has_provider_id, id) ||
        !read_guid(reader, event, "group_id", &target->has_group_id, &target->group_id)) {
        return false;
    }
    if (target->has_provider_id) return true;
    return event_reader_check(reader, etwr_provider_id_from_name(target->provider, id));
}

static bool reset_builder(struct event_reader *reader, const cJSON *event)
{
    const cJSON *name = cJSON_GetObjectItemCaseSensitive(event, "event");
    uint64_t level = ETWR_LEVEL_DEFAULT, keyword = ETWR_KEYWORD_DEFAULT;
    if (!cJSON_IsString(name)) {
        return event_reader_fail_at(reader, "event", ETWR_E_BAD_NAME, "required: the event's name");
    }
    return event_reader_number(reader, event, "level", UINT8_MAX, &level) &&
           event_reader_number(reader, event, "keyword", UINT64_MAX, &keyword) &&
           event_reader_check(reader, etwr_event_reset(reader->builder, name->valuestring,
                                                       (uint8_t)level, keyword));
}

static bool read_descriptor(struct event_reader *reader, const cJSON *event)
{
    uint64_t opcode = 0, id = 0, version = 0, task = 0, channel = ETWR_CHANNEL_DEFAULT;
    uint32_t tag = 0;
    if (!event_reader_number(reader, event, "opcode", UINT8_MAX, &opcode) ||
        !event_reader_number(reader, event, "id", UINT16_MAX, &id) ||
        !event_reader_number(reader, event, "version", UINT8_MAX, &version) ||
        !event_reader_number(reader, event, "task", UINT16_MAX, &task) ||
        !event_reader_number(reader, event, "channel", UINT8_MAX, &channel) ||
        !event_reader_tag(reader, event, &tag)) {
        return false;
    }
    etwr_event_set_opcode(reader->builder, (uint8_t)opcode);
    etwr_event_set_id(reader->builder, (uint16_t)id);
    etwr_event_set_version(reader->builder, (uint8_t)version);
    etwr_event_set_task(reader->builder, (uint16_t)task);
    etwr_event_set_channel(reader->builder, (uint8_t)channel);
    return event_reader_check(reader, etwr_event_set_tag(reader->builder, tag));
}

static bool read_activity_ids(struct event_reader *reader, const cJSON *event)
{
    struct etwr_guid id, related;
    int has_id = 0, has_related = 0;
    if (!read_guid(reader, event, "activity_id", &has_id, &id) ||
        !read_guid(reader, event, "related_activity_id", &has_related, &related)) {
        return false;
    }
    etwr_event_set_activity_id(reader->builder, has_id ? &id : NULL);
    etwr_event_set_related_activity_id(reader->builder, has_related ? &related : NULL);
    return true;
}

static bool read_fields(struct event_reader *reader, const cJSON *event)
{
    const cJSON *fields = cJSON_GetObjectItemCaseSensitive(event, "fields");
    const cJSON *record = cJSON_GetObjectItemCaseSensitive(event, "record");
    size_t mark = 0;
    if (record != NULL && !cJSON_IsObject(record)) {
        return event_reader_fail_at(reader, "record", ETWR_E_BAD_VALUE, "expected an object {...}");
    }
    if (fields == NULL) return true;
    if (!cJSON_IsArray(fields)) {
        return event_reader_fail_at(reader, "fields", ETWR_E_BAD_VALUE, "expected an array [...]");
    }
    mark = json_path_key(&reader->path, "fields", strlen("fields"));
    if (!event_json_add_fields(reader, fields)) return false;
    json_path_back(&reader->path, mark);
    return true;
}

/* What only the whole event shows: a struct left open, one field too many. */
static bool finish(struct event_reader *reader)
{
    struct etwr_encoded encoded;
    return event_reader_check(reader, etwr_event_encode(reader->builder, &encoded));
}

static bool read_event(struct event_reader *reader, const cJSON *event, struct event_json *target)
{
    return event_reader_check_keys(reader, event, "an event", event_keys, COUNT_OF(event_keys)) &&
           read_target(reader, event, target) && reset_builder(reader, event) &&
           read_descriptor(reader, event) && read_activity_ids(reader, event) &&
           read_fields(reader, event) && finish(reader);
}

enum etwr_status event_json_read(const char *json, size_t size, struct etwr_event *builder,
                                 struct event_json *target, struct event_json_error *error)
{
    struct event_reader reader;
    struct strict_error strict;
    cJSON *event = NULL;
    enum etwr_status status = strict_parse_deep(json, size, EVENT_DEPTH, &event, &strict);
    event_reader_init(&reader, builder, error);
    memset(target, 0, sizeof(*target));
    if (status != ETWR_OK) {
        take_strict_error(&strict, status, error);
    } else {
        (void)read_event(&reader, event, target);
    }
    if (error->status != ETWR_OK) event_reader_fail_builder(&reader);
    cJSON_Delete(event);
    event_reader_clear(&reader);
    return error->status;
}
