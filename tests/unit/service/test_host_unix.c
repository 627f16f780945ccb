/* Where the default sink's file goes on Unix: each of the three variables, and when none will do.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "service/host/host.h"
#include "tests/support/process.h"

static struct scratch scratch;
static char folder[512], message[HOST_MESSAGE_BYTES];

static void setup(void)
{
    scratch_init(&scratch);
    unsetenv("STATE_DIRECTORY");
    unsetenv("XDG_STATE_HOME");
    unsetenv("HOME");
    folder[0] = message[0] = 0;
}

static void teardown(void)
{
    scratch_clear(&scratch);
}

static void set_variable(const char *name, const char *behind, const char *more)
{
    char value[512];
    snprintf(value, sizeof value, "%s%s%s", scratch.path, behind, more);
    ck_assert_int_eq(setenv(name, value, 1), 0);
}

static enum etwr_status find(void)
{
    return host_state_folder(folder, sizeof folder, message);
}

static void expect_folder(const char *behind)
{
    char expected[512];
    struct stat about;
    snprintf(expected, sizeof expected, "%s%s", scratch.path, behind);
    ck_assert_msg(find() == ETWR_OK, "%s", message);
    ck_assert_str_eq(folder, expected);
    ck_assert_int_eq(stat(folder, &about), 0);
    ck_assert(S_ISDIR(about.st_mode));
    ck_assert_uint_eq(about.st_mode & 0777, 0700);
}

START_TEST(systemd_says_it_first_and_xdg_before_home)
{
    set_variable("HOME", "/home", "");
    expect_folder("/home/.local/state/etwrelay");
    set_variable("XDG_STATE_HOME", "/xdg", "");
    expect_folder("/xdg/etwrelay");
    set_variable("STATE_DIRECTORY", "/first", ":/second");
    expect_folder("/first");
    expect_folder("/first"); /* it is there by now */
}
END_TEST

START_TEST(a_relative_path_is_nobodys)
{
    setenv("STATE_DIRECTORY", "relative", 1);
    setenv("XDG_STATE_HOME", "relative", 1);
    set_variable("HOME", "/home", "");
    expect_folder("/home/.local/state/etwrelay");
}
END_TEST

START_TEST(without_any_it_is_said_what_to_do)
{
    ck_assert_int_eq(find(), ETWR_E_NOT_FOUND);
    ck_assert_ptr_nonnull(strstr(message, "--sink etl:FILE"));
    setenv("HOME", "relative", 1);
    ck_assert_int_eq(find(), ETWR_E_NOT_FOUND);
}
END_TEST

START_TEST(a_path_that_is_cut_short_is_refused)
{
    char longest[600];
    memset(longest, 'x', sizeof longest - 1);
    longest[0] = '/';
    longest[sizeof longest - 1] = 0;
    setenv("XDG_STATE_HOME", longest, 1);
    ck_assert_int_eq(find(), ETWR_E_LIMIT);
    ck_assert_ptr_nonnull(strstr(message, "--sink etl:FILE"));
}
END_TEST

START_TEST(a_file_in_the_way_is_named)
{
    scratch_write(&scratch, "file", "", 0);
    set_variable("XDG_STATE_HOME", "/file", "");
    ck_assert_int_eq(find(), ETWR_E_IO);
    ck_assert_msg(strstr(message, "/file/etwrelay") != NULL, "%s", message);
    ck_assert_ptr_nonnull(strstr(message, "Not a directory"));
    set_variable("STATE_DIRECTORY", "/file", "/deep/er");
    ck_assert_int_eq(find(), ETWR_E_IO);
}
END_TEST

static const char *const commands[] = {"install", "uninstall", "start", "stop", "verify"};

START_TEST(there_is_no_service_manager_to_command)
{
    const char *const argv[] = {ETWRELAYD_PATH, commands[_i], NULL};
    struct run run;
    run_program(&run, argv, NULL);
    ck_assert_int_eq(run.exit_status, 1);
    ck_assert_ptr_nonnull(strstr(run.err, commands[_i]));
    ck_assert_ptr_nonnull(strstr(run.err, "etwrelayd run"));
    run_clear(&run);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("host_unix");
    TCase *tc = tcase_create("host_unix");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, systemd_says_it_first_and_xdg_before_home);
    tcase_add_test(tc, a_relative_path_is_nobodys);
    tcase_add_test(tc, without_any_it_is_said_what_to_do);
    tcase_add_test(tc, a_path_that_is_cut_short_is_refused);
    tcase_add_test(tc, a_file_in_the_way_is_named);
    tcase_add_loop_test(tc, there_is_no_service_manager_to_command, 0,
                        (int)(sizeof commands / sizeof *commands));
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
