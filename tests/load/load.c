/* See the header. */
#include "tests/load/load.h"

#include <check.h>
#include <dirent.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include <linux/sockios.h>

#define DEADLINE_MS 20000
#define SETTLED_MS  500

bool load_is_full(void)
{
    const char *word = getenv("ETWR_LONG");
    return word != NULL && word[0] != 0 && strcmp(word, "0") != 0;
}

unsigned load_scale(unsigned full)
{
    return load_is_full() ? full : full / 10;
}

uint64_t load_now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

void load_pause(void)
{
    const struct timespec pause = {0, 1000000};
    nanosleep(&pause, NULL);
}

unsigned load_descriptors(const struct service *service)
{
    char path[64];
    unsigned count = 0;
    snprintf(path, sizeof path, "/proc/%ld/fd", (long)service->pid);
    DIR *folder = opendir(path);
    ck_assert_ptr_nonnull(folder);
    for (const struct dirent *entry; (entry = readdir(folder)) != NULL;)
        if (entry->d_name[0] != '.') count++;
    closedir(folder);
    return count;
}

unsigned load_settled_descriptors(const struct service *service)
{
    unsigned count = load_descriptors(service);
    for (uint64_t since = load_now_ms(); load_now_ms() - since < SETTLED_MS; load_pause()) {
        unsigned now = load_descriptors(service);
        if (now == count) continue;
        count = now;
        since = load_now_ms();
    }
    return count;
}

bool load_wait_descriptors(const struct service *service, unsigned count)
{
    uint64_t until = load_now_ms() + DEADLINE_MS;
    while (load_descriptors(service) > count) {
        if (load_now_ms() > until) return false;
        load_pause();
    }
    return true;
}

uint64_t load_memory_bytes(const struct service *service)
{
    char path[64], line[256];
    unsigned long kib = 0;
    snprintf(path, sizeof path, "/proc/%ld/smaps_rollup", (long)service->pid);
    FILE *file = fopen(path, "r");
    ck_assert_ptr_nonnull(file);
    while (kib == 0 && fgets(line, sizeof line, file) != NULL)
        (void)sscanf(line, "Rss: %lu kB", &kib);
    fclose(file);
    ck_assert_uint_gt(kib, 0);
    return (uint64_t)kib * 1024;
}

uint64_t load_reserved_bytes(const struct service *service)
{
    char path[64];
    unsigned long pages = 0;
    snprintf(path, sizeof path, "/proc/%ld/statm", (long)service->pid);
    FILE *file = fopen(path, "r");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(fscanf(file, "%*u %*u %*u %*u %*u %lu", &pages), 1); /* data and stacks */
    fclose(file);
    return (uint64_t)pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

bool load_memory_is_foreign(void)
{
    return LOAD_SANITIZED != 0;
}

void load_start(struct service *service, const char *sink, const char *config)
{
    char path[PROCESS_PATH_MAX];
    const char *arguments[5] = {NULL};
    size_t count = 0;
    if (sink != NULL) {
        arguments[count++] = "--sink";
        arguments[count++] = sink;
    }
    if (config != NULL) {
        scratch_write(&service->scratch, "config.json", config, strlen(config));
        arguments[count++] = "--config";
        arguments[count] = scratch_file(&service->scratch, "config.json", path);
    }
    setenv("XDG_STATE_HOME", service->scratch.path, 1); /* its state goes with the folder */
    service_start(service, arguments);
}

struct socket_client *load_make_clients(unsigned count)
{
    struct socket_client *clients = calloc(count, sizeof *clients);
    ck_assert_ptr_nonnull(clients);
    for (unsigned i = 0; i < count; i++)
        ck_assert(socket_client_init(&clients[i]));
    return clients;
}

void load_free_clients(struct socket_client *clients, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        socket_client_clear(&clients[i]);
    free(clients);
}

void load_wait_read(const struct socket_client *client)
{
    uint64_t until = load_now_ms() + DEADLINE_MS;
    int unread = 1;
    while (ioctl(client->fd, SIOCOUTQ, &unread) == 0 && unread > 0) {
        ck_assert_uint_lt(load_now_ms(), until);
        load_pause();
    }
}

void load_print(const char *name, const char *format, ...)
{
    va_list list;
    printf("{\"test\":\"%s\",\"full\":%s,", name, load_is_full() ? "true" : "false");
    va_start(list, format);
    vprintf(format, list);
    va_end(list);
    puts("}");
    fflush(stdout);
}
