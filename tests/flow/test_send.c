/* `etwrelay send`, `status` and `bench` against a real service. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "tests/flow/flow.h"

static struct service service;
static char etl_path[PROCESS_PATH_MAX], jsonl_path[PROCESS_PATH_MAX];

static void start(void)
{
    char etl[PROCESS_PATH_MAX + 8], jsonl[PROCESS_PATH_MAX + 8];

    service_init(&service);
    scratch_file(&service.scratch, "relay.etl", etl_path);
    scratch_file(&service.scratch, "relay.jsonl", jsonl_path);
    const char *const arguments[] = {"--sink", flow_sink(&service, "etl", "relay.etl", etl),
                                     "--sink", flow_sink(&service, "jsonl", "relay.jsonl", jsonl),
                                     NULL};
    service_start(&service, arguments);
}

static void stop(void)
{
    service_clear(&service);
}

/* Stop the service; the account is exact, and `written` events lie in both files. */
static void stop_with(uint64_t written)
{
    size_t size;
    char *lines;

    service_stop(&service);
    service_check_account(&service);
    ck_assert_uint_eq(service_final(&service, "written"), written);
    if (written > 0) ck_assert_int_ge(flow_etl_check(NULL, etl_path, NULL), (long)written);
    lines = process_read_file(jsonl_path, &size);
    ck_assert_uint_ge(flow_count_lines(lines), written);
    free(lines);
}

#define LINE(provider, fields)                                                                     \
    "{\"provider\":\"" provider "\",\"event\":\"E\",\"fields\":[" fields "]}\n"
#define GOOD_LINE LINE("Contoso.A", "{\"name\":\"x\",\"type\":\"uint32\",\"value\":7}")

static void send_lines(struct run *run, const char *lines)
{
    flow_tool(run, &service, lines, "send", "--pipe", "PIPE", "--jsonl", "-", NULL);
}

START_TEST(event_of_the_command_line_arrives_with_all_it_says)
{
    struct run run;

    flow_tool(&run, &service, NULL, "send", "--pipe", "PIPE", "--provider", "Contoso.Shell",
              "--event", "BackupDone", "--level", "3", "--keyword", "0x8000000000000001",
              "--opcode", "2", "--activity", "01234567-89ab-cdef-0123-456789abcdef",
              "a:b:uint64=18446744073709551615", "f:float64[]=[1.5, -2]", "text:zstr16=x=y:z",
              "flag:bool32=true", "empty:str8=", NULL);
    ck_assert_msg(run.exit_status == 0, "%s%s", run.out, run.err);
    ck_assert_str_eq(run.out, "{\"sent\":1,\"written\":1,\"not_enabled\":0,\"dropped\":{}}\n");
    ck_assert_str_eq(run.err, "");
    run_clear(&run);
    stop_with(1);
    flow_tool(&run, NULL, NULL, "dump", "--json", etl_path, NULL);
    ck_assert_int_eq(run.exit_status, 0);
    static const char *const parts[] = {"\"Contoso.Shell\"",
                                        "\"BackupDone\"",
                                        "\"0x8000000000000001\"",
                                        "\"a:b\"",
                                        "18446744073709551615",
                                        "01234567-89ab-cdef-0123-456789abcdef",
                                        "x=y:z",
                                        "\"empty\""};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        ck_assert_msg(strstr(run.out, parts[i]) != NULL, "%s is not in %s", parts[i], run.out);
    run_clear(&run);
}
END_TEST

