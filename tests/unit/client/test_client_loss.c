/* Full queues: drops, LOST in its place, waiting; and many threads at once. */
#include <check.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/client/fixture.h"

#define BIG 6000

static struct fixture f;

static void setup(void)
{
    fixture_init(&f);
    f.options.queue_bytes = 65536;
}

/* Fill the queue while nothing can leave it; returns how many events fit. */
static uint64_t fill_queue(void)
{
    uint64_t count = 0;

    while (write_bytes(&f, BIG) == ETWR_OK)
        count++;
    return count;
}

START_TEST(a_full_queue_drops_and_tells_where)
{
    struct etwr_counters counters;
    uint64_t fitted;

    fixture_start(&f);
    fitted = fill_queue();
    ck_assert_uint_gt(fitted, 8);
    ck_assert_int_eq(write_bytes(&f, BIG), ETWR_E_QUEUE_FULL);
    counters = check_books(f.client);
    ck_assert_uint_eq(counters.dropped[ETWR_REASON_QUEUE_FULL], 2);
    ck_assert_uint_eq(counters.pending, fitted);
    fake_welcome(&f.service);
    while (f.service.lost_count == 0) {
        struct frame frame = fake_skip_to(
            &f.service, f.service.event_count < fitted ? (uint8_t)WIRE_EVENT : (uint8_t)WIRE_LOST);

        ck_assert_uint_eq(frame.slot, 1);
    }
    ck_assert_uint_eq(f.service.event_count, fitted);
    ck_assert_uint_eq(f.service.lost_by_reason[ETWR_REASON_QUEUE_FULL], 2);
    ck_assert_uint_eq(f.service.sequence, fitted + 3);
    /* There is room again: the next event stands behind the loss. */
    ck_assert_int_eq(write_bytes(&f, BIG), ETWR_OK);
    fake_expect(&f.service, WIRE_EVENT);
    fake_ack(&f.service, fitted + 3, fitted + 1, 0, 0, 0);
    counters = wait_pending(f.client, 0);
    ck_assert_uint_eq(counters.acknowledged, fitted + 3);
    ck_assert_uint_eq(counters.produced, fitted + 3);
    fixture_clear(&f);
}
END_TEST

START_TEST(a_small_event_does_not_pass_losses_that_are_not_told)
{
    uint64_t fitted;

    fixture_start(&f);
    fitted = fill_queue();
    /* What is left has room for small events: they stand behind a LOST of 1. */
    while (write_number(&f, 1) == ETWR_OK)
        continue;
    fake_welcome(&f.service);
    for (uint64_t i = 0; i < fitted; i++)
        fake_skip_to(&f.service, WIRE_EVENT);
    ck_assert_uint_eq(f.service.lost_count, 0);
    fake_expect(&f.service, WIRE_LOST);
    ck_assert_uint_eq(f.service.lost_count, 1);
    fake_expect(&f.service, WIRE_SCHEMA);
    read_number(&f.service);
    fixture_clear(&f);
}
END_TEST

START_TEST(each_provider_and_reason_has_its_own_loss)
{
    struct etwr_provider *first, *second;
    struct frame frame;
    struct request_lost lost;

    fixture_connect(&f);
    first = f.provider;
    ck_assert_int_eq(etwr_provider_open(f.client, "Second", NULL, &second), ETWR_OK);
    fake_expect(&f.service, WIRE_PROVIDER_OPEN);
    ck_assert_int_eq(write_bytes(&f, 65500), ETWR_E_TOO_LARGE);
    frame = fake_expect(&f.service, WIRE_LOST);
    ck_assert_int_eq(request_read_lost(&frame, &lost), ETWR_OK);
    ck_assert_uint_eq(lost.slot, 1);
    ck_assert_uint_eq(lost.reason, ETWR_REASON_TOO_LARGE);
    ck_assert_uint_eq(lost.count, 1);
    f.provider = second;
    ck_assert_int_eq(write_bytes(&f, 65500), ETWR_E_TOO_LARGE);
    frame = fake_expect(&f.service, WIRE_LOST);
    ck_assert_uint_eq(frame.slot, 2);
    f.provider = first;
    fixture_clear(&f);
}
END_TEST

