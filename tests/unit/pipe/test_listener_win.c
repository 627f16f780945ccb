/*
 * The acceptor over a named pipe: what it asks of Windows, what it refuses, and that its name never
 * is without an instance (SECURITY: T1, T5, T6, T9, T13).
 */
#include <check.h>
#include <io.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "pipe_recorder_win.h"
#include "service/pipe/descriptor.h"
#include "service/pipe/listener.h"

#define DEADLINE_MS 20000
#define ACCEPTS_MAX 512
#define WAITING     32 /* instances */
#define CYCLES      10000

static uv_loop_t loop;
static struct listener *listener;
static struct config_security security;
static char path[64];
static wchar_t wide_path[64];
static char message[LISTENER_MESSAGE_BYTES];
static int accepted[ACCEPTS_MAX];
static size_t accepted_count, shed_count;
static struct peer last_peer;
static bool is_known;

static void on_accept(void *context, intptr_t handle, const struct peer *peer)
{
    ck_assert_ptr_eq(context, &loop);
    if (handle == LISTENER_SHED) {
        shed_count++;
        return;
    }
    ck_assert_uint_lt(accepted_count, ACCEPTS_MAX);
    accepted[accepted_count++] = (int)handle;
    is_known = peer != NULL;
    if (peer != NULL) last_peer = *peer;
}

static void forget_accepted(void)
{
    for (size_t i = 0; i < accepted_count; i++)
        _close(accepted[i]);
    accepted_count = 0;
}

static void setup(void)
{
    static unsigned number;
    snprintf(path, sizeof path, "\\\\.\\pipe\\etwrelay-test-%lu-%u", GetCurrentProcessId(),
             number++);
    for (size_t i = 0; i <= strlen(path); i++)
        wide_path[i] = (wchar_t)(unsigned char)path[i];
    ck_assert_int_eq(uv_loop_init(&loop), 0);
    memset(&security, 0, sizeof security);
    pipe_recorder_start();
    listener = NULL;
    shed_count = 0;
    message[0] = 0;
}

static void stop(void)
{
    if (listener != NULL) listener_close(listener);
    listener = NULL;
    uv_run(&loop, UV_RUN_DEFAULT);
}

static void teardown(void)
{
    stop();
    forget_accepted();
    ck_assert_int_eq(uv_loop_close(&loop), 0);
    pipe_recorder_stop();
}

static enum etwr_status open_listener(void)
{
    const struct listener_access access = {.security = &security};
    return listener_open(&loop, path, &access, on_accept, &loop, &listener, message);
}

static HANDLE try_connect(void)
{
    return CreateFileW(wide_path, DESCRIPTOR_CLIENT_RIGHTS, 0, NULL, OPEN_EXISTING,
                       SECURITY_SQOS_PRESENT | SECURITY_IDENTIFICATION, NULL);
}

static bool is_late(uint64_t since)
{
    return uv_hrtime() - since > (uint64_t)DEADLINE_MS * 1000000;
}

static HANDLE connect_client(void)
{
    uint64_t since = uv_hrtime();
    HANDLE client = try_connect();
    while (client == INVALID_HANDLE_VALUE && GetLastError() == ERROR_PIPE_BUSY && !is_late(since)) {
        uv_run(&loop, UV_RUN_NOWAIT);
        client = try_connect();
    }
    ck_assert_msg(client != INVALID_HANDLE_VALUE, "error %lu", GetLastError());
    return client;
}

static void wait_for(const size_t *count, size_t wanted)
{
    uint64_t since = uv_hrtime();
    while (*count < wanted && !is_late(since))
        uv_run(&loop, UV_RUN_NOWAIT);
    ck_assert_uint_eq(*count, wanted);
}