static const struct {
    const char *line, *path;
} bad_lines[] = {
    {LINE("Contoso.A", "{\"name\":\"x\",\"type\":\"uint8\",\"value\":256}"), "$.fields[0].value"},
    {LINE("Contoso.A", "{\"name\":\"x\",\"type\":\"uint64\",\"value\":9007199254740992}"),
     "$.fields[0].value"},
    {LINE("Contoso.A", "{\"name\":\"x\",\"type\":\"int32\",\"value\":1.5}"), "$.fields[0].value"},
    {LINE("Contoso.A", "{\"name\":\"x\",\"type\":\"str8\",\"value\":\"a\\u0000b\"}"),
     "$.fields[0].value"},
    {LINE("Contoso.A", "{\"name\":\"x\",\"type\":\"int33\",\"value\":1}"), "$.fields[0].type"},
    {LINE("Contoso.A", "{\"name\":\"x\",\"type\":\"int32\",\"value\":1,\"colour\":2}"),
     "$.fields[0]"},
    {"{\"provider\":\"Contoso.A\",\"event\":\"E\",\"level\":256}\n", "$.level"},
    {"{\"provider\":\"Contoso.A\",\"event\":\"E\",\"event\":\"F\"}\n", "$"},
    {"{\"event\":\"E\"}\n", "$"},
    {"{\"provider\":\"Contoso.A\",\"event\":\"E\"} x\n", "$"},
    {"not json\n", "$"},
    {"[]\n", "$"},
};

START_TEST(bad_line_is_told_and_what_came_before_is_sent)
{
    char lines[1024];
    struct run run;

    snprintf(lines, sizeof lines, "%s\n%s%s", GOOD_LINE, bad_lines[_i].line, GOOD_LINE);
    send_lines(&run, lines);
    ck_assert_int_eq(run.exit_status, 1);
    ck_assert_msg(strstr(run.err, "line 3:") != NULL, "%s", run.err);
    ck_assert_msg(strstr(run.err, bad_lines[_i].path) != NULL, "%s", run.err);
    ck_assert_str_eq(run.out, "{\"sent\":1,\"written\":1,\"not_enabled\":0,\"dropped\":{}}\n");
    run_clear(&run);
    stop_with(1);
}
END_TEST

START_TEST(keep_going_sends_the_good_lines_and_still_fails)
{
    struct run run;

    flow_tool(&run, &service, GOOD_LINE "x\n" GOOD_LINE "{}\n" GOOD_LINE, "send", "--pipe", "PIPE",
              "--keep-going", "--jsonl", "-", NULL);
    ck_assert_int_eq(run.exit_status, 1);
    ck_assert_msg(strstr(run.err, "line 2:") != NULL && strstr(run.err, "line 4:") != NULL, "%s",
                  run.err);
    ck_assert_int_eq(flow_number(run.out, "sent"), 3);
    run_clear(&run);
    stop_with(3);
}
END_TEST

START_TEST(blank_lines_and_foreign_line_ends_are_no_events)
{
    struct run run;

    send_lines(&run, "\n" GOOD_LINE "\r\n  \t\n" LINE("Contoso.B", "") "\r\n");
    ck_assert_msg(run.exit_status == 0, "%s", run.err);
    ck_assert_int_eq(flow_number(run.out, "sent"), 2);
    run_clear(&run);
    stop_with(2);
}
END_TEST

START_TEST(empty_input_is_done_at_once)
{
    struct run run;

    send_lines(&run, "");
    ck_assert_int_eq(run.exit_status, 0);
    ck_assert_str_eq(run.out, "{\"sent\":0,\"written\":0,\"not_enabled\":0,\"dropped\":{}}\n");
    run_clear(&run);
    stop_with(0);
}
END_TEST

START_TEST(refused_provider_is_told_and_counted)
{
    struct run run;

    send_lines(&run, LINE("Microsoft-Windows-Kernel-Process", "") GOOD_LINE);
    ck_assert_int_eq(run.exit_status, 1);
    ck_assert_msg(strstr(run.err, "Microsoft-Windows-Kernel-Process") != NULL, "%s", run.err);
    ck_assert_str_eq(
        run.out, "{\"sent\":2,\"written\":1,\"not_enabled\":0,\"dropped\":{\"not_allowed\":1}}\n");
    run_clear(&run);
    stop_with(1);
}
END_TEST

