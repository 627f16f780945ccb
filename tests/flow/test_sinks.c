/*
 * Several sinks at once, each with its filter; and what a reload pushes to a client that is
 * connected.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <check.h>

#include <etwrelay/client.h>

#include "tests/flow/flow.h"

static struct service service;
static char config_path[PROCESS_PATH_MAX];

static void start(void)
{
    service_init(&service);
    scratch_file(&service.scratch, "etwrelay.json", config_path);
}

static void stop(void)
{
    service_clear(&service);
}

static void write_config(const char *json)
{
    scratch_write(&service.scratch, "etwrelay.json", json, strlen(json));
}

static void start_with_config(void)
{
    const char *const arguments[] = {"--config", config_path, NULL};
    service_start(&service, arguments);
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

START_TEST(each_sink_takes_what_its_filter_lets_pass)
{
    char json[2048], path[PROCESS_PATH_MAX];
    static const char lines[] =
        "{\"provider\":\"Contoso.A\",\"event\":\"Loud\",\"level\":2,\"keyword\":\"0x1\"}\n"
        "{\"provider\":\"Contoso.A\",\"event\":\"Quiet\",\"level\":5,\"keyword\":\"0x1\"}\n"
        "{\"provider\":\"Contoso.B\",\"event\":\"Quiet\",\"level\":5,\"keyword\":\"0x6\"}\n"
        "{\"provider\":\"Contoso.B\",\"event\":\"Nobody\",\"level\":5,\"keyword\":\"0x8\"}\n"
        "{\"provider\":\"Contoso.A\",\"event\":\"Always\",\"level\":0,\"keyword\":\"0x0\"}\n";

    snprintf(
        json, sizeof json,
        "{\"sinks\":["
        "{\"type\":\"etl\",\"path\":\"%s/a.etl\",\"filter\":{\"level\":3}},"
        "{\"type\":\"jsonl\",\"path\":\"%s/a.jsonl\",\"filter\":{\"providers\":[\"contoso.a\"]}},"
        "{\"type\":\"null\",\"filter\":{\"match_any\":\"0x2\",\"match_all\":\"0x4\"}}]}",
        service.scratch.path, service.scratch.path);
    write_config(json);
    start_with_config();
    {
        struct run run;
        flow_tool(&run, &service, lines, "send", "--pipe", "PIPE", "--jsonl", "-", NULL);
        ck_assert_msg(run.exit_status == 0, "%s", run.err);
        ck_assert_str_eq(run.out, "{\"sent\":5,\"written\":4,\"not_enabled\":1,\"dropped\":{}}\n");
        run_clear(&run);
    }
    service_stop(&service);
    ck_assert_int_eq(sink_final(0, "written"), 2);
    ck_assert_int_eq(sink_final(1, "written"), 3);
    ck_assert_int_eq(sink_final(2, "written"), 2);
    ck_assert_int_eq(flow_etl_check(NULL, scratch_file(&service.scratch, "a.etl", path), NULL), 2);
}
END_TEST

static bool wait_until_enabled(struct etwr_provider *provider, uint8_t level, int wanted)
{
    time_t deadline = time(NULL) + 20;

    while (etwr_provider_enabled(provider, level, 0x1) != wanted) {
        if (time(NULL) > deadline) return false;
        process_pause();
    }
    return true;
}

static void reload(const char *config)
{
    write_config(config);
    process_ask_to_reload(service.pid);
}

#define NULL_SINK(level) "{\"sinks\":[{\"type\":\"null\",\"filter\":{\"level\":" level "}}]}"

START_TEST(reload_pushes_what_is_listened_to)
{
    struct etwr_client_options options;
    struct etwr_client *client;
    struct etwr_provider *provider;

    write_config(NULL_SINK("3"));
    start_with_config();
    etwr_client_options_init(&options);
    options.pipe = service.pipe;
    ck_assert_int_eq(etwr_client_create(&options, &client), ETWR_OK);
    ck_assert_int_eq(etwr_provider_open(client, "Contoso.A", NULL, &provider), ETWR_OK);
    ck_assert_int_eq(etwr_provider_enabled(provider, 5, 0x1), 1); /* no answer yet: enabled */
    ck_assert_int_eq(etwr_client_flush(client, 20000), ETWR_OK);
    ck_assert(wait_until_enabled(provider, 5, 0));
    ck_assert_int_eq(etwr_provider_enabled(provider, 3, 0x1), 1);
    reload(NULL_SINK("5"));
    ck_assert(wait_until_enabled(provider, 5, 1));
    reload("{\"sinks\":[]x}"); /* kept as it was, and the next good one counts again */
    ck_assert(process_wait_for_text(service.log, "the old one stays in force"));
    ck_assert_int_eq(etwr_provider_enabled(provider, 5, 0x1), 1);
    reload(NULL_SINK("2"));
    ck_assert(wait_until_enabled(provider, 3, 0));
    ck_assert_int_eq(etwr_provider_enabled(provider, 2, 0x1), 1);
    etwr_client_destroy(client, 20000, NULL);
    service_stop(&service);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("sinks");
    TCase *tcase = tcase_create("sinks");
    SRunner *runner = srunner_create(suite);
    int failed;

    suite_add_tcase(suite, tcase);
    tcase_set_timeout(tcase, 60);
    tcase_add_checked_fixture(tcase, start, stop);
    tcase_add_test(tcase, each_sink_takes_what_its_filter_lets_pass);
    tcase_add_test(tcase, reload_pushes_what_is_listened_to);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