START_TEST(a_closing_provider_tells_its_losses_first)
{
    fixture_start(&f);
    fill_queue();
    etwr_provider_close(f.provider);
    fake_welcome(&f.service);
    fake_skip_to(&f.service, WIRE_LOST);
    fake_expect(&f.service, WIRE_PROVIDER_CLOSE);
    fixture_clear(&f);
}
END_TEST

START_TEST(an_opening_that_does_not_fit_goes_in_before_its_events)
{
    struct etwr_provider *second;

    fixture_start(&f);
    fill_queue();
    while (write_number(&f, 1) == ETWR_OK)
        continue;
    ck_assert_int_eq(etwr_provider_open(f.client, "Second", NULL, &second), ETWR_OK);
    f.provider = second;
    ck_assert_int_eq(write_number(&f, 2), ETWR_E_QUEUE_FULL);
    fake_welcome(&f.service);
    do {
        fake_skip_to(&f.service, WIRE_PROVIDER_OPEN);
    } while (f.service.event_count == 0);
    fake_skip_to(&f.service, WIRE_LOST); /* of the second, behind its opening */
    ck_assert_int_eq(write_number(&f, 3), ETWR_OK);
    fake_skip_to(&f.service, WIRE_SCHEMA);
    ck_assert_uint_eq(read_number(&f.service), 3);
    fixture_clear(&f);
}
END_TEST

START_TEST(waiting_for_room_ends_in_a_timeout)
{
    struct etwr_counters counters;

    f.options.wait_ms = 30;
    fixture_start(&f);
    while (write_bytes(&f, BIG) == ETWR_OK)
        continue;
    ck_assert_int_eq(write_bytes(&f, BIG), ETWR_E_TIMEOUT);
    counters = check_books(f.client);
    ck_assert_uint_eq(counters.dropped[ETWR_REASON_TIMEOUT], 2);
    ck_assert_uint_eq(counters.dropped[ETWR_REASON_QUEUE_FULL], 0);
    fixture_clear(&f);
}
END_TEST

#define WRITERS    4
#define EACH       3000
#define ALL_EVENTS ((uint64_t)WRITERS * EACH)

static _Atomic uint64_t written;

/* Writes EACH events, every one with its own builder; half of them through a prepared event. */
static void *write_many(void *context)
{
    struct etwr_event *event;
    struct etwr_prepared *prepared;
    uint8_t memory[8];
    struct etwr_values values;

    (void)context;
    ck_assert_int_eq(etwr_event_create(&event), ETWR_OK);
    etwr_event_reset(event, "P", 5, 1);
    etwr_event_declare(event, "n", ETWR_IN_UINT32, 0, ETWR_OUT_NULL, 0);
    ck_assert_int_eq(etwr_prepared_create(f.provider, event, &prepared), ETWR_OK);
    for (uint32_t i = 0; i < EACH; i++) {
        enum etwr_status status;

        if (i % 2 == 0) {
            etwr_event_reset(event, i % 100 == 0 ? "Rare" : "Often", 5, 1);
            etwr_event_add_uint32(event, "n", i, ETWR_OUT_NULL, 0);
            status = etwr_provider_write(f.provider, event);
        } else {
            etwr_values_init(&values, memory, sizeof memory);
            etwr_put_uint32(&values, i);
            status = etwr_prepared_write(prepared, &values, NULL, NULL);
        }
        if (status == ETWR_OK) written++;
    }
    etwr_prepared_destroy(prepared);
    etwr_event_destroy(event);
    return NULL;
}

static void start_writers(pthread_t *threads)
{
    written = 0;
    for (int i = 0; i < WRITERS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, write_many, NULL), 0);
}

