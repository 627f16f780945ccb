/* See sink_fixture.h. */
#include "tests/unit/sink/sink_fixture.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/process.h"

#define DEADLINE_NS (20 * UINT64_C(1000000000))

static const struct etwr_guid provider = {{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}};
static const char traits[] = "\x0a\0" FIXTURE_PROVIDER; /* and the literal's NUL */

/* As ck_assert(), which is too slow to be called for every event: it writes a note for each call.
 */
static void check(bool condition, const char *what, uint64_t offset)
{
    if (!condition) ck_abort_msg("%s at 0x%llx", what, (unsigned long long)offset);
}

static void on_settled(void *context, unsigned worker)
{
    struct fixture *fixture = context;
    uv_mutex_lock(&fixture->lock);
    fixture->wakes[worker]++;
    uv_cond_broadcast(&fixture->changed);
    uv_mutex_unlock(&fixture->lock);
}

static void on_error(void *context, const struct sink *sink, enum etwr_reason reason,
                     const char *message)
{
    struct fixture *fixture = context;
    (void)sink;
    uv_mutex_lock(&fixture->lock);
    fixture->errors++;
    fixture->error = reason;
    snprintf(fixture->message, sizeof fixture->message, "%s", message);
    uv_mutex_unlock(&fixture->lock);
}

struct sink_callbacks fixture_init(struct fixture *fixture)
{
    memset(fixture, 0, sizeof *fixture);
    ck_assert_int_eq(uv_mutex_init(&fixture->lock), 0);
    ck_assert_int_eq(uv_cond_init(&fixture->changed), 0);
    return (struct sink_callbacks){
        .on_settled = on_settled, .on_error = on_error, .context = fixture};
}

void fixture_start(struct fixture *fixture, struct sink *sink, unsigned workers)
{
    char message[512] = "";
    ck_assert_ptr_nonnull(sink);
    ck_assert_uint_le(workers, FIXTURE_WORKERS_MAX);
    fixture->sink = sink;
    fixture->workers = workers;
    enum etwr_status status = sink->ops->start(sink, workers, message);
    ck_assert_msg(status == ETWR_OK, "start: %d %s", status, message);
}

void fixture_stop(struct fixture *fixture)
{
    fixture->sink->ops->stop(fixture->sink);
    for (unsigned i = 0; i < fixture->workers; i++) {
        uint64_t settled = fixture_collect(fixture, i);
        ck_assert_uint_eq(settled, fixture->counts[i].put);
    }
}

void fixture_clear(struct fixture *fixture)
{
    fixture->sink->ops->destroy(fixture->sink);
    uv_cond_destroy(&fixture->changed);
    uv_mutex_destroy(&fixture->lock);
}

enum sink_result fixture_put(struct fixture *fixture, unsigned worker, uint64_t time,
                             uint32_t number, size_t padding)
{
    /* uint32 n; and binary padding, unless there is none. */
    static const char numbered[] = "\x0f\0\0" FIXTURE_EVENT "\0n\0\x08";
    static const char padded[] = "\x18\0\0" FIXTURE_EVENT "\0n\0\x08padding\0\x0e";
    static _Thread_local uint8_t values[65536];
    struct fixture_counts *counts = &fixture->counts[worker];
    size_t size = 4;
    memcpy(values, &number, sizeof number);
    if (padding) {
        values[4] = (uint8_t)padding;
        values[5] = (uint8_t)(padding >> 8);
        size = 6 + padding;
    }
    struct sink_event event = {
        .provider_id = &provider,
        .traits = {traits, sizeof traits},
        .descriptor = {.channel = 11, .level = 4, .keyword = 1},
        .metadata = {padding ? padded : numbered, 0},
        .values = {values, size},
        .time = time,
        .pid = 100 + worker,
        .tid = 200 + worker,
    };
    event.metadata.size = ((const uint8_t *)event.metadata.data)[0];
    struct sink_batch *batch = NULL;
    enum etwr_reason reason = ETWR_REASON_NONE;
    counts->put++;
    enum sink_result result =
        fixture->sink->ops->write(fixture->sink, worker, &event, &batch, &reason);
    if (result == SINK_DROPPED) counts->dropped[reason]++;
    if (result == SINK_WRITTEN) counts->written++;
    if (result == SINK_PENDING) {
        batch->settlements = (void *)((uintptr_t)batch->settlements + 1);
    }
    return result;
}

void fixture_flush(struct fixture *fixture, unsigned worker)
{
    fixture->sink->ops->flush(fixture->sink, worker);
}

bool fixture_ready(struct fixture *fixture, unsigned worker, uint64_t now_ms)
{
    return fixture->sink->ops->ready(fixture->sink, worker, now_ms);
}

uint64_t fixture_collect(struct fixture *fixture, unsigned worker)
{
    struct fixture_counts *counts = &fixture->counts[worker];
    struct sink *sink = fixture->sink;
    struct sink_batch *batch = sink->ops->take_settled(sink, worker);
    while (batch) {
        struct sink_batch *next = batch->next;
        uint64_t events = (uint64_t)(uintptr_t)batch->settlements;
        check(events > 0, "a batch without events", 0);
        if (batch->failed == ETWR_REASON_NONE)
            counts->written += events;
        else
            counts->failed[batch->failed] += events;
        counts->batches++;
        sink->ops->release_batch(sink, worker, batch);
        batch = next;
    }
    uint64_t settled = counts->written;
    for (int i = 0; i < ETWR_REASON_DROP_COUNT; i++) {
        settled += counts->failed[i] + counts->dropped[i];
    }
    return settled;
}

