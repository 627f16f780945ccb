/* Quota: counts, budgets and rates, with a clock that stands still until it is moved. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "protocol/wire/wire.h"
#include "service/policy/bucket.h"
#include "service/policy/quota.h"

static struct config_limits limits;
static struct quota *quota;
static uint64_t now;

static void start(void)
{
    memset(&limits, 0, sizeof limits);
    limits.clients = 10;
    limits.clients_per_user = 3;
    limits.hellos_per_user = 2;
    limits.new_providers_per_user_per_minute = 4;
    limits.bytes_per_user = 1000;
    limits.burst_seconds = 2;
    now = 1000000;
    ck_assert_int_eq(quota_create(&limits, &quota), ETWR_OK);
}

static void stop(void)
{
    quota_destroy(quota);
}

static enum etwr_reason connect_as(const char *key, struct quota_user **user)
{
    return quota_connect(quota, key, now, user);
}

/* A client past its HELLO. */
static struct quota_user *join(const char *key)
{
    struct quota_user *user = NULL;

    ck_assert_int_eq(connect_as(key, &user), ETWR_REASON_NONE);
    quota_hello_done(quota, user);
    return user;
}

static void leave(struct quota_user *user)
{
    quota_disconnect(quota, user, true, now);
}

static uint32_t count_users(void)
{
    struct quota_counts counts;

    quota_counts(quota, &counts);
    return counts.users;
}

START_TEST(clients_of_one_user_are_limited)
{
    struct quota_user *user = join("1000");
    struct quota_user *none = NULL;

    ck_assert_ptr_eq(join("1000"), user);
    ck_assert_ptr_eq(join("1000"), user);
    ck_assert_int_eq(connect_as("1000", &none), ETWR_REASON_USER_LIMIT);
    ck_assert_ptr_null(none);
    ck_assert_ptr_ne(join("1001"), user);
    leave(user);
    ck_assert_ptr_eq(join("1000"), user);
}
END_TEST

START_TEST(clients_in_all_are_limited)
{
    struct quota_user *none;
    struct quota_user *last = NULL;
    char key[16];

    for (int i = 0; i < 10; i++) {
        snprintf(key, sizeof key, "%d", i);
        last = join(key);
    }
    ck_assert_int_eq(connect_as("a", &none), ETWR_REASON_CLIENT_LIMIT);
    leave(last);
    join("a");
}
END_TEST

START_TEST(unfinished_hellos_of_one_user_are_limited)
{
    struct quota_user *user;
    struct quota_user *none;

    ck_assert_int_eq(connect_as("1000", &user), ETWR_REASON_NONE);
    ck_assert_int_eq(connect_as("1000", &user), ETWR_REASON_NONE);
    ck_assert_int_eq(connect_as("1000", &none), ETWR_REASON_USER_LIMIT);
    quota_hello_done(quota, user);
    ck_assert_int_eq(connect_as("1000", &user), ETWR_REASON_NONE);
    quota_disconnect(quota, user, false, now); /* one that never said hello */
    ck_assert_int_eq(connect_as("1000", &user), ETWR_REASON_NONE);
}
END_TEST

START_TEST(one_user_at_its_limit_leaves_the_other_alone)
{
    struct quota_user *a = NULL, *b = NULL, *none = NULL;

    connect_as("a", &a);
    connect_as("a", &a);
    ck_assert_int_eq(connect_as("a", &none), ETWR_REASON_USER_LIMIT);
    ck_assert_int_eq(connect_as("b", &b), ETWR_REASON_NONE);
    /* The same of the clients that are past their HELLO. */
    quota_hello_done(quota, a);
    quota_hello_done(quota, a);
    ck_assert_ptr_eq(join("a"), a);
    ck_assert_int_eq(connect_as("a", &none), ETWR_REASON_USER_LIMIT);
    ck_assert_int_eq(connect_as("b", &b), ETWR_REASON_NONE);
}
END_TEST

START_TEST(refused_connections_leave_no_trace)
{
    struct quota_counts counts;
    struct quota_user *user = join("a");
    struct quota_user *none;

    join("a");
    join("a");
    for (int i = 0; i < 100; i++) {
        ck_assert_int_eq(connect_as("a", &none), ETWR_REASON_USER_LIMIT);
    }
    quota_counts(quota, &counts);
    ck_assert_uint_eq(counts.clients, 3);
    leave(user);
    join("a");
}
END_TEST

