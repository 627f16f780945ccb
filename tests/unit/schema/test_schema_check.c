/*
 * The value check: for every type, in every array form, exactly the values that follow the schema
 * pass; each cut and each byte too many is refused. Fields are written as in the metadata: name "f"
 * (66 00), in type, what belongs to it.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/tracelogging/schema.h"
#include "tests/unit/schema/fixture.h"

struct sample {
    const char *fields;
    const char *values;
};

/* One value of each base type. */
static const struct sample scalars[] = {
    {"6600 01", "6100 6200 0000"},
    {"6600 01", "0000"},
    {"6600 01", "6100 0001 0000"}, /* a NUL byte in a unit ends nothing */
    {"6600 02", "616200"},
    {"6600 02", "00"},
    {"6600 03", "ff"},
    {"6600 04", "ff"},
    {"6600 05", "ffff"},
    {"6600 06", "ffff"},
    {"6600 07", "ffffffff"},
    {"6600 08", "ffffffff"},
    {"6600 09", "ffffffffffffffff"},
    {"6600 0a", "ffffffffffffffff"},
    {"6600 0b", "0000c07f"},
    {"6600 0c", "000000000000f87f"},
    {"6600 0d", "02000000"},
    {"6600 0e", "0300 010203"},
    {"6600 0e", "0000"},
    {"6600 0f", "000102030405060708090a0b0c0d0e0f"},
    {"6600 11", "0000000000000000"},
    {"6600 12", "000102030405060708090a0b0c0d0e0f"},
    {"6600 13", "0100 000000000005"},
    {"6600 13", "0101 000000000005 12000000"},
    {"6600 13", "010f 000000000005 01000000 02000000 03000000 04000000 05000000 06000000 07000000"
                "08000000 09000000 0a000000 0b000000 0c000000 0d000000 0e000000 0f000000"},
    {"6600 14", "ffffffff"},
    {"6600 15", "ffffffffffffffff"},
    {"6600 16", "0400 6100 6200"},
    {"6600 16", "0000"},
    {"6600 17", "0300 616200"},
    {"6600 19", "0200 0102"},
};

/* Sequences, constant arrays, structs, arrays of structs, custom fields. */
static const struct sample compounds[] = {
    {"", ""},
    {"6600 44", "0000"},
    {"6600 44", "0200 0102"},
    {"6600 47", "0200 01000000 02000000"},
    {"6600 4f", "0100 000102030405060708090a0b0c0d0e0f"},
    {"6600 41", "0200 6100 0000 0000"},
    {"6600 42", "0200 6100 00"},
    {"6600 53", "0200 0100 000000000005 0101 000000000005 12000000"},
    {"6600 56", "0200 0200 6100 0000"},
    {"6600 57", "0300 0000 0100 61 0000"},
    {"6600 59", "0100 0100 aa"},
    {"6600 24 0300", "010203"},
    {"6600 28 0200", "01000000 02000000"},
    {"6600 21 0200", "6100 0000 0000"},
    {"6600 37 0200", "0000 0100 61"},
    {"6600 33 0100", "0100 000000000005"},
    /* uint8, uint32, str8, guid: fixed sizes on both sides of a counted one */
    {"6600 04 6600 08 6600 17 6600 0f", "01 02000000 0100 61 000102030405060708090a0b0c0d0e0f"},
    /* struct { uint8; struct { uint8[]; zstr8 } }, uint8 */
    {"7300 98 02 6600 04 7400 98 02 6600 44 6600 02 6600 04", "01 0100 aa 6200 ff"},
    /* struct[] { uint8, uint16 }: one fixed size a turn */
    {"7300 d8 02 6600 04 6600 06", "0200 01 0200 03 0400"},
    {"7300 d8 02 6600 04 6600 06", "0000"},
    /* struct[2] { uint8 } between fixed fields: all one size */
    {"6600 08 7300 b8 01 0200 6600 04 6600 08", "00000000 0102 00000000"},
    /* struct[] { str8, struct[2] { zstr8 } } */
    {"7300 d8 02 6600 17 7400 b8 01 0200 6600 02", "0200 0100 61 6200 00 0000 00 00"},
    /* struct[] { struct[] { uint8[] } }, str8 */
    {"7300 d8 01 7400 d8 01 6600 44 6600 17", "0200 0200 0100aa 0000 0000 0100 62"},
    /* struct[3] { zstr16[2] } */
    {"7300 b8 01 0300 6600 21 0200", "6100 0000 0000 0000 0000 0000 6200 0000"},
    /* custom, with and without type information; its low bits may say anything */
    {"6600 65 0200 aabb", "0300 010203"},
    {"6600 78 0000", "0000"},
    {"6600 60 0000 6600 04", "0100 aa ff"},
    {"7300 d8 01 6600 60 0000", "0200 0100 aa 0000"},
};

