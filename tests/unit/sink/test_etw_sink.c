/*
 * The etw sink against a recorder in place of Windows: what is registered, what reaches
 * EventWriteTransfer, what becomes of each refusal, and callbacks at every moment.
 */
#include <check.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "protocol/json/event_json.h"
#include "service/sink/sink.h"
#include "tests/support/recorded_vectors.h"

#define PROVIDERS_MAX   512
#define ALL             UINT64_MAX
#define RACE_WRITES     20000
#define RACE_WORKERS    3
#define MESSAGE_BYTES   1024
#define TRAITS_MAX_SIZE (2 + EVENT_JSON_NAME_MAX_BYTES + 1 + 19)

static const struct etwr_guid id = {{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}};
static const struct etwr_bytes traits = {"\x0a\0Fixture", 10};

static struct sink *sink;
static atomic_uint rings; /* of on_enablement */
static unsigned error_count;
static enum etwr_reason error_reason;
static char error_message[MESSAGE_BYTES];
static uv_mutex_t error_mutex;

static void on_error(void *context, const struct sink *from, enum etwr_reason reason,
                     const char *message)
{
    (void)context, (void)from;
    uv_mutex_lock(&error_mutex);
    error_count++;
    error_reason = reason;
    snprintf(error_message, sizeof error_message, "%s", message);
    uv_mutex_unlock(&error_mutex);
}

static void on_enablement(void *context)
{
    (void)context;
    atomic_fetch_add(&rings, 1);
}

static void set_up(void)
{
    const struct sink_callbacks callbacks = {.on_error = on_error, .on_enablement = on_enablement};
    char message[512];
    recorder_reset();
    /* Tests need not have processes of their own. */
    atomic_store(&rings, 0);
    error_count = 0;
    error_reason = ETWR_REASON_NONE;
    error_message[0] = 0;
    ck_assert_int_eq(uv_mutex_init(&error_mutex), 0);
    sink = sink_etw_create(recorder_api(), &callbacks);
    ck_assert_ptr_nonnull(sink);
    ck_assert_int_eq(sink->ops->start(sink, RACE_WORKERS, message), ETWR_OK);
}

static void tear_down(void)
{
    sink->ops->stop(sink);
    ck_assert_uint_eq(recorder_registered_count(), 0);
    sink->ops->destroy(sink);
    recorder_reset();
    uv_mutex_destroy(&error_mutex);
}

static struct sink_provider *open_provider(const struct etwr_guid *provider_id,
                                           struct etwr_bytes provider_traits)
{
    struct sink_provider *provider = NULL;
    ck_assert_int_eq(sink->ops->provider_open(sink, provider_id, provider_traits, &provider),
                     ETWR_REASON_NONE);
    ck_assert_ptr_nonnull(provider);
    return provider;
}

static struct sink_listeners listeners_of(const struct sink_provider *provider)
{
    struct sink_listeners listeners;
    sink->ops->provider_listeners(sink, provider, &listeners);
    return listeners;
}

/* An event with nothing in it but a number. */
static struct sink_event make_event(struct sink_provider *provider)
{
    static const uint8_t number[4] = {7, 0, 0, 0};
    return (struct sink_event){
        .provider = provider,
        .provider_id = &id,
        .traits = traits,
        .descriptor = {.channel = 11, .level = 4, .keyword = 1},
        .metadata = {"\x0f\0\0Numbered\0n\0\x08", 15},
        .values = {number, sizeof number},
    };
}

static enum sink_result write_one(const struct sink_event *event, enum etwr_reason *reason)
{
    struct sink_batch *batch = NULL;
    enum sink_result result = sink->ops->write(sink, 0, event, &batch, reason);
    ck_assert_ptr_null(batch);
    return result;
}

static enum sink_result write_event(struct sink_provider *provider, uint8_t level, uint64_t keyword)
{
    struct sink_event event = make_event(provider);
    enum etwr_reason reason = ETWR_REASON_NONE;
    event.descriptor.level = level;
    event.descriptor.keyword = keyword;
    return write_one(&event, &reason);
}

