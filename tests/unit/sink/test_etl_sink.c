/*
 * The .etl sink on real files: what is settled is in the file, in order of time, whatever happens
 * around it.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "service/sink/clock.h"
#include "service/sink/etl_name.h"
#include "tests/unit/sink/sink_fixture.h"

#define BUFFER_BYTES 0x20000
#define SECOND       UINT64_C(10000000)

static struct fixture fixture;
static char folder[64];
static uint64_t now;

static void open_sink(const struct etl_options *options, unsigned workers)
{
    struct sink_callbacks callbacks = fixture_init(&fixture);
    fixture_start(&fixture, sink_etl_create(options, &callbacks), workers);
}

static void set_up(void)
{
    fixture_make_folder(folder);
    now = sink_clock_now();
}

static void tear_down(void)
{
    fixture_remove_folder(folder);
}

static void start(unsigned workers)
{
    struct etl_options options = {
        .path = fixture_path(folder, "t.etl"), .buffers = 8, .stall_ms = 60000};
    open_sink(&options, workers);
}

static void finish(void)
{
    fixture_stop(&fixture);
    fixture_clear(&fixture);
}

static long size_of(const char *name)
{
    struct stat status;
    return stat(fixture_path(folder, name), &status) == 0 ? (long)status.st_size : -1;
}

static unsigned byte_of(const char *name, long offset)
{
    FILE *file = fopen(fixture_path(folder, name), "rb");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(fseek(file, offset, SEEK_SET), 0);
    int byte = fgetc(file);
    fclose(file);
    return (unsigned)byte;
}

START_TEST(file_without_events_is_one_readable_buffer)
{
    struct fixture_file file;
    start(2);
    fixture_flush(&fixture, 0);
    finish();
    fixture_read_path(&file, fixture_path(folder, "t.etl"));
    ck_assert_uint_eq(file.count, 0);
    ck_assert_uint_eq(file.header.buffers_written, 1);
    ck_assert_uint_eq(file.header.processors, 2);
    ck_assert_int_eq(size_of("t.etl"), BUFFER_BYTES);
    fixture_file_clear(&file);
}
END_TEST

START_TEST(file_is_readable_and_complete_after_every_batch)
{
    struct fixture_file file;
    start(1);
    for (uint32_t i = 0; i < 300; i++) {
        /* Some batches of one small event, some that fill buffers. */
        for (uint32_t j = 0; j < i % 7; j++) {
            fixture_put(&fixture, 0, now + i, 1000 + i, 997 * j);
        }
        ck_assert_int_eq(fixture_put(&fixture, 0, now + i, i, 0), SINK_PENDING);
        fixture_settle(&fixture, 0);
        fixture_read_path(&file, fixture_path(folder, "t.etl"));
        ck_assert_uint_eq(file.count, fixture.counts[0].put);
        ck_assert_uint_eq(file.events[file.count - 1].number, i);
        ck_assert_uint_ge(file.header.end_time, file.events[file.count - 1].filetime);
        fixture_file_clear(&file);
    }
    ck_assert_uint_eq(fixture.counts[0].written, fixture.counts[0].put);
    finish();
}
END_TEST

START_TEST(small_batches_grow_one_buffer_in_place)
{
    start(1);
    for (uint32_t i = 0; i < 100; i++) {
        fixture_put(&fixture, 0, now, i, 0);
        fixture_settle(&fixture, 0);
    }
    ck_assert_int_eq(size_of("t.etl"), 2 * BUFFER_BYTES);
    finish();
    ck_assert_int_eq(size_of("t.etl"), 2 * BUFFER_BYTES);
}
END_TEST

START_TEST(last_buffer_is_marked_when_the_file_is_closed)
{
    start(1);
    fixture_put(&fixture, 0, now, 1, 0);
    fixture_settle(&fixture, 0);
    ck_assert_uint_eq(byte_of("t.etl", BUFFER_BYTES + ETL_BUFFER_FLAGS), ETL_FLAG_PROC_INDEX);
    finish();
    ck_assert_uint_eq(byte_of("t.etl", BUFFER_BYTES + ETL_BUFFER_FLAGS),
                      ETL_FLAG_PROC_INDEX | ETL_FLAG_FLUSH_MARKER);
    ck_assert_uint_eq(byte_of("t.etl", 2 * BUFFER_BYTES - 1), ETL_TAIL_BYTE);
}
END_TEST

