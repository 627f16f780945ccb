/*
 * What a client asks of Windows before it says anything, and whom it believes. The system's answers
 * are played through pipe_system where Wine's are not Windows' (owners, busy pipes).
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

#include <sddl.h>

#include "client/endpoint.h"
#include "client/pipe_win.h"
#include "tests/support/fake_link.h"

#define CONSOLE     L"\\\\.\\pipe\\etwrelay-console"
#define SYSTEM      L"\\\\.\\pipe\\ProtectedPrefix\\LocalService\\etwrelay"
#define SERVICE_SID L"S-1-5-80-2225771362-3162058216-1088675771-1083392185-2254430244"
#define OPENS_MAX   8

/* One CreateFileW(). */
struct open {
    WCHAR name[300];
    DWORD access, share, disposition, flags;
    bool has_security, has_model;
};

static struct open opens[OPENS_MAX];
static size_t open_count;
static DWORD open_errors[OPENS_MAX]; /* of each, 0: a pipe; after the first that is 0 all are */
static DWORD waits[OPENS_MAX];       /* WaitNamedPipeW()'s timeouts */
static size_t wait_count;
static bool console_is_there;
static bool wait_fails;
static const WCHAR *owners[2]; /* of the console's pipe and of others; NULL: none */
static DWORD security_error;
static HANDLE made[OPENS_MAX]; /* what stands for a pipe */

static HANDLE WINAPI create_file(LPCWSTR name, DWORD access, DWORD share,
                                 LPSECURITY_ATTRIBUTES security, DWORD disposition, DWORD flags,
                                 HANDLE model)
{
    struct open *open = &opens[open_count];
    DWORD error = open_errors[open_count];

    ck_assert_uint_lt(open_count, OPENS_MAX);
    _snwprintf(open->name, ARRAYSIZE(open->name), L"%ls", name);
    open->access = access;
    open->share = share;
    open->has_security = security != NULL;
    open->disposition = disposition;
    open->flags = flags;
    open->has_model = model != NULL;
    made[open_count] = error ? INVALID_HANDLE_VALUE : CreateEventW(NULL, TRUE, FALSE, NULL);
    SetLastError(error);
    return made[open_count++];
}

static BOOL WINAPI wait_named_pipe(LPCWSTR name, DWORD timeout_ms)
{
    if (wcscmp(name, CONSOLE) == 0) {
        SetLastError(ERROR_FILE_NOT_FOUND);
        return console_is_there;
    }
    ck_assert_uint_lt(wait_count, OPENS_MAX);
    waits[wait_count++] = timeout_ms;
    SetLastError(ERROR_SEM_TIMEOUT);
    return !wait_fails;
}

static BOOL WINAPI get_security(HANDLE pipe, SECURITY_INFORMATION what,
                                PSECURITY_DESCRIPTOR descriptor, DWORD size, LPDWORD needed)
{
    const WCHAR *name = opens[open_count - 1].name;
    const WCHAR *owner = owners[wcscmp(name, CONSOLE) != 0];
    PSECURITY_DESCRIPTOR made_up;
    WCHAR text[128] = L"";

    ck_assert_ptr_eq(pipe, made[open_count - 1]);
    ck_assert_uint_eq(what, OWNER_SECURITY_INFORMATION);
    SetLastError(security_error);
    if (security_error) return FALSE;
    if (owner) _snwprintf(text, ARRAYSIZE(text), L"O:%ls", owner);
    ck_assert(ConvertStringSecurityDescriptorToSecurityDescriptorW(
        owner ? text : L"D:", SDDL_REVISION_1, &made_up, NULL));
    *needed = GetSecurityDescriptorLength(made_up);
    ck_assert_uint_le(*needed, size);
    memcpy(descriptor, made_up, *needed);
    LocalFree(made_up);
    return TRUE;
}

static const struct pipe_system played = {create_file, wait_named_pipe, get_security};
static const struct pipe_system *windows;

static WCHAR own_sid[200];
static WCHAR default_owner_sid[200];