START_TEST(each_instance_refuses_remote_clients_and_has_the_descriptor)
{
    ck_assert_msg(open_listener() == ETWR_OK, "%s", message);
    HANDLE client = connect_client();
    wait_for(&accepted_count, 1);
    ck_assert_uint_eq(recorder.create_count, WAITING + 1);
    for (size_t i = 0; i < recorder.create_count; i++) {
        const struct recorded_create *create = &recorder.creates[i];
        ck_assert(create->pipe_mode & PIPE_REJECT_REMOTE_CLIENTS);
        ck_assert_uint_eq(create->open_mode & 3, PIPE_ACCESS_DUPLEX);
        ck_assert(create->open_mode & FILE_FLAG_OVERLAPPED);
        ck_assert(create->has_descriptor);
        ck_assert(!create->is_inherited);
        ck_assert_uint_eq(create->instances, PIPE_UNLIMITED_INSTANCES);
    }
    CloseHandle(client);
}
END_TEST

START_TEST(the_first_instance_alone_claims_the_name)
{
    ck_assert_int_eq(open_listener(), ETWR_OK);
    HANDLE client = connect_client();
    wait_for(&accepted_count, 1);
    for (size_t i = 0; i < recorder.create_count; i++)
        ck_assert_int_eq((recorder.creates[i].open_mode & FILE_FLAG_FIRST_PIPE_INSTANCE) != 0,
                         i == 0);
    CloseHandle(client);
}
END_TEST

START_TEST(a_name_that_is_taken_refuses_the_start_without_another_try)
{
    recorder.create_error = ERROR_ACCESS_DENIED;
    ck_assert_int_eq(open_listener(), ETWR_E_ACCESS_DENIED);
    ck_assert_uint_eq(recorder.create_count, 1);
    ck_assert(recorder.creates[0].open_mode & FILE_FLAG_FIRST_PIPE_INSTANCE);
    ck_assert_ptr_nonnull(strstr(message, path));
    ck_assert_ptr_nonnull(strstr(message, "look for the process"));
    ck_assert_ptr_null(listener);
}
END_TEST

START_TEST(a_second_instance_that_cannot_be_made_refuses_the_start)
{
    recorder.create_error = ERROR_ACCESS_DENIED;
    recorder.fail_creates_from = 1;
    ck_assert_int_eq(open_listener(), ETWR_E_IO);
    ck_assert_ptr_nonnull(strstr(message, "another instance"));
    ck_assert_ptr_null(listener);
}
END_TEST

START_TEST(a_descriptor_that_does_not_convert_refuses_the_start)
{
    recorder.convert_error = ERROR_INVALID_ACL;
    ck_assert_int_eq(open_listener(), ETWR_E_INVALID_ARGUMENT);
    ck_assert_uint_eq(recorder.create_count, 0);
    ck_assert_ptr_nonnull(strstr(message, "descriptor"));
}
END_TEST

START_TEST(a_descriptor_of_the_config_that_lets_others_serve_refuses_the_start)
{
    static char generous[] = "D:(A;;FA;;;WD)";
    security.preset = CONFIG_PRESET_SDDL;
    security.sddl = generous;
    ck_assert_int_eq(open_listener(), ETWR_E_INVALID_ARGUMENT);
    ck_assert_uint_eq(recorder.create_count, 0);
    ck_assert_ptr_nonnull(strstr(message, "0x4"));
}
END_TEST

START_TEST(a_descriptor_of_the_config_is_served)
{
    static char own[] = "D:P(D;;FA;;;NU)(A;;0x12019b;;;WD)";
    security.preset = CONFIG_PRESET_SDDL;
    security.sddl = own;
    ck_assert_msg(open_listener() == ETWR_OK, "%s", message);
    CloseHandle(connect_client());
}
END_TEST

START_TEST(a_list_that_reads_back_differently_refuses_the_start)
{
    recorder.gives_other_list = true;
    ck_assert_int_eq(open_listener(), ETWR_E_ACCESS_DENIED);
    ck_assert_uint_eq(recorder.create_count, 1);
    ck_assert_ptr_nonnull(strstr(message, "another owner or access list"));
}
END_TEST