START_TEST(events_out_of_order_are_sorted_and_equal_times_keep_theirs)
{
    static const uint32_t offsets[] = {50, 40, 40, 60, 10, 10, 55, 10, 70, 5};
    static const uint32_t order[] = {9, 4, 5, 7, 1, 2, 0, 6, 3, 8};
    struct fixture_file file;
    start(1);
    for (uint32_t i = 0; i < 10; i++) {
        fixture_put(&fixture, 0, now - SECOND + offsets[i], i, i * 3);
    }
    finish();
    fixture_read_path(&file, fixture_path(folder, "t.etl"));
    ck_assert_uint_eq(file.count, 10);
    for (uint32_t i = 0; i < 10; i++) {
        ck_assert_uint_eq(file.events[i].number, order[i]);
        ck_assert_uint_eq(file.events[i].filetime, now - SECOND + offsets[order[i]]);
        ck_assert_uint_eq(file.events[i].padding, 3 * order[i]);
    }
    fixture_file_clear(&file);
}
END_TEST

START_TEST(events_in_reverse_order_come_out_turned_round)
{
    struct fixture_file file;
    start(1);
    for (uint32_t i = 0; i < 5; i++)
        fixture_put(&fixture, 0, now - i, i, 0);
    finish();
    fixture_read_path(&file, fixture_path(folder, "t.etl"));
    for (uint32_t i = 0; i < 5; i++) {
        ck_assert_uint_eq(file.events[i].number, 4 - i);
        ck_assert_uint_eq(file.events[i].filetime, now - (4 - i));
    }
    fixture_file_clear(&file);
}
END_TEST

START_TEST(many_events_of_wild_times_come_out_sorted)
{
    struct fixture_file file;
    uint32_t random = 1;
    start(1);
    for (uint32_t i = 0; i < 3000; i++) {
        random = random * 1664525u + 1013904223u;
        fixture_put(&fixture, 0, now - SECOND - (random >> 8) % 1000, i, (random >> 4) % 64);
    }
    finish();
    fixture_read_path(&file, fixture_path(folder, "t.etl")); /* checks the order */
    ck_assert_uint_eq(file.count, 3000);
    fixture_file_clear(&file);
}
END_TEST

START_TEST(event_older_than_what_is_in_the_file_takes_its_time)
{
    struct fixture_file file;
    start(1);
    fixture_put(&fixture, 0, now - 100, 1, 0);
    fixture_settle(&fixture, 0);
    fixture_put(&fixture, 0, now - 300, 2, 0);
    fixture_put(&fixture, 0, now - 50, 3, 0);
    finish();
    fixture_read_path(&file, fixture_path(folder, "t.etl"));
    ck_assert_uint_eq(file.events[1].number, 2);
    ck_assert_uint_eq(file.events[1].filetime, now - 100);
    ck_assert_uint_eq(file.events[2].filetime, now - 50);
    fixture_file_clear(&file);
}
END_TEST

START_TEST(time_in_the_future_becomes_now_and_harms_no_later_event)
{
    struct fixture_file file;
    start(1);
    fixture_put(&fixture, 0, UINT64_MAX, 1, 0);
    fixture_settle(&fixture, 0);
    uint64_t after = sink_clock_now();
    while (sink_clock_now() <= after) {
    }
    uint64_t later = sink_clock_now();
    fixture_put(&fixture, 0, later, 2, 0);
    finish();
    fixture_read_path(&file, fixture_path(folder, "t.etl"));
    ck_assert_uint_ge(file.events[0].filetime, now);
    ck_assert_uint_le(file.events[0].filetime, after);
    ck_assert_uint_eq(file.events[1].filetime, later);
    fixture_file_clear(&file);
}
END_TEST

START_TEST(time_before_the_epoch_becomes_the_epoch)
{
    struct fixture_file file;
    start(1);
    fixture_put(&fixture, 0, 0, 1, 0);
    finish();
    fixture_read_path(&file, fixture_path(folder, "t.etl"));
    ck_assert_uint_eq(file.events[0].filetime, file.header.boot_time);
    ck_assert_uint_lt(file.header.boot_time, now - 24 * 3600 * SECOND);
    fixture_file_clear(&file);
}
END_TEST

START_TEST(largest_record_is_written_and_a_larger_one_is_too_large)
{
    struct fixture_file file;
    start(1);
    /* 80 + items of 24 and 32 bytes + 6 + padding = 65,535 */
    size_t most = 65535 - 80 - (8 + 16) - (8 + 24) - 6;
    for (uint32_t i = 0; i < 5; i++) {
        ck_assert_int_eq(fixture_put(&fixture, 0, now, i, most), SINK_PENDING);
        fixture_settle(&fixture, 0);
    }
    ck_assert_int_eq(fixture_put(&fixture, 0, now, 5, most + 1), SINK_DROPPED);
    ck_assert_uint_eq(fixture.counts[0].dropped[ETWR_REASON_TOO_LARGE], 1);
    finish();
    fixture_read_path(&file, fixture_path(folder, "t.etl"));
    ck_assert_uint_eq(file.count, 5);
    ck_assert_uint_eq(file.events[4].padding, most);
    ck_assert_uint_eq(file.header.events_lost, 1);
    fixture_file_clear(&file);
}
END_TEST

