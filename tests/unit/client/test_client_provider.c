/* What the service pushes: enablement, refusals, callbacks; and slots. */
#include <check.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/client/fixture.h"

static struct fixture f;

static _Atomic int call_count;

static void setup(void)
{
    fixture_init(&f);
    call_count = 0;
}

/* Wait until the pushed state says so. */
static void wait_enabled(uint8_t level, uint64_t keyword, int expected)
{
    while (etwr_provider_enabled(f.provider, level, keyword) != expected)
        check_books(f.client);
}

START_TEST(a_provider_counts_as_enabled_until_it_is_answered)
{
    fixture_start(&f);
    ck_assert(etwr_provider_enabled(f.provider, 255, 1));
    ck_assert(etwr_provider_enabled(f.provider, 0, 0));
    ck_assert_int_eq(etwr_provider_status(f.provider, NULL), ETWR_OK);
    fixture_clear(&f);
}
END_TEST

START_TEST(enabled_follows_etws_rule)
{
    struct frame open = fixture_connect(&f);

    fake_enable(&f.service, &open, 3, 0x6, 0x2);
    wait_enabled(4, 2, 0);
    ck_assert(etwr_provider_enabled(f.provider, 3, 2));
    ck_assert(etwr_provider_enabled(f.provider, 0, 6));
    ck_assert(etwr_provider_enabled(f.provider, 3, 0));
    ck_assert(!etwr_provider_enabled(f.provider, 3, 4)); /* not all of match_all */
    ck_assert(!etwr_provider_enabled(f.provider, 3, 8)); /* none of match_any */
    fixture_clear(&f);
}
END_TEST

START_TEST(what_nobody_listens_to_is_counted_and_takes_no_sequence)
{
    struct frame open = fixture_connect(&f);
    struct etwr_counters counters;

    fake_enable(&f.service, &open, 3, UINT64_MAX, 0);
    wait_enabled(4, 1, 0);
    ck_assert_int_eq(write_number_at(&f, 1, 4, 1), ETWR_E_NOT_ENABLED);
    ck_assert_int_eq(write_number_at(&f, 2, 3, 1), ETWR_OK);
    fake_expect(&f.service, WIRE_SCHEMA);
    ck_assert_uint_eq(read_number(&f.service), 2);
    fake_ack(&f.service, 1, 1, 0, 0, 0);
    counters = wait_pending(f.client, 0);
    ck_assert_uint_eq(counters.produced, 2);
    ck_assert_uint_eq(counters.not_enabled, 1);
    fixture_clear(&f);
}
END_TEST

START_TEST(a_refused_providers_events_are_counted_by_the_services_reason)
{
    struct reply_provider_state state = {
        .slot = 1, .generation = 1, .result = ETWR_REASON_NOT_ALLOWED};
    enum etwr_reason reason = ETWR_REASON_NONE;
    struct etwr_counters counters;

    fixture_connect(&f);
    ck_assert_int_eq(write_number(&f, 1), ETWR_OK); /* before it is known */
    fake_skip_to(&f.service, WIRE_EVENT);
    fake_send_state(&f.service, &state);
    wait_enabled(0, 0, 0);
    while (etwr_provider_status(f.provider, &reason) == ETWR_OK)
        check_books(f.client);
    ck_assert_int_eq(reason, ETWR_REASON_NOT_ALLOWED);
    ck_assert_int_eq(write_number(&f, 2), ETWR_E_REFUSED);
    fake_ack(&f.service, 1, 0, 0, ETWR_REASON_NOT_ALLOWED, 1);
    counters = wait_pending(f.client, 0);
    ck_assert_uint_eq(counters.dropped[ETWR_REASON_NOT_ALLOWED], 1);
    ck_assert_uint_eq(counters.settled_dropped[ETWR_REASON_NOT_ALLOWED], 1);
    ck_assert_uint_eq(counters.not_enabled, 0);
    fixture_clear(&f);
}
END_TEST

START_TEST(an_answer_to_an_earlier_opening_is_ignored)
{
    struct reply_provider_state state = {.slot = 1, .generation = 77};
    struct frame open = fixture_connect(&f);

    fake_send_state(&f.service, &state); /* disabled, but not this one */
    state.slot = 9;
    fake_send_state(&f.service, &state); /* nobody */
    fake_enable(&f.service, &open, 200, UINT64_MAX, 0);
    wait_enabled(201, 0, 0);
    ck_assert(etwr_provider_enabled(f.provider, 200, 0));
    fixture_clear(&f);
}
END_TEST

