/*
 * What encoding and checking one reference event costs, without any client or service.
 *
 *     bench_encoder              ns an event of each way, medians, one JSON line
 *     bench_encoder WAY COUNT    just that, for an instruction counter (count.sh)
 *
 * The ways: `builder` resets and adds all fields; `encode` does that and takes the finished event;
 * `prepared` puts the values; `check` runs the value check over them.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/tracelogging/schema.h"
#include "tests/bench/reference.h"
#include "tests/bench/statistics.h"

#define ROUNDS       15
#define ROUND_EVENTS 200000u

struct bench {
    struct etwr_event *builder;
    struct schema *schema;
    uint8_t values[REFERENCE_VALUES_BYTES];
    size_t values_size;
    uint64_t sum; /* of what was made, so that nothing is left out by the compiler */
};

static bool run_builder(struct bench *bench, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (reference_build(bench->builder, 5, i) != ETWR_OK) return false;
    return true;
}

static bool run_encode(struct bench *bench, uint32_t count)
{
    struct etwr_encoded encoded;

    for (uint32_t i = 0; i < count; i++) {
        if (reference_build(bench->builder, 5, i) != ETWR_OK) return false;
        if (etwr_event_encode(bench->builder, &encoded) != ETWR_OK) return false;
        bench->sum += encoded.data.size + encoded.metadata.size;
    }
    return true;
}

static bool run_prepared(struct bench *bench, uint32_t count)
{
    struct etwr_values values;

    for (uint32_t i = 0; i < count; i++) {
        reference_put(&values, bench->values, sizeof bench->values, i);
        if (values.failed != ETWR_OK) return false;
        bench->sum += (size_t)(values.at - values.start);
    }
    return true;
}

static bool run_check(struct bench *bench, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (schema_check(bench->schema, bench->values, bench->values_size) != ETWR_OK) return false;
    return true;
}

static const struct way {
    const char *name;
    bool (*run)(struct bench *bench, uint32_t count);
} ways[] = {{"builder", run_builder},
            {"encode", run_encode},
            {"prepared", run_prepared},
            {"check", run_check}};

#define WAYS (sizeof ways / sizeof ways[0])

static bool open_bench(struct bench *bench)
{
    struct etwr_encoded encoded;
    struct etwr_values values;

    if (etwr_event_create(&bench->builder) != ETWR_OK) return false;
    if (reference_build(bench->builder, 5, 0) != ETWR_OK) return false;
    if (etwr_event_encode(bench->builder, &encoded) != ETWR_OK) return false;
    reference_put(&values, bench->values, sizeof bench->values, 0);
    bench->values_size = (size_t)(values.at - values.start);
    return schema_create(encoded.metadata.data, encoded.metadata.size, &bench->schema) == ETWR_OK;
}

static void close_bench(struct bench *bench)
{
    schema_destroy(bench->schema);
    etwr_event_destroy(bench->builder);
}

static bool measure(struct bench *bench, const struct way *way, double *ns)
{
    double rounds[ROUNDS];

    for (size_t i = 0; i < ROUNDS; i++) {
        uint64_t start = bench_now_ns();

        if (!way->run(bench, ROUND_EVENTS)) return false;
        rounds[i] = (double)(bench_now_ns() - start) / ROUND_EVENTS;
    }
    bench_sort(rounds, ROUNDS);
    *ns = bench_percentile(rounds, ROUNDS, 50);
    return true;
}

static bool measure_all(struct bench *bench)
{
    double ns[WAYS];

    for (size_t i = 0; i < WAYS; i++)
        if (!measure(bench, &ways[i], &ns[i])) return false;
    printf("{\"bench\":\"encoder\"");
    for (size_t i = 0; i < WAYS; i++)
        printf(",\"%s_ns\":%.1f", ways[i].name, ns[i]);
    printf("}\n");
    return true;
}

static bool run_one(struct bench *bench, const char *name, const char *count)
{
    for (size_t i = 0; i < WAYS; i++)
        if (strcmp(ways[i].name, name) == 0)
            return ways[i].run(bench, (uint32_t)strtoul(count, NULL, 10));
    return false;
}

int main(int argc, char **argv)
{
    struct bench bench = {0};
    bool is_done;

    if (argc != 1 && argc != 3) {
        fputs("usage: bench_encoder [builder|encode|prepared|check COUNT]\n", stderr);
        return 2;
    }
    is_done =
        open_bench(&bench) && (argc == 1 ? measure_all(&bench) : run_one(&bench, argv[1], argv[2]));
    close_bench(&bench);
    return is_done ? 0 : 1;
}
