/*
 * The conformance vectors through the whole relay: JSON, builder, client, pipe, service, .etl, and
 * out again, read by a reader that shares nothing with the project; and a trace sent a second time
 * is the same trace.
 */
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "tests/flow/flow.h"

#define VECTORS "tests/vectors/events.jsonl"

static struct service service;
static char events_path[PROCESS_PATH_MAX];
static size_t event_count;

/* The vectors' events that are valid, one a line, as `send --jsonl` takes them. */
static void write_events(void)
{
    const char *const argv[] = {PYTHON_PATH, "tests/support/etl_check.py", "--events", VECTORS,
                                NULL};
    size_t size;
    char *events;

    scratch_file(&service.scratch, "events.jsonl", events_path);
    ck_assert_int_eq(process_wait(process_start(argv, events_path, "/dev/null")), 0);
    events = process_read_file(events_path, &size);
    event_count = flow_count_lines(events);
    free(events);
    ck_assert_uint_gt(event_count, 300);
}

static void start(void)
{
    service_init(&service);
    write_events();
}

static void stop(void)
{
    service_clear(&service);
}

static void run_service(const char *etl_name, const char *origin_option)
{
    char sink[PROCESS_PATH_MAX + 8];
    const char *const arguments[] = {"--allow-any-provider", "--sink",
                                     flow_sink(&service, "etl", etl_name, sink), origin_option,
                                     NULL};
    service_start(&service, arguments);
}

static void stop_and_check(void)
{
    service_stop(&service);
    service_check_account(&service);
    ck_assert_uint_eq(service_final(&service, "written"), event_count);
}

START_TEST(vectors_arrive_byte_for_byte)
{
    struct run run;
    char path[PROCESS_PATH_MAX];

    run_service("vectors.etl", "--no-origin");
    flow_tool(&run, &service, NULL, "send", "--pipe", "PIPE", "--jsonl", events_path, NULL);
    ck_assert_msg(run.exit_status == 0, "%s%s", run.out, run.err);
    ck_assert_int_eq(flow_number(run.out, "sent"), (long)event_count);
    ck_assert_int_eq(flow_number(run.out, "written"), (long)event_count);
    ck_assert_ptr_nonnull(strstr(run.out, "\"dropped\":{}"));
    run_clear(&run);
    stop_and_check();
    flow_etl_check("--vectors", VECTORS, scratch_file(&service.scratch, "vectors.etl", path));
}
END_TEST

START_TEST(replayed_trace_is_the_same_trace)
{
    char first[PROCESS_PATH_MAX], again[PROCESS_PATH_MAX], json[PROCESS_PATH_MAX],
        log[PROCESS_PATH_MAX];
    const char *const dump[] = {ETWRELAY_TOOL_PATH, "dump", "--json", first, NULL};

    run_service("first.etl", "--no-origin");
    flow_tool_expect(0, &service, NULL, "send", "--pipe", "PIPE", "--jsonl", events_path, NULL);
    stop_and_check();
    scratch_file(&service.scratch, "first.etl", first);
    scratch_file(&service.scratch, "again.etl", again);
    ck_assert_int_eq(
        process_wait(process_start(dump, scratch_file(&service.scratch, "dump.jsonl", json),
                                   scratch_file(&service.scratch, "dump.log", log))),
        0);
    run_service("again.etl", "--no-origin");
    flow_tool_expect(0, &service, NULL, "send", "--pipe", "PIPE", "--jsonl", json, NULL);
    stop_and_check();
    ck_assert_int_eq(flow_etl_check("--same", first, again), (long)event_count);
}
END_TEST

START_TEST(origin_stamp_is_told_apart_and_not_replayed)
{
    char first[PROCESS_PATH_MAX], again[PROCESS_PATH_MAX], json[PROCESS_PATH_MAX],
        log[PROCESS_PATH_MAX];
    const char *const dump[] = {ETWRELAY_TOOL_PATH, "dump", "--json", first, NULL};
    size_t size;
    char *text;

    run_service("first.etl", NULL);
    flow_tool_expect(0, &service, NULL, "send", "--pipe", "PIPE", "--provider", "P", "--event", "E",
                     "x:int8=1", NULL);
    service_stop(&service);
    scratch_file(&service.scratch, "first.etl", first);
    scratch_file(&service.scratch, "again.etl", again);
    ck_assert_int_eq(
        process_wait(process_start(dump, scratch_file(&service.scratch, "dump.jsonl", json),
                                   scratch_file(&service.scratch, "dump.log", log))),
        0);
    text = process_read_file(json, &size);
    ck_assert_msg(strstr(text, "\"origin\"") != NULL, "%s", text);
    free(text);
    run_service("again.etl", "--no-origin");
    flow_tool_expect(0, &service, NULL, "send", "--pipe", "PIPE", "--jsonl", json, NULL);
    service_stop(&service);
    {
        struct run run;
        flow_tool(&run, NULL, NULL, "dump", "--json", again, NULL);
        ck_assert_int_eq(run.exit_status, 0);
        ck_assert_ptr_null(strstr(run.out, "\"origin\""));
        ck_assert_ptr_nonnull(strstr(run.out, "\"x\""));
        run_clear(&run);
    }
}
END_TEST

START_TEST(windows_file_is_replayed_with_the_same_events)
{
    char again[PROCESS_PATH_MAX], json[PROCESS_PATH_MAX], log[PROCESS_PATH_MAX];
    const char *const dump[] = {ETWRELAY_TOOL_PATH, "dump", "--json", WINDOWS_SAMPLE, NULL};

    ck_assert_int_eq(
        process_wait(process_start(dump, scratch_file(&service.scratch, "dump.jsonl", json),
                                   scratch_file(&service.scratch, "dump.log", log))),
        0);
    run_service("again.etl", "--no-origin");
    flow_tool_expect(0, &service, NULL, "send", "--pipe", "PIPE", "--jsonl", json, NULL);
    service_stop(&service);
    flow_etl_check("--same", WINDOWS_SAMPLE, scratch_file(&service.scratch, "again.etl", again));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("vectors");
    TCase *tcase = tcase_create("vectors");
    SRunner *runner = srunner_create(suite);
    int failed;

    suite_add_tcase(suite, tcase);
    tcase_set_timeout(tcase, 120);
    tcase_add_checked_fixture(tcase, start, stop);
    tcase_add_test(tcase, vectors_arrive_byte_for_byte);
    tcase_add_test(tcase, replayed_trace_is_the_same_trace);
    tcase_add_test(tcase, origin_stamp_is_told_apart_and_not_replayed);
    tcase_add_test(tcase, windows_file_is_replayed_with_the_same_events);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
