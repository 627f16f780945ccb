/*
 * The configuration file: opened once, judged by what was opened.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

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

static void check_refused(enum etwr_status status, const char *part)
{
    struct config *config = NULL;
    ck_assert_int_eq(config_load(path, &config, &errors), status);
    ck_assert_ptr_null(config);
    text_put_char(&errors, '\0');
    ck_assert_msg(strstr(errors.data, part) != NULL, "%s", errors.data);
    ck_assert_int_eq(errors.data[errors.size - 2], '\n');
}

START_TEST(a_good_file_is_read)
{
    struct config *config = NULL;
    scratch_write(&scratch, "etwrelay.json", "{\"workers\":3}\n", 14);
    ck_assert_int_eq(config_load(path, &config, &errors), ETWR_OK);
    ck_assert_uint_eq(config->workers, 3);
    ck_assert_uint_eq(errors.size, 0);
    config_unref(config);
}
END_TEST

START_TEST(a_bad_file_is_told_by_path_in_it)
{
    scratch_write(&scratch, "etwrelay.json", "{\"workers\":-1}", 14);
    check_refused(ETWR_E_BAD_VALUE, "$.workers: ");
}
END_TEST

START_TEST(an_absent_file_is_not_found)
{
    check_refused(ETWR_E_NOT_FOUND, "cannot open it");
}
END_TEST

START_TEST(an_empty_file_is_an_accident)
{
    scratch_write(&scratch, "etwrelay.json", "", 0);
    check_refused(ETWR_E_BAD_VALUE, "is empty");
}
END_TEST

START_TEST(one_mebibyte_is_read_and_a_byte_more_is_not)
{
    struct config *config = NULL;
    char *bytes = malloc(CONFIG_FILE_MAX_BYTES + 1);
    memset(bytes, ' ', CONFIG_FILE_MAX_BYTES + 1);
    memcpy(bytes, "{}", 2);
    scratch_write(&scratch, "etwrelay.json", bytes, CONFIG_FILE_MAX_BYTES);
    ck_assert_int_eq(config_load(path, &config, &errors), ETWR_OK);
    config_unref(config);
    scratch_write(&scratch, "etwrelay.json", bytes, CONFIG_FILE_MAX_BYTES + 1);
    config = NULL;
    check_refused(ETWR_E_LIMIT, "1 MiB");
    free(bytes);
}
END_TEST

START_TEST(a_folder_is_no_file)
{
    struct config *config = NULL;
    ck_assert_int_eq(config_load(scratch.path, &config, &errors), ETWR_E_ACCESS_DENIED);
    text_put_char(&errors, '\0');
    ck_assert_ptr_nonnull(strstr(errors.data, "not a regular file"));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("config_file");
    TCase *tcase = tcase_create("config_file");
    SRunner *runner = srunner_create(suite);
    int failed = 0;
    suite_add_tcase(suite, tcase);
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, a_good_file_is_read);
    tcase_add_test(tcase, a_bad_file_is_told_by_path_in_it);
    tcase_add_test(tcase, an_absent_file_is_not_found);
    tcase_add_test(tcase, an_empty_file_is_an_accident);
    tcase_add_test(tcase, one_mebibyte_is_read_and_a_byte_more_is_not);
    tcase_add_test(tcase, a_folder_is_no_file);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
