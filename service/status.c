/*
 * Collecting the counters, and asking for them. What they look like in JSON is in status_json.c.
 */
#include "service/status.h"

#include <stdlib.h>
#include <string.h>

#include "service/relay.h"
#include "service/status_json.h"
#include "service/worker.h"

struct status_request {
    atomic_uint waiting; /* workers that have not added their part */
    unsigned asker;      /* worker */
    uint64_t client_id;
    bool is_everything; /* for an operator; else only this user's clients */
    char user_key[PEER_KEY_BYTES];
    struct worker_message
        *ready; /* made in advance, so that an answer cannot fail for want of memory */
    unsigned part_count;
    struct status_part parts[];
};

static void free_request(struct status_request *request)
{
    for (unsigned i = 0; i < request->part_count; i++)
        text_clear(&request->parts[i].clients_json);
    free(request->ready);
    free(request);
}

static void add_client(struct status_part *part, const struct client *client, uint64_t now_ms)
{
    const struct account *account = &client->account;
    part->accepted += account->accepted;
    part->pending += account->pending;
    part->in_doubt += account->in_doubt;
    account_counts_add(&part->counts, &account->counts);
    for (size_t i = 0; i < ETWR_REASON_DROP_COUNT; i++)
        part->client_dropped[i] += account->client_dropped[i];
    if (client->session == NULL) return;
    part->client_count++;
    part->slot_count += client->session->slots.count;
    status_put_client(&part->clients_json, client, now_ms);
}

static void add_retired(struct status_part *part, const struct worker *worker)
{
    part->accepted += worker->retired.accepted;
    part->in_doubt += worker->retired.in_doubt;
    account_counts_add(&part->counts, &worker->retired.counts);
    for (size_t i = 0; i < ETWR_REASON_DROP_COUNT; i++)
        part->client_dropped[i] += worker->retired.client_dropped[i];
}

static void add_service(struct status_part *part, const struct worker *worker)
{
    part->own = worker->own;
    part->transport = worker->transport;
    for (size_t i = 0; i < worker->sink_count; i++) {
        part->sinks[i].counts = worker->sinks[i].counts;
        part->sinks[i].pending = worker->sinks[i].pending;
    }
}

static void publish_slot_events(struct worker *worker)
{
    for (struct session *session = worker->sessions; session != NULL; session = session->next)
        for (size_t i = 0; i < session->slots.count; i++)
            relay_publish_slot_events(session->slots.sorted[i]);
}

/* All of one worker, or what belongs to one user's clients. */
static void collect(struct status_part *part, struct worker *worker, const char *user_key)
{
    uint64_t now_ms = worker_now_ms(worker);
    for (struct client *client = worker->clients; client != NULL; client = client->next)
        if (user_key == NULL || strcmp(client->peer.user_key, user_key) == 0)
            add_client(part, client, now_ms);
    if (user_key != NULL) return;
    add_retired(part, worker);
    add_service(part, worker);
    publish_slot_events(worker);
}

static struct status_request *create_request(const struct session *session, unsigned workers)
{
    const struct client *client = session->client;
    struct status_request *request =
        calloc(1, sizeof *request + workers * sizeof request->parts[0]);
    if (request == NULL) return NULL;
    atomic_init(&request->waiting, workers);
    request->asker = session->worker->index;
    request->client_id = client->id;
    request->is_everything = client->peer.is_operator;
    memcpy(request->user_key, client->peer.user_key, sizeof request->user_key);
    request->part_count = workers;
    for (unsigned i = 0; i < workers; i++)
        text_init(&request->parts[i].clients_json);
    request->ready = worker_message_create(WORKER_STATUS_READY);
    if (request->ready == NULL) {
        free_request(request);
        return NULL;
    }
    request->ready->request = request;
    return request;
}

static void free_messages(struct worker_message *first)
{
    while (first != NULL) {
        struct worker_message *next = first->next;
        free(first);
        first = next;
    }
}

