/*
 * The first step of every program: from there on a DLL that somebody has planted where Windows
 * would look for it by default is not loaded.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

#include "tests/support/process.h"
#include "windows/start.h"

#define BESIDE "etwr-planted-beside.dll"
#define IN_CWD "etwr-planted-in-cwd.dll"

static struct scratch scratch;
static char planted[PROCESS_PATH_MAX], beside[MAX_PATH];

static void plant(const char *path)
{
    ck_assert_msg(CopyFileA(ANY_DLL_PATH, path, FALSE), "%s: error %lu", path, GetLastError());
}

/* Any DLL will do. The program's own folder and the current one are both searched by default. */
static void setup(void)
{
    DWORD size = GetModuleFileNameA(NULL, beside, sizeof beside);
    ck_assert_uint_lt(size, sizeof beside);
    char *name = strrchr(beside, '\\') + 1;
    ck_assert_uint_lt((size_t)(name - beside) + sizeof BESIDE, sizeof beside);
    memcpy(name, BESIDE, sizeof BESIDE);
    plant(beside);
    scratch_init(&scratch);
    plant(scratch_file(&scratch, IN_CWD, planted));
    ck_assert(SetCurrentDirectoryA(scratch.path));
}

static void teardown(void)
{
    ck_assert(SetCurrentDirectoryA("/"));
    scratch_clear(&scratch);
    ck_assert(DeleteFileA(beside));
}

static void expect_loaded(const char *name)
{
    HMODULE module = LoadLibraryA(name);
    ck_assert_msg(module != NULL, "%s is not loaded: error %lu", name, GetLastError());
    ck_assert(FreeLibrary(module));
}

static void expect_not_found(const char *name)
{
    HMODULE module = LoadLibraryA(name);
    DWORD error = GetLastError();
    ck_assert_msg(module == NULL, "%s is loaded", name);
    ck_assert_uint_eq(error, ERROR_MOD_NOT_FOUND);
}

START_TEST(a_planted_dll_is_not_loaded)
{
    char name[] = "test", *arguments[] = {name, NULL}, **argv = arguments;
    int argc = 1;
    expect_loaded(BESIDE); /* else the test tries nothing */
    expect_loaded(IN_CWD);
    windows_start(&argc, &argv);
    expect_not_found(BESIDE);
    expect_not_found(IN_CWD);
    expect_loaded("version.dll");
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
