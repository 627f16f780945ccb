/*
 * Eight processes at once, as fast as they can: every event is in the file or in a counter,
 * exactly.
 */
#include <stddef.h>
#include <stdlib.h>

#include <check.h>

#include "tests/flow/flow.h"
#include "tests/flow/numbered.h"

#define PATIENT_MS 120000

static struct service service;
static struct numbered_run run;

static void start(void)
{
    char sink[PROCESS_PATH_MAX + 8];
    const char *const arguments[] = {"--workers", "2", "--sink", sink, NULL};

    service_init(&service);
    flow_sink(&service, "etl", "flood.etl", sink);
    service_start(&service, arguments);
}

static void stop(void)
{
    numbered_clear(&run);
    service_clear(&service);
}

static uint64_t total_written(void)
{
    uint64_t sum = 0;
    for (int i = 0; i < NUMBERED_PRODUCERS; i++)
        sum += run.producers[i].written;
    return sum;
}

static void finish(void)
{
    char path[PROCESS_PATH_MAX];

    numbered_wait(&run, &service);
    service_stop(&service);
    service_check_account(&service);
    numbered_read(&run, scratch_file(&service.scratch, "flood.etl", path), false);
    numbered_check(&run);
    ck_assert_uint_eq(service_final(&service, "written"), total_written());
}

START_TEST(patient_clients_lose_nothing)
{
    numbered_start(&run, &service, FLOOD_EVENTS, PATIENT_MS);
    finish();
    ck_assert_uint_eq(total_written(), (uint64_t)NUMBERED_PRODUCERS * FLOOD_EVENTS);
}
END_TEST

START_TEST(hasty_clients_count_every_drop)
{
    numbered_start(&run, &service, FLOOD_EVENTS, 0);
    finish();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("flood");
    TCase *test_case = tcase_create("flood");
    SRunner *runner;
    int failed;

    tcase_add_checked_fixture(test_case, start, stop);
    tcase_set_timeout(test_case, 240);
    tcase_add_test(test_case, patient_clients_lose_nothing);
    tcase_add_test(test_case, hasty_clients_count_every_drop);
    suite_add_tcase(suite, test_case);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
