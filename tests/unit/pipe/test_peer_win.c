/*
 * Who a client is: asked for once its bytes have come, at one place, and refused whenever any step
 * fails (SECURITY: T4).
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "pipe_recorder_win.h"
#include "service/pipe/descriptor.h"
#include "service/pipe/listener.h"
#include "service/pipe/token_win.h"

#define DEADLINE_MS 20000

static uv_loop_t loop;
static struct listener *listener;
static struct config_security security;
static uv_pipe_t pipe_end;
static bool is_open;
static struct peer peer;
static HANDLE client;
static char bytes[64];
static ssize_t bytes_read;
static wchar_t wide_path[64];

static void on_accept(void *context, intptr_t handle, const struct peer *accepted)
{
    (void)context;
    ck_assert(!is_open);
    ck_assert_ptr_nonnull(accepted);
    peer = *accepted;
    ck_assert_int_eq(uv_pipe_init(&loop, &pipe_end, 0), 0);
    ck_assert_int_eq(uv_pipe_open(&pipe_end, (uv_file)handle), 0);
    is_open = true;
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
    (void)handle, (void)suggested;
    *buffer = uv_buf_init(bytes, sizeof bytes);
}

static void on_read(uv_stream_t *stream, ssize_t size, const uv_buf_t *buffer)
{
    (void)stream, (void)buffer;
    if (size > 0) bytes_read = size;
}

static void setup(void)
{
    static unsigned number;
    char path[64], message[LISTENER_MESSAGE_BYTES];
    const struct listener_access access = {.security = &security};
    snprintf(path, sizeof path, "\\\\.\\pipe\\etwrelay-peer-%lu-%u", GetCurrentProcessId(),
             number++);
    for (size_t i = 0; i <= strlen(path); i++)
        wide_path[i] = (wchar_t)(unsigned char)path[i];
    ck_assert_int_eq(uv_loop_init(&loop), 0);
    pipe_recorder_start();
    is_open = false;
    bytes_read = 0;
    ck_assert_int_eq(listener_open(&loop, path, &access, on_accept, NULL, &listener, message),
                     ETWR_OK);
}

static void teardown(void)
{
    if (is_open) uv_close((uv_handle_t *)&pipe_end, NULL);
    listener_close(listener);
    uv_run(&loop, UV_RUN_DEFAULT);
    ck_assert_int_eq(uv_loop_close(&loop), 0);
    CloseHandle(client);
    pipe_recorder_stop();
}

/* A client with these flags has connected and sent its first bytes, and they have been read. */
static void connect_and_send(DWORD flags)
{
    DWORD written;
    uint64_t since = uv_hrtime();
    client = CreateFileW(wide_path, DESCRIPTOR_CLIENT_RIGHTS, 0, NULL, OPEN_EXISTING, flags, NULL);
    ck_assert_ptr_ne(client, INVALID_HANDLE_VALUE);
    while (!is_open && uv_hrtime() - since < (uint64_t)DEADLINE_MS * 1000000)
        uv_run(&loop, UV_RUN_NOWAIT);
    ck_assert(is_open);
    ck_assert(WriteFile(client, "hello", 5, &written, NULL));
    ck_assert_int_eq(uv_read_start((uv_stream_t *)&pipe_end, on_alloc, on_read), 0);
    while (bytes_read == 0 && uv_hrtime() - since < (uint64_t)DEADLINE_MS * 1000000)
        uv_run(&loop, UV_RUN_NOWAIT);
    ck_assert_int_eq(bytes_read, 5);
    recorder.step_count = 0;
}

static void connect_properly(void)
{
    connect_and_send(SECURITY_SQOS_PRESENT | SECURITY_IDENTIFICATION);
}

static size_t count_steps(enum recorded_step step)
{
    size_t count = 0;
    for (size_t i = 0; i < recorder.step_count; i++)
        if (recorder.steps[i] == step) count++;
    return count;
}

START_TEST(the_user_is_known_after_the_first_bytes)
{
    DWORD session = 0;
    connect_properly();
    ck_assert(!peer.is_known);
    ck_assert_int_eq(peer_identify(&pipe_end, &peer), ETWR_OK);
    ck_assert(peer.is_known);
    ck_assert_str_eq(peer.user_id, token_own_sid());
    ck_assert_str_eq(peer.user_key, token_own_sid());
    ck_assert_int_eq(strncmp(peer.user_id, "S-1-5-", 6), 0);
    ck_assert_ptr_nonnull(strchr(peer.user, '\\'));
    ck_assert_str_eq(peer.package, "");
    ck_assert_uint_ge(peer.integrity, 0x2000);
    ck_assert(ProcessIdToSessionId(GetCurrentProcessId(), &session));
    ck_assert_uint_eq(peer.session, session);
    ck_assert(peer.is_operator);
}
END_TEST

START_TEST(the_thread_is_the_client_for_one_call_only)
{
    connect_properly();
    ck_assert_int_eq(peer_identify(&pipe_end, &peer), ETWR_OK);
    ck_assert_int_eq(recorder.steps[0], STEP_IMPERSONATE);
    ck_assert_int_eq(recorder.steps[1], STEP_OPEN);
    ck_assert_int_eq(recorder.steps[2], STEP_REVERT);
    ck_assert_uint_eq(count_steps(STEP_IMPERSONATE), 1);
    ck_assert_uint_eq(count_steps(STEP_REVERT), 1);
}
END_TEST

START_TEST(it_is_asked_once_a_connection)
{
    connect_properly();
    ck_assert_int_eq(peer_identify(&pipe_end, &peer), ETWR_OK);
    size_t steps = recorder.step_count;
    ck_assert_int_eq(peer_identify(&pipe_end, &peer), ETWR_OK);
    ck_assert_uint_eq(recorder.step_count, steps);
}
END_TEST

