/*
 * Disks that are full or broken: what cannot be written is dropped and counted, the file stays
 * whole, and writing goes on when it can. On a file system in memory that fails on demand.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "service/sink/clock.h"
#include "tests/unit/sink/memory_file.h"
#include "tests/unit/sink/sink_fixture.h"

#define BUFFER_BYTES 0x20000u

static struct fixture fixture;
static uint64_t now = UINT64_C(132000000000000000);

/* These take the place of the system's clock. The writer thread reads `now` only while the test
 * waits for it. */
uint64_t sink_clock_now(void)
{
    return now;
}

uint64_t sink_clock_boot(void)
{
    return UINT64_C(131990000000000000);
}

static char etl_path[] = "d/t.etl";

static void start_etl(const struct etl_options *options)
{
    struct sink_callbacks callbacks = fixture_init(&fixture);
    fixture_start(&fixture, sink_etl_create(options, &callbacks), 1);
}

static void start(void)
{
    struct etl_options options = {.path = etl_path, .buffers = 4, .stall_ms = 60000};
    memory_file_reset();
    start_etl(&options);
}

static void finish(void)
{
    fixture_stop(&fixture);
    ck_assert(!memory_file_any_open());
    fixture_clear(&fixture);
}

/* One batch of `count` events with the numbers from `first`. */
static void put(uint32_t first, uint32_t count, size_t padding)
{
    for (uint32_t i = 0; i < count; i++) {
        ck_assert_int_eq(fixture_put(&fixture, 0, now, first + i, padding), SINK_PENDING);
    }
    fixture_settle(&fixture, 0);
}

/* The file holds exactly these numbers, has exactly whole buffers, and 0xFF in each tail when it is
 * closed. */
static void check_file(char *path, const uint32_t *numbers, size_t count, uint32_t lost)
{
    struct fixture_file file;
    size_t size = 0;
    fixture_read(&file, memory_file_read_at, path);
    ck_assert_uint_eq(file.count, count);
    for (size_t i = 0; i < count; i++)
        ck_assert_uint_eq(file.events[i].number, numbers[i]);
    ck_assert_uint_eq(file.header.events_lost, lost);
    memory_file_bytes(path, &size);
    ck_assert_uint_eq(size, (size_t)file.header.buffers_written * BUFFER_BYTES);
    fixture_file_clear(&file);
}