START_TEST(new_providers_come_back_one_by_one_in_a_minute)
{
    struct quota_user *user = join("a");

    for (int i = 0; i < 4; i++) {
        ck_assert_int_eq(quota_take_provider(quota, user, now), ETWR_REASON_NONE);
    }
    ck_assert_int_eq(quota_take_provider(quota, user, now), ETWR_REASON_QUOTA);
    ck_assert_int_eq(quota_take_provider(quota, user, now + 14999), ETWR_REASON_QUOTA);
    ck_assert_int_eq(quota_take_provider(quota, user, now + 15000), ETWR_REASON_NONE);
    ck_assert_int_eq(quota_take_provider(quota, user, now + 15000), ETWR_REASON_QUOTA);
    now += 10 * 60000;
    for (int i = 0; i < 4; i++) {
        ck_assert_int_eq(quota_take_provider(quota, user, now), ETWR_REASON_NONE);
    }
    ck_assert_int_eq(quota_take_provider(quota, user, now), ETWR_REASON_QUOTA);
    ck_assert_int_eq(quota_take_provider(quota, join("b"), now), ETWR_REASON_NONE);
}
END_TEST

/* As on Windows, where the user is known only once bytes have come. */
START_TEST(nobody_known_yet_is_held_back_by_the_limit_of_all_alone)
{
    struct quota_user *nobody = NULL;

    for (int i = 0; i < 10; i++) {
        ck_assert_int_eq(connect_as("", &nobody), ETWR_REASON_NONE);
    }
    ck_assert_int_eq(connect_as("", &nobody), ETWR_REASON_CLIENT_LIMIT);
    ck_assert_int_eq(connect_as("a", &nobody), ETWR_REASON_CLIENT_LIMIT);
}
END_TEST

START_TEST(whoever_becomes_known_counts_for_his_user)
{
    struct quota_user *first = NULL;
    struct quota_user *second = NULL;
    struct quota_user *third = NULL;

    ck_assert_int_eq(connect_as("", &first), ETWR_REASON_NONE);
    second = third = first;
    ck_assert_int_eq(connect_as("", &second), ETWR_REASON_NONE);
    ck_assert_int_eq(connect_as("", &third), ETWR_REASON_NONE);
    ck_assert_int_eq(quota_identify(quota, "a", 0, now, &first), ETWR_REASON_NONE);
    ck_assert_int_eq(quota_identify(quota, "a", 0, now, &second), ETWR_REASON_NONE);
    ck_assert_ptr_eq(first, second);
    /* Two have not said HELLO. */
    struct quota_user *before = third;
    ck_assert_int_eq(quota_identify(quota, "a", 0, now, &third), ETWR_REASON_USER_LIMIT);
    ck_assert_ptr_eq(third, before);
    quota_hello_done(quota, first);
    ck_assert_int_eq(quota_identify(quota, "a", 0, now, &third), ETWR_REASON_NONE);
    quota_disconnect(quota, first, true, now);
    quota_disconnect(quota, second, false, now);
    quota_disconnect(quota, third, false, now);
    now += 60001;
    leave(join("b"));
    ck_assert_uint_eq(count_users(), 1);
}
END_TEST

START_TEST(memory_moves_to_whoever_becomes_known)
{
    struct quota_user *nobody = NULL;
    struct quota_user *user = NULL;
    struct quota_user *rich = join("a");

    ck_assert_int_eq(connect_as("", &nobody), ETWR_REASON_NONE);
    ck_assert(quota_take_bytes(quota, nobody, 400));
    ck_assert(quota_take_bytes(quota, rich, 700));
    user = nobody;
    ck_assert_int_eq(quota_identify(quota, "a", 400, now, &user), ETWR_REASON_USER_LIMIT);
    ck_assert_ptr_eq(user, nobody);
    ck_assert_uint_eq(quota_user_bytes(nobody), 400);
    ck_assert_uint_eq(quota_user_bytes(rich), 700);
    ck_assert_int_eq(quota_identify(quota, "b", 400, now, &user), ETWR_REASON_NONE);
    ck_assert_uint_eq(quota_user_bytes(nobody), 0);
    ck_assert_uint_eq(quota_user_bytes(user), 400);
    quota_give_bytes(user, 400);
    quota_give_bytes(rich, 700);
}
END_TEST

START_TEST(new_providers_at_a_rate_of_0_are_unlimited)
{
    struct quota_user *user;

    limits.new_providers_per_user_per_minute = 0;
    quota_configure(quota, &limits);
    user = join("a");
    for (int i = 0; i < 1000; i++) {
        ck_assert_int_eq(quota_take_provider(quota, user, now), ETWR_REASON_NONE);
    }
}
END_TEST

