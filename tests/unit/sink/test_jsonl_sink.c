/*
 * The JSON lines sink on real files: a line an event, appended, whole ones only.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "service/sink/clock.h"
#include "tests/unit/sink/sink_fixture.h"

static struct fixture fixture;
static char folder[64];
static char *content; /* of the file, NUL-terminated */

static void set_up(void)
{
    fixture_make_folder(folder);
}

static void tear_down(void)
{
    free(content);
    content = NULL;
    fixture_remove_folder(folder);
}

static void start(unsigned workers)
{
    struct jsonl_options options = {
        .path = fixture_path(folder, "t.jsonl"), .buffers = 8, .stall_ms = 60000};
    struct sink_callbacks callbacks = fixture_init(&fixture);
    fixture_start(&fixture, sink_jsonl_create(&options, &callbacks), workers);
}

static void finish(void)
{
    fixture_stop(&fixture);
    fixture_clear(&fixture);
}

/* Read the file; returns its lines. */
static size_t read_lines(void)
{
    size_t lines = 0;
    FILE *file = fopen(fixture_path(folder, "t.jsonl"), "rb");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(fseek(file, 0, SEEK_END), 0);
    size_t size = (size_t)ftell(file);
    rewind(file);
    free(content);
    content = malloc(size + 1);
    ck_assert_ptr_nonnull(content);
    ck_assert_uint_eq(fread(content, 1, size, file), size);
    content[size] = '\0';
    fclose(file);
    ck_assert(size == 0 || content[size - 1] == '\n');
    for (size_t i = 0; i < size; i++)
        lines += content[i] == '\n';
    return lines;
}

START_TEST(each_event_is_one_decoded_line)
{
    start(1);
    fixture_put(&fixture, 0, sink_clock_now(), 42, 0);
    fixture_put(&fixture, 0, sink_clock_now(), 43, 3);
    fixture_settle(&fixture, 0);
    ck_assert_uint_eq(read_lines(), 2);
    ck_assert_ptr_nonnull(strstr(content, "\"" FIXTURE_PROVIDER "\""));
    ck_assert_ptr_nonnull(strstr(content, "\"" FIXTURE_EVENT "\""));
    char *second = strchr(content, '\n') + 1;
    ck_assert_ptr_nonnull(strstr(content, "42"));
    ck_assert_ptr_nonnull(strstr(second, "43"));
    ck_assert_ptr_nonnull(strstr(second, "padding"));
    finish();
}
END_TEST

START_TEST(values_and_origin_are_decoded_as_one)
{
    static const struct etwr_guid provider;
    static const char metadata[] = "\x2c\0\0E\0n\0\x08"
                                   "etwrelay\0\x98\x02"
                                   "pid\0\x88\x05"
                                   "time\0\x91\x26";
    struct sink_event event = {.provider_id = &provider,
                               .traits = {"\x04\0P", 4},
                               .metadata = {metadata, 0},
                               .values = {"\x07\0\0\0", 4},
                               .origin = {"\x39\x30\0\0\0\x80\x3e\xd5\xde\xb1\x9d\x01", 12}};
    char sized[sizeof metadata];
    memcpy(sized, metadata, sizeof sized);
    sized[0] = (char)(sizeof sized - 1);
    event.metadata = (struct etwr_bytes){sized, sizeof sized - 1};
    struct sink_batch *batch;
    enum etwr_reason reason;
    start(1);
    ck_assert_int_eq(fixture.sink->ops->write(fixture.sink, 0, &event, &batch, &reason),
                     SINK_PENDING);
    batch->settlements = (void *)(uintptr_t)1;
    fixture.counts[0].put++;
    fixture_settle(&fixture, 0);
    ck_assert_uint_eq(read_lines(), 1);
    ck_assert_ptr_null(strstr(content, "\"error\""));
    ck_assert_ptr_nonnull(strstr(content, "\"value\":7}"));
    ck_assert_ptr_nonnull(strstr(content, "\"origin\":{\"pid\":12345,"));
    finish();
}
END_TEST