static void read_token(TOKEN_INFORMATION_CLASS what, WCHAR *text)
{
    _Alignas(8) BYTE bytes[200];
    WCHAR *sid;
    HANDLE token;
    DWORD size;

    ck_assert(OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token));
    ck_assert(GetTokenInformation(token, what, bytes, sizeof bytes, &size));
    ck_assert(ConvertSidToStringSidW(((TOKEN_OWNER *)(void *)bytes)->Owner, &sid));
    wcscpy(text, sid);
    LocalFree(sid);
    CloseHandle(token);
}

static void reset(void)
{
    open_count = wait_count = 0;
    memset(open_errors, 0, sizeof open_errors);
    console_is_there = wait_fails = false;
    security_error = 0;
    owners[0] = owners[1] = SERVICE_SID;
}

static void setup(void)
{
    windows = pipe_system;
    pipe_system = &played;
    reset();
    read_token(TokenUser, own_sid);
    read_token(TokenOwner, default_owner_sid);
}

static void teardown(void)
{
    pipe_system = windows;
    fake_environment("ETWRELAY_PIPE", NULL);
}

/* pipe_open() on some name; nothing stays open. */
static char text[1024];

static enum etwr_status try_open(enum stream_trust trust)
{
    HANDLE pipe = NULL;
    enum etwr_status status = pipe_open("\\\\.\\pipe\\some-name", trust, &pipe, text, sizeof text);

    if (status == ETWR_OK) {
        ck_assert_ptr_eq(pipe, made[open_count - 1]);
        CloseHandle(pipe);
    }
    return status;
}

START_TEST(exactly_the_clients_rights_are_asked_for)
{
    ck_assert_int_eq(try_open(STREAM_NAMED), ETWR_OK);
    ck_assert_uint_eq(open_count, 1);
    ck_assert(wcscmp(opens[0].name, L"\\\\.\\pipe\\some-name") == 0);
    ck_assert_uint_eq(opens[0].access, 0x0012019B);
    ck_assert_uint_eq(opens[0].share, 0);
    ck_assert(!opens[0].has_security); /* not inherited */
    ck_assert_uint_eq(opens[0].disposition, OPEN_EXISTING);
    ck_assert_uint_eq(opens[0].flags,
                      FILE_FLAG_OVERLAPPED | SECURITY_SQOS_PRESENT | SECURITY_IDENTIFICATION);
    ck_assert(!opens[0].has_model);
    ck_assert_uint_eq(wait_count, 0);
}
END_TEST

START_TEST(only_the_right_owner_is_believed)
{
    /* Named, user's, system's. */
    const struct {
        const WCHAR *owner;
        bool is_trusted[3];
    } cases[] = {
        {SERVICE_SID, {true, false, true}},
        {L"SY", {true, false, true}},
        {L"BA", {true, wcscmp(default_owner_sid, L"S-1-5-32-544") == 0, true}},
        {own_sid, {true, true, false}},
        {default_owner_sid, {true, true, false}},
        {L"LS", {false, false, false}}, /* another service of LocalService */
        {L"NS", {false, false, false}},
        {L"WD", {false, false, false}},
        {L"S-1-5-21-1-2-3-1001", {false, false, false}},
        {L"S-1-5-80-1-2-3-4-5", {false, false, false}}, /* another service */
        {NULL, {false, false, false}},
    };

    for (size_t i = 0; i < ARRAYSIZE(cases); i++) {
        for (int trust = STREAM_NAMED; trust <= STREAM_SYSTEM; trust++) {
            enum etwr_status expected = cases[i].is_trusted[trust] ? ETWR_OK : ETWR_E_ACCESS_DENIED;
            DWORD flags;

            reset();
            owners[1] = cases[i].owner;
            ck_assert_msg(try_open((enum stream_trust)trust) == expected, "owner %u, trust %d",
                          (unsigned)i, trust);
            if (expected == ETWR_OK) continue;
            ck_assert_ptr_nonnull(strstr(text, "not trusted"));
            ck_assert(!GetHandleInformation(made[0], &flags)); /* it was closed */
        }
    }
    ck_assert_msg(strstr(text, "nobody"), "%s", text);
    owners[1] = L"S-1-5-21-1-2-3-1001";
    try_open(STREAM_NAMED);
    ck_assert_msg(strstr(text, "S-1-5-21-1-2-3-1001"), "%s", text);
}
END_TEST

