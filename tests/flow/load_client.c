/*
 * A client under test: writes numbered events until a file appears, then prints where each of them
 * is.
 *
 * usage: load_client PIPE STOP-FILE. The n-th event's only value is n, which is its sequence, too;
 * so what the library says of sequences can be held against what lies in the files.
 */
#include <inttypes.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include <etwrelay/client.h>

#define BURST       32
#define RANGES_MAX  64
#define TIMEOUT_MS  30000
#define QUEUE_BYTES (64u << 10)

static enum etwr_status write_numbers(struct etwr_provider *provider, struct etwr_event *event,
                                      const char *stop_file)
{
    const struct timespec pause = {0, 1000000}; /* a load that lasts, not one that fills the disk */
    uint64_t number = 0;

    while (access(stop_file, F_OK) != 0) {
        for (int i = 0; i < BURST; i++) {
            enum etwr_status status;
            etwr_event_reset(event, "Number", 4, 0x1);
            etwr_event_add_uint64(event, "n", ++number, ETWR_OUT_NULL, 0);
            status = etwr_provider_write(provider, event);
            if (status != ETWR_OK) return status;
        }
        nanosleep(&pause, NULL);
    }
    return ETWR_OK;
}

static void print_result(const struct etwr_counters *counters, const struct etwr_in_doubt *ranges,
                         size_t range_count)
{
    uint64_t dropped = 0;

    for (size_t i = 0; i < ETWR_REASON_DROP_COUNT; i++)
        dropped += counters->dropped[i] + counters->settled_dropped[i];
    printf("{\"pid\":%ld,\"produced\":%" PRIu64 ",\"written\":%" PRIu64 ",\"not_enabled\":%" PRIu64
           ",\"dropped\":%" PRIu64 ",\"pending\":%" PRIu64 ",\"connects\":%" PRIu64
           ",\"in_doubt\":[",
           (long)getpid(), counters->produced, counters->settled_written,
           counters->not_enabled + counters->settled_not_enabled, dropped, counters->pending,
           counters->connects);
    for (size_t i = 0; i < range_count; i++)
        printf("%s[%" PRIu64 ",%" PRIu64 "]", i > 0 ? "," : "", ranges[i].first, ranges[i].count);
    puts("]}");
}

static int run(struct etwr_client *client, const char *stop_file)
{
    struct etwr_in_doubt ranges[RANGES_MAX];
    size_t range_count = RANGES_MAX;
    struct etwr_counters counters;
    struct etwr_provider *provider;
    struct etwr_event *event;
    enum etwr_status status = etwr_event_create(&event);

    if (status == ETWR_OK) status = etwr_client_wait_connected(client, TIMEOUT_MS);
    puts("connected");
    fflush(stdout);
    if (status == ETWR_OK) status = etwr_provider_open(client, "Contoso.Load", NULL, &provider);
    if (status == ETWR_OK) status = write_numbers(provider, event, stop_file);
    if (status == ETWR_OK) status = etwr_client_flush(client, TIMEOUT_MS);
    etwr_event_destroy(event);
    if (status != ETWR_OK) {
        fprintf(stderr, "load_client: %s\n", etwr_status_text(status));
        return 1;
    }
    etwr_client_counters(client, &counters);
    etwr_client_in_doubt(client, ranges, &range_count);
    print_result(&counters, ranges, range_count);
    return 0;
}

int main(int argc, char **argv)
{
    struct etwr_client_options options;
    struct etwr_client *client;
    int result;

    if (argc != 3) return 2;
    etwr_client_options_init(&options);
    options.pipe = argv[1];
    options.wait_ms = TIMEOUT_MS;
    options.queue_bytes = QUEUE_BYTES;
    if (etwr_client_create(&options, &client) != ETWR_OK) return 1;
    result = run(client, argv[2]);
    etwr_client_destroy(client, TIMEOUT_MS, NULL);
    return result;
}