static bool is_bytes(struct etwr_bytes a, struct etwr_bytes b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

START_TEST(provider_is_registered_with_its_traits_and_unregistered_when_closed)
{
    struct etwr_bytes set = {NULL, 0};
    struct sink_provider *provider = open_provider(&id, traits);
    ck_assert(recorder_find(&id, &set));
    ck_assert(is_bytes(set, traits));
    ck_assert(recorder_heeds_types(&id));
    ck_assert(!listeners_of(provider).enabled);
    ck_assert_uint_eq(atomic_load(&rings), 0);
    sink->ops->provider_close(sink, provider);
    ck_assert(!recorder_find(&id, NULL));
    ck_assert_uint_eq(recorder_unregister_calls(), 1);
    ck_assert_uint_eq(error_count, 0);
}
END_TEST

START_TEST(provider_closed_after_stop_is_unregistered_once)
{
    struct sink_provider *provider = open_provider(&id, traits);
    sink->ops->stop(sink);
    ck_assert_uint_eq(recorder_registered_count(), 0);
    sink->ops->provider_close(sink, provider);
    ck_assert_uint_eq(recorder_unregister_calls(), 1);
}
END_TEST

START_TEST(callback_within_registering_is_heard)
{
    recorder_enable(&id, 4, 0x30, 0x10);
    struct sink_provider *provider = open_provider(&id, traits);
    struct sink_listeners listeners = listeners_of(provider);
    ck_assert_uint_eq(atomic_load(&rings), 1);
    ck_assert(listeners.enabled);
    ck_assert_uint_eq(listeners.level, 4);
    ck_assert_uint_eq(listeners.match_any, 0x30);
    ck_assert_uint_eq(listeners.match_all, 0x10);
}
END_TEST

START_TEST(provider_that_windows_refuses_is_refused_with_its_code)
{
    struct sink_provider *provider = NULL;
    recorder_fail(&(struct recorder_results){.event_register = ETW_NOT_ENOUGH_MEMORY});
    ck_assert_int_eq(sink->ops->provider_open(sink, &id, traits, &provider),
                     ETWR_REASON_REGISTER_FAILED);
    ck_assert_ptr_null(provider);
    ck_assert_uint_eq(error_count, 1);
    ck_assert_int_eq(error_reason, ETWR_REASON_REGISTER_FAILED);
    ck_assert_ptr_nonnull(strstr(error_message, "returned 8"));
    ck_assert_ptr_nonnull(strstr(error_message, "Fixture"));
    /* It cost no place, and the next attempt is a new one. */
    recorder_fail(&(struct recorder_results){0});
    (void)open_provider(&id, traits);
}
END_TEST

START_TEST(denied_access_names_what_an_administrator_can_do)
{
    struct sink_provider *provider = NULL;
    recorder_fail(&(struct recorder_results){.event_register = ETW_ACCESS_DENIED});
    ck_assert_int_eq(sink->ops->provider_open(sink, &id, traits, &provider),
                     ETWR_REASON_REGISTER_FAILED);
    ck_assert_ptr_nonnull(strstr(error_message, "EventAccessControl"));
}
END_TEST

START_TEST(refused_traits_are_told_and_the_provider_goes_on)
{
    recorder_fail(&(struct recorder_results){.set_traits = 50 /* not supported */});
    struct sink_provider *provider = open_provider(&id, traits);
    ck_assert(recorder_heeds_types(&id));
    ck_assert_uint_eq(error_count, 1);
    ck_assert_int_eq(error_reason, ETWR_REASON_NONE);
    ck_assert_ptr_nonnull(strstr(error_message, "50, then 0"));
    recorder_enable(&id, 5, 0, 0);
    ck_assert_int_eq(write_event(provider, 4, 1), SINK_WRITTEN);
    /* Each event brings its traits. */
    ck_assert(is_bytes(recorder_write(0)->data[0].bytes, traits));
    ck_assert_uint_eq(recorder_write(0)->data[0].reserved, ETW_DATA_PROVIDER_METADATA);
}
END_TEST

START_TEST(refused_descriptor_types_are_told_too)
{
    recorder_fail(&(struct recorder_results){.set_traits = 50, .use_descriptor_type = 87});
    struct sink_provider *provider = open_provider(&id, traits);
    ck_assert(!recorder_heeds_types(&id));
    ck_assert_ptr_nonnull(strstr(error_message, "50, then 87"));
    recorder_enable(&id, 5, 0, 0);
    ck_assert_int_eq(write_event(provider, 4, 1), SINK_WRITTEN);
}
END_TEST

static struct etwr_guid numbered_id(unsigned number)
{
    struct etwr_guid made = id;
    memcpy(made.bytes, &number, sizeof number);
    return made;
}

START_TEST(provider_513_is_refused_until_one_is_closed)
{
    struct sink_provider *providers[PROVIDERS_MAX];
    struct sink_provider *extra = NULL;
    struct etwr_guid extra_id = numbered_id(PROVIDERS_MAX);
    for (unsigned i = 0; i < PROVIDERS_MAX; i++) {
        struct etwr_guid made = numbered_id(i);
        providers[i] = open_provider(&made, traits);
    }
    ck_assert_uint_eq(recorder_registered_count(), PROVIDERS_MAX);
    ck_assert_int_eq(sink->ops->provider_open(sink, &extra_id, traits, &extra),
                     ETWR_REASON_PROVIDER_LIMIT);
    ck_assert_uint_eq(recorder_registered_count(), PROVIDERS_MAX);
    ck_assert_ptr_nonnull(strstr(error_message, "512"));
    sink->ops->provider_close(sink, providers[100]);
    (void)open_provider(&extra_id, traits);
    ck_assert_uint_eq(recorder_registered_count(), PROVIDERS_MAX);
}
END_TEST

/* A closed provider's place is taken by another: nothing of the first may show. */
START_TEST(next_provider_in_the_same_place_starts_anew)
{
    struct sink_provider *first = open_provider(&id, traits);
    struct etwr_guid other = numbered_id(9);
    recorder_enable(&id, 3, 2, 0);
    recorder_control(&id, ETW_CAPTURE_STATE, 0, 0, 0);
    sink->ops->provider_close(sink, first);
    struct sink_listeners listeners = listeners_of(open_provider(&other, traits));
    ck_assert(!listeners.enabled);
    ck_assert_uint_eq(listeners.captures, 0);
}
END_TEST

START_TEST(listeners_are_in_normal_form)
{
    struct sink_provider *provider = open_provider(&id, traits);
    recorder_enable(&id, 0, 0, 0x40);
    struct sink_listeners listeners = listeners_of(provider);
    ck_assert(listeners.enabled);
    ck_assert_uint_eq(listeners.level, 255);
    ck_assert(listeners.match_any == ALL && listeners.match_all == 0);
    recorder_disable(&id);
    ck_assert(!listeners_of(provider).enabled);
    ck_assert_uint_eq(atomic_load(&rings), 2);
}
END_TEST

START_TEST(capture_state_is_counted_and_changes_nothing_else)
{
    struct sink_provider *provider = open_provider(&id, traits);
    recorder_enable(&id, 4, 2, 0);
    recorder_control(&id, ETW_CAPTURE_STATE, 1, 1, 1);
    recorder_control(&id, ETW_CAPTURE_STATE, 1, 1, 1);
    struct sink_listeners listeners = listeners_of(provider);
    ck_assert_uint_eq(listeners.captures, 2);
    ck_assert(listeners.enabled && listeners.level == 4 && listeners.match_any == 2);
    ck_assert_uint_eq(atomic_load(&rings), 3);
}
END_TEST

START_TEST(unknown_control_codes_are_passed_over)
{
    struct sink_provider *provider = open_provider(&id, traits);
    recorder_control(&id, 3, 1, 1, 1);
    recorder_control(&id, UINT32_MAX, 1, 1, 1);
    struct sink_listeners listeners = listeners_of(provider);
    ck_assert(!listeners.enabled);
    ck_assert_uint_eq(listeners.captures, 0);
    ck_assert_uint_eq(atomic_load(&rings), 0);
}
END_TEST

START_TEST(event_that_no_session_wants_is_not_written)
{
    struct sink_provider *provider = open_provider(&id, traits);
    ck_assert_int_eq(write_event(provider, 4, 1), SINK_NOT_ENABLED);
    recorder_enable(&id, 4, 1, 0);
    ck_assert_int_eq(write_event(provider, 5, 1), SINK_NOT_ENABLED);
    ck_assert_int_eq(write_event(provider, 4, 2), SINK_NOT_ENABLED);
    ck_assert_uint_eq(recorder_write_count(), 0);
    ck_assert_int_eq(write_event(provider, 4, 3), SINK_WRITTEN);
    recorder_disable(&id);
    ck_assert_int_eq(write_event(provider, 4, 3), SINK_NOT_ENABLED);
    ck_assert_uint_eq(recorder_write_count(), 1);
}
END_TEST

START_TEST(event_of_a_provider_that_could_not_be_opened_is_not_written)
{
    ck_assert_int_eq(write_event(NULL, 1, 0), SINK_NOT_ENABLED);
    ck_assert_uint_eq(recorder_write_count(), 0);
}
END_TEST

START_TEST(data_comes_as_traits_metadata_values_and_origin)
{
    static const uint8_t origin[] = {9, 8, 7};
    struct sink_event event = make_event(open_provider(&id, traits));
    enum etwr_reason reason = ETWR_REASON_NONE;
    recorder_enable(&id, 5, 0, 0);
    event.origin = (struct etwr_bytes){origin, sizeof origin};
    ck_assert_int_eq(write_one(&event, &reason), SINK_WRITTEN);
    const struct recorded_write *write = recorder_write(0);
    ck_assert_uint_eq(write->data_count, 4);
    /* The whole word: type in its lowest byte, nothing above. */
    ck_assert_uint_eq(write->data[0].reserved, 2);
    ck_assert_uint_eq(write->data[1].reserved, 1);
    ck_assert_uint_eq(write->data[2].reserved, 0);
    ck_assert_uint_eq(write->data[3].reserved, 0);
    ck_assert(is_bytes(write->data[0].bytes, traits));
    ck_assert(is_bytes(write->data[1].bytes, event.metadata));
    ck_assert(is_bytes(write->data[2].bytes, event.values));
    ck_assert(is_bytes(write->data[3].bytes, event.origin));
}
END_TEST

START_TEST(without_an_activity_the_zero_one_is_given_and_no_related_one)
{
    static const struct etwr_guid zero;
    struct sink_event event = make_event(open_provider(&id, traits));
    enum etwr_reason reason = ETWR_REASON_NONE;
    recorder_enable(&id, 5, 0, 0);
    ck_assert_int_eq(write_one(&event, &reason), SINK_WRITTEN);
    ck_assert(recorder_write(0)->has_activity);
    ck_assert_mem_eq(&recorder_write(0)->activity_id, &zero, sizeof zero);
    ck_assert(!recorder_write(0)->has_related);
    event.related_activity_id = &id;
    ck_assert_int_eq(write_one(&event, &reason), SINK_WRITTEN);
    ck_assert_mem_eq(&recorder_write(1)->activity_id, &zero, sizeof zero);
    ck_assert(recorder_write(1)->has_related);
    ck_assert_mem_eq(&recorder_write(1)->related_activity_id, &id, sizeof id);
}
END_TEST

struct refusal {
    uint32_t code;
    enum etwr_reason reason;
};

static const struct refusal refusals[] = {
    {ETW_MORE_DATA, ETWR_REASON_SESSION_BUFFER_SMALL},
    {ETW_ARITHMETIC_OVERFLOW, ETWR_REASON_TOO_LARGE},
    {ETW_NOT_ENOUGH_MEMORY, ETWR_REASON_NO_BUFFERS},
    {ETW_LOG_FILE_FULL, ETWR_REASON_FULL},
    {ETW_STATUS_LOG_FILE_FULL, ETWR_REASON_FULL},
    {ETW_INVALID_HANDLE, ETWR_REASON_OTHER},
    {ETW_INVALID_PARAMETER, ETWR_REASON_OTHER},
    {ETW_ACCESS_DENIED, ETWR_REASON_OTHER},
    {1450, ETWR_REASON_OTHER},
};

START_TEST(each_refusal_has_its_reason_and_is_not_tried_again)
{
    struct sink_event event = make_event(open_provider(&id, traits));
    enum etwr_reason reason = ETWR_REASON_NONE;
    recorder_enable(&id, 5, 0, 0);
    recorder_fail(&(struct recorder_results){.write = refusals[_i].code});
    ck_assert_int_eq(write_one(&event, &reason), SINK_DROPPED);
    ck_assert_int_eq(reason, refusals[_i].reason);
    ck_assert_uint_eq(recorder_write_count(), 1);
    ck_assert_int_eq(error_reason, refusals[_i].reason);
    ck_assert_ptr_nonnull(strstr(error_message, "Fixture"));
    /* Told once a minute, counted each time. */
    ck_assert_int_eq(write_one(&event, &reason), SINK_DROPPED);
    ck_assert_uint_eq(error_count, 1);
    recorder_fail(&(struct recorder_results){0});
    ck_assert_int_eq(write_one(&event, &reason), SINK_WRITTEN);
}
END_TEST

START_TEST(nothing_is_ever_kept_back)
{
    ck_assert(sink->ops->ready(sink, 0, 0));
    sink->ops->flush(sink, 0);
    ck_assert_ptr_null(sink->ops->take_settled(sink, 0));
}
END_TEST

static void relay_vector(const struct event_json *target, const struct etwr_encoded *encoded)
{
    uint8_t bytes[TRAITS_MAX_SIZE];
    struct etwr_bytes made = {bytes, 0}, set = {NULL, 0};
    enum etwr_reason reason = ETWR_REASON_NONE;
    const struct etwr_guid *group = target->has_group_id ? &target->group_id : NULL;
    ck_assert_int_eq(etwr_provider_traits(target->provider, group, bytes, sizeof bytes, &made.size),
                     ETWR_OK);
    struct sink_provider *provider = open_provider(&target->provider_id, made);
    recorder_enable(&target->provider_id, 0, 0, 0);
    ck_assert(recorder_find(&target->provider_id, &set));
    ck_assert(is_bytes(set, made));
    const struct sink_event event = {
        .provider = provider,
        .provider_id = &target->provider_id,
        .traits = made,
        .descriptor = encoded->descriptor,
        .metadata = encoded->metadata,
        .values = encoded->data,
        .activity_id = encoded->activity_id,
        .related_activity_id = encoded->related_activity_id,
    };
    ck_assert_int_eq(write_one(&event, &reason), SINK_WRITTEN);
    sink->ops->provider_close(sink, provider);
}

static void use_vector(void *context, const struct vector_line *line)
{
    struct etwr_event *builder = context;
    struct event_json target;
    struct event_json_error error;
    struct etwr_encoded encoded;
    ck_assert_int_eq(event_json_read(line->text, line->size, builder, &target, &error), ETWR_OK);
    ck_assert_int_eq(etwr_event_encode(builder, &encoded), ETWR_OK);
    relay_vector(&target, &encoded);
    recorded_vector_check(line, recorder_write(recorder_write_count() - 1));
}

START_TEST(vectors_reach_windows_byte_for_byte)
{
    struct etwr_event *builder = NULL;
    ck_assert_int_eq(etwr_event_create(&builder), ETWR_OK);
    vector_lines_each(use_vector, builder);
    ck_assert_uint_eq(recorder_write_count(), RECORDED_VECTORS);
    etwr_event_destroy(builder);
}
END_TEST

struct race {
    struct sink_provider *provider;
    unsigned worker;
    uint64_t written, not_enabled;
    atomic_bool *is_over;
    unsigned changes;
};

static void keep_writing(void *argument)
{
    struct race *race = argument;
    const struct sink_event event = make_event(race->provider);
    for (unsigned i = 0; i < RACE_WRITES; i++) {
        struct sink_batch *batch = NULL;
        enum etwr_reason reason = ETWR_REASON_NONE;
        struct sink_listeners listeners;
        sink->ops->provider_listeners(sink, race->provider, &listeners);
        switch (sink->ops->write(sink, race->worker, &event, &batch, &reason)) {
        case SINK_WRITTEN:
            race->written++;
            break;
        case SINK_NOT_ENABLED:
            race->not_enabled++;
            break;
        default:
            break;
        }
    }
}

static void keep_changing(void *argument)
{
    struct race *race = argument;
    while (!atomic_load(race->is_over)) {
        recorder_enable(&id, 5, 1, 0);
        recorder_control(&id, ETW_CAPTURE_STATE, 0, 0, 0);
        recorder_disable(&id);
        race->changes++;
    }
}

START_TEST(callbacks_on_another_thread_meet_writes)
{
    atomic_bool is_over = false;
    struct race races[RACE_WORKERS] = {{0}};
    struct race changer = {.is_over = &is_over};
    uv_thread_t threads[RACE_WORKERS], changing;
    uint64_t written = 0;
    struct sink_provider *provider = open_provider(&id, traits);
    recorder_keep_nothing();
    ck_assert_int_eq(uv_thread_create(&changing, keep_changing, &changer), 0);
    for (unsigned i = 0; i < RACE_WORKERS; i++) {
        races[i] = (struct race){.provider = provider, .worker = i};
        ck_assert_int_eq(uv_thread_create(&threads[i], keep_writing, &races[i]), 0);
    }
    for (unsigned i = 0; i < RACE_WORKERS; i++) {
        uv_thread_join(&threads[i]);
        ck_assert_uint_eq(races[i].written + races[i].not_enabled, RACE_WRITES);
        written += races[i].written;
    }
    atomic_store(&is_over, true);
    uv_thread_join(&changing);
    ck_assert_uint_eq(recorder_write_count(), written);
    ck_assert_uint_eq(atomic_load(&rings), 3 * changer.changes);
    ck_assert_uint_eq(listeners_of(provider).captures, changer.changes);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("etw sink");
    TCase *cases = tcase_create("etw");
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_set_timeout(cases, 50);
    tcase_add_test(cases, provider_is_registered_with_its_traits_and_unregistered_when_closed);
    tcase_add_test(cases, provider_closed_after_stop_is_unregistered_once);
    tcase_add_test(cases, callback_within_registering_is_heard);
    tcase_add_test(cases, provider_that_windows_refuses_is_refused_with_its_code);
    tcase_add_test(cases, denied_access_names_what_an_administrator_can_do);
    tcase_add_test(cases, refused_traits_are_told_and_the_provider_goes_on);
    tcase_add_test(cases, refused_descriptor_types_are_told_too);
    tcase_add_test(cases, provider_513_is_refused_until_one_is_closed);
    tcase_add_test(cases, next_provider_in_the_same_place_starts_anew);
    tcase_add_test(cases, listeners_are_in_normal_form);
    tcase_add_test(cases, capture_state_is_counted_and_changes_nothing_else);
    tcase_add_test(cases, unknown_control_codes_are_passed_over);
    tcase_add_test(cases, event_that_no_session_wants_is_not_written);
    tcase_add_test(cases, event_of_a_provider_that_could_not_be_opened_is_not_written);
    tcase_add_test(cases, data_comes_as_traits_metadata_values_and_origin);
    tcase_add_test(cases, without_an_activity_the_zero_one_is_given_and_no_related_one);
    tcase_add_loop_test(cases, each_refusal_has_its_reason_and_is_not_tried_again, 0,
                        (int)(sizeof refusals / sizeof *refusals));
    tcase_add_test(cases, nothing_is_ever_kept_back);
    tcase_add_test(cases, vectors_reach_windows_byte_for_byte);
    tcase_add_test(cases, callbacks_on_another_thread_meet_writes);
    suite_add_tcase(suite, cases);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
