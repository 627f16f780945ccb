/*
 * The real table behind the etw sink: types go over to Windows and back, and a provider that no
 * session has enabled is registered, asked, written to and unregistered.
 *
 * Under Wine these calls are stubs that say yes and never write the handle; on Windows they are the
 * real thing, and no session is needed for any of it.
 */
#include <check.h>
#include <stdlib.h>

#include "service/sink/etw_api.h"
#include "service/sink/sink.h"

static const struct etwr_bytes traits = {"\x0f\0etwrelay-test", 16};
static const uint8_t number[4] = {1, 0, 0, 0};
static struct etwr_guid id;

static void ignore(struct etw_listener *listener, uint32_t control, uint8_t level,
                   uint64_t match_any, uint64_t match_all)
{
    (void)listener, (void)control, (void)level, (void)match_any, (void)match_all;
}

static void set_up(void)
{
    ck_assert_int_eq(etwr_provider_id_from_name("etwrelay-test", &id), ETWR_OK);
}

START_TEST(windows_takes_a_provider_and_an_event)
{
    const struct etw_api *api = etw_api_system();
    struct etw_listener listener = {ignore};
    struct etwr_descriptor descriptor = {.channel = 11, .level = 4, .keyword = 1};
    struct etw_data data[] = {
        {(uint64_t)(uintptr_t)traits.data, (uint32_t)traits.size, ETW_DATA_PROVIDER_METADATA},
        {(uint64_t)(uintptr_t) "\x0f\0\0Numbered\0n\0\x08", 15, ETW_DATA_EVENT_METADATA},
        {(uint64_t)(uintptr_t)number, sizeof number, ETW_DATA_VALUES},
    };
    static const struct etwr_guid none;
    uint64_t handle = 0;
    ck_assert_ptr_nonnull(api);
    ck_assert_uint_eq(api->event_register(&id, &listener, &handle), ETW_SUCCESS);
    ck_assert_uint_eq(
        api->event_set_information(handle, ETW_SET_TRAITS, traits.data, (uint32_t)traits.size),
        ETW_SUCCESS);
    ck_assert(!api->event_provider_enabled(handle, 4, 1));
    /* Nobody listens: that is a success. */
    ck_assert_uint_eq(api->event_write_transfer(handle, &descriptor, &none, NULL, 3, data),
                      ETW_SUCCESS);
    ck_assert_uint_eq(api->event_write_transfer(handle, &descriptor, &id, &id, 3, data),
                      ETW_SUCCESS);
    ck_assert_uint_eq(api->event_unregister(handle), ETW_SUCCESS);
}
END_TEST

START_TEST(sink_over_windows_itself_finds_nobody_listening)
{
    const struct sink_callbacks callbacks = {.context = NULL};
    struct sink *sink = sink_etw_create(etw_api_system(), &callbacks);
    struct sink_provider *provider = NULL;
    struct sink_batch *batch = NULL;
    enum etwr_reason reason = ETWR_REASON_NONE;
    ck_assert_ptr_nonnull(sink);
    ck_assert_int_eq(sink->ops->provider_open(sink, &id, traits, &provider), ETWR_REASON_NONE);
    const struct sink_event event = {
        .provider = provider,
        .provider_id = &id,
        .traits = traits,
        .descriptor = {.channel = 11, .level = 4, .keyword = 1},
        .metadata = {"\x0f\0\0Numbered\0n\0\x08", 15},
        .values = {number, sizeof number},
    };
    ck_assert_int_eq(sink->ops->write(sink, 0, &event, &batch, &reason), SINK_NOT_ENABLED);
    sink->ops->provider_close(sink, provider);
    sink->ops->stop(sink);
    sink->ops->destroy(sink);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("etw api");
    TCase *cases = tcase_create("windows");
    tcase_add_checked_fixture(cases, set_up, NULL);
    tcase_add_test(cases, windows_takes_a_provider_and_an_event);
    tcase_add_test(cases, sink_over_windows_itself_finds_nobody_listening);
    suite_add_tcase(suite, cases);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
