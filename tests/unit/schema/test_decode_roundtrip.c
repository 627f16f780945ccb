/*
 * What the decoder prints, the JSON reader takes, and the builder makes the same bytes of it: the
 * reference encoder's events, and every type in every array form.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/json/event_json.h"
#include "protocol/tracelogging/decode.h"
#include "tests/unit/schema/fixture.h"
#include "tests/unit/schema/samples.h"
#include "tests/unit/schema/vectors.h"

static struct etwr_event *event;
static struct text text;
static struct event_json target;

static void setup(void)
{
    ck_assert_int_eq(etwr_event_create(&event), ETWR_OK);
    text_init(&text);
}

static void teardown(void)
{
    text_clear(&text);
    etwr_event_destroy(event);
}

/* Decode, read back, compare. */
static void assert_comes_back(const struct trace_record *record, int line)
{
    struct event_json_error error;
    struct etwr_encoded encoded;
    enum etwr_status status;

    text_reset(&text);
    ck_assert_msg(decode_json(record, &text) == ETWR_OK, "%d: not decoded", line);
    status = event_json_read(text.data, text.size, event, &target, &error);
    ck_assert_msg(status == ETWR_OK, "%d: %s: %s: %.*s", line, error.path, error.message,
                  (int)text.size, text.data);
    ck_assert_int_eq(etwr_event_encode(event, &encoded), ETWR_OK);
    ck_assert_msg(encoded.metadata.size == record->metadata.size &&
                      memcmp(encoded.metadata.data, record->metadata.data, record->metadata.size) ==
                          0,
                  "%d: other metadata: %.*s", line, (int)text.size, text.data);
    ck_assert_msg(encoded.data.size == record->data.size &&
                      (record->data.size == 0 ||
                       memcmp(encoded.data.data, record->data.data, record->data.size) == 0),
                  "%d: other data: %.*s", line, (int)text.size, text.data);
    ck_assert_mem_eq(&target.provider_id, &record->provider_id, sizeof target.provider_id);
    ck_assert_uint_eq(encoded.descriptor.id, record->descriptor.id);
    ck_assert_uint_eq(encoded.descriptor.version, record->descriptor.version);
    ck_assert_uint_eq(encoded.descriptor.channel, record->descriptor.channel);
    ck_assert_uint_eq(encoded.descriptor.level, record->descriptor.level);
    ck_assert_uint_eq(encoded.descriptor.opcode, record->descriptor.opcode);
    ck_assert_uint_eq(encoded.descriptor.task, record->descriptor.task);
    ck_assert_uint_eq(encoded.descriptor.keyword, record->descriptor.keyword);
}

static struct etwr_bytes bytes_of(const struct block *block)
{
    struct etwr_bytes bytes = {block->data, block->size};

    return bytes;
}

static void vector_comes_back(const struct vector *vector)
{
    struct trace_record record = {.provider_id = vector->provider_id,
                                  .traits = bytes_of(&vector->traits),
                                  .descriptor = vector->descriptor,
                                  .metadata = bytes_of(&vector->metadata),
                                  .data = bytes_of(&vector->data),
                                  .file = "vectors"};

    assert_comes_back(&record, vector->line);
}

START_TEST(every_vector_comes_back)
{
    ck_assert_int_gt(vectors_each(vector_comes_back), 300);
}
END_TEST

static void sample_comes_back(const struct sample *sample, int line)
{
    struct block metadata = metadata_from_fields(sample->fields);
    struct block data = block_from_hex(sample->values);
    struct trace_record record = {.traits = {"\x04\x00P", 4},
                                  .descriptor = {.channel = 11, .level = 5, .keyword = 1},
                                  .metadata = bytes_of(&metadata),
                                  .data = bytes_of(&data)};
    struct etwr_guid activity = {{1, 2, 3}};

    record.activity_id = &activity;
    ck_assert_int_eq(etwr_provider_id_from_name("P", &record.provider_id), ETWR_OK);
    assert_comes_back(&record, line);
    block_free(&metadata);
    block_free(&data);
}

START_TEST(scalars_come_back)
{
    sample_comes_back(&sample_scalars[_i], _i);
}
END_TEST

START_TEST(arrays_and_structs_come_back)
{
    sample_comes_back(&sample_compounds[_i], _i);
}
END_TEST

/* Values that plain JSON could not say. */
static const struct sample awkward[] = {
    {"6600 0b", "0000c0ff"}, /* a NaN with its sign */
    {"6600 0b", "0100807f"}, /* and one with a payload */
    {"6600 0c", "010000000000f8ff"},
    {"6600 0b", "00000080"}, /* minus zero */
    {"6600 0c", "0000000000000080"},
    {"6600 0b", "01000000"}, /* the smallest of all */
    {"6600 0c", "0100000000000000"},
    {"6600 4b", "0300 0000c07f 0000c0ff 000080ff"},
    {"6600 12", "ea07 0b00 0200 1700 0b00 3200 0a00 7b00"}, /* no Monday */
    {"6600 12", "ea07 0b00 0100 1700 0b00 3200 0a00 7b00"}, /* a Monday */
    {"6600 12", "0f27 0c00 0500 1f00 1700 3b00 3b00 e703"}, /* 9999-12-31, a Friday */
    {"6600 12", "1027 0100 0600 0100 0000 0000 0000 0000"}, /* the day after */
    {"6600 12", "d007 0200 0200 1d00 0000 0000 0000 0000"}, /* 2000-02-29, a Tuesday */
    {"6600 12", "6c07 0200 0400 1d00 0000 0000 0000 0000"}, /* 1900-02-29: there was none */
    {"6600 13", "0201 000000000005 12000000"},              /* revision 2 */
    {"6600 13", "0100 ffffffffffff"},
    {"6600 16", "0400 3dd8 6100"}, /* half a pair */
    {"6600 16", "0400 6100 0000"}, /* a NUL at the end */
    {"6600 01", "00d8 0000"},
    {"6600 17", "0300 e480c3"},   /* Windows-1252 */
    {"6600 9723", "0300 e480c3"}, /* no UTF-8 */
    {"6600 9723", "0300 610062"},
    {"6600 820b", "c3a400"},
    {"6600 820b", "c300"},
    {"6600 57", "0300 0100 61 0100 e4 0000"}, /* text and not */
    {"6600 57", "0100 0100 e4"},              /* only not */
    {"6600 d723", "0100 0100 e4"},
    {"6600 d723", "0200 0100 e4 0100 61"},
    {"6600 c204", "0000"},
    {"7300 d802 6600 17 6700 9723", "0200 0100 61 0100 62 0100 e4 0100 e4"},
    {"6600 8463", "07"}, /* an out type without a name */
    {"6600 84 ff ffffff7f", "07"},
    {"6600 0d", "02000000"},
    {"6600 0d", "000000ff"},
    {"6600 e504 0200 aabb", "0300 010203"},
    {"22090a00 04", "01"},
};

START_TEST(awkward_values_come_back)
{
    sample_comes_back(&awkward[_i], _i);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("decode_roundtrip");
    TCase *tcase = tcase_create("decode_roundtrip");
    SRunner *runner;
    int failed;

    tcase_set_timeout(tcase, 60);
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, every_vector_comes_back);
    tcase_add_loop_test(tcase, scalars_come_back, 0, sample_scalar_count);
    tcase_add_loop_test(tcase, arrays_and_structs_come_back, 0, sample_compound_count);
    tcase_add_loop_test(tcase, awkward_values_come_back, 0,
                        (int)(sizeof awkward / sizeof awkward[0]));
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
