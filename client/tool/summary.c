/*
 * The client's counters, folded into what people and scripts ask: written, nobody listened, or lost
 * and why. Whether the library or the service dropped an event does not matter here, the reason
 * says it.
 */
#include "client/tool/summary.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void summary_add(struct summary *summary, const struct etwr_counters *counters)
{
    summary->sent += counters->produced;
    summary->written += counters->settled_written;
    summary->not_enabled += counters->not_enabled + counters->settled_not_enabled;
    for (size_t i = 0; i < ETWR_REASON_DROP_COUNT; i++)
        summary->dropped[i] += counters->dropped[i] + counters->settled_dropped[i];
    summary->dropped[ETWR_REASON_IN_DOUBT] += counters->in_doubt;
}

uint64_t summary_lost(const struct summary *summary)
{
    uint64_t lost = 0;
    for (size_t i = 0; i < ETWR_REASON_DROP_COUNT; i++)
        lost += summary->dropped[i];
    return lost;
}

void summary_put(const struct summary *summary, struct text *text)
{
    const char *separator = "";

    text_put_string(text, "\"written\":");
    text_put_u64(text, summary->written);
    text_put_string(text, ",\"not_enabled\":");
    text_put_u64(text, summary->not_enabled);
    text_put_string(text, ",\"dropped\":{");
    for (unsigned i = 0; i < ETWR_REASON_DROP_COUNT; i++) {
        const char *name = etwr_reason_name((enum etwr_reason)i);
        if (summary->dropped[i] == 0) continue;
        text_put_string(text, separator);
        text_put_json_string(text, name, strlen(name));
        text_put_char(text, ':');
        text_put_u64(text, summary->dropped[i]);
        separator = ",";
    }
    text_put_char(text, '}');
}

static const struct {
    enum etwr_reason reason;
    const char *advice;
} advices[] = {
    {ETWR_REASON_NOT_ALLOWED,
     "the service's configuration does not let this user write to that provider, id or group: "
     "see \"providers\" there, or run the service with --allow-any-provider"},
    {ETWR_REASON_PROVIDER_LIMIT,
     "the service takes no more providers: see \"limits\" in its configuration"},
    {ETWR_REASON_PROVIDER_CONFLICT,
     "the provider's id is in use under another name or group: close that one first"},
    {ETWR_REASON_RATE, "over this user's rate: see \"limits\" in the service's configuration"},
    {ETWR_REASON_QUOTA, "over this user's quota: see \"limits\" in the service's configuration"},
    {ETWR_REASON_TIMEOUT,
     "the service took no events for the whole --timeout: see `etwrelay status`"},
    {ETWR_REASON_QUEUE_FULL, "the queue was full: send without --drop to wait for room"},
    {ETWR_REASON_DISCONNECTED,
     "the connection ended before these were sent: is the service still running?"},
    {ETWR_REASON_FULL, "the sink's disk is full or too slow: see the service's log"},
    {ETWR_REASON_IO, "the sink's file could not be written: see the service's log"},
    {ETWR_REASON_SHUTDOWN, "the service was stopping"},
    {ETWR_REASON_IN_DOUBT,
     "the connection ended before the service answered for these: they may have been written"},
};

void summary_explain(const struct summary *summary, const char *command)
{
    for (size_t i = 0; i < sizeof advices / sizeof advices[0]; i++) {
        enum etwr_reason reason = advices[i].reason;
        if (summary->dropped[reason] == 0) continue;
        fprintf(stderr, "etwrelay %s: %" PRIu64 " lost, %s: %s\n", command,
                summary->dropped[reason], etwr_reason_name(reason), advices[i].advice);
    }
}
