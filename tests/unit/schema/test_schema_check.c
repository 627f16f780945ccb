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
#include "tests/unit/schema/samples.h"

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
    check_sample(&sample_scalars[_i]);
}
END_TEST

START_TEST(arrays_and_structs_pass_whole_and_nothing_else_does)
{
    check_sample(&sample_compounds[_i]);
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

/* Eight arrays inside each other, 32,768 elements each: their sizes multiply far over any integer,
 * and to nothing in its lower bits, whatever their number. */
START_TEST(nested_constant_arrays_do_not_overflow)
{
    char fields[8 * 16 + 16] = "";
    uint8_t values[64] = {0};
    struct schema *schema;

    for (int i = 0; i < 8; i++)
        strcat(fields, "7300 b8010080 ");
    strcat(fields, "6600 0f");
    schema = compile(fields);
    for (size_t size = 0; size <= sizeof values; size++)
        ck_assert_int_eq(check(schema, values, size), ETWR_E_BAD_VALUE);
    schema_destroy(schema);
}
END_TEST

/* Powers of two, whose product or sum in 32 bits would be nothing: no values would then do. */
START_TEST(sizes_do_not_wrap_to_nothing)
{
    ck_assert_int_eq(check_hex("7300 b8010080 6600 28 0080", ""), ETWR_E_BAD_VALUE);
    ck_assert_int_eq(check_hex("7300 b8010080 6600 26 0080 7300 b8010080 6600 26 0080", ""),
                     ETWR_E_BAD_VALUE);
    ck_assert_int_eq(check_hex("7300 d801 7300 b8010080 6600 28 0080", "0100"), ETWR_E_BAD_VALUE);
    ck_assert_int_eq(check_hex("7300 d801 7300 b8010080 6600 28 0080", "0000"), ETWR_OK);
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

    tcase_add_loop_test(tcase, scalars_pass_whole_and_nothing_else_does, 0, sample_scalar_count);
    tcase_add_loop_test(tcase, arrays_and_structs_pass_whole_and_nothing_else_does, 0,
                        sample_compound_count);
    tcase_add_test(tcase, counted_utf16_of_odd_size_is_refused);
    tcase_add_test(tcase, sids_of_more_than_15_subauthorities_are_refused);
    tcase_add_test(tcase, the_largest_counts_are_counted_right);
    tcase_add_test(tcase, values_over_64_kib_are_refused);
    tcase_add_test(tcase, nested_constant_arrays_do_not_overflow);
    tcase_add_test(tcase, sizes_do_not_wrap_to_nothing);
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
