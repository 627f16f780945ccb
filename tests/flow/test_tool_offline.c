/* The tool's command lines where no service is needed, or none is there. */
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "tests/flow/flow.h"

static const char *const commands[] = {"send", "dump", "status", "provider-id", "bench"};

START_TEST(version_is_printed)
{
    struct run run;

    flow_tool(&run, NULL, NULL, "--version", NULL);
    ck_assert_int_eq(run.exit_status, 0);
    ck_assert_str_eq(run.out, "etwrelay " ETWR_VERSION "\n");
    run_clear(&run);
}
END_TEST

START_TEST(every_command_has_help)
{
    struct run run;

    flow_tool(&run, NULL, NULL, commands[_i], "--help", NULL);
    ck_assert_int_eq(run.exit_status, 0);
    ck_assert_ptr_nonnull(strstr(run.out, "usage: etwrelay "));
    ck_assert_ptr_nonnull(strstr(run.out, commands[_i]));
    ck_assert_str_eq(run.err, "");
    run_clear(&run);
}
END_TEST

START_TEST(unknown_option_is_wrong_usage)
{
    struct run run;

    flow_tool(&run, NULL, NULL, commands[_i], "--no-such-option", NULL);
    ck_assert_int_eq(run.exit_status, 2);
    ck_assert_str_eq(run.out, "");
    ck_assert_ptr_nonnull(strstr(run.err, "--no-such-option"));
    run_clear(&run);
}
END_TEST

START_TEST(wrong_command_lines_are_refused)
{
    flow_tool_expect(2, NULL, NULL, NULL);
    flow_tool_expect(2, NULL, NULL, "frobnicate", NULL);
    flow_tool_expect(2, NULL, NULL, "dump", NULL);
    flow_tool_expect(2, NULL, NULL, "provider-id", NULL);
    flow_tool_expect(2, NULL, NULL, "status", "operand", NULL);
    flow_tool_expect(2, NULL, NULL, "bench", "--clients", "0", NULL);
    flow_tool_expect(2, NULL, NULL, "bench", "--events", "x", NULL);
    flow_tool_expect(2, NULL, NULL, "send", NULL);
    flow_tool_expect(2, NULL, NULL, "send", "--provider", "P", NULL);
    flow_tool_expect(2, NULL, NULL, "send", "--event", "E", NULL);
    flow_tool_expect(2, NULL, NULL, "send", "--provider", "", "--event", "E", NULL);
    flow_tool_expect(2, NULL, NULL, "send", "--jsonl", "-", "--provider", "P", NULL);
    flow_tool_expect(2, NULL, NULL, "send", "--jsonl", "-", "x:int8=1", NULL);
    flow_tool_expect(2, NULL, NULL, "send", "--provider", "P", "--event", "E", "--keep-going",
                     NULL);
}
END_TEST

static const struct {
    const char *option, *value, *said;
} wrong_events[] = {
    {"--level", "256", "0 to 255"},
    {"--keyword", "0x10000000000000000", "--keyword"},
    {"--opcode", "-1", "--opcode"},
    {"--activity", "1234", "GUID"},
    {"--timeout", "0", "--timeout"},
    {"--", "x:int8=200", "x"},
    {"--", "x:int8", "x"},
    {"--", "x:int9=1", "int9"},
    {"--", "x=1", "x"},
    {"--", "x:uint32[]=7", "x"},
    {"--", "x:struct=7", "x"},
};

START_TEST(wrong_event_on_the_command_line_is_refused_before_connecting)
{
    struct run run;

    flow_tool(&run, NULL, NULL, "send", "--pipe", "/nonexistent/relay.sock", "--provider", "P",
              "--event", "E", wrong_events[_i].option, wrong_events[_i].value, NULL);
    ck_assert_msg(run.exit_status == 2, "exit status %d for %s: %s", run.exit_status,
                  wrong_events[_i].value, run.err);
    ck_assert_msg(strstr(run.err, wrong_events[_i].said) != NULL, "%s", run.err);
    ck_assert_ptr_null(strstr(run.err, "/nonexistent"));
    run_clear(&run);
}
END_TEST

