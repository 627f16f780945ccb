/* Where a client connects. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/endpoint.h"
#include "tests/support/fake_link.h"

static struct endpoint endpoint;
static char other_path[128];

static void setup(void)
{
    fake_environment(transport_handle_variable, NULL);
    fake_environment("ETWRELAY_PIPE", NULL);
    endpoint_return_handle();
    snprintf(other_path, sizeof other_path, "%s-other", transport_system_path);
}

START_TEST(the_option_comes_before_the_environment)
{
    fake_environment(transport_handle_variable, "7");
    fake_environment("ETWRELAY_PIPE", transport_system_path);
    ck_assert_int_eq(endpoint_choose(other_path, &endpoint), ETWR_OK);
    ck_assert_int_eq(endpoint.kind, ENDPOINT_PATH);
    ck_assert_str_eq(endpoint.path, other_path);
}
END_TEST

START_TEST(an_open_stream_comes_before_a_path)
{
    fake_environment(transport_handle_variable, "7");
    fake_environment("ETWRELAY_PIPE", transport_system_path);
    ck_assert_int_eq(endpoint_choose(NULL, &endpoint), ETWR_OK);
    ck_assert_int_eq(endpoint.kind, ENDPOINT_HANDLE);
    ck_assert_int_eq(endpoint.handle, 7);
}
END_TEST

START_TEST(an_open_stream_serves_once)
{
    fake_environment(transport_handle_variable, "7");
    fake_environment("ETWRELAY_PIPE", transport_system_path);
    ck_assert(endpoint_take_handle());
    ck_assert(!endpoint_take_handle());
    ck_assert_int_eq(endpoint_choose(NULL, &endpoint), ETWR_OK);
    ck_assert_str_eq(endpoint.path, transport_system_path);
    endpoint_return_handle();
    ck_assert_int_eq(endpoint_choose(NULL, &endpoint), ETWR_OK);
    ck_assert_int_eq(endpoint.kind, ENDPOINT_HANDLE);
}
END_TEST

START_TEST(a_handle_that_is_no_number_is_an_error)
{
    static const char *const bad[] = {"x", "-1", "+1", " 1", "1 ", "0x1", "99999999999999999999"};

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        fake_environment(transport_handle_variable, bad[i]);
        ck_assert_int_eq(endpoint_choose(NULL, &endpoint), ETWR_E_INVALID_ARGUMENT);
    }
}
END_TEST

START_TEST(variables_that_are_empty_are_not_set)
{
    fake_environment(transport_handle_variable, "");
    fake_environment("ETWRELAY_PIPE", "");
    ck_assert_int_eq(endpoint_choose(NULL, &endpoint), ETWR_OK);
    ck_assert_int_eq(endpoint.kind, ENDPOINT_SEARCH);
}
END_TEST

START_TEST(whoever_opens_a_stream_looks_at_no_open_one)
{
    fake_environment(transport_handle_variable, "7");
    ck_assert_int_eq(endpoint_choose_path(NULL, &endpoint), ETWR_OK);
    ck_assert_int_eq(endpoint.kind, ENDPOINT_SEARCH);
    fake_environment("ETWRELAY_PIPE", transport_system_path);
    ck_assert_int_eq(endpoint_choose_path(NULL, &endpoint), ETWR_OK);
    ck_assert_str_eq(endpoint.path, transport_system_path);
    ck_assert_int_eq(endpoint_choose_path(other_path, &endpoint), ETWR_OK);
    ck_assert_str_eq(endpoint.path, other_path);
}
END_TEST

START_TEST(a_path_that_cannot_be_is_an_error)
{
    static char longest[4096];

    memset(longest, 'x', sizeof longest - 1);
    ck_assert_int_eq(endpoint_choose("", &endpoint), ETWR_E_INVALID_ARGUMENT);
    ck_assert_int_eq(endpoint_choose(longest, &endpoint), ETWR_E_INVALID_ARGUMENT);
    fake_environment("ETWRELAY_PIPE", longest);
    ck_assert_int_eq(endpoint_choose(NULL, &endpoint), ETWR_E_INVALID_ARGUMENT);
    memcpy(longest, transport_system_path, strlen(transport_system_path));
    fake_environment("ETWRELAY_PIPE", longest);
    ck_assert_int_eq(endpoint_choose(NULL, &endpoint), ETWR_E_INVALID_ARGUMENT);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("endpoint");
    TCase *tcase = tcase_create("endpoint");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_checked_fixture(tcase, setup, NULL);
    tcase_add_test(tcase, the_option_comes_before_the_environment);
    tcase_add_test(tcase, an_open_stream_comes_before_a_path);
    tcase_add_test(tcase, an_open_stream_serves_once);
    tcase_add_test(tcase, a_handle_that_is_no_number_is_an_error);
    tcase_add_test(tcase, variables_that_are_empty_are_not_set);
    tcase_add_test(tcase, whoever_opens_a_stream_looks_at_no_open_one);
    tcase_add_test(tcase, a_path_that_cannot_be_is_an_error);
    suite_add_tcase(suite, tcase);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
