/*
 * Declared fields and packed values: the two ways in which types come from outside. Both take
 * exactly the types that exist, and a packed value must be one value of its type to the byte.
 */
#include <check.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/tracelogging/expect.h"

static struct etwr_event *event;

static void setup(void)
{
    event = new_event();
}

static void teardown(void)
{
    etwr_event_destroy(event);
}

#define OK(CALL) ck_assert_int_eq(CALL, ETWR_OK)

/* The in types that a field can have, said once more and differently: 1 to 15, 17 to 23, 25; binary
 * (14) in no array. */
static bool exists(unsigned in)
{
    const unsigned base = in & 0x1F, array = in & 0xE0;
    if (array != 0 && array != 0x20 && array != 0x40) return false;
    if (base == 14) return array == 0;
    return base >= 1 && base <= 25 && base != 16 && base != 24;
}

START_TEST(only_types_that_exist_are_declared)
{
    const size_t count = (_i & 0xE0) == 0x20 ? 3 : 0;
    const enum etwr_status status = etwr_event_declare(event, "f", (uint8_t)_i, count, 0, 0);
    ck_assert_int_eq(status, exists((unsigned)_i) ? ETWR_OK : ETWR_E_BAD_TYPE);
    if (status != ETWR_OK) return;
    char fields[32];
    snprintf(fields, sizeof fields, "6600 %02x %s", (unsigned)_i, count != 0 ? "0300" : "");
    expect_template(event, fields);
}
END_TEST

START_TEST(only_types_that_exist_are_packed)
{
    /* 64 zeros begin a value of any type; whether all of them are one is not asked here. */
    static const uint8_t zeros[64];
    const enum etwr_status status =
        etwr_event_add_packed(event, "f", (uint8_t)_i, 1, zeros, sizeof zeros, 0, 0);
    if (exists((unsigned)_i))
        ck_assert_int_eq(status, ETWR_E_BAD_VALUE);
    else
        ck_assert_int_eq(status, ETWR_E_BAD_TYPE);
}
END_TEST

