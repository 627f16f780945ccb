/*
 * Events as JSON lines, and as NAME:TYPE=VALUE on the command line.
 *
 * Input: u8 what; 0: one argument; else a line. An event that is taken is one that the service
 * takes, and what `dump` makes of it is taken again as the same event, byte for byte.
 */
#include <stdlib.h>
#include <string.h>

#include "protocol/json/event_json.h"
#include "protocol/tracelogging/decode.h"
#include "protocol/tracelogging/schema.h"
#include "tests/fuzz/fuzz.h"

static struct etwr_event *builder, *again;
static struct event_json target, target_again;
static struct text json;

static void check_error(const struct event_json_error *error)
{
    size_t path = strnlen(error->path, sizeof error->path);
    size_t message = strnlen(error->message, sizeof error->message);

    FUZZ_CHECK(path < sizeof error->path && message < sizeof error->message && message > 0);
    FUZZ_CHECK(fuzz_is_printable(error->path, path));
    FUZZ_CHECK(fuzz_is_printable(error->message, message));
}

static void check_accepted(const struct etwr_encoded *encoded)
{
    struct schema *schema;
    struct etwr_encoded rebuilt;

    FUZZ_CHECK(schema_rebuild(encoded->metadata.data, encoded->metadata.size, &encoded->descriptor,
                              again, NULL) == ETWR_OK);
    FUZZ_CHECK(etwr_event_encode_template(again, &rebuilt) == ETWR_OK);
    FUZZ_CHECK(rebuilt.metadata.size == encoded->metadata.size);
    FUZZ_CHECK(memcmp(rebuilt.metadata.data, encoded->metadata.data, encoded->metadata.size) == 0);
    FUZZ_CHECK(schema_create(encoded->metadata.data, encoded->metadata.size, &schema) == ETWR_OK);
    FUZZ_CHECK(schema_check(schema, encoded->data.data, encoded->data.size) == ETWR_OK);
    schema_destroy(schema);
}

static void dump(const struct etwr_encoded *encoded)
{
    uint8_t traits[EVENT_JSON_NAME_MAX_BYTES + 32];
    size_t size;
    const struct etwr_guid *group = target.has_group_id ? &target.group_id : NULL;

    FUZZ_CHECK(etwr_provider_traits(target.provider, group, traits, sizeof traits, &size) ==
               ETWR_OK);
    struct trace_record record = {.provider_id = target.provider_id,
                                  .traits = {traits, size},
                                  .descriptor = encoded->descriptor,
                                  .metadata = encoded->metadata,
                                  .data = encoded->data,
                                  .activity_id = encoded->activity_id,
                                  .related_activity_id = encoded->related_activity_id};
    text_reset(&json);
    FUZZ_CHECK(decode_json(&record, &json) == ETWR_OK);
    FUZZ_CHECK(!json.failed && fuzz_is_printable(json.data, json.size));
}

static bool is_same(struct etwr_bytes a, struct etwr_bytes b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

/* The last field named `etwrelay` is what the service stamps, and dump leaves it out. */
static bool has_origin(const struct etwr_encoded *encoded)
{
    int found = 0;
    FUZZ_CHECK(schema_has_field(encoded->metadata.data, encoded->metadata.size, "etwrelay",
                                &found) == ETWR_OK);
    return found != 0;
}

static void check_event(void)
{
    struct etwr_encoded encoded, reread;
    struct event_json_error error;

    if (etwr_event_encode(builder, &encoded) != ETWR_OK) return;
    check_accepted(&encoded);
    if (has_origin(&encoded)) return;
    dump(&encoded);
    FUZZ_CHECK(event_json_read(json.data, json.size, again, &target_again, &error) == ETWR_OK);
    FUZZ_CHECK(etwr_event_encode(again, &reread) == ETWR_OK);
    FUZZ_CHECK(strcmp(target.provider, target_again.provider) == 0);
    FUZZ_CHECK(memcmp(&target.provider_id, &target_again.provider_id, 16) == 0);
    FUZZ_CHECK(is_same(encoded.metadata, reread.metadata));
    FUZZ_CHECK(is_same(encoded.data, reread.data));
    FUZZ_CHECK(encoded.descriptor.keyword == reread.descriptor.keyword);
    FUZZ_CHECK(encoded.descriptor.level == reread.descriptor.level);
}

static void read_line(const uint8_t *bytes, size_t size)
{
    struct event_json_error error;

    if (event_json_read((const char *)bytes, size, builder, &target, &error) == ETWR_OK) {
        check_event();
    } else {
        struct etwr_encoded encoded;
        check_error(&error);
        FUZZ_CHECK(etwr_event_encode(builder, &encoded) != ETWR_OK);
    }
}

static void read_argument(const uint8_t *bytes, size_t size)
{
    struct event_json_error error;
    char *argument = fuzz_copy_text(bytes, size);

    (void)etwr_event_reset(builder, "E", 5, 1);
    if (event_json_add_argument(builder, argument, &error) == ETWR_OK) {
        memset(&target, 0, sizeof target);
        target.provider[0] = 'P';
        FUZZ_CHECK(etwr_provider_id_from_name(target.provider, &target.provider_id) == ETWR_OK);
        check_event();
    } else {
        FUZZ_CHECK(etwr_event_status(builder) != ETWR_OK);
    }
    free(argument);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    if (builder == NULL) {
        FUZZ_CHECK(etwr_event_create(&builder) == ETWR_OK);
        FUZZ_CHECK(etwr_event_create(&again) == ETWR_OK);
        text_init(&json);
    }
    if (size == 0) return 0;
    uint8_t *copy = fuzz_copy(bytes + 1, size - 1);
    if (bytes[0] == 0) {
        read_argument(copy, size - 1);
    } else {
        read_line(copy, size - 1);
    }
    free(copy);
    return 0;
}