START_TEST(an_owner_that_cannot_be_read_is_not_believed)
{
    security_error = ERROR_ACCESS_DENIED;
    ck_assert_int_eq(try_open(STREAM_NAMED), ETWR_E_ACCESS_DENIED);
    ck_assert_msg(strstr(text, "error 5"), "%s", text);
    security_error = ERROR_NOT_SUPPORTED;
    ck_assert_int_eq(try_open(STREAM_NAMED), ETWR_E_IO);
}
END_TEST

START_TEST(a_busy_pipe_is_waited_for_a_moment)
{
    open_errors[0] = ERROR_PIPE_BUSY;
    ck_assert_int_eq(try_open(STREAM_NAMED), ETWR_OK);
    ck_assert_uint_eq(open_count, 2);
    ck_assert_uint_eq(wait_count, 1);
    ck_assert_uint_eq(waits[0], 50);
    reset();
    for (size_t i = 0; i < OPENS_MAX; i++)
        open_errors[i] = ERROR_PIPE_BUSY;
    ck_assert_int_eq(try_open(STREAM_NAMED), ETWR_E_IO);
    ck_assert_msg(strstr(text, "error 231"), "%s", text);
    ck_assert_uint_eq(open_count, 3);
    ck_assert_uint_eq(wait_count, 2);
    open_count = wait_count = 0;
    wait_fails = true;
    ck_assert_int_eq(try_open(STREAM_NAMED), ETWR_E_IO);
    ck_assert_msg(strstr(text, "error 231"), "%s", text);
    ck_assert_uint_eq(open_count, 1);
}
END_TEST

START_TEST(errors_keep_their_number)
{
    static const struct {
        DWORD error;
        enum etwr_status status;
        const char *words;
    } cases[] = {
        {ERROR_FILE_NOT_FOUND, ETWR_E_NOT_FOUND, "error 2"},
        {ERROR_PATH_NOT_FOUND, ETWR_E_NOT_FOUND, "error 3"},
        {ERROR_ACCESS_DENIED, ETWR_E_ACCESS_DENIED, "error 5"},
        {ERROR_NOT_ENOUGH_MEMORY, ETWR_E_NO_MEMORY, "error 8"},
        {ERROR_SHARING_VIOLATION, ETWR_E_IO, "error 32"},
        {123456789, ETWR_E_IO, "error 123456789"},
    };

    for (size_t i = 0; i < ARRAYSIZE(cases); i++) {
        reset();
        open_errors[0] = cases[i].error;
        ck_assert_int_eq(try_open(STREAM_NAMED), cases[i].status);
        ck_assert_msg(strstr(text, cases[i].words), "%s", text);
        ck_assert_ptr_null(strchr(text, '\n'));
    }
}
END_TEST

START_TEST(only_names_of_pipes_on_this_machine_are_opened)
{
    static const char *const bad[] = {"",
                                      "etwrelay-console",
                                      "\\\\.\\pipe\\",
                                      "\\\\.\\pipe",
                                      "\\\\server\\pipe\\x",
                                      "\\\\127.0.0.1\\pipe\\x",
                                      "C:\\pipe\\x",
                                      "\\\\.\\PhysicalDrive0",
                                      "\\\\?\\C:\\x",
                                      "//./pipe/x",
                                      "\\\\.\\pipe\\\xff"};
    char longest[300] = "\\\\.\\pipe\\";
    HANDLE pipe;

    for (size_t i = 0; i < ARRAYSIZE(bad); i++) {
        ck_assert_msg(!transport_path_is_valid(bad[i]), "%s", bad[i]);
        ck_assert_int_eq(pipe_open(bad[i], STREAM_NAMED, &pipe, text, sizeof text),
                         ETWR_E_INVALID_ARGUMENT);
    }
    ck_assert_uint_eq(open_count, 0);
    memset(longest + 9, 'x', 256 - 9);
    ck_assert(transport_path_is_valid(longest));
    strcat(longest, "x");
    ck_assert(!transport_path_is_valid(longest));
    ck_assert(transport_path_is_valid("\\\\.\\PIPE\\\xC3\xA4"));
}
END_TEST