START_TEST(a_list_that_cannot_be_read_back_refuses_the_start)
{
    recorder.security_error = ERROR_ACCESS_DENIED;
    ck_assert_int_eq(open_listener(), ETWR_E_ACCESS_DENIED);
    ck_assert_ptr_nonnull(strstr(message, "read back"));
}
END_TEST

START_TEST(only_local_pipe_names_are_taken)
{
    static const char *const names[] = {"", "etwrelay", "\\\\server\\pipe\\etwrelay",
                                        "/run/etwrelay.sock"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const struct listener_access access = {.security = &security};
        ck_assert_int_eq(
            listener_open(&loop, names[i], &access, on_accept, &loop, &listener, message),
            ETWR_E_INVALID_ARGUMENT);
    }
    ck_assert_uint_eq(recorder.create_count, 0);
}
END_TEST

START_TEST(a_service_and_a_console_have_names_of_their_own)
{
    char name[64];
    ck_assert_int_eq(listener_default_path(true, name, sizeof name), ETWR_OK);
    ck_assert_str_eq(name, "\\\\.\\pipe\\ProtectedPrefix\\LocalService\\etwrelay");
    ck_assert_int_eq(listener_default_path(false, name, sizeof name), ETWR_OK);
    ck_assert_str_eq(name, "\\\\.\\pipe\\etwrelay-console");
    ck_assert_int_eq(listener_default_path(false, name, 8), ETWR_E_LIMIT);
}
END_TEST

START_TEST(a_connection_is_handed_over_with_its_process)
{
    ck_assert_int_eq(open_listener(), ETWR_OK);
    HANDLE client = connect_client();
    wait_for(&accepted_count, 1);
    ck_assert(is_known);
    ck_assert_uint_eq(last_peer.pid, GetCurrentProcessId());
    ck_assert(!last_peer.is_known);
    ck_assert_str_eq(last_peer.user_key, "");
    ck_assert_ptr_nonnull(strstr(last_peer.image, "listener"));
    ck_assert_uint_gt(last_peer.started, 0);
    ck_assert_uint_eq(listener_counters(listener)->accepted, 1);
    CloseHandle(client);
}
END_TEST

START_TEST(more_clients_than_wait_come_in)
{
    static HANDLE clients[300];
    ck_assert_int_eq(open_listener(), ETWR_OK);
    for (size_t i = 0; i < 300; i++)
        clients[i] = connect_client();
    wait_for(&accepted_count, 300);
    for (size_t i = 0; i < 300; i++)
        CloseHandle(clients[i]);
    ck_assert_uint_eq(listener_counters(listener)->shed, 0);
    ck_assert_uint_eq(listener_counters(listener)->errors, 0);
}
END_TEST

/* An instance is there for each of them at once, and none of them is an error. */
START_TEST(clients_that_leave_at_once_never_leave_the_name_without_an_instance)
{
    ck_assert_int_eq(open_listener(), ETWR_OK);
    for (int i = 0; i < CYCLES; i++) {
        HANDLE client = try_connect();
        ck_assert_msg(client != INVALID_HANDLE_VALUE || GetLastError() == ERROR_PIPE_BUSY,
                      "cycle %d: error %lu", i, GetLastError());
        if (client != INVALID_HANDLE_VALUE) CloseHandle(client);
        uv_run(&loop, UV_RUN_NOWAIT);
        if (accepted_count > ACCEPTS_MAX / 2) forget_accepted();
    }
    ck_assert_uint_eq(listener_counters(listener)->errors, 0);
    ck_assert_uint_eq(listener_counters(listener)->shed, 0);
    forget_accepted();
    HANDLE client = connect_client();
    CloseHandle(client);
}
END_TEST

