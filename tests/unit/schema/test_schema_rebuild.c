/*
 * Rebuilding metadata from outside: what is canonical comes back byte for byte, what means the same
 * comes out canonical, and what has no single meaning, or passes a limit, is refused at its place.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/tracelogging/schema.h"
#include "protocol/tracelogging/schema_walk.h"
#include "tests/unit/schema/fixture.h"
#include "tests/unit/schema/vectors.h"

static const struct etwr_descriptor some_descriptor = {.id = 0x1234,
                                                       .version = 5,
                                                       .channel = 11,
                                                       .level = 4,
                                                       .opcode = 7,
                                                       .task = 0x89ab,
                                                       .keyword = UINT64_C(0xfedcba9876543210)};

static struct etwr_event *event;

static void setup(void)
{
    ck_assert_int_eq(etwr_event_create(&event), ETWR_OK);
}

static void teardown(void)
{
    etwr_event_destroy(event);
}

static void assert_rebuilt(const struct block *metadata, const struct block *expected, int line)
{
    struct etwr_encoded encoded;
    size_t offset = 9999;
    enum etwr_status status =
        schema_rebuild(metadata->data, metadata->size, &some_descriptor, event, &offset);

    ck_assert_msg(status == ETWR_OK, "line %d: %s at %zu", line, etwr_status_name(status), offset);
    ck_assert_int_eq(etwr_event_encode_template(event, &encoded), ETWR_OK);
    ck_assert_msg(encoded.metadata.size == expected->size &&
                      memcmp(encoded.metadata.data, expected->data, expected->size) == 0,
                  "line %d: other metadata", line);
}

/* ---- the reference encoder's events */

static void rebuild_vector(const struct vector *vector)
{
    assert_rebuilt(&vector->metadata, &vector->metadata, vector->line);
}

START_TEST(every_vector_is_rebuilt_to_the_same_bytes)
{
    ck_assert_int_gt(vectors_each(rebuild_vector), 300);
}
END_TEST

static void check_vector(const struct vector *vector)
{
    struct schema *schema = NULL;
    size_t tries = vector->data.size < 600 ? vector->data.size : 600;

    ck_assert_int_eq(schema_create(vector->metadata.data, vector->metadata.size, &schema), ETWR_OK);
    ck_assert_msg(schema_check(schema, vector->data.data, vector->data.size) == ETWR_OK,
                  "line %d: values refused", vector->line);
    for (size_t size = 0; size < tries; size++)
        ck_assert_msg(schema_check(schema, vector->data.data, size) == ETWR_E_BAD_VALUE,
                      "line %d: cut to %zu and not refused", vector->line, size);
    schema_destroy(schema);
}

START_TEST(every_vector_has_values_that_follow_its_schema)
{
    vectors_each(check_vector);
}
END_TEST

static void cut_vector(const struct vector *vector)
{
    for (size_t size = 0; size < vector->metadata.size && size < 200; size++) {
        struct block cut = block_from_bytes(vector->metadata.data, size);
        struct schema *schema = NULL;
        enum etwr_status status;

        status = schema_rebuild(cut.data, cut.size, &some_descriptor, event, NULL);
        ck_assert_msg(status != ETWR_OK, "line %d: cut to %zu", vector->line, size);
        ck_assert_int_eq(schema_create(cut.data, cut.size, &schema), ETWR_E_MALFORMED);
        block_free(&cut);
    }
}

START_TEST(metadata_cut_anywhere_is_refused)
{
    vectors_each(cut_vector);
}
END_TEST

START_TEST(the_descriptor_is_taken_over)
{
    struct block metadata = metadata_from_fields("6600 04");
    struct etwr_encoded encoded;

    ck_assert_int_eq(schema_rebuild(metadata.data, metadata.size, &some_descriptor, event, NULL),
                     ETWR_OK);
    ck_assert_int_eq(etwr_event_encode_template(event, &encoded), ETWR_OK);
    ck_assert_uint_eq(encoded.descriptor.id, some_descriptor.id);
    ck_assert_uint_eq(encoded.descriptor.version, some_descriptor.version);
    ck_assert_uint_eq(encoded.descriptor.channel, some_descriptor.channel);
    ck_assert_uint_eq(encoded.descriptor.level, some_descriptor.level);
    ck_assert_uint_eq(encoded.descriptor.opcode, some_descriptor.opcode);
    ck_assert_uint_eq(encoded.descriptor.task, some_descriptor.task);
    ck_assert_uint_eq(encoded.descriptor.keyword, some_descriptor.keyword);
    block_free(&metadata);
}
END_TEST

