/* Handles of all kinds that are adopted, and what a broker gives. Real pipes, also under Wine. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

#include <sddl.h>
#include <winternl.h>

#include "client/pipe_win.h"
#include "tests/unit/client/fixture.h"

#define MANY 3000

static struct fixture f;

static void setup(void)
{
    fixture_init(&f);
}

/* The other end of the fixture's listener, opened as some other program would. */
static HANDLE open_end(DWORD access, DWORD flags)
{
    HANDLE end = CreateFileA(f.service.path, access, 0, NULL, OPEN_EXISTING, flags, NULL);

    ck_assert(end != INVALID_HANDLE_VALUE);
    return end;
}

static void adopt(HANDLE end)
{
    ck_assert_int_eq(etwr_client_adopt(&f.options, (intptr_t)end, &f.client), ETWR_OK);
    ck_assert_int_eq(etwr_provider_open(f.client, "Test.Provider", NULL, &f.provider), ETWR_OK);
    fake_welcome(&f.service);
    fake_expect(&f.service, WIRE_PROVIDER_OPEN);
}

/* More than the pipe holds, while the service reads and answers. */
static void talk(void)
{
    for (uint32_t i = 0; i < MANY; i++) {
        ck_assert_int_eq(write_number(&f, i), ETWR_OK);
        if (i % 100 != 99) continue;
        fake_skip_to(&f.service, WIRE_EVENT);
        while (f.service.event_count < i + 1)
            fake_expect(&f.service, WIRE_EVENT);
        fake_ack(&f.service, i + 1, i + 1, 0, 0, 0);
    }
    wait_pending(f.client, 0);
    ck_assert_uint_eq(check_books(f.client).settled_written, MANY);
}

START_TEST(a_synchronous_handle_speaks_both_ways)
{
    HANDLE end = open_end(GENERIC_READ | GENERIC_WRITE, 0);

    ck_assert(SetHandleInformation(end, HANDLE_FLAG_INHERIT, HANDLE_FLAG_INHERIT));
    adopt(end);
    ck_assert(!fake_link_is_inherited((intptr_t)end));
    talk();
    fixture_clear(&f);
    ck_assert(!fake_link_is_open((intptr_t)end));
}
END_TEST

/* The pipe is full, nobody reads: writers and the rest of the client go on. */
static void fill_and_drain(void)
{
    uint64_t written = 0;

    while (write_bytes(&f, 60000) == ETWR_OK)
        written++;
    ck_assert_uint_ge(written, 2);
    fake_skip_to(&f.service, WIRE_EVENT);
    while (f.service.event_count < written)
        fake_expect(&f.service, WIRE_EVENT);
    fake_ack(&f.service, written, written, 0, 0, 0);
    ck_assert_uint_eq(wait_pending(f.client, 0).settled_written, written);
}

START_TEST(a_full_synchronous_pipe_blocks_nobody)
{
    adopt(open_end(GENERIC_READ | GENERIC_WRITE, 0));
    fill_and_drain();
    fixture_clear(&f);
}
END_TEST

START_TEST(a_full_pipe_blocks_nobody)
{
    adopt(open_end(GENERIC_READ | GENERIC_WRITE, FILE_FLAG_OVERLAPPED));
    fill_and_drain();
    fixture_clear(&f);
}
END_TEST

START_TEST(a_synchronous_handle_that_ends_is_the_end)
{
    adopt(open_end(GENERIC_READ | GENERIC_WRITE, 0));
    ck_assert_int_eq(write_number(&f, 1), ETWR_OK);
    fake_skip_to(&f.service, WIRE_EVENT);
    fake_close(&f.service);
    wait_in_doubt(f.client, 1);
    ck_assert_int_eq(etwr_client_wait_connected(f.client, LONG_MS), ETWR_E_DISCONNECTED);
    fixture_clear(&f);
}
END_TEST

START_TEST(a_synchronous_handle_that_could_not_be_adopted_waits_again)
{
    HANDLE end = open_end(GENERIC_READ | GENERIC_WRITE, 0);
    DWORD state = PIPE_NOWAIT;

    f.options.delay_ms = 5000; /* fails after the adoption */
    ck_assert_int_eq(etwr_client_adopt(&f.options, (intptr_t)end, &f.client),
                     ETWR_E_INVALID_ARGUMENT);
    ck_assert(GetNamedPipeHandleStateW(end, &state, NULL, NULL, NULL, NULL, 0));
    ck_assert_uint_eq(state & PIPE_NOWAIT, 0);
    CloseHandle(end);
    f.options.delay_ms = 0;
    fixture_clear(&f);
}
END_TEST

