/* Command-line options: client/tool/options.h. */
#include <stdlib.h>

#include <check.h>

#include "client/tool/options.h"

enum { OPT_LEVEL, OPT_JSON };

static const struct option_name names[] = {
    {"--level", OPT_LEVEL, true}, {"--json", OPT_JSON, false}, {NULL, 0, false}};

static char *arguments[8];

static void start(struct options *options, int count)
{
    options_init(options, "test", names, count, arguments);
}

START_TEST(value_comes_behind_equals_sign_or_as_next_argument)
{
    struct options options;

    arguments[0] = "--level=7";
    arguments[1] = "--level";
    arguments[2] = "8";
    start(&options, 3);
    ck_assert_int_eq(options_next(&options), OPT_LEVEL);
    ck_assert_str_eq(options.value, "7");
    ck_assert_int_eq(options_next(&options), OPT_LEVEL);
    ck_assert_str_eq(options.value, "8");
    ck_assert_int_eq(options_next(&options), OPTIONS_END);
    ck_assert_int_eq(options_next(&options), OPTIONS_END);
}
END_TEST

START_TEST(operands_stand_anywhere_and_a_lone_dash_is_one)
{
    struct options options;

    arguments[0] = "x:int8=-1";
    arguments[1] = "--json";
    arguments[2] = "-";
    start(&options, 3);
    ck_assert_int_eq(options_next(&options), OPTIONS_OPERAND);
    ck_assert_str_eq(options.value, "x:int8=-1");
    ck_assert_int_eq(options_next(&options), OPT_JSON);
    ck_assert_int_eq(options_next(&options), OPTIONS_OPERAND);
    ck_assert_str_eq(options.value, "-");
}
END_TEST

START_TEST(double_dash_makes_the_rest_operands)
{
    struct options options;

    arguments[0] = "--";
    arguments[1] = "--json";
    arguments[2] = "--";
    start(&options, 3);
    ck_assert_int_eq(options_next(&options), OPTIONS_OPERAND);
    ck_assert_str_eq(options.value, "--json");
    ck_assert_int_eq(options_next(&options), OPTIONS_OPERAND);
    ck_assert_str_eq(options.value, "--");
    ck_assert_int_eq(options_next(&options), OPTIONS_END);
}
END_TEST

START_TEST(lone_double_dash_at_the_end_is_the_end)
{
    struct options options;

    arguments[0] = "--";
    start(&options, 1);
    ck_assert_int_eq(options_next(&options), OPTIONS_END);
}
END_TEST

START_TEST(wrong_options_are_refused)
{
    static const char *const wrong[] = {"--leve",  "--levels",   "-x", "--json=1",
                                        "--level", "--level2=3", "---"};
    struct options options;

    arguments[0] = (char *)(uintptr_t)wrong[_i];
    start(&options, 1);
    ck_assert_int_eq(options_next(&options), OPTIONS_WRONG);
}
END_TEST

START_TEST(help_is_known_everywhere)
{
    struct options options;

    arguments[0] = "--help";
    arguments[1] = "-h";
    start(&options, 2);
    ck_assert_int_eq(options_next(&options), OPTIONS_HELP);
    ck_assert_int_eq(options_next(&options), OPTIONS_HELP);
}
END_TEST

static bool read_number(const char *text, uint64_t min, uint64_t max, uint64_t *number)
{
    struct options options = {.command = "test", .name = "--level", .value = text};
    return options_number(&options, min, max, number);
}

START_TEST(numbers_are_decimal_or_hex_within_their_range)
{
    uint64_t number;

    ck_assert(read_number("0", 0, 255, &number) && number == 0);
    ck_assert(read_number("255", 0, 255, &number) && number == 255);
    ck_assert(read_number("0x1F", 0, 255, &number) && number == 31);
    ck_assert(read_number("18446744073709551615", 0, UINT64_MAX, &number) && number == UINT64_MAX);
    ck_assert(read_number("0xffffffffffffffff", 0, UINT64_MAX, &number) && number == UINT64_MAX);
}
END_TEST

START_TEST(what_is_no_number_in_range_is_refused)
{
    static const char *const wrong[] = {"",
                                        "256",
                                        "-1",
                                        "+1",
                                        " 1",
                                        "1 ",
                                        "1.5",
                                        "0x",
                                        "0xg",
                                        "1e2",
                                        "18446744073709551616",
                                        "0x10000000000000000",
                                        "a"};
    uint64_t number = 77;

    ck_assert(!read_number(wrong[_i], 0, 255, &number));
    ck_assert_uint_eq(number, 77);
}
END_TEST

START_TEST(number_under_the_minimum_is_refused)
{
    uint64_t number;
    ck_assert(!read_number("0", 1, 5, &number));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("options");
    TCase *tcase = tcase_create("options");
    SRunner *runner = srunner_create(suite);
    int failed;

    suite_add_tcase(suite, tcase);
    tcase_add_test(tcase, value_comes_behind_equals_sign_or_as_next_argument);
    tcase_add_test(tcase, operands_stand_anywhere_and_a_lone_dash_is_one);
    tcase_add_test(tcase, double_dash_makes_the_rest_operands);
    tcase_add_test(tcase, lone_double_dash_at_the_end_is_the_end);
    tcase_add_loop_test(tcase, wrong_options_are_refused, 0, 7);
    tcase_add_test(tcase, help_is_known_everywhere);
    tcase_add_test(tcase, numbers_are_decimal_or_hex_within_their_range);
    tcase_add_loop_test(tcase, what_is_no_number_in_range_is_refused, 0, 13);
    tcase_add_test(tcase, number_under_the_minimum_is_refused);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