/* 20 providers in turn, of which the service lets one client have 8 open at once. */
START_TEST(more_providers_than_the_service_allows_at_once_all_arrive)
{
    static char lines[20 * 10 * 128];
    size_t size = 0;
    struct run run;

    for (int i = 0; i < 200; i++)
        size += (size_t)snprintf(lines + size, sizeof lines - size,
                                 "{\"provider\":\"Contoso.P%d\",\"event\":\"E\"}\n", i % 20);
    send_lines(&run, lines);
    ck_assert_msg(run.exit_status == 0, "%s%s", run.out, run.err);
    ck_assert_int_eq(flow_number(run.out, "written"), 200);
    run_clear(&run);
    stop_with(200);
}
END_TEST

START_TEST(event_goes_out_while_its_writer_is_still_busy)
{
    char path[PROCESS_PATH_MAX], out[PROCESS_PATH_MAX], err[PROCESS_PATH_MAX];
    const char *const argv[] = {ETWRELAY_TOOL_PATH, "send", "--pipe", service.pipe,
                                "--jsonl",          path,   NULL};
    pid_t tool;
    intptr_t feed;

    feed = process_feed_open(&service.scratch, path);
    tool = process_start(argv, scratch_file(&service.scratch, "out", out),
                         scratch_file(&service.scratch, "err", err));
    process_feed_write(feed, GOOD_LINE);
    ck_assert(process_wait_for_text(jsonl_path, "Contoso.A"));
    process_feed_close(feed);
    ck_assert_int_eq(process_wait(tool), 0);
    stop_with(1);
}
END_TEST

START_TEST(service_that_does_not_answer_is_not_waited_for_for_ever)
{
    struct run run;

    process_suspend(service.pid);
    flow_tool(&run, &service, GOOD_LINE, "send", "--pipe", "PIPE", "--timeout", "100", "--jsonl",
              "-", NULL);
    process_resume(service.pid);
    ck_assert_int_eq(run.exit_status, 1);
    ck_assert_msg(strstr(run.err, service.pipe) != NULL, "%s", run.err);
    run_clear(&run);
    stop_with(0);
}
END_TEST

START_TEST(events_that_were_not_answered_for_are_in_doubt)
{
    char path[PROCESS_PATH_MAX], out[PROCESS_PATH_MAX], err[PROCESS_PATH_MAX], *said;
    const char *const argv[] = {ETWRELAY_TOOL_PATH, "send",      "--pipe",
                                service.pipe,       "--timeout", "200",
                                "--jsonl",          path,        NULL};
    size_t size;
    pid_t tool;
    intptr_t feed;

    feed = process_feed_open(&service.scratch, path);
    tool = process_start(argv, scratch_file(&service.scratch, "out", out),
                         scratch_file(&service.scratch, "err", err));
    process_feed_write(feed, GOOD_LINE);
    ck_assert(process_wait_for_text(jsonl_path, "Contoso.A"));
    process_suspend(service.pid);
    process_feed_write(feed, GOOD_LINE);
    process_feed_close(feed);
    ck_assert_int_eq(process_wait(tool), 1);
    process_resume(service.pid);
    said = process_read_file(out, &size);
    ck_assert_int_eq(flow_number(said, "sent"), 2);
    ck_assert_msg(flow_number(said, "in_doubt") >= 1, "%s", said);
    ck_assert_int_eq(flow_number(said, "written") + flow_number(said, "in_doubt"), 2);
    free(said);
    stop_with(2); /* they were written all the same: in doubt means unknown */
}
END_TEST

