/*
 * What is lost is told in the trace, too: the events LostEvents of the service's own provider, when
 * they come and what they say.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/process.h"
#include "tests/support/raw_client.h"

#define LEVEL_ALL 255 /* as every level from 5 on is: none of these events is above */

static struct service service;
static char jsonl[PROCESS_PATH_MAX];

static void setup(void)
{
    service_init(&service);
    scratch_file(&service.scratch, "events.jsonl", jsonl);
}

static void teardown(void)
{
    service_clear(&service);
}

/* With one worker: its clients' events then have one order. */
static const char *config_of(unsigned level)
{
    static char text[1024];
    snprintf(text, sizeof text,
             "{\"workers\":1,"
             "\"sinks\":[{\"type\":\"jsonl\",\"path\":\"%s\",\"filter\":{\"level\":%u}}]}",
             jsonl, level);
    return text;
}

static void start(void)
{
    service_start_with(&service, config_of(LEVEL_ALL));
}

static size_t count_text(const char *text, const char *part)
{
    size_t count = 0;
    for (const char *at = strstr(text, part); at != NULL; at = strstr(at + 1, part))
        count++;
    return count;
}

/* Losses have just been told: those that come now have a second before they are told for the time
 * alone. */
static void begin_second(struct raw_client *client)
{
    frames_lost(&client->out, 1, 1, ETWR_REASON_TIMEOUT);
    raw_settle(client);
    ck_assert(process_wait_for_text(jsonl, "\"timeout\""));
}

static void lose(struct raw_client *client)
{
    frames_lost(&client->out, 1, 5, ETWR_REASON_QUEUE_FULL);
    raw_settle(client);
}

/* `client` is told of as often as there are numbers of the other's, and each time before. */
static void check_told_before_numbers(size_t expected)
{
    size_t size, count = 0;
    char *text = process_read_file(jsonl, &size);
    const char *at = text;
    for (;;) {
        const char *told = strstr(at, "\"queue_full\"");
        const char *number = strstr(at, "\"Number\"");
        if (told == NULL && number == NULL) break;
        ck_assert_msg(told != NULL && number != NULL && told < number, "not told before: %s", at);
        at = number + 1;
        count++;
    }
    ck_assert_uint_eq(count, expected);
    free(text);
}

START_TEST(lost_events_take_their_numbers_and_are_told_in_the_trace)
{
    struct raw_client client;
    size_t size;
    start();
    raw_join(&client, service.pipe, "Contoso.Wire");
    frames_number(&client.out, 1, 1);
    frames_lost(&client.out, 1, 5, ETWR_REASON_QUEUE_FULL);
    frames_lost(&client.out, 0, 2, ETWR_REASON_TIMEOUT);
    frames_number(&client.out, 1, 2);
    raw_settle(&client);
    ck_assert_uint_eq(client.ack.sequence, 9);
    ck_assert_uint_eq(client.ack.written, 2);
    ck_assert_uint_eq(client.ack.dropped_count, 0);
    raw_close(&client);
    service_stop(&service);
    service_check_account(&service);
    ck_assert_uint_eq(service_final(&service, "client_dropped.queue_full"), 5);
    ck_assert_uint_eq(service_final(&service, "own.written"), 2);
    char *text = process_read_file(jsonl, &size);
    const char *told = strstr(text, "\"LostEvents\"");
    ck_assert_ptr_nonnull(told);
    ck_assert_ptr_nonnull(strstr(told, "\"queue_full\""));
    const char *second = strstr(told + 1, "\"LostEvents\"");
    ck_assert_ptr_nonnull(second);
    /* Both are told before the client's next event. */
    ck_assert_ptr_null(strstr(second + 1, "\"LostEvents\""));
    ck_assert_ptr_nonnull(strstr(second, "\"Number\""));
    free(text);
}
END_TEST

/* No event of its own comes that they could be told before. */
START_TEST(lost_events_of_an_idle_client_are_told_while_it_stays)
{
    struct raw_client client;
    start();
    raw_join(&client, service.pipe, "Contoso.Wire");
    frames_lost(&client.out, 1, 5, ETWR_REASON_QUEUE_FULL);
    raw_settle(&client);
    ck_assert(process_wait_for_text(jsonl, "\"LostEvents\""));
    raw_close(&client);
    service_stop(&service);
    ck_assert_uint_eq(service_final(&service, "own.written"), 1);
}
END_TEST

/* At once, and so before what another sends afterwards. */
START_TEST(lost_events_of_a_client_that_leaves_are_told)
{
    struct raw_client client, other;
    start();
    raw_join(&other, service.pipe, "Contoso.Wire");
    raw_join(&client, service.pipe, "Contoso.Wire");
    begin_second(&other);
    lose(&client);
    raw_close(&client);
    frames_number(&other.out, 1, 1);
    raw_settle(&other);
    raw_close(&other);
    service_stop(&service);
    ck_assert_uint_eq(service_final(&service, "own.written"), 2);
    check_told_before_numbers(1);
}
END_TEST

