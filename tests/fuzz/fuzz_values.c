/*
 * The value check against an independent walk (oracle.c), and both against the decoders.
 *
 * Input: u16 size of the metadata, the metadata, then the values. The metadata's own size field is
 * set right, so that a change of its length does not end everything at once. Values that are
 * accepted must decode, as JSON and as a line; values that are rejected must not.
 */
#include <stdlib.h>
#include <string.h>

#include "protocol/json/strict.h"
#include "protocol/tracelogging/decode.h"
#include "protocol/tracelogging/schema.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/oracle.h"

static struct etwr_event *builder;
static struct text json, line;

static void check_json(void)
{
    cJSON *tree = NULL;
    struct strict_error error;

    FUZZ_CHECK(!json.failed && fuzz_is_printable(json.data, json.size));
    FUZZ_CHECK(strict_parse_deep(json.data, json.size, STRICT_DEPTH_LIMIT, &tree, &error) ==
               ETWR_OK);
    cJSON_Delete(tree);
}

static void decode(const struct etwr_encoded *encoded, struct etwr_bytes values, bool is_good)
{
    static const uint8_t traits[] = {6, 0, 'P', 'r', 'o', 0};
    struct trace_record record = {.traits = {traits, sizeof traits},
                                  .descriptor = encoded->descriptor,
                                  .metadata = encoded->metadata,
                                  .data = values,
                                  .filetime = UINT64_C(134399082101230000),
                                  .pid = 1,
                                  .tid = 2};

    text_reset(&json);
    text_reset(&line);
    FUZZ_CHECK(decode_json(&record, &json) == (is_good ? ETWR_OK : ETWR_E_MALFORMED));
    FUZZ_CHECK(decode_line(&record, &line) == (is_good ? ETWR_OK : ETWR_E_MALFORMED));
    check_json();
    FUZZ_CHECK(!line.failed && fuzz_is_printable(line.data, line.size));
}

static void check_values(const struct etwr_encoded *encoded, struct etwr_bytes values)
{
    struct schema *schema;
    uint8_t *copy = fuzz_copy(values.data, values.size);
    struct etwr_bytes exact = {copy, values.size};
    enum oracle_answer answer =
        oracle_check(encoded->metadata.data, encoded->metadata.size, copy, values.size);

    FUZZ_CHECK(schema_create(encoded->metadata.data, encoded->metadata.size, &schema) == ETWR_OK);
    enum etwr_status status = schema_check(schema, copy, values.size);
    FUZZ_CHECK(status == (answer == ORACLE_FITS ? ETWR_OK : ETWR_E_BAD_VALUE));
    schema_destroy(schema);
    /* Files may hold half a unit of UTF-16, which is then shown as it is. */
    decode(encoded, exact, answer != ORACLE_MISFIT);
    free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static const struct etwr_descriptor descriptor = {.level = 5, .channel = 11, .keyword = 1};
    struct reader reader;
    struct etwr_encoded encoded;

    if (builder == NULL) {
        FUZZ_CHECK(etwr_event_create(&builder) == ETWR_OK);
        text_init(&json);
        text_init(&line);
    }
    reader_init(&reader, bytes, size);
    struct etwr_bytes metadata = fuzz_take(&reader, read_u16(&reader));
    if (reader.failed || metadata.size < 2) return 0;
    uint8_t *sized = fuzz_copy(metadata.data, metadata.size);
    sized[0] = (uint8_t)metadata.size;
    sized[1] = (uint8_t)(metadata.size >> 8);
    struct etwr_bytes values = fuzz_take_rest(&reader);
    if (values.size <= ETWR_DATA_MAX_BYTES &&
        schema_rebuild(sized, metadata.size, &descriptor, builder, NULL) == ETWR_OK) {
        FUZZ_CHECK(etwr_event_encode_template(builder, &encoded) == ETWR_OK);
        check_values(&encoded, values);
    }
    free(sized);
    return 0;
}