START_TEST(clock_that_steps_back_forgets_nobody)
{
    leave(join("a"));
    now -= 500000;
    join("b");
    ck_assert_uint_eq(count_users(), 2);
}
END_TEST

START_TEST(leaving_and_coming_back_resets_no_rate)
{
    struct quota_user *user = join("a");

    for (int i = 0; i < 4; i++) {
        quota_take_provider(quota, user, now);
    }
    leave(user);
    now += 1000;
    user = join("a");
    ck_assert_int_eq(quota_take_provider(quota, user, now), ETWR_REASON_QUOTA);
}
END_TEST

START_TEST(user_is_forgotten_once_everything_has_come_back)
{
    struct quota_user *user = join("a");

    leave(user);
    now += 59999;
    leave(join("b"));
    ck_assert_uint_eq(count_users(), 2);
    now += 1001;
    leave(join("b"));
    ck_assert_uint_eq(count_users(), 1);
}
END_TEST

START_TEST(user_that_holds_memory_is_not_forgotten)
{
    struct quota_user *user = join("a");

    ck_assert(quota_take_bytes(quota, user, 10));
    leave(user);
    now += 1000000;
    join("b");
    ck_assert_uint_eq(count_users(), 2);
    quota_give_bytes(user, 10);
    now += 2000;
    join("c");
    ck_assert_uint_eq(count_users(), 2);
}
END_TEST

START_TEST(bytes_are_taken_up_to_the_budget_and_given_back)
{
    struct quota_user *user = join("a");

    ck_assert(quota_take_bytes(quota, user, 600));
    ck_assert(!quota_take_bytes(quota, user, 401));
    ck_assert(quota_take_bytes(quota, user, 400));
    ck_assert(!quota_take_bytes(quota, user, 1));
    ck_assert(quota_take_bytes(quota, user, 0));
    ck_assert(!quota_take_bytes(quota, user, SIZE_MAX));
    ck_assert_uint_eq(quota_user_bytes(user), 1000);
    quota_give_bytes(user, 1000);
    ck_assert(quota_take_bytes(quota, user, 1000));
    limits.bytes_per_user = 500;
    quota_configure(quota, &limits);
    quota_give_bytes(user, 400);
    ck_assert(!quota_take_bytes(quota, user, 1)); /* 600 of 500 */
    quota_give_bytes(user, 600);
    ck_assert(quota_take_bytes(quota, user, 500));
}
END_TEST

static uint64_t pass(struct quota_user *user, struct quota_tokens *tokens, size_t bytes,
                     uint64_t tries)
{
    uint64_t passed = 0;

    for (uint64_t i = 0; i < tries; i++) {
        if (quota_take_event(quota, user, tokens, bytes, now)) passed++;
    }
    return passed;
}

/* 10 clients at 3 a user: room for 4 users' memory, however many share it. */
START_TEST(all_users_together_hold_no_more_than_those_there_is_room_for)
{
    struct quota_user *users[5];
    char key[16];

    for (int i = 0; i < 5; i++) {
        snprintf(key, sizeof key, "%d", i);
        users[i] = join(key);
    }
    for (int i = 0; i < 4; i++)
        ck_assert(quota_take_bytes(quota, users[i], 900));
    ck_assert(quota_take_bytes(quota, users[4], 400));
    ck_assert(!quota_take_bytes(quota, users[4], 1));
    ck_assert(!quota_take_bytes(quota, users[0], 1));
    ck_assert_uint_eq(quota_user_bytes(users[4]), 400);
    quota_give_bytes(users[0], 900);
    ck_assert(!quota_take_bytes(quota, users[1], 101));
    ck_assert(quota_take_bytes(quota, users[4], 600));
    limits.bytes_per_user = UINT64_MAX;
    quota_configure(quota, &limits);
    ck_assert(quota_take_bytes(quota, users[4], 1u << 30));
}
END_TEST

START_TEST(rate_of_0_is_unlimited)
{
    struct quota_user *user = join("a");
    struct quota_tokens tokens = {0, 0, 0};

    ck_assert_uint_eq(pass(user, &tokens, 65536, 100000), 100000);
    ck_assert_uint_eq(tokens.events, 0);
}
END_TEST

