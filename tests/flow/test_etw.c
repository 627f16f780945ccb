/*
 * The whole relay with the sink etw, and a recorder where Windows would be: what sessions want
 * reaches the clients, and what clients write reaches EventWriteTransfer.
 */
#include <check.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/flow/etw_fixture.h"

#define PROVIDER      "Contoso.Etw"
#define OWN_PROVIDER  "etwrelay"
#define SENDERS       40
#define RACE_SENDERS  4
#define RACE_WRITES   3000
#define ACCESS_DENIED 5

static struct service service;
static struct sender sender;
static struct etwr_guid id;

static void set_up(void)
{
    service_init(&service);
    recorder_reset();
    id = etw_id(PROVIDER);
}

static void tear_down(void)
{
    etw_clear(&service);
}

static void start(void)
{
    static const char *const arguments[] = {"--sink", "etw", "--no-origin", "--workers", "2", NULL};
    etw_start(&service, arguments);
}

static void start_with_config(const char *json)
{
    static char path[PROCESS_PATH_MAX];
    static const char *const arguments[] = {"--config", path, NULL};
    scratch_write(&service.scratch, "etwrelay.json", json, strlen(json));
    scratch_file(&service.scratch, "etwrelay.json", path);
    etw_start(&service, arguments);
}

/* A counter of the service's n-th sink. */
static long sink_final(int index, const char *key)
{
    const cJSON *sink =
        cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(service.final, "sinks"), index);
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(sink, key);
    ck_assert_msg(cJSON_IsNumber(item), "sink %d has no %s", index, key);
    return (long)item->valuedouble;
}

START_TEST(session_that_comes_and_goes_is_pushed_to_the_client)
{
    struct etwr_counters counters;
    struct told *told = &sender.told;
    start();
    sender_init(&sender, &service, PROVIDER);
    ck_assert(recorder_find(&id, NULL));
    ck_assert_uint_eq(told->disabled, 1);
    ck_assert_int_eq(sender_write(&sender, 1, 0), ETWR_E_NOT_ENABLED);

    recorder_enable(&id, 4, 0x6, 0x2);
    told_wait(told, &told->enabled, 1);
    ck_assert_uint_eq(told->level, 4);
    ck_assert(told->match_any == 0x6 && told->match_all == 0x2);
    ck_assert_int_eq(sender_write(&sender, 4, 0x2), ETWR_OK);
    ck_assert_int_eq(sender_write(&sender, 5, 0x2), ETWR_E_NOT_ENABLED);
    sender_settle(&sender, &counters);
    ck_assert_uint_eq(counters.settled_written, 1);
    ck_assert_uint_eq(recorder_write_count(), 1);

    recorder_enable(&id, 0, 0, 0); /* another session: everything */
    told_wait(told, &told->enabled, 2);
    ck_assert_uint_eq(told->level, 255);
    recorder_disable(&id);
    told_wait(told, &told->disabled, 2);
    ck_assert_int_eq(sender_write(&sender, 1, 0), ETWR_E_NOT_ENABLED);
    sender_clear(&sender);
    etw_stop(&service);
    ck_assert_uint_eq(service_final(&service, "written"), 1);
}
END_TEST

START_TEST(session_that_was_there_first_is_in_the_first_answer)
{
    start();
    recorder_enable(&id, 3, 0x10, 0);
    sender_init(&sender, &service, PROVIDER);
    ck_assert_uint_eq(sender.told.enabled, 1);
    ck_assert_uint_eq(sender.told.disabled, 0);
    ck_assert_uint_eq(sender.told.level, 3);
    ck_assert(sender.told.match_any == 0x10);
    sender_clear(&sender);
    etw_stop(&service);
}
END_TEST

START_TEST(filter_narrows_what_sessions_want)
{
    struct etwr_counters counters;
    start_with_config("{\"origin\":[],\"sinks\":[{\"type\":\"etw\",\"filter\":{\"level\":3,"
                      "\"match_any\":\"0xc\"}}]}");
    recorder_enable(&id, 5, 0x5, 0);
    sender_init(&sender, &service, PROVIDER);
    ck_assert_uint_eq(sender.told.level, 3);
    /* Each has a keyword that the other lacks: the filter's are pushed, and Windows decides. */
    ck_assert(sender.told.match_any == 0xc);
    ck_assert_int_eq(sender_write(&sender, 4, 0x4), ETWR_E_NOT_ENABLED);
    ck_assert_int_eq(sender_write(&sender, 3, 0x1), ETWR_E_NOT_ENABLED);
    ck_assert_int_eq(sender_write(&sender, 3, 0x8), ETWR_OK);
    ck_assert_int_eq(sender_write(&sender, 3, 0x9), ETWR_OK);
    sender_settle(&sender, &counters);
    ck_assert_uint_eq(counters.settled_written, 1);
    ck_assert_uint_eq(counters.settled_not_enabled, 1);
    ck_assert_uint_eq(recorder_write_count(), 1);
    ck_assert(recorder_write(0)->descriptor.keyword == 0x9);
    sender_clear(&sender);
    etw_stop(&service);
    ck_assert_int_eq(sink_final(0, "not_enabled"), 1);
}
END_TEST

