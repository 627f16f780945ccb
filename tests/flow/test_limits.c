/*
 * What each limit of the config says to the client that meets it: the reason in its last frame, in
 * its provider's state or in its acknowledgements. That the limits are kept to the unit is tested
 * where they live (unit/policy); that somebody is told, here.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/support/process.h"
#include "tests/support/raw_client.h"
#include "tests/support/raw_link.h"

#define EVENTS 10000u

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
    char path[PROCESS_PATH_MAX], text[512];
    const char *const arguments[] = {"--config",
                                     scratch_file(&service.scratch, "config.json", path), NULL};
    snprintf(text, sizeof text, "{\"sinks\":[{\"type\":\"null\"}],\"limits\":{%s}}", limits);
    scratch_write(&service.scratch, "config.json", text, strlen(text));
    service_start(&service, arguments);
}

static void stop(void)
{
    service_stop(&service);
    service_check_account(&service);
}

static void open_client(struct raw_client *client)
{
    raw_connect(client, service.pipe);
    raw_hello(client, 1);
    raw_open(client, 1, "Contoso.Limits");
    raw_schema(client, 1);
}

/* The newest answer about this provider. */
static uint8_t result_of(struct raw_client *client, uint16_t slot)
{
    struct frame frame;
    struct reply_provider_state state;
    do {
        ck_assert(raw_skip_to(client, WIRE_PROVIDER_STATE, &frame));
        ck_assert_int_eq(reply_read_provider_state(&frame, &state), ETWR_OK);
    } while (state.slot != slot);
    return state.result;
}

START_TEST(one_client_more_than_there_may_be_is_told_so)
{
    struct raw_client first, second;
    start_with_limits("\"clients\":1");
    open_client(&first);
    raw_settle(&first);
    raw_connect(&second, service.pipe);
    raw_hello(&second, 1);
    (void)raw_send(&second);
    ck_assert_int_eq(raw_end_reason(&second), ETWR_REASON_CLIENT_LIMIT);
    raw_close(&second);
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
        raw_bytes(&clients[i], "\x2e\0\0\0\1\0", 6);
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
    open_client(&client);
    raw_open(&client, 2, "Contoso.Limits.Second");
    raw_schema(&client, 2);
    raw_number(&client, 1, 1);
    raw_number(&client, 2, 1);
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
    open_client(&client);
    for (uint32_t id = 10; id < 200; id++) {
        raw_metadata(&client, 1, id, metadata, sizeof metadata);
        raw_event(&client, 1, id, "abcd", 4);
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
    open_client(&client);
    for (uint32_t i = 0; i < EVENTS; i++)
        raw_number(&client, 1, i);
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

int main(void)
{
    Suite *suite = suite_create("limits");
    TCase *tc = tcase_create("limits");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, one_client_more_than_there_may_be_is_told_so);
    tcase_add_test(tc, one_unfinished_hello_more_than_a_user_may_have_is_told_so);
    tcase_add_test(tc, one_provider_more_than_there_may_be_is_told_so);
    tcase_add_test(tc, one_provider_more_than_a_client_may_have_is_told_so);
    tcase_add_test(tc, one_new_provider_more_than_a_user_may_make_in_a_minute_is_told_so);
    tcase_add_test(tc, schemas_larger_than_a_client_may_keep_are_told_so);
    tcase_add_test(tc, events_over_a_users_rate_are_told_as_such);
    tcase_add_test(tc, events_of_a_burst_pass_before_they_are_over_the_rate);
    tcase_add_test(tc, bytes_over_a_users_rate_are_told_as_such);
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
