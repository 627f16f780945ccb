/* Lines for people that fit into what there is. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "client/words.h"

static char text[16];

START_TEST(words_are_put_behind_each_other)
{
    words_set(text, sizeof text, "error ");
    words_add_number(text, sizeof text, 4294967295u);
    ck_assert_str_eq(text, "error 429496729"); /* the last digit has no room */
    words_set(text, sizeof text, "");
    words_add_number(text, sizeof text, 0);
    words_add(text, sizeof text, "");
    words_add_number(text, sizeof text, 17);
    ck_assert_str_eq(text, "017");
}
END_TEST

START_TEST(a_character_is_left_off_whole)
{
    words_set(text, sizeof text, "123456789012");
    words_add(text, sizeof text, "3\xE2\x82\xAC");
    ck_assert_str_eq(text, "1234567890123");
    words_set(text, sizeof text, "12345678901\xE2\x82\xAC");
    words_add(text, sizeof text, "\xC3\xA4");
    ck_assert_str_eq(text, "12345678901\xE2\x82\xAC");
    words_add(text, sizeof text, "4x");
    ck_assert_str_eq(text, "12345678901\xE2\x82\xAC"
                           "4");
    words_add(text, sizeof text, "x");
    ck_assert_uint_eq(strlen(text), sizeof text - 1);
    words_set(text, 1, "x");
    ck_assert_str_eq(text, "");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("words");
    TCase *tcase = tcase_create("words");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_checked_fixture(tcase, NULL, NULL);
    tcase_add_test(tcase, words_are_put_behind_each_other);
    tcase_add_test(tcase, a_character_is_left_off_whole);
    suite_add_tcase(suite, tcase);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