START_TEST(burst_passes_and_then_the_rate_exactly)
{
    struct quota_user *user;
    struct quota_tokens tokens = {0, 0, 0};
    uint64_t passed = 0;

    limits.events_per_second_per_user = 100;
    quota_configure(quota, &limits);
    user = join("a");
    ck_assert_uint_eq(pass(user, &tokens, 100, 1000), 200);
    for (int i = 0; i < 1000; i++) {
        now += 10;
        passed += pass(user, &tokens, 100, 3);
    }
    ck_assert_uint_eq(passed, 1000);
    now += 1000000;
    ck_assert_uint_eq(pass(user, &tokens, 100, 1000), 200);
}
END_TEST

START_TEST(sessions_of_one_user_share_its_rate_and_others_have_their_own)
{
    struct quota_user *user;
    struct quota_tokens first = {0, 0, 0};
    struct quota_tokens second = {0, 0, 0};
    struct quota_tokens other = {0, 0, 0};

    limits.events_per_second_per_user = 1000;
    quota_configure(quota, &limits);
    user = join("a");
    join("a");
    ck_assert_uint_eq(pass(user, &first, 1, 1500) + pass(user, &second, 1, 5000), 2000);
    ck_assert_uint_eq(pass(join("b"), &other, 1, 5000), 2000);
}
END_TEST

START_TEST(tokens_given_back_pass_events_of_others)
{
    struct quota_user *user;
    struct quota_tokens first = {0, 0, 0};
    struct quota_tokens second = {0, 0, 0};

    limits.events_per_second_per_user = 6400; /* chunks of 100 */
    limits.burst_seconds = 1;
    quota_configure(quota, &limits);
    user = join("a");
    ck_assert_uint_eq(pass(user, &first, 1, 1), 1);
    ck_assert_uint_eq(first.events, 99);
    ck_assert_uint_eq(pass(user, &second, 1, 10000), 6300);
    quota_give_tokens(quota, user, &first);
    ck_assert_uint_eq(first.events, 0);
    now += 100; /* the dry session looks again at last; 640 have come in, too */
    ck_assert_uint_eq(pass(user, &second, 1, 10000), 99 + 640);
}
END_TEST

START_TEST(bytes_a_second_are_limited_but_the_largest_frame_passes)
{
    struct quota_user *user;
    struct quota_tokens tokens = {0, 0, 0};

    limits.bytes_per_second_per_user = 1000;
    quota_configure(quota, &limits);
    user = join("a");
    ck_assert_uint_eq(pass(user, &tokens, WIRE_FRAME_MAX_BYTES, 2), 1);
    now += 10000; /* 10,000 bytes */
    ck_assert_uint_eq(pass(user, &tokens, 1000, 100), 10);
    now += 70000;
    ck_assert_uint_eq(pass(user, &tokens, WIRE_FRAME_MAX_BYTES, 2), 1);
}
END_TEST

START_TEST(event_refused_for_its_bytes_costs_no_event)
{
    struct quota_user *user;
    struct quota_tokens tokens = {0, 0, 0};

    limits.bytes_per_second_per_user = 1;
    limits.events_per_second_per_user = 5;
    quota_configure(quota, &limits);
    user = join("a");
    ck_assert_uint_eq(pass(user, &tokens, WIRE_FRAME_MAX_BYTES, 1), 1);
    ck_assert_uint_eq(pass(user, &tokens, 100, 50), 0);
    now += 100; /* not dry any more, for an event without bytes */
    ck_assert_uint_eq(pass(user, &tokens, 0, 50), 9);
}
END_TEST

START_TEST(dry_session_asks_again_only_when_there_can_be_a_token)
{
    struct quota_user *user;
    struct quota_tokens tokens = {0, 0, 0};

    limits.events_per_second_per_user = 20; /* one in 50 ms */
    limits.burst_seconds = 1;
    quota_configure(quota, &limits);
    user = join("a");
    ck_assert_uint_eq(pass(user, &tokens, 1, 100), 20);
    ck_assert_uint_eq(tokens.retry_at_ms, now + 50);
    now += 49;
    ck_assert_uint_eq(pass(user, &tokens, 1, 100), 0);
    now += 1;
    ck_assert_uint_eq(pass(user, &tokens, 1, 100), 1);
}
END_TEST

