/*
 * Random schedules: the world that fuzz_session explores, on bytes of a plain generator. The seed
 * is printed; ETWR_SEED=N runs that one again, ETWR_SCHEDULES=N as many as that.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "tests/fuzz/world.h"

#define SCHEDULES      10000u
#define SCHEDULE_BYTES 160
#define YEAR_MS        INT64_C(31536000000)
#define HOUR_MS        3600000

static uint64_t state;

static uint64_t next_random(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state * UINT64_C(0x2545F4914F6CDD1D);
}

static uint64_t number_of(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);
    return text != NULL ? strtoull(text, NULL, 0) : otherwise;
}

START_TEST(the_books_balance_after_every_step_of_every_schedule)
{
    uint64_t seed = number_of("ETWR_SEED", (uint64_t)time(NULL));
    uint64_t count = number_of("ETWR_SCHEDULES", SCHEDULES);
    uint64_t accepted = 0;

    printf("seed %llu, %llu schedules\n", (unsigned long long)seed, (unsigned long long)count);
    fflush(stdout);
    for (uint64_t i = 0; i < count; i++) {
        uint8_t bytes[SCHEDULE_BYTES];
        state = (seed + i) * UINT64_C(0x9E3779B97F4A7C15) | 1;
        for (size_t j = 0; j < sizeof bytes; j++)
            bytes[j] = (uint8_t)(next_random() >> 56);
        bytes[0] = 0; /* somebody connects */
        accepted += world_run(bytes, sizeof bytes);
    }
    printf("%llu events accepted\n", (unsigned long long)accepted);
    ck_assert_uint_gt(accepted, count); /* else the schedules try nothing */
}
END_TEST

START_TEST(a_clock_that_jumps_a_year_either_way_ends_no_connection)
{
    static const int64_t wall_ms[] = {YEAR_MS, 0, -YEAR_MS, YEAR_MS, -YEAR_MS, 0};
    static const int64_t too_long[40] = {0};
    ck_assert(world_serves_through(wall_ms, 0, 0));
    ck_assert(world_serves_through(wall_ms, sizeof wall_ms / sizeof wall_ms[0], 0));
    ck_assert(!world_serves_through(too_long, sizeof too_long / sizeof too_long[0], 0));
}
END_TEST

/* What the clients had left of their time they still have. */
START_TEST(a_suspended_hour_ends_no_connection)
{
    static const int64_t wall_ms[40] = {0};
    ck_assert(world_serves_through(wall_ms, 0, HOUR_MS));
    ck_assert(world_serves_through(wall_ms, 10, HOUR_MS));
    ck_assert(!world_serves_through(wall_ms, 40, HOUR_MS));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("schedules");
    TCase *tcase = tcase_create("random");
    tcase_set_timeout(tcase, 0); /* ctest has one */
    tcase_add_test(tcase, the_books_balance_after_every_step_of_every_schedule);
    tcase_add_test(tcase, a_suspended_hour_ends_no_connection);
    tcase_add_test(tcase, a_clock_that_jumps_a_year_either_way_ends_no_connection);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
