/*
 * Does an event cost more when its client has many schemas?
 *
 *     bench_growth PIPE
 *
 * One JSON line: ns an event, until the service has settled all, with 1, 64, 1,024 and 4,096
 * prepared events written in turn, after each was written once. Medians.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/bench/reference.h"
#include "tests/bench/statistics.h"

#define SCHEMAS_MAX 4096
#define STEPS       4
#define ROUNDS      9
#define EVENTS      262144u
#define TIMEOUT_MS  30000u

static const unsigned steps[STEPS] = {1, 64, 1024, SCHEMAS_MAX};

struct bench {
    struct etwr_client *client;
    struct etwr_provider *provider;
    struct etwr_event *builder;
    struct etwr_prepared *prepared[SCHEMAS_MAX];
};

/* The reference event under another name is another schema. */
static bool prepare(struct bench *bench, unsigned index)
{
    static const enum etwr_in types[] = {ETWR_IN_UINT32, ETWR_IN_UINT64, ETWR_IN_FLOAT64,
                                         ETWR_IN_STR8,   ETWR_IN_GUID,   ETWR_IN_BOOL32};
    char name[32];

    snprintf(name, sizeof name, "RequestDone%u", index);
    etwr_event_reset(bench->builder, name, 5, REFERENCE_KEYWORD);
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        char field[] = {'f', (char)('0' + i), '\0'};
        etwr_event_declare(bench->builder, field, (uint8_t)types[i], 0, ETWR_OUT_NULL, 0);
    }
    return etwr_prepared_create(bench->provider, bench->builder, &bench->prepared[index]) ==
           ETWR_OK;
}

static bool write_in_turn(struct bench *bench, unsigned schemas, uint32_t events)
{
    for (uint32_t i = 0; i < events; i++) {
        uint8_t memory[REFERENCE_VALUES_BYTES];
        struct etwr_values values;

        reference_put(&values, memory, sizeof memory, i);
        if (etwr_prepared_write(bench->prepared[i % schemas], &values, NULL, NULL) != ETWR_OK)
            return false;
    }
    return etwr_client_flush(bench->client, TIMEOUT_MS) == ETWR_OK;
}

static bool measure(struct bench *bench, unsigned schemas, double *ns)
{
    double rounds[ROUNDS];

    if (!write_in_turn(bench, schemas, schemas)) return false;
    for (size_t i = 0; i < ROUNDS; i++) {
        uint64_t start = bench_now_ns();

        if (!write_in_turn(bench, schemas, EVENTS)) return false;
        rounds[i] = (double)(bench_now_ns() - start) / EVENTS;
    }
    bench_sort(rounds, ROUNDS);
    *ns = bench_percentile(rounds, ROUNDS, 50);
    return true;
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
    for (unsigned i = 0; i < SCHEMAS_MAX; i++)
        if (!prepare(bench, i)) return false;
    return true;
}

static bool run(struct bench *bench)
{
    double ns[STEPS];

    for (size_t i = 0; i < STEPS; i++)
        if (!measure(bench, steps[i], &ns[i])) return false;
    printf("{\"bench\":\"growth\",\"by_schemas\":{");
    for (size_t i = 0; i < STEPS; i++)
        printf("%s\"%u\":%.1f", i == 0 ? "" : ",", steps[i], ns[i]);
    printf("}}\n");
    return true;
}

int main(int argc, char **argv)
{
    static struct bench bench;
    bool is_done;

    if (argc != 2) {
        fputs("usage: bench_growth PIPE\n", stderr);
        return 2;
    }
    is_done = open_bench(&bench, argv[1]) && run(&bench);
    if (!is_done) fputs("bench_growth: no service there, or it stopped answering\n", stderr);
    etwr_event_destroy(bench.builder);
    etwr_client_destroy(bench.client, TIMEOUT_MS, NULL);
    return is_done ? 0 : 1;
}