#define THREADS         4
#define EVENTS_A_THREAD 20000u

static void put_many(void *context)
{
    unsigned worker = (unsigned)(uintptr_t)context;
    for (uint32_t i = 0; i < EVENTS_A_THREAD; i++) {
        while (!fixture_ready(&fixture, worker, 0)) {
            uint64_t put = fixture.counts[worker].put;
            if (fixture_collect(&fixture, worker) == put) continue;
            fixture_flush(&fixture, worker);
        }
        fixture_put(&fixture, worker, sink_clock_now() - i % 5, i, i % 100);
        if (i % 512 == 0) fixture_flush(&fixture, worker);
        if (i % 64 == 0) fixture_collect(&fixture, worker);
    }
    fixture_settle(&fixture, worker);
}

START_TEST(several_workers_lose_and_mix_up_nothing)
{
    struct fixture_file file;
    uv_thread_t threads[THREADS];
    static bool seen[THREADS][EVENTS_A_THREAD];
    start(THREADS);
    for (uintptr_t i = 0; i < THREADS; i++) {
        ck_assert_int_eq(uv_thread_create(&threads[i], put_many, (void *)i), 0);
    }
    for (unsigned i = 0; i < THREADS; i++)
        uv_thread_join(&threads[i]);
    finish();
    fixture_read_path(&file, fixture_path(folder, "t.etl"));
    ck_assert_uint_eq(file.count, THREADS * EVENTS_A_THREAD);
    for (size_t i = 0; i < file.count; i++) {
        const struct fixture_event *event = &file.events[i];
        bool is_right =
            !seen[event->processor][event->number] && event->padding == event->number % 100;
        if (!is_right) ck_abort_msg("event %zu is there twice or has other data", i);
        seen[event->processor][event->number] = true;
    }
    for (unsigned i = 0; i < THREADS; i++) {
        ck_assert_uint_eq(fixture.counts[i].written, EVENTS_A_THREAD);
    }
    ck_assert_uint_eq(file.header.events_lost, 0);
    fixture_file_clear(&file);
}
END_TEST

START_TEST(existing_files_are_left_alone)
{
    struct fixture_file file;
    FILE *old = fopen(fixture_path(folder, "t.etl"), "wb");
    ck_assert_ptr_nonnull(old);
    fputs("mine", old);
    fclose(old);
    FILE *second = fopen(fixture_path(folder, "t.0002.etl"), "wb");
    ck_assert_ptr_nonnull(second);
    fclose(second);
    start(1);
    fixture_put(&fixture, 0, now, 7, 0);
    finish();
    ck_assert_int_eq(size_of("t.etl"), 4);
    ck_assert_int_eq(size_of("t.0002.etl"), 0);
    fixture_read_path(&file, fixture_path(folder, "t.0003.etl"));
    ck_assert_uint_eq(file.count, 1);
    fixture_file_clear(&file);
}
END_TEST

/* Fill about `buffers` buffers. */
static void put_buffers(uint32_t buffers)
{
    for (uint32_t i = 0; i < buffers * 2; i++) {
        fixture_put(&fixture, 0, now, i, 60000);
        fixture_settle(&fixture, 0);
    }
}

START_TEST(max_mb_starts_the_next_file_before_it_is_passed)
{
    struct etl_options options = {.path = fixture_path(folder, "t.etl"), .max_mb = 1, .buffers = 4};
    struct fixture_file file;
    size_t events = 0;
    open_sink(&options, 1);
    put_buffers(16); /* 7 a file */
    finish();
    ck_assert_int_eq(size_of("t.etl"), 1 << 20);
    ck_assert_int_eq(size_of("t.0002.etl"), 1 << 20);
    ck_assert_int_eq(size_of("t.0003.etl"), 3 * BUFFER_BYTES);
    ck_assert_int_eq(size_of("t.0004.etl"), -1);
    static const char *const names[] = {"t.etl", "t.0002.etl", "t.0003.etl"};
    for (int i = 0; i < 3; i++) {
        fixture_read_path(&file, fixture_path(folder, names[i]));
        long last = size_of(names[i]) - BUFFER_BYTES;
        ck_assert_uint_eq(byte_of(names[i], last + ETL_BUFFER_FLAGS),
                          ETL_FLAG_PROC_INDEX | ETL_FLAG_FLUSH_MARKER);
        ck_assert_uint_eq(file.events[0].number, events);
        events += file.count;
        fixture_file_clear(&file);
    }
    ck_assert_uint_eq(events, 32);
}
END_TEST

