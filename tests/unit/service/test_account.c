/*
 * Accounts: every event is somewhere, exactly, after every step, and a client is told only about
 * events up to its watermark. The last case walks 10,000 random steps beside a model that remembers
 * each event by itself.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "service/pipe/account.h"

static struct account_pool pool;
static struct account account;
static struct account_label *label;
static int unused_calls;
static uint64_t progress_told;
static struct account_loss losses[64];
static size_t loss_count;

static void on_loss(struct account *which, const struct account_loss *loss)
{
    ck_assert_ptr_nonnull(which);
    if (loss_count < 64) losses[loss_count] = *loss;
    loss_count++;
}

static void on_progress(struct account *which)
{
    ck_assert_uint_gt(which->settled_sequence, progress_told);
    progress_told = which->settled_sequence;
}

static void on_unused(struct account *which)
{
    ck_assert_ptr_null(which->oldest);
    unused_calls++;
}

static const struct account_callbacks callbacks = {on_loss, on_progress, on_unused};

static void setup(void)
{
    account_pool_init(&pool);
    account_init(&account, &callbacks);
    account_start(&account, 1);
    label = account_label_create("Contoso.A", 9);
    ck_assert_ptr_nonnull(label);
    unused_calls = 0;
    progress_told = 0;
    loss_count = 0;
}

static void teardown(void)
{
    account_label_unref(label);
    account_pool_clear(&pool);
}

static struct account_batch *new_batch(void)
{
    ck_assert(account_pool_reserve(&pool, 1));
    return account_batch_take(&pool);
}

static void written(void)
{
    account_accept(&account);
    account_written(&account);
    ck_assert(account_is_exact(&account));
}

static void dropped(enum etwr_reason reason)
{
    ck_assert(account_pool_reserve(&pool, 0));
    account_accept(&account);
    account_dropped(&account, &pool, reason);
    ck_assert(account_is_exact(&account));
}

static void defer(struct account_batch *batch, struct account_label *provider)
{
    ck_assert(account_pool_reserve(&pool, 0));
    account_accept(&account);
    account_defer(&account, &pool, batch, provider);
    ck_assert(account_is_exact(&account));
}

static void settle(struct account_batch *batch, enum etwr_reason failed)
{
    account_settle_batch(&pool, batch, failed);
    ck_assert(account_is_exact(&account));
}

START_TEST(outcomes_known_at_once_are_credited_at_once)
{
    written();
    ck_assert_uint_eq(account.settled_sequence, 1);
    account_accept(&account);
    ck_assert_uint_eq(account.pending, 1);
    account_not_enabled(&account);
    dropped(ETWR_REASON_RATE);
    ck_assert_uint_eq(account.settled_sequence, 3);
    ck_assert_uint_eq(account.counts.written, 1);
    ck_assert_uint_eq(account.counts.not_enabled, 1);
    ck_assert_uint_eq(account.counts.dropped[ETWR_REASON_RATE], 1);
    ck_assert_uint_eq(account.pending, 0);
}
END_TEST

START_TEST(the_first_sequence_is_the_hellos)
{
    account_start(&account, 1000);
    ck_assert_uint_eq(account.settled_sequence, 999);
    ck_assert_uint_eq(account_accept(&account), 1000);
    account_written(&account);
    ck_assert_uint_eq(account.settled_sequence, 1000);
}
END_TEST

START_TEST(events_in_a_batch_are_pending_until_it_returns)
{
    struct account_batch *batch = new_batch();
    defer(batch, label);
    defer(batch, label);
    ck_assert_uint_eq(account.pending, 2);
    ck_assert_uint_eq(account.settled_sequence, 0);
    settle(batch, ETWR_REASON_NONE);
    ck_assert_uint_eq(account.counts.written, 2);
    ck_assert_uint_eq(account.pending, 0);
    ck_assert_uint_eq(account.settled_sequence, 2);
    ck_assert_uint_eq(loss_count, 0);
}
END_TEST

START_TEST(outcomes_behind_a_pending_event_wait_for_it)
{
    struct account_batch *batch = new_batch();
    defer(batch, label);
    written();
    dropped(ETWR_REASON_VALUES);
    ck_assert_uint_eq(account.counts.written, 0);
    ck_assert_uint_eq(account.pending, 3);
    ck_assert_uint_eq(account.settled_sequence, 0);
    settle(batch, ETWR_REASON_NONE);
    ck_assert_uint_eq(account.counts.written, 2);
    ck_assert_uint_eq(account.counts.dropped[ETWR_REASON_VALUES], 1);
    ck_assert_uint_eq(account.settled_sequence, 3);
    ck_assert_uint_eq(account.pending, 0);
}
END_TEST

START_TEST(a_failed_batch_drops_its_events_and_says_which)
{
    struct account_batch *batch = new_batch();
    struct account_label *other = account_label_create("Contoso.B", 9);
    written();
    defer(batch, label);
    defer(batch, other);
    defer(batch, label);
    account_label_unref(other); /* the settlement keeps the name as long as it needs it */
    settle(batch, ETWR_REASON_IO);
    ck_assert_uint_eq(account.counts.dropped[ETWR_REASON_IO], 3);
    ck_assert_uint_eq(account.counts.written, 1);
    ck_assert_uint_eq(account.settled_sequence, 4);
    ck_assert_uint_eq(loss_count, 2);
    ck_assert_ptr_eq(losses[0].label, label);
    ck_assert_int_eq(losses[0].reason, ETWR_REASON_IO);
    ck_assert_uint_eq(losses[0].count, 2);
    ck_assert_uint_eq(losses[0].first_sequence, 2);
    ck_assert_uint_eq(losses[0].last_sequence, 4);
    ck_assert_uint_eq(losses[1].count, 1);
    ck_assert_uint_eq(losses[1].first_sequence, 3);
}
END_TEST