START_TEST(without_a_service_the_path_and_what_to_do_are_told)
{
    struct run run;

    flow_tool(&run, NULL, "", _i == 0 ? "send" : "status", "--timeout", "50", "--pipe",
              process_absent_pipe, _i == 0 ? "--jsonl=-" : "--json", NULL);
    ck_assert_int_eq(run.exit_status, 1);
    ck_assert_str_eq(run.out, "");
    ck_assert_msg(strstr(run.err, process_absent_pipe) != NULL, "%s", run.err);
    ck_assert_msg(strstr(run.err, "etwrelayd run") != NULL, "%s", run.err);
    run_clear(&run);
}
END_TEST

START_TEST(socket_path_that_the_system_would_cut_short_is_refused)
{
    char path[300];
    struct run run;

    memset(path, 'x', sizeof path - 1);
    path[0] = '/';
    path[sizeof path - 1] = '\0';
    flow_tool(&run, NULL, "", "send", "--timeout", "50", "--pipe", path, "--jsonl", "-", NULL);
    ck_assert_int_eq(run.exit_status, 1);
    ck_assert_msg(strstr(run.err, " bytes") != NULL, "%s", run.err);
    run_clear(&run);
}
END_TEST

START_TEST(missing_input_files_are_told)
{
    struct run run;

    flow_tool(&run, NULL, NULL, "dump", "/nonexistent/trace.etl", NULL);
    ck_assert_int_eq(run.exit_status, 1);
    ck_assert_ptr_nonnull(strstr(run.err, "/nonexistent/trace.etl"));
    run_clear(&run);
    flow_tool(&run, NULL, NULL, "send", "--jsonl", "/nonexistent/events.jsonl", NULL);
    ck_assert_int_eq(run.exit_status, 1);
    ck_assert_ptr_nonnull(strstr(run.err, "/nonexistent/events.jsonl"));
    run_clear(&run);
}
END_TEST

START_TEST(provider_ids_are_the_known_ones)
{
    struct run run;

    flow_tool(&run, NULL, NULL, "provider-id", "MyCompany.MyComponent", "mycompany.mycomponent",
              NULL);
    ck_assert_int_eq(run.exit_status, 0);
    ck_assert_str_eq(
        run.out, "ce5fa4ea-ab00-5402-8b76-9f76ac858fb5\nce5fa4ea-ab00-5402-8b76-9f76ac858fb5\n");
    run_clear(&run);
    flow_tool(&run, NULL, NULL, "provider-id", "", "MyCompany.MyComponent", NULL);
    ck_assert_int_eq(run.exit_status, 1);
    ck_assert_str_eq(run.out, "ce5fa4ea-ab00-5402-8b76-9f76ac858fb5\n");
    run_clear(&run);
}
END_TEST

START_TEST(output_that_cannot_be_written_is_a_failure)
{
    const char *const argv[] = {ETWRELAY_TOOL_PATH, "provider-id", "MyCompany.MyComponent", NULL};
    ck_assert_int_eq(process_wait(process_start(argv, "/dev/full", "/dev/null")), 1);
}
END_TEST

START_TEST(file_that_is_no_trace_is_told_with_its_offset)
{
    struct scratch scratch;
    char path[PROCESS_PATH_MAX];
    struct run run;

    scratch_init(&scratch);
    scratch_write(&scratch, "not.etl", "hello", 5);
    flow_tool(&run, NULL, NULL, "dump", scratch_file(&scratch, "not.etl", path), NULL);
    ck_assert_int_eq(run.exit_status, 1);
    ck_assert_msg(strstr(run.err, "offset 0x") != NULL && strstr(run.err, path) != NULL, "%s",
                  run.err);
    run_clear(&run);
    scratch_clear(&scratch);
}
END_TEST

/* The Windows file with `size` bytes at `offset` replaced, or cut there when there are none. */
static const char *write_damaged(const struct scratch *scratch, size_t offset, const char *bytes,
                                 size_t size, char *path)
{
    size_t whole;
    char *sample = process_read_file(WINDOWS_SAMPLE, &whole);

    ck_assert_uint_le(offset + size, whole);
    if (size > 0) memcpy(sample + offset, bytes, size);
    scratch_write(scratch, "damaged.etl", sample, size > 0 ? whole : offset);
    free(sample);
    return scratch_file(scratch, "damaged.etl", path);
}