START_TEST(constant_counts_belong_to_constant_arrays)
{
    static const struct {
        uint8_t in;
        size_t count;
        enum etwr_status status;
    } cases[] = {
        {ETWR_IN_INT8 | ETWR_IN_CONSTANT_ARRAY, 0, ETWR_E_BAD_VALUE},
        {ETWR_IN_INT8 | ETWR_IN_CONSTANT_ARRAY, 1, ETWR_OK},
        {ETWR_IN_INT8 | ETWR_IN_CONSTANT_ARRAY, 65535, ETWR_OK},
        {ETWR_IN_INT8 | ETWR_IN_CONSTANT_ARRAY, 65536, ETWR_E_BAD_VALUE},
        {ETWR_IN_INT8 | ETWR_IN_SEQUENCE, 1, ETWR_E_BAD_VALUE},
        {ETWR_IN_INT8, 1, ETWR_E_BAD_VALUE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        next_event(event);
        ck_assert_int_eq(etwr_event_declare(event, "f", cases[i].in, cases[i].count, 0, 0),
                         cases[i].status);
        next_event(event);
        const uint8_t array = cases[i].in & ETWR_IN_ARRAY_MASK;
        ck_assert_int_eq(etwr_event_declare_struct(event, "f", array, cases[i].count, 1, 0),
                         cases[i].status);
    }
}
END_TEST

START_TEST(a_template_has_metadata_and_no_data)
{
    OK(etwr_event_declare(event, "a", ETWR_IN_UINT32, 0, ETWR_OUT_HEX, 0x0ABCDEF));
    OK(etwr_event_declare(event, "b", ETWR_IN_STR8 | ETWR_IN_SEQUENCE, 0, ETWR_OUT_UTF8, 0));
    OK(etwr_event_declare_custom(event, "c", 3, "xy", 2, 0, 0));
    OK(etwr_event_add_uint8(event, "d", 1, 0, 0));
    expect_template(event, "6100 88 84 85af9b6f  6200 d7 23  6300 63 0200 7879  6400 04");
}
END_TEST

START_TEST(declared_structs_take_declared_members)
{
    OK(etwr_event_declare_struct(event, "s", 0, 0, 3, 0));
    OK(etwr_event_declare_struct(event, "t", ETWR_IN_SEQUENCE, 0, 1, 0));
    OK(etwr_event_declare_struct(event, "u", ETWR_IN_CONSTANT_ARRAY, 5, 1, 1));
    OK(etwr_event_declare(event, "a", ETWR_IN_INT8, 0, 0, 0));
    OK(etwr_event_declare(event, "b", ETWR_IN_INT8, 0, 0, 0));
    OK(etwr_event_declare(event, "c", ETWR_IN_INT8, 0, 0, 0));
    expect_template(event, "7300 98 03  7400 d8 01  7500 b8 81 80808001 0500  6100 03"
                           "6200 03  6300 03");
}
END_TEST

START_TEST(a_declared_array_of_structs_has_no_place_for_values)
{
    OK(etwr_event_declare_struct(event, "t", ETWR_IN_SEQUENCE, 0, 1, 0));
    ck_assert_int_eq(etwr_event_add_uint8(event, "a", 1, 0, 0), ETWR_E_BAD_STRUCT);
}
END_TEST

START_TEST(a_template_that_lacks_members_is_not_encoded)
{
    struct etwr_encoded encoded;
    OK(etwr_event_declare_struct(event, "s", 0, 0, 2, 0));
    OK(etwr_event_declare(event, "a", ETWR_IN_INT8, 0, 0, 0));
    ck_assert_int_eq(etwr_event_encode_template(event, &encoded), ETWR_E_BAD_STRUCT);
}
END_TEST

START_TEST(a_declared_member_of_a_plain_struct_makes_a_template)
{
    OK(etwr_event_begin_struct(event, "s", 0));
    OK(etwr_event_declare(event, "a", ETWR_IN_INT8, 0, 0, 0));
    OK(etwr_event_end_struct(event));
    expect_template(event, "7300 98 01 6100 03");
}
END_TEST

START_TEST(any_event_may_be_encoded_as_a_template)
{
    struct etwr_encoded encoded;
    OK(etwr_event_add_uint8(event, "a", 1, 0, 0));
    OK(etwr_event_encode_template(event, &encoded));
    ck_assert_uint_eq(encoded.data.size, 0);
    expect_event(event, "6100 04", "01");
}
END_TEST

/* Values of each kind, in no array; arrays of them are made from these. */
static const struct {
    uint8_t in;
    const char *bytes;
    size_t size;
} values[] = {
    {ETWR_IN_ZSTR16, "a\0\0\1\0\0", 6},
    {ETWR_IN_ZSTR16, "\0", 2},
    {ETWR_IN_ZSTR8, "abc", 4},
    {ETWR_IN_ZSTR8, "", 1},
    {ETWR_IN_INT8, "a", 1},
    {ETWR_IN_UINT8, "a", 1},
    {ETWR_IN_INT16, "ab", 2},
    {ETWR_IN_UINT16, "ab", 2},
    {ETWR_IN_INT32, "abcd", 4},
    {ETWR_IN_UINT32, "abcd", 4},
    {ETWR_IN_INT64, "abcdefgh", 8},
    {ETWR_IN_UINT64, "abcdefgh", 8},
    {ETWR_IN_FLOAT32, "abcd", 4},
    {ETWR_IN_FLOAT64, "abcdefgh", 8},
    {ETWR_IN_BOOL32, "abcd", 4},
    {ETWR_IN_BINARY, "\3\0abc", 5},
    {ETWR_IN_GUID, "abcdefghijklmnop", 16},
    {ETWR_IN_FILETIME, "abcdefgh", 8},
    {ETWR_IN_SYSTEMTIME, "abcdefghijklmnop", 16},
    {ETWR_IN_SID, "\1\0abcdef", 8},
    {ETWR_IN_SID, "\1\2abcdef12345678", 16},
    {ETWR_IN_HEXINT32, "abcd", 4},
    {ETWR_IN_HEXINT64, "abcdefgh", 8},
    {ETWR_IN_STR16, "\4\0abcd", 6},
    {ETWR_IN_STR16, "\0\0", 2},
    {ETWR_IN_STR8, "\3\0abc", 5},
    {ETWR_IN_STR8, "\0\0", 2},
    {ETWR_IN_CBINARY, "\3\0abc", 5},
};

/* Exactly `size` bytes are a value: cut anywhere, or with one more, they are none. */
static void expect_exact(uint8_t in, size_t count, const uint8_t *bytes, size_t size)
{
    for (size_t cut = 0; cut <= size + 1; cut++) {
        uint8_t *copy = malloc(cut + 1); /* of its own size, for the sanitizers */
        ck_assert_ptr_nonnull(copy);
        memcpy(copy, bytes, cut < size ? cut : size);
        if (cut > size) copy[size] = 0;
        next_event(event);
        const enum etwr_status status =
            etwr_event_add_packed(event, "f", in, count, copy, cut, 0, 0);
        ck_assert_msg(status == (cut == size ? ETWR_OK : ETWR_E_BAD_VALUE),
                      "in type %#x, %zu of %zu bytes: %d", in, cut, size, (int)status);
        free(copy);
    }
}

START_TEST(a_packed_value_is_one_value_to_the_byte)
{
    expect_exact(values[_i].in, 99, (const uint8_t *)values[_i].bytes, values[_i].size);
}
END_TEST

START_TEST(a_packed_array_is_its_elements_to_the_byte)
{
    uint8_t bytes[2 + 3 * 16] = {3, 0};
    const size_t size = values[_i].size;
    if (values[_i].in == ETWR_IN_BINARY) return;
    for (size_t i = 0; i < 3; i++)
        memcpy(bytes + 2 + i * size, values[_i].bytes, size);
    expect_exact(values[_i].in | ETWR_IN_SEQUENCE, 99, bytes, 2 + 3 * size);
    expect_exact(values[_i].in | ETWR_IN_CONSTANT_ARRAY, 3, bytes + 2, 3 * size);
}
END_TEST

START_TEST(an_empty_packed_sequence_is_its_count)
{
    expect_exact(values[_i].in == ETWR_IN_BINARY ? ETWR_IN_INT8 | ETWR_IN_SEQUENCE
                                                 : values[_i].in | ETWR_IN_SEQUENCE,
                 0, (const uint8_t *)"\0", 2);
}
END_TEST

START_TEST(packed_fields_are_put_as_they_are)
{
    OK(etwr_event_add_packed(event, "a", ETWR_IN_INT16 | ETWR_IN_SEQUENCE, 9, "\2\0abcd", 6,
                             ETWR_OUT_HEX, 0));
    OK(etwr_event_add_packed(event, "b", ETWR_IN_INT16 | ETWR_IN_CONSTANT_ARRAY, 2, "abcd", 4, 0,
                             1));
    OK(etwr_event_add_packed(event, "c", ETWR_IN_BINARY, 0, "\1\0x", 3, 0, 0));
    expect_event(event, "6100 c5 04  6200 a5 80 80808001 0200  6300 0e",
                 "0200 61626364 61626364 0100 78");
}
END_TEST

START_TEST(packed_values_are_refused_for_what_is_wrong_with_them)
{
    static uint8_t big[ETWR_DATA_MAX_BYTES + 1];
    ck_assert_int_eq(etwr_event_add_packed(event, "f", ETWR_IN_STR16, 0, "\1\0a", 3, 0, 0),
                     ETWR_E_BAD_VALUE);
    next_event(event);
    ck_assert_int_eq(etwr_event_add_packed(event, "f", ETWR_IN_SID, 0, "\1\20abcdef", 8, 0, 0),
                     ETWR_E_BAD_VALUE);
    next_event(event);
    ck_assert_int_eq(etwr_event_add_packed(event, "f", ETWR_IN_INT8, 0, NULL, 0, 0, 0),
                     ETWR_E_BAD_VALUE);
    next_event(event);
    ck_assert_int_eq(etwr_event_add_packed(event, "f", ETWR_IN_ZSTR8, 0, big, sizeof big, 0, 0),
                     ETWR_E_DATA_TOO_LONG);
    next_event(event);
    ck_assert_int_eq(
        etwr_event_add_packed(event, "f", ETWR_IN_INT8 | ETWR_IN_CONSTANT_ARRAY, 0, "", 0, 0, 0),
        ETWR_E_BAD_VALUE);
}
END_TEST

int main(void)
{
    const int count = (int)(sizeof values / sizeof values[0]);
    Suite *suite = suite_create("declare");
    TCase *declared = tcase_create("declared");
    TCase *packed = tcase_create("packed");
    tcase_add_checked_fixture(declared, setup, teardown);
    tcase_add_checked_fixture(packed, setup, teardown);
    tcase_add_loop_test(declared, only_types_that_exist_are_declared, 0, 256);
    tcase_add_test(declared, constant_counts_belong_to_constant_arrays);
    tcase_add_test(declared, a_template_has_metadata_and_no_data);
    tcase_add_test(declared, declared_structs_take_declared_members);
    tcase_add_test(declared, a_declared_array_of_structs_has_no_place_for_values);
    tcase_add_test(declared, a_template_that_lacks_members_is_not_encoded);
    tcase_add_test(declared, a_declared_member_of_a_plain_struct_makes_a_template);
    tcase_add_test(declared, any_event_may_be_encoded_as_a_template);
    tcase_add_loop_test(packed, only_types_that_exist_are_packed, 0, 256);
    tcase_add_loop_test(packed, a_packed_value_is_one_value_to_the_byte, 0, count);
    tcase_add_loop_test(packed, a_packed_array_is_its_elements_to_the_byte, 0, count);
    tcase_add_loop_test(packed, an_empty_packed_sequence_is_its_count, 0, count);
    tcase_add_test(packed, packed_fields_are_put_as_they_are);
    tcase_add_test(packed, packed_values_are_refused_for_what_is_wrong_with_them);
    suite_add_tcase(suite, declared);
    suite_add_tcase(suite, packed);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