/* No more than these, as far as the worker's answer to a flush shows. */
static void check_captures(struct sender *asked, unsigned captures)
{
    struct etwr_counters counters;
    ck_assert_int_eq(sender_write(asked, 0, 0), ETWR_OK);
    sender_settle(asked, &counters);
    uv_mutex_lock(&asked->told.mutex);
    ck_assert_uint_eq(asked->told.captures, captures);
    uv_mutex_unlock(&asked->told.mutex);
}

START_TEST(capture_state_reaches_each_client_once)
{
    static struct sender senders[SENDERS];
    struct sender late;
    start();
    recorder_enable(&id, 5, 0, 0);
    for (size_t i = 0; i < SENDERS; i++)
        sender_init(&senders[i], &service, PROVIDER);
    recorder_control(&id, ETW_CAPTURE_STATE, 0, 0, 0);
    for (size_t i = 0; i < SENDERS; i++)
        told_wait(&senders[i].told, &senders[i].told.captures, 1);
    /* Who comes later was not asked. */
    sender_init(&late, &service, PROVIDER);
    recorder_enable(&id, 4, 0, 0);
    told_wait(&late.told, &late.told.enabled, 2);
    check_captures(&late, 0);
    recorder_control(&id, ETW_CAPTURE_STATE, 0, 0, 0);
    told_wait(&late.told, &late.told.captures, 1);
    for (size_t i = 0; i < SENDERS; i++)
        told_wait(&senders[i].told, &senders[i].told.captures, 2);
    /* Another change brings no old request back. */
    recorder_enable(&id, 3, 0, 0);
    for (size_t i = 0; i < SENDERS; i++) {
        told_wait(&senders[i].told, &senders[i].told.enabled, 3);
        check_captures(&senders[i], 2);
        sender_clear(&senders[i]);
    }
    check_captures(&late, 1);
    sender_clear(&late);
    etw_stop(&service);
}
END_TEST

/* Nobody who does not listen is owed any state, not even later. (A request and a session that come
 * within one look of the worker are one.) */
START_TEST(capture_state_without_a_listener_is_passed_over)
{
    static const char *const arguments[] = {"--sink", "etw", "--workers", "1", NULL};
    struct etwr_guid other_id = etw_id("Contoso.Other");
    struct sender other;
    etw_start(&service, arguments);
    sender_init(&sender, &service, PROVIDER);
    sender_init(&other, &service, "Contoso.Other");
    recorder_control(&id, ETW_CAPTURE_STATE, 0, 0, 0);
    /* Two looks, one after the other: the first is over when the second has an effect. */
    recorder_enable(&other_id, 5, 0, 0);
    told_wait(&other.told, &other.told.enabled, 1);
    recorder_disable(&other_id);
    told_wait(&other.told, &other.told.disabled, 2);

    recorder_enable(&id, 5, 0, 0);
    told_wait(&sender.told, &sender.told.enabled, 1);
    check_captures(&sender, 0);
    recorder_control(&id, ETW_CAPTURE_STATE, 0, 0, 0);
    told_wait(&sender.told, &sender.told.captures, 1);
    check_captures(&sender, 1);
    sender_clear(&other);
    sender_clear(&sender);
    etw_stop(&service);
}
END_TEST

START_TEST(provider_that_windows_refuses_is_refused_to_the_client)
{
    enum etwr_reason reason = ETWR_REASON_NONE;
    start();
    struct etwr_guid own = etw_id(OWN_PROVIDER);
    etw_wait_registered(&own, true);
    recorder_fail(&(struct recorder_results){.event_register = ACCESS_DENIED});
    sender_init(&sender, &service, PROVIDER);
    ck_assert_int_eq(etwr_provider_status(sender.provider, &reason), ETWR_E_REFUSED);
    ck_assert_int_eq(reason, ETWR_REASON_REGISTER_FAILED);
    ck_assert(!recorder_find(&id, NULL));
    sender_clear(&sender);
    /* The next client's attempt is a new one. */
    recorder_fail(&(struct recorder_results){0});
    sender_init(&sender, &service, PROVIDER);
    ck_assert_int_eq(etwr_provider_status(sender.provider, NULL), ETWR_OK);
    sender_clear(&sender);
    etw_stop(&service);
}
END_TEST