START_TEST(lost_events_of_a_client_that_is_thrown_out_are_told)
{
    struct raw_client client, other;
    start();
    raw_join(&other, service.pipe, "Contoso.Wire");
    raw_join(&client, service.pipe, "Contoso.Wire");
    begin_second(&other);
    lose(&client);
    frames_frame(&client.out, 0x33, 0, 0, "", 0);
    ck_assert(raw_send(&client));
    ck_assert_int_eq(raw_end_reason(&client), ETWR_REASON_UNKNOWN_KIND);
    frames_number(&other.out, 1, 1);
    raw_settle(&other);
    raw_close(&other);
    raw_close(&client);
    service_stop(&service);
    ck_assert_uint_eq(service_final(&service, "own.written"), 2);
    check_told_before_numbers(1);
}
END_TEST

static void reload(struct raw_client *client, uint8_t level)
{
    struct frame frame;
    struct reply_provider_state state;
    service_write_config(&service, config_of(level));
    process_ask_to_reload(service.pid);
    do {
        ck_assert(raw_skip_to(client, WIRE_PROVIDER_STATE, &frame));
        ck_assert_int_eq(reply_read_provider_state(&frame, &state), ETWR_OK);
    } while (state.level != level);
}

/* Whoever has heard of the new config sends behind them. */
START_TEST(lost_events_are_told_when_the_config_is_read_anew)
{
    enum { ROUNDS = 3 };
    struct raw_client client, other;
    start();
    raw_join(&other, service.pipe, "Contoso.Wire");
    raw_join(&client, service.pipe, "Contoso.Wire");
    begin_second(&other);
    for (uint8_t round = 0; round < ROUNDS; round++) {
        lose(&client);
        reload(&other, (uint8_t)(LEVEL_ALL - 1 - round));
        frames_number(&other.out, 1, 1);
        raw_settle(&other);
    }
    raw_close(&other);
    raw_close(&client);
    service_stop(&service);
    ck_assert_uint_eq(service_final(&service, "own.written"), 1 + ROUNDS);
    check_told_before_numbers(ROUNDS);
}
END_TEST

START_TEST(lost_events_are_told_before_the_service_stops)
{
    struct raw_client client;
    size_t size;
    start();
    raw_join(&client, service.pipe, "Contoso.Wire");
    begin_second(&client);
    lose(&client);
    service_stop(&service);
    service_check_account(&service);
    raw_close(&client);
    ck_assert_uint_eq(service_final(&service, "own.written"), 2);
    char *text = process_read_file(jsonl, &size);
    ck_assert_uint_eq(count_text(text, "\"queue_full\""), 1);
    free(text);
}
END_TEST

/* More kinds of losses at once than a client's table has places: two providers, five reasons. */
START_TEST(losses_of_many_kinds_are_all_told)
{
    static const enum etwr_reason reasons[] = {ETWR_REASON_QUEUE_FULL, ETWR_REASON_TIMEOUT,
                                               ETWR_REASON_TOO_LARGE, ETWR_REASON_DISCONNECTED,
                                               ETWR_REASON_NO_MEMORY};
    enum { KINDS = 2 * sizeof reasons / sizeof reasons[0] };
    struct raw_client client;
    size_t size;
    start();
    raw_join(&client, service.pipe, "Contoso.Wire");
    frames_open(&client.out, 2, "Contoso.Other");
    for (uint64_t i = 0; i < KINDS; i++)
        frames_lost(&client.out, (uint16_t)(1 + i % 2), 100 + i, (uint8_t)reasons[i / 2]);
    raw_settle(&client);
    raw_close(&client);
    service_stop(&service);
    service_check_account(&service);
    ck_assert_uint_eq(service_final(&service, "own.written"), KINDS);
    char *text = process_read_file(jsonl, &size);
    ck_assert_uint_eq(count_text(text, "\"LostEvents\""), KINDS);
    for (uint64_t i = 0; i < KINDS; i++) {
        char told[256];
        snprintf(told, sizeof told,
                 "\"value\":\"%s\"},{\"name\":\"count\",\"type\":\"uint64\",\"value\":%d}",
                 etwr_reason_name(reasons[i / 2]), 100 + (int)i);
        ck_assert_msg(strstr(text, told) != NULL, "not told: %s", told);
    }
    free(text);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("lost_events");
    TCase *tc = tcase_create("lost_events");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, lost_events_take_their_numbers_and_are_told_in_the_trace);
    tcase_add_test(tc, lost_events_of_an_idle_client_are_told_while_it_stays);
    tcase_add_test(tc, lost_events_of_a_client_that_leaves_are_told);
    tcase_add_test(tc, lost_events_of_a_client_that_is_thrown_out_are_told);
    tcase_add_test(tc, lost_events_are_told_when_the_config_is_read_anew);
    tcase_add_test(tc, lost_events_are_told_before_the_service_stops);
    tcase_add_test(tc, losses_of_many_kinds_are_all_told);
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