START_TEST(status_tells_counters_clients_providers_and_sinks)
{
    static const char *const keys[] = {"accepted", "written",  "not_enabled", "dropped",
                                       "pending",  "own",      "clients",     "providers",
                                       "sinks",    "uptime_s", "per_client",  "per_provider"};
    struct run run;
    cJSON *status;

    flow_tool_expect(0, &service, GOOD_LINE, "send", "--pipe", "PIPE", "--jsonl", "-", NULL);
    flow_tool(&run, &service, NULL, "status", "--pipe", "PIPE", "--json", NULL);
    ck_assert_msg(run.exit_status == 0, "%s", run.err);
    status = cJSON_Parse(run.out);
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        ck_assert_msg(cJSON_HasObjectItem(status, keys[i]), "no %s in %s", keys[i], run.out);
    ck_assert_int_eq(flow_number(run.out, "accepted"), 1);
    cJSON_Delete(status);
    run_clear(&run);
    flow_tool(&run, &service, NULL, "status", "--pipe", "PIPE", NULL);
    ck_assert_msg(run.exit_status == 0, "%s", run.err);
    ck_assert_ptr_nonnull(strstr(run.out, "Contoso.A"));
    ck_assert_ptr_nonnull(strstr(run.out, etl_path));
    run_clear(&run);
    stop_with(1);
}
END_TEST

static const char *const bench_ways[] = {"--prepared", "--builder"};

START_TEST(bench_accounts_for_every_event)
{
    struct run run;

    flow_tool(&run, &service, NULL, "bench", "--pipe", "PIPE", "--clients", "10", "--events",
              "20003", bench_ways[_i], NULL);
    ck_assert_msg(run.exit_status == 0, "%s", run.err);
    ck_assert_int_eq(flow_number(run.out, "events"), 20003);
    ck_assert_int_eq(flow_number(run.out, "written"), 20003);
    ck_assert_int_eq(flow_number(run.out, "not_enabled"), 0);
    ck_assert_ptr_nonnull(strstr(run.out, "\"dropped\":{}"));
    ck_assert_int_ge(flow_number(run.out, "caller_ns"), 0);
    ck_assert_int_ge(flow_number(run.out, "disabled_ns"), 0);
    ck_assert_ptr_nonnull(strstr(run.out, "\"seconds\":"));
    ck_assert_ptr_nonnull(strstr(run.out, "\"events_per_second\":"));
    run_clear(&run);
    stop_with(20003);
}
END_TEST

START_TEST(bench_of_one_event_works)
{
    struct run run;

    flow_tool(&run, &service, NULL, "bench", "--pipe", "PIPE", "--events", "1", NULL);
    ck_assert_msg(run.exit_status == 0, "%s", run.err);
    ck_assert_int_eq(flow_number(run.out, "written"), 1);
    run_clear(&run);
    stop_with(1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("send");
    TCase *tcase = tcase_create("send");
    SRunner *runner = srunner_create(suite);
    int failed;

    suite_add_tcase(suite, tcase);
    tcase_set_timeout(tcase, 60);
    tcase_add_checked_fixture(tcase, start, stop);
    tcase_add_test(tcase, event_of_the_command_line_arrives_with_all_it_says);
    tcase_add_loop_test(tcase, bad_line_is_told_and_what_came_before_is_sent, 0,
                        (int)(sizeof bad_lines / sizeof bad_lines[0]));
    tcase_add_test(tcase, keep_going_sends_the_good_lines_and_still_fails);
    tcase_add_test(tcase, blank_lines_and_foreign_line_ends_are_no_events);
    tcase_add_test(tcase, empty_input_is_done_at_once);
    tcase_add_test(tcase, refused_provider_is_told_and_counted);
    tcase_add_test(tcase, more_providers_than_the_service_allows_at_once_all_arrive);
    tcase_add_test(tcase, event_goes_out_while_its_writer_is_still_busy);
    tcase_add_test(tcase, service_that_does_not_answer_is_not_waited_for_for_ever);
    tcase_add_test(tcase, events_that_were_not_answered_for_are_in_doubt);
    tcase_add_test(tcase, status_tells_counters_clients_providers_and_sinks);
    tcase_add_loop_test(tcase, bench_accounts_for_every_event, 0, 2);
    tcase_add_test(tcase, bench_of_one_event_works);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
