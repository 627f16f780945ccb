/*
 * A sink under test and its caller: puts numbered events, collects batches, reads .etl files back.
 */
#ifndef ETWRELAY_TESTS_SINK_FIXTURE_H
#define ETWRELAY_TESTS_SINK_FIXTURE_H

#include <uv.h>

#include "protocol/etl/trace.h"
#include "service/sink/sink.h"

#define FIXTURE_WORKERS_MAX 8
#define FIXTURE_PROVIDER    "Fixture"
#define FIXTURE_EVENT       "Numbered"

struct fixture_counts { /* of one worker; its thread's */
    uint64_t put, written, failed[ETWR_REASON_DROP_COUNT], dropped[ETWR_REASON_DROP_COUNT];
    uint64_t batches;
};

struct fixture {
    struct sink *sink;
    unsigned workers;
    struct fixture_counts counts[FIXTURE_WORKERS_MAX];
    uv_mutex_t lock;
    uv_cond_t changed;
    /* Under the lock. */
    uint64_t wakes[FIXTURE_WORKERS_MAX];
    unsigned errors;
    enum etwr_reason error;
    char message[1024];
};

struct sink_callbacks fixture_init(struct fixture *fixture);
/* `sink` was created with fixture_init()'s callbacks; the fixture destroys it. */
void fixture_start(struct fixture *fixture, struct sink *sink, unsigned workers);
void fixture_stop(struct fixture *fixture); /* stops the sink and collects what is left */
void fixture_clear(struct fixture *fixture);

/* Put event `number` of `time`, with `padding` more bytes of values (0: none). */
enum sink_result fixture_put(struct fixture *fixture, unsigned worker, uint64_t time,
                             uint32_t number, size_t padding);
void fixture_flush(struct fixture *fixture, unsigned worker);
bool fixture_ready(struct fixture *fixture, unsigned worker, uint64_t now_ms);

/* Collect what is settled; returns how many of this worker's events are settled in all. */
uint64_t fixture_collect(struct fixture *fixture, unsigned worker);
/* Until everything this worker put is settled; fails the test after 20 seconds. */
void fixture_wait(struct fixture *fixture, unsigned worker);
/* Flush, and wait. */
void fixture_settle(struct fixture *fixture, unsigned worker);
/* Until on_settled() was called `wakes` times for the worker. */
void fixture_wait_for_wakes(struct fixture *fixture, unsigned worker, uint64_t wakes);

/* One event of a file, read back. */
struct fixture_event {
    uint32_t number;
    uint16_t processor;
    uint64_t filetime;
    size_t padding;
};

struct fixture_file {
    struct fixture_event *events;
    size_t count;
    struct etl_header header; /* without names */
};

/* Read a file with the reader of protocol/etl; fails the test on any damage, or time that runs
 * backwards. */
void fixture_read(struct fixture_file *file, etl_read_at read_at, void *context);
void fixture_read_path(struct fixture_file *file, const char *path);
void fixture_file_clear(struct fixture_file *file);

/* A new folder, and away with it and its files. */
void fixture_make_folder(char folder[64]);
void fixture_remove_folder(const char *folder);
const char *fixture_path(const char *folder, const char *name); /* one at a time */

#endif