START_TEST(the_state_stays_over_a_reconnect_until_the_next_answer)
{
    struct frame open = fixture_connect(&f);

    fake_enable(&f.service, &open, 3, UINT64_MAX, 0);
    wait_enabled(4, 1, 0);
    fake_close(&f.service);
    fake_welcome(&f.service);
    open = fake_expect(&f.service, WIRE_PROVIDER_OPEN);
    ck_assert(!etwr_provider_enabled(f.provider, 4, 1));
    fake_enable(&f.service, &open, 4, UINT64_MAX, 0);
    wait_enabled(4, 1, 1);
    fixture_clear(&f);
}
END_TEST

START_TEST(opening_tells_name_id_and_group)
{
    struct etwr_guid id = {{1}}, group = {{2}};
    struct etwr_provider_options options;
    struct etwr_provider *provider;
    struct request_provider_open open;
    struct frame frame;

    fixture_connect(&f);
    etwr_provider_options_init(&options);
    options.id = &id;
    options.group = &group;
    ck_assert_int_eq(etwr_provider_open(f.client, "Other", &options, &provider), ETWR_OK);
    frame = fake_expect(&f.service, WIRE_PROVIDER_OPEN);
    ck_assert_int_eq(request_read_provider_open(&frame, &open), ETWR_OK);
    ck_assert_uint_eq(open.slot, 2);
    ck_assert_uint_eq(open.name.size, 5);
    ck_assert(open.has_id && open.has_group);
    ck_assert_mem_eq(&open.id, &id, 16);
    ck_assert_mem_eq(&open.group, &group, 16);
    fixture_clear(&f);
}
END_TEST

START_TEST(bad_names_and_options_are_refused)
{
    struct etwr_provider_options options = {.struct_size = 1};
    struct etwr_provider *provider;
    char name[1026];

    fixture_start(&f);
    memset(name, 'n', sizeof name);
    name[1025] = '\0';
    ck_assert_int_eq(etwr_provider_open(f.client, name, NULL, &provider), ETWR_E_BAD_NAME);
    name[1024] = '\0';
    ck_assert_int_eq(etwr_provider_open(f.client, name, NULL, &provider), ETWR_OK);
    ck_assert_int_eq(etwr_provider_open(f.client, "", NULL, &provider), ETWR_E_BAD_NAME);
    ck_assert_int_eq(etwr_provider_open(f.client, "\xc0\x80", NULL, &provider), ETWR_E_BAD_NAME);
    ck_assert_int_eq(etwr_provider_open(f.client, "X", &options, &provider),
                     ETWR_E_INVALID_ARGUMENT);
    fixture_clear(&f);
}
END_TEST

START_TEST(events_written_before_the_close_are_delivered_before_it)
{
    struct etwr_provider *second;
    struct frame frame;
    uint16_t slot;

    fixture_connect(&f);
    ck_assert_int_eq(write_number(&f, 1), ETWR_OK);
    etwr_provider_close(f.provider);
    ck_assert_int_eq(etwr_provider_open(f.client, "Second", NULL, &second), ETWR_OK);
    f.provider = second;
    ck_assert_int_eq(write_number(&f, 2), ETWR_OK);
    fake_expect(&f.service, WIRE_SCHEMA);
    ck_assert_uint_eq(read_number(&f.service), 1);
    frame = fake_expect(&f.service, WIRE_PROVIDER_CLOSE);
    ck_assert_int_eq(request_read_provider_close(&frame, &slot), ETWR_OK);
    ck_assert_uint_eq(slot, 1);
    fake_expect(&f.service, WIRE_PROVIDER_OPEN);
    fake_expect(&f.service, WIRE_SCHEMA); /* schemas die with their slot */
    ck_assert_uint_eq(read_number(&f.service), 2);
    fixture_clear(&f);
}
END_TEST

START_TEST(a_slot_is_used_again_with_a_new_generation)
{
    struct request_provider_open first, second;
    struct frame frame = fixture_connect(&f);

    ck_assert_int_eq(request_read_provider_open(&frame, &first), ETWR_OK);
    etwr_provider_close(f.provider);
    fake_expect(&f.service, WIRE_PROVIDER_CLOSE);
    /* The slot is free once the closing has left the queue. */
    wait_pending(f.client, 0);
    do {
        ck_assert_int_eq(etwr_provider_open(f.client, "Second", NULL, &f.provider), ETWR_OK);
        frame = fake_expect(&f.service, WIRE_PROVIDER_OPEN);
        ck_assert_int_eq(request_read_provider_open(&frame, &second), ETWR_OK);
        ck_assert_uint_ne(second.generation, first.generation);
    } while (second.slot != first.slot);
    fixture_clear(&f);
}
END_TEST

