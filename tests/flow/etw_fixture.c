/* See etw_fixture.h. */
#include "tests/flow/etw_fixture.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "service/options.h"
#include "service/relay.h"

#define DEADLINE_NS (20 * UINT64_C(1000000000))
#define CONNECT_MS  20000
#define FINAL_FILE  "final.json"

static uv_thread_t thread;
static struct options options;
static int exit_status;

/* In place of the system's: the linker takes these. */
const struct etw_api *etw_api_system(void)
{
    return recorder_api();
}

bool __wrap_config_platform_has_etw(void); /* the name that the linker looks for */
bool __wrap_config_platform_has_etw(void)
{
    return true;
}

static void run(void *argument)
{
    (void)argument;
    exit_status = relay_run(&options);
}

void etw_start(struct service *service, const char *const *arguments)
{
    static char *argv[PROCESS_ARGUMENTS_MAX];
    char out[PROCESS_PATH_MAX];
    int count = 0;
    argv[count++] = "etwrelayd";
    argv[count++] = "run";
    argv[count++] = "--pipe";
    argv[count++] = service->pipe;
    while (*arguments != NULL)
        argv[count++] = (char *)(uintptr_t)*arguments++;
    options_parse(count, argv, &options);
    ck_assert_msg(options.command == OPTIONS_RUN, "%s", options.message);
    ck_assert_ptr_nonnull(freopen(scratch_file(&service->scratch, FINAL_FILE, out), "w", stdout));
    ck_assert_int_eq(uv_thread_create(&thread, run, NULL), 0);
}

static void read_final(struct service *service)
{
    char path[PROCESS_PATH_MAX];
    size_t size;
    char *json = process_read_file(scratch_file(&service->scratch, FINAL_FILE, path), &size);
    cJSON *root = cJSON_Parse(json);
    ck_assert_msg(cJSON_IsObject(root), "no JSON: %s", json);
    service->final = cJSON_DetachItemFromObjectCaseSensitive(root, "final");
    ck_assert_ptr_nonnull(service->final);
    cJSON_Delete(root);
    free(json);
}

void etw_stop(struct service *service)
{
    process_ask_to_stop(getpid());
    ck_assert_int_eq(uv_thread_join(&thread), 0);
    ck_assert_int_eq(exit_status, 0);
    ck_assert_uint_eq(recorder_registered_count(), 0);
    read_final(service);
    service_check_account(service);
}

void etw_clear(struct service *service)
{
    service_clear(service);
    recorder_reset();
}

static void on_change(void *context, enum etwr_provider_change change, uint8_t level,
                      uint64_t match_any, uint64_t match_all)
{
    struct told *told = context;
    uv_mutex_lock(&told->mutex);
    if (change == ETWR_PROVIDER_CAPTURE_STATE) told->captures++;
    if (change == ETWR_PROVIDER_ENABLED) told->enabled++;
    if (change == ETWR_PROVIDER_DISABLED) told->disabled++;
    if (change != ETWR_PROVIDER_CAPTURE_STATE) {
        told->level = level;
        told->match_any = match_any;
        told->match_all = match_all;
    }
    uv_cond_broadcast(&told->changed);
    uv_mutex_unlock(&told->mutex);
}

void told_wait(struct told *told, const unsigned *count, unsigned least)
{
    uint64_t end = uv_hrtime() + DEADLINE_NS;
    uv_mutex_lock(&told->mutex);
    while (*count < least) {
        uint64_t now = uv_hrtime();
        ck_assert_msg(now < end, "told %u times, not %u", *count, least);
        uv_cond_timedwait(&told->changed, &told->mutex, end - now);
    }
    uv_mutex_unlock(&told->mutex);
}

static void wait_answered(struct told *told)
{
    uint64_t end = uv_hrtime() + DEADLINE_NS;
    uv_mutex_lock(&told->mutex);
    while (told->enabled + told->disabled == 0) {
        uint64_t now = uv_hrtime();
        ck_assert_msg(now < end, "the provider was not answered");
        uv_cond_timedwait(&told->changed, &told->mutex, end - now);
    }
    uv_mutex_unlock(&told->mutex);
}

void sender_init(struct sender *sender, const struct service *service, const char *provider)
{
    struct etwr_client_options client_options;
    struct etwr_provider_options provider_options;
    memset(sender, 0, sizeof *sender);
    ck_assert_int_eq(uv_mutex_init(&sender->told.mutex), 0);
    ck_assert_int_eq(uv_cond_init(&sender->told.changed), 0);
    etwr_client_options_init(&client_options);
    client_options.pipe = service->pipe;
    ck_assert_int_eq(etwr_client_create(&client_options, &sender->client), ETWR_OK);
    ck_assert_int_eq(etwr_client_wait_connected(sender->client, CONNECT_MS), ETWR_OK);
    etwr_provider_options_init(&provider_options);
    provider_options.callback = on_change;
    provider_options.context = &sender->told;
    ck_assert_int_eq(
        etwr_provider_open(sender->client, provider, &provider_options, &sender->provider),
        ETWR_OK);
    wait_answered(&sender->told);
}

void sender_clear(struct sender *sender)
{
    etwr_client_destroy(sender->client, 0, NULL);
    uv_cond_destroy(&sender->told.changed);
    uv_mutex_destroy(&sender->told.mutex);
}

enum etwr_status sender_write(struct sender *sender, uint8_t level, uint64_t keyword)
{
    static const uint8_t metadata[] = "\x0f\0\0Numbered\0n\0\x08";
    static const uint8_t number[4] = {1, 0, 0, 0};
    const struct etwr_descriptor descriptor = {.channel = 11, .level = level, .keyword = keyword};
    return etwr_provider_write_encoded(sender->provider, &descriptor, metadata, metadata[0], number,
                                       sizeof number, NULL, NULL);
}

void sender_settle(struct sender *sender, struct etwr_counters *counters)
{
    ck_assert_int_eq(etwr_client_flush(sender->client, CONNECT_MS), ETWR_OK);
    etwr_client_counters(sender->client, counters);
    ck_assert_uint_eq(counters->pending, 0);
}

struct etwr_guid etw_id(const char *provider)
{
    struct etwr_guid id;
    ck_assert_int_eq(etwr_provider_id_from_name(provider, &id), ETWR_OK);
    return id;
}

void etw_wait_registered(const struct etwr_guid *id, bool is_registered)
{
    uint64_t end = uv_hrtime() + DEADLINE_NS;
    while (recorder_find(id, NULL) != is_registered) {
        ck_assert_msg(uv_hrtime() < end, "still %sregistered", is_registered ? "not " : "");
        uv_sleep(1);
    }
}
