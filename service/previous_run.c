/* PreviousRunEnded: see the header. At most one a start, so the event is simply built. */
#include "service/previous_run.h"

#include <etwrelay/event.h>

#include "protocol/tracelogging/format_time.h"
#include "service/relay.h"
#include "service/worker.h"

#define PREVIOUS_RUN_LEVEL   2
#define PREVIOUS_RUN_KEYWORD 1
#define FILETIME_PER_S       10000000u

uint64_t previous_run_age_s(const struct state_record *record, uint64_t now)
{
    return now > record->counted ? (now - record->counted) / FILETIME_PER_S : 0;
}

static void put_count(struct text *text, const char *before, uint64_t count)
{
    text_put_string(text, before);
    text_put_u64(text, count);
}

void previous_run_put_text(struct text *text, const struct state_record *record, uint64_t now)
{
    const struct status_totals *totals = &record->totals;
    put_count(text, "the run before this one (process ", record->pid);
    text_put_string(text, ", started ");
    text_put_filetime(text, record->started);
    put_count(text, ") ended without a stop; it stood, ", previous_run_age_s(record, now));
    put_count(text, " s ago, at: ", totals->clients);
    put_count(text, " clients, accepted ", totals->accepted);
    put_count(text, ", written ", totals->written);
    put_count(text, ", not enabled ", totals->not_enabled);
    put_count(text, ", dropped ", totals->dropped);
    put_count(text, ", pending ", totals->pending);
}

static enum etwr_status build(struct etwr_event *event, const struct state_record *record,
                              uint64_t age_s, struct etwr_encoded *encoded)
{
    const struct status_totals *totals = &record->totals;
    etwr_event_reset(event, "PreviousRunEnded", PREVIOUS_RUN_LEVEL, PREVIOUS_RUN_KEYWORD);
    etwr_event_add_uint32(event, "pid", record->pid, ETWR_OUT_PID, 0);
    etwr_event_add_filetime(event, "started", record->started, ETWR_OUT_NULL, 0);
    etwr_event_add_filetime(event, "counted", record->counted, ETWR_OUT_NULL, 0);
    etwr_event_add_uint64(event, "age_s", age_s, ETWR_OUT_NULL, 0);
    etwr_event_add_uint64(event, "clients", totals->clients, ETWR_OUT_NULL, 0);
    etwr_event_add_uint64(event, "accepted", totals->accepted, ETWR_OUT_NULL, 0);
    etwr_event_add_uint64(event, "written", totals->written, ETWR_OUT_NULL, 0);
    etwr_event_add_uint64(event, "not_enabled", totals->not_enabled, ETWR_OUT_NULL, 0);
    etwr_event_add_uint64(event, "dropped", totals->dropped, ETWR_OUT_NULL, 0);
    etwr_event_add_uint64(event, "pending", totals->pending, ETWR_OUT_NULL, 0);
    return etwr_event_encode(event, encoded);
}

bool previous_run_tell(struct worker *worker, const struct state_record *record)
{
    struct etwr_encoded encoded;
    const struct relay_provider *provider = worker->relay->own_provider;
    uint64_t now = relay_filetime();
    if (build(worker->own_builder, record, previous_run_age_s(record, now), &encoded) != ETWR_OK)
        return false;
    const struct sink_event event = {
        .provider_id = &provider->id,
        .traits = provider->traits,
        .descriptor = encoded.descriptor,
        .metadata = encoded.metadata,
        .values = encoded.data,
        .time = now,
        .pid = worker->relay->pid,
        .tid = worker->relay->pid,
    };
    return worker_write_own(worker, &event);
}
