/*
 * The first step of every program: from there on a DLL that somebody has planted where Windows
 * would look for it by default is not loaded.
 */
#include <check.h>
#include <stdlib.h>
#include <windows.h>

#include "tests/support/process.h"
#include "windows/start.h"

#define PLANTED "planted.dll"

static struct scratch scratch;
static char planted[PROCESS_PATH_MAX];

/* Any DLL will do; the current folder is one of those that are searched. */
static void setup(void)
{
    scratch_init(&scratch);
    scratch_file(&scratch, PLANTED, planted);
    ck_assert_msg(CopyFileA(ANY_DLL_PATH, planted, TRUE), "error %lu", GetLastError());
    ck_assert(SetCurrentDirectoryA(scratch.path));
}

static void teardown(void)
{
    ck_assert(SetCurrentDirectoryA("/"));
    scratch_clear(&scratch);
}

START_TEST(a_planted_dll_is_not_loaded)
{
    char name[] = "test", *arguments[] = {name, NULL}, **argv = arguments;
    int argc = 1;
    HMODULE module = LoadLibraryA(PLANTED);
    ck_assert_ptr_nonnull(module); /* else the test tries nothing */
    ck_assert(FreeLibrary(module));
    windows_start(&argc, &argv);
    module = LoadLibraryA(PLANTED);
    DWORD error = GetLastError();
    ck_assert_ptr_null(module);
    ck_assert_uint_eq(error, ERROR_MOD_NOT_FOUND);
    module = LoadLibraryA("version.dll");
    ck_assert_ptr_nonnull(module);
    FreeLibrary(module);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("start");
    TCase *tcase = tcase_create("start");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, a_planted_dll_is_not_loaded);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
