/*
 * What `install` asks of Windows: each argument and the order, taken down at the calls; what it
 * does when one is refused; the message table; and that `verify`'s probes answer, whatever they
 * say.
 *
 * The calls go on to the system, so that there is a real service to look for afterwards.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>
#include <windows.h>

#include <check.h>

#include "service/host/data_folder_win.h"
#include "service/host/event_log_win.h"
#include "service/host/event_source_win.h"
#include "service/host/install_win.h"
#include "service/host/probes_win.h"
#include "service/host/scm_win.h"
#include "service/host/service_win.h"
#include "service/host/trace_probe_win.h"

#define CALLS_MAX  16
#define PROBE_PIPE L"\\\\.\\pipe\\etwrelay-probe-test"

static struct {
    DWORD refuse_manager, refuse_create, refuse_settings; /* errors; 0: let it pass */
    unsigned creates, settings;
    DWORD levels[CALLS_MAX];
    DWORD type, start, sid_type, action_count, delays[3], flag, preshutdown_ms;
    bool restarts_only, has_password;
    wchar_t account[64], line[1024];
    wchar_t privileges[64];
    size_t privileges_characters;
} seen;

static struct data_folder folder;

static SC_HANDLE WINAPI open_manager(LPCWSTR machine, LPCWSTR database, DWORD access)
{
    if (seen.refuse_manager == 0) return OpenSCManagerW(machine, database, access);
    SetLastError(seen.refuse_manager);
    return NULL;
}

static SC_HANDLE WINAPI create_service(SC_HANDLE manager, LPCWSTR name, LPCWSTR display,
                                       DWORD access, DWORD type, DWORD start, DWORD error_control,
                                       LPCWSTR path, LPCWSTR group, LPDWORD tag,
                                       LPCWSTR dependencies, LPCWSTR account, LPCWSTR password)
{
    seen.creates++;
    ck_assert_int_eq(wcscmp(name, SERVICE_NAME), 0);
    seen.type = type;
    seen.start = start;
    seen.has_password = password != NULL;
    wcsncpy(seen.account, account, 63);
    wcsncpy(seen.line, path, 1023);
    if (seen.refuse_create == 0)
        return CreateServiceW(manager, name, display, access, type, start, error_control, path,
                              group, tag, dependencies, account, password);
    SetLastError(seen.refuse_create);
    return NULL;
}

static void note_failure_actions(const SERVICE_FAILURE_ACTIONSW *actions)
{
    seen.action_count = actions->cActions;
    seen.restarts_only = true;
    for (DWORD i = 0; i < actions->cActions && i < 3; i++) {
        seen.delays[i] = actions->lpsaActions[i].Delay;
        if (actions->lpsaActions[i].Type != SC_ACTION_RESTART) seen.restarts_only = false;
    }
}

/* All of a list of strings, which ends with an empty one. */
static void note_privileges(const wchar_t *list)
{
    size_t size = 0;
    while (list[size] != 0 || list[size + 1] != 0)
        size++;
    seen.privileges_characters = size;
    wcsncpy(seen.privileges, list, 63);
}

static BOOL WINAPI change_config(SC_HANDLE service, DWORD level, LPVOID info)
{
    if (seen.settings < CALLS_MAX) seen.levels[seen.settings] = level;
    seen.settings++;
    if (level == SERVICE_CONFIG_SERVICE_SID_INFO)
        seen.sid_type = ((SERVICE_SID_INFO *)info)->dwServiceSidType;
    if (level == SERVICE_CONFIG_REQUIRED_PRIVILEGES_INFO)
        note_privileges(((SERVICE_REQUIRED_PRIVILEGES_INFOW *)info)->pmszRequiredPrivileges);
    if (level == SERVICE_CONFIG_FAILURE_ACTIONS) note_failure_actions(info);
    if (level == SERVICE_CONFIG_FAILURE_ACTIONS_FLAG)
        seen.flag =
            (DWORD)((SERVICE_FAILURE_ACTIONS_FLAG *)info)->fFailureActionsOnNonCrashFailures;
    if (level == SERVICE_CONFIG_PRESHUTDOWN_INFO)
        seen.preshutdown_ms = ((SERVICE_PRESHUTDOWN_INFO *)info)->dwPreshutdownTimeout;
    if (seen.refuse_settings == 0) return ChangeServiceConfig2W(service, level, info);
    SetLastError(seen.refuse_settings);
    return FALSE;
}

static const struct scm_calls calls = {open_manager, create_service, change_config, DeleteService};

static bool exists(const wchar_t *path)
{
    return GetFileAttributesW(path) != INVALID_FILE_ATTRIBUTES;
}

static bool has_service(void)
{
    SC_HANDLE manager = OpenSCManagerW(NULL, NULL, SC_MANAGER_CONNECT);
    SC_HANDLE service = OpenServiceW(manager, SERVICE_NAME, SERVICE_QUERY_STATUS);
    if (service != NULL) CloseServiceHandle(service);
    CloseServiceHandle(manager);
    return service != NULL;
}

