/* The service's command lines that start nothing, or nothing that gets as far as `ready`. */
#include <check.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "service/options.h"
#include "tests/support/process.h"

static struct scratch scratch;

static void setup(void)
{
    scratch_init(&scratch);
}

static void teardown(void)
{
    scratch_clear(&scratch);
}

/* `etwrelayd ARGUMENTS...`; the list ends with NULL. */
static void daemon_run(struct run *run, ...)
{
    const char *argv[PROCESS_ARGUMENTS_MAX] = {ETWRELAYD_PATH};
    size_t count = 1;
    va_list list;
    va_start(list, run);
    while ((argv[count] = va_arg(list, const char *)) != NULL)
        ck_assert_uint_lt(++count, PROCESS_ARGUMENTS_MAX);
    va_end(list);
    run_program(run, argv, NULL);
}

static const char *config(const char *name, const char *text, char *path)
{
    scratch_write(&scratch, name, text, strlen(text));
    return scratch_file(&scratch, name, path);
}

START_TEST(version_is_printed)
{
    struct run run;
    daemon_run(&run, "--version", NULL);
    ck_assert_int_eq(run.exit_status, 0);
    ck_assert_str_eq(run.out, "etwrelayd " ETWR_VERSION "\n");
    ck_assert_str_eq(run.err, "");
    run_clear(&run);
}
END_TEST

static const char *const commands[] = {"run",   "check-config", "install", "uninstall",
                                       "start", "stop",         "verify"};

START_TEST(every_command_is_in_the_help_and_has_it)
{
    struct run run;
    daemon_run(&run, "--help", NULL);
    ck_assert_int_eq(run.exit_status, 0);
    ck_assert_ptr_nonnull(strstr(run.out, commands[_i]));
    run_clear(&run);
    daemon_run(&run, commands[_i], _i % 2 == 0 ? "--help" : "-h", NULL);
    ck_assert_int_eq(run.exit_status, 0);
    ck_assert_ptr_nonnull(strstr(run.out, "usage: etwrelayd run "));
    ck_assert_str_eq(run.err, "");
    run_clear(&run);
}
END_TEST

static const struct {
    const char *arguments[4], *said;
} wrong[] = {
    {{NULL}, "say what to do"},
    {{"frobnicate"}, "frobnicate"},
    {{"run", "--no-such"}, "--no-such"},
    {{"run", "--configuration", "x"}, "--configuration"},
    {{"run", "operand"}, "operand"},
    {{"run", "--config"}, "--config needs a value"},
    {{"run", "--pipe"}, "--pipe needs a value"},
    {{"run", "--workers", "0"}, "1 to 256, not 0"},
    {{"run", "--workers=257"}, "not 257"},
    {{"run", "--workers", "-1"}, "not -1"},
    {{"run", "--workers", "2x"}, "not 2x"},
    {{"run", "--workers", ""}, "1 to 256"},
    {{"check-config"}, "one file"},
    {{"check-config", "a", "b"}, "one file"},
    {{"install", "--trace"}, "install does not know --trace"},
    {{"verify", "--trace", "now"}, "verify does not know now"},
};

START_TEST(a_wrong_command_line_is_refused_with_what_is_wrong)
{
    const char *const *arguments = wrong[_i].arguments;
    struct run run;
    daemon_run(&run, arguments[0], arguments[1], arguments[2], arguments[3], NULL);
    ck_assert_int_eq(run.exit_status, 2);
    ck_assert_str_eq(run.out, "");
    ck_assert_msg(strstr(run.err, wrong[_i].said) != NULL, "%s", run.err);
    ck_assert_msg(strstr(run.err, "etwrelayd --help") != NULL, "%s", run.err);
    run_clear(&run);
}
END_TEST

START_TEST(more_sinks_than_there_may_be_are_wrong_usage)
{
    const char *argv[PROCESS_ARGUMENTS_MAX] = {ETWRELAYD_PATH, "run"};
    struct run run;
    for (size_t i = 0; i <= OPTIONS_SINKS_MAX; i++)
        argv[2 + i] = "--sink=null";
    run_program(&run, argv, NULL);
    ck_assert_int_eq(run.exit_status, 2);
    ck_assert_msg(strstr(run.err, "--sink may be given at most") != NULL, "%s", run.err);
    run_clear(&run);
}
END_TEST

START_TEST(a_good_config_is_called_good)
{
    char path[PROCESS_PATH_MAX];
    struct run run;
    daemon_run(&run, "check-config",
               config("good.json", "{\"workers\":1,\"sinks\":[{\"type\":\"null\"}]}", path), NULL);
    ck_assert_msg(run.exit_status == 0, "%s", run.err);
    ck_assert_ptr_nonnull(strstr(run.out, ": good"));
    ck_assert_str_eq(run.err, "");
    run_clear(&run);
}
END_TEST

START_TEST(every_error_of_a_config_is_told_with_its_place)
{
    char path[PROCESS_PATH_MAX];
    struct run run;
    config("bad.json", "{\"wokers\":1,\n\"limits\":{\"clients\":\"many\"},\n\"sinks\":[{}]}", path);
    for (int i = 0; i < 2; i++) {
        if (i == 0)
            daemon_run(&run, "check-config", path, NULL);
        else
            daemon_run(&run, "run", "--config", path, NULL);
        ck_assert_int_eq(run.exit_status, 1);
        ck_assert_str_eq(run.out, "");
        ck_assert_msg(strstr(run.err, "$.wokers") != NULL, "%s", run.err);
        ck_assert_msg(strstr(run.err, "$.limits.clients") != NULL, "%s", run.err);
        ck_assert_msg(strstr(run.err, "$.sinks[0]") != NULL, "%s", run.err);
        run_clear(&run);
    }
}
END_TEST

START_TEST(a_config_that_cannot_be_read_is_told)
{
    struct run run;
    daemon_run(&run, "check-config", "/nonexistent/etwrelay.json", NULL);
    ck_assert_int_eq(run.exit_status, 1);
    ck_assert_msg(strstr(run.err, "/nonexistent/etwrelay.json") != NULL, "%s", run.err);
    run_clear(&run);
    daemon_run(&run, "check-config", scratch.path, NULL);
    ck_assert_int_eq(run.exit_status, 1);
    ck_assert_msg(strstr(run.err, scratch.path) != NULL, "%s", run.err);
    run_clear(&run);
}
END_TEST

START_TEST(a_sink_that_does_not_exist_is_refused)
{
    struct run run;
    daemon_run(&run, "run", "--sink", "tape:/dev/tape", NULL);
    ck_assert_int_eq(run.exit_status, 1);
    ck_assert_msg(strstr(run.err, "tape") != NULL, "%s", run.err);
    run_clear(&run);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("service_offline");
    TCase *tc = tcase_create("service_offline");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, version_is_printed);
    tcase_add_loop_test(tc, every_command_is_in_the_help_and_has_it, 0,
                        (int)(sizeof commands / sizeof *commands));
    tcase_add_loop_test(tc, a_wrong_command_line_is_refused_with_what_is_wrong, 0,
                        (int)(sizeof wrong / sizeof *wrong));
    tcase_add_test(tc, more_sinks_than_there_may_be_are_wrong_usage);
    tcase_add_test(tc, a_good_config_is_called_good);
    tcase_add_test(tc, every_error_of_a_config_is_told_with_its_place);
    tcase_add_test(tc, a_config_that_cannot_be_read_is_told);
    tcase_add_test(tc, a_sink_that_does_not_exist_is_refused);
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
