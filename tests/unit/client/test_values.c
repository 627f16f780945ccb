/* Packing the values of prepared events. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include <etwrelay/client.h>

static uint8_t memory[64];
static struct etwr_values values;

static void setup(void)
{
    memset(memory, 0xEE, sizeof memory);
    etwr_values_init(&values, memory, sizeof memory);
}

static void check_packed(const void *expected, size_t size)
{
    ck_assert_int_eq(values.failed, ETWR_OK);
    ck_assert_uint_eq((size_t)(values.at - values.start), size);
    ck_assert_mem_eq(memory, expected, size);
    ck_assert_uint_eq(memory[size], 0xEE);
}

START_TEST(numbers_are_little_endian)
{
    etwr_put_int8(&values, -2);
    etwr_put_uint8(&values, 0x81);
    etwr_put_int16(&values, -2);
    etwr_put_uint16(&values, 0x8182);
    etwr_put_int32(&values, -2);
    etwr_put_uint32(&values, 0x81828384);
    etwr_put_int64(&values, -2);
    etwr_put_uint64(&values, UINT64_C(0x8182838485868788));
    check_packed("\xfe\x81\xfe\xff\x82\x81\xfe\xff\xff\xff\x84\x83\x82\x81"
                 "\xfe\xff\xff\xff\xff\xff\xff\xff\x88\x87\x86\x85\x84\x83\x82\x81",
                 30);
}
END_TEST

START_TEST(floats_are_their_ieee_bits)
{
    etwr_put_float32(&values, 1.5f);
    etwr_put_float64(&values, -1.5);
    check_packed("\x00\x00\xc0\x3f\x00\x00\x00\x00\x00\x00\xf8\xbf", 12);
}
END_TEST

START_TEST(guids_and_dates_are_packed_as_they_are)
{
    struct etwr_guid guid = {{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}};
    struct etwr_systemtime time = {2024, 2, 4, 29, 23, 59, 58, 999};

    etwr_put_guid(&values, &guid);
    etwr_put_systemtime(&values, &time);
    check_packed("\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10"
                 "\xe8\x07\x02\x00\x04\x00\x1d\x00\x17\x00\x3b\x00\x3a\x00\xe7\x03",
                 32);
}
END_TEST

START_TEST(strings_are_terminated_or_counted)
{
    etwr_put_zstr8(&values, "ab");
    etwr_put_zstr16(&values, "\xc3\xa4\xf0\x9f\x98\x80");
    etwr_put_str8(&values, "cd", 2);
    etwr_put_str16(&values, "e");
    etwr_put_str8(&values, NULL, 0);
    etwr_put_count(&values, 0x102);
    check_packed("ab\0\xe4\x00\x3d\xd8\x00\xde\0\0\x02\0cd\x02\0e\0\0\0\x02\x01", 23);
}
END_TEST

START_TEST(a_sid_has_the_size_that_it_says)
{
    static const uint8_t sid[12] = {1, 1, 0, 0, 0, 0, 0, 5, 18, 0, 0, 0};

    etwr_put_sid(&values, sid, 12);
    check_packed(sid, 12);
    etwr_put_sid(&values, sid, 11);
    ck_assert_int_eq(values.failed, ETWR_E_BAD_VALUE);
}
END_TEST

START_TEST(what_does_not_fit_writes_nothing_and_is_remembered)
{
    etwr_values_init(&values, memory, 5);
    etwr_put_uint32(&values, 1);
    etwr_put_uint16(&values, 2);
    ck_assert_int_eq(values.failed, ETWR_E_DATA_TOO_LONG);
    ck_assert_uint_eq(memory[4], 0xEE);
    etwr_put_uint8(&values, 3); /* would fit, but the one before is missing */
    etwr_put_zstr16(&values, "\xff");
    ck_assert_int_eq(values.failed, ETWR_E_DATA_TOO_LONG);
    ck_assert_uint_eq(memory[4], 0xEE);
    etwr_values_init(&values, NULL, 0);
    etwr_put_uint8(&values, 3);
    ck_assert_int_eq(values.failed, ETWR_E_DATA_TOO_LONG);
}
END_TEST

START_TEST(values_that_are_none_are_bad)
{
    for (int i = 0; i < 7; i++) {
        setup();
        if (i == 0) etwr_put_zstr8(&values, NULL);
        if (i == 1) etwr_put_zstr16(&values, NULL);
        if (i == 2) etwr_put_str16(&values, "\xed\xa0\x80");
        if (i == 3) etwr_put_str8(&values, NULL, 1);
        if (i == 4) etwr_put_guid(&values, NULL);
        if (i == 5) etwr_put_systemtime(&values, NULL);
        if (i == 6) etwr_put_sid(&values, NULL, 8);
        ck_assert_int_eq(values.failed, ETWR_E_BAD_VALUE);
        ck_assert_ptr_eq(values.at, values.start);
    }
}
END_TEST

START_TEST(a_counted_value_of_65536_bytes_is_too_long)
{
    static char text[65537];
    static uint8_t large[140000];

    etwr_values_init(&values, large, sizeof large);
    etwr_put_str8(&values, text, 65535);
    ck_assert_int_eq(values.failed, ETWR_OK);
    etwr_put_str8(&values, text, 65536);
    ck_assert_int_eq(values.failed, ETWR_E_DATA_TOO_LONG);
    memset(text, 'x', 32768);
    etwr_values_init(&values, large, sizeof large);
    etwr_put_str16(&values, text);
    ck_assert_int_eq(values.failed, ETWR_E_DATA_TOO_LONG);
    text[32767] = '\0';
    etwr_values_init(&values, large, sizeof large);
    etwr_put_str16(&values, text);
    ck_assert_int_eq(values.failed, ETWR_OK);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("values");
    TCase *tcase = tcase_create("values");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_checked_fixture(tcase, setup, NULL);
    tcase_add_test(tcase, numbers_are_little_endian);
    tcase_add_test(tcase, floats_are_their_ieee_bits);
    tcase_add_test(tcase, guids_and_dates_are_packed_as_they_are);
    tcase_add_test(tcase, strings_are_terminated_or_counted);
    tcase_add_test(tcase, a_sid_has_the_size_that_it_says);
    tcase_add_test(tcase, what_does_not_fit_writes_nothing_and_is_remembered);
    tcase_add_test(tcase, values_that_are_none_are_bad);
    tcase_add_test(tcase, a_counted_value_of_65536_bytes_is_too_long);
    suite_add_tcase(suite, tcase);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