START_TEST(what_connecting_says_of_a_client_too_early_or_gone_is_no_error)
{
    static const DWORD errors[] = {ERROR_PIPE_CONNECTED, ERROR_NO_DATA};
    recorder.connect_error = errors[_i];
    recorder.connect_errors = 5;
    ck_assert_int_eq(open_listener(), ETWR_OK);
    for (int i = 0; i < 20; i++)
        uv_run(&loop, UV_RUN_NOWAIT);
    ck_assert_uint_eq(listener_counters(listener)->errors, 0);
    HANDLE client = connect_client();
    uint64_t since = uv_hrtime();
    while (listener_counters(listener)->accepted == 0 && !is_late(since))
        uv_run(&loop, UV_RUN_NOWAIT);
    CloseHandle(client);
}
END_TEST

START_TEST(an_instance_that_cannot_wait_is_replaced)
{
    recorder.connect_error = ERROR_NO_SYSTEM_RESOURCES;
    recorder.connect_errors = WAITING;
    ck_assert_int_eq(open_listener(), ETWR_OK);
    ck_assert_uint_eq(listener_counters(listener)->errors, WAITING);
    size_t made = recorder.create_count;
    wait_for(&recorder.create_count, made + WAITING);
    HANDLE client = connect_client();
    wait_for(&accepted_count, 1);
    CloseHandle(client);
}
END_TEST

START_TEST(without_another_instance_the_connection_goes_and_the_name_stays)
{
    ck_assert_int_eq(open_listener(), ETWR_OK);
    recorder.create_error = ERROR_NO_SYSTEM_RESOURCES;
    HANDLE client = connect_client();
    wait_for(&shed_count, 1);
    ck_assert_uint_eq(accepted_count, 0);
    ck_assert_uint_eq(recorder.disconnects, 1);
    CloseHandle(client);
    recorder.create_error = 0;
    client = connect_client();
    wait_for(&accepted_count, 1);
    ck_assert_uint_eq(listener_counters(listener)->shed, 1);
    CloseHandle(client);
}
END_TEST

START_TEST(an_instance_that_cannot_be_disconnected_is_replaced)
{
    ck_assert_int_eq(open_listener(), ETWR_OK);
    recorder.disconnect_error = ERROR_INVALID_HANDLE;
    recorder.disconnect_errors = 1;
    recorder.create_error = ERROR_NO_SYSTEM_RESOURCES;
    HANDLE client = connect_client();
    wait_for(&shed_count, 1);
    CloseHandle(client);
    size_t made = recorder.create_count;
    recorder.create_error = 0;
    wait_for(&recorder.create_count, made + 1);
    client = connect_client();
    wait_for(&accepted_count, 1);
    CloseHandle(client);
}
END_TEST

START_TEST(a_lack_of_descriptors_sheds_connections_and_passes)
{
    ck_assert_int_eq(open_listener(), ETWR_OK);
    recorder.lacks_descriptors = true;
    HANDLE client = connect_client();
    wait_for(&shed_count, 1);
    CloseHandle(client);
    ck_assert_uint_eq(accepted_count, 0);
    recorder.lacks_descriptors = false;
    client = connect_client();
    wait_for(&accepted_count, 1);
    CloseHandle(client);
}
END_TEST

START_TEST(a_client_that_has_gone_when_it_is_asked_for_is_dropped_in_silence)
{
    ck_assert_int_eq(open_listener(), ETWR_OK);
    recorder.pid_error = ERROR_BROKEN_PIPE;
    HANDLE client = connect_client();
    size_t made = recorder.create_count;
    wait_for(&recorder.create_count, made + 1);
    ck_assert_uint_eq(accepted_count, 0);
    ck_assert_uint_eq(listener_counters(listener)->accepted, 0);
    CloseHandle(client);
}
END_TEST

START_TEST(a_client_that_the_system_does_not_know_is_handed_over_as_such)
{
    ck_assert_int_eq(open_listener(), ETWR_OK);
    recorder.pid_error = ERROR_ACCESS_DENIED;
    HANDLE client = connect_client();
    wait_for(&accepted_count, 1);
    ck_assert(!is_known);
    CloseHandle(client);
}
END_TEST