/* All before the first is posted, so that none is missing. NULL: no memory. */
static struct worker_message *make_messages(struct status_request *request, unsigned count)
{
    struct worker_message *first = NULL;
    for (unsigned i = 0; i < count; i++) {
        struct worker_message *message = worker_message_create(WORKER_STATUS);
        if (message == NULL) {
            free_messages(first);
            return NULL;
        }
        message->request = request;
        message->next = first;
        first = message;
    }
    return first;
}

bool status_ask(struct session *session)
{
    struct relay *relay = session->worker->relay;
    struct status_request *request = create_request(session, relay->worker_count);
    if (request == NULL) return false;
    struct worker_message *message = make_messages(request, relay->worker_count);
    if (message == NULL) {
        free_request(request);
        return false;
    }
    for (unsigned i = 0; i < relay->worker_count; i++) {
        struct worker_message *next = message->next;
        worker_post(&relay->workers[i], message);
        message = next;
    }
    return true;
}

static bool is_last(struct status_request *request)
{
    return atomic_fetch_sub_explicit(&request->waiting, 1, memory_order_acq_rel) == 1;
}

void status_add_worker(struct status_request *request, struct worker *worker)
{
    collect(&request->parts[worker->index], worker,
            request->is_everything ? NULL : request->user_key);
    if (!is_last(request)) return;
    struct worker_message *ready = request->ready;
    request->ready = NULL;
    worker_post(&worker->relay->workers[request->asker], ready);
}

void status_drop(struct status_request *request)
{
    /* The ready message is out: nobody waits, and this was it. */
    if (request->ready == NULL || is_last(request)) free_request(request);
}

static struct session *find_session(struct worker *worker, uint64_t client_id)
{
    for (struct session *session = worker->sessions; session != NULL; session = session->next)
        if (session->client != NULL && session->client->id == client_id) return session;
    return NULL;
}

void status_answer(struct status_request *request, struct worker *worker)
{
    struct session *session = find_session(worker, request->client_id);
    struct text text;
    if (session == NULL || session->state != SESSION_OPEN || !session->status.is_asked) {
        free_request(request);
        return;
    }
    text_init(&text);
    status_put_json(&text, worker->relay, worker->settings, request->parts, request->part_count,
                    request->is_everything ? STATUS_EVERYTHING : STATUS_OWN);
    free_request(request);
    if (text.failed || text.size == 0) {
        text_clear(&text);
        session_end(session, ETWR_REASON_USER_LIMIT, "no memory for the answer to STATUS");
        return;
    }
    session_send_status(session, text.data, text.size); /* takes the text's memory */
}

static void add_counts(struct status_totals *totals, const struct account_counts *counts)
{
    totals->written += counts->written;
    totals->not_enabled += counts->not_enabled;
    for (size_t i = 0; i < ETWR_REASON_DROP_COUNT; i++)
        totals->dropped += counts->dropped[i];
}

struct status_totals status_totals_of(const struct worker *worker)
{
    struct status_totals totals = {.accepted = worker->retired.accepted};
    add_counts(&totals, &worker->retired.counts);
    for (const struct client *client = worker->clients; client != NULL; client = client->next) {
        totals.clients += client->session != NULL;
        totals.accepted += client->account.accepted;
        totals.pending += client->account.pending;
        add_counts(&totals, &client->account.counts);
    }
    return totals;
}

void status_totals_add(struct status_totals *to, const struct status_totals *from)
{
    to->clients += from->clients;
    to->accepted += from->accepted;
    to->written += from->written;
    to->not_enabled += from->not_enabled;
    to->dropped += from->dropped;
    to->pending += from->pending;
}

void status_final(struct relay *relay, struct text *text)
{
    struct status_part *parts = calloc(relay->worker_count, sizeof *parts);
    if (parts == NULL) {
        text->failed = true;
        return;
    }
    for (unsigned i = 0; i < relay->worker_count; i++) {
        text_init(&parts[i].clients_json);
        collect(&parts[i], &relay->workers[i], NULL);
    }
    status_put_json(text, relay, relay->settings, parts, relay->worker_count, STATUS_FINAL);
    for (unsigned i = 0; i < relay->worker_count; i++)
        text_clear(&parts[i].clients_json);
    free(parts);
}
