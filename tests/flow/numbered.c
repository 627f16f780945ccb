/*
 * Running producers and looking up their events in the files, with the project's own .etl reader:
 * it takes a second for a million events, and other tests hold it against an independent one.
 */
#include "tests/flow/numbered.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "protocol/etl/trace.h"
#include "protocol/wire/reader.h"

static const char *output_path(const struct service *service, int index, const char *kind,
                               char *path)
{
    char name[32];
    snprintf(name, sizeof name, "producer%d.%s", index, kind);
    return scratch_file(&service->scratch, name, path);
}

void numbered_start(struct numbered_run *run, const struct service *service, uint64_t count,
                    uint32_t wait_ms)
{
    char count_text[24], wait_text[16], go[PROCESS_PATH_MAX];
    char out[PROCESS_PATH_MAX], err[PROCESS_PATH_MAX];
    const char *const argv[] = {
        ETWRELAY_PRODUCER_PATH, service->pipe, count_text, wait_text, go, NULL};

    memset(run, 0, sizeof *run);
    run->count = count;
    snprintf(count_text, sizeof count_text, "%" PRIu64, count);
    snprintf(wait_text, sizeof wait_text, "%" PRIu32, wait_ms);
    scratch_file(&service->scratch, "go", go);
    for (int i = 0; i < NUMBERED_PRODUCERS; i++) {
        struct numbered *producer = &run->producers[i];
        producer->in_file = calloc((size_t)count + 1, 1);
        ck_assert_ptr_nonnull(producer->in_file);
        producer->pid = process_start(argv, output_path(service, i, "out", out),
                                      output_path(service, i, "err", err));
    }
    for (int i = 0; i < NUMBERED_PRODUCERS; i++)
        ck_assert(process_wait_for_text(output_path(service, i, "err", err), "connected"));
    scratch_write(&service->scratch, "go", "", 0);
}

static uint64_t number(const struct numbered *producer, const char *key)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(producer->result, key);
    ck_assert_msg(cJSON_IsNumber(item), "a producer's result has no %s", key);
    return (uint64_t)item->valuedouble;
}

static void read_result(struct numbered *producer, const char *path)
{
    size_t size;
    char *text = process_read_file(path, &size);

    producer->result = cJSON_Parse(text);
    ck_assert_msg(producer->result != NULL, "a producer printed: %s", text);
    free(text);
    producer->produced = number(producer, "produced");
    producer->dropped = number(producer, "dropped");
    producer->written = number(producer, "written");
    producer->in_doubt = number(producer, "in_doubt");
    producer->acknowledged = number(producer, "acknowledged");
    producer->connects = number(producer, "connects");
}

static void check_equation(const struct numbered *producer, uint64_t count)
{
    uint64_t settled = producer->written + number(producer, "settled_not_enabled") +
                       number(producer, "settled_dropped");

    ck_assert_uint_eq(producer->produced, count);
    ck_assert_uint_eq(number(producer, "not_enabled"), 0);
    ck_assert_uint_eq(number(producer, "pending"), 0);
    ck_assert_uint_eq(producer->produced, settled + producer->dropped + producer->in_doubt);
}

void numbered_wait(struct numbered_run *run, const struct service *service)
{
    char path[PROCESS_PATH_MAX];

    for (int i = 0; i < NUMBERED_PRODUCERS; i++) {
        int status = process_wait(run->producers[i].pid);
        size_t size;
        char *errors = process_read_file(output_path(service, i, "err", path), &size);
        ck_assert_msg(status == 0, "producer %d ended with %d: %s", i, status, errors);
        free(errors);
        read_result(&run->producers[i], output_path(service, i, "out", path));
        check_equation(&run->producers[i], run->count);
    }
}

static enum etwr_status read_at(void *context, uint64_t offset, void *bytes, size_t size,
                                size_t *got)
{
    FILE *file = context;
    if (fseeko(file, (off_t)offset, SEEK_SET) != 0) return ETWR_E_IO;
    *got = fread(bytes, 1, size, file);
    if (ferror(file)) return ETWR_E_IO;
    return ETWR_OK;
}

static void note(struct numbered_run *run, const struct trace_record *record)
{
    struct numbered *producer = run->producers;
    struct reader reader;
    uint64_t n;

    while (producer < run->producers + NUMBERED_PRODUCERS && (uint32_t)producer->pid != record->pid)
        producer++;
    if (producer == run->producers + NUMBERED_PRODUCERS) return; /* the service's own event */
    reader_init(&reader, record->data.data, record->data.size);
    n = read_u64(&reader);
    ck_assert_msg(n >= 1 && n <= run->count, "event %" PRIu64 " was never made", n);
    ck_assert_msg(producer->in_file[n] == 0, "event %" PRIu64 " is there twice", n);
    producer->in_file[n] = 1;
}

void numbered_read(struct numbered_run *run, const char *path, bool was_killed)
{
    struct etl_trace trace;
    struct etl_event event;
    struct etl_damage damage = {0};
    enum etl_item item;
    FILE *file = fopen(path, "rb");

    ck_assert_msg(file != NULL, "no file %s", path);
    ck_assert_msg(etl_trace_open(&trace, read_at, file, &damage) == ETWR_OK, "%s: %s", path,
                  damage.message);
    while ((item = etl_trace_next(&trace, &event, &damage)) != ETL_END) {
        if (item == ETL_EVENT)
            note(run, &event.record);
        else
            ck_assert_msg(was_killed, "%s: offset %" PRIu64 ": %s", path, damage.offset,
                          damage.message);
    }
    ck_assert_int_eq(trace.status, ETWR_OK);
    etl_trace_close(&trace);
    fclose(file);
}

/* Marks sequences in doubt with 2: those may be in the files, or not. */
static uint64_t mark_in_doubt(struct numbered *producer, uint64_t count)
{
    const cJSON *range;
    uint64_t marked = 0;

    cJSON_ArrayForEach(range, cJSON_GetObjectItemCaseSensitive(producer->result, "ranges"))
    {
        uint64_t first = (uint64_t)cJSON_GetArrayItem(range, 0)->valuedouble;
        uint64_t size = (uint64_t)cJSON_GetArrayItem(range, 1)->valuedouble;
        ck_assert_uint_ge(first, 1);
        ck_assert_uint_le(first + size - 1, count);
        for (uint64_t n = first; n < first + size; n++)
            producer->in_file[n] |= 2;
        marked += size;
    }
    return marked;
}

void numbered_check(const struct numbered_run *run)
{
    for (int i = 0; i < NUMBERED_PRODUCERS; i++) {
        struct numbered *producer = (struct numbered *)&run->producers[i];
        uint64_t certain = 0, missing = 0;
        /* Ranges cover sequences, of which some may be the client's own drops. */
        ck_assert_uint_ge(mark_in_doubt(producer, run->count), producer->in_doubt);
        for (uint64_t n = 1; n <= run->count; n++) {
            if (producer->in_file[n] == 1) certain++;
            if (producer->in_file[n] == 0) missing++;
        }
        /* Beside the sequences in doubt, the files hold exactly what is acknowledged as written. */
        ck_assert_uint_eq(certain, producer->written);
        ck_assert_uint_le(missing, run->count - producer->written);
        if (producer->dropped == 0 && producer->produced == producer->written + producer->in_doubt)
            ck_assert_uint_eq(missing, 0);
    }
}

void numbered_clear(struct numbered_run *run)
{
    for (int i = 0; i < NUMBERED_PRODUCERS; i++) {
        free(run->producers[i].in_file);
        cJSON_Delete(run->producers[i].result);
    }
}