/* Five events, the first at 0x2048, the second at 0x21c0. */
static const struct {
    size_t offset;
    const char *bytes;
    size_t size;
    const char *said;
    size_t events;
} damages[] = {
    {9500, "", 0, "offset 0x251c: ", 3},           /* cut inside the fourth */
    {0x21c0, "\x10", 2, "offset 0x21c0: ", 1},     /* smaller than its header */
    {0x2216, "\xff\xff", 2, "offset 0x2210: ", 4}, /* an extended item larger than its event */
    {0x2000, "\x10\x20", 2, "offset 0x2000: ", 0}, /* a buffer of another size */
};

START_TEST(damage_is_told_with_its_offset_and_the_rest_is_printed)
{
    struct scratch scratch;
    char path[PROCESS_PATH_MAX];
    struct run run;

    scratch_init(&scratch);
    write_damaged(&scratch, damages[_i].offset, damages[_i].bytes, damages[_i].size, path);
    flow_tool(&run, NULL, NULL, "dump", path, NULL);
    ck_assert_int_eq(run.exit_status, 1);
    ck_assert_msg(strstr(run.err, damages[_i].said) != NULL, "%s", run.err);
    if (damages[_i].events > 0)
        ck_assert_msg(flow_count_lines(run.out) == damages[_i].events, "%s", run.out);
    run_clear(&run);
    scratch_clear(&scratch);
}
END_TEST

START_TEST(windows_file_is_printed_for_people_and_for_programs)
{
    struct run run;

    flow_tool(&run, NULL, NULL, "dump", WINDOWS_SAMPLE, NULL);
    ck_assert_int_eq(run.exit_status, 0);
    ck_assert_uint_eq(flow_count_lines(run.out), 5);
    ck_assert_ptr_nonnull(strstr(run.out, "solar_system PrimitiveTypesTest"));
    run_clear(&run);
    flow_tool(&run, NULL, NULL, "dump", "--json", WINDOWS_SAMPLE, NULL);
    ck_assert_int_eq(run.exit_status, 0);
    ck_assert_uint_eq(flow_count_lines(run.out), 5);
    ck_assert_ptr_nonnull(
        strstr(run.out, "{\"name\":\"int32_type\",\"type\":\"int32\",\"value\":-102}"));
    ck_assert_ptr_null(strstr(run.out, "\"file\""));
    run_clear(&run);
}
END_TEST

START_TEST(records_of_several_files_say_which)
{
    struct run run;

    flow_tool(&run, NULL, NULL, "dump", "--json", WINDOWS_SAMPLE, "/nonexistent.etl",
              WINDOWS_SAMPLE, NULL);
    ck_assert_int_eq(run.exit_status, 1);
    ck_assert_uint_eq(flow_count_lines(run.out), 10);
    ck_assert_ptr_nonnull(strstr(run.out, "\"file\":\"" WINDOWS_SAMPLE "\""));
    run_clear(&run);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("tool without a service");
    TCase *tcase = tcase_create("tool");
    SRunner *runner = srunner_create(suite);
    int failed;

    suite_add_tcase(suite, tcase);
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, version_is_printed);
    tcase_add_loop_test(tcase, every_command_has_help, 0, 5);
    tcase_add_loop_test(tcase, unknown_option_is_wrong_usage, 0, 5);
    tcase_add_test(tcase, wrong_command_lines_are_refused);
    tcase_add_loop_test(tcase, wrong_event_on_the_command_line_is_refused_before_connecting, 0,
                        (int)(sizeof wrong_events / sizeof wrong_events[0]));
    tcase_add_loop_test(tcase, without_a_service_the_path_and_what_to_do_are_told, 0, 2);
    tcase_add_test(tcase, socket_path_that_the_system_would_cut_short_is_refused);
    tcase_add_test(tcase, missing_input_files_are_told);
    tcase_add_test(tcase, provider_ids_are_the_known_ones);
    tcase_add_test(tcase, output_that_cannot_be_written_is_a_failure);
    tcase_add_test(tcase, file_that_is_no_trace_is_told_with_its_offset);
    tcase_add_loop_test(tcase, damage_is_told_with_its_offset_and_the_rest_is_printed, 0,
                        (int)(sizeof damages / sizeof damages[0]));
    tcase_add_test(tcase, windows_file_is_printed_for_people_and_for_programs);
    tcase_add_test(tcase, records_of_several_files_say_which);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
