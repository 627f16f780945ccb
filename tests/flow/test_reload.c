/*
 * The config read anew while clients are there: who listens, what is allowed, and what a running
 * service cannot change.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/process.h"
#include "tests/support/raw_client.h"

static struct service service;

static void setup(void)
{
    service_init(&service);
}

static void teardown(void)
{
    service_clear(&service);
}

/* A client that has its provider, and whose service has this config. */
static void begin(struct raw_client *client, const char *config)
{
    service_start_with(&service, config);
    raw_join(client, service.pipe, "Contoso.Wire");
    raw_settle(client);
}

static void finish(struct raw_client *client)
{
    raw_close(client);
    service_stop(&service);
    service_check_account(&service);
}

static void reload_with(const char *text)
{
    service_write_config(&service, text);
    process_ask_to_reload(service.pid);
}

START_TEST(a_reload_tells_clients_who_listens_now_and_drops_no_connection)
{
    struct raw_client client;
    begin(&client, "{\"sinks\":[{\"type\":\"null\"}]}");
    reload_with("{\"sinks\":[{\"type\":\"null\",\"filter\":{\"providers\":[\"Fabrikam.*\"]}}]}");
    ck_assert_uint_eq(raw_next_state(&client).control, WIRE_CONTROL_DISABLE);
    frames_number(&client.out, 1, 1);
    raw_settle(&client);
    ck_assert_uint_eq(client.ack.not_enabled, 1);
    reload_with(
        "{\"sinks\":[{\"type\":\"null\",\"filter\":{\"level\":4,\"match_any\":\"0xf0\"}}]}");
    struct reply_provider_state state = raw_next_state(&client);
    ck_assert_uint_eq(state.control, WIRE_CONTROL_ENABLE);
    ck_assert_uint_eq(state.level, 4);
    ck_assert_uint_eq(state.match_any, 0xF0);
    ck_assert_uint_eq(state.generation, 1);
    /* Level 5: a client may send it all the same, and each sink decides. */
    frames_number(&client.out, 1, 2);
    raw_settle(&client);
    ck_assert_uint_eq(client.ack.not_enabled, 2);
    finish(&client);
}
END_TEST

START_TEST(a_reload_takes_providers_away_and_gives_them_back)
{
    struct raw_client client;
    begin(&client, "{\"sinks\":[{\"type\":\"null\"}]}");
    reload_with("{\"sinks\":[{\"type\":\"null\"}],"
                "\"providers\":[{\"name\":\"Contoso.*\",\"allow\":false}]}");
    ck_assert_uint_eq(raw_next_state(&client).result, ETWR_REASON_NOT_ALLOWED);
    frames_number(&client.out, 1, 1);
    raw_settle(&client);
    ck_assert_uint_eq(raw_dropped(&client, ETWR_REASON_NOT_ALLOWED), 1);
    reload_with("{\"sinks\":[{\"type\":\"null\"}]}");
    ck_assert_uint_eq(raw_next_state(&client).result, 0);
    frames_number(&client.out, 1, 2);
    raw_settle(&client);
    ck_assert_uint_eq(client.ack.written, 1);
    finish(&client);
}
END_TEST

START_TEST(a_reload_of_a_bad_file_changes_nothing)
{
    struct raw_client client;
    begin(&client, "{\"sinks\":[{\"type\":\"null\"}]}");
    reload_with("{\"sinks\":[{\"type\":\"null\",\"filter\":{\"levle\":3}}]}");
    ck_assert(process_wait_for_text(service.log, "$.sinks[0].filter.levle"));
    frames_number(&client.out, 1, 1);
    raw_settle(&client);
    ck_assert_uint_eq(client.ack.written, 1);
    finish(&client);
}
END_TEST

START_TEST(a_reload_tells_what_changes_at_the_next_start_only)
{
    struct raw_client client;
    begin(&client, "{\"workers\":1,\"sinks\":[{\"type\":\"null\"}]}");
    reload_with("{\"workers\":2,\"sinks\":[{\"type\":\"null\"}]}");
    ck_assert(process_wait_for_text(service.log, "workers change at the next start only"));
    reload_with("{\"workers\":2,\"sinks\":[{\"type\":\"null\"},{\"type\":\"null\"}]}");
    ck_assert(process_wait_for_text(service.log, "the running ones stay"));
    frames_number(&client.out, 1, 1);
    raw_settle(&client);
    ck_assert_uint_eq(client.ack.written, 1);
    finish(&client);
}
END_TEST

/* The service's own provider is one of the three. */
START_TEST(a_provider_that_cannot_be_opened_at_start_is_told_and_the_others_are)
{
    service_start_with(
        &service, "{\"sinks\":[{\"type\":\"null\"}],\"limits\":{\"providers\":3},\"providers\":["
                  "{\"name\":\"Contoso.First\",\"open_at_start\":true},"
                  "{\"name\":\"Contoso.Second\",\"open_at_start\":true},"
                  "{\"name\":\"Contoso.Third\",\"open_at_start\":true}]}");
    ck_assert(process_wait_for_text(
        service.log, "Contoso.Third of the config cannot be opened at start: provider_limit"));
    size_t size;
    char *log = process_read_file(service.log, &size);
    ck_assert_ptr_null(strstr(log, "Contoso.First"));
    ck_assert_ptr_null(strstr(log, "Contoso.Second"));
    free(log);
    service_stop(&service);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("reload");
    TCase *tc = tcase_create("reload");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, a_reload_tells_clients_who_listens_now_and_drops_no_connection);
    tcase_add_test(tc, a_reload_takes_providers_away_and_gives_them_back);
    tcase_add_test(tc, a_reload_of_a_bad_file_changes_nothing);
    tcase_add_test(tc, a_reload_tells_what_changes_at_the_next_start_only);
    tcase_add_test(tc, a_provider_that_cannot_be_opened_at_start_is_told_and_the_others_are);
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