static void remove_all(void)
{
    memset(&seen, 0, sizeof seen);
    if (has_service()) ck_assert_int_eq(uninstall_service(false), EXIT_SUCCESS);
    DeleteFileW(folder.config);
    RemoveDirectoryW(folder.logs);
    RemoveDirectoryW(folder.path);
}

static void set_up(void)
{
    scm_calls = &calls;
    ck_assert(data_folder_find(&folder));
    remove_all();
    ck_assert_msg(!exists(folder.path), "something is left in the data folder");
}

static void tear_down(void)
{
    remove_all();
    scm_calls = &scm_calls_system;
}

START_TEST(install_asks_for_exactly_the_service_that_is_documented)
{
    wchar_t program[512], line[1024];
    GetModuleFileNameW(NULL, program, 512);
    swprintf(line, 1024, L"\"%ls\" run --service --config \"%ls\"", program, folder.config);
    ck_assert_int_eq(install_service(false), EXIT_SUCCESS);
    ck_assert_uint_eq(seen.creates, 1);
    ck_assert_uint_eq(seen.type, SERVICE_WIN32_OWN_PROCESS);
    ck_assert_uint_eq(seen.start, SERVICE_AUTO_START);
    ck_assert_int_eq(wcscmp(seen.account, L"NT AUTHORITY\\LocalService"), 0);
    ck_assert(!seen.has_password);
    ck_assert_int_eq(wcscmp(seen.line, line), 0);
    ck_assert(has_service() && exists(folder.config) && exists(folder.logs));
    ck_assert_uint_eq(event_source_check(), ERROR_SUCCESS);
}
END_TEST

START_TEST(settings_are_exactly_those_that_are_documented)
{
    static const DWORD levels[] = {
        SERVICE_CONFIG_DESCRIPTION,
        SERVICE_CONFIG_SERVICE_SID_INFO,
        SERVICE_CONFIG_REQUIRED_PRIVILEGES_INFO,
        SERVICE_CONFIG_FAILURE_ACTIONS,
        SERVICE_CONFIG_FAILURE_ACTIONS_FLAG,
        SERVICE_CONFIG_PRESHUTDOWN_INFO,
    };
    ck_assert_int_eq(install_service(false), EXIT_SUCCESS);
    ck_assert_uint_eq(seen.settings, sizeof levels / sizeof levels[0]);
    ck_assert_mem_eq(seen.levels, levels, sizeof levels);
    ck_assert_uint_eq(seen.sid_type, SERVICE_SID_TYPE_UNRESTRICTED);
    ck_assert_int_eq(wcscmp(seen.privileges, L"SeChangeNotifyPrivilege"), 0);
    ck_assert_uint_eq(seen.privileges_characters, wcslen(L"SeChangeNotifyPrivilege"));
    ck_assert_uint_eq(seen.action_count, 3);
    ck_assert(seen.restarts_only);
    ck_assert_uint_eq(seen.delays[0], 1000);
    ck_assert_uint_eq(seen.delays[1], 5000);
    ck_assert_uint_eq(seen.delays[2], 30000);
    ck_assert_uint_eq(seen.flag, TRUE);
    ck_assert_uint_ge(seen.preshutdown_ms, 5000);
}
END_TEST

START_TEST(refused_hardening_leaves_a_service_that_works)
{
    seen.refuse_settings = ERROR_INVALID_LEVEL;
    ck_assert_int_eq(install_service(false), EXIT_SUCCESS);
    ck_assert_uint_eq(seen.settings, 6);
    ck_assert(has_service());
}
END_TEST

START_TEST(without_administrator_rights_nothing_is_changed)
{
    seen.refuse_manager = ERROR_ACCESS_DENIED;
    ck_assert_int_eq(install_service(false), EXIT_FAILURE);
    ck_assert_uint_eq(seen.creates, 0);
    seen.refuse_manager = 0;
    ck_assert(!has_service() && !exists(folder.path));
    ck_assert_uint_ne(event_source_check(), ERROR_SUCCESS);
}
END_TEST

START_TEST(refused_service_undoes_the_data_folder)
{
    seen.refuse_create = ERROR_INVALID_SERVICE_ACCOUNT;
    ck_assert_int_eq(install_service(false), EXIT_FAILURE);
    ck_assert_uint_eq(seen.creates, 1);
    ck_assert_uint_eq(seen.settings, 0);
    ck_assert(!has_service() && !exists(folder.path));
}
END_TEST

START_TEST(refused_service_keeps_a_data_folder_that_was_there)
{
    ck_assert_int_eq(install_service(false), EXIT_SUCCESS);
    ck_assert_int_eq(uninstall_service(false), EXIT_SUCCESS);
    ck_assert(!has_service() && exists(folder.config));
    seen.refuse_create = ERROR_INVALID_SERVICE_ACCOUNT;
    ck_assert_int_eq(install_service(false), EXIT_FAILURE);
    ck_assert(exists(folder.config) && exists(folder.logs));
}
END_TEST

