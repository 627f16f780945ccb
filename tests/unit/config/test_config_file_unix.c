/*
 * The configuration file on Unix: who owns it, who may write it, and what is no file.
 */
#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "service/config/config.h"
#include "tests/support/process.h"

static struct scratch scratch;
static char path[PROCESS_PATH_MAX];
static struct text errors;

static void set_up(void)
{
    text_init(&errors);
    scratch_init(&scratch);
    scratch_file(&scratch, "etwrelay.json", path);
}

static void tear_down(void)
{
    text_clear(&errors);
    scratch_clear(&scratch);
}

static void write_file(const void *bytes, size_t size, mode_t mode)
{
    scratch_write(&scratch, "etwrelay.json", bytes, size);
    ck_assert_int_eq(chmod(path, mode), 0);
}

static void check_refused(enum etwr_status status, const char *part)
{
    struct config *config = NULL;
    ck_assert_int_eq(config_load(path, &config, &errors), status);
    ck_assert_ptr_null(config);
    text_put_char(&errors, '\0');
    ck_assert_msg(strstr(errors.data, part) != NULL, "%s", errors.data);
    ck_assert_int_eq(errors.data[errors.size - 2], '\n');
}

START_TEST(a_file_that_others_can_write_is_refused)
{
    static const mode_t modes[] = {0620, 0602, 0666};
    write_file("{}", 2, modes[_i]);
    check_refused(ETWR_E_ACCESS_DENIED, "chmod go-w");
}
END_TEST

START_TEST(a_file_of_somebody_else_is_refused)
{
    write_file("{}", 2, 0644);
    if (geteuid() != 0) return; /* only root can give files away */
    ck_assert_int_eq(chown(path, 65534, 0), 0);
    check_refused(ETWR_E_ACCESS_DENIED, "another user");
}
END_TEST

START_TEST(a_fifo_does_not_hold_up_the_start)
{
    ck_assert_int_eq(mkfifo(path, 0600), 0);
    check_refused(ETWR_E_ACCESS_DENIED, "not a regular file");
}
END_TEST

START_TEST(what_a_link_points_at_is_judged)
{
    char target[PROCESS_PATH_MAX + 8];
    struct config *config = NULL;
    (void)snprintf(target, sizeof(target), "%s.real", path);
    write_file("{}", 2, 0666);
    ck_assert_int_eq(rename(path, target), 0);
    ck_assert_int_eq(symlink(target, path), 0);
    ck_assert_int_eq(config_load(path, &config, &errors), ETWR_E_ACCESS_DENIED);
    ck_assert_int_eq(chmod(target, 0644), 0);
    ck_assert_int_eq(config_load(path, &config, &errors), ETWR_OK);
    config_unref(config);
    ck_assert_int_eq(unlink(target), 0);
}
END_TEST

START_TEST(no_descriptor_is_left_open)
{
    int before = open("/dev/null", O_RDONLY), after = -1;
    struct config *config = NULL;
    ck_assert_int_ge(before, 0);
    (void)close(before);
    write_file("{}", 2, 0666);
    ck_assert_int_eq(config_load(path, &config, &errors), ETWR_E_ACCESS_DENIED);
    ck_assert_int_eq(chmod(path, 0600), 0);
    ck_assert_int_eq(config_load(path, &config, &errors), ETWR_OK);
    config_unref(config);
    after = open("/dev/null", O_RDONLY);
    ck_assert_int_eq(after, before);
    (void)close(after);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("config_file_unix");
    TCase *tcase = tcase_create("config_file_unix");
    SRunner *runner = srunner_create(suite);
    int failed = 0;
    suite_add_tcase(suite, tcase);
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_loop_test(tcase, a_file_that_others_can_write_is_refused, 0, 3);
    tcase_add_test(tcase, a_file_of_somebody_else_is_refused);
    tcase_add_test(tcase, a_fifo_does_not_hold_up_the_start);
    tcase_add_test(tcase, what_a_link_points_at_is_judged);
    tcase_add_test(tcase, no_descriptor_is_left_open);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
