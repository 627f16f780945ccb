/*
 * What each limit of the config says to the client that meets it: the reason in its last frame, in
 * its provider's state or in its acknowledgements; and what deadlines do. That the limits are kept
 * to the unit is tested where they live (unit/policy); that somebody is told, here.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/support/process.h"
#include "tests/support/raw_client.h"
#include "tests/support/raw_link.h"

#define EVENTS  10000u
#define WAIT_MS 10000 /* for an end that comes in a moment, if it comes at all */

/* Their answers are more than what a connection holds that nobody reads. */
#define STATUS_REQUESTS 1000

static struct service service;

static void setup(void)
{
    service_init(&service);
}

static void teardown(void)
{
    service_clear(&service);
}

static void start_with_limits(const char *limits)
{
    char text[512];
    snprintf(text, sizeof text, "{\"sinks\":[{\"type\":\"null\"}],\"limits\":{%s}}", limits);
    service_start_with(&service, text);
}

static void stop(void)
{
    service_stop(&service);
    service_check_account(&service);
}

/* As the service's log has it. */
static void wait_for_end(const char *text)
{
    uint64_t end_ms = process_now_ms() + WAIT_MS;
    for (;;) {
        size_t size;
        char *log = process_read_file(service.log, &size);
        bool is_there = strstr(log, text) != NULL;
        free(log);
        if (is_there) return;
        ck_assert_msg(process_now_ms() <= end_ms, "never %s", text);
        process_pause();
    }
}

/* Whoever gets so far is ended here, and so for another reason than the expected one. */
static void put_bad_kind(struct raw_client *client)
{
    frames_frame(&client->out, 0x33, 0, 0, "", 0);
}

/* The newest answer about this provider. */
static uint8_t result_of(struct raw_client *client, uint16_t slot)
{
    struct reply_provider_state state;
    do {
        state = raw_next_state(client);
    } while (state.slot != slot);
    return state.result;
}

START_TEST(one_client_more_than_there_may_be_is_told_so)
{
    struct raw_client first, second;
    start_with_limits("\"clients\":1");
    raw_join(&first, service.pipe, "Contoso.Limits");
    raw_settle(&first);
    raw_connect(&second, service.pipe);
    frames_hello(&second.out, 1);
    raw_expect_end(&second, ETWR_REASON_CLIENT_LIMIT);
    raw_close(&first);
    stop();
}
END_TEST

/* Whichever of the two is known second: their beginnings may be read at the same moment. */
START_TEST(one_unfinished_hello_more_than_a_user_may_have_is_told_so)
{
    struct raw_client clients[2];
    time_t end = time(NULL) + PROCESS_DEADLINE_MS / 1000;
    unsigned refused = 0;
    start_with_limits("\"hellos_per_user\":1");
    for (int i = 0; i < 2; i++) {
        raw_connect(&clients[i], service.pipe);
        frames_bytes(&clients[i].out, "\x2e\0\0\0\1\0", 6);
        (void)raw_send(&clients[i]);
    }
    while (!raw_link_is_answered(clients[refused].link, 20)) {
        ck_assert_msg(time(NULL) <= end, "neither was refused");
        refused = 1 - refused;
    }
    ck_assert_int_eq(raw_end_reason(&clients[refused]), ETWR_REASON_USER_LIMIT);
    for (int i = 0; i < 2; i++)
        raw_close(&clients[i]);
    stop();
}
END_TEST

/* A second provider is one too many, for the reason that is expected. */
static void check_second_provider(const char *limits, enum etwr_reason expected)
{
    struct raw_client client;
    start_with_limits(limits);
    raw_join(&client, service.pipe, "Contoso.Limits");
    frames_open(&client.out, 2, "Contoso.Limits.Second");
    frames_schema(&client.out, 2);
    frames_number(&client.out, 1, 1);
    frames_number(&client.out, 2, 1);
    ck_assert(raw_send(&client));
    ck_assert_uint_eq(result_of(&client, 2), expected);
    raw_settle(&client);
    ck_assert_uint_eq(client.ack.written, 1);
    ck_assert_uint_eq(raw_dropped(&client, expected), 1);
    raw_close(&client);
    stop();
}

START_TEST(one_provider_more_than_there_may_be_is_told_so)
{
    /* The first is the relay's own. */
    check_second_provider("\"providers\":2", ETWR_REASON_PROVIDER_LIMIT);
}
END_TEST

