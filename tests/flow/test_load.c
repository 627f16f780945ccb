/*
 * Many processes at once, and a service that is killed under them: every event is where the
 * counters say.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <check.h>

#include "tests/flow/flow.h"

#define CLIENTS 8
#define KILLS   2

static struct service service;

static void start(void)
{
    service_init(&service);
}

static void stop(void)
{
    service_clear(&service);
}

static void start_service(void)
{
    char sink[PROCESS_PATH_MAX + 8];
    const char *const arguments[] = {"--sink", flow_sink(&service, "etl", "load.etl", sink), NULL};
    service_start(&service, arguments);
}

START_TEST(events_of_eight_processes_are_all_in_the_file)
{
    char path[PROCESS_PATH_MAX], events[32];
    struct run run;

    snprintf(events, sizeof events, "%d", LOAD_EVENTS);
    start_service();
    flow_tool(&run, &service, NULL, "bench", "--pipe", "PIPE", "--clients", "8", "--events", events,
              NULL);
    ck_assert_msg(run.exit_status == 0, "%s%s", run.out, run.err);
    ck_assert_int_eq(flow_number(run.out, "written"), LOAD_EVENTS);
    run_clear(&run);
    service_stop(&service);
    service_check_account(&service);
    ck_assert_uint_eq(service_final(&service, "written"), LOAD_EVENTS);
    ck_assert_int_eq(flow_etl_check(NULL, scratch_file(&service.scratch, "load.etl", path), NULL),
                     LOAD_EVENTS);
}
END_TEST

/* "load.etl", "load.0002.etl", ...: each start of the service makes the next. */
static const char *etl_file(int number, char *buffer)
{
    char name[32];

    if (number == 1) return scratch_file(&service.scratch, "load.etl", buffer);
    snprintf(name, sizeof name, "load.%04d.etl", number);
    return scratch_file(&service.scratch, name, buffer);
}

static void wait_until_larger_than(const char *path, off_t size)
{
    const struct timespec pause = {0, 2000000};
    time_t deadline = time(NULL) + 30;
    struct stat about;

    while (stat(path, &about) != 0 || about.st_size <= size) {
        ck_assert_msg(time(NULL) < deadline, "%s does not grow", path);
        nanosleep(&pause, NULL);
    }
}

static pid_t start_client(int number, const char *stop_file, char *out)
{
    const char *const argv[] = {LOAD_CLIENT_PATH, service.pipe, stop_file, NULL};
    char name[32], err[PROCESS_PATH_MAX];

    snprintf(name, sizeof name, "client.%d.json", number);
    scratch_file(&service.scratch, name, out);
    return process_start(argv, out, scratch_file(&service.scratch, "client.err", err));
}

/* What the clients said of their events must be true of the files. */
static void check_numbers(const char out[CLIENTS][PROCESS_PATH_MAX])
{
    char files[KILLS + 1][PROCESS_PATH_MAX];
    const char *argv[8 + CLIENTS + KILLS] = {PYTHON_PATH, "tests/support/etl_check.py",
                                             "--numbers"};
    size_t count = 3;
    struct run run;

    for (int i = 0; i < CLIENTS; i++)
        argv[count++] = out[i];
    argv[count++] = "--in";
    for (int i = 0; i <= KILLS; i++)
        argv[count++] = etl_file(i + 1, files[i]);
    run_program(&run, argv, NULL);
    ck_assert_msg(run.exit_status == 0, "%s", run.err);
    run_clear(&run);
}

START_TEST(killed_service_loses_nothing_that_was_acknowledged)
{
    char stop_file[PROCESS_PATH_MAX], path[PROCESS_PATH_MAX], out[CLIENTS][PROCESS_PATH_MAX];
    pid_t clients[CLIENTS];

    scratch_file(&service.scratch, "stop", stop_file);
    start_service();
    for (int i = 0; i < CLIENTS; i++)
        clients[i] = start_client(i, stop_file, out[i]);
    for (int i = 0; i < CLIENTS; i++)
        ck_assert(process_wait_for_text(out[i], "connected"));
    for (int kill_number = 1; kill_number <= KILLS; kill_number++) {
        wait_until_larger_than(etl_file(kill_number, path), 1 << 20);
        service_kill(&service);
        start_service();
    }
    wait_until_larger_than(etl_file(KILLS + 1, path), 1 << 20);
    scratch_write(&service.scratch, "stop", "", 0);
    for (int i = 0; i < CLIENTS; i++)
        ck_assert_int_eq(process_wait(clients[i]), 0);
    service_stop(&service);
    service_check_account(&service);
    check_numbers((const char(*)[PROCESS_PATH_MAX])out);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("load");
    TCase *tcase = tcase_create("load");
    SRunner *runner = srunner_create(suite);
    int failed;

    suite_add_tcase(suite, tcase);
    tcase_set_timeout(tcase, 150);
    tcase_add_checked_fixture(tcase, start, stop);
    tcase_add_test(tcase, events_of_eight_processes_are_all_in_the_file);
    tcase_add_test(tcase, killed_service_loses_nothing_that_was_acknowledged);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
