/*
 * `etwrelay bench`: how fast events go through, from callers to the service's answer that every one
 * is settled.
 *
 * Up to 8 processes, forked before any client exists, share the connections. All connect and warm
 * up first; the time runs from the common start to the last answer. The caller's own cost is taken
 * apart from that, before the start, in bursts that fit an empty queue: in the run itself a caller
 * mostly waits for the slower side.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/tool/bench_event.h"
#include "client/tool/command.h"
#include "client/tool/connection.h"
#include "client/tool/options.h"
#include "client/tool/progress.h"
#include "client/tool/summary.h"
#include "client/tool/system.h"

#define PROCESSES_MAX    8
#define CLIENTS_MAX      2000
#define EVENTS_DEFAULT   1000000u
#define EVENTS_MAX       1000000000000u
#define BURSTS_MAX       16u
#define BURST_EVENTS_MAX 1000u /* 97 KB of frames: far less than a queue */
#define TURN_EVENTS      256u  /* what one client of several writes before the next one's turn */
#define TIMEOUT_MS       30000u
#define ENABLED_CHECKS   10000000u

static const char help[] =
    "usage: etwrelay bench [--pipe PATH] [--clients N] [--events M] [--prepared|--builder]\n"
    "                      [--drop]\n\n"
    "Send M reference events over N connections from at most 8 processes and print one line\n"
    "of JSON:\n\n"
    "  events             M\n"
    "  clients            N\n"
    "  seconds            from the common start to the service's answer that all are settled\n"
    "  timed_events       those of the M sent in these seconds (the bursts came before)\n"
    "  events_per_second  those of them that were not dropped, by seconds\n"
    "  caller_ns          what an event costs its caller, in bursts that fit an empty queue\n"
    "  disabled_ns        what etwr_provider_enabled() costs when the service has refused\n"
    "  written, not_enabled, dropped   what became of the M events\n\n"
    "  --pipe PATH     the service's socket; default as for `etwrelay send`\n"
    "  --clients N     connections (1)\n"
    "  --events M      events in all (1000000)\n"
    "  --prepared      events prepared once, then only values (default)\n"
    "  --builder       each event built anew\n"
    "  --drop          drop when the queue is full; without it, wait\n\n"
    "The reference event: provider RelayBench, event RequestDone, level 5, keyword 0x21;\n"
    "uint32 status, uint64 bytes, float64 ms, str8 path (24 characters), guid request,\n"
    "bool32 ok.\n";

enum { OPT_PIPE, OPT_CLIENTS, OPT_EVENTS, OPT_PREPARED, OPT_BUILDER, OPT_DROP };

static const struct option_name names[] = {
    {"--pipe", OPT_PIPE, true},
    {"--clients", OPT_CLIENTS, true},
    {"--events", OPT_EVENTS, true},
    {"--prepared", OPT_PREPARED, false},
    {"--builder", OPT_BUILDER, false},
    {"--drop", OPT_DROP, false},
    {NULL, 0, false},
};

struct bench_client {
    struct etwr_client *client;
    struct bench_event event;
    uint64_t left; /* events it still has to send */
};

/* One for all processes: each has its own copy and fills in its own clients. */
struct bench {
    const char *pipe;
    bool use_builder, drop;
    uint64_t clients, events;
    unsigned processes;
    struct bench_client *own;
    uint64_t own_count;
    double caller_ns, disabled_ns; /* -1: not measured by this process */
};

struct bench_result {
    uint64_t start_ns, end_ns, timed_events;
    double caller_ns, disabled_ns;
    struct summary summary;
};

/* Share `whole` among `parts` as evenly as can be. */
static uint64_t share(uint64_t whole, uint64_t parts, uint64_t index)
{
    return whole / parts + (index < whole % parts ? 1 : 0);
}

static bool open_client(const struct bench *bench, struct bench_client *client)
{
    struct etwr_client_options options;

    etwr_client_options_init(&options);
    options.pipe = bench->pipe;
    options.wait_ms = bench->drop ? 0 : TIMEOUT_MS;
    client->client = connection_open("bench", &options, CONNECTION_TIMEOUT_DEFAULT_MS);
    return client->client != NULL &&
           bench_event_open(&client->event, client->client, bench->use_builder);
}

static bool open_clients(struct bench *bench, unsigned index)
{
    uint64_t first = 0;

    bench->own_count = share(bench->clients, bench->processes, index);
    bench->own = calloc(bench->own_count, sizeof *bench->own);
    if (bench->own == NULL) {
        fputs("etwrelay bench: no memory\n", stderr);
        return false;
    }
    for (unsigned i = 0; i < index; i++)
        first += share(bench->clients, bench->processes, i);
    for (uint64_t i = 0; i < bench->own_count; i++) {
        bench->own[i].left = share(bench->events, bench->clients, first + i);
        if (!open_client(bench, &bench->own[i])) return false;
    }
    return true;
}

