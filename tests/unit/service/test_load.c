/* How the acceptor weighs workers: sessions, and what they have sent of late. */
#include <check.h>
#include <stdlib.h>

#include "service/load.h"

static struct load idle, busy;

static void setup(void)
{
    load_init(&idle);
    load_init(&busy);
}

START_TEST(without_bytes_sessions_decide)
{
    atomic_store(&idle.sessions, 3);
    atomic_store(&busy.sessions, 4);
    ck_assert_uint_lt(load_of(&idle), load_of(&busy));
}
END_TEST

START_TEST(one_hot_session_outweighs_several_quiet_ones)
{
    atomic_store(&idle.sessions, 20);
    atomic_store(&busy.sessions, 1);
    load_measure(&busy, UINT64_C(100) * LOAD_SESSION_BYTES);
    ck_assert_uint_gt(load_of(&busy), load_of(&idle));
}
END_TEST

START_TEST(what_was_sent_long_ago_weighs_nothing)
{
    uint64_t total = UINT64_C(1000) * LOAD_SESSION_BYTES;

    load_measure(&busy, total);
    ck_assert_uint_eq(load_of(&busy), 1000);
    load_measure(&busy, total);
    ck_assert_uint_eq(load_of(&busy), 500);
    for (int i = 0; i < 40; i++)
        load_measure(&busy, total);
    ck_assert_uint_eq(load_of(&busy), 0);
}
END_TEST

START_TEST(steady_bytes_reach_a_steady_load)
{
    uint64_t total = 0;

    for (int i = 0; i < 60; i++)
        load_measure(&busy, total += UINT64_C(10) * LOAD_SESSION_BYTES);
    ck_assert_uint_ge(load_of(&busy), 19);
    ck_assert_uint_le(load_of(&busy), 20);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("load");
    TCase *load = tcase_create("load");
    SRunner *runner;
    int failed;

    tcase_add_checked_fixture(load, setup, NULL);
    tcase_add_test(load, without_bytes_sessions_decide);
    tcase_add_test(load, one_hot_session_outweighs_several_quiet_ones);
    tcase_add_test(load, what_was_sent_long_ago_weighs_nothing);
    tcase_add_test(load, steady_bytes_reach_a_steady_load);
    suite_add_tcase(suite, load);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
