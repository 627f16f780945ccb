/*
 * Metadata that would make the service loop (SECURITY: T21): what the walk, the check and the
 * decoders do, counted in basic blocks, stays linear in metadata plus values.
 *
 * The sources are compiled once more for this test, with a call at each basic block. So the count
 * is the same on every machine, and no clock is looked at.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/tracelogging/decode.h"
#include "protocol/tracelogging/schema.h"

/* Blocks for each byte of input, and for an input of none. Decoding to JSON takes most; a loop that
 * is not linear takes thousands. */
#define BLOCKS_PER_BYTE 200u
#define BLOCKS_AT_LEAST 30000u

static uint64_t blocks;

void __sanitizer_cov_trace_pc(void);
void __sanitizer_cov_trace_pc(void)
{
    blocks++;
}

struct input {
    uint8_t metadata[4096];
    size_t metadata_size;
    uint8_t values[65536];
    size_t values_size;
};

static struct input input;
static struct etwr_event *event;
static struct text text;

static void setup(void)
{
    ck_assert_int_eq(etwr_event_create(&event), ETWR_OK);
    text_init(&text);
    memset(&input, 0, sizeof input);
    input.metadata[3] = 'E';
    input.metadata_size = 5;
}

static void teardown(void)
{
    etwr_event_destroy(event);
    text_clear(&text);
}

static void add(const void *bytes, size_t size)
{
    memcpy(input.metadata + input.metadata_size, bytes, size);
    input.metadata_size += size;
}

static void add_field(uint8_t in)
{
    const uint8_t field[] = {'f', 0, in};
    add(field, sizeof field);
}

static void add_struct(uint8_t array, uint8_t members, uint16_t count)
{
    const uint8_t field[] = {'s', 0, (uint8_t)(0x80 | array | ETWR_IN_STRUCT), members};
    const uint8_t number[] = {(uint8_t)count, (uint8_t)(count >> 8)};
    add(field, sizeof field);
    if (array == ETWR_IN_CONSTANT_ARRAY) add(number, sizeof number);
}

static void put_u16_value(uint16_t value)
{
    input.values[input.values_size++] = (uint8_t)value;
    input.values[input.values_size++] = (uint8_t)(value >> 8);
}

static void check_cost(const char *what, uint64_t bytes)
{
    uint64_t limit = BLOCKS_AT_LEAST + BLOCKS_PER_BYTE * bytes;

    ck_assert_msg(blocks > 0, "nothing is counted");
    ck_assert_msg(blocks <= limit, "%s: %llu blocks for %llu bytes", what,
                  (unsigned long long)blocks, (unsigned long long)bytes);
}

static void decode(const struct etwr_encoded *encoded, uint64_t bytes)
{
    const struct trace_record record = {.descriptor = encoded->descriptor,
                                        .metadata = encoded->metadata,
                                        .data = {input.values, input.values_size}};
    blocks = 0;
    text_reset(&text);
    (void)decode_json(&record, &text);
    check_cost("decode_json", bytes + text.size / 8);
    blocks = 0;
    text_reset(&text);
    (void)decode_line(&record, &text);
    check_cost("decode_line", bytes + text.size / 8);
}

/* Rebuild, compile, check and decode; each within the limit. */
static void run(enum etwr_status expected)
{
    const struct etwr_descriptor descriptor = {.level = 5, .channel = 11};
    struct etwr_encoded encoded;
    struct schema *schema;
    uint64_t bytes = input.metadata_size + input.values_size;

    input.metadata[0] = (uint8_t)input.metadata_size;
    input.metadata[1] = (uint8_t)(input.metadata_size >> 8);
    blocks = 0;
    ck_assert_int_eq(schema_rebuild(input.metadata, input.metadata_size, &descriptor, event, NULL),
                     ETWR_OK);
    check_cost("schema_rebuild", input.metadata_size);
    ck_assert_int_eq(etwr_event_encode_template(event, &encoded), ETWR_OK);
    blocks = 0;
    ck_assert_int_eq(schema_create(encoded.metadata.data, encoded.metadata.size, &schema), ETWR_OK);
    check_cost("schema_create", input.metadata_size);
    blocks = 0;
    ck_assert_int_eq(schema_check(schema, input.values, input.values_size), expected);
    if (blocks > 0) check_cost("schema_check", bytes);
    schema_destroy(schema);
    decode(&encoded, bytes);
}

START_TEST(arrays_in_arrays_of_elements_of_one_byte)
{
    for (unsigned i = 0; i < 8; i++)
        add_struct(ETWR_IN_CONSTANT_ARRAY, 1, i < 7 ? 4 : 3);
    add_field(ETWR_IN_ZSTR8);
    input.values_size = 49152; /* 4^7 * 3 empty strings */
    run(ETWR_OK);
}
END_TEST

START_TEST(structs_in_structs_within_each_element)
{
    add_struct(ETWR_IN_SEQUENCE, 1, 0);
    for (unsigned i = 0; i < 7; i++)
        add_struct(0, 1, 0);
    add_field(ETWR_IN_ZSTR8);
    put_u16_value(60000);
    input.values_size += 60000;
    run(ETWR_OK);
}
END_TEST

START_TEST(constant_arrays_that_announce_more_than_there_is)
{
    for (unsigned i = 0; i < 8; i++)
        add_struct(ETWR_IN_CONSTANT_ARRAY, 1, 65535);
    add_field(ETWR_IN_CBINARY);
    input.values_size = 65536;
    run(ETWR_E_BAD_VALUE);
}
END_TEST

START_TEST(sequences_of_empty_sequences)
{
    add_struct(ETWR_IN_SEQUENCE, 1, 0);
    add_field(ETWR_IN_SEQUENCE | ETWR_IN_STR16);
    put_u16_value(30000);
    input.values_size += 60000;
    run(ETWR_OK);
}
END_TEST

START_TEST(as_many_fields_as_there_can_be)
{
    for (unsigned i = 0; i < ETWR_FIELDS_MAX; i++)
        add_field(ETWR_IN_ZSTR16);
    input.values_size = 2 * (size_t)ETWR_FIELDS_MAX;
    run(ETWR_OK);
}
END_TEST

START_TEST(elements_of_many_members)
{
    add_struct(ETWR_IN_SEQUENCE, 120, 0);
    for (unsigned i = 0; i < 120; i++)
        add_field(ETWR_IN_ZSTR8);
    put_u16_value(500);
    input.values_size += 500 * (size_t)120;
    run(ETWR_OK);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("linear");
    TCase *tcase = tcase_create("worst cases");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, arrays_in_arrays_of_elements_of_one_byte);
    tcase_add_test(tcase, structs_in_structs_within_each_element);
    tcase_add_test(tcase, constant_arrays_that_announce_more_than_there_is);
    tcase_add_test(tcase, sequences_of_empty_sequences);
    tcase_add_test(tcase, as_many_fields_as_there_can_be);
    tcase_add_test(tcase, elements_of_many_members);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