START_TEST(one_provider_more_than_a_client_may_have_is_told_so)
{
    check_second_provider("\"providers_per_client\":1", ETWR_REASON_PROVIDER_LIMIT);
}
END_TEST

START_TEST(one_new_provider_more_than_a_user_may_make_in_a_minute_is_told_so)
{
    check_second_provider("\"new_providers_per_user_per_minute\":1", ETWR_REASON_QUOTA);
}
END_TEST

START_TEST(schemas_larger_than_a_client_may_keep_are_told_so)
{
    static const uint8_t metadata[] = {8, 0, 0, 'E', 0, 'n', 0, 8};
    struct raw_client client;
    start_with_limits("\"schema_bytes_per_client\":4096");
    raw_join(&client, service.pipe, "Contoso.Limits");
    for (uint32_t id = 10; id < 200; id++) {
        frames_metadata(&client.out, 1, id, metadata, sizeof metadata);
        frames_event(&client.out, 1, id, "abcd", 4);
    }
    raw_settle(&client);
    ck_assert_uint_gt(client.ack.written, 0);
    ck_assert_uint_gt(raw_dropped(&client, ETWR_REASON_QUOTA), 0);
    ck_assert_uint_eq(client.ack.written + raw_dropped(&client, ETWR_REASON_QUOTA), 190);
    raw_close(&client);
    stop();
}
END_TEST

/* At least `written` of the events pass, and what does not is known to be over the rate. */
static void check_rate(const char *limits, uint64_t written)
{
    struct raw_client client;
    start_with_limits(limits);
    raw_join(&client, service.pipe, "Contoso.Limits");
    for (uint32_t i = 0; i < EVENTS; i++)
        frames_number(&client.out, 1, i);
    raw_settle(&client);
    ck_assert_uint_ge(client.ack.written, written);
    ck_assert_uint_gt(raw_dropped(&client, ETWR_REASON_RATE), 0);
    ck_assert_uint_eq(client.ack.written + raw_dropped(&client, ETWR_REASON_RATE), EVENTS);
    raw_close(&client);
    stop();
}

START_TEST(events_over_a_users_rate_are_told_as_such)
{
    check_rate("\"events_per_second_per_user\":1,\"burst_seconds\":1", 1);
}
END_TEST

START_TEST(events_of_a_burst_pass_before_they_are_over_the_rate)
{
    check_rate("\"events_per_second_per_user\":10,\"burst_seconds\":100", 1000);
}
END_TEST

START_TEST(bytes_over_a_users_rate_are_told_as_such)
{
    check_rate("\"bytes_per_second_per_user\":1,\"burst_seconds\":1", 1);
}
END_TEST

START_TEST(more_providers_than_a_client_may_have_are_refused)
{
    struct raw_client client;
    start_with_limits("");
    raw_join(&client, service.pipe, "Contoso.Limits");
    for (uint16_t slot = 2; slot <= 9; slot++) {
        char name[32];
        snprintf(name, sizeof name, "Contoso.Wire%u", slot);
        frames_open(&client.out, slot, name);
        frames_schema(&client.out, slot);
        frames_number(&client.out, slot, 1);
    }
    raw_settle(&client);
    ck_assert_uint_eq(client.ack.written, 7);
    ck_assert_uint_eq(raw_dropped(&client, ETWR_REASON_PROVIDER_LIMIT), 1);
    /* A closed slot makes room. */
    frames_frame(&client.out, WIRE_PROVIDER_CLOSE, 0, 9, "", 0);
    frames_frame(&client.out, WIRE_PROVIDER_CLOSE, 0, 2, "", 0);
    frames_open(&client.out, 9, "Contoso.Wire9");
    frames_schema(&client.out, 9);
    frames_number(&client.out, 9, 1);
    raw_settle(&client);
    ck_assert_uint_eq(client.ack.written, 8);
    raw_close(&client);
    service_stop(&service);
    service_check_account(&service);
}
END_TEST