START_TEST(a_later_batch_that_returns_first_waits_for_the_earlier_one)
{
    struct account_batch *first = new_batch();
    struct account_batch *second = new_batch();
    defer(first, label);
    defer(second, label);
    defer(first, label);
    settle(second, ETWR_REASON_FULL);
    ck_assert_uint_eq(account.settled_sequence, 0);
    ck_assert_uint_eq(account.pending, 3);
    ck_assert_uint_eq(account.counts.dropped[ETWR_REASON_FULL], 0);
    settle(first, ETWR_REASON_NONE);
    ck_assert_uint_eq(account.settled_sequence, 3);
    ck_assert_uint_eq(account.counts.written, 2);
    ck_assert_uint_eq(account.counts.dropped[ETWR_REASON_FULL], 1);
    ck_assert_uint_eq(account.pending, 0);
}
END_TEST

START_TEST(the_watermark_stops_at_the_first_event_still_out)
{
    struct account_batch *first = new_batch();
    struct account_batch *second = new_batch();
    defer(first, label);
    written();
    defer(second, label);
    written();
    settle(first, ETWR_REASON_NONE);
    ck_assert_uint_eq(account.settled_sequence, 2);
    ck_assert_uint_eq(account.counts.written, 2);
    ck_assert_uint_eq(account.pending, 2);
    settle(second, ETWR_REASON_NONE);
    ck_assert_uint_eq(account.settled_sequence, 4);
}
END_TEST

START_TEST(a_batch_record_used_again_is_another_batch)
{
    struct account_batch *first = new_batch();
    struct account_batch *second = new_batch();
    defer(first, label);
    defer(second, label);
    settle(second, ETWR_REASON_NONE); /* done, but behind the first */
    struct account_batch *third = new_batch();
    ck_assert_ptr_eq(third, second);
    defer(third, label);
    settle(first, ETWR_REASON_NONE);
    ck_assert_uint_eq(account.settled_sequence, 2);
    settle(third, ETWR_REASON_NONE);
    ck_assert_uint_eq(account.settled_sequence, 3);
}
END_TEST

START_TEST(an_account_lives_until_its_last_batch_returns)
{
    struct account_batch *first = new_batch();
    struct account_batch *second = new_batch();
    defer(first, label);
    defer(second, label);
    account_unref(&account);
    ck_assert_int_eq(unused_calls, 0);
    settle(first, ETWR_REASON_NONE);
    ck_assert_int_eq(unused_calls, 0);
    account_settle_batch(&pool, second, ETWR_REASON_NONE);
    ck_assert_int_eq(unused_calls, 1);
    ck_assert_uint_eq(account.pending, 0);
    ck_assert_uint_eq(account.counts.written, 2);
}
END_TEST

START_TEST(lost_events_take_their_numbers_in_their_place)
{
    struct account_batch *batch = new_batch();
    account_lost(&account, ETWR_REASON_QUEUE_FULL, 10);
    ck_assert_uint_eq(account.settled_sequence, 10);
    defer(batch, label);
    account_lost(&account, ETWR_REASON_QUEUE_FULL, 5);
    ck_assert_uint_eq(account.settled_sequence, 10);
    ck_assert_uint_eq(account.client_dropped[ETWR_REASON_QUEUE_FULL], 15);
    settle(batch, ETWR_REASON_NONE);
    ck_assert_uint_eq(account.settled_sequence, 16);
    ck_assert_uint_eq(account.accepted, 1);
    written();
    ck_assert_uint_eq(account.settled_sequence, 17);
}
END_TEST