START_TEST(closed_providers_are_not_opened_again_after_a_reconnect)
{
    struct etwr_provider *second;
    struct frame frame;

    fixture_connect(&f);
    ck_assert_int_eq(etwr_provider_open(f.client, "Second", NULL, &second), ETWR_OK);
    fake_expect(&f.service, WIRE_PROVIDER_OPEN);
    etwr_provider_close(f.provider);
    fake_expect(&f.service, WIRE_PROVIDER_CLOSE);
    fake_close(&f.service);
    fake_welcome(&f.service);
    frame = fake_expect(&f.service, WIRE_PROVIDER_OPEN);
    ck_assert_uint_eq(frame.slot, 2);
    f.provider = second;
    ck_assert_int_eq(write_number(&f, 3), ETWR_OK);
    fake_expect(&f.service, WIRE_SCHEMA);
    ck_assert_uint_eq(read_number(&f.service), 3);
    fixture_clear(&f);
}
END_TEST

/* Hundreds of providers: more openings than the out buffer holds go out before the first event. */
START_TEST(many_providers_are_all_opened_again)
{
    char name[1025];

    fixture_connect(&f);
    memset(name, 'n', 1024);
    name[1024] = '\0';
    for (int i = 0; i < 400; i++) {
        struct etwr_provider *provider;

        ck_assert_int_eq(etwr_provider_open(f.client, name, NULL, &provider), ETWR_OK);
    }
    for (int i = 0; i < 400; i++)
        fake_expect(&f.service, WIRE_PROVIDER_OPEN);
    fake_close(&f.service);
    ck_assert_int_eq(write_number(&f, 1), ETWR_OK);
    fake_welcome(&f.service);
    for (int i = 0; i < 401; i++)
        fake_expect(&f.service, WIRE_PROVIDER_OPEN);
    fake_expect(&f.service, WIRE_SCHEMA);
    ck_assert_uint_eq(read_number(&f.service), 1);
    fixture_clear(&f);
}
END_TEST

struct call {
    enum etwr_provider_change change;
    uint8_t level;
    uint64_t any, all;
};

static struct call calls[16];
static struct etwr_provider *called_provider;

static void on_change(void *context, enum etwr_provider_change change, uint8_t level, uint64_t any,
                      uint64_t all)
{
    struct call call = {change, level, any, all};

    ck_assert_ptr_eq(context, &call_count);
    calls[call_count] = call;
    call_count++;
}

static struct frame open_with_callback(etwr_provider_callback callback)
{
    struct etwr_provider_options options;

    etwr_provider_options_init(&options);
    options.callback = callback;
    options.context = (void *)&call_count;
    ck_assert_int_eq(etwr_provider_open(f.client, "Called", &options, &called_provider), ETWR_OK);
    return fake_expect(&f.service, WIRE_PROVIDER_OPEN);
}

static void wait_calls(int count)
{
    while (call_count < count)
        check_books(f.client);
    ck_assert_int_eq(call_count, count);
}

START_TEST(the_callback_hears_of_changes_and_of_them_alone)
{
    struct reply_provider_state state = {
        .slot = 2, .generation = 2, .control = WIRE_CONTROL_CAPTURE_STATE, .level = 7};
    struct frame open;

    fixture_connect(&f);
    open = open_with_callback(on_change);
    fake_enable(&f.service, &open, 3, 0xF, 0x1);
    wait_calls(1);
    ck_assert_int_eq(calls[0].change, ETWR_PROVIDER_ENABLED);
    ck_assert_uint_eq(calls[0].level, 3);
    ck_assert_uint_eq(calls[0].any, 0xF);
    ck_assert_uint_eq(calls[0].all, 0x1);
    fake_send_state(&f.service, &state);
    wait_calls(2);
    ck_assert_int_eq(calls[1].change, ETWR_PROVIDER_CAPTURE_STATE);
    ck_assert_uint_eq(calls[1].level, 7);
    ck_assert(!etwr_provider_enabled(called_provider, 4, 0)); /* asking changes nothing */
    /* A reconnect repeats what is known; then the listener goes. */
    fake_close(&f.service);
    fake_welcome(&f.service);
    fake_expect(&f.service, WIRE_PROVIDER_OPEN);
    open = fake_expect(&f.service, WIRE_PROVIDER_OPEN);
    fake_enable(&f.service, &open, 3, 0xF, 0x1);
    state.control = WIRE_CONTROL_DISABLE;
    fake_send_state(&f.service, &state);
    wait_calls(3);
    ck_assert_int_eq(calls[2].change, ETWR_PROVIDER_DISABLED);
    ck_assert_uint_eq(calls[2].level, 0);
    fixture_clear(&f);
}
END_TEST

