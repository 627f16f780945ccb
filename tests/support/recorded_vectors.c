/* See recorded_vectors.h. */
#include "tests/support/recorded_vectors.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/text.h"
#include "protocol/wire/request.h"

#define LINE_MAX_BYTES (1 << 20)

static const char *member(const cJSON *object, const char *key)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
    return cJSON_IsString(item) ? item->valuestring : NULL;
}

/* The event as it stands in the line: the vector itself may hold \u0000, where cJSON ends. */
static void find_text(const char *json, struct vector_line *line)
{
    line->text = strstr(json, "\"event\": {");
    ck_assert_ptr_nonnull(line->text);
    line->text += strlen("\"event\": ");
    const char *end = strstr(line->text, ", \"expect\": {");
    ck_assert_ptr_nonnull(end);
    line->size = (size_t)(end - line->text);
}

void vector_lines_each(void (*use)(void *context, const struct vector_line *line), void *context)
{
    FILE *file = fopen("tests/vectors/events.jsonl", "rb");
    char *json = malloc(LINE_MAX_BYTES);
    struct vector_line line = {0};
    ck_assert(file != NULL && json != NULL);
    while (fgets(json, LINE_MAX_BYTES, file) != NULL) {
        cJSON *vector = cJSON_Parse(json);
        ck_assert_ptr_nonnull(vector);
        line.number++;
        line.event = cJSON_GetObjectItemCaseSensitive(vector, "event");
        line.expect = cJSON_GetObjectItemCaseSensitive(vector, "expect");
        find_text(json, &line);
        if (member(line.expect, "error") == NULL) use(context, &line);
        cJSON_Delete(vector);
    }
    free(json);
    fclose(file);
}

static void check_bytes(const struct vector_line *line, const char *key, struct etwr_bytes bytes)
{
    struct text hex;
    text_init(&hex);
    text_put_hex_bytes(&hex, bytes.data, bytes.size);
    text_put_char(&hex, '\0');
    ck_assert(!hex.failed);
    ck_assert_msg(strcmp(hex.data, member(line->expect, key)) == 0, "line %d: %s is %s",
                  line->number, key, hex.data);
    text_clear(&hex);
}

static void check_guid(const struct vector_line *line, const char *expected,
                       const struct etwr_guid *guid)
{
    char formatted[ETWR_GUID_TEXT_BYTES];
    etwr_guid_format(guid, formatted);
    if (expected == NULL) expected = "00000000-0000-0000-0000-000000000000";
    ck_assert_msg(strcmp(formatted, expected) == 0, "line %d: GUID %s", line->number, formatted);
}

void recorded_vector_check(const struct vector_line *line, const struct recorded_write *write)
{
    const struct etwr_bytes none = {NULL, 0};
    uint8_t descriptor[WIRE_DESCRIPTOR_BYTES];
    struct writer writer;
    writer_init(&writer, descriptor, sizeof descriptor);
    put_descriptor(&writer, &write->descriptor);
    check_guid(line, member(line->expect, "provider_id"), &write->provider_id);
    check_bytes(line, "descriptor", (struct etwr_bytes){descriptor, sizeof descriptor});
    ck_assert_uint_ge(write->data_count, 2);
    ck_assert_uint_le(write->data_count, 3);
    check_bytes(line, "provider_traits", write->data[0].bytes);
    check_bytes(line, "metadata", write->data[1].bytes);
    check_bytes(line, "data", write->data_count > 2 ? write->data[2].bytes : none);
    ck_assert_uint_eq(write->data[0].reserved, ETW_DATA_PROVIDER_METADATA);
    ck_assert_uint_eq(write->data[1].reserved, ETW_DATA_EVENT_METADATA);
    ck_assert(write->has_activity);
    check_guid(line, member(line->event, "activity_id"), &write->activity_id);
    check_guid(line, member(line->event, "related_activity_id"), &write->related_activity_id);
    ck_assert(write->has_related == (member(line->event, "related_activity_id") != NULL));
}