START_TEST(max_files_deletes_the_oldest_of_this_run_only)
{
    struct etl_options options = {
        .path = fixture_path(folder, "t.etl"), .max_mb = 1, .max_files = 2, .buffers = 4};
    FILE *old = fopen(fixture_path(folder, "t.etl"), "wb");
    ck_assert_ptr_nonnull(old);
    fclose(old);
    open_sink(&options, 1);
    put_buffers(28);
    finish();
    ck_assert_int_eq(size_of("t.etl"), 0);
    ck_assert_int_eq(size_of("t.0002.etl"), -1);
    ck_assert_int_eq(size_of("t.0003.etl"), -1);
    ck_assert_int_eq(size_of("t.0004.etl"), 1 << 20);
    ck_assert_int_eq(size_of("t.0005.etl"), 1 << 20);
    ck_assert_int_eq(size_of("t.0006.etl"), -1);
}
END_TEST

START_TEST(file_that_took_a_deleted_ones_name_is_not_deleted)
{
    struct etl_options options = {
        .path = fixture_path(folder, "t.etl"), .max_mb = 1, .max_files = 1, .buffers = 4};
    char kept[128];
    open_sink(&options, 1);
    snprintf(kept, sizeof kept, "%s", fixture_path(folder, "kept.etl"));
    ck_assert_int_eq(rename(fixture_path(folder, "t.etl"), kept), 0);
    FILE *other = fopen(fixture_path(folder, "t.etl"), "wb");
    ck_assert_ptr_nonnull(other);
    fclose(other);
    put_buffers(8);
    finish();
    ck_assert_int_eq(size_of("t.etl"), 0);
    ck_assert_int_eq(size_of("kept.etl"), 1 << 20);
    ck_assert_int_eq(size_of("t.0002.etl"), 2 * BUFFER_BYTES);
}
END_TEST

START_TEST(start_says_which_file_cannot_be_created_and_why)
{
    char message[512] = "";
    struct etl_options options = {.path = "/nonexistent/folder/t.etl", .buffers = 4};
    struct sink_callbacks callbacks = fixture_init(&fixture);
    fixture.sink = sink_etl_create(&options, &callbacks);
    ck_assert_int_eq(fixture.sink->ops->start(fixture.sink, 1, message), ETWR_E_IO);
    const char *path = strstr(message, options.path);
    ck_assert_ptr_nonnull(path);
    /* What the system says behind it differs, but it says something. */
    ck_assert_uint_gt(strlen(path), strlen(options.path) + strlen(": ") + 5);
    fixture_clear(&fixture);
}
END_TEST

START_TEST(names_number_the_last_component_before_its_extension)
{
    char name[64];
    ck_assert(etl_name("/a.b/t.etl", 1, name, sizeof name));
    ck_assert_str_eq(name, "/a.b/t.etl");
    ck_assert(etl_name("/a.b/t.etl", 2, name, sizeof name));
    ck_assert_str_eq(name, "/a.b/t.0002.etl");
    ck_assert(etl_name("/a.b/t", 12345, name, sizeof name));
    ck_assert_str_eq(name, "/a.b/t.12345");
    ck_assert(etl_name(".etl", 3, name, sizeof name));
    ck_assert_str_eq(name, ".etl.0003");
    ck_assert(!etl_name("12345678", 2, name, 13));
    ck_assert(etl_name("12345678", 2, name, 14));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("etl sink");
    TCase *cases = tcase_create("files");
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_set_timeout(cases, 50);
    tcase_add_test(cases, file_without_events_is_one_readable_buffer);
    tcase_add_test(cases, file_is_readable_and_complete_after_every_batch);
    tcase_add_test(cases, small_batches_grow_one_buffer_in_place);
    tcase_add_test(cases, last_buffer_is_marked_when_the_file_is_closed);
    tcase_add_test(cases, events_out_of_order_are_sorted_and_equal_times_keep_theirs);
    tcase_add_test(cases, events_in_reverse_order_come_out_turned_round);
    tcase_add_test(cases, many_events_of_wild_times_come_out_sorted);
    tcase_add_test(cases, event_older_than_what_is_in_the_file_takes_its_time);
    tcase_add_test(cases, time_in_the_future_becomes_now_and_harms_no_later_event);
    tcase_add_test(cases, time_before_the_epoch_becomes_the_epoch);
    tcase_add_test(cases, largest_record_is_written_and_a_larger_one_is_too_large);
    tcase_add_test(cases, several_workers_lose_and_mix_up_nothing);
    tcase_add_test(cases, existing_files_are_left_alone);
    tcase_add_test(cases, max_mb_starts_the_next_file_before_it_is_passed);
    tcase_add_test(cases, max_files_deletes_the_oldest_of_this_run_only);
    tcase_add_test(cases, file_that_took_a_deleted_ones_name_is_not_deleted);
    tcase_add_test(cases, start_says_which_file_cannot_be_created_and_why);
    tcase_add_test(cases, names_number_the_last_component_before_its_extension);
    suite_add_tcase(suite, cases);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
