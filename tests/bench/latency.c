/*
 * How long an event takes from its write to where a reader of the sink sees it, at light load.
 *
 *     bench_latency PIPE JSONL
 *
 * The service's sink is `jsonl:JSONL`. One event at a time, some milliseconds apart, at level 5 and
 * at level 2, which is urgent: the time until the file has grown. One JSON line, in microseconds.
 */
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "tests/bench/reference.h"
#include "tests/bench/statistics.h"

#define EVENTS     400
#define TIMEOUT_MS 10000u
#define LOOK_NS    50000L   /* how often the file is looked at */
#define PAUSE_NS   3000000L /* and a little more each time, so as not to fall into step */

struct bench {
    struct etwr_client *client;
    struct etwr_provider *provider;
    struct etwr_event *builder;
    int file;
};

static void pause_ns(long ns)
{
    const struct timespec time = {.tv_sec = 0, .tv_nsec = ns};

    nanosleep(&time, NULL);
}

static off_t size_of(int file)
{
    struct stat status;

    return fstat(file, &status) == 0 ? status.st_size : -1;
}

static bool measure_one(struct bench *bench, uint8_t level, uint32_t count, double *us)
{
    off_t before = size_of(bench->file);
    uint64_t start = bench_now_ns(), now;

    if (reference_build(bench->builder, level, count) != ETWR_OK) return false;
    if (etwr_provider_write(bench->provider, bench->builder) != ETWR_OK) return false;
    do {
        pause_ns(LOOK_NS);
        now = bench_now_ns();
        if (now - start > TIMEOUT_MS * 1000000ull) return false;
    } while (size_of(bench->file) <= before);
    *us = (double)(now - start) / 1000;
    return true;
}

static bool measure(struct bench *bench, uint8_t level, double us[EVENTS])
{
    for (uint32_t i = 0; i < EVENTS; i++) {
        if (!measure_one(bench, level, i, &us[i])) return false;
        pause_ns(PAUSE_NS + (long)(i % 7) * 300000L);
    }
    bench_sort(us, EVENTS);
    return true;
}

static bool open_bench(struct bench *bench, const char *pipe, const char *path)
{
    struct etwr_client_options options;

    bench->file = open(path, O_RDONLY | O_CLOEXEC);
    if (bench->file < 0) return false;
    etwr_client_options_init(&options);
    options.pipe = pipe;
    if (etwr_client_create(&options, &bench->client) != ETWR_OK) return false;
    if (etwr_client_wait_connected(bench->client, TIMEOUT_MS) != ETWR_OK) return false;
    if (etwr_event_create(&bench->builder) != ETWR_OK) return false;
    return etwr_provider_open(bench->client, REFERENCE_PROVIDER, NULL, &bench->provider) == ETWR_OK;
}

static bool run(struct bench *bench)
{
    static double usual[EVENTS], urgent[EVENTS];

    if (!measure(bench, 5, usual) || !measure(bench, 2, urgent)) return false;
    printf("{\"bench\":\"latency\",\"level5_p50_us\":%.0f,\"level5_p99_us\":%.0f,"
           "\"level2_p50_us\":%.0f,\"level2_p99_us\":%.0f}\n",
           bench_percentile(usual, EVENTS, 50), bench_percentile(usual, EVENTS, 99),
           bench_percentile(urgent, EVENTS, 50), bench_percentile(urgent, EVENTS, 99));
    return true;
}

int main(int argc, char **argv)
{
    struct bench bench = {.file = -1};
    bool is_done;

    if (argc != 3) {
        fputs("usage: bench_latency PIPE JSONL\n", stderr);
        return 2;
    }
    is_done = open_bench(&bench, argv[1], argv[2]) && run(&bench);
    if (!is_done)
        fputs("bench_latency: no service there, or nothing arrived in its file\n", stderr);
    etwr_event_destroy(bench.builder);
    etwr_client_destroy(bench.client, TIMEOUT_MS, NULL);
    if (bench.file >= 0) close(bench.file);
    return is_done ? 0 : 1;
}