START_TEST(sequences_may_not_pass_63_bits)
{
    account_start(&account, INT64_MAX - 9);
    ck_assert(account_has_sequences(&account, 10));
    ck_assert(!account_has_sequences(&account, 11));
    account_lost(&account, ETWR_REASON_TIMEOUT, 10);
    ck_assert(!account_has_sequences(&account, 1));
    ck_assert(!account_has_sequences(&account, UINT64_MAX));
}
END_TEST

START_TEST(many_reasons_and_many_providers_behind_one_batch_are_all_counted)
{
    struct account_batch *batch = new_batch();
    struct account_label *labels[20];
    for (size_t i = 0; i < 20; i++) {
        labels[i] = account_label_create("x", 1);
        defer(batch, labels[i]);
        account_label_unref(labels[i]);
        dropped((enum etwr_reason)(16 + i % 9));
    }
    dropped(ETWR_REASON_NO_MEMORY);
    ck_assert_uint_eq(account.settled_sequence, 0);
    settle(batch, ETWR_REASON_IO);
    ck_assert_uint_eq(account.counts.dropped[ETWR_REASON_IO], 20);
    ck_assert_uint_eq(account.counts.dropped[ETWR_REASON_NO_MEMORY], 1);
    uint64_t sum = 0;
    for (size_t reason = 16; reason < 25; reason++)
        sum += account.counts.dropped[reason];
    ck_assert_uint_eq(sum, 20);
    ck_assert_uint_eq(loss_count, 20);
    ck_assert_uint_eq(account.settled_sequence, 41);
    ck_assert_uint_eq(account.pending, 0);
}
END_TEST

START_TEST(a_batch_that_fails_behind_many_known_drops_finds_room_for_its_own_reason)
{
    for (int reasons = 1; reasons <= 9; reasons++) {
        uint64_t before = account.counts.dropped[ETWR_REASON_IO];
        struct account_batch *batch = new_batch();
        defer(batch, label);
        for (int i = 0; i < reasons; i++)
            dropped((enum etwr_reason)(16 + i));
        settle(batch, ETWR_REASON_IO);
        ck_assert_uint_eq(account.counts.dropped[ETWR_REASON_IO], before + 1);
        ck_assert_uint_eq(account.pending, 0);
    }
}
END_TEST

START_TEST(a_drop_for_want_of_memory_needs_no_memory)
{
    struct account_batch *batch = new_batch();
    defer(batch, label);
    account_pool_clear(&pool);
    for (int reason = 16; reason < 21; reason++) {
        account_accept(&account);
        account_dropped(&account, &pool, (enum etwr_reason)reason);
    }
    account_accept(&account);
    account_dropped(&account, &pool, ETWR_REASON_NO_MEMORY);
    settle(batch, ETWR_REASON_NONE);
    ck_assert_uint_eq(account.settled_sequence, 7);
    ck_assert_uint_eq(account.counts.dropped[ETWR_REASON_NO_MEMORY], 1);
}
END_TEST

START_TEST(after_a_burst_the_pool_keeps_what_the_next_one_needs_and_frees_the_rest)
{
    enum { BURST = 3000, KEPT_MAX = 1024 };
    static struct account_batch *burst[BURST];

    for (size_t i = 0; i < BURST; i++)
        defer(burst[i] = new_batch(), label);
    ck_assert_uint_eq(account.pending, BURST);
    for (size_t i = 0; i < BURST; i++)
        settle(burst[i], ETWR_REASON_NONE);
    ck_assert_uint_eq(account.counts.written, BURST);
    ck_assert_uint_eq(pool.batch_count, KEPT_MAX);
    ck_assert_uint_eq(pool.settlement_count, KEPT_MAX);
}
END_TEST

START_TEST(a_label_may_be_empty)
{
    struct account_label *empty = account_label_create(NULL, 0);

    ck_assert_ptr_nonnull(empty);
    ck_assert_str_eq(empty->name, "");
    account_label_unref(empty);
}
END_TEST

enum { MODEL_EVENTS = 16384, MODEL_BATCHES = 8, STEPS = 10000 };

struct model_event {
    int batch;   /* -1: the outcome is known */
    int outcome; /* 0 written, 1 not enabled, 2 lost by the client, else 16 + a reason */
};

static struct model_event events[MODEL_EVENTS];
static struct account_batch *batches[MODEL_BATCHES];