START_TEST(lines_are_appended_behind_a_torn_one)
{
    FILE *file = fopen(fixture_path(folder, "t.jsonl"), "wb");
    ck_assert_ptr_nonnull(file);
    fputs("whole\ntorn", file);
    fclose(file);
    start(1);
    for (uint32_t i = 0; i < 3; i++) {
        fixture_put(&fixture, 0, sink_clock_now(), i, 0);
        fixture_settle(&fixture, 0);
    }
    finish();
    ck_assert_uint_eq(read_lines(), 5);
    ck_assert_int_eq(strncmp(content, "whole\ntorn\n{", 12), 0);
}
END_TEST

START_TEST(line_larger_than_a_buffer_is_written_whole)
{
    start(1);
    for (uint32_t i = 0; i < 6; i++) {
        /* 65,000 bytes are 130,000 hexadecimal digits */
        ck_assert_int_eq(fixture_put(&fixture, 0, sink_clock_now(), i, i % 2 ? 65300 : 5),
                         SINK_PENDING);
    }
    finish();
    ck_assert_uint_eq(read_lines(), 6);
    ck_assert_uint_gt(strlen(content), 3 * 130600);
}
END_TEST

#define THREADS         3
#define EVENTS_A_THREAD 5000u

static void put_many(void *context)
{
    unsigned worker = (unsigned)(uintptr_t)context;
    for (uint32_t i = 0; i < EVENTS_A_THREAD; i++) {
        while (!fixture_ready(&fixture, worker, 0))
            fixture_collect(&fixture, worker);
        fixture_put(&fixture, worker, sink_clock_now(), i, i % 50);
        if (i % 100 == 0) fixture_flush(&fixture, worker);
        if (i % 100 == 50) fixture_collect(&fixture, worker);
    }
    fixture_settle(&fixture, worker);
}

START_TEST(lines_of_several_workers_stay_whole)
{
    uv_thread_t threads[THREADS];
    start(THREADS);
    for (uintptr_t i = 0; i < THREADS; i++) {
        ck_assert_int_eq(uv_thread_create(&threads[i], put_many, (void *)i), 0);
    }
    for (unsigned i = 0; i < THREADS; i++)
        uv_thread_join(&threads[i]);
    finish();
    ck_assert_uint_eq(read_lines(), THREADS * EVENTS_A_THREAD);
    unsigned torn = 0; /* one assertion a line would take longer than writing them */
    for (char *line = content; *line; line = strchr(line, '\n') + 1) {
        char *end = strchr(line, '\n');
        if (line[0] != '{' || end[-1] != '}') torn++;
    }
    ck_assert_uint_eq(torn, 0);
}
END_TEST

START_TEST(file_that_cannot_be_opened_is_told_at_start)
{
    char message[512] = "";
    struct jsonl_options options = {.path = folder, .buffers = 4};
    struct sink_callbacks callbacks = fixture_init(&fixture);
    fixture.sink = sink_jsonl_create(&options, &callbacks);
    ck_assert_int_eq(fixture.sink->ops->start(fixture.sink, 1, message), ETWR_E_IO);
    ck_assert_ptr_nonnull(strstr(message, folder));
    fixture_clear(&fixture);
}
END_TEST

START_TEST(null_sink_takes_everything_at_once)
{
    struct sink_callbacks callbacks = fixture_init(&fixture);
    fixture_start(&fixture, sink_null_create(&callbacks), 2);
    ck_assert(fixture_ready(&fixture, 1, 0));
    ck_assert_int_eq(fixture_put(&fixture, 1, 1, 1, 0), SINK_WRITTEN);
    fixture_flush(&fixture, 1);
    finish();
    ck_assert_uint_eq(fixture.counts[1].written, 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("jsonl sink");
    TCase *cases = tcase_create("lines");
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_set_timeout(cases, 50);
    tcase_add_test(cases, each_event_is_one_decoded_line);
    tcase_add_test(cases, values_and_origin_are_decoded_as_one);
    tcase_add_test(cases, lines_are_appended_behind_a_torn_one);
    tcase_add_test(cases, line_larger_than_a_buffer_is_written_whole);
    tcase_add_test(cases, lines_of_several_workers_stay_whole);
    tcase_add_test(cases, file_that_cannot_be_opened_is_told_at_start);
    tcase_add_test(cases, null_sink_takes_everything_at_once);
    suite_add_tcase(suite, cases);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