/* A pipe of messages is read as bytes, however short the reads are. */
START_TEST(a_pipe_of_messages_is_a_stream_too)
{
    DWORD mode = PIPE_READMODE_MESSAGE;
    HANDLE end;
    HANDLE server = CreateNamedPipeA("\\\\.\\pipe\\etwrelay-test-messages",
                                     PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED, PIPE_TYPE_MESSAGE,
                                     1, 65536, 65536, 0, NULL);

    ck_assert(server != INVALID_HANDLE_VALUE);
    end = CreateFileA("\\\\.\\pipe\\etwrelay-test-messages", GENERIC_READ | GENERIC_WRITE, 0, NULL,
                      OPEN_EXISTING, FILE_FLAG_OVERLAPPED, NULL);
    ck_assert(end != INVALID_HANDLE_VALUE);
    ck_assert(SetNamedPipeHandleState(end, &mode, NULL, NULL));
    fake_service_clear(&f.service);
    ck_assert_int_eq(fake_service_init_pair(&f.service) > 0, true);
    fake_link_close(f.service.link);
    f.service.link = (intptr_t)server;
    adopt(end);
    ck_assert_int_eq(write_number(&f, 5), ETWR_OK);
    fake_expect(&f.service, WIRE_SCHEMA);
    ck_assert_uint_eq(read_number(&f.service), 5);
    fake_ack(&f.service, 1, 1, 0, 0, 0);
    wait_pending(f.client, 0);
    fixture_clear(&f);
}
END_TEST

START_TEST(what_is_no_connected_pipe_is_not_adopted_and_stays_open)
{
    struct etwr_client *client;
    HANDLE none[5];

    ck_assert(CreatePipe(&none[0], &none[1], NULL, 0)); /* one way each */
    none[2] = CreateEventW(NULL, TRUE, FALSE, NULL);
    none[3] = CreateFileA("NUL", GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);
    none[4] = open_end(GENERIC_READ, FILE_FLAG_OVERLAPPED); /* not to be written */
    for (size_t i = 0; i < ARRAYSIZE(none); i++) {
        ck_assert_int_eq(etwr_client_adopt(NULL, (intptr_t)none[i], &client),
                         ETWR_E_INVALID_ARGUMENT);
        ck_assert(fake_link_is_open((intptr_t)none[i]));
        CloseHandle(none[i]);
        ck_assert_int_eq(etwr_client_adopt(NULL, (intptr_t)none[i], &client),
                         ETWR_E_INVALID_ARGUMENT);
    }
    ck_assert_int_eq(etwr_client_adopt(NULL, 0, &client), ETWR_E_INVALID_ARGUMENT);
    fixture_clear(&f);
}
END_TEST

static ACCESS_MASK rights_of(intptr_t handle)
{
    PUBLIC_OBJECT_BASIC_INFORMATION object;

    ck_assert_int_ge(
        NtQueryObject((HANDLE)handle, ObjectBasicInformation, &object, sizeof object, NULL), 0);
    return object.GrantedAccess;
}

START_TEST(a_broker_gives_a_silent_stream_with_few_rights)
{
    struct request_hello hello;
    intptr_t handle, given = 0;
    char text[256] = "x";

    ck_assert_int_eq(etwr_broker_open(f.service.path, &handle, text, sizeof text), ETWR_OK);
    ck_assert_str_eq(text, "");
    ck_assert(!fake_link_is_inherited(handle));
    ck_assert_uint_eq(rights_of(handle), 0x0012019B);
    fake_accept(&f.service);
    ck_assert(!fake_has_frame(&f.service, 30)); /* nothing is said yet */
    ck_assert_int_eq(etwr_broker_give(handle, (intptr_t)GetCurrentProcess(), &given), ETWR_OK);
    ck_assert_int_ne(given, handle);
    ck_assert(!fake_link_is_open(handle));
    ck_assert(!fake_link_is_inherited(given));
    ck_assert_uint_eq(rights_of(given), FILE_READ_DATA | FILE_WRITE_DATA | SYNCHRONIZE);
    ck_assert_int_eq(etwr_client_adopt(NULL, given, &f.client), ETWR_OK);
    fake_read_hello(&f.service, &hello);
    ck_assert_uint_eq(hello.first_sequence, 1);
    fixture_clear(&f);
}
END_TEST