START_TEST(a_client_that_is_not_wanted_reads_why)
{
    char bytes[16] = "";
    DWORD size = 0;
    ck_assert_int_eq(open_listener(), ETWR_OK);
    HANDLE client = connect_client();
    wait_for(&accepted_count, 1);
    accepted_count = 0;
    listener_refuse(accepted[0], "sorry", 5);
    ck_assert(ReadFile(client, bytes, sizeof bytes, &size, NULL));
    ck_assert_uint_eq(size, 5);
    ck_assert_mem_eq(bytes, "sorry", 5);
    ck_assert(!ReadFile(client, bytes, sizeof bytes, &size, NULL));
    CloseHandle(client);
}
END_TEST

START_TEST(before_a_stop_those_who_wait_are_handed_over)
{
    HANDLE clients[8];
    ck_assert_int_eq(open_listener(), ETWR_OK);
    for (size_t i = 0; i < 8; i++)
        clients[i] = connect_client();
    listener_accept_waiting(listener);
    ck_assert_uint_eq(accepted_count, 8);
    for (size_t i = 0; i < 8; i++)
        CloseHandle(clients[i]);
}
END_TEST

START_TEST(closing_takes_the_name_away)
{
    ck_assert_int_eq(open_listener(), ETWR_OK);
    stop();
    HANDLE client = try_connect();
    DWORD error = GetLastError();
    ck_assert_ptr_eq(client, INVALID_HANDLE_VALUE);
    ck_assert_uint_eq(error, ERROR_FILE_NOT_FOUND);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("listener on a pipe");
    TCase *cases = tcase_create("listener on a pipe");
    tcase_add_checked_fixture(cases, setup, teardown);
    tcase_add_test(cases, each_instance_refuses_remote_clients_and_has_the_descriptor);
    tcase_add_test(cases, the_first_instance_alone_claims_the_name);
    tcase_add_test(cases, a_name_that_is_taken_refuses_the_start_without_another_try);
    tcase_add_test(cases, a_second_instance_that_cannot_be_made_refuses_the_start);
    tcase_add_test(cases, a_descriptor_that_does_not_convert_refuses_the_start);
    tcase_add_test(cases, a_descriptor_of_the_config_that_lets_others_serve_refuses_the_start);
    tcase_add_test(cases, a_descriptor_of_the_config_is_served);
    tcase_add_test(cases, a_list_that_reads_back_differently_refuses_the_start);
    tcase_add_test(cases, a_list_that_cannot_be_read_back_refuses_the_start);
    tcase_add_test(cases, only_local_pipe_names_are_taken);
    tcase_add_test(cases, a_service_and_a_console_have_names_of_their_own);
    tcase_add_test(cases, a_connection_is_handed_over_with_its_process);
    tcase_add_test(cases, more_clients_than_wait_come_in);
    tcase_add_test(cases, clients_that_leave_at_once_never_leave_the_name_without_an_instance);
    tcase_add_loop_test(cases, what_connecting_says_of_a_client_too_early_or_gone_is_no_error, 0,
                        2);
    tcase_add_test(cases, an_instance_that_cannot_wait_is_replaced);
    tcase_add_test(cases, without_another_instance_the_connection_goes_and_the_name_stays);
    tcase_add_test(cases, an_instance_that_cannot_be_disconnected_is_replaced);
    tcase_add_test(cases, a_lack_of_descriptors_sheds_connections_and_passes);
    tcase_add_test(cases, a_client_that_has_gone_when_it_is_asked_for_is_dropped_in_silence);
    tcase_add_test(cases, a_client_that_the_system_does_not_know_is_handed_over_as_such);
    tcase_add_test(cases, a_client_that_is_not_wanted_reads_why);
    tcase_add_test(cases, before_a_stop_those_who_wait_are_handed_over);
    tcase_add_test(cases, closing_takes_the_name_away);
    suite_add_tcase(suite, cases);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