START_TEST(service_starts_without_its_own_provider)
{
    recorder_fail(&(struct recorder_results){.event_register = ACCESS_DENIED});
    start();
    sender_init(&sender, &service, PROVIDER);
    ck_assert_int_eq(etwr_provider_status(sender.provider, NULL), ETWR_E_REFUSED);
    ck_assert_uint_eq(recorder_registered_count(), 0);
    sender_clear(&sender);
    etw_stop(&service);
}
END_TEST

START_TEST(provider_is_unregistered_when_it_has_lingered)
{
    start_with_config(
        "{\"sinks\":[{\"type\":\"etw\"}],\"limits\":{\"provider_linger_s\":0},"
        "\"providers\":[{\"name\":\"Contoso.Pinned\",\"open_at_start\":true},{\"name\":\"*\"}]}");
    struct etwr_guid pinned = etw_id("Contoso.Pinned");
    sender_init(&sender, &service, PROVIDER);
    ck_assert(recorder_find(&id, NULL));
    etw_wait_registered(&pinned, true);
    sender_clear(&sender);
    etw_wait_registered(&id, false);
    ck_assert(recorder_find(&pinned, NULL));
    etw_stop(&service);
}
END_TEST

START_TEST(refused_writes_are_counted_and_told)
{
    struct etwr_counters counters;
    struct etwr_guid own = etw_id(OWN_PROVIDER);
    start();
    recorder_enable(&id, 5, 0, 0);
    recorder_enable(&own, 5, 0, 0);
    sender_init(&sender, &service, PROVIDER);
    recorder_fail(&(struct recorder_results){.write = ETW_MORE_DATA});
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(sender_write(&sender, 4, 1), ETWR_OK);
    sender_settle(&sender, &counters);
    ck_assert_uint_eq(counters.settled_dropped[ETWR_REASON_SESSION_BUFFER_SMALL], 3);
    recorder_fail(&(struct recorder_results){0});
    size_t before = recorder_write_count();
    ck_assert_int_eq(sender_write(&sender, 4, 1), ETWR_OK);
    sender_settle(&sender, &counters);
    ck_assert_uint_eq(counters.settled_written, 1);
    /* What was lost is told before the next good event, unless a second had passed already. */
    ck_assert_uint_le(recorder_write_count() - before, 2);
    const struct recorded_write *last = recorder_write(recorder_write_count() - 1);
    ck_assert_mem_eq(&last->provider_id, &id, sizeof id);
    sender_clear(&sender);
    etw_stop(&service);
    ck_assert_uint_eq(service_final(&service, "dropped.session_buffer_small"), 3);
    ck_assert_uint_ge(service_final(&service, "own.written"), 1);
}
END_TEST

START_TEST(client_follows_the_sink_that_listens)
{
    struct etwr_counters counters;
    start_with_config("{\"sinks\":[{\"type\":\"etw\"},{\"type\":\"null\"}]}");
    sender_init(&sender, &service, PROVIDER);
    ck_assert_int_eq(sender_write(&sender, 4, 1), ETWR_OK); /* the second sink wants it */
    recorder_enable(&id, 5, 2, 0);
    ck_assert_int_eq(sender_write(&sender, 4, 1), ETWR_OK); /* and this one, too */
    sender_settle(&sender, &counters);
    ck_assert_uint_eq(counters.settled_written, 2);
    sender_clear(&sender);
    etw_stop(&service);
    ck_assert_int_eq(sink_final(0, "not_enabled"), 2);
    ck_assert_int_eq(sink_final(1, "written"), 2);
}
END_TEST

/* The origin's values are a piece of data of their own, behind the client's. */
START_TEST(origin_follows_the_values)
{
    static const char *const arguments[] = {"--sink", "etw", NULL};
    struct etwr_counters counters;
    recorder_enable(&id, 5, 0, 0);
    etw_start(&service, arguments);
    sender_init(&sender, &service, PROVIDER);
    ck_assert_int_eq(sender_write(&sender, 4, 1), ETWR_OK);
    sender_settle(&sender, &counters);
    const struct recorded_write *write = recorder_write(0);
    ck_assert_uint_eq(write->data_count, 4);
    ck_assert_uint_eq(write->data[2].bytes.size, 4);
    ck_assert_uint_gt(write->data[3].bytes.size, 0);
    ck_assert_uint_eq(write->data[3].reserved, ETW_DATA_VALUES);
    sender_clear(&sender);
    etw_stop(&service);
}
END_TEST

