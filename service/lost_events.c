/* LostEvents: see the header. Rare by nature, so the event is built anew each time. */
#include "service/lost_events.h"

#include <string.h>

#include <etwrelay/event.h>

#include "service/relay.h"
#include "service/worker.h"

#define LOST_EVENTS_LEVEL   3
#define LOST_EVENTS_KEYWORD 1

static enum etwr_status build(struct worker *worker, const struct client *client,
                              const struct client_loss *loss, struct etwr_encoded *encoded)
{
    struct etwr_event *event = worker->own_builder;
    struct etwr_guid instance;
    const char *provider = loss->label == NULL ? "" : loss->label->name;
    memcpy(instance.bytes, client->instance, sizeof instance.bytes);
    etwr_event_reset(event, "LostEvents", LOST_EVENTS_LEVEL, LOST_EVENTS_KEYWORD);
    etwr_event_add_guid(event, "client", &instance, ETWR_OUT_NULL, 0);
    etwr_event_add_str8(event, "user", client->peer.user, ETWR_OUT_UTF8, 0);
    etwr_event_add_uint32(event, "pid", client->peer.pid, ETWR_OUT_PID, 0);
    etwr_event_add_str8(event, "provider", provider, ETWR_OUT_UTF8, 0);
    etwr_event_add_str8(event, "reason", etwr_reason_name(loss->reason), ETWR_OUT_UTF8, 0);
    etwr_event_add_uint64(event, "count", loss->count, ETWR_OUT_NULL, 0);
    etwr_event_add_uint64(event, "first_sequence", loss->first_sequence, ETWR_OUT_NULL, 0);
    etwr_event_add_uint64(event, "last_sequence", loss->last_sequence, ETWR_OUT_NULL, 0);
    return etwr_event_encode(event, encoded);
}

static bool tell_one(struct worker *worker, const struct client *client,
                     const struct client_loss *loss)
{
    struct etwr_encoded encoded;
    const struct relay_provider *provider = worker->relay->own_provider;
    if (build(worker, client, loss, &encoded) != ETWR_OK) return false;
    struct sink_event event = {
        .provider_id = &provider->id,
        .traits = provider->traits,
        .descriptor = encoded.descriptor,
        .metadata = encoded.metadata,
        .values = encoded.data,
        .time = relay_filetime(),
        .pid = worker->relay->pid,
        .tid = worker->relay->pid,
    };
    return worker_write_own(worker, &event);
}

void lost_events_tell(struct worker *worker, struct client *client)
{
    size_t told = 0;
    while (told < client->loss_count && tell_one(worker, client, &client->losses[told]))
        told++;
    client_forget_losses(client, told);
}

void lost_events_tell_all(struct worker *worker)
{
    struct client *client = worker->lossy;
    worker->lossy = NULL;
    while (client != NULL) {
        struct client *next = client->next_lossy;
        lost_events_tell(worker, client);
        client->is_lossy = client->loss_count > 0;
        if (client->is_lossy) {
            client->next_lossy = worker->lossy;
            worker->lossy = client;
        } else {
            account_unref(&client->account);
        }
        client = next;
    }
    worker->lost_events_ms = worker_now_ms(worker);
}

void lost_events_note(struct worker *worker, struct client *client, const struct account_loss *loss)
{
    /* The sinks have stopped: what their last batches lost is in the counters alone. */
    if (worker->phase == WORKER_ENDED) return;
    if (!client_add_loss(client, loss)) {
        lost_events_tell(worker, client);
        /* Without memory to tell any, this one is left to the counters. */
        (void)client_add_loss(client, loss);
    }
    if (client->is_lossy) return;
    client->is_lossy = true;
    client->account.references++;
    client->next_lossy = worker->lossy;
    worker->lossy = client;
}

void lost_events_forget_all(struct worker *worker)
{
    while (worker->lossy != NULL) {
        struct client *client = worker->lossy;
        worker->lossy = client->next_lossy;
        client_forget_losses(client, client->loss_count);
        account_unref(&client->account);
    }
}