/* Write `count` events; false when the client can send no more. Dropped ones are counted by the
 * library. */
static bool write_events(struct bench_client *client, uint64_t count, bool drop)
{
    client->left -= count;
    for (uint64_t i = 0; i < count; i++) {
        enum etwr_status status = bench_event_write(&client->event);
        if (status == ETWR_OK || status == ETWR_E_NOT_ENABLED ||
            (drop && status == ETWR_E_QUEUE_FULL))
            continue;
        fprintf(stderr, "etwrelay bench: %s\n", etwr_status_text(status));
        return false;
    }
    return true;
}

static int compare_doubles(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;
    return a < b ? -1 : a > b;
}

/* At most a twentieth of the client's events. Few events fit the queue in one go, and then the run
 * itself is a burst. */
static bool measure_caller(struct bench *bench, struct bench_client *client)
{
    double ns[BURSTS_MAX];
    uint64_t size = client->left / 20 / BURSTS_MAX;

    if (size > BURST_EVENTS_MAX) size = BURST_EVENTS_MAX;
    if (size == 0) return true;
    for (unsigned i = 0; i < BURSTS_MAX; i++) {
        uint64_t start = system_now_ns();
        if (!write_events(client, size, bench->drop)) return false;
        ns[i] = (double)(system_now_ns() - start) / (double)size;
        if (connection_flush("bench", client->client, TIMEOUT_MS) != ETWR_OK) return false;
    }
    qsort(ns, BURSTS_MAX, sizeof ns[0], compare_doubles);
    bench->caller_ns = ns[BURSTS_MAX / 2];
    return true;
}

/* The service refuses this provider under every configuration: its group belongs to Microsoft's own
 * telemetry. */
static bool measure_disabled(struct bench *bench, struct etwr_client *client)
{
    struct etwr_provider_options options;
    struct etwr_provider *provider;
    struct etwr_guid group;
    unsigned enabled = 0;
    uint64_t start;

    etwr_guid_parse("4f50731a-89cf-4782-b3e0-dce8c90476ba", &group);
    etwr_provider_options_init(&options);
    options.group = &group;
    if (etwr_provider_open(client, "RelayBenchRefused", &options, &provider) != ETWR_OK) {
        fputs("etwrelay bench: cannot open a second provider\n", stderr);
        return false;
    }
    if (connection_flush("bench", client, TIMEOUT_MS) != ETWR_OK) return false;
    if (etwr_provider_status(provider, NULL) == ETWR_E_REFUSED) {
        start = system_now_ns();
        for (uint32_t i = 0; i < ENABLED_CHECKS; i++)
            enabled +=
                (unsigned)etwr_provider_enabled(provider, BENCH_EVENT_LEVEL, BENCH_EVENT_KEYWORD);
        if (enabled == 0) bench->disabled_ns = (double)(system_now_ns() - start) / ENABLED_CHECKS;
    }
    etwr_provider_close(provider);
    return true;
}

static bool prepare(void *context, unsigned index)
{
    struct bench *bench = context;

    if (!open_clients(bench, index)) return false;
    if (index != 0) return true;
    return measure_disabled(bench, bench->own[0].client) && measure_caller(bench, &bench->own[0]);
}

/* All clients of this process in turn, so that their queues fill side by side. The first process
 * tells how far all are, as if all were as far as it. */
static bool write_all(struct bench *bench, bool shows_progress)
{
    struct progress progress;
    uint64_t written = 0;

    progress_init(&progress, "events written");
    if (!shows_progress) progress.shown = false;
    for (bool more = true; more;) {
        more = false;
        progress_update(&progress, written * bench->processes);
        for (uint64_t i = 0; i < bench->own_count; i++) {
            struct bench_client *client = &bench->own[i];
            uint64_t count = client->left < TURN_EVENTS ? client->left : TURN_EVENTS;
            written += count;
            if (!write_events(client, count, bench->drop)) return false;
            more = more || client->left > 0;
        }
    }
    progress_clear(&progress);
    return true;
}

static void close_clients(struct bench *bench, struct summary *summary)
{
    struct etwr_counters counters;

    for (uint64_t i = 0; i < bench->own_count; i++) {
        bench_event_close(&bench->own[i].event);
        etwr_client_destroy(bench->own[i].client, TIMEOUT_MS, &counters);
        summary_add(summary, &counters);
    }
    free(bench->own);
}