START_TEST(clock_that_steps_neither_holds_a_session_dry_nor_fills_it_twice)
{
    struct quota_user *user;
    struct quota_tokens tokens = {0, 0, 0};

    limits.events_per_second_per_user = 100;
    quota_configure(quota, &limits);
    user = join("a");
    ck_assert_uint_eq(pass(user, &tokens, 1, 1000), 200);
    now -= 500000;
    ck_assert_uint_eq(pass(user, &tokens, 1, 1000), 0);
    now += 1000;
    ck_assert_uint_eq(pass(user, &tokens, 1, 1000), 100);
    now = UINT64_MAX - 5;
    ck_assert_uint_eq(pass(user, &tokens, 1, 1000), 200);
}
END_TEST

START_TEST(rate_set_by_a_reload_holds_for_who_is_there)
{
    struct quota_user *user = join("a");
    struct quota_tokens tokens = {0, 0, 0};

    ck_assert_uint_eq(pass(user, &tokens, 1, 1000), 1000);
    limits.events_per_second_per_user = 10;
    quota_configure(quota, &limits);
    now += 10000;
    ck_assert_uint_eq(pass(user, &tokens, 1, 1000), 20);
    limits.events_per_second_per_user = 0;
    quota_configure(quota, &limits);
    ck_assert_uint_eq(pass(user, &tokens, 1, 1000), 1000);
}
END_TEST

START_TEST(highest_rate_and_burst_do_not_wrap_around)
{
    struct quota_user *user;
    struct quota_tokens tokens = {0, 0, 0};

    limits.events_per_second_per_user = UINT64_MAX;
    limits.bytes_per_second_per_user = UINT64_MAX;
    limits.burst_seconds = UINT32_MAX;
    quota_configure(quota, &limits);
    user = join("a");
    ck_assert_uint_eq(pass(user, &tokens, 65536, 10000), 10000);
}
END_TEST

START_TEST(ten_thousand_users_are_found_again)
{
    static struct quota_user *users[10000];
    char key[64];

    limits.clients = 20000;
    quota_configure(quota, &limits);
    for (unsigned i = 0; i < 10000; i++) {
        snprintf(key, sizeof key, "S-1-5-21-%u", i * 2654435761u);
        users[i] = join(key);
    }
    ck_assert_uint_eq(count_users(), 10000);
    for (unsigned i = 0; i < 10000; i++) {
        snprintf(key, sizeof key, "S-1-5-21-%u", i * 2654435761u);
        ck_assert_ptr_eq(join(key), users[i]);
    }
    ck_assert_uint_eq(count_users(), 10000);
}
END_TEST

#define THREADS 4

struct flood {
    struct quota_user *user;
    uint64_t passed;
};

static void flood(void *context)
{
    struct flood *f = context;
    struct quota_tokens tokens = {0, 0, 0};

    f->passed = pass(f->user, &tokens, 10, 20000);
    for (int i = 0; i < 1000; i++) {
        if (quota_take_bytes(quota, f->user, 300)) quota_give_bytes(f->user, 300);
    }
    quota_give_tokens(quota, f->user, &tokens);
}

