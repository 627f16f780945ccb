/*
 * A worker process as `install/try.sh` runs two of them: jobs with a start and a stop event under
 * one activity id, a prepared event for the frequent steps in between, and an error that is worth a
 * struct.
 *
 * usage: worker NAME JOBS
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <etwrelay/client.h>

#define LEVEL_ERROR       2
#define LEVEL_INFORMATION 4
#define LEVEL_VERBOSE     5
#define KEYWORD_JOBS      0x1
#define KEYWORD_STEPS     0x2
#define OPCODE_START      1
#define OPCODE_STOP       2

struct worker {
    const char *name;
    struct etwr_client *client;
    struct etwr_provider *provider;
    struct etwr_event *event;
    struct etwr_prepared *step;
};

/* The names and types are told once; each event then carries its values only. */
static enum etwr_status prepare_step(struct worker *worker)
{
    etwr_event_reset(worker->event, "Step", LEVEL_VERBOSE, KEYWORD_STEPS);
    etwr_event_declare(worker->event, "job", ETWR_IN_UINT32, 0, ETWR_OUT_NULL, 0);
    etwr_event_declare(worker->event, "step", ETWR_IN_UINT8, 0, ETWR_OUT_NULL, 0);
    etwr_event_declare(worker->event, "ms", ETWR_IN_FLOAT64, 0, ETWR_OUT_NULL, 0);
    return etwr_prepared_create(worker->provider, worker->event, &worker->step);
}

static void write_step(struct worker *worker, uint32_t job, uint8_t step,
                       const struct etwr_guid *activity)
{
    uint8_t memory[16];
    struct etwr_values values;

    if (!etwr_provider_enabled(worker->provider, LEVEL_VERBOSE, KEYWORD_STEPS)) return;
    etwr_values_init(&values, memory, sizeof memory);
    etwr_put_uint32(&values, job);
    etwr_put_uint8(&values, step);
    etwr_put_float64(&values, 0.25 * (step + 1));
    etwr_prepared_write(worker->step, &values, activity, NULL);
}

static void write_job(struct worker *worker, uint32_t job, uint8_t opcode,
                      const struct etwr_guid *activity)
{
    const uint32_t sizes[] = {job, job * 10, job * 100};

    if (!etwr_provider_enabled(worker->provider, LEVEL_INFORMATION, KEYWORD_JOBS)) return;
    etwr_event_reset(worker->event, "Job", LEVEL_INFORMATION, KEYWORD_JOBS);
    etwr_event_set_opcode(worker->event, opcode);
    etwr_event_set_activity_id(worker->event, activity);
    etwr_event_add_uint32(worker->event, "job", job, ETWR_OUT_NULL, 0);
    etwr_event_add_zstr16(worker->event, "worker", worker->name, ETWR_OUT_NULL, 0);
    etwr_event_add_uint32_sequence(worker->event, "sizes", sizes, 3, ETWR_OUT_NULL, 0);
    etwr_provider_write(worker->provider, worker->event);
}

static void write_failure(struct worker *worker, uint32_t job, const struct etwr_guid *activity)
{
    if (!etwr_provider_enabled(worker->provider, LEVEL_ERROR, KEYWORD_JOBS)) return;
    etwr_event_reset(worker->event, "JobFailed", LEVEL_ERROR, KEYWORD_JOBS);
    etwr_event_set_activity_id(worker->event, activity);
    etwr_event_add_uint32(worker->event, "job", job, ETWR_OUT_NULL, 0);
    etwr_event_begin_struct(worker->event, "error", 0);
    etwr_event_add_uint32(worker->event, "code", 2, ETWR_OUT_WIN32ERROR, 0);
    etwr_event_add_str8(worker->event, "text", "no such file: r\xc3\xa9sum\xc3\xa9.txt",
                        ETWR_OUT_UTF8, 0);
    etwr_event_end_struct(worker->event);
    etwr_provider_write(worker->provider, worker->event);
}

static void do_jobs(struct worker *worker, uint32_t count)
{
    struct etwr_guid activity = {{0}};

    memcpy(activity.bytes, worker->name, strlen(worker->name) < 8 ? strlen(worker->name) : 8);
    for (uint32_t job = 1; job <= count; job++) {
        memcpy(activity.bytes + 12, &job, sizeof job);
        write_job(worker, job, OPCODE_START, &activity);
        for (uint8_t step = 0; step < 3; step++)
            write_step(worker, job, step, &activity);
        if (job == count) write_failure(worker, job, &activity);
        write_job(worker, job, OPCODE_STOP, &activity);
    }
}

static int fail(const char *what, enum etwr_status status)
{
    fprintf(stderr, "worker: %s: %s\n", what, etwr_status_text(status));
    return 1;
}

int main(int argc, char **argv)
{
    struct worker worker = {0};
    struct etwr_counters counters;
    enum etwr_status status;

    if (argc != 3) {
        fputs("usage: worker NAME JOBS\n", stderr);
        return 2;
    }
    worker.name = argv[1];
    status = etwr_client_create(NULL, &worker.client);
    if (status != ETWR_OK) return fail("client", status);
    status = etwr_provider_open(worker.client, "Contoso.Worker", NULL, &worker.provider);
    if (status == ETWR_OK) status = etwr_event_create(&worker.event);
    if (status == ETWR_OK) status = prepare_step(&worker);
    if (status != ETWR_OK) return fail("set-up", status);

    do_jobs(&worker, (uint32_t)strtoul(argv[2], NULL, 10));

    etwr_event_destroy(worker.event);
    etwr_client_destroy(worker.client, 5000, &counters);
    printf("%s: %llu events made, %llu written\n", worker.name,
           (unsigned long long)counters.produced, (unsigned long long)counters.settled_written);
    return counters.settled_written == counters.produced ? 0 : 1;
}
