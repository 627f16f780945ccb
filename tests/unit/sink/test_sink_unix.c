/*
 * Sinks on what only Unix has: links, FIFOs, and a standard output whose reader goes away.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "service/sink/clock.h"
#include "tests/unit/sink/sink_fixture.h"

static struct fixture fixture;
static char folder[64];

static void set_up(void)
{
    fixture_make_folder(folder);
}

static void tear_down(void)
{
    fixture_remove_folder(folder);
}

static void finish(void)
{
    fixture_stop(&fixture);
    fixture_clear(&fixture);
}

/* A name that leads nowhere is taken all the same: following it would write to a place of somebody
 * else's choice. */
START_TEST(link_to_nowhere_is_left_alone)
{
    struct fixture_file file;
    struct stat status;
    struct sink_callbacks callbacks = fixture_init(&fixture);
    char path[512], target[512];
    snprintf(path, sizeof path, "%s", fixture_path(folder, "t.etl"));
    snprintf(target, sizeof target, "%s", fixture_path(folder, "nowhere"));
    ck_assert_int_eq(symlink(target, path), 0);
    const struct etl_options options = {.path = path, .buffers = 4};
    fixture_start(&fixture, sink_etl_create(&options, &callbacks), 1);
    fixture_put(&fixture, 0, sink_clock_now(), 7, 0);
    finish();
    ck_assert_int_ne(stat(target, &status), 0);
    fixture_read_path(&file, fixture_path(folder, "t.0002.etl"));
    ck_assert_uint_eq(file.count, 1);
    fixture_file_clear(&file);
}
END_TEST

START_TEST(fifo_without_a_reader_is_an_error_not_a_wait)
{
    char message[512] = "";
    ck_assert_int_eq(mkfifo(fixture_path(folder, "fifo"), 0600), 0);
    struct jsonl_options options = {.path = fixture_path(folder, "fifo"), .buffers = 4};
    struct sink_callbacks callbacks = fixture_init(&fixture);
    fixture.sink = sink_jsonl_create(&options, &callbacks);
    ck_assert_int_eq(fixture.sink->ops->start(fixture.sink, 1, message), ETWR_E_IO);
    fixture_clear(&fixture);
}
END_TEST

START_TEST(reader_of_standard_output_that_goes_away_costs_events_not_the_process)
{
    int ends[2];
    struct jsonl_options options = {.path = "-", .buffers = 4};
    ck_assert_int_eq(pipe(ends), 0);
    ck_assert_int_ge(dup2(ends[1], STDOUT_FILENO), 0); /* this test has a process of its own */
    close(ends[1]);
    struct sink_callbacks callbacks = fixture_init(&fixture);
    fixture_start(&fixture, sink_jsonl_create(&options, &callbacks), 1);
    fixture_put(&fixture, 0, sink_clock_now(), 1, 0);
    fixture_settle(&fixture, 0);
    ck_assert_uint_eq(fixture.counts[0].written, 1);
    close(ends[0]);
    fixture_put(&fixture, 0, sink_clock_now(), 2, 0);
    fixture_settle(&fixture, 0);
    ck_assert_uint_eq(fixture.counts[0].failed[ETWR_REASON_IO], 1);
    finish();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("sink_unix");
    TCase *tcase = tcase_create("sink_unix");
    SRunner *runner = srunner_create(suite);
    int failed;
    suite_add_tcase(suite, tcase);
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, link_to_nowhere_is_left_alone);
    tcase_add_test(tcase, fifo_without_a_reader_is_an_error_not_a_wait);
    tcase_add_test(tcase, reader_of_standard_output_that_goes_away_costs_events_not_the_process);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
