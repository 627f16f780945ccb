/*
 * System calls that fail, each in its turn, inside a real service: reads and writes that are short
 * or interrupted change nothing; a connection that breaks costs its own events alone; a disk that
 * is full or broken costs counted events, and writing goes on as soon as it is mended.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/fault/faulty_service.h"
#include "tests/flow/flow.h"

#define CLIENTS 3
#define EVENTS  ((uint64_t)FAULTY_EVENTS)

static struct service service;
static char config[1024], etl[PROCESS_PATH_MAX];

static void setup(void)
{
    service_init(&service);
    scratch_file(&service.scratch, "a.etl", etl);
    snprintf(config, sizeof config,
             "{\"workers\":1,\"sinks\":[{\"type\":\"etl\",\"path\":\"%s\",\"buffers\":4,"
             "\"stall_ms\":100}]}",
             etl);
}

static void teardown(void)
{
    service_clear(&service);
}

static struct faulty_client talk(void)
{
    struct faulty_client client;
    faulty_talk(&service, FAULTY_PATIENT_MS, &client);
    return client;
}

static struct faulty_client talk_hastily(void)
{
    struct faulty_client client;
    faulty_talk(&service, FAULTY_HASTY_MS, &client);
    return client;
}

static void expect_served(const char *faults)
{
    struct faulty_client client = talk();
    ck_assert_msg(client.is_served && client.written == EVENTS,
                  "%s: served %d, %llu events written, %llu dropped", faults, client.is_served,
                  (unsigned long long)client.written, (unsigned long long)client.dropped);
}

/* A single failure may meet this client, too, and whoever else knocks in that moment: while
 * descriptors are short, all who wait are turned away. */
static void expect_served_soon(const char *faults)
{
    const struct timespec pause = {0, 10000000};
    for (int i = 0; i < 500; i++) {
        struct faulty_client client = talk_hastily();
        if (client.is_served && client.written == EVENTS) return;
        nanosleep(&pause, NULL);
    }
    ck_abort_msg("%s: nobody is served any more", faults);
}

/* As a clean run: every event is written and in the file. */
static void expect_as_clean(const char *faults)
{
    ck_assert_msg(faulty_start(&service, faults, config) == FAULTY_READY, "%s: no start", faults);
    for (int i = 0; i < CLIENTS; i++)
        expect_served(faults);
    (void)faulty_stop(&service, false);
    ck_assert_uint_eq(service_final(&service, "written"), CLIENTS * EVENTS);
    ck_assert_int_ge(flow_etl_check(NULL, etl, NULL), (long)(CLIENTS * EVENTS));
    remove(etl);
}

START_TEST(short_and_interrupted_calls_change_nothing)
{
    static const char *const all[] = {
        "socket_read:1:0:short",  "socket_write:1:0:short",  "file_write:1:0:short",
        "file_read:1:0:short",    "socket_read:1:9:EINTR",   "socket_read:1:9:EAGAIN",
        "socket_write:1:9:EINTR", "socket_write:1:9:EAGAIN", "file_write:1:9:EINTR",
        "open:1:3:EINTR",         "accept:1:9:EINTR",        "accept:1:9:ECONNABORTED",
        "accept:1:1:EAGAIN",      "poll:5:9:EINTR",
    };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        expect_as_clean(all[i]);
}
END_TEST

/* Two clients, of whom a single failure may hit one, or the connection of one. */
static unsigned long count_calls(const char *call)
{
    ck_assert_int_eq(faulty_start(&service, NULL, config), FAULTY_READY);
    expect_served("none");
    expect_served("none");
    (void)faulty_stop(&service, false);
    remove(etl);
    return faulty_count(&service, call);
}

static void print_sweep(const char *call, const char *error, unsigned long count,
                        unsigned long runs)
{
    printf("{\"test\":\"call_fails_once\",\"call\":\"%s\",\"error\":\"%s\",\"calls\":%lu,"
           "\"runs\":%lu}\n",
           call, error, count, runs);
}

/* At each call in turn: whoever comes afterwards is served in full, and the books are kept. */
static void sweep_by(unsigned long stride, const char *call, const char *error)
{
    unsigned long count = count_calls(call), runs = 0;
    ck_assert_uint_gt(count, 0);
    for (unsigned long n = 1; n <= count; n += stride, runs++) {
        char faults[64];
        snprintf(faults, sizeof faults, "%s:%lu:1:%s", call, n, error);
        if (faulty_start(&service, faults, config) != FAULTY_READY) continue;
        (void)talk_hastily();
        expect_served_soon(faults);
        (void)faulty_stop(&service, false);
        remove(etl);
    }
    print_sweep(call, error, count, runs);
}

static void sweep(const char *call, const char *error)
{
    sweep_by(1, call, error);
}

START_TEST(a_connection_that_breaks_costs_nobody_else_anything)
{
    sweep("socket_read", "ECONNRESET");
    sweep("socket_read", "ENOMEM");
    /* Whoever has not really gone waits out its patience for an answer. */
    sweep_by(faulty_is_long() ? 1 : 5, "socket_write", "EPIPE");
    sweep("socket_write", "ENOBUFS");
    sweep("socket_write", "ENOMEM");
    sweep("peer", "ENOMEM");
}
END_TEST