static uint32_t u32_at(const uint8_t *at)
{
    return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

/* Of a closed file: closed in order, headers that agree with themselves, 0xFF in each tail. */
static void check_tails(const char *path)
{
    size_t size = 0;
    const uint8_t *bytes = memory_file_bytes(path, &size);
    ck_assert_ptr_nonnull(bytes);
    ck_assert_uint_ge(size, BUFFER_BYTES);
    ck_assert_uint_eq(bytes[size - BUFFER_BYTES + ETL_BUFFER_FLAGS],
                      ETL_FLAG_PROC_INDEX | ETL_FLAG_FLUSH_MARKER);
    for (size_t base = 0; base < size; base += BUFFER_BYTES) {
        uint32_t filled = u32_at(bytes + base + ETL_BUFFER_FILLED);
        ck_assert_uint_eq(u32_at(bytes + base + ETL_BUFFER_SAVED_OFFSET), filled);
        ck_assert_uint_eq(u32_at(bytes + base + ETL_BUFFER_CURRENT), filled);
        size_t end = filled;
        while (end < BUFFER_BYTES && bytes[base + end] == 0xFF)
            end++;
        ck_assert_uint_eq(end, BUFFER_BYTES);
    }
}

START_TEST(full_disk_drops_the_batch_keeps_the_file_and_goes_on_later)
{
    static const uint32_t first[] = {1, 2, 3, 10}, all[] = {1, 2, 3, 10, 30};
    start();
    memory_file_set_space(2 * BUFFER_BYTES + 1000);
    put(1, 2, 5000);
    put(3, 1, 5000);   /* grows the buffer that is there */
    put(10, 2, 60000); /* the second one needs another */
    put(20, 2, 60000);
    ck_assert_uint_eq(fixture.counts[0].failed[ETWR_REASON_FULL], 3);
    check_file(etl_path, first, 4, 0); /* told with the next batch that can be written */
    memory_file_set_space(SIZE_MAX);
    put(30, 1, 0);
    ck_assert_uint_eq(fixture.counts[0].written, 5);
    check_file(etl_path, all, 5, 3);
    finish();
    check_file(etl_path, all, 5, 3);
    check_tails(etl_path);
}
END_TEST

START_TEST(full_disk_takes_no_buffer_with_it)
{
    start();
    memory_file_set_space(BUFFER_BYTES);
    for (uint32_t i = 0; i < 50; i++) { /* a buffer for two of them, and four in all */
        while (!fixture_ready(&fixture, 0, 0))
            fixture_collect(&fixture, 0);
        ck_assert_int_eq(fixture_put(&fixture, 0, now, i, 60000), SINK_PENDING);
    }
    fixture_settle(&fixture, 0);
    ck_assert_uint_eq(fixture.counts[0].failed[ETWR_REASON_FULL], 50);
    finish();
}
END_TEST

START_TEST(full_disk_is_told_once_with_its_cause)
{
    start();
    memory_file_set_space(BUFFER_BYTES);
    for (uint32_t i = 0; i < 5; i++)
        put(i, 1, 0);
    ck_assert_uint_eq(fixture.counts[0].failed[ETWR_REASON_FULL], 5);
    ck_assert_uint_eq(fixture.errors, 1);
    ck_assert_int_eq(fixture.error, ETWR_REASON_FULL);
    ck_assert_ptr_nonnull(strstr(fixture.message, "d/t.etl"));
    ck_assert_ptr_nonnull(strstr(fixture.message, "fault 28"));
    finish();
    check_file(etl_path, NULL, 0, 5);
}
END_TEST

START_TEST(losses_are_in_the_header_of_a_file_closed_while_the_disk_is_full)
{
    start();
    memory_file_set_space(BUFFER_BYTES);
    put(1, 3, 0);
    finish();
    check_file(etl_path, NULL, 0, 3);
    check_tails(etl_path);
}
END_TEST

/* Every write of a run fails once: at each one the file must stay whole and the accounts right. */
START_TEST(write_that_fails_at_any_step_costs_its_batch_at_most)
{
    for (unsigned step = 0; step < 40; step++) {
        uint32_t kept[32];
        size_t count = 0;
        start();
        memory_file_fail_writes(step, 1);
        for (uint32_t i = 0; i < 12; i++) {
            uint64_t written = fixture.counts[0].written;
            put(i, 1, i % 4 == 3 ? 60000 : i * 10);
            if (fixture.counts[0].written != written) kept[count++] = i;
            struct fixture_file file;
            fixture_read(&file, memory_file_read_at, etl_path);
            ck_assert_uint_eq(file.count, count);
            fixture_file_clear(&file);
        }
        ck_assert_uint_ge(count, 11);
        memory_file_fail_writes(0, 0);
        finish();
        check_file(etl_path, kept, count, 12 - (uint32_t)count);
        check_tails(etl_path);
    }
}
END_TEST

START_TEST(torn_new_buffer_that_cannot_be_cut_off_is_written_over)
{
    static const uint32_t kept[] = {2};
    start();
    memory_file_fail_truncate(true);
    memory_file_fail_writes(0, 1);
    put(1, 2, 1000);
    ck_assert_uint_eq(fixture.counts[0].failed[ETWR_REASON_IO], 2);
    put(2, 1, 0);
    memory_file_fail_truncate(false);
    finish();
    check_file(etl_path, kept, 1, 2);
    check_tails(etl_path);
}
END_TEST

START_TEST(tail_that_cannot_be_cleaned_leaves_the_file_unmarked_but_readable)
{
    static const uint32_t kept[] = {1};
    size_t size = 0;
    start();
    put(1, 1, 0);
    memory_file_fail_writes(0, 1000);
    put(2, 3, 1000); /* half of these come to lie behind the first */
    fixture_stop(&fixture);
    fixture_clear(&fixture);
    memory_file_fail_writes(0, 0);
    check_file(etl_path, kept, 1, 0);
    const uint8_t *bytes = memory_file_bytes(etl_path, &size);
    ck_assert_uint_eq(bytes[BUFFER_BYTES + ETL_BUFFER_FLAGS], ETL_FLAG_PROC_INDEX);
}
END_TEST

START_TEST(next_file_that_cannot_be_created_is_created_later)
{
    static char second[] = "d/t.0002.etl";
    static const uint32_t all[] = {100, 101};
    struct etl_options options = {.path = etl_path, .max_mb = 1, .buffers = 4};
    memory_file_reset();
    start_etl(&options);
    memory_file_set_space(8 * BUFFER_BYTES + 5000);
    for (uint32_t i = 0; i < 7; i++)
        put(i * 2, 2, 60000);
    put(50, 1, 60000); /* the file is closed, the next does not fit */
    put(51, 2, 0);
    size_t size;
    ck_assert_ptr_null(memory_file_bytes(second, &size));
    ck_assert(!memory_file_any_open());
    ck_assert_uint_eq(fixture.counts[0].failed[ETWR_REASON_FULL], 3);
    memory_file_set_space(SIZE_MAX);
    put(100, 2, 0);
    finish();
    check_file(second, all, 2, 3);
    check_tails(etl_path);
    check_tails(second);
}
END_TEST

START_TEST(clock_that_is_set_back_leaves_the_file_in_order)
{
    struct fixture_file file;
    start();
    put(1, 1, 0);
    uint64_t before = now;
    now -= UINT64_C(36000000000);
    put(2, 1, 0);     /* grows the buffer */
    put(3, 2, 65000); /* begins another */
    fixture_read(&file, memory_file_read_at,
                 etl_path); /* no stamp after its buffer's, none before its predecessor */
    ck_assert_uint_eq(file.count, 4);
    for (size_t i = 0; i < 4; i++)
        ck_assert_uint_eq(file.events[i].filetime, before);
    ck_assert_uint_eq(file.header.end_time, before);
    fixture_file_clear(&file);
    finish();
    now = before;
}
END_TEST

static struct jsonl_options jsonl_options = {.path = "d/t.jsonl", .buffers = 4};

static void start_jsonl(const char *path)
{
    jsonl_options.path = path;
    struct sink_callbacks callbacks = fixture_init(&fixture);
    fixture_start(&fixture, sink_jsonl_create(&jsonl_options, &callbacks), 1);
}

static size_t lines_of(const char *path)
{
    size_t size = 0, lines = 0;
    const uint8_t *bytes = memory_file_bytes(path, &size);
    for (size_t i = 0; i < size; i++)
        lines += bytes[i] == '\n';
    if (size > 0) ck_assert_uint_eq(bytes[size - 1], '\n');
    return lines;
}

START_TEST(jsonl_takes_back_what_was_written_of_a_failed_batch)
{
    memory_file_reset();
    start_jsonl("d/t.jsonl");
    put(1, 3, 0);
    size_t size = memory_file_used();
    memory_file_set_space(size + size / 2);
    put(10, 3, 0);
    ck_assert_uint_eq(fixture.counts[0].failed[ETWR_REASON_FULL], 3);
    ck_assert_uint_eq(memory_file_used(), size);
    ck_assert_uint_eq(lines_of("d/t.jsonl"), 3);
    ck_assert_int_eq(fixture.error, ETWR_REASON_FULL);
    memory_file_set_space(SIZE_MAX);
    put(20, 2, 0);
    finish();
    ck_assert_uint_eq(lines_of("d/t.jsonl"), 5);
    ck_assert_uint_eq(fixture.counts[0].written, 5);
}
END_TEST

START_TEST(jsonl_that_cannot_take_back_ends_the_torn_line_first)
{
    memory_file_reset();
    start_jsonl("-");
    memory_file_fail_truncate(true);
    memory_file_fail_writes(0, 1);
    put(1, 1, 0);
    ck_assert_uint_eq(fixture.counts[0].failed[ETWR_REASON_IO], 1);
    put(2, 1, 0);
    finish();
    ck_assert_uint_eq(lines_of("-"), 2); /* the torn one, and a whole one */
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("sink faults");
    TCase *cases = tcase_create("faults");
    tcase_set_timeout(cases, 50);
    tcase_add_test(cases, full_disk_drops_the_batch_keeps_the_file_and_goes_on_later);
    tcase_add_test(cases, full_disk_takes_no_buffer_with_it);
    tcase_add_test(cases, full_disk_is_told_once_with_its_cause);
    tcase_add_test(cases, losses_are_in_the_header_of_a_file_closed_while_the_disk_is_full);
    tcase_add_test(cases, write_that_fails_at_any_step_costs_its_batch_at_most);
    tcase_add_test(cases, torn_new_buffer_that_cannot_be_cut_off_is_written_over);
    tcase_add_test(cases, tail_that_cannot_be_cleaned_leaves_the_file_unmarked_but_readable);
    tcase_add_test(cases, next_file_that_cannot_be_created_is_created_later);
    tcase_add_test(cases, clock_that_is_set_back_leaves_the_file_in_order);
    tcase_add_test(cases, jsonl_takes_back_what_was_written_of_a_failed_batch);
    tcase_add_test(cases, jsonl_that_cannot_take_back_ends_the_torn_line_first);
    suite_add_tcase(suite, cases);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
