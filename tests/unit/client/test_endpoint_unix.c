/* Which sockets a client trusts. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/endpoint.h"
#include "client/transport_unix.h"

static struct endpoint endpoint;
static char text[1024];

/* One attempt, which fails, because no socket of these tests has anybody behind it. */
static void try_to_connect(void)
{
    struct stream *stream;

    ck_assert_int_ne(endpoint_connect(&endpoint, &stream, text, sizeof text), ETWR_OK);
}

static void setup(void)
{
    unsetenv("ETWRELAY_FD");
    unsetenv("ETWRELAY_PIPE");
    unsetenv("XDG_RUNTIME_DIR");
}

/* A folder with a file called etwrelay.sock in it, as XDG_RUNTIME_DIR. */
static void make_runtime_folder(char folder[64])
{
    char path[96];
    FILE *file;

    strcpy(folder, "/tmp/etwrelay-test-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/etwrelay.sock", folder);
    file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    fclose(file);
    setenv("XDG_RUNTIME_DIR", folder, 1);
}

static void remove_runtime_folder(const char *folder)
{
    char path[96];

    snprintf(path, sizeof path, "%s/etwrelay.sock", folder);
    unlink(path);
    rmdir(folder);
}

START_TEST(a_path_of_107_bytes_is_the_longest)
{
    char path[109];

    memset(path, 'x', sizeof path);
    path[108] = '\0';
    ck_assert_int_eq(endpoint_choose(path, &endpoint), ETWR_E_INVALID_ARGUMENT);
    setenv("ETWRELAY_PIPE", path, 1);
    ck_assert_int_eq(endpoint_choose(NULL, &endpoint), ETWR_E_INVALID_ARGUMENT);
    path[107] = '\0';
    ck_assert_int_eq(endpoint_choose(path, &endpoint), ETWR_OK);
    ck_assert_int_eq(endpoint_choose("", &endpoint), ETWR_E_INVALID_ARGUMENT);
}
END_TEST

START_TEST(the_users_own_service_comes_before_the_systems_when_it_is_there)
{
    char folder[64];

    make_runtime_folder(folder);
    ck_assert_int_eq(endpoint_choose(NULL, &endpoint), ETWR_OK);
    try_to_connect();
    ck_assert_int_eq(strncmp(endpoint.path, folder, strlen(folder)), 0);
    remove_runtime_folder(folder);
    try_to_connect();
    ck_assert_str_eq(endpoint.path, "/run/etwrelay/etwrelay.sock");
}
END_TEST

START_TEST(a_folder_that_others_may_write_to_is_not_trusted)
{
    char folder[64];

    make_runtime_folder(folder);
    ck_assert_int_eq(chmod(folder, 0777), 0);
    ck_assert_int_eq(endpoint_choose(NULL, &endpoint), ETWR_OK);
    try_to_connect();
    ck_assert_msg(strstr(text, folder) && strstr(text, "not trusted"), "%s", text);
    ck_assert_int_eq(chmod(folder, 0700), 0);
    try_to_connect();
    ck_assert_msg(strstr(text, folder) && strstr(text, "Connection refused"), "%s", text);
    remove_runtime_folder(folder);
}
END_TEST

START_TEST(somebody_elses_folder_is_trusted_for_the_system_alone)
{
    char folder[64], path[96];

    if (geteuid() != 0) return; /* only root can give a folder away */
    make_runtime_folder(folder);
    snprintf(path, sizeof path, "%s/etwrelay.sock", folder);
    ck_assert_int_eq(chown(folder, 12345, 12345), 0);
    ck_assert_int_eq(endpoint_choose(NULL, &endpoint), ETWR_OK);
    try_to_connect();
    ck_assert_ptr_nonnull(strstr(text, "not trusted"));
    /* In /tmp anybody could have made it, even for the system. */
    ck_assert(!transport_path_is_trusted(path, true));
    remove_runtime_folder(folder);
    strcpy(folder, "/run/etwrelay-test-XXXXXX");
    if (!mkdtemp(folder)) return;
    snprintf(path, sizeof path, "%s/s", folder);
    ck_assert_int_eq(chown(folder, 12345, 12345), 0);
    ck_assert(transport_path_is_trusted(path, true));
    ck_assert(!transport_path_is_trusted(path, false));
    rmdir(folder);
}
END_TEST

START_TEST(a_path_that_somebody_named_is_taken_as_it_is)
{
    char folder[64], path[96];

    make_runtime_folder(folder);
    ck_assert_int_eq(chmod(folder, 0777), 0);
    snprintf(path, sizeof path, "%s/etwrelay.sock", folder);
    ck_assert_int_eq(endpoint_choose(path, &endpoint), ETWR_OK);
    try_to_connect();
    ck_assert_ptr_null(strstr(text, "not trusted"));
    ck_assert_str_eq(endpoint.path, path);
    remove_runtime_folder(folder);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("endpoint_unix");
    TCase *tcase = tcase_create("endpoint_unix");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_checked_fixture(tcase, setup, NULL);
    tcase_add_test(tcase, a_path_of_107_bytes_is_the_longest);
    tcase_add_test(tcase, the_users_own_service_comes_before_the_systems_when_it_is_there);
    tcase_add_test(tcase, a_folder_that_others_may_write_to_is_not_trusted);
    tcase_add_test(tcase, somebody_elses_folder_is_trusted_for_the_system_alone);
    tcase_add_test(tcase, a_path_that_somebody_named_is_taken_as_it_is);
    suite_add_tcase(suite, tcase);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