/* ---- canonical and not */

/* Whole metadata, size field included. */
static const struct {
    const char *given;
    const char *canonical;
} forms[] = {
    /* event tags: zero in two, five bytes; one that fits one byte in four; one that fits two in
       three */
    {"0600 8000 4500", "0500 00 4500"},
    {"0900 8080808000 4500", "0500 00 4500"},
    {"0800 81808000 4500", "0500 01 4500"},
    {"0700 818200 4500", "0600 8102 4500"},
    /* an out byte of 0; a tag of 0 behind it */
    {"0900 00 4500 6600 8800", "0800 00 4500 6600 08"},
    {"0a00 00 4500 6600 888000", "0800 00 4500 6600 08"},
    /* a tag of 0 behind an out type, in one byte and in many */
    {"0a00 00 4500 6600 888400", "0900 00 4500 6600 8804"},
    {"0f00 00 4500 6600 8884808080808000", "0900 00 4500 6600 8804"},
    /* field tags always take four bytes */
    {"0a00 00 4500 6600 888001", "0d00 00 4500 6600 88 80 81808000"},
    {"0b00 00 4500 6600 88848102", "0d00 00 4500 6600 88 84 81828000"},
    /* a struct's */
    {"0d00 00 4500 7300 988101 6600 08", "1000 00 4500 7300 98 81 81808000 6600 08"},
    /* constant arrays, arrays of structs and custom fields as they are */
    {"0a00 00 4500 6600 28 0300", "0a00 00 4500 6600 28 0300"},
    {"0c00 00 4500 7300 d801 6600 08", "0c00 00 4500 7300 d801 6600 08"},
    {"0e00 00 4500 7300 b801 0200 6600 08", "0e00 00 4500 7300 b801 0200 6600 08"},
    {"0d00 00 4500 6600 e500 0200 aabb", "0c00 00 4500 6600 65 0200 aabb"},
    {"0a00 00 4500 6600 78 0000", "0a00 00 4500 6600 78 0000"},
    {"0b00 00 4500 6600 f80b 0000", "0b00 00 4500 6600 f80b 0000"},
};

START_TEST(other_forms_of_the_same_come_out_canonical)
{
    struct block given = block_from_hex(forms[_i].given);
    struct block canonical;

    canonical = block_from_hex(forms[_i].canonical);
    assert_rebuilt(&given, &canonical, _i);
    block_free(&given);
    block_free(&canonical);
}
END_TEST

/* Fields, and where among them the one is that must be named. */
static const struct {
    const char *fields;
    size_t offset;
} refused[] = {
    {"6600", 5},    /* no type */
    {"66", 5},      /* a name without an end */
    {"6600 00", 5}, /* types that do not exist */
    {"6600 08 6700 10", 8},
    {"6600 1a", 5},
    {"6600 1f", 5},
    {"6600 50", 5},
    {"6600 4e", 5}, /* binary has no arrays */
    {"6600 2e 0200", 5},
    {"6600 88", 5},     /* no out byte */
    {"6600 8884", 5},   /* no tag */
    {"6600 8804", 0},   /* is a field: this table can tell */
    {"6600 8884ff", 5}, /* a tag without an end */
    {"6600 888480808080", 5},
    {"6600 88848080808001", 5}, /* a tag of more than 28 bits */
    {"6600 28", 5},             /* no count */
    {"6600 28 0000", 5},        /* a count of nothing */
    {"7300 18", 5},             /* structs without members */
    {"7300 9800", 5},
    {"7300 9801", 9}, /* members missing */
    {"7300 9802 6600 08", 12},
    {"7300 9801 7400 9801", 13},
    {"7300 d801 6600 20 0000", 9}, /* elements of nothing */
    {"6600 65", 5},                /* custom fields without their type information */
    {"6600 65 0200 aa", 5},
    {"6600 65 ffff", 5},
    {"ff00 08", 5}, /* names that are not UTF-8 */
    {"eda08000 08", 5},
};

START_TEST(what_cannot_be_understood_is_refused_at_its_place)
{
    struct block metadata = metadata_from_fields(refused[_i].fields);
    size_t offset = 0;
    enum etwr_status status =
        schema_rebuild(metadata.data, metadata.size, &some_descriptor, event, &offset);

    ck_assert_uint_eq(offset, refused[_i].offset);
    ck_assert((status == ETWR_OK) == (refused[_i].offset == 0));
    block_free(&metadata);
}
END_TEST