static struct schema *compile(const char *fields)
{
    struct block metadata = metadata_from_fields(fields);
    struct schema *schema = NULL;

    ck_assert_msg(schema_create(metadata.data, metadata.size, &schema) == ETWR_OK, "%s", fields);
    block_free(&metadata);
    return schema;
}

static enum etwr_status check(const struct schema *schema, const void *values, size_t size)
{
    struct block copy = block_from_bytes(values, size);
    enum etwr_status status = schema_check(schema, copy.data, copy.size);

    block_free(&copy);
    return status;
}

static enum etwr_status check_hex(const char *fields, const char *hex)
{
    struct schema *schema = compile(fields);
    struct block values = block_from_hex(hex);
    enum etwr_status status = schema_check(schema, values.data, values.size);

    block_free(&values);
    schema_destroy(schema);
    return status;
}

static void check_sample(const struct sample *sample)
{
    struct schema *schema = compile(sample->fields);
    struct block values = block_from_hex(sample->values);
    uint8_t longer[1024];

    ck_assert_msg(check(schema, values.data, values.size) == ETWR_OK, "%s: %s refused",
                  sample->fields, sample->values);
    for (size_t size = 0; size < values.size; size++)
        ck_assert_msg(check(schema, values.data, size) == ETWR_E_BAD_VALUE, "%s: %s cut to %zu",
                      sample->fields, sample->values, size);
    ck_assert_uint_lt(values.size, sizeof longer);
    if (values.size > 0) memcpy(longer, values.data, values.size);
    longer[values.size] = 0;
    ck_assert_msg(check(schema, longer, values.size + 1) == ETWR_E_BAD_VALUE, "%s: %s and a byte",
                  sample->fields, sample->values);
    block_free(&values);
    schema_destroy(schema);
}

START_TEST(scalars_pass_whole_and_nothing_else_does)
{
    check_sample(&scalars[_i]);
}
END_TEST

START_TEST(arrays_and_structs_pass_whole_and_nothing_else_does)
{
    check_sample(&compounds[_i]);
}
END_TEST

START_TEST(counted_utf16_of_odd_size_is_refused)
{
    ck_assert_int_eq(check_hex("6600 16", "0300 610062"), ETWR_E_BAD_VALUE);
    ck_assert_int_eq(check_hex("6600 56", "0100 0100 61"), ETWR_E_BAD_VALUE);
}
END_TEST

START_TEST(sids_of_more_than_15_subauthorities_are_refused)
{
    char sid[2 * (8 + 16 * 4) + 1];

    memset(sid, '0', sizeof sid - 1);
    sid[sizeof sid - 1] = 0;
    memcpy(sid, "0110", 4);
    ck_assert_int_eq(check_hex("6600 13", sid), ETWR_E_BAD_VALUE);
    memcpy(sid, "01ff", 4);
    ck_assert_int_eq(check_hex("6600 13", sid), ETWR_E_BAD_VALUE);
}
END_TEST

START_TEST(the_largest_counts_are_counted_right)
{
    uint8_t *values = calloc(1, 65535 + 2);
    struct schema *bytes = compile("6600 44");
    struct schema *guids = compile("6600 4f");
    struct schema *strings = compile("6600 42");

    ck_assert_ptr_nonnull(values);
    values[0] = values[1] = 0xFF;
    ck_assert_int_eq(schema_check(bytes, values, 65535), ETWR_E_BAD_VALUE);
    ck_assert_int_eq(schema_check(guids, values, 65536), ETWR_E_BAD_VALUE);
    ck_assert_int_eq(schema_check(strings, values, 65536), ETWR_E_BAD_VALUE);
    values[0] = 0xFE;
    ck_assert_int_eq(schema_check(bytes, values, 65536), ETWR_OK);
    ck_assert_int_eq(schema_check(strings, values, 65536), ETWR_OK);
    schema_destroy(bytes);
    schema_destroy(guids);
    schema_destroy(strings);
    free(values);
}
END_TEST

START_TEST(values_over_64_kib_are_refused)
{
    uint8_t *values = calloc(1, 262144);
    struct schema *schema = compile("6600 2f ffff"); /* guid[65535]: just under 1 MiB */

    ck_assert_ptr_nonnull(values);
    ck_assert_int_eq(schema_check(schema, values, 262144), ETWR_E_BAD_VALUE);
    ck_assert_int_eq(schema_check(schema, values, 65536), ETWR_E_BAD_VALUE);
    schema_destroy(schema);
    free(values);
}
END_TEST

