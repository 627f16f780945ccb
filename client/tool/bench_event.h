/*
 * The reference event that every figure of this project is about: RequestDone, six fields, 65 bytes
 * of values.
 */
#ifndef ETWRELAY_TOOL_BENCH_EVENT_H
#define ETWRELAY_TOOL_BENCH_EVENT_H

#include <stdbool.h>

#include <etwrelay/client.h>

#define BENCH_EVENT_PROVIDER "RelayBench"
#define BENCH_EVENT_NAME     "RequestDone"
#define BENCH_EVENT_LEVEL    5
#define BENCH_EVENT_KEYWORD  0x21

struct bench_event {
    struct etwr_provider *provider;
    struct etwr_prepared *prepared; /* NULL: build each event anew */
    struct etwr_event *builder;
    uint32_t count; /* makes each event's values differ */
};

/* `client` is borrowed for the event's life. False after a message on stderr; nothing is left open
 * then. */
bool bench_event_open(struct bench_event *event, struct etwr_client *client, bool use_builder);
void bench_event_close(struct bench_event *event);

/* Write the next one. */
enum etwr_status bench_event_write(struct bench_event *event);

#endif
