/*
 * Real processes for flow tests. Programs are started with fork and exec, their output goes to
 * files in the scratch folder, so that nobody blocks on a pipe that nobody reads.
 */
#include "tests/support/process.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <check.h>

static uint64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* Between two looks at a condition. */
static void pause_shortly(void)
{
    const struct timespec pause = {0, 2000000};
    nanosleep(&pause, NULL);
}

void scratch_init(struct scratch *scratch)
{
    const char *folder = getenv("TMPDIR");

    if (folder == NULL || strlen(folder) > 30) folder = "/tmp";
    snprintf(scratch->path, sizeof scratch->path, "%s/etwr-test-XXXXXX", folder);
    ck_assert_msg(mkdtemp(scratch->path) != NULL, "mkdtemp: %s", strerror(errno));
}

void scratch_clear(struct scratch *scratch)
{
    const char *const argv[] = {"/bin/rm", "-rf", "--", scratch->path, NULL};
    process_wait(process_start(argv, "/dev/null", "/dev/null"));
}

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
    struct stat about;
    char *bytes;

    ck_assert_msg(file != NULL && fstat(fileno(file), &about) == 0, "%s: %s", path,
                  strerror(errno));
    bytes = malloc((size_t)about.st_size + 1);
    ck_assert_ptr_nonnull(bytes);
    *size = fread(bytes, 1, (size_t)about.st_size, file);
    bytes[*size] = '\0';
    fclose(file);
    return bytes;
}

static void redirect(const char *path, int flags, int target)
{
    int file = open(path, flags, 0600);
    if (file < 0 || dup2(file, target) < 0) _exit(127);
    close(file);
}

static pid_t start(const char *const *argv, const char *in_path, const char *out_path,
                   const char *err_path)
{
    char *arguments[PROCESS_ARGUMENTS_MAX + 1];
    size_t count = 0;
    pid_t pid;

    for (; argv[count] != NULL; count++) {
        ck_assert_uint_lt(count, PROCESS_ARGUMENTS_MAX);
        memcpy(&arguments[count], &argv[count],
               sizeof argv[count]); /* execv() promises not to change them */
    }
    arguments[count] = NULL;
    pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid > 0) return pid;
    redirect(in_path, O_RDONLY, STDIN_FILENO);
    redirect(out_path, O_WRONLY | O_CREAT | O_TRUNC, STDOUT_FILENO);
    redirect(err_path, O_WRONLY | O_CREAT | O_TRUNC, STDERR_FILENO);
    execv(arguments[0], arguments);
    _exit(127);
}

pid_t process_start(const char *const *argv, const char *out_path, const char *err_path)
{
    return start(argv, "/dev/null", out_path, err_path);
}

int process_wait(pid_t pid)
{
    uint64_t deadline = now_ms() + PROCESS_DEADLINE_MS;
    int status;
    pid_t ended;

    while ((ended = waitpid(pid, &status, WNOHANG)) == 0) {
        if (now_ms() > deadline) {
            kill(pid, SIGKILL);
            waitpid(pid, &status, 0);
            ck_abort_msg("a process did not end within %d ms", PROCESS_DEADLINE_MS);
        }
        pause_shortly();
    }
    ck_assert_int_eq(ended, pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static bool holds_text(const char *path, const char *text)
{
    size_t size;
    char *bytes;
    bool found;

    if (access(path, R_OK) != 0) return false;
    bytes = process_read_file(path, &size);
    found = strstr(bytes, text) != NULL;
    free(bytes);
    return found;
}

bool process_wait_for_text(const char *path, const char *text)
{
    uint64_t deadline = now_ms() + PROCESS_DEADLINE_MS;

    while (!holds_text(path, text)) {
        if (now_ms() > deadline) return false;
        pause_shortly();
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
    run->exit_status = process_wait(start(argv, in_path, out_path, err_path));
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
    scratch_file(&service->scratch, "relay.sock", service->pipe);
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

void service_stop(struct service *service)
{
    char path[PROCESS_PATH_MAX];
    size_t size;
    char *json;
    cJSON *root;

    ck_assert_int_eq(kill(service->pid, SIGTERM), 0);
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
    kill(service->pid, SIGKILL);
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
    const char *dot = strchr(key, '.');
    char first[32];

    if (dot == NULL) return count_of(cJSON_GetObjectItemCaseSensitive(service->final, key));
    snprintf(first, sizeof first, "%.*s", (int)(dot - key), key);
    return count_of(cJSON_GetObjectItemCaseSensitive(
        cJSON_GetObjectItemCaseSensitive(service->final, first), dot + 1));
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
