/* Events in flight, and the books. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "client/account.h"

static struct flight flight;
static struct account account;
static struct settled news;

static void setup(void)
{
    flight_init(&flight);
    flight_begin(&flight);
    account_init(&account);
}

static void send_events(uint64_t count)
{
    for (uint64_t i = 0; i < count; i++)
        flight_add_event(&flight);
}

static bool acknowledge(uint64_t sequence, uint64_t written)
{
    struct reply_ack ack = {.sequence = sequence, .written = written};

    return flight_acknowledge(&flight, &ack, &news);
}

START_TEST(an_ack_settles_the_oldest_events)
{
    send_events(10);
    ck_assert(acknowledge(4, 4));
    ck_assert_uint_eq(news.written, 4);
    ck_assert_uint_eq(flight.event_count, 6);
    ck_assert(acknowledge(10, 10));
    ck_assert_uint_eq(news.written, 6);
    ck_assert_uint_eq(flight.event_count, 0);
}
END_TEST

START_TEST(losses_count_for_the_sequence_alone)
{
    send_events(2);
    flight_add_lost(&flight, 5);
    send_events(3);
    ck_assert(acknowledge(7, 2)); /* the losses, and nothing behind them */
    ck_assert(acknowledge(8, 3));
    ck_assert(acknowledge(10, 5));
    ck_assert_uint_eq(flight.event_count, 0);
    flight_add_lost(&flight, 4);
    ck_assert(acknowledge(14, 5));
}
END_TEST

START_TEST(an_ack_that_cannot_be_is_refused_and_changes_nothing)
{
    struct reply_ack ack = {.sequence = 5, .written = 4, .dropped_count = 1};

    send_events(5);
    flight_add_lost(&flight, 2);
    send_events(5);
    ck_assert(!acknowledge(13, 10)); /* never sent */
    ck_assert(!acknowledge(12, 11)); /* more than there are */
    ck_assert(!acknowledge(5, 6));   /* one of them lies behind */
    ck_assert(!acknowledge(5, 4));   /* one is missing */
    ck_assert(!acknowledge(8, 5));   /* one behind the losses is missing */
    ck_assert(acknowledge(5, 5));
    ck_assert(!acknowledge(4, 5)); /* back */
    ck_assert(!acknowledge(8, 4));
    ack.dropped[0].reason = ETWR_REASON_IO;
    ack.dropped[0].count = 1;
    ck_assert(!flight_acknowledge(&flight, &ack, &news)); /* `written` went back */
    ack.dropped[0].count = UINT64_MAX;
    ack.written = 5;
    ck_assert(!flight_acknowledge(&flight, &ack, &news)); /* overflow */
    ck_assert_uint_eq(flight.event_count, 5);
    ck_assert(acknowledge(12, 10));
}
END_TEST

START_TEST(no_counter_of_an_ack_goes_back)
{
    struct reply_ack first = {.sequence = 3, .not_enabled = 2, .dropped_count = 1};
    struct reply_ack other = {.sequence = 5, .dropped_count = 1};

    first.dropped[0].reason = other.dropped[0].reason = ETWR_REASON_IO;
    first.dropped[0].count = 1;
    send_events(5);
    ck_assert(flight_acknowledge(&flight, &first, &news));
    other.not_enabled = UINT64_MAX; /* two more, if sums wrapped */
    other.dropped[0].count = 6;
    ck_assert(!flight_acknowledge(&flight, &other, &news));
    other.not_enabled = 1;
    other.dropped[0].count = 4;
    ck_assert(!flight_acknowledge(&flight, &other, &news));
    other.not_enabled = 5;
    other.dropped[0].count = 0;
    ck_assert(!flight_acknowledge(&flight, &other, &news));
    ck_assert_uint_eq(flight.event_count, 2);
    other.not_enabled = 2;
    other.dropped[0].count = 3;
    ck_assert(flight_acknowledge(&flight, &other, &news));
    ck_assert_uint_eq(news.dropped[ETWR_REASON_IO], 2);
}
END_TEST

START_TEST(what_is_in_flight_at_the_end_is_known_by_its_sequences)
{
    struct flight_run runs[FLIGHT_RUNS_MAX];

    send_events(5);
    flight_add_lost(&flight, 2);
    send_events(5);
    ck_assert(acknowledge(2, 2));
    ck_assert_uint_eq(flight_end(&flight, runs), 2);
    ck_assert_uint_eq(runs[0].first, 3);
    ck_assert_uint_eq(runs[0].count, 3);
    ck_assert_uint_eq(runs[1].first, 8);
    ck_assert_uint_eq(runs[1].count, 5);
    flight_begin(&flight);
    send_events(1);
    ck_assert(acknowledge(13, 1)); /* counts begin anew, sequences go on */
}
END_TEST

START_TEST(past_64_runs_the_counts_stay_exact)
{
    struct flight_run runs[FLIGHT_RUNS_MAX];
    uint64_t sum = 0;

    for (int i = 0; i < 200; i++) {
        send_events(2);
        flight_add_lost(&flight, 1);
    }
    ck_assert(acknowledge(3, 2));
    ck_assert(acknowledge(300, 200));
    ck_assert_uint_eq(flight.event_count, 200);
    for (size_t i = flight_end(&flight, runs); i > 0; i--)
        sum += runs[i - 1].count;
    ck_assert_uint_eq(sum, 200);
}
END_TEST

