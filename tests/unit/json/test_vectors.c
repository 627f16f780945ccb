/*
 * Conformance: every event of tests/vectors/events.jsonl through the JSON reader and the builder
 * gives the reference encoder's bytes, or the refusal that is expected.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/json/event_json.h"
#include "protocol/json/strict.h"
#include "protocol/text.h"
#include "protocol/wire/request.h"

#define LINE_MAX_BYTES (1 << 20)
#define LINE_COUNT     368

static char line[LINE_MAX_BYTES];
static struct text hex;

static const char *as_hex(const void *bytes, size_t size)
{
    text_reset(&hex);
    text_put_hex_bytes(&hex, bytes, size);
    text_put_char(&hex, '\0');
    ck_assert(!hex.failed);
    return hex.data;
}

static const char *member(const cJSON *object, const char *key)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
    return cJSON_IsString(item) ? item->valuestring : NULL;
}

static void check_target(int number, const cJSON *expect, const struct event_json *target)
{
    uint8_t traits[2 + EVENT_JSON_NAME_MAX_BYTES + 1 + 19];
    char id[ETWR_GUID_TEXT_BYTES];
    size_t size = 0;
    const struct etwr_guid *group = target->has_group_id ? &target->group_id : NULL;
    ck_assert_int_eq(etwr_provider_traits(target->provider, group, traits, sizeof(traits), &size),
                     ETWR_OK);
    ck_assert_msg(strcmp(as_hex(traits, size), member(expect, "provider_traits")) == 0,
                  "line %d: traits %s", number, hex.data);
    etwr_guid_format(&target->provider_id, id);
    ck_assert_msg(strcmp(id, member(expect, "provider_id")) == 0, "line %d: id %s", number, id);
}

static void check_descriptor(int number, const cJSON *expect,
                             const struct etwr_descriptor *descriptor)
{
    uint8_t bytes[WIRE_DESCRIPTOR_BYTES];
    struct writer writer;
    writer_init(&writer, bytes, sizeof(bytes));
    put_descriptor(&writer, descriptor);
    ck_assert_uint_eq(writer_size(&writer), sizeof(bytes));
    ck_assert_msg(strcmp(as_hex(bytes, sizeof(bytes)), member(expect, "descriptor")) == 0,
                  "line %d: descriptor %s", number, hex.data);
}

static void check_activity_id(int number, const char *expected, const struct etwr_guid *id)
{
    char text[ETWR_GUID_TEXT_BYTES];
    ck_assert_msg((expected == NULL) == (id == NULL), "line %d: activity id", number);
    if (id == NULL) return;
    etwr_guid_format(id, text);
    ck_assert_msg(strcmp(text, expected) == 0, "line %d: activity id %s", number, text);
}

static void check_encoded(int number, const cJSON *vector, struct etwr_event *builder,
                          const struct event_json *target)
{
    const cJSON *expect = cJSON_GetObjectItemCaseSensitive(vector, "expect");
    const cJSON *event = cJSON_GetObjectItemCaseSensitive(vector, "event");
    struct etwr_encoded encoded;
    ck_assert_int_eq(etwr_event_encode(builder, &encoded), ETWR_OK);
    check_target(number, expect, target);
    check_descriptor(number, expect, &encoded.descriptor);
    ck_assert_msg(strcmp(as_hex(encoded.metadata.data, encoded.metadata.size),
                         member(expect, "metadata")) == 0,
                  "line %d: metadata %s", number, hex.data);
    ck_assert_msg(strcmp(as_hex(encoded.data.data, encoded.data.size), member(expect, "data")) == 0,
                  "line %d: data %s", number, hex.data);
    check_activity_id(number, member(event, "activity_id"), encoded.activity_id);
    check_activity_id(number, member(event, "related_activity_id"), encoded.related_activity_id);
}

/* The event's own text, as it stands in the line: behind "event": and before ,"expect". */
static const char *event_text(size_t *size)
{
    const char *start = strstr(line, "\"event\": {");
    const char *end = NULL;
    ck_assert_ptr_nonnull(start);
    start += strlen("\"event\": ");
    end = strstr(start, ", \"expect\": {");
    ck_assert_ptr_nonnull(end);
    *size = (size_t)(end - start);
    return start;
}

/* The vector itself may hold \u0000, so the event is read from the text; `expect` from here. */
static cJSON *parse_vector(void)
{
    cJSON *vector = cJSON_Parse(line);
    ck_assert_ptr_nonnull(vector);
    return vector;
}

static void check_line(int number, struct etwr_event *builder)
{
    struct event_json target;
    struct event_json_error error;
    size_t size = 0;
    const char *text = event_text(&size);
    cJSON *vector = parse_vector();
    const char *refusal = member(cJSON_GetObjectItemCaseSensitive(vector, "expect"), "error");
    enum etwr_status status = event_json_read(text, size, builder, &target, &error);
    if (refusal != NULL) {
        ck_assert_msg(strcmp(etwr_status_name(status), refusal) == 0, "line %d: %s: %s: %s", number,
                      etwr_status_name(status), error.path, error.message);
        ck_assert_int_ne(etwr_event_status(builder), ETWR_OK);
    } else {
        ck_assert_msg(status == ETWR_OK, "line %d: %s: %s", number, error.path, error.message);
        check_encoded(number, vector, builder, &target);
    }
    cJSON_Delete(vector);
}

START_TEST(every_event_has_the_reference_encoders_bytes)
{
    FILE *file = fopen("tests/vectors/events.jsonl", "r");
    struct etwr_event *builder = NULL;
    int number = 0;
    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(etwr_event_create(&builder), ETWR_OK);
    text_init(&hex);
    while (fgets(line, sizeof(line), file) != NULL)
        check_line(++number, builder);
    ck_assert_int_eq(number, LINE_COUNT);
    etwr_event_destroy(builder);
    text_clear(&hex);
    ck_assert_int_eq(fclose(file), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("vectors");
    TCase *tcase = tcase_create("vectors");
    SRunner *runner = srunner_create(suite);
    int failed = 0;
    suite_add_tcase(suite, tcase);
    tcase_set_timeout(tcase, 30);
    tcase_add_test(tcase, every_event_has_the_reference_encoders_bytes);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