START_TEST(what_cannot_be_given_stays_the_brokers)
{
    intptr_t handle;
    HANDLE event = CreateEventW(NULL, TRUE, FALSE, NULL);

    ck_assert_int_eq(etwr_broker_open(f.service.path, &handle, NULL, 0), ETWR_OK);
    ck_assert_int_ne(etwr_broker_give(handle, (intptr_t)event, NULL), ETWR_OK);
    ck_assert(fake_link_is_open(handle));
    CloseHandle((HANDLE)handle);
    CloseHandle(event);
    fixture_clear(&f);
}
END_TEST

/* The system says that the pipe is somebody else's. */
static BOOL WINAPI get_foreign_owner(HANDLE pipe, SECURITY_INFORMATION what,
                                     PSECURITY_DESCRIPTOR descriptor, DWORD size, LPDWORD needed)
{
    PSECURITY_DESCRIPTOR foreign;

    (void)pipe;
    (void)what;
    ck_assert(ConvertStringSecurityDescriptorToSecurityDescriptorW(
        L"O:S-1-5-21-1-2-3-1001", SDDL_REVISION_1, &foreign, NULL));
    *needed = GetSecurityDescriptorLength(foreign);
    ck_assert_uint_le(*needed, size);
    memcpy(descriptor, foreign, *needed);
    LocalFree(foreign);
    return TRUE;
}

START_TEST(nothing_is_said_to_a_pipe_of_somebody_else)
{
    const struct pipe_system *windows = pipe_system;
    struct pipe_system foreign = *windows;
    char text[512] = "";
    intptr_t handle;

    foreign.get_security = get_foreign_owner;
    pipe_system = &foreign;
    ck_assert_int_eq(etwr_broker_open(f.service.path, &handle, text, sizeof text),
                     ETWR_E_ACCESS_DENIED);
    ck_assert_ptr_nonnull(strstr(text, "S-1-5-21-1-2-3-1001"));
    fake_accept(&f.service);
    ck_assert(fake_is_closed(&f.service));
    fake_close(&f.service);
    fixture_start(&f);
    ck_assert_int_eq(write_number(&f, 1), ETWR_OK);
    for (int i = 0; i < 3; i++) { /* it comes again, but never speaks */
        fake_accept(&f.service);
        ck_assert(fake_is_closed(&f.service));
        ck_assert_uint_eq(f.service.size, 0);
        fake_close(&f.service);
    }
    etwr_client_last_error(f.client, text, sizeof text);
    ck_assert_msg(strstr(text, "not trusted") && strstr(text, f.service.path), "%s", text);
    ck_assert_int_eq(etwr_client_wait_connected(f.client, 1), ETWR_E_TIMEOUT);
    fixture_clear(&f);
    pipe_system = windows;
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("client_win");
    TCase *tcase = tcase_create("win");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_set_timeout(tcase, 50);
    tcase_add_checked_fixture(tcase, setup, NULL);
    tcase_add_test(tcase, a_synchronous_handle_speaks_both_ways);
    tcase_add_test(tcase, a_full_synchronous_pipe_blocks_nobody);
    tcase_add_test(tcase, a_full_pipe_blocks_nobody);
    tcase_add_test(tcase, a_synchronous_handle_that_ends_is_the_end);
    tcase_add_test(tcase, a_synchronous_handle_that_could_not_be_adopted_waits_again);
    tcase_add_test(tcase, a_pipe_of_messages_is_a_stream_too);
    tcase_add_test(tcase, what_is_no_connected_pipe_is_not_adopted_and_stays_open);
    tcase_add_test(tcase, a_broker_gives_a_silent_stream_with_few_rights);
    tcase_add_test(tcase, what_cannot_be_given_stays_the_brokers);
    tcase_add_test(tcase, nothing_is_said_to_a_pipe_of_somebody_else);
    suite_add_tcase(suite, tcase);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