START_TEST(schemas_beyond_the_limit_are_refused_as_quota)
{
    static const uint8_t good[] = {8, 0, 0, 'E', 0, 'n', 0, 8};
    struct raw_client client;
    start_with_limits("\"schemas_per_client\":3");
    raw_join(&client, service.pipe, "Contoso.Limits"); /* one */
    for (uint32_t id = 10; id < 20; id++) {
        frames_metadata(&client.out, 1, id, good, sizeof good);
        frames_event(&client.out, 1, id, "abcd", 4);
    }
    raw_settle(&client);
    ck_assert_uint_eq(client.ack.written, 2);
    ck_assert_uint_eq(raw_dropped(&client, ETWR_REASON_QUOTA), 8);
    raw_close(&client);
    service_stop(&service);
    service_check_account(&service);
}
END_TEST

START_TEST(a_user_without_memory_left_is_cut_off_and_gets_all_back)
{
    struct raw_client client;
    /* Room for a hundred such users: it is this one that has none left. */
    start_with_limits("\"clients\":1000,\"clients_per_user\":10,\"bytes_per_user\":70000,"
                      "\"schemas_per_client\":1000000,\"schema_bytes_per_client\":1000000");
    for (int round = 0; round < 3; round++) {
        raw_join(&client, service.pipe, "Contoso.Limits");
        for (uint32_t id = 10; id < 10000; id++)
            frames_metadata(&client.out, 1, id, "\2", 1);
        put_bad_kind(&client);
        raw_expect_end(&client, ETWR_REASON_USER_LIMIT);
        raw_join(&client, service.pipe, "Contoso.Limits");
        frames_number(&client.out, 1, 1);
        raw_settle(&client);
        ck_assert_uint_eq(client.ack.written, 1);
        raw_close(&client);
    }
    service_stop(&service);
}
END_TEST

START_TEST(a_client_that_says_nothing_is_refused_in_time)
{
    struct raw_client client;
    start_with_limits("\"hello_timeout_ms\":100");
    raw_connect(&client, service.pipe);
    frames_bytes(&client.out, "\x2e\0\0\0\1\0", 6);
    ck_assert(raw_send(&client));
    ck_assert_msg(raw_link_is_answered(client.link, WAIT_MS), "it may say nothing for ever");
    raw_expect_end(&client, ETWR_REASON_HELLO_TIMEOUT);
    service_stop(&service);
}
END_TEST

START_TEST(a_frame_that_is_not_finished_ends_its_connection_and_an_idle_one_lives)
{
    struct raw_client slow, idle;
    start_with_limits("\"frame_timeout_ms\":100");
    raw_join(&idle, service.pipe, "Contoso.Limits");
    raw_settle(&idle);
    raw_join(&slow, service.pipe, "Contoso.Limits");
    frames_number(&slow.out, 1, 1);
    ck_assert(raw_send_some(&slow, slow.out.size - 1));
    wait_for_end("ended: frame_timeout");
    ck_assert_int_eq(raw_end_reason(&slow), ETWR_REASON_FRAME_TIMEOUT);
    raw_close(&slow);
    frames_number(&idle.out, 1, 1);
    raw_settle(&idle);
    ck_assert_uint_eq(idle.ack.written, 1);
    raw_close(&idle);
    service_stop(&service);
}
END_TEST

START_TEST(a_client_that_drips_its_frame_byte_by_byte_is_cut_off_all_the_same)
{
    struct raw_client client;
    static const uint8_t zeros[60000];
    time_t end = time(NULL) + WAIT_MS / 1000;
    start_with_limits("\"frame_timeout_ms\":300");
    raw_join(&client, service.pipe, "Contoso.Limits");
    raw_settle(&client);
    frames_frame(&client.out, WIRE_EVENT, 0, 1, zeros, sizeof zeros);
    while (!raw_link_is_answered(client.link, 20)) {
        ck_assert_msg(time(NULL) <= end, "it may go on for ever");
        (void)raw_send_some(&client, 1);
    }
    ck_assert_int_eq(raw_end_reason(&client), ETWR_REASON_FRAME_TIMEOUT);
    raw_close(&client);
    service_stop(&service);
}
END_TEST

/* Answers come in pieces, each after the one before has left: never more lies there than one piece.
 * No limit but the time is met. */
START_TEST(a_client_that_does_not_read_its_answers_is_closed)
{
    struct raw_client client;
    start_with_limits("\"frame_timeout_ms\":100");
    raw_join(&client, service.pipe, "Contoso.Limits");
    for (int i = 0; i < STATUS_REQUESTS; i++)
        frames_frame(&client.out, WIRE_STATUS, 0, 0, "\1\0\0\0\0\0\0", 8);
    ck_assert(raw_send(&client));
    wait_for_end("ended: slow_reader");
    raw_expect_end(&client, ETWR_REASON_NONE);
    stop();
    ck_assert_uint_eq(service_final(&service, "transport.ended.slow_reader"), 1);
}
END_TEST

