/*
 * A thousand connections at once, out of eight processes, a hundred events each: every one is
 * accepted, written, and in the file. The tool's bench connects all before any of them writes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "tests/flow/flow.h"

#define EVENTS_EACH 100
#define EVENTS      (CROWD_CLIENTS * EVENTS_EACH)
#define SMALL_CROWD 40

static struct service service;

static void start(void)
{
    service_init(&service);
}

static void stop(void)
{
    service_clear(&service);
}

static void start_service(const char *json)
{
    char sink[PROCESS_PATH_MAX + 8], config[PROCESS_PATH_MAX];
    const char *const arguments[] = {"--config", config, "--sink", sink, NULL};
    scratch_write(&service.scratch, "etwrelay.json", json, strlen(json));
    scratch_file(&service.scratch, "etwrelay.json", config);
    flow_sink(&service, "etl", "crowd.etl", sink);
    service_start(&service, arguments);
}

static void bench(struct run *run, int clients, int events)
{
    char client_count[16], event_count[16];
    snprintf(client_count, sizeof client_count, "%d", clients);
    snprintf(event_count, sizeof event_count, "%d", events);
    flow_tool(run, &service, NULL, "bench", "--pipe", "PIPE", "--clients", client_count, "--events",
              event_count, NULL);
}

START_TEST(a_crowd_of_clients_loses_nothing)
{
    char path[PROCESS_PATH_MAX];
    struct run run;
    start_service("{}");
    bench(&run, CROWD_CLIENTS, EVENTS);
    ck_assert_msg(run.exit_status == 0, "bench ended with %d: %s", run.exit_status, run.err);
    ck_assert_int_eq(flow_number(run.out, "clients"), CROWD_CLIENTS);
    ck_assert_int_eq(flow_number(run.out, "written"), EVENTS);
    run_clear(&run);
    service_stop(&service);
    service_check_account(&service);
    ck_assert_uint_eq(service_final(&service, "accepted"), EVENTS);
    ck_assert_uint_eq(service_final(&service, "written"), EVENTS);
    ck_assert_int_eq(flow_etl_check(NULL, scratch_file(&service.scratch, "crowd.etl", path), NULL),
                     EVENTS);
}
END_TEST

/* So the crowd of the other test was all there at the same time. */
START_TEST(one_client_too_many_keeps_the_crowd_from_starting)
{
    struct run run;
    char json[64];
    snprintf(json, sizeof json, "{\"limits\":{\"clients\":%d}}", SMALL_CROWD - 1);
    start_service(json);
    bench(&run, SMALL_CROWD, SMALL_CROWD);
    ck_assert_int_eq(run.exit_status, 1);
    run_clear(&run);
    service_stop(&service);
    ck_assert_uint_eq(service_final(&service, "accepted"), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("crowd");
    TCase *test_case = tcase_create("crowd");
    SRunner *runner;
    int failed;

    tcase_add_checked_fixture(test_case, start, stop);
    tcase_set_timeout(test_case, 240);
    tcase_add_test(test_case, a_crowd_of_clients_loses_nothing);
    tcase_add_test(test_case, one_client_too_many_keeps_the_crowd_from_starting);
    suite_add_tcase(suite, test_case);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