static const char *const broken[] = {
    "",
    "05",
    "0000",
    "0200",
    "0500 00 45",   /* no end of the name */
    "0600 00 4500", /* sizes that do not agree */
    "0400 00 4500",
    "0400 00 ff00",
    "0900 8080808001 4500", /* an event tag of more than 28 bits */
};

START_TEST(metadata_without_a_head_is_refused)
{
    struct block metadata = block_from_hex(broken[_i]);
    int found;

    ck_assert_int_ne(schema_rebuild(metadata.data, metadata.size, &some_descriptor, event, NULL),
                     ETWR_OK);
    if (_i < 7)
        ck_assert_int_eq(schema_has_field(metadata.data, metadata.size, "f", &found),
                         ETWR_E_MALFORMED);
    block_free(&metadata);
}
END_TEST

START_TEST(a_walk_that_failed_stays_failed)
{
    struct block metadata = metadata_from_fields("6600 04 6600 7f 6600 04");
    struct schema_walk walk;
    struct schema_field field;

    ck_assert_int_eq(schema_walk_open(&walk, metadata.data, metadata.size), ETWR_OK);
    ck_assert_int_eq(schema_walk_next(&walk, &field), SCHEMA_FIELD);
    ck_assert_int_eq(schema_walk_next(&walk, &field), SCHEMA_MALFORMED);
    ck_assert_int_eq(schema_walk_next(&walk, &field), SCHEMA_MALFORMED);
    block_free(&metadata);
}
END_TEST

/* `outer` and then `depth` structs of one member inside each other; a uint32 in the innermost. */
static struct block nested(const char *outer, int depth)
{
    char fields[132 * 10] = "";

    strcat(fields, outer);
    for (int i = 0; i < depth; i++)
        strcat(fields, "7300 9801 ");
    strcat(fields, "6600 08");
    return metadata_from_fields(fields);
}

START_TEST(structs_nest_as_deep_as_fields_allow)
{
    struct block most = nested("", 127);
    struct block more = nested("", 128);
    struct block most_structs = nested("7300 9801 ", 128);
    struct schema *schema = NULL;

    assert_rebuilt(&most, &most, 0);
    ck_assert_int_eq(schema_create(most.data, most.size, &schema), ETWR_OK);
    ck_assert_int_eq(schema_check(schema, "abcd", 4), ETWR_OK);
    ck_assert_int_eq(schema_check(schema, "abcd", 3), ETWR_E_BAD_VALUE);
    ck_assert_int_eq(schema_rebuild(more.data, more.size, &some_descriptor, event, NULL),
                     ETWR_E_TOO_MANY_FIELDS);
    schema_destroy(schema);
    /* 129 structs: one more than the walk has room for. */
    ck_assert_int_eq(schema_create(most_structs.data, most_structs.size, &schema),
                     ETWR_E_MALFORMED);
    block_free(&most);
    block_free(&more);
    block_free(&most_structs);
}
END_TEST

START_TEST(structs_in_arrays_of_structs_nest_to_8)
{
    struct block eight = nested("7400 9801 7400 d801 ", 7);
    struct block nine = nested("7400 9801 7400 d801 ", 8);
    struct block constant = nested("7400 b8010200 ", 8);
    struct block after =
        metadata_from_fields("7400 d801 6600 04 7300 9801 7300 9801 7300 9801 7300 "
                             "9801 7300 9801 7300 9801 7300 9801 7300 9801 7300 "
                             "9801 6600 08");
    size_t offset = 0;

    assert_rebuilt(&eight, &eight, 0);
    assert_rebuilt(&after, &after, 0);
    ck_assert_int_eq(schema_rebuild(nine.data, nine.size, &some_descriptor, event, &offset),
                     ETWR_E_TOO_DEEP);
    ck_assert_uint_eq(offset, 5 + 9 * 4);
    ck_assert_int_eq(schema_rebuild(constant.data, constant.size, &some_descriptor, event, &offset),
                     ETWR_E_TOO_DEEP);
    ck_assert_uint_eq(offset, 5 + 6 + 7 * 4);
    block_free(&eight);
    block_free(&nine);
    block_free(&constant);
    block_free(&after);
}
END_TEST

