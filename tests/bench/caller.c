/*
 * What an event costs its caller: bursts that fit an empty queue, the queue emptied in between.
 *
 *     bench_caller PIPE
 *
 * One JSON line: ns an event prepared, built each time, prepared with paths of 8 to 1,024
 * characters, and what asking costs when nobody listens (the service refuses a provider of this
 * group, whatever its config). Medians, and the least, since a burst shares its processor with
 * whatever else the machine does.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/bench/reference.h"
#include "tests/bench/statistics.h"

#define BURSTS       201
#define BURST_EVENTS 1000u
#define CHECKS       20000000u
#define TIMEOUT_MS   10000u
#define SIZES        5

static const size_t path_sizes[SIZES] = {8, 24, 64, 256, 1024};

struct bench {
    struct etwr_client *client;
    struct etwr_provider *provider;
    struct etwr_event *builder;
    struct etwr_prepared *prepared;
    uint32_t count;
    size_t path_size; /* of sized events */
};

static enum etwr_status write_prepared(struct bench *bench)
{
    uint8_t memory[REFERENCE_VALUES_BYTES];
    struct etwr_values values;

    reference_put(&values, memory, sizeof memory, bench->count++);
    return etwr_prepared_write(bench->prepared, &values, NULL, NULL);
}

static enum etwr_status write_sized(struct bench *bench)
{
    uint8_t memory[REFERENCE_VALUES_BYTES + 1024];
    struct etwr_values values;

    reference_put_sized(&values, memory, sizeof memory, bench->count++, bench->path_size);
    return etwr_prepared_write(bench->prepared, &values, NULL, NULL);
}

static enum etwr_status write_built(struct bench *bench)
{
    reference_build(bench->builder, 5, bench->count++);
    return etwr_provider_write(bench->provider, bench->builder);
}

/* `ns` gets the least and the median. */
static bool measure(struct bench *bench, enum etwr_status (*write)(struct bench *), uint32_t events,
                    double ns[2])
{
    double bursts[BURSTS];

    for (size_t i = 0; i < BURSTS; i++) {
        uint64_t start = bench_now_ns();

        for (uint32_t n = 0; n < events; n++)
            if (write(bench) != ETWR_OK) return false;
        bursts[i] = (double)(bench_now_ns() - start) / events;
        if (etwr_client_flush(bench->client, TIMEOUT_MS) != ETWR_OK) return false;
    }
    bench_sort(bursts, BURSTS);
    ns[0] = bursts[0];
    ns[1] = bench_percentile(bursts, BURSTS, 50);
    return true;
}

static bool measure_disabled(struct bench *bench, double *ns)
{
    struct etwr_provider_options options;
    struct etwr_provider *provider;
    struct etwr_guid group;
    unsigned enabled = 0;
    uint64_t start;

    etwr_guid_parse("4f50731a-89cf-4782-b3e0-dce8c90476ba", &group);
    etwr_provider_options_init(&options);
    options.group = &group;
    if (etwr_provider_open(bench->client, "RelayBenchRefused", &options, &provider) != ETWR_OK)
        return false;
    if (etwr_client_flush(bench->client, TIMEOUT_MS) != ETWR_OK) return false;
    start = bench_now_ns();
    for (uint32_t i = 0; i < CHECKS; i++)
        enabled += (unsigned)etwr_provider_enabled(provider, 5, REFERENCE_KEYWORD);
    *ns = (double)(bench_now_ns() - start) / CHECKS;
    return enabled == 0;
}

static bool open_bench(struct bench *bench, const char *pipe)
{
    struct etwr_client_options options;

    etwr_client_options_init(&options);
    options.pipe = pipe;
    options.wait_ms = TIMEOUT_MS;
    if (etwr_client_create(&options, &bench->client) != ETWR_OK) return false;
    if (etwr_client_wait_connected(bench->client, TIMEOUT_MS) != ETWR_OK) return false;
    if (etwr_event_create(&bench->builder) != ETWR_OK) return false;
    if (etwr_provider_open(bench->client, REFERENCE_PROVIDER, NULL, &bench->provider) != ETWR_OK)
        return false;
    if (reference_build(bench->builder, 5, 0) != ETWR_OK) return false;
    return etwr_prepared_create(bench->provider, bench->builder, &bench->prepared) == ETWR_OK;
}

static bool run(struct bench *bench)
{
    double prepared[2], built[2], sized[SIZES][2], disabled;

    if (!measure(bench, write_prepared, BURST_EVENTS, prepared)) return false;
    if (!measure(bench, write_built, BURST_EVENTS, built)) return false;
    for (size_t i = 0; i < SIZES; i++) {
        bench->path_size = path_sizes[i];
        if (!measure(bench, write_sized, BURST_EVENTS / 4, sized[i])) return false;
    }
    if (!measure_disabled(bench, &disabled)) return false;
    printf("{\"bench\":\"caller\",\"prepared_ns\":%.1f,\"prepared_least_ns\":%.1f,"
           "\"builder_ns\":%.1f,\"builder_least_ns\":%.1f,\"disabled_ns\":%.2f,\"by_size\":{",
           prepared[1], prepared[0], built[1], built[0], disabled);
    for (size_t i = 0; i < SIZES; i++)
        printf("%s\"%zu\":%.1f", i == 0 ? "" : ",", path_sizes[i] + 41, sized[i][1]);
    printf("}}\n");
    return true;
}

int main(int argc, char **argv)
{
    struct bench bench = {0};
    bool is_done;

    if (argc != 2) {
        fputs("usage: bench_caller PIPE\n", stderr);
        return 2;
    }
    is_done = open_bench(&bench, argv[1]) && run(&bench);
    if (!is_done) fputs("bench_caller: no service there, or it stopped answering\n", stderr);
    etwr_event_destroy(bench.builder);
    etwr_client_destroy(bench.client, TIMEOUT_MS, NULL);
    return is_done ? 0 : 1;
}