START_TEST(a_run_over_gaps_is_settled_to_its_last_event)
{
    for (int i = 0; i < 100; i++) {
        send_events(2);
        flight_add_lost(&flight, 1);
    }
    ck_assert_uint_eq(flight.run_count, FLIGHT_RUNS_MAX);
    ck_assert(!acknowledge(262, 200)); /* the last run's 74 events begin at 190 */
    ck_assert(acknowledge(300, 200));
    ck_assert_uint_eq(flight.run_count, 0);
    ck_assert_uint_eq(flight.event_count, 0);
}
END_TEST

static uint64_t sum_of_ranges(void)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < account.range_count; i++)
        sum += account.ranges[i].count;
    return sum;
}

START_TEST(in_doubt_ranges_are_merged_and_never_lost)
{
    struct request_in_doubt unreported[REQUEST_IN_DOUBT_MAX];

    for (uint64_t i = 0; i < 100; i++) {
        struct flight_run run = {.first = 10 * i + 1, .count = 3};

        for (int e = 0; e < 3; e++)
            account_put(&account);
        account_send(&account, 3, 10 * i + 3);
        account_doubt(&account, &run, 1);
        if (i == 0) account_mark_reported(&account, 1);
    }
    ck_assert_uint_eq(account.range_count, ACCOUNT_RANGES_MAX);
    ck_assert_uint_eq(sum_of_ranges(), 300);
    ck_assert_uint_eq(account.counters.in_doubt, 300);
    ck_assert_uint_eq(account.in_flight, 0);
    /* The one that was reported stays by itself. */
    ck_assert_uint_eq(account.ranges[0].first, 1);
    ck_assert_uint_eq(account.ranges[0].count, 3);
    ck_assert_uint_eq(account_unreported(&account, unreported), REQUEST_IN_DOUBT_MAX);
    ck_assert_uint_eq(unreported[0].first, 11);
    ck_assert_uint_eq(unreported[0].count, 3 * (100 - 63));
    account_mark_reported(&account, REQUEST_IN_DOUBT_MAX);
    ck_assert_uint_eq(account_unreported(&account, unreported), REQUEST_IN_DOUBT_MAX);
    ck_assert_uint_eq(unreported[0].first, account.ranges[17].first);
}
END_TEST

START_TEST(reported_ranges_are_merged_with_each_other_first)
{
    struct request_in_doubt unreported[REQUEST_IN_DOUBT_MAX];

    for (uint64_t i = 0; i < ACCOUNT_RANGES_MAX + 3; i++) {
        struct flight_run run = {.first = 10 * i + 1, .count = 1};

        account_put(&account);
        account_send(&account, 1, 10 * i + 1);
        account_doubt(&account, &run, 1);
        if (i == 2) account_mark_reported(&account, 3);
    }
    /* Three became two and one; the third merge had to take two that were not. */
    ck_assert_uint_eq(sum_of_ranges(), ACCOUNT_RANGES_MAX + 3);
    ck_assert_uint_eq(account.ranges[0].first, 1);
    ck_assert_uint_eq(account.ranges[0].count, 3);
    ck_assert_uint_eq(account_unreported(&account, unreported), REQUEST_IN_DOUBT_MAX);
    ck_assert_uint_eq(unreported[0].first, 31);
    ck_assert_uint_eq(unreported[0].count, 2);
}
END_TEST

START_TEST(at_rest_means_that_losses_are_told_too)
{
    account_put(&account);
    account_drop(&account, ETWR_REASON_QUEUE_FULL);
    account_send(&account, 1, 1);
    memset(&news, 0, sizeof news);
    news.written = 1;
    account_settle(&account, &news, 1);
    ck_assert(!account_is_at_rest(&account));
    account_send(&account, 0, 2);
    ck_assert(account_is_at_rest(&account));
    ck_assert_uint_eq(account_ended(&account), 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("account");
    TCase *tcase = tcase_create("account");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_checked_fixture(tcase, setup, NULL);
    tcase_add_test(tcase, an_ack_settles_the_oldest_events);
    tcase_add_test(tcase, losses_count_for_the_sequence_alone);
    tcase_add_test(tcase, an_ack_that_cannot_be_is_refused_and_changes_nothing);
    tcase_add_test(tcase, no_counter_of_an_ack_goes_back);
    tcase_add_test(tcase, what_is_in_flight_at_the_end_is_known_by_its_sequences);
    tcase_add_test(tcase, past_64_runs_the_counts_stay_exact);
    tcase_add_test(tcase, a_run_over_gaps_is_settled_to_its_last_event);
    tcase_add_test(tcase, in_doubt_ranges_are_merged_and_never_lost);
    tcase_add_test(tcase, reported_ranges_are_merged_with_each_other_first);
    tcase_add_test(tcase, at_rest_means_that_losses_are_told_too);
    suite_add_tcase(suite, tcase);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