/* It has an hour, and memory for all of its answers. */
START_TEST(a_client_that_leaves_too_many_answers_unread_is_closed)
{
    struct raw_client client;
    bool alive = true;
    start_with_limits("\"frame_timeout_ms\":3600000,\"bytes_per_user\":1000000000");
    raw_connect(&client, service.pipe);
    frames_hello(&client.out, 1);
    for (int round = 0; round < 100000 && alive; round++) {
        frames_open(&client.out, 1, "Contoso.Wire");
        frames_frame(&client.out, WIRE_PROVIDER_CLOSE, 0, 1, "", 0);
        if (round % 1000 == 999) alive = raw_send(&client);
    }
    ck_assert_msg(!alive, "it may leave as many answers as it likes");
    raw_close(&client);
    service_stop(&service);
    ck_assert_uint_eq(service_final(&service, "accepted"), 0);
    ck_assert_uint_eq(service_final(&service, "transport.ended.slow_reader"), 1);
}
END_TEST

/* A place is free a moment after its last owner has seen the end. */
static void connect_until_welcome(struct raw_client *client)
{
    time_t end = time(NULL) + PROCESS_DEADLINE_MS / 1000;
    struct frame frame;
    for (;;) {
        raw_join(client, service.pipe, "Contoso.Limits");
        (void)raw_send(client);
        if (raw_skip_to(client, WIRE_WELCOME, &frame)) return;
        raw_close(client);
        ck_assert_msg(time(NULL) <= end, "the place never became free");
    }
}

START_TEST(more_clients_than_a_user_may_have_are_refused_until_one_leaves)
{
    struct raw_client first, second, third;
    start_with_limits("\"clients_per_user\":2");
    raw_join(&first, service.pipe, "Contoso.Limits");
    raw_settle(&first);
    raw_join(&second, service.pipe, "Contoso.Limits");
    raw_settle(&second);
    raw_join(&third, service.pipe, "Contoso.Limits");
    put_bad_kind(&third);
    raw_expect_end(&third, ETWR_REASON_USER_LIMIT);
    put_bad_kind(&second);
    raw_expect_end(&second, ETWR_REASON_UNKNOWN_KIND); /* and with it its place is free */
    connect_until_welcome(&third);
    raw_close(&first);
    raw_close(&third);
    service_stop(&service);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("limits");
    TCase *tc = tcase_create("limits");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_set_timeout(tc, 120);
    tcase_add_test(tc, one_client_more_than_there_may_be_is_told_so);
    tcase_add_test(tc, one_unfinished_hello_more_than_a_user_may_have_is_told_so);
    tcase_add_test(tc, one_provider_more_than_there_may_be_is_told_so);
    tcase_add_test(tc, one_provider_more_than_a_client_may_have_is_told_so);
    tcase_add_test(tc, one_new_provider_more_than_a_user_may_make_in_a_minute_is_told_so);
    tcase_add_test(tc, schemas_larger_than_a_client_may_keep_are_told_so);
    tcase_add_test(tc, events_over_a_users_rate_are_told_as_such);
    tcase_add_test(tc, events_of_a_burst_pass_before_they_are_over_the_rate);
    tcase_add_test(tc, bytes_over_a_users_rate_are_told_as_such);
    tcase_add_test(tc, more_providers_than_a_client_may_have_are_refused);
    tcase_add_test(tc, schemas_beyond_the_limit_are_refused_as_quota);
    tcase_add_test(tc, a_user_without_memory_left_is_cut_off_and_gets_all_back);
    tcase_add_test(tc, a_client_that_says_nothing_is_refused_in_time);
    tcase_add_test(tc, a_frame_that_is_not_finished_ends_its_connection_and_an_idle_one_lives);
    tcase_add_test(tc, a_client_that_drips_its_frame_byte_by_byte_is_cut_off_all_the_same);
    tcase_add_test(tc, a_client_that_does_not_read_its_answers_is_closed);
    tcase_add_test(tc, a_client_that_leaves_too_many_answers_unread_is_closed);
    tcase_add_test(tc, more_clients_than_a_user_may_have_are_refused_until_one_leaves);
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
