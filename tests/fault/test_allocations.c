/*
 * No memory, at each allocation in its turn: once, and from then on.
 *
 * Whenever it happens, the service either does not start and says why, or serves whom it can, keeps
 * its books and ends well; after a single failure it serves the next client in full. No allocation
 * is left out: each is a call of its own that may have forgotten to look.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/fault/faulty_service.h"

#define LOOPS   2 /* the main thread's and the worker's */
#define CLIENTS 4 /* a single failure may meet one of them, and take the next along */
#define EVENTS  ((uint64_t)FAULTY_EVENTS)

static struct service service;
static unsigned aborts;
static char config[1024];

static void setup(void)
{
    service_init(&service);
    snprintf(config, sizeof config,
             "{\"workers\":1,\"sinks\":[{\"type\":\"etl\",\"path\":\"%s/a.etl\",\"buffers\":4},"
             "{\"type\":\"jsonl\",\"path\":\"%s/a.jsonl\"}],"
             "\"providers\":[{\"name\":\"Contoso.*\",\"users\":[\"*\"]}]}",
             service.scratch.path, service.scratch.path);
}

static void teardown(void)
{
    service_clear(&service);
}

static unsigned long count_allocations(void)
{
    struct faulty_client client;
    ck_assert_int_eq(faulty_start(&service, NULL, config), FAULTY_READY);
    for (int i = 0; i < 2; i++) {
        faulty_talk(&service, FAULTY_PATIENT_MS, &client);
        ck_assert(client.is_served);
        ck_assert_uint_eq(client.written, EVENTS);
    }
    faulty_stop(&service, false);
    return faulty_count(&service, "allocate");
}

static bool start(const char *faults)
{
    enum faulty_start how = faulty_start(&service, faults, config);
    if (how == FAULTY_ABORTED) aborts++;
    return how == FAULTY_READY;
}

/* How many were served in full. */
static int talk_until_served(int clients)
{
    int served = 0;
    for (int i = 0; i < clients && served == 0; i++) {
        struct faulty_client client;
        faulty_talk(&service, FAULTY_PATIENT_MS, &client);
        if (client.is_served && client.written == EVENTS) served++;
    }
    return served;
}

static void fail_once(unsigned long n)
{
    char faults[64];
    snprintf(faults, sizeof faults, "allocate:%lu:1:ENOMEM", n);
    if (!start(faults)) return;
    (void)talk_until_served(1);
    ck_assert_msg(talk_until_served(CLIENTS) > 0, "%s: nobody is served any more", faults);
    if (faulty_stop(&service, true)) service_check_account(&service);
}

static void fail_from_then_on(unsigned long n)
{
    char faults[64];
    snprintf(faults, sizeof faults, "allocate:%lu:0:ENOMEM", n);
    if (!start(faults)) return;
    (void)talk_until_served(2);
    (void)faulty_stop(&service, true);
}

static void sweep(void (*run)(unsigned long n), const char *name)
{
    unsigned long count = count_allocations();
    ck_assert_uint_gt(count, 50);
    for (unsigned long n = 1; n <= count; n++)
        run(n);
    ck_assert_uint_le(aborts, LOOPS);
    printf("{\"test\":\"%s\",\"allocations\":%lu}\n", name, count);
}

START_TEST(one_allocation_that_fails_costs_one_client_at_most)
{
    sweep(fail_once, "allocation_once");
}
END_TEST

START_TEST(without_memory_from_then_on_the_books_are_kept_and_the_end_is_orderly)
{
    sweep(fail_from_then_on, "allocation_from_then_on");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("allocations");
    TCase *tcase = tcase_create("allocations");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_set_timeout(tcase, 600);
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, one_allocation_that_fails_costs_one_client_at_most);
    tcase_add_test(tcase, without_memory_from_then_on_the_books_are_kept_and_the_end_is_orderly);
    suite_add_tcase(suite, tcase);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
