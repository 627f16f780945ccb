/*
 * A disk that is stuck: workers are told to stop reading, lose nothing until stall_ms is over, and
 * are woken when there is room again. On a file system in memory whose writes wait until they are
 * let go.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "service/sink/clock.h"
#include "tests/unit/sink/memory_file.h"
#include "tests/unit/sink/sink_fixture.h"

#define STALL_MS 2000

static struct fixture fixture;
static uint64_t now;
static char path[] = "d/t.etl";

static void start(unsigned workers, uint32_t buffers)
{
    struct etl_options options = {.path = path, .buffers = buffers, .stall_ms = STALL_MS};
    memory_file_reset();
    struct sink_callbacks callbacks = fixture_init(&fixture);
    fixture_start(&fixture, sink_etl_create(&options, &callbacks), workers);
    now = sink_clock_now();
}

/* The disk sticks; worker 0 writes as long as it may, from event 0 on. Returns the number of
 * events. */
static uint32_t write_until_told_to_stop(void)
{
    uint32_t count = 0;
    memory_file_block(true);
    while (fixture_ready(&fixture, 0, 1000)) {
        ck_assert_int_eq(fixture_put(&fixture, 0, now, count++, 10000), SINK_PENDING);
        ck_assert_uint_lt(count, 10000);
    }
    ck_assert(memory_file_wait_until_blocked());
    return count;
}

static void finish_and_check(size_t events)
{
    struct fixture_file file;
    fixture_stop(&fixture);
    fixture_clear(&fixture);
    fixture_read(&file, memory_file_read_at, path);
    ck_assert_uint_eq(file.count, events);
    fixture_file_clear(&file);
}

START_TEST(stuck_disk_stops_the_worker_before_anything_is_lost)
{
    start(1, 8);
    uint32_t count = write_until_told_to_stop();
    ck_assert_uint_ge(count, 6 * 12); /* 12 a buffer: all but the last two were filled */
    /* What comes in one burst all the same still finds room. */
    ck_assert_int_eq(fixture_put(&fixture, 0, now, count, 9999), SINK_PENDING);
    memory_file_block(false);
    fixture_settle(&fixture, 0);
    ck_assert(fixture_ready(&fixture, 0, 1000));
    ck_assert_uint_eq(fixture.counts[0].written, count + 1);
    finish_and_check(count + 1);
}
END_TEST

START_TEST(after_a_yes_one_event_of_any_size_fits)
{
    start(1, 3);
    memory_file_block(true);
    for (uint32_t i = 0; fixture_ready(&fixture, 0, 1000); i++) {
        ck_assert_int_eq(fixture_put(&fixture, 0, now, i, 65535 - 80 - 24 - 32 - 6), SINK_PENDING);
    }
    memory_file_block(false);
    finish_and_check(fixture.counts[0].put);
}
END_TEST

START_TEST(worker_that_waits_is_woken_when_a_buffer_is_free)
{
    start(1, 4);
    write_until_told_to_stop();
    ck_assert_uint_eq(fixture_collect(&fixture, 0), 0);
    memory_file_block(false);
    fixture_wait_for_wakes(&fixture, 0, 1);
    while (!fixture_ready(&fixture, 0, 1000))
        fixture_collect(&fixture, 0);
    finish_and_check(fixture.counts[0].put);
}
END_TEST

START_TEST(worker_that_another_ones_batches_hold_up_is_woken_too)
{
    start(2, 6);
    uint32_t count = write_until_told_to_stop();
    ck_assert(!fixture_ready(&fixture, 1, 1000));
    memory_file_block(false);
    fixture_wait_for_wakes(&fixture, 1, 1);
    while (!fixture_ready(&fixture, 1, 1000))
        fixture_collect(&fixture, 0);
    ck_assert_int_eq(fixture_put(&fixture, 1, now, 7, 0), SINK_PENDING);
    fixture_settle(&fixture, 1);
    finish_and_check(count + 1);
}
END_TEST

START_TEST(after_stall_ms_events_are_dropped_as_full_and_counted_in_the_header)
{
    struct fixture_file file;
    start(1, 4);
    uint32_t count = write_until_told_to_stop();
    ck_assert(!fixture_ready(&fixture, 0, 1000 + STALL_MS - 1));
    ck_assert(fixture_ready(&fixture, 0, 1000 + STALL_MS));
    uint32_t dropped = 0;
    while (dropped < 5) {
        if (fixture_put(&fixture, 0, now, count, 10000) == SINK_DROPPED)
            dropped++;
        else
            count++;
        ck_assert_uint_lt(count, 10000);
    }
    ck_assert_uint_eq(fixture.counts[0].dropped[ETWR_REASON_FULL], 5);
    ck_assert_uint_eq(fixture.errors, 1);
    memory_file_block(false);
    fixture_settle(&fixture, 0);
    ck_assert(fixture_ready(&fixture, 0, 1000 + STALL_MS));
    fixture_put(&fixture, 0, now, count, 0);
    fixture_stop(&fixture);
    fixture_clear(&fixture);
    fixture_read(&file, memory_file_read_at, path);
    ck_assert_uint_eq(file.count, count + 1);
    ck_assert_uint_eq(file.header.events_lost, 5);
    fixture_file_clear(&file);
}
END_TEST

START_TEST(stall_starts_anew_after_there_was_room)
{
    start(1, 4);
    write_until_told_to_stop();
    ck_assert(!fixture_ready(&fixture, 0, 1000));
    memory_file_block(false);
    fixture_settle(&fixture, 0);
    ck_assert(fixture_ready(&fixture, 0, 5000));
    memory_file_block(true);
    while (fixture_ready(&fixture, 0, 6000))
        fixture_put(&fixture, 0, now, 1, 10000);
    ck_assert(!fixture_ready(&fixture, 0, 6000 + STALL_MS - 1));
    memory_file_block(false);
    finish_and_check(fixture.counts[0].put);
}
END_TEST

/* A worker flushes after each event while the disk is stuck: many batches, which do not use up what
 * full buffers need. */
START_TEST(flushes_that_find_no_batch_are_made_up_for)
{
    start(1, 4);
    memory_file_block(true);
    for (uint32_t i = 0; i < 100; i++) {
        ck_assert_int_eq(fixture_put(&fixture, 0, now, i, 0), SINK_PENDING);
        fixture_flush(&fixture, 0);
    }
    memory_file_block(false);
    fixture_wait(&fixture, 0); /* without another flush */
    ck_assert_uint_eq(fixture.counts[0].written, 100);
    finish_and_check(100);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("sink pressure");
    TCase *cases = tcase_create("stuck disk");
    tcase_set_timeout(cases, 50);
    tcase_add_test(cases, stuck_disk_stops_the_worker_before_anything_is_lost);
    tcase_add_test(cases, after_a_yes_one_event_of_any_size_fits);
    tcase_add_test(cases, worker_that_waits_is_woken_when_a_buffer_is_free);
    tcase_add_test(cases, worker_that_another_ones_batches_hold_up_is_woken_too);
    tcase_add_test(cases, after_stall_ms_events_are_dropped_as_full_and_counted_in_the_header);
    tcase_add_test(cases, stall_starts_anew_after_there_was_room);
    tcase_add_test(cases, flushes_that_find_no_batch_are_made_up_for);
    suite_add_tcase(suite, cases);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
