/* Allocations: none per event once its schema is known, and what happens when one fails. */
#include <check.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/os.h"
#include "tests/unit/client/fixture.h"

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);

/* The test's own thread. (Thread-local variables would be allocated themselves with MinGW.) */
static uint32_t own_thread;
static int allowed = -1;  /* its allocations until all fail; negative: none fails */
static bool is_ignored;   /* it: Check allocates for each assertion */
static _Atomic int calls; /* of all threads, but for it while it is ignored */

static bool may_allocate(void)
{
    bool is_own = os_thread_id() == own_thread;

    if (!is_own || !is_ignored) calls++;
    if (!is_own) return true;
    if (allowed > 0) allowed--;
    return allowed != 0;
}

void *__wrap_malloc(size_t size)
{
    return may_allocate() ? __real_malloc(size) : NULL;
}

void *__wrap_calloc(size_t count, size_t size)
{
    return may_allocate() ? __real_calloc(count, size) : NULL;
}

void *__wrap_realloc(void *memory, size_t size)
{
    return may_allocate() ? __real_realloc(memory, size) : NULL;
}

static struct fixture f;

static void setup(void)
{
    fixture_init(&f);
    own_thread = os_thread_id();
    is_ignored = true;
}

/* From n - 1 allocations on all fail: n is what `allowed` counts down from. */
#define EACH_FAILURE(status, call)                                                                 \
    for (int n = 1; (allowed = n, (status) = (call), allowed = -1, (status)) != ETWR_OK; n++)

START_TEST(a_client_that_cannot_be_made_leaves_nothing)
{
    enum etwr_status status;
    int failures = 0;

    EACH_FAILURE(status, etwr_client_create(&f.options, &f.client))
    {
        ck_assert(status == ETWR_E_NO_MEMORY || status == ETWR_E_IO);
        ck_assert_ptr_null(f.client);
        failures++;
    }
    ck_assert_int_gt(failures, 5);
    fixture_clear(&f);
}
END_TEST

START_TEST(a_provider_that_cannot_be_opened_leaves_nothing)
{
    struct etwr_provider *provider;
    enum etwr_status status;

    fixture_connect(&f);
    EACH_FAILURE(status, etwr_provider_open(f.client, "Second", NULL, &provider))
    ck_assert_int_eq(status, ETWR_E_NO_MEMORY);
    ck_assert_uint_eq(fake_expect(&f.service, WIRE_PROVIDER_OPEN).slot, 2);
    fixture_clear(&f);
}
END_TEST

START_TEST(an_event_whose_schema_cannot_be_kept_is_counted_and_told)
{
    struct etwr_counters counters;
    enum etwr_status status;
    uint64_t failures = 0;

    fixture_connect(&f);
    etwr_event_reset(f.event, "E", 5, 1);
    EACH_FAILURE(status, etwr_provider_write(f.provider, f.event))
    {
        ck_assert_int_eq(status, ETWR_E_NO_MEMORY);
        failures++;
    }
    ck_assert_uint_ge(failures, 1);
    fake_skip_to(&f.service, WIRE_EVENT);
    ck_assert_uint_eq(f.service.lost_by_reason[ETWR_REASON_NO_MEMORY], failures);
    counters = check_books(f.client);
    ck_assert_uint_eq(counters.dropped[ETWR_REASON_NO_MEMORY], failures);
    ck_assert_uint_eq(counters.produced, failures + 1);
    fixture_clear(&f);
}
END_TEST

static const uint8_t metadata[] = {8, 0, 0, 'T', 0, 'f', 0, 3};
static const uint8_t value[] = {1};

static enum etwr_status write_encoded(void)
{
    struct etwr_descriptor descriptor = {.channel = 11, .level = 5, .keyword = 1};

    return etwr_provider_write_encoded(f.provider, &descriptor, metadata, sizeof metadata, value, 1,
                                       NULL, NULL);
}

START_TEST(an_encoded_event_that_cannot_be_checked_is_counted_and_told)
{
    enum etwr_status status;
    uint64_t failures = 0;

    fixture_connect(&f);
    EACH_FAILURE(status, write_encoded())
    {
        ck_assert_int_eq(status, ETWR_E_NO_MEMORY);
        failures++;
    }
    ck_assert_uint_ge(failures, 3);
    fake_skip_to(&f.service, WIRE_EVENT);
    ck_assert_uint_eq(f.service.lost_count, failures);
    ck_assert_uint_eq(check_books(f.client).dropped[ETWR_REASON_NO_MEMORY], failures);
    fixture_clear(&f);
}
END_TEST

static struct etwr_prepared *prepare(void)
{
    struct etwr_prepared *prepared;
    enum etwr_status status;

    etwr_event_reset(f.event, "P", 5, 1);
    etwr_event_declare(f.event, "n", ETWR_IN_UINT32, 0, ETWR_OUT_NULL, 0);
    EACH_FAILURE(status, etwr_prepared_create(f.provider, f.event, &prepared))
    ck_assert_int_eq(status, ETWR_E_NO_MEMORY);
    return prepared;
}

/* One of each kind; fewer than fit the queue. */
static void write_round(struct etwr_prepared *prepared)
{
    uint8_t memory[4];
    struct etwr_values values;

    is_ignored = false;
    for (uint32_t i = 0; i < 1000; i++) {
        etwr_values_init(&values, memory, sizeof memory);
        etwr_put_uint32(&values, i);
        if (etwr_prepared_write(prepared, &values, NULL, NULL) != ETWR_OK ||
            write_number(&f, i) != ETWR_OK || write_encoded() != ETWR_OK)
            ck_abort_msg("event %u", i);
    }
    is_ignored = true;
}

START_TEST(steady_traffic_allocates_nothing)
{
    struct etwr_prepared *prepared;
    uint64_t events = 0;

    fixture_connect(&f);
    prepared = prepare();
    for (int round = 0; round < 4; round++) {
        write_round(prepared);
        events += 3000;
        if (round == 1) calls = 0;
        while (f.service.event_count < events)
            fake_skip_to(&f.service, WIRE_EVENT);
        fake_ack(&f.service, events, events, 0, 0, 0);
        wait_pending(f.client, 0);
    }
    ck_assert_int_eq(calls, 0);
    fixture_clear(&f);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("client_memory");
    TCase *tcase = tcase_create("memory");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_set_timeout(tcase, 50);
    tcase_add_checked_fixture(tcase, setup, NULL);
    tcase_add_test(tcase, a_client_that_cannot_be_made_leaves_nothing);
    tcase_add_test(tcase, a_provider_that_cannot_be_opened_leaves_nothing);
    tcase_add_test(tcase, an_event_whose_schema_cannot_be_kept_is_counted_and_told);
    tcase_add_test(tcase, an_encoded_event_that_cannot_be_checked_is_counted_and_told);
    tcase_add_test(tcase, steady_traffic_allocates_nothing);
    suite_add_tcase(suite, tcase);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