START_TEST(the_builders_limits_hold)
{
    char fields[130 * 8 + 1] = "";
    struct block metadata;

    for (int i = 0; i < 129; i++)
        strcat(fields, "6600 04 ");
    metadata = metadata_from_fields(fields);
    ck_assert_int_eq(schema_rebuild(metadata.data, metadata.size, &some_descriptor, event, NULL),
                     ETWR_E_TOO_MANY_FIELDS);
    block_free(&metadata);
    fields[0] = '\0';
    for (int i = 0; i < 65; i++)
        strcat(fields, "6600 44 ");
    metadata = metadata_from_fields(fields);
    ck_assert_int_eq(schema_rebuild(metadata.data, metadata.size, &some_descriptor, event, NULL),
                     ETWR_E_TOO_MANY_FIELDS);
    block_free(&metadata);
}
END_TEST

START_TEST(metadata_over_32_kib_is_refused)
{
    size_t size = 40000;
    uint8_t *metadata = malloc(size);

    ck_assert_ptr_nonnull(metadata);
    memset(metadata, 'x', size);
    metadata[0] = (uint8_t)(size & 0xFF);
    metadata[1] = (uint8_t)(size >> 8);
    metadata[2] = 0;
    metadata[size - 1] = 0;
    ck_assert_int_eq(schema_rebuild(metadata, size, &some_descriptor, event, NULL),
                     ETWR_E_METADATA_TOO_LONG);
    free(metadata);
}
END_TEST

/* ---- looking for a field */

static int has_field(const char *fields, const char *name)
{
    struct block metadata = metadata_from_fields(fields);
    int found = -1;

    ck_assert_int_eq(schema_has_field(metadata.data, metadata.size, name, &found), ETWR_OK);
    block_free(&metadata);
    return found;
}

START_TEST(only_whole_names_at_the_top_are_found)
{
    ck_assert_int_eq(has_field("", "ab"), 0);
    ck_assert_int_eq(has_field("616200 04", "ab"), 1);
    ck_assert_int_eq(has_field("616200 04", "a"), 0);
    ck_assert_int_eq(has_field("616200 04", "abc"), 0);
    ck_assert_int_eq(has_field("616200 04", "AB"), 0);
    ck_assert_int_eq(has_field("616200 9801 6600 04", "ab"), 1);
    ck_assert_int_eq(has_field("7300 9801 616200 04", "ab"), 0);
    ck_assert_int_eq(has_field("7300 9801 616200 9801 6600 04", "ab"), 0);
    ck_assert_int_eq(has_field("7300 9801 7400 9801 6600 04 616200 04", "ab"), 1);
    ck_assert_int_eq(has_field("7300 d802 6600 04 6600 04 616200 d801 6600 04", "ab"), 1);
    ck_assert_int_eq(has_field("00 04", ""), 1);
}
END_TEST

START_TEST(a_search_reads_metadata_to_its_end)
{
    struct block metadata = metadata_from_fields("616200 04 6600");
    int found = -1;

    ck_assert_int_eq(schema_has_field(metadata.data, metadata.size, "ab", &found),
                     ETWR_E_MALFORMED);
    ck_assert_int_eq(found, -1);
    block_free(&metadata);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("schema_rebuild");
    TCase *tcase = tcase_create("schema_rebuild");
    SRunner *runner;
    int failed;

    tcase_set_timeout(tcase, 60);
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, every_vector_is_rebuilt_to_the_same_bytes);
    tcase_add_test(tcase, every_vector_has_values_that_follow_its_schema);
    tcase_add_test(tcase, metadata_cut_anywhere_is_refused);
    tcase_add_test(tcase, the_descriptor_is_taken_over);
    tcase_add_loop_test(tcase, other_forms_of_the_same_come_out_canonical, 0,
                        (int)(sizeof forms / sizeof forms[0]));
    tcase_add_loop_test(tcase, what_cannot_be_understood_is_refused_at_its_place, 0,
                        (int)(sizeof refused / sizeof refused[0]));
    tcase_add_loop_test(tcase, metadata_without_a_head_is_refused, 0,
                        (int)(sizeof broken / sizeof broken[0]));
    tcase_add_test(tcase, a_walk_that_failed_stays_failed);
    tcase_add_test(tcase, structs_nest_as_deep_as_fields_allow);
    tcase_add_test(tcase, structs_in_arrays_of_structs_nest_to_8);
    tcase_add_test(tcase, the_builders_limits_hold);
    tcase_add_test(tcase, metadata_over_32_kib_is_refused);
    tcase_add_test(tcase, only_whole_names_at_the_top_are_found);
    tcase_add_test(tcase, a_search_reads_metadata_to_its_end);
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
