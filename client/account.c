/*
 * Every event is in exactly one of these counters from the moment it has a number; each function is
 * one way from one of them to the next.
 */
#include "client/account.h"

#include <string.h>

void account_init(struct account *account)
{
    memset(account, 0, sizeof *account);
}

void account_put(struct account *account)
{
    account->numbered++;
    account->put++;
    account->queued++;
}

void account_drop(struct account *account, enum etwr_reason reason)
{
    account->numbered++;
    account->counters.dropped[reason]++;
}

void account_drop_queued(struct account *account, enum etwr_reason reason, uint64_t count)
{
    account->queued -= count;
    account->counters.dropped[reason] += count;
}

void account_send(struct account *account, uint64_t events, uint64_t sent)
{
    account->queued -= events;
    account->in_flight += events;
    account->sent = sent;
}

void account_settle(struct account *account, const struct settled *news, uint64_t acknowledged)
{
    struct etwr_counters *counters = &account->counters;

    counters->settled_written += news->written;
    counters->settled_not_enabled += news->not_enabled;
    account->in_flight -= news->written + news->not_enabled;
    for (size_t i = 0; i < ETWR_REASON_DROP_COUNT; i++) {
        counters->settled_dropped[i] += news->dropped[i];
        account->in_flight -= news->dropped[i];
    }
    counters->acknowledged = acknowledged;
}

static void remove_range(struct account *account, size_t index)
{
    account->range_count--;
    memmove(&account->ranges[index], &account->ranges[index + 1],
            (account->range_count - index) * sizeof account->ranges[0]);
}

/* Make room for one range: two old ones become one, never one that was reported with one that was
 * not. */
static void merge_oldest(struct account *account)
{
    size_t index = account->reported_count == 1 ? 1 : 0;

    account->ranges[index].count += account->ranges[index + 1].count;
    remove_range(account, index + 1);
    if (account->reported_count > 1) account->reported_count--;
}

void account_doubt(struct account *account, const struct flight_run *runs, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (account->range_count == ACCOUNT_RANGES_MAX) merge_oldest(account);
        account->ranges[account->range_count].first = runs[i].first;
        account->ranges[account->range_count].count = runs[i].count;
        account->range_count++;
        account->counters.in_doubt += runs[i].count;
        account->in_flight -= runs[i].count;
    }
}

size_t account_unreported(const struct account *account, struct request_in_doubt *ranges)
{
    size_t count = account->range_count - account->reported_count;

    if (count > REQUEST_IN_DOUBT_MAX) count = REQUEST_IN_DOUBT_MAX;
    for (size_t i = 0; i < count; i++) {
        ranges[i].first = account->ranges[account->reported_count + i].first;
        ranges[i].count = account->ranges[account->reported_count + i].count;
    }
    return count;
}

void account_mark_reported(struct account *account, size_t count)
{
    account->reported_count += count;
}
