/*
 * The service killed with -9 under load, and started again, several times: clients go on by
 * themselves, every acknowledged event is in the files, none is there twice, and what is missing is
 * known to its client as in doubt.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

#include <check.h>

#include "tests/flow/flow.h"
#include "tests/flow/numbered.h"

#define PATIENT_MS 120000
#define KILLS      3

static struct service service;
static struct numbered_run run;

static void start(void)
{
    service_init(&service);
}

static void stop(void)
{
    numbered_clear(&run);
    service_clear(&service);
}

static void run_service(void)
{
    char sink[PROCESS_PATH_MAX + 8];
    const char *const arguments[] = {"--sink", flow_sink(&service, "etl", "kill.etl", sink), NULL};
    service_start(&service, arguments);
}

/* "kill.etl", "kill.0002.etl", ...: each start makes the next. */
static const char *file_of_start(int number, char *path)
{
    char name[32];
    snprintf(name, sizeof name, number == 1 ? "kill.etl" : "kill.%04d.etl", number);
    return scratch_file(&service.scratch, name, path);
}

/* Wait until the file has grown by events: the kill then comes in the middle of the load. */
static void wait_for_growth(const char *path, off_t bytes)
{
    const struct timespec pause = {0, 1000000};
    struct stat about = {0};

    for (int i = 0; i < PROCESS_DEADLINE_MS; i++) {
        if (stat(path, &about) == 0 && about.st_size >= bytes) return;
        nanosleep(&pause, NULL);
    }
    ck_abort_msg("%s did not grow to %ld bytes but to %ld", path, (long)bytes, (long)about.st_size);
}

START_TEST(killed_service_loses_no_acknowledged_event)
{
    char path[PROCESS_PATH_MAX];

    run_service();
    numbered_start(&run, &service, FLOOD_EVENTS, PATIENT_MS);
    for (int i = 1; i <= KILLS; i++) {
        wait_for_growth(file_of_start(i, path), KILL_FILE_BYTES);
        service_kill(&service);
        run_service();
    }
    numbered_wait(&run, &service);
    service_stop(&service);
    service_check_account(&service);
    for (int i = 1; i <= KILLS + 1; i++)
        numbered_read(&run, file_of_start(i, path), i <= KILLS);
    numbered_check(&run);
    for (int i = 0; i < NUMBERED_PRODUCERS; i++) {
        ck_assert_uint_eq(run.producers[i].dropped, 0);
        ck_assert_uint_ge(run.producers[i].connects, 2);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("kill");
    TCase *test_case = tcase_create("kill");
    SRunner *runner;
    int failed;

    tcase_add_checked_fixture(test_case, start, stop);
    tcase_set_timeout(test_case, 240);
    tcase_add_test(test_case, killed_service_loses_no_acknowledged_event);
    suite_add_tcase(suite, test_case);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