START_TEST(nothing_read_yet_is_no_error)
{
    connect_properly();
    recorder.impersonate_error = ERROR_CANNOT_IMPERSONATE;
    ck_assert_int_eq(peer_identify(&pipe_end, &peer), ETWR_OK);
    ck_assert(!peer.is_known);
    ck_assert_uint_eq(recorder.step_count, 1); /* and there is nothing to revert */
    recorder.impersonate_error = 0;
    ck_assert_int_eq(peer_identify(&pipe_end, &peer), ETWR_OK);
    ck_assert(peer.is_known);
}
END_TEST

START_TEST(a_client_that_gives_no_quality_of_service_is_known_all_the_same)
{
    connect_and_send(0);
    ck_assert_int_eq(peer_identify(&pipe_end, &peer), ETWR_OK);
    ck_assert_str_eq(peer.user_id, token_own_sid());
}
END_TEST

static void check_refused(void)
{
    ck_assert_int_eq(peer_identify(&pipe_end, &peer), ETWR_E_ACCESS_DENIED);
    ck_assert(!peer.is_known);
}

START_TEST(impersonation_refused)
{
    connect_properly();
    recorder.impersonate_error = ERROR_ACCESS_DENIED;
    check_refused();
    ck_assert_uint_eq(count_steps(STEP_REVERT), 0);
}
END_TEST

START_TEST(a_token_that_cannot_be_opened_is_refused_after_reverting)
{
    connect_properly();
    recorder.open_error = ERROR_CANT_OPEN_ANONYMOUS;
    check_refused();
    ck_assert_uint_eq(count_steps(STEP_REVERT), 1);
    ck_assert(!recorder.has_ended);
}
END_TEST

START_TEST(a_failed_revert_ends_the_process)
{
    connect_properly();
    recorder.revert_error = ERROR_ACCESS_DENIED;
    (void)peer_identify(&pipe_end, &peer);
    ck_assert(recorder.has_ended);
}
END_TEST

START_TEST(a_failed_revert_after_a_failed_open_ends_the_process_too)
{
    connect_properly();
    recorder.open_error = ERROR_NO_TOKEN;
    recorder.revert_error = ERROR_ACCESS_DENIED;
    (void)peer_identify(&pipe_end, &peer);
    ck_assert(recorder.has_ended);
}
END_TEST

static const TOKEN_INFORMATION_CLASS queries[] = {
    TokenImpersonationLevel, TokenUser, TokenIsAppContainer, TokenIntegrityLevel, TokenSessionId};

START_TEST(a_token_that_cannot_be_read_in_full_is_refused)
{
    connect_properly();
    recorder.query_fails = queries[_i];
    check_refused();
    ck_assert_uint_eq(count_steps(STEP_REVERT), 1);
}
END_TEST

START_TEST(an_anonymous_token_is_refused)
{
    connect_properly();
    recorder.is_anonymous = true;
    check_refused();
}
END_TEST

START_TEST(an_app_container_is_known_by_its_package_and_is_nobodys_operator)
{
    char key[PEER_KEY_BYTES];
    connect_properly();
    recorder.is_contained = true;
    ck_assert_int_eq(peer_identify(&pipe_end, &peer), ETWR_OK);
    ck_assert_str_eq(peer.package, "S-1-15-2-7-6");
    snprintf(key, sizeof key, "%s S-1-15-2-7-6", token_own_sid());
    ck_assert_str_eq(peer.user_key, key);
    ck_assert_str_eq(peer.user_id, token_own_sid());
    ck_assert(!peer.is_operator);
}
END_TEST

START_TEST(an_app_container_without_a_package_is_refused)
{
    connect_properly();
    recorder.is_contained = true;
    recorder.query_fails = TokenAppContainerSid;
    check_refused();
}
END_TEST

START_TEST(low_integrity_is_nobodys_operator)
{
    connect_properly();
    recorder.is_low = true;
    ck_assert_int_eq(peer_identify(&pipe_end, &peer), ETWR_OK);
    ck_assert_uint_eq(peer.integrity, 0x1000);
    ck_assert(!peer.is_operator);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("peer on a pipe");
    TCase *cases = tcase_create("peer on a pipe");
    tcase_add_checked_fixture(cases, setup, teardown);
    tcase_add_test(cases, the_user_is_known_after_the_first_bytes);
    tcase_add_test(cases, the_thread_is_the_client_for_one_call_only);
    tcase_add_test(cases, it_is_asked_once_a_connection);
    tcase_add_test(cases, nothing_read_yet_is_no_error);
    tcase_add_test(cases, a_client_that_gives_no_quality_of_service_is_known_all_the_same);
    tcase_add_test(cases, impersonation_refused);
    tcase_add_test(cases, a_token_that_cannot_be_opened_is_refused_after_reverting);
    tcase_add_test(cases, a_failed_revert_ends_the_process);
    tcase_add_test(cases, a_failed_revert_after_a_failed_open_ends_the_process_too);
    tcase_add_loop_test(cases, a_token_that_cannot_be_read_in_full_is_refused, 0,
                        (int)(sizeof queries / sizeof *queries));
    tcase_add_test(cases, an_anonymous_token_is_refused);
    tcase_add_test(cases, an_app_container_is_known_by_its_package_and_is_nobodys_operator);
    tcase_add_test(cases, an_app_container_without_a_package_is_refused);
    tcase_add_test(cases, low_integrity_is_nobodys_operator);
    suite_add_tcase(suite, cases);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
