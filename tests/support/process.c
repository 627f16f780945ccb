/*
 * Real processes for flow tests: what is the same on each system. Their output goes to files in the
 * scratch folder, so that nobody blocks on a pipe that nobody reads.
 */
#include "tests/support/process.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

const char *scratch_file(const struct scratch *scratch, const char *name, char *buffer)
{
    int size = snprintf(buffer, PROCESS_PATH_MAX, "%s/%s", scratch->path, name);
    ck_assert_int_lt(size, PROCESS_PATH_MAX);
    return buffer;
}

void scratch_write(const struct scratch *scratch, const char *name, const void *bytes, size_t size)
{
    char path[PROCESS_PATH_MAX];
    FILE *file = fopen(scratch_file(scratch, name, path), "wb");

    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(bytes, 1, size, file), size);
    ck_assert_int_eq(fclose(file), 0);
}

char *process_read_file(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    ck_assert_msg(file != NULL && fseek(file, 0, SEEK_END) == 0, "%s: %s", path, strerror(errno));
    long end = ftell(file);
    ck_assert_int_ge(end, 0);
    rewind(file);
    char *bytes = malloc((size_t)end + 1);
    ck_assert_ptr_nonnull(bytes);
    *size = fread(bytes, 1, (size_t)end, file);
    bytes[*size] = '\0';
    fclose(file);
    return bytes;
}

static bool holds_text(const char *path, const char *text)
{
    size_t size;
    char *bytes;
    bool found;
    FILE *file = fopen(path, "rb");
    if (file == NULL) return false;
    fclose(file);
    bytes = process_read_file(path, &size);
    found = strstr(bytes, text) != NULL;
    free(bytes);
    return found;
}

bool process_wait_for_text(const char *path, const char *text)
{
    uint64_t deadline = process_now_ms() + PROCESS_DEADLINE_MS;

    while (!holds_text(path, text)) {
        if (process_now_ms() > deadline) return false;
        process_pause();
    }
    return true;
}

void run_program(struct run *run, const char *const *argv, const char *input)
{
    struct scratch scratch;
    char in_path[PROCESS_PATH_MAX], out_path[PROCESS_PATH_MAX], err_path[PROCESS_PATH_MAX];
    const char *text = input != NULL ? input : "";

    scratch_init(&scratch);
    scratch_write(&scratch, "in", text, strlen(text));
    scratch_file(&scratch, "in", in_path);
    scratch_file(&scratch, "out", out_path);
    scratch_file(&scratch, "err", err_path);
    run->exit_status = process_wait(process_start_with(argv, in_path, out_path, err_path));
    run->out = process_read_file(out_path, &run->out_size);
    run->err = process_read_file(err_path, &run->err_size);
    scratch_clear(&scratch);
}

void run_clear(struct run *run)
{
    free(run->out);
    free(run->err);
}

void service_init(struct service *service)
{
    memset(service, 0, sizeof *service);
    scratch_init(&service->scratch);
    scratch_pipe(&service->scratch, service->pipe);
}

void service_start(struct service *service, const char *const *arguments)
{
    const char *argv[PROCESS_ARGUMENTS_MAX] = {ETWRELAYD_PATH, "run", "--pipe", service->pipe};
    char out[PROCESS_PATH_MAX], name[32];
    size_t count = 4;

    for (; *arguments != NULL; arguments++) {
        ck_assert_uint_lt(count + 1, PROCESS_ARGUMENTS_MAX);
        argv[count++] = *arguments;
    }
    argv[count] = NULL;
    snprintf(name, sizeof name, "service.%u.log", ++service->starts);
    scratch_file(&service->scratch, name, service->log);
    service->pid =
        process_start(argv, scratch_file(&service->scratch, "final.json", out), service->log);
    if (!process_wait_for_text(service->log, "ready\n")) {
        size_t size;
        char *log = process_read_file(service->log, &size);
        ck_abort_msg("the service did not say that it is ready; it said: %s", log);
    }
}

void service_write_config(const struct service *service, const char *config)
{
    scratch_write(&service->scratch, "config.json", config, strlen(config));
}

void service_start_with(struct service *service, const char *config)
{
    char path[PROCESS_PATH_MAX];
    const char *const arguments[] = {"--config",
                                     scratch_file(&service->scratch, "config.json", path), NULL};
    service_write_config(service, config);
    service_start(service, arguments);
}

void service_stop(struct service *service)
{
    process_ask_to_stop(service->pid);
    service_end(service);
}

void service_end(struct service *service)
{
    char path[PROCESS_PATH_MAX];
    size_t size;
    char *json;
    cJSON *root;

    ck_assert_int_eq(process_wait(service->pid), 0);
    service->pid = 0;
    json = process_read_file(scratch_file(&service->scratch, "final.json", path), &size);
    root = cJSON_Parse(json);
    ck_assert_msg(cJSON_IsObject(root), "no JSON: %s", json);
    cJSON_Delete(service->final);
    service->final = cJSON_DetachItemFromObjectCaseSensitive(root, "final");
    ck_assert_msg(cJSON_IsObject(service->final), "no \"final\": %s", json);
    cJSON_Delete(root);
    free(json);
}

void service_kill(struct service *service)
{
    process_kill(service->pid);
    process_wait(service->pid);
    service->pid = 0;
}

void service_clear(struct service *service)
{
    if (service->pid > 0) service_kill(service);
    cJSON_Delete(service->final);
    scratch_clear(&service->scratch);
}

static uint64_t count_of(const cJSON *item)
{
    return cJSON_IsNumber(item) ? (uint64_t)item->valuedouble : 0;
}

uint64_t service_final(const struct service *service, const char *key)
{
    const cJSON *object = service->final;
    const char *dot;
    char name[32];

    while ((dot = strchr(key, '.')) != NULL) {
        snprintf(name, sizeof name, "%.*s", (int)(dot - key), key);
        object = cJSON_GetObjectItemCaseSensitive(object, name);
        key = dot + 1;
    }
    return count_of(cJSON_GetObjectItemCaseSensitive(object, key));
}

void service_check_account(const struct service *service)
{
    const cJSON *reason;
    uint64_t dropped = 0;

    cJSON_ArrayForEach(reason, cJSON_GetObjectItemCaseSensitive(service->final, "dropped"))
        dropped += count_of(reason);
    ck_assert_uint_eq(service_final(service, "pending"), 0);
    ck_assert_uint_eq(service_final(service, "accepted"),
                      service_final(service, "written") + service_final(service, "not_enabled") +
                          dropped);
}
