/* Clients: see the header. What the account's callbacks mean for the service is decided here. */
#include "service/pipe/client.h"

#include <stdlib.h>
#include <string.h>

#include "service/lost_events.h"
#include "service/worker.h"

static void on_loss(struct account *account, const struct account_loss *loss)
{
    struct client *client = client_of(account);
    lost_events_note(client->worker, client, loss);
}

static void on_progress(struct account *account)
{
    struct client *client = client_of(account);
    if (client->session != NULL) session_owe(client->session);
}

/* Its counters stay in the worker's totals. */
static void retire(struct worker *worker, const struct account *account)
{
    worker->retired.accepted += account->accepted;
    worker->retired.in_doubt += account->in_doubt;
    account_counts_add(&worker->retired.counts, &account->counts);
    for (size_t i = 0; i < ETWR_REASON_DROP_COUNT; i++)
        worker->retired.client_dropped[i] += account->client_dropped[i];
}

static void on_unused(struct account *account)
{
    struct client *client = client_of(account);
    struct worker *worker = client->worker;
    retire(worker, account);
    if (client->next != NULL) client->next->previous = client->previous;
    if (client->previous != NULL)
        client->previous->next = client->next;
    else
        worker->clients = client->next;
    client_forget_losses(client, client->loss_count);
    free(client);
}

static const struct account_callbacks callbacks = {on_loss, on_progress, on_unused};

struct client *client_create(struct worker *worker, const struct peer *peer, uint64_t id)
{
    struct client *client = calloc(1, sizeof *client);
    if (client == NULL) return NULL;
    account_init(&client->account, &callbacks);
    client->worker = worker;
    client->id = id;
    client->peer = *peer;
    client->connected_ms = worker_now_ms(worker);
    memcpy(client->image, peer->image, sizeof client->image);
    client->next = worker->clients;
    if (client->next != NULL) client->next->previous = client;
    worker->clients = client;
    return client;
}

bool client_add_loss(struct client *client, const struct account_loss *loss)
{
    struct client_loss *entry = NULL;
    for (size_t i = 0; i < client->loss_count; i++) {
        if (client->losses[i].label != loss->label || client->losses[i].reason != loss->reason)
            continue;
        entry = &client->losses[i];
        break;
    }
    if (entry == NULL) {
        if (client->loss_count == CLIENT_LOSSES_MAX) return false;
        entry = &client->losses[client->loss_count++];
        entry->label = loss->label == NULL ? NULL : account_label_ref(loss->label);
        entry->reason = loss->reason;
        entry->count = 0;
        entry->first_sequence = loss->first_sequence;
        entry->last_sequence = loss->last_sequence;
    }
    entry->count += loss->count;
    if (loss->first_sequence < entry->first_sequence) entry->first_sequence = loss->first_sequence;
    if (loss->last_sequence > entry->last_sequence) entry->last_sequence = loss->last_sequence;
    return true;
}

void client_forget_losses(struct client *client, size_t count)
{
    for (size_t i = 0; i < count; i++)
        account_label_unref(client->losses[i].label);
    client->loss_count -= count;
    memmove(client->losses, client->losses + count, client->loss_count * sizeof *client->losses);
}
