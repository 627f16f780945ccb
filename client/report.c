/*
 * What a client can tell: its counters, what is in doubt, and the service's own counters.
 */
#include <stdlib.h>
#include <string.h>

#include "client/client.h"

/* Events that took no number: their counters are read once each, so the sum is what is shown. */
static void add_unnumbered(struct etwr_client *client, struct etwr_counters *counters)
{
    counters->not_enabled = atomic_load_explicit(&client->not_enabled, memory_order_relaxed);
    counters->produced += counters->not_enabled;
    for (size_t i = 0; i < ETWR_REASON_DROP_COUNT; i++) {
        uint64_t count = atomic_load_explicit(&client->refused[i], memory_order_relaxed);

        counters->dropped[i] += count;
        counters->produced += count;
    }
}

void etwr_client_counters(struct etwr_client *client, struct etwr_counters *counters)
{
    if (!counters) return;
    memset(counters, 0, sizeof *counters);
    if (!client_is_usable(client)) return;
    client_lock(client);
    *counters = client->account.counters;
    counters->produced = client->account.numbered;
    counters->pending = client->account.queued + client->account.in_flight;
    client_unlock(client);
    add_unnumbered(client, counters);
}

void etwr_client_in_doubt(struct etwr_client *client, struct etwr_in_doubt *ranges, size_t *count)
{
    size_t known;

    if (!count) return;
    if (!client_is_usable(client) || (!ranges && *count > 0)) {
        *count = 0;
        return;
    }
    client_lock(client);
    known = client->account.range_count;
    if (known > *count) known = *count;
    if (known > 0) memcpy(ranges, client->account.ranges, known * sizeof *ranges);
    *count = client->account.range_count;
    client_unlock(client);
}

/* Wait until nobody else's question is open, then ask; under the lock. */
static bool ask(struct etwr_client *client, uint64_t deadline)
{
    struct status_request *status = &client->status;

    while (status->is_busy && client->link != LINK_DEAD && os_clock_ms() < deadline)
        os_monitor_wait(client->monitor, deadline);
    if (status->is_busy) return false;
    status->is_busy = true;
    status->is_done = false;
    status->cookie++;
    status->size = 0;
    client_hurry(client);
    return true;
}

static enum etwr_status wait_for_answer(struct etwr_client *client, uint64_t deadline)
{
    struct status_request *status = &client->status;

    while (!status->is_done && client->link != LINK_DEAD && os_clock_ms() < deadline)
        os_monitor_wait(client->monitor, deadline);
    status->is_busy = false;
    os_monitor_wake_all(client->monitor);
    if (status->is_done) return status->result;
    return client->link == LINK_DEAD ? client->dead_status : ETWR_E_TIMEOUT;
}

enum etwr_status etwr_client_status(struct etwr_client *client, uint32_t timeout_ms, char **json)
{
    uint64_t deadline = os_clock_ms() + timeout_ms;
    enum etwr_status result;

    if (!client || !json) return ETWR_E_INVALID_ARGUMENT;
    if (!client_is_usable(client)) return ETWR_E_CLOSED;
    if (os_thread_is_current(client->thread)) return ETWR_E_INVALID_ARGUMENT;
    client_lock(client);
    if (ask(client, deadline))
        result = wait_for_answer(client, deadline);
    else
        result = client->link == LINK_DEAD ? client->dead_status : ETWR_E_TIMEOUT;
    if (result == ETWR_OK) {
        *json = client->status.json;
        client->status.json = NULL;
        client->status.size = 0;
    }
    client_unlock(client);
    return result;
}
