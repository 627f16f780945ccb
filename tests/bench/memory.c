/*
 * Resident memory of a client and of the service, empty and with many idle clients.
 *
 *     bench_memory PIPE SERVICE_PID CLIENTS
 *
 * One JSON line, in KiB. A client here has written nothing, then a queue full of events.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/bench/reference.h"

#define TIMEOUT_MS   10000u
#define QUEUE_EVENTS 20000u

/* Pages that are this process's share, of code too: 0 when it cannot be known. */
static long resident_kib(long pid)
{
    char path[64], line[128];
    long kib = 0;
    FILE *file;

    snprintf(path, sizeof path, "/proc/%ld/status", pid);
    file = fopen(path, "r");
    if (!file) return 0;
    while (fgets(line, sizeof line, file) && kib == 0)
        if (strncmp(line, "VmRSS:", 6) == 0) kib = strtol(line + 6, NULL, 10);
    fclose(file);
    return kib;
}

static struct etwr_client *open_client(const char *pipe)
{
    struct etwr_client_options options;
    struct etwr_client *client;

    etwr_client_options_init(&options);
    options.pipe = pipe;
    options.wait_ms = TIMEOUT_MS;
    if (etwr_client_create(&options, &client) != ETWR_OK) return NULL;
    if (etwr_client_wait_connected(client, TIMEOUT_MS) == ETWR_OK) return client;
    etwr_client_destroy(client, 0, NULL);
    return NULL;
}

static bool write_events(struct etwr_client *client)
{
    struct etwr_provider *provider;
    struct etwr_event *builder;
    bool is_done = true;

    if (etwr_event_create(&builder) != ETWR_OK) return false;
    is_done = etwr_provider_open(client, REFERENCE_PROVIDER, NULL, &provider) == ETWR_OK;
    for (uint32_t i = 0; is_done && i < QUEUE_EVENTS; i++)
        is_done = reference_build(builder, 5, i) == ETWR_OK &&
                  etwr_provider_write(provider, builder) == ETWR_OK;
    etwr_event_destroy(builder);
    return is_done && etwr_client_flush(client, TIMEOUT_MS) == ETWR_OK;
}

static bool run(const char *pipe, long service, size_t count, struct etwr_client **clients)
{
    long service_empty = resident_kib(service), empty = resident_kib(getpid());
    long one, full, many;

    clients[0] = open_client(pipe);
    if (!clients[0]) return false;
    one = resident_kib(getpid());
    if (!write_events(clients[0])) return false;
    full = resident_kib(getpid());
    for (size_t i = 1; i < count; i++)
        if ((clients[i] = open_client(pipe)) == NULL) return false;
    many = resident_kib(service);
    printf("{\"bench\":\"memory\",\"client_idle_kib\":%ld,\"client_used_kib\":%ld,"
           "\"service_empty_kib\":%ld,\"service_kib\":%ld,\"clients\":%zu,"
           "\"service_each_client_kib\":%.1f}\n",
           one - empty, full - empty, service_empty, many, count,
           (double)(many - service_empty) / (double)count);
    return true;
}

int main(int argc, char **argv)
{
    size_t count = argc == 4 ? (size_t)strtoul(argv[3], NULL, 10) : 0;
    struct etwr_client **clients;
    bool is_done;

    if (count == 0) {
        fputs("usage: bench_memory PIPE SERVICE_PID CLIENTS\n", stderr);
        return 2;
    }
    clients = calloc(count, sizeof *clients);
    if (!clients) return 1;
    is_done = run(argv[1], strtol(argv[2], NULL, 10), count, clients);
    if (!is_done) fputs("bench_memory: the service did not answer every client\n", stderr);
    for (size_t i = 0; i < count; i++)
        etwr_client_destroy(clients[i], TIMEOUT_MS, NULL);
    free(clients);
    return is_done ? 0 : 1;
}