/* Writes, opens, and closes its own provider from where it is called. */
static void act(void *context, enum etwr_provider_change change, uint8_t level, uint64_t any,
                uint64_t all)
{
    struct etwr_event *event;
    struct etwr_provider *other;

    (void)context;
    (void)change;
    (void)level;
    (void)any;
    (void)all;
    ck_assert_int_eq(etwr_client_flush(f.client, LONG_MS), ETWR_E_INVALID_ARGUMENT);
    ck_assert_int_eq(etwr_client_wait_connected(f.client, LONG_MS), ETWR_E_INVALID_ARGUMENT);
    ck_assert_int_eq(etwr_event_create(&event), ETWR_OK);
    etwr_event_reset(event, "FromCallback", 1, 0);
    ck_assert_int_eq(etwr_provider_write(called_provider, event), ETWR_OK);
    etwr_event_destroy(event);
    ck_assert_int_eq(etwr_provider_open(f.client, "FromCallback", NULL, &other), ETWR_OK);
    etwr_provider_close(called_provider);
    call_count++;
}

START_TEST(a_callback_may_write_open_and_close)
{
    struct frame open;

    fixture_connect(&f);
    open = open_with_callback(act);
    fake_enable(&f.service, &open, 255, UINT64_MAX, 0);
    wait_calls(1);
    fake_expect(&f.service, WIRE_SCHEMA);
    fake_expect(&f.service, WIRE_EVENT);
    fake_expect(&f.service, WIRE_PROVIDER_OPEN);
    ck_assert_uint_eq(fake_expect(&f.service, WIRE_PROVIDER_CLOSE).slot, 2);
    fixture_clear(&f);
}
END_TEST

static _Atomic int may_return;

static void linger(void *context, enum etwr_provider_change change, uint8_t level, uint64_t any,
                   uint64_t all)
{
    on_change(context, change, level, any, all);
    while (!may_return)
        check_books(f.client);
    may_return = 2;
}

static void *release(void *context)
{
    (void)context;
    for (int i = 0; i < 1000; i++)
        check_books(f.client);
    may_return = 1;
    return NULL;
}

START_TEST(close_waits_for_a_callback_that_runs)
{
    struct frame open;
    pthread_t thread;

    fixture_connect(&f);
    open = open_with_callback(linger);
    fake_enable(&f.service, &open, 255, UINT64_MAX, 0);
    wait_calls(1);
    ck_assert_int_eq(pthread_create(&thread, NULL, release, NULL), 0);
    etwr_provider_close(called_provider);
    ck_assert_int_eq(may_return, 2);
    pthread_join(thread, NULL);
    fixture_clear(&f);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("client_provider");
    TCase *tcase = tcase_create("provider");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_set_timeout(tcase, 50);
    tcase_add_checked_fixture(tcase, setup, NULL);
    tcase_add_test(tcase, a_provider_counts_as_enabled_until_it_is_answered);
    tcase_add_test(tcase, enabled_follows_etws_rule);
    tcase_add_test(tcase, what_nobody_listens_to_is_counted_and_takes_no_sequence);
    tcase_add_test(tcase, a_refused_providers_events_are_counted_by_the_services_reason);
    tcase_add_test(tcase, an_answer_to_an_earlier_opening_is_ignored);
    tcase_add_test(tcase, the_state_stays_over_a_reconnect_until_the_next_answer);
    tcase_add_test(tcase, opening_tells_name_id_and_group);
    tcase_add_test(tcase, bad_names_and_options_are_refused);
    tcase_add_test(tcase, events_written_before_the_close_are_delivered_before_it);
    tcase_add_test(tcase, a_slot_is_used_again_with_a_new_generation);
    tcase_add_test(tcase, closed_providers_are_not_opened_again_after_a_reconnect);
    tcase_add_test(tcase, many_providers_are_all_opened_again);
    tcase_add_test(tcase, the_callback_hears_of_changes_and_of_them_alone);
    tcase_add_test(tcase, a_callback_may_write_open_and_close);
    tcase_add_test(tcase, close_waits_for_a_callback_that_runs);
    suite_add_tcase(suite, tcase);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