/* One wake more, or the test has failed. */
static void wait_for_change(struct fixture *fixture, unsigned worker, uint64_t seen)
{
    uint64_t end = uv_hrtime() + DEADLINE_NS;
    uv_mutex_lock(&fixture->lock);
    while (fixture->wakes[worker] == seen) {
        uint64_t now = uv_hrtime();
        ck_assert_msg(now < end, "nothing was settled in time");
        uv_cond_timedwait(&fixture->changed, &fixture->lock, end - now);
    }
    uv_mutex_unlock(&fixture->lock);
}

static uint64_t wakes_of(struct fixture *fixture, unsigned worker)
{
    uv_mutex_lock(&fixture->lock);
    uint64_t wakes = fixture->wakes[worker];
    uv_mutex_unlock(&fixture->lock);
    return wakes;
}

void fixture_wait(struct fixture *fixture, unsigned worker)
{
    for (;;) {
        uint64_t seen = wakes_of(fixture, worker);
        if (fixture_collect(fixture, worker) == fixture->counts[worker].put) return;
        wait_for_change(fixture, worker, seen);
    }
}

void fixture_settle(struct fixture *fixture, unsigned worker)
{
    fixture_flush(fixture, worker);
    fixture_wait(fixture, worker);
}

void fixture_wait_for_wakes(struct fixture *fixture, unsigned worker, uint64_t wakes)
{
    uint64_t seen;
    while ((seen = wakes_of(fixture, worker)) < wakes)
        wait_for_change(fixture, worker, seen);
}

static void add_event(struct fixture_file *file, const struct etl_event *event)
{
    uint32_t number;
    const struct trace_record *record = &event->record;
    check(record->data.size >= 4, "no number", event->offset);
    memcpy(&number, record->data.data, sizeof number);
    check(record->traits.size == sizeof traits &&
              memcmp(record->traits.data, traits, sizeof traits) == 0,
          "other traits", event->offset);
    check(record->pid == 100u + record->processor && record->tid == 200u + record->processor,
          "other pid or tid", event->offset);
    if ((file->count & (file->count + 1)) == 0) {
        size_t capacity = 2 * (file->count + 1);
        file->events = realloc(file->events, capacity * sizeof *file->events);
        check(file->events != NULL, "no memory", event->offset);
    }
    file->events[file->count++] = (struct fixture_event){
        .number = number,
        .processor = record->processor,
        .filetime = record->filetime,
        .padding = record->data.size == 4 ? 0 : record->data.size - 6,
    };
}

void fixture_read(struct fixture_file *file, etl_read_at read_at, void *context)
{
    struct etl_trace trace;
    struct etl_event event;
    struct etl_damage damage;
    enum etl_item item;
    uint64_t last[FIXTURE_WORKERS_MAX] = {0};
    memset(file, 0, sizeof *file);
    ck_assert_int_eq(etl_trace_open(&trace, read_at, context, &damage), ETWR_OK);
    while ((item = etl_trace_next(&trace, &event, &damage)) != ETL_END) {
        check(item == ETL_EVENT, damage.message, damage.offset);
        check(event.record.processor < trace.header.processors, "no such worker", event.offset);
        check(event.stamp >= last[event.record.processor], "time runs backwards", event.offset);
        check(event.stamp <= trace.buffer.stamp, "younger than its buffer", event.offset);
        last[event.record.processor] = event.stamp;
        add_event(file, &event);
    }
    ck_assert_int_eq(trace.status, ETWR_OK);
    file->header = trace.header;
    etl_trace_close(&trace);
}

static enum etwr_status read_stream(void *context, uint64_t offset, void *bytes, size_t size,
                                    size_t *got)
{
    if (fseek(context, (long)offset, SEEK_SET) != 0) return ETWR_E_IO;
    *got = fread(bytes, 1, size, context);
    return ferror((FILE *)context) ? ETWR_E_IO : ETWR_OK;
}

void fixture_read_path(struct fixture_file *file, const char *path)
{
    FILE *stream = fopen(path, "rb");
    ck_assert_msg(stream != NULL, "%s cannot be opened", path);
    setvbuf(stream, NULL, _IONBF, 0);
    fixture_read(file, read_stream, stream);
    fclose(stream);
}

void fixture_file_clear(struct fixture_file *file)
{
    free(file->events);
    memset(file, 0, sizeof *file);
}

void fixture_make_folder(char folder[64])
{
    struct scratch scratch;
    scratch_init(&scratch);
    memcpy(folder, scratch.path, sizeof scratch.path);
}

const char *fixture_path(const char *folder, const char *name)
{
    static char path[512];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

void fixture_remove_folder(const char *folder)
{
    struct scratch scratch;
    memcpy(scratch.path, folder, sizeof scratch.path);
    scratch_clear(&scratch);
}