START_TEST(dry_run_changes_nothing)
{
    ck_assert_int_eq(install_service(true), EXIT_SUCCESS);
    ck_assert_uint_eq(seen.creates + seen.settings, 0);
    ck_assert(!has_service() && !exists(folder.path));
    ck_assert_int_eq(install_service(false), EXIT_SUCCESS);
    ck_assert_int_eq(uninstall_service(true), EXIT_SUCCESS);
    ck_assert(has_service());
}
END_TEST

START_TEST(service_is_not_installed_over_another)
{
    ck_assert_int_eq(install_service(false), EXIT_SUCCESS);
    ck_assert_int_eq(install_service(false), EXIT_FAILURE);
    ck_assert(has_service() && exists(folder.config));
}
END_TEST

/* Severity, facility 0, code: as event_log_write() makes them. */
START_TEST(program_holds_the_text_of_each_event)
{
    static const DWORD ids[] = {
        UINT32_C(1) << 30 | EVENT_LOG_STARTED,       UINT32_C(1) << 30 | EVENT_LOG_STOPPED,
        UINT32_C(2) << 30 | EVENT_LOG_WARNING,       UINT32_C(3) << 30 | EVENT_LOG_ERROR,
        UINT32_C(3) << 30 | EVENT_LOG_CONFIG_ERROR,  UINT32_C(3) << 30 | EVENT_LOG_PIPE_REFUSED,
        UINT32_C(3) << 30 | EVENT_LOG_START_REFUSED,
    };
    HMODULE program = LoadLibraryExA(ETWRELAYD_PATH, NULL, LOAD_LIBRARY_AS_DATAFILE);
    DWORD_PTR insertions[] = {(DWORD_PTR)L"words"};
    wchar_t text[64];
    ck_assert_ptr_nonnull(program);
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        DWORD size = FormatMessageW(FORMAT_MESSAGE_FROM_HMODULE | FORMAT_MESSAGE_ARGUMENT_ARRAY,
                                    program, ids[i], 0, text, 64, (va_list *)insertions);
        ck_assert_msg(size > 0, "no text for %08lx: error %lu", ids[i], GetLastError());
        ck_assert_int_eq(wcsncmp(text, L"words", 5), 0);
    }
    FreeLibrary(program);
}
END_TEST

/* Wine enforces nothing, so what they say counts nothing here; that each says something does. */
START_TEST(each_probe_of_the_pipe_gives_a_verdict)
{
    struct verdicts verdicts = {0};
    const struct probes_target target = {
        .pipe = PROBE_PIPE, .pid = GetCurrentProcessId(), .serves_users = true};
    HANDLE pipe = CreateNamedPipeW(PROBE_PIPE, PIPE_ACCESS_DUPLEX, PIPE_TYPE_BYTE,
                                   PIPE_UNLIMITED_INSTANCES, 4096, 4096, 0, NULL);
    ck_assert_ptr_ne(pipe, INVALID_HANDLE_VALUE);
    probes_run(&verdicts, &target);
    CloseHandle(pipe);
    unsigned sum = verdicts.held + verdicts.failed + verdicts.untold;
    ck_assert_msg(sum == 9 || sum == 10, "%u verdicts", sum); /* one is optional */
}
END_TEST

/* Neither is there a tool beside this program, nor does Wine record anything. */
START_TEST(trace_probe_says_that_it_cannot_tell)
{
    struct verdicts verdicts = {0};
    trace_probe_run(&verdicts);
    ck_assert_uint_eq(verdicts.untold, 1);
    ck_assert_uint_eq(verdicts.held + verdicts.failed, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("install");
    TCase *steps = tcase_create("steps");
    tcase_add_checked_fixture(steps, set_up, tear_down);
    tcase_add_test(steps, install_asks_for_exactly_the_service_that_is_documented);
    tcase_add_test(steps, settings_are_exactly_those_that_are_documented);
    tcase_add_test(steps, refused_hardening_leaves_a_service_that_works);
    tcase_add_test(steps, without_administrator_rights_nothing_is_changed);
    tcase_add_test(steps, refused_service_undoes_the_data_folder);
    tcase_add_test(steps, refused_service_keeps_a_data_folder_that_was_there);
    tcase_add_test(steps, dry_run_changes_nothing);
    tcase_add_test(steps, service_is_not_installed_over_another);
    suite_add_tcase(suite, steps);
    TCase *other = tcase_create("other");
    tcase_add_test(other, program_holds_the_text_of_each_event);
    tcase_add_test(other, each_probe_of_the_pipe_gives_a_verdict);
    tcase_add_test(other, trace_probe_says_that_it_cannot_tell);
    suite_add_tcase(suite, other);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