START_TEST(threads_together_get_what_there_is_and_no_more)
{
    uv_thread_t threads[THREADS];
    struct flood floods[THREADS];
    struct quota_tokens rest = {0, 0, 0};
    uint64_t passed = 0;

    limits.events_per_second_per_user = 5000;
    quota_configure(quota, &limits);
    for (int i = 0; i < THREADS; i++) {
        floods[i].user = join(i % 2 ? "a" : "b");
        ck_assert_int_eq(uv_thread_create(&threads[i], flood, &floods[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        uv_thread_join(&threads[i]);
        passed += floods[i].passed;
    }
    passed += pass(floods[0].user, &rest, 10, 20000);
    memset(&rest, 0, sizeof rest);
    passed += pass(floods[1].user, &rest, 10, 20000);
    ck_assert_uint_eq(passed, 2 * 10000);
    ck_assert_uint_eq(quota_user_bytes(floods[0].user), 0);
}
END_TEST

START_TEST(bucket_loses_no_fraction)
{
    struct bucket_rate rate = {7, 60000, 10};
    struct bucket bucket;
    uint64_t got = 0;

    bucket_init(&bucket, &rate, 0);
    bucket_take(&bucket, &rate, bucket_fill(&bucket, &rate, 0));
    for (uint64_t at = 1; at <= 10 * 60000; at += 13) {
        uint64_t there = bucket_fill(&bucket, &rate, at);

        bucket_take(&bucket, &rate, there);
        got += there;
    }
    ck_assert_uint_eq(got, 69); /* 70 at 600,000 ms, and the last look was at 599,990 */
    ck_assert_uint_eq(bucket_wait_ms(&bucket, &rate, 1), 10);
}
END_TEST

START_TEST(bucket_says_how_long_to_wait)
{
    struct bucket_rate rate = {3, 1000, 100};
    struct bucket bucket;

    bucket_init(&bucket, &rate, 0);
    bucket_take(&bucket, &rate, 100);
    ck_assert_uint_eq(bucket_wait_ms(&bucket, &rate, 1), 334);
    ck_assert_uint_eq(bucket_fill(&bucket, &rate, 333), 0);
    ck_assert_uint_eq(bucket_fill(&bucket, &rate, 334), 1);
    ck_assert_uint_eq(bucket_wait_ms(&bucket, &rate, 1), 1);
    rate.per_unit = 0;
    ck_assert_uint_eq(bucket_wait_ms(&bucket, &rate, 5), 1);
}
END_TEST

START_TEST(bucket_too_large_for_64_bits_is_full_not_empty)
{
    /* 2^61 tokens of 1,000 parts are a multiple of 2^64 parts. */
    struct bucket_rate rate = {UINT64_C(1) << 61, 1000, UINT64_C(1) << 61};
    struct bucket bucket;

    bucket_init(&bucket, &rate, 0);
    ck_assert_uint_eq(bucket_fill(&bucket, &rate, 0), UINT64_MAX / 1000);
    bucket_take(&bucket, &rate, UINT64_MAX / 1000);
    ck_assert_uint_eq(bucket_fill(&bucket, &rate, 8), UINT64_MAX / 1000);
    bucket_give(&bucket, &rate, UINT64_C(1) << 61);
    ck_assert_uint_eq(bucket_fill(&bucket, &rate, 8), UINT64_MAX / 1000);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("quota");
    TCase *tcase = tcase_create("quota");
    SRunner *runner;
    int failed;

    tcase_add_checked_fixture(tcase, start, stop);
    tcase_add_test(tcase, clients_of_one_user_are_limited);
    tcase_add_test(tcase, clients_in_all_are_limited);
    tcase_add_test(tcase, unfinished_hellos_of_one_user_are_limited);
    tcase_add_test(tcase, one_user_at_its_limit_leaves_the_other_alone);
    tcase_add_test(tcase, refused_connections_leave_no_trace);
    tcase_add_test(tcase, new_providers_come_back_one_by_one_in_a_minute);
    tcase_add_test(tcase, nobody_known_yet_is_held_back_by_the_limit_of_all_alone);
    tcase_add_test(tcase, whoever_becomes_known_counts_for_his_user);
    tcase_add_test(tcase, memory_moves_to_whoever_becomes_known);
    tcase_add_test(tcase, new_providers_at_a_rate_of_0_are_unlimited);
    tcase_add_test(tcase, clock_that_steps_back_forgets_nobody);
    tcase_add_test(tcase, leaving_and_coming_back_resets_no_rate);
    tcase_add_test(tcase, user_is_forgotten_once_everything_has_come_back);
    tcase_add_test(tcase, user_that_holds_memory_is_not_forgotten);
    tcase_add_test(tcase, bytes_are_taken_up_to_the_budget_and_given_back);
    tcase_add_test(tcase, all_users_together_hold_no_more_than_those_there_is_room_for);
    tcase_add_test(tcase, rate_of_0_is_unlimited);
    tcase_add_test(tcase, burst_passes_and_then_the_rate_exactly);
    tcase_add_test(tcase, sessions_of_one_user_share_its_rate_and_others_have_their_own);
    tcase_add_test(tcase, tokens_given_back_pass_events_of_others);
    tcase_add_test(tcase, bytes_a_second_are_limited_but_the_largest_frame_passes);
    tcase_add_test(tcase, event_refused_for_its_bytes_costs_no_event);
    tcase_add_test(tcase, dry_session_asks_again_only_when_there_can_be_a_token);
    tcase_add_test(tcase, clock_that_steps_neither_holds_a_session_dry_nor_fills_it_twice);
    tcase_add_test(tcase, rate_set_by_a_reload_holds_for_who_is_there);
    tcase_add_test(tcase, highest_rate_and_burst_do_not_wrap_around);
    tcase_add_test(tcase, ten_thousand_users_are_found_again);
    tcase_add_test(tcase, threads_together_get_what_there_is_and_no_more);
    tcase_add_test(tcase, bucket_loses_no_fraction);
    tcase_add_test(tcase, bucket_says_how_long_to_wait);
    tcase_add_test(tcase, bucket_too_large_for_64_bits_is_full_not_empty);
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
