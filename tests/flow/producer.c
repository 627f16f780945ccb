/*
 * A process that floods the relay for the load and kill tests: COUNT events numbered from 1, half
 * of them prepared. Nothing is ruled out here and nothing is dropped before it has its number, so
 * an event's number is its sequence, and what the client says of sequences can be looked up in a
 * file.
 *
 * usage: producer PIPE COUNT WAIT_MS GO-FILE
 *
 * Says "connected" on stderr once it is, starts when GO-FILE exists, and prints the final counters
 * and the ranges in doubt as JSON.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <etwrelay/client.h>

#include "tests/support/process.h"

#define DEADLINE_MS 120000
#define RANGES_MAX  64

struct producer {
    struct etwr_client *client;
    struct etwr_provider *provider;
    struct etwr_event *event;
    struct etwr_prepared *prepared;
};

static enum etwr_status open_producer(struct producer *producer, const char *pipe, uint32_t wait_ms)
{
    struct etwr_client_options options;
    enum etwr_status status;

    etwr_client_options_init(&options);
    options.pipe = pipe;
    options.wait_ms = wait_ms;
    status = etwr_client_create(&options, &producer->client);
    if (status == ETWR_OK)
        status = etwr_provider_open(producer->client, "Test.Numbered", NULL, &producer->provider);
    if (status == ETWR_OK) status = etwr_event_create(&producer->event);
    if (status != ETWR_OK) return status;
    etwr_event_reset(producer->event, "Prepared", 5, 1);
    etwr_event_declare(producer->event, "n", ETWR_IN_UINT64, 0, ETWR_OUT_NULL, 0);
    return etwr_prepared_create(producer->provider, producer->event, &producer->prepared);
}

static bool is_there(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (file != NULL) fclose(file);
    return file != NULL;
}

/* All producers from one line: who starts late would miss what the test does to the others. */
static void wait_for_start(struct producer *producer, const char *go_file)
{
    if (etwr_client_wait_connected(producer->client, DEADLINE_MS) == ETWR_OK)
        fputs("connected\n", stderr);
    fflush(stderr); /* Wine's C library keeps what goes to a file */
    for (int i = 0; i < DEADLINE_MS && !is_there(go_file); i++)
        process_pause();
}

/* The result of a write is not looked at: the counters must tell all there is. */
static void write_numbered(struct producer *producer, uint64_t n)
{
    if (n % 2 == 0) {
        uint8_t memory[8];
        struct etwr_values values;
        etwr_values_init(&values, memory, sizeof memory);
        etwr_put_uint64(&values, n);
        etwr_prepared_write(producer->prepared, &values, NULL, NULL);
        return;
    }
    etwr_event_reset(producer->event, "Built", 5, 1);
    etwr_event_add_uint64(producer->event, "n", n, ETWR_OUT_NULL, 0);
    etwr_provider_write(producer->provider, producer->event);
}

static uint64_t sum(const uint64_t dropped[ETWR_REASON_DROP_COUNT])
{
    uint64_t all = 0;
    for (size_t i = 0; i < ETWR_REASON_DROP_COUNT; i++)
        all += dropped[i];
    return all;
}

static void print_result(const struct etwr_counters *counters, const struct etwr_in_doubt *ranges,
                         size_t range_count)
{
    printf("{\"pid\":%ld,\"produced\":%" PRIu64 ",\"not_enabled\":%" PRIu64 ",\"dropped\":%" PRIu64
           ",\"written\":%" PRIu64 ",\"settled_not_enabled\":%" PRIu64
           ",\"settled_dropped\":%" PRIu64 ",\"in_doubt\":%" PRIu64 ",\"pending\":%" PRIu64
           ",\"acknowledged\":%" PRIu64 ",\"connects\":%" PRIu64 ",\"ranges\":[",
           (long)getpid(), counters->produced, counters->not_enabled, sum(counters->dropped),
           counters->settled_written, counters->settled_not_enabled, sum(counters->settled_dropped),
           counters->in_doubt, counters->pending, counters->acknowledged, counters->connects);
    for (size_t i = 0; i < range_count; i++)
        printf("%s[%" PRIu64 ",%" PRIu64 "]", i == 0 ? "" : ",", ranges[i].first, ranges[i].count);
    puts("]}");
}

int main(int argc, char **argv)
{
    struct producer producer = {0};
    struct etwr_counters counters;
    struct etwr_in_doubt ranges[RANGES_MAX];
    size_t range_count = RANGES_MAX;
    enum etwr_status status;
    uint64_t count;

    if (argc != 5) return 2;
    count = strtoull(argv[2], NULL, 10);
    status = open_producer(&producer, argv[1], (uint32_t)strtoul(argv[3], NULL, 10));
    if (status != ETWR_OK) {
        fprintf(stderr, "producer: %s\n", etwr_status_text(status));
        return 1;
    }
    wait_for_start(&producer, argv[4]);
    for (uint64_t n = 1; n <= count; n++)
        write_numbered(&producer, n);
    status = etwr_client_flush(producer.client, DEADLINE_MS);
    if (status != ETWR_OK) fprintf(stderr, "producer: flush: %s\n", etwr_status_text(status));
    etwr_client_in_doubt(producer.client, ranges, &range_count);
    etwr_event_destroy(producer.event);
    etwr_client_destroy(producer.client, DEADLINE_MS, &counters);
    print_result(&counters, ranges, range_count);
    return status == ETWR_OK ? 0 : 1;
}