static struct endpoint endpoint;

static enum etwr_status connect_once(void)
{
    struct stream *stream = NULL;
    enum etwr_status status;

    ck_assert_int_eq(endpoint_choose_path(NULL, &endpoint), ETWR_OK);
    status = endpoint_connect(&endpoint, &stream, text, sizeof text);
    stream_close(stream);
    return status;
}

START_TEST(the_users_own_service_comes_before_the_systems_when_it_is_there)
{
    ck_assert_int_eq(connect_once(), ETWR_OK);
    ck_assert_uint_eq(open_count, 1);
    ck_assert(wcscmp(opens[0].name, SYSTEM) == 0);
    reset();
    console_is_there = true;
    owners[0] = own_sid;
    ck_assert_int_eq(connect_once(), ETWR_OK);
    ck_assert_uint_eq(open_count, 1);
    ck_assert(wcscmp(opens[0].name, CONSOLE) == 0);
    ck_assert_str_eq(endpoint.path, "\\\\.\\pipe\\etwrelay-console");
}
END_TEST

START_TEST(who_takes_the_users_name_keeps_nobody_from_the_systems_service)
{
    static const DWORD errors[] = {0, ERROR_ACCESS_DENIED, ERROR_FILE_NOT_FOUND};

    for (size_t i = 0; i < ARRAYSIZE(errors); i++) {
        reset();
        console_is_there = true;
        owners[0] = L"S-1-5-21-1-2-3-1001";
        open_errors[0] = errors[i];
        ck_assert_int_eq(connect_once(), ETWR_OK);
        ck_assert_uint_eq(open_count, 2);
        ck_assert(wcscmp(opens[1].name, SYSTEM) == 0);
    }
    reset();
    console_is_there = true;
    owners[0] = L"S-1-5-21-1-2-3-1001";
    open_errors[1] = ERROR_FILE_NOT_FOUND;
    ck_assert_int_eq(connect_once(), ETWR_E_NOT_FOUND);
    ck_assert_msg(strstr(text, "etwrelay-console: not trusted") && strstr(text, "; ") &&
                      strstr(text, "LocalService\\etwrelay: ") && strstr(text, "error 2"),
                  "%s", text);
}
END_TEST

START_TEST(the_systems_name_is_believed_of_the_service_alone)
{
    owners[1] = own_sid;
    ck_assert_int_eq(connect_once(), ETWR_E_ACCESS_DENIED);
    fake_environment("ETWRELAY_PIPE", "\\\\.\\pipe\\ProtectedPrefix\\LocalService\\etwrelay");
    ck_assert_int_eq(connect_once(), ETWR_OK); /* somebody named it */
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("endpoint_win");
    TCase *tcase = tcase_create("endpoint_win");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, exactly_the_clients_rights_are_asked_for);
    tcase_add_test(tcase, only_the_right_owner_is_believed);
    tcase_add_test(tcase, an_owner_that_cannot_be_read_is_not_believed);
    tcase_add_test(tcase, a_busy_pipe_is_waited_for_a_moment);
    tcase_add_test(tcase, errors_keep_their_number);
    tcase_add_test(tcase, only_names_of_pipes_on_this_machine_are_opened);
    tcase_add_test(tcase, the_users_own_service_comes_before_the_systems_when_it_is_there);
    tcase_add_test(tcase, who_takes_the_users_name_keeps_nobody_from_the_systems_service);
    tcase_add_test(tcase, the_systems_name_is_believed_of_the_service_alone);
    suite_add_tcase(suite, tcase);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