/* What must be credited: everything before the first event that is still out. */
static void compare_with_model(size_t event_count)
{
    struct account_counts counts;
    memset(&counts, 0, sizeof counts);
    size_t i = 0;
    for (; i < event_count && events[i].batch < 0; i++) {
        if (events[i].outcome == 0) counts.written++;
        if (events[i].outcome == 1) counts.not_enabled++;
        if (events[i].outcome >= 16) counts.dropped[events[i].outcome]++;
    }
    ck_assert_uint_eq(account.settled_sequence, i);
    ck_assert(memcmp(&counts, &account.counts, sizeof counts) == 0);
    ck_assert(account_is_exact(&account));
}

static size_t random_step(struct account_label **labels, size_t event_count)
{
    struct model_event *event = &events[event_count];
    int what = rand() % 12;
    int b = rand() % MODEL_BATCHES;
    event->batch = -1;
    if (what < 5) { /* deferred, the newest batch more often than others */
        if (batches[b] == NULL) batches[b] = new_batch();
        event->batch = b;
        defer(batches[b], labels[rand() % 6]);
        return 1;
    }
    if (what == 5) {
        event->outcome = 0;
        written();
        return 1;
    }
    if (what == 6) {
        event->outcome = 1;
        account_accept(&account);
        account_not_enabled(&account);
        return 1;
    }
    if (what == 7) {
        event->outcome = 16 + rand() % 9;
        dropped((enum etwr_reason)event->outcome);
        return 1;
    }
    if (what == 8) {
        size_t count = 1 + (size_t)rand() % 3;
        for (size_t i = 0; i < count; i++)
            event[i] = (struct model_event){-1, 2};
        account_lost(&account, ETWR_REASON_TIMEOUT, count);
        return count;
    }
    if (batches[b] == NULL) return 0;
    int outcome = rand() % 3 == 0 ? ETWR_REASON_IO : 0;
    for (size_t i = 0; i < event_count; i++)
        if (events[i].batch == b) events[i] = (struct model_event){-1, outcome};
    settle(batches[b], (enum etwr_reason)outcome);
    batches[b] = NULL;
    return 0;
}

START_TEST(random_schedules_keep_the_equation_after_every_step)
{
    unsigned seed = (unsigned)time(NULL);
    const char *given = getenv("ETWR_TEST_SEED");
    if (given != NULL) seed = (unsigned)strtoul(given, NULL, 10);
    printf("ETWR_TEST_SEED=%u\n", seed);
    srand(seed);
    memset(batches, 0, sizeof batches);
    struct account_label *labels[6];
    for (size_t i = 0; i < 6; i++)
        labels[i] = account_label_create("p", 1);
    size_t event_count = 0;
    for (int step = 0; step < STEPS && event_count < MODEL_EVENTS - 4; step++) {
        event_count += random_step(labels, event_count);
        compare_with_model(event_count);
    }
    for (int b = 0; b < MODEL_BATCHES; b++)
        if (batches[b] != NULL) settle(batches[b], ETWR_REASON_NONE);
    ck_assert_uint_eq(account.pending, 0);
    ck_assert_uint_eq(account.settled_sequence, event_count);
    for (size_t i = 0; i < 6; i++)
        account_label_unref(labels[i]);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("account");
    TCase *tc = tcase_create("account");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, outcomes_known_at_once_are_credited_at_once);
    tcase_add_test(tc, the_first_sequence_is_the_hellos);
    tcase_add_test(tc, events_in_a_batch_are_pending_until_it_returns);
    tcase_add_test(tc, outcomes_behind_a_pending_event_wait_for_it);
    tcase_add_test(tc, a_failed_batch_drops_its_events_and_says_which);
    tcase_add_test(tc, a_later_batch_that_returns_first_waits_for_the_earlier_one);
    tcase_add_test(tc, the_watermark_stops_at_the_first_event_still_out);
    tcase_add_test(tc, a_batch_record_used_again_is_another_batch);
    tcase_add_test(tc, an_account_lives_until_its_last_batch_returns);
    tcase_add_test(tc, lost_events_take_their_numbers_in_their_place);
    tcase_add_test(tc, sequences_may_not_pass_63_bits);
    tcase_add_test(tc, many_reasons_and_many_providers_behind_one_batch_are_all_counted);
    tcase_add_test(tc, a_batch_that_fails_behind_many_known_drops_finds_room_for_its_own_reason);
    tcase_add_test(tc, a_drop_for_want_of_memory_needs_no_memory);
    tcase_add_test(tc, after_a_burst_the_pool_keeps_what_the_next_one_needs_and_frees_the_rest);
    tcase_add_test(tc, a_label_may_be_empty);
    tcase_add_test(tc, random_schedules_keep_the_equation_after_every_step);
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
