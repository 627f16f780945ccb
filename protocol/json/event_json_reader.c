/*
 * The event reader's common ground: its errors, key checks and numbers.
 *
 * The path is a stack that follows the walk, so that the place where something fails is known
 * without being passed around.
 */
#include "protocol/json/event_json_reader.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "protocol/json/nearest.h"

void event_reader_init(struct event_reader *reader, struct etwr_event *builder,
                       struct event_json_error *error)
{
    memset(error, 0, sizeof(*error));
    reader->builder = builder;
    reader->error = error;
    json_path_init(&reader->path);
    text_init(&reader->packed);
    text_init(&reader->scratch);
}

void event_reader_clear(struct event_reader *reader)
{
    text_clear(&reader->packed);
    text_clear(&reader->scratch);
}

static bool fail_with(struct event_reader *reader, enum etwr_status status, const char *format,
                      va_list arguments)
{
    struct event_json_error *error = reader->error;
    error->status = status;
    memcpy(error->path, reader->path.text, sizeof(error->path));
    (void)vsnprintf(error->message, sizeof(error->message), format, arguments);
    return false;
}

bool event_reader_fail(struct event_reader *reader, enum etwr_status status, const char *format,
                       ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)fail_with(reader, status, format, arguments);
    va_end(arguments);
    return false;
}

bool event_reader_fail_at(struct event_reader *reader, const char *key, enum etwr_status status,
                          const char *format, ...)
{
    va_list arguments;
    (void)json_path_key(&reader->path, key, strlen(key));
    va_start(arguments, format);
    (void)fail_with(reader, status, format, arguments);
    va_end(arguments);
    return false;
}

bool event_reader_check(struct event_reader *reader, enum etwr_status status)
{
    if (status == ETWR_OK) return true;
    return event_reader_fail(reader, status, "%s", etwr_status_text(status));
}

void event_reader_fail_builder(struct event_reader *reader)
{
    if (etwr_event_status(reader->builder) != ETWR_OK) return;
    (void)etwr_event_reset(reader->builder, "\xff", 0, 0); /* never valid UTF-8 */
}

static bool is_known(const char *key, const char *const *keys, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(key, keys[i]) == 0) return true;
    }
    return false;
}

bool event_reader_check_keys(struct event_reader *reader, const cJSON *object, const char *what,
                             const char *const *keys, size_t count)
{
    const cJSON *member = NULL;
    if (!cJSON_IsObject(object)) {
        return event_reader_fail(reader, ETWR_E_BAD_VALUE, "%s is an object {...}", what);
    }
    cJSON_ArrayForEach(member, object)
    {
        if (is_known(member->string, keys, count)) continue;
        return event_reader_fail_at(reader, member->string, ETWR_E_BAD_VALUE,
                                    "%s has no such key; the nearest is \"%s\"", what,
                                    nearest_word(member->string, keys, count));
    }
    return true;
}

bool event_reader_number(struct event_reader *reader, const cJSON *object, const char *key,
                         uint64_t max, uint64_t *value)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
    if (item == NULL || strict_get_u64(item, max, value) == ETWR_OK) return true;
    return event_reader_fail_at(reader, key, ETWR_E_BAD_VALUE,
                                "expected an integer from 0 to %" PRIu64 ": %s", max,
                                strict_integer_fault(item));
}

bool event_reader_tag(struct event_reader *reader, const cJSON *object, uint32_t *tag)
{
    uint64_t value = 0;
    if (!event_reader_number(reader, object, "tag", UINT64_MAX, &value)) return false;
    if (value > ETWR_TAG_MAX) {
        return event_reader_fail_at(reader, "tag", ETWR_E_BAD_TAG, "a tag has 28 bits: 0 to %u",
                                    (unsigned)ETWR_TAG_MAX);
    }
    *tag = (uint32_t)value;
    return true;
}