/* Eight arrays inside each other, 65,535 elements each: their sizes multiply far over any integer.
 */
START_TEST(nested_constant_arrays_do_not_overflow)
{
    char fields[8 * 16 + 16] = "";
    uint8_t values[64] = {0};
    struct schema *schema;

    for (int i = 0; i < 8; i++)
        strcat(fields, "7300 b801ffff ");
    strcat(fields, "6600 0f");
    schema = compile(fields);
    for (size_t size = 0; size <= sizeof values; size++)
        ck_assert_int_eq(check(schema, values, size), ETWR_E_BAD_VALUE);
    schema_destroy(schema);
}
END_TEST

/* The same around a string: each turn takes a byte, so the values' end ends it. Without that it
 * would run for ages. */
START_TEST(nested_constant_arrays_of_strings_end_with_their_values)
{
    char fields[8 * 16 + 16] = "";
    uint8_t *values = calloc(1, 65536);
    struct schema *schema;

    ck_assert_ptr_nonnull(values);
    for (int i = 0; i < 8; i++)
        strcat(fields, "7300 b801ffff ");
    strcat(fields, "6600 02");
    schema = compile(fields);
    ck_assert_int_eq(schema_check(schema, values, 65536), ETWR_E_BAD_VALUE);
    schema_destroy(schema);
    free(values);
}
END_TEST

static const char *const without_bytes[] = {
    "6600 00",                /* no type */
    "6600 40",                /* a sequence of it */
    "6600 20 ffff",           /* a constant array of it */
    "7300 d801 6600 00",      /* an array of structs of it */
    "6600 24 0000",           /* a constant array of nothing */
    "7300 d801 6600 24 0000", /* and an array of structs of it */
    "7300 b801 0000 6600 04", /* a constant array of no structs */
    "7300 d800",              /* structs without members */
    "7300 d801 7400 9800",    /* nested */
};

START_TEST(elements_that_take_no_bytes_are_refused)
{
    struct block metadata = metadata_from_fields(without_bytes[_i]);
    struct schema *schema = NULL;

    ck_assert_int_eq(schema_create(metadata.data, metadata.size, &schema), ETWR_E_MALFORMED);
    ck_assert_ptr_null(schema);
    block_free(&metadata);
}
END_TEST

START_TEST(fixed_fields_cost_one_operation_however_many)
{
    char fields[128 * 8 + 1] = "";
    struct schema *one = compile("6600 0f");
    struct schema *many;

    for (int i = 0; i < 128; i++)
        strcat(fields, "6600 08 ");
    many = compile(fields);
    ck_assert_uint_eq(schema_memory_bytes(many), schema_memory_bytes(one));
    schema_destroy(one);
    schema_destroy(many);
}
END_TEST

START_TEST(a_schema_of_more_fields_than_an_event_can_have_is_refused)
{
    char *fields = calloc(1, 1000 * 8 + 1);
    struct block metadata;
    struct schema *schema = NULL;

    ck_assert_ptr_nonnull(fields);
    for (int i = 0; i < 1000; i++)
        memcpy(fields + i * 8, "660042  ", 8);
    metadata = metadata_from_fields(fields);
    ck_assert_int_eq(schema_create(metadata.data, metadata.size, &schema), ETWR_E_MALFORMED);
    ck_assert_ptr_null(schema);
    block_free(&metadata);
    free(fields);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("schema_check");
    TCase *tcase = tcase_create("schema_check");
    SRunner *runner;
    int failed;

    tcase_add_loop_test(tcase, scalars_pass_whole_and_nothing_else_does, 0,
                        (int)(sizeof scalars / sizeof scalars[0]));
    tcase_add_loop_test(tcase, arrays_and_structs_pass_whole_and_nothing_else_does, 0,
                        (int)(sizeof compounds / sizeof compounds[0]));
    tcase_add_test(tcase, counted_utf16_of_odd_size_is_refused);
    tcase_add_test(tcase, sids_of_more_than_15_subauthorities_are_refused);
    tcase_add_test(tcase, the_largest_counts_are_counted_right);
    tcase_add_test(tcase, values_over_64_kib_are_refused);
    tcase_add_test(tcase, nested_constant_arrays_do_not_overflow);
    tcase_add_test(tcase, nested_constant_arrays_of_strings_end_with_their_values);
    tcase_add_loop_test(tcase, elements_that_take_no_bytes_are_refused, 0,
                        (int)(sizeof without_bytes / sizeof without_bytes[0]));
    tcase_add_test(tcase, fixed_fields_cost_one_operation_however_many);
    tcase_add_test(tcase, a_schema_of_more_fields_than_an_event_can_have_is_refused);
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