static bool work(void *context, unsigned index, void *result_bytes)
{
    struct bench *bench = context;
    struct bench_result result = {0};
    uint64_t written_ns;

    for (uint64_t i = 0; i < bench->own_count; i++)
        result.timed_events += bench->own[i].left;
    result.start_ns = system_now_ns();
    if (!write_all(bench, index == 0)) return false;
    written_ns = system_now_ns();
    for (uint64_t i = 0; i < bench->own_count; i++)
        if (connection_flush("bench", bench->own[i].client, TIMEOUT_MS) != ETWR_OK) return false;
    result.end_ns = system_now_ns();
    if (index == 0 && bench->caller_ns < 0 && result.timed_events <= BURST_EVENTS_MAX &&
        result.timed_events > 0)
        bench->caller_ns = (double)(written_ns - result.start_ns) / (double)result.timed_events;
    result.caller_ns = bench->caller_ns;
    result.disabled_ns = bench->disabled_ns;
    close_clients(bench, &result.summary);
    memcpy(result_bytes, &result, sizeof result);
    return true;
}

static void add_result(struct bench_result *total, const struct bench_result *part)
{
    if (total->start_ns == 0 || part->start_ns < total->start_ns) total->start_ns = part->start_ns;
    if (part->end_ns > total->end_ns) total->end_ns = part->end_ns;
    total->timed_events += part->timed_events;
    total->summary.sent += part->summary.sent;
    total->summary.written += part->summary.written;
    total->summary.not_enabled += part->summary.not_enabled;
    for (size_t i = 0; i < ETWR_REASON_DROP_COUNT; i++)
        total->summary.dropped[i] += part->summary.dropped[i];
}

static void put_number(struct text *text, const char *key, double number)
{
    char digits[64];
    if (number < 0)
        snprintf(digits, sizeof digits, "null");
    else
        snprintf(digits, sizeof digits, "%.*f", number < 1000 ? 3 : 0, number);
    text_put_string(text, key);
    text_put_string(text, digits);
}

static int print_result(const struct bench *bench, const struct bench_result *total,
                        const struct bench_result *first)
{
    double seconds = (double)(total->end_ns - total->start_ns) / 1e9;
    uint64_t lost = summary_lost(&total->summary);
    uint64_t arrived = total->timed_events > lost ? total->timed_events - lost : 0;
    char line[128];
    struct text text;

    text_init(&text);
    snprintf(line, sizeof line,
             "{\"events\":%" PRIu64 ",\"clients\":%" PRIu64
             ",\"seconds\":%.6f,\"timed_events\":%" PRIu64,
             bench->events, bench->clients, seconds, total->timed_events);
    text_put_string(&text, line);
    put_number(&text, ",\"events_per_second\":", seconds > 0 ? (double)arrived / seconds : -1);
    put_number(&text, ",\"caller_ns\":", first->caller_ns);
    put_number(&text, ",\"disabled_ns\":", first->disabled_ns);
    text_put_char(&text, ',');
    summary_put(&total->summary, &text);
    text_put_string(&text, "}\n");
    if (text.failed)
        fputs("etwrelay bench: no memory for the result\n", stderr);
    else
        fwrite(text.data, 1, text.size, stdout);
    text_clear(&text);
    summary_explain(&total->summary, "bench");
    return bench->drop || lost == 0 ? COMMAND_DONE : COMMAND_FAILED;
}

static int run(struct bench *bench)
{
    struct bench_result results[PROCESSES_MAX] = {{0}}, total = {0};

    bench->processes = bench->clients < PROCESSES_MAX ? (unsigned)bench->clients : PROCESSES_MAX;
    if (!processes_run(bench->processes, prepare, work, bench, results, sizeof results[0])) {
        fputs("etwrelay bench: stopped, one of its processes failed\n", stderr);
        return COMMAND_FAILED;
    }
    for (unsigned i = 0; i < bench->processes; i++)
        add_result(&total, &results[i]);
    return print_result(bench, &total, &results[0]);
}

static bool take_option(struct bench *bench, const struct options *options, int option)
{
    switch (option) {
    case OPT_PIPE:
        bench->pipe = options->value;
        return true;
    case OPT_CLIENTS:
        return options_number(options, 1, CLIENTS_MAX, &bench->clients);
    case OPT_EVENTS:
        return options_number(options, 1, EVENTS_MAX, &bench->events);
    case OPT_PREPARED:
        bench->use_builder = false;
        return true;
    case OPT_BUILDER:
        bench->use_builder = true;
        return true;
    case OPT_DROP:
        bench->drop = true;
        return true;
    default:
        options_refuse("bench", "takes no operand, but got '%s'", options->value);
        return false;
    }
}

int command_bench(int argc, char **argv)
{
    struct bench bench = {
        .clients = 1, .events = EVENTS_DEFAULT, .caller_ns = -1, .disabled_ns = -1};
    struct options options;
    int option;

    options_init(&options, "bench", names, argc, argv);
    while ((option = options_next(&options)) != OPTIONS_END) {
        if (option == OPTIONS_HELP) {
            fputs(help, stdout);
            return command_finish_output("bench", COMMAND_DONE);
        }
        if (option == OPTIONS_WRONG || !take_option(&bench, &options, option)) return COMMAND_USAGE;
    }
    return command_finish_output("bench", run(&bench));
}
