/*
 * GUIDs as text: the first three groups turn round, the rest does not.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include <etwrelay/types.h>

static const struct etwr_guid sample = {{0x33, 0x22, 0x11, 0x00, 0x55, 0x44, 0x77, 0x66, 0x88, 0x99,
                                         0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff}};

static const char *const good[] = {
    "00112233-4455-6677-8899-aabbccddeeff",
    "{00112233-4455-6677-8899-aabbccddeeff}",
    "00112233-4455-6677-8899-AABBCCDDEEFF",
    "{00112233-4455-6677-8899-AabbCcddEeff}",
};

static const char *const bad[] = {
    "",
    "{}",
    "{",
    "00112233-4455-6677-8899-aabbccddeef",
    "00112233-4455-6677-8899-aabbccddeeff0",
    "00112233-4455-6677-8899-aabbccddeeff ",
    " 00112233-4455-6677-8899-aabbccddeeff",
    "{00112233-4455-6677-8899-aabbccddeeff",
    "00112233-4455-6677-8899-aabbccddeeff}",
    "{00112233-4455-6677-8899-aabbccddeeff}}",
    "(00112233-4455-6677-8899-aabbccddeeff)",
    "00112233445566778899aabbccddeeff",
    "0011223-34455-6677-8899-aabbccddeeff",
    "00112233-4455-6677-8899aabbccddeeff-",
    "00112233_4455_6677_8899_aabbccddeeff",
    "0011223g-4455-6677-8899-aabbccddeeff",
    "0x112233-4455-6677-8899-aabbccddeeff",
    "+0112233-4455-6677-8899-aabbccddeeff",
};

START_TEST(a_guid_is_read_in_any_usual_form)
{
    struct etwr_guid guid = {{0}};
    ck_assert_int_eq(etwr_guid_parse(good[_i], &guid), ETWR_OK);
    ck_assert_mem_eq(&guid, &sample, sizeof guid);
}
END_TEST

START_TEST(other_text_is_refused_and_changes_nothing)
{
    struct etwr_guid guid = sample;
    /* Its own memory to the byte, so that a look behind the end is seen. */
    char *text = malloc(strlen(bad[_i]) + 1);
    ck_assert_ptr_nonnull(text);
    strcpy(text, bad[_i]);
    ck_assert_int_eq(etwr_guid_parse(text, &guid), ETWR_E_BAD_VALUE);
    ck_assert_mem_eq(&guid, &sample, sizeof guid);
    free(text);
}
END_TEST

START_TEST(null_is_no_guid)
{
    struct etwr_guid guid = sample;
    ck_assert_int_eq(etwr_guid_parse(NULL, &guid), ETWR_E_BAD_VALUE);
    ck_assert_int_eq(etwr_guid_parse(good[0], NULL), ETWR_E_BAD_VALUE);
}
END_TEST

START_TEST(a_guid_is_written_in_lower_case)
{
    char text[ETWR_GUID_TEXT_BYTES];
    etwr_guid_format(&sample, text);
    ck_assert_str_eq(text, good[0]);
}
END_TEST

START_TEST(every_byte_survives_the_way_through_text)
{
    for (unsigned value = 0; value < 256; value++) {
        char text[ETWR_GUID_TEXT_BYTES];
        struct etwr_guid guid, again;
        for (size_t i = 0; i < sizeof guid.bytes; i++)
            guid.bytes[i] = (uint8_t)(value + 17 * i);
        etwr_guid_format(&guid, text);
        ck_assert_uint_eq(strlen(text), ETWR_GUID_TEXT_BYTES - 1);
        ck_assert_int_eq(etwr_guid_parse(text, &again), ETWR_OK);
        ck_assert_mem_eq(&guid, &again, sizeof guid);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("guid");
    TCase *tests = tcase_create("guid");
    tcase_add_loop_test(tests, a_guid_is_read_in_any_usual_form, 0,
                        (int)(sizeof good / sizeof good[0]));
    tcase_add_loop_test(tests, other_text_is_refused_and_changes_nothing, 0,
                        (int)(sizeof bad / sizeof bad[0]));
    tcase_add_test(tests, null_is_no_guid);
    tcase_add_test(tests, a_guid_is_written_in_lower_case);
    tcase_add_test(tests, every_byte_survives_the_way_through_text);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