/* The peer is there, and the answer is lost all the same. */
START_TEST(a_client_whose_answer_is_lost_is_not_left_waiting)
{
    for (int n = 1; n <= 3; n++) {
        char faults[64];
        snprintf(faults, sizeof faults, "socket_write:%d:1:ENOMEM", n);
        ck_assert_int_eq(faulty_start(&service, faults, config), FAULTY_READY);
        struct faulty_client client = talk();
        ck_assert_msg(client.is_served || client.is_closed, "%s", faults);
        (void)faulty_stop(&service, false);
        remove(etl);
    }
}
END_TEST

START_TEST(an_accept_that_fails_is_waited_out)
{
    static const char *const errors[] = {"EMFILE", "ENFILE", "ENOBUFS", "ENOMEM"};
    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++)
        sweep("accept", errors[i]);
}
END_TEST

/* Events of the last run that were dropped for want of a disk. What counts as written is there. */
static uint64_t check_file(const char *faults)
{
    long count = flow_etl_check(NULL, etl, NULL);
    uint64_t written = service_final(&service, "written");
    ck_assert_msg(count >= (long)written, "%s: %llu events written, and the file has %ld", faults,
                  (unsigned long long)written, count);
    return service_final(&service, "dropped.full") + service_final(&service, "dropped.io");
}

/* At each write in turn. */
static void sweep_disk(const char *error)
{
    unsigned long count = count_calls("file_write"), runs = 0;
    uint64_t dropped = 0;
    for (unsigned long n = 1; n <= count; n++, runs++) {
        char faults[64];
        snprintf(faults, sizeof faults, "file_write:%lu:1:%s", n, error);
        if (faulty_start(&service, faults, config) != FAULTY_READY) continue;
        (void)talk_hastily();
        expect_served_soon(faults);
        (void)faulty_stop(&service, false);
        dropped += check_file(faults);
        remove(etl);
    }
    print_sweep("file_write", error, count, runs);
    ck_assert_uint_gt(dropped, 0);
}

START_TEST(a_disk_that_fails_once_costs_counted_events_and_writing_goes_on)
{
    static const char *const errors[] = {"ENOSPC", "EIO", "EDQUOT"};
    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++)
        sweep_disk(errors[i]);
}
END_TEST

START_TEST(a_full_disk_is_told_and_writing_resumes_when_there_is_room)
{
    unsigned long first = 3; /* behind the file's header */
    char faults[64];
    uint64_t dropped = 0;
    snprintf(faults, sizeof faults, "file_write:%lu:12:ENOSPC", first);
    ck_assert_int_eq(faulty_start(&service, faults, config), FAULTY_READY);
    int clients = 0;
    for (; clients < 40; clients++) {
        struct faulty_client client = talk();
        ck_assert(client.is_served);
        dropped += client.dropped;
        if (dropped > 0 && client.written == EVENTS) break;
    }
    ck_assert_int_lt(clients, 40);
    ck_assert_uint_gt(dropped, 0);
    (void)faulty_stop(&service, false);
    ck_assert_uint_eq(service_final(&service, "dropped.full"), dropped);
    (void)check_file(faults);
}
END_TEST

START_TEST(a_sink_that_stalls_drops_after_its_time_and_goes_on_afterwards)
{
    ck_assert_int_eq(faulty_start(&service, "file_write:3:1:wait", config), FAULTY_READY);
    struct faulty_client stalled = talk_hastily();
    ck_assert(!stalled.is_served); /* not settled, so not answered */
    faulty_open_gate(&service);
    expect_served("after the stall");
    (void)faulty_stop(&service, false);
    ck_assert_uint_eq(service_final(&service, "accepted"), 2 * EVENTS);
    ck_assert_uint_eq(service_final(&service, "written"), 2 * EVENTS);
}
END_TEST

/* What is asked of the user database when descriptors are short must not be believed later. */
START_TEST(a_user_whose_name_could_not_be_asked_for_is_asked_for_again)
{
    ck_assert_int_eq(faulty_start(&service, NULL, config), FAULTY_READY);
    struct faulty_client before = talk();
    (void)faulty_stop(&service, false);
    ck_assert_int_eq(faulty_start(&service, "user_name:1:4:EMFILE", config), FAULTY_READY);
    struct faulty_client client = talk();
    ck_assert_str_ne(client.user, before.user);
    for (int i = 0; i < 4; i++)
        client = talk();
    ck_assert_str_eq(client.user, before.user);
    (void)faulty_stop(&service, false);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("calls");
    TCase *tcase = tcase_create("calls");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_set_timeout(tcase, 600);
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, short_and_interrupted_calls_change_nothing);
    tcase_add_test(tcase, a_connection_that_breaks_costs_nobody_else_anything);
    tcase_add_test(tcase, a_client_whose_answer_is_lost_is_not_left_waiting);
    tcase_add_test(tcase, an_accept_that_fails_is_waited_out);
    tcase_add_test(tcase, a_disk_that_fails_once_costs_counted_events_and_writing_goes_on);
    tcase_add_test(tcase, a_full_disk_is_told_and_writing_resumes_when_there_is_room);
    tcase_add_test(tcase, a_sink_that_stalls_drops_after_its_time_and_goes_on_afterwards);
    tcase_add_test(tcase, a_user_whose_name_could_not_be_asked_for_is_asked_for_again);
    suite_add_tcase(suite, tcase);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