static void join_writers(pthread_t *threads)
{
    for (int i = 0; i < WRITERS; i++)
        pthread_join(threads[i], NULL);
}

START_TEST(writers_that_wait_lose_nothing)
{
    pthread_t threads[WRITERS];
    struct etwr_counters counters;

    f.options.wait_ms = LONG_MS;
    fixture_connect(&f);
    start_writers(threads);
    while (f.service.event_count < ALL_EVENTS) {
        /* Nothing is acknowledged meanwhile: only the room that comes back wakes a writer. */
        fake_skip_to(&f.service, WIRE_EVENT);
        if (f.service.event_count % 1000 == 0) check_books(f.client);
    }
    join_writers(threads);
    ck_assert_uint_eq(written, ALL_EVENTS);
    ck_assert_uint_eq(f.service.lost_count, 0);
    fake_ack(&f.service, ALL_EVENTS, ALL_EVENTS, 0, 0, 0);
    counters = wait_pending(f.client, 0);
    ck_assert_uint_eq(counters.settled_written, ALL_EVENTS);
    fixture_clear(&f);
}
END_TEST

/* Each connection is dropped after so many events, a part of them acknowledged. */
START_TEST(whatever_the_service_does_every_event_is_in_one_counter)
{
    pthread_t threads[WRITERS];
    struct etwr_counters counters;
    uint64_t received = 0, settled = 0;
    bool done = false;

    fixture_start(&f);
    start_writers(threads);
    for (int round = 0; !done; round++) {
        uint64_t start;

        fake_welcome(&f.service);
        start = f.service.sequence;
        if (round == 0) ck_assert_uint_eq(start, 1);
        while (f.service.event_count < 700 && fake_has_frame(&f.service, 100)) {
            struct frame frame = fake_read(&f.service);
            struct request_lost lost;

            if (frame.kind == WIRE_EVENT) f.service.event_count++, f.service.sequence++;
            if (frame.kind == WIRE_LOST) {
                ck_assert_int_eq(request_read_lost(&frame, &lost), ETWR_OK);
                f.service.sequence += lost.count;
            }
            if (f.service.event_count == 350 && frame.kind == WIRE_EVENT) {
                fake_ack(&f.service, f.service.sequence - 1, 350, 0, 0, 0);
                check_books(f.client);
            }
        }
        received += f.service.event_count;
        settled += f.service.event_count >= 350 ? 350 : 0;
        counters = check_books(f.client);
        done = counters.produced == ALL_EVENTS &&
               counters.pending == f.service.event_count - (f.service.event_count >= 350 ? 350 : 0);
        fake_close(&f.service);
    }
    join_writers(threads);
    counters = wait_pending(f.client, 0);
    ck_assert_uint_eq(counters.settled_written, settled);
    ck_assert_uint_eq(counters.produced, ALL_EVENTS);
    ck_assert_uint_ge(counters.settled_written + counters.in_doubt, received);
    fixture_clear(&f);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("client_loss");
    TCase *tcase = tcase_create("loss");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_set_timeout(tcase, 50);
    tcase_add_checked_fixture(tcase, setup, NULL);
    tcase_add_test(tcase, a_full_queue_drops_and_tells_where);
    tcase_add_test(tcase, a_small_event_does_not_pass_losses_that_are_not_told);
    tcase_add_test(tcase, each_provider_and_reason_has_its_own_loss);
    tcase_add_test(tcase, a_closing_provider_tells_its_losses_first);
    tcase_add_test(tcase, an_opening_that_does_not_fit_goes_in_before_its_events);
    tcase_add_test(tcase, waiting_for_room_ends_in_a_timeout);
    tcase_add_test(tcase, writers_that_wait_lose_nothing);
    tcase_add_test(tcase, whatever_the_service_does_every_event_is_in_one_counter);
    suite_add_tcase(suite, tcase);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
