/*
 * How the service stops while a client does not read: how long it is waited for (the config's
 * drain_ms), what is done for it meanwhile, and what becomes of the others.
 *
 * The client asks for more answers than its connection holds and sends events behind that: as long
 * as it does not read, the service cannot get to them.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/process.h"
#include "tests/support/raw_client.h"

#define STATUS_REQUESTS 1000
#define EVENTS          10u

static struct service service;

static void setup(void)
{
    service_init(&service);
}

static void teardown(void)
{
    service_clear(&service);
}

/* All clients are one worker's. None of them is too slow for an hour. */
static void start(const char *drain_ms)
{
    char text[256];
    snprintf(text, sizeof text,
             "{\"workers\":1,\"sinks\":[{\"type\":\"null\"}],"
             "\"limits\":{\"frame_timeout_ms\":3600000,\"drain_ms\":%s}}",
             drain_ms);
    service_start_with(&service, text);
}

static void open_client(struct raw_client *client)
{
    raw_join(client, service.pipe, "Contoso.Stop");
    raw_settle(client);
}

static void send_without_reading(struct raw_client *client)
{
    for (int i = 0; i < STATUS_REQUESTS; i++)
        frames_frame(&client->out, WIRE_STATUS, 0, 0, "\1\0\0\0\0\0\0", 8);
    for (uint32_t i = 0; i < EVENTS; i++)
        frames_number(&client->out, 1, i);
    ck_assert(raw_send(client));
}

/* Whoever was read empty when the stop came is still answered: his events are dropped as such. */
static void wait_for_drain(struct raw_client *client)
{
    uint64_t end_ms = process_now_ms() + PROCESS_DEADLINE_MS;
    while (raw_dropped(client, ETWR_REASON_SHUTDOWN) == 0) {
        ck_assert_msg(process_now_ms() <= end_ms, "the stop never began");
        frames_number(&client->out, 1, 1);
        raw_settle(client);
    }
}

START_TEST(a_stop_waits_until_a_slow_client_reads_and_handles_what_it_had_sent)
{
    struct raw_client slow, other;
    start("3600000");
    open_client(&other);
    open_client(&slow);
    send_without_reading(&slow);
    process_ask_to_stop(service.pid);
    wait_for_drain(&other);
    for (uint64_t round = 2; round < 100; round++) {
        frames_number(&other.out, 1, 1);
        raw_settle(&other);
        ck_assert_uint_eq(raw_dropped(&other, ETWR_REASON_SHUTDOWN), round);
    }
    ck_assert_int_eq(raw_end_reason(&slow), ETWR_REASON_STOPPING);
    ck_assert_uint_eq(slow.ack.written, EVENTS);
    ck_assert_int_eq(raw_end_reason(&other), ETWR_REASON_STOPPING);
    service_end(&service);
    service_check_account(&service);
    raw_close(&slow);
    raw_close(&other);
}
END_TEST

START_TEST(a_client_that_never_reads_holds_the_stop_no_longer_than_may_be)
{
    struct raw_client slow, other;
    start("1");
    open_client(&other);
    open_client(&slow);
    send_without_reading(&slow);
    frames_number(&other.out, 1, 1);
    raw_settle(&other);
    service_stop(&service);
    service_check_account(&service);
    ck_assert_uint_eq(service_final(&service, "accepted"), 1);
    ck_assert_int_eq(raw_end_reason(&other), ETWR_REASON_STOPPING);
    raw_close(&slow);
    raw_close(&other);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("stop");
    TCase *tc = tcase_create("stop");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_set_timeout(tc, 120);
    tcase_add_test(tc, a_stop_waits_until_a_slow_client_reads_and_handles_what_it_had_sent);
    tcase_add_test(tc, a_client_that_never_reads_holds_the_stop_no_longer_than_may_be);
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