static void enable_vector(void *context, const struct vector_line *line)
{
    FILE *file = context;
    struct etwr_guid provider;
    const cJSON *text = cJSON_GetObjectItemCaseSensitive(line->expect, "provider_id");
    ck_assert_int_eq(etwr_guid_parse(text->valuestring, &provider), ETWR_OK);
    recorder_enable(&provider, 0, 0, 0);
    fprintf(file, "%.*s\n", (int)line->size, line->text);
}

static void check_vector(void *context, const struct vector_line *line)
{
    size_t *index = context;
    recorded_vector_check(line, recorder_write((*index)++));
}

START_TEST(vectors_go_through_the_relay_byte_for_byte)
{
    static const char *const arguments[] = {"--sink", "etw", "--no-origin", "--allow-any-provider",
                                            NULL};
    char path[PROCESS_PATH_MAX];
    size_t index = 0;
    FILE *file = fopen(scratch_file(&service.scratch, "events.jsonl", path), "wb");
    ck_assert_ptr_nonnull(file);
    vector_lines_each(enable_vector, file);
    fclose(file);
    etw_start(&service, arguments);
    sender_init(&sender, &service, PROVIDER); /* it accepts connections */
    flow_tool_expect(0, &service, NULL, "send", "--pipe", "PIPE", "--jsonl", path, NULL);
    ck_assert_uint_eq(recorder_write_count(), RECORDED_VECTORS);
    vector_lines_each(check_vector, &index);
    sender_clear(&sender);
    etw_stop(&service);
}
END_TEST

static atomic_bool is_over;

static void keep_changing(void *argument)
{
    (void)argument;
    while (!atomic_load(&is_over)) {
        recorder_enable(&id, 5, 1, 0);
        recorder_control(&id, ETW_CAPTURE_STATE, 0, 0, 0);
        recorder_disable(&id);
    }
    recorder_enable(&id, 5, 1, 0);
}

START_TEST(sessions_change_while_clients_write_and_the_last_word_counts)
{
    static struct sender senders[RACE_SENDERS];
    uint64_t written = 0;
    uv_thread_t changing;
    start();
    recorder_keep_nothing();
    for (size_t i = 0; i < RACE_SENDERS; i++)
        sender_init(&senders[i], &service, PROVIDER);
    ck_assert_int_eq(uv_thread_create(&changing, keep_changing, NULL), 0);
    for (unsigned n = 0; n < RACE_WRITES; n++)
        (void)sender_write(&senders[n % RACE_SENDERS], 4, 1);
    atomic_store(&is_over, true);
    ck_assert_int_eq(uv_thread_join(&changing), 0);
    for (size_t i = 0; i < RACE_SENDERS; i++) {
        struct etwr_counters counters;
        sender_settle(&senders[i], &counters);
        written += counters.settled_written;
        /* Whatever was seen on the way, in the end the session is there. */
        uint64_t end = uv_hrtime() + 20 * UINT64_C(1000000000);
        while (!etwr_provider_enabled(senders[i].provider, 4, 1)) {
            ck_assert_msg(uv_hrtime() < end, "the last change was not pushed");
            uv_sleep(1);
        }
        sender_clear(&senders[i]);
    }
    ck_assert_uint_eq(recorder_write_count(), written);
    etw_stop(&service);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("etw");
    TCase *cases = tcase_create("etw");
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_set_timeout(cases, 100);
    tcase_add_test(cases, session_that_comes_and_goes_is_pushed_to_the_client);
    tcase_add_test(cases, session_that_was_there_first_is_in_the_first_answer);
    tcase_add_test(cases, filter_narrows_what_sessions_want);
    tcase_add_test(cases, capture_state_reaches_each_client_once);
    tcase_add_test(cases, capture_state_without_a_listener_is_passed_over);
    tcase_add_test(cases, provider_that_windows_refuses_is_refused_to_the_client);
    tcase_add_test(cases, service_starts_without_its_own_provider);
    tcase_add_test(cases, provider_is_unregistered_when_it_has_lingered);
    tcase_add_test(cases, refused_writes_are_counted_and_told);
    tcase_add_test(cases, client_follows_the_sink_that_listens);
    tcase_add_test(cases, origin_follows_the_values);
    tcase_add_test(cases, vectors_go_through_the_relay_byte_for_byte);
    tcase_add_test(cases, sessions_change_while_clients_write_and_the_last_word_counts);
    suite_add_tcase(suite, cases);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
