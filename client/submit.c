/*
 * Third stop of an event: from its writer into the queue. No system call in here unless the
 * background thread sleeps and must be woken, and no allocation once its schema is known.
 */
#include "client/submit.h"

#include <string.h>

#include "protocol/wire/request.h"

#define RECORD_HEADER_BYTES  80u
#define RECORD_ITEM_BYTES    8u  /* of each extended item; its data rounded up to 8 */
#define RECORD_RELATED_BYTES 24u /* the item of a related activity id */
#define LOST_FRAME_BYTES     (WIRE_HEADER_BYTES + 9u)
#define COOKIE_FRAME_BYTES   (WIRE_HEADER_BYTES + 8u)
#define GUID_BYTES           16u

static size_t item_bytes(size_t data_size)
{
    return RECORD_ITEM_BYTES + ((data_size + 7) & ~(size_t)7);
}

/* As the event's ETW record will be, without the origin that the service adds where it fits. */
static bool is_too_large(const struct provider *provider, const struct outgoing *event)
{
    size_t size = RECORD_HEADER_BYTES + item_bytes(provider->traits_bytes) +
                  item_bytes(event->key.metadata.size);

    if (event->related_activity_id) size += RECORD_RELATED_BYTES;
    return size > ETWR_RECORD_MAX_BYTES || event->values.size > ETWR_RECORD_MAX_BYTES - size;
}

enum etwr_status submit_filter(struct provider *provider, uint8_t level, uint64_t keyword)
{
    struct etwr_client *client = provider->client;
    uint32_t refused;

    if (etwr_provider_enabled(&provider->handle, level, keyword)) return ETWR_OK;
    refused = atomic_load_explicit(&provider->refused, memory_order_relaxed);
    if (refused == ETWR_REASON_NONE) {
        atomic_fetch_add_explicit(&client->not_enabled, 1, memory_order_relaxed);
        return ETWR_E_NOT_ENABLED;
    }
    atomic_fetch_add_explicit(&client->refused[refused], 1, memory_order_relaxed);
    return ETWR_E_REFUSED;
}

void submit_owe(struct provider *provider)
{
    struct etwr_client *client = provider->client;

    if (provider->is_owing) return;
    provider->is_owing = true;
    provider->owing_next = NULL;
    if (client->owing)
        client->owing_last->owing_next = provider;
    else
        client->owing = provider;
    client->owing_last = provider;
}

static bool put_pointer(struct queue *queue, uint8_t kind, uint16_t slot, const void *pointer)
{
    uint8_t *room = queue_reserve(queue, ENTRY_POINTER_BYTES);
    struct writer writer;

    if (!room) return false;
    writer_init(&writer, room, ENTRY_POINTER_BYTES);
    frame_put_header(&writer, kind, 0, slot, sizeof pointer);
    put_bytes(&writer, &pointer, sizeof pointer);
    queue_commit(queue, ENTRY_POINTER_BYTES);
    return true;
}

static bool put_lost(struct queue *queue, uint16_t slot, uint8_t reason, uint64_t count)
{
    struct request_lost lost = {.slot = slot, .count = count, .reason = reason};
    uint8_t *room = queue_reserve(queue, LOST_FRAME_BYTES);
    struct writer writer;

    if (!room) return false;
    writer_init(&writer, room, LOST_FRAME_BYTES);
    request_put_lost(&writer, &lost);
    queue_commit(queue, LOST_FRAME_BYTES);
    return true;
}

static bool pay_provider(struct queue *queue, struct provider *provider)
{
    if (provider->owes_open) {
        if (!put_pointer(queue, WIRE_PROVIDER_OPEN, provider->slot, provider)) return false;
        provider->owes_open = false;
    }
    for (int reason = 1; reason <= ETWR_REASON_NO_MEMORY; reason++) {
        if (provider->lost[reason] == 0) continue;
        if (!put_lost(queue, provider->slot, (uint8_t)reason, provider->lost[reason])) return false;
        provider->lost[reason] = 0;
    }
    if (provider->owes_close) {
        if (!put_pointer(queue, WIRE_PROVIDER_CLOSE, provider->slot, provider)) return false;
        provider->owes_close = false;
    }
    return true;
}

static bool pay_flush(struct etwr_client *client)
{
    uint8_t *room;
    struct writer writer;

    if (client->flush_owed == 0) return true;
    room = queue_reserve(&client->queue, COOKIE_FRAME_BYTES);
    if (!room) return false;
    writer_init(&writer, room, COOKIE_FRAME_BYTES);
    request_put_flush(&writer, client->flush_owed);
    queue_commit(&client->queue, COOKIE_FRAME_BYTES);
    client->flush_owed = 0;
    return true;
}

bool submit_pay(struct etwr_client *client)
{
    while (client->owing) {
        struct provider *provider = client->owing;

        if (!pay_provider(&client->queue, provider)) return false;
        provider->is_owing = false;
        client->owing = provider->owing_next;
    }
    return pay_flush(client);
}

/* Number it and remember to tell where it would have stood. */
static void drop(struct provider *provider, enum etwr_reason reason)
{
    account_drop(&provider->client->account, reason);
    provider->lost[reason]++;
    submit_owe(provider);
}

static size_t frame_bytes(const struct outgoing *event)
{
    return WIRE_HEADER_BYTES + WIRE_EVENT_FIXED_BYTES + event->values.size +
           (event->activity_id ? GUID_BYTES : 0) + (event->related_activity_id ? GUID_BYTES : 0);
}

static struct known *find_known(struct etwr_client *client, const struct outgoing *event)
{
    struct known *kept = event->known ? *event->known : NULL;

    if (kept && kept->is_listed) {
        kept->was_used = true;
        return kept;
    }
    return intern_find(&client->intern, &event->key);
}

static void keep_known(const struct outgoing *event, struct known *known)
{
    if (!event->known || *event->known == known) return;
    known_release(*event->known);
    *event->known = known_acquire(known);
}

/* SCHEMA, if it is new, and EVENT: both or neither. */
static enum etwr_status put_event(struct etwr_client *client, const struct outgoing *event,
                                  struct request_event *request)
{
    struct known *known = find_known(client, event);
    size_t size = frame_bytes(event);
    size_t schema_size = known ? 0 : ENTRY_POINTER_BYTES;
    uint8_t *room = queue_reserve(&client->queue, schema_size + size);
    struct writer writer;

    if (!room) return ETWR_E_QUEUE_FULL;
    writer_init(&writer, room, schema_size + size);
    if (!known) {
        known = intern_add(&client->intern, &event->key);
        if (!known) return ETWR_E_NO_MEMORY;
        frame_put_header(&writer, WIRE_SCHEMA, 0, event->key.slot, sizeof known);
        put_bytes(&writer, &known, sizeof known);
        known_acquire(known);
    }
    keep_known(event, known);
    request->schema_id = known->id;
    request_put_event(&writer, request);
    queue_commit(&client->queue, schema_size + size);
    account_put(&client->account);
    return ETWR_OK;
}

/* What is owed is paid only when the event has room as well, or a full queue would take up its last
 * bytes with one LOST for each event. */
static enum etwr_status pay_and_put(struct etwr_client *client, const struct outgoing *event,
                                    struct request_event *request)
{
    if (!queue_reserve(&client->queue, frame_bytes(event))) return ETWR_E_QUEUE_FULL;
    if (!submit_pay(client)) return ETWR_E_QUEUE_FULL;
    return put_event(client, event, request);
}

/* Put it, or wait for room as long as the client was told to, or drop it. */
static enum etwr_status put_or_drop(struct provider *provider, const struct outgoing *event,
                                    struct request_event *request)
{
    struct etwr_client *client = provider->client;
    uint64_t deadline = 0;

    for (;;) {
        enum etwr_status status;

        if (client->link == LINK_DEAD) {
            drop(provider, ETWR_REASON_DISCONNECTED);
            return ETWR_E_DISCONNECTED;
        }
        status = pay_and_put(client, event, request);
        if (status == ETWR_OK) return ETWR_OK;
        if (status == ETWR_E_NO_MEMORY) {
            drop(provider, ETWR_REASON_NO_MEMORY);
            return status;
        }
        if (client->wait_ms == 0 || os_thread_is_current(client->thread)) {
            drop(provider, ETWR_REASON_QUEUE_FULL);
            return ETWR_E_QUEUE_FULL;
        }
        if (deadline == 0) deadline = os_clock_ms() + client->wait_ms;
        if (os_clock_ms() >= deadline) {
            drop(provider, ETWR_REASON_TIMEOUT);
            return ETWR_E_TIMEOUT;
        }
        client->room_waiters++;
        client_hurry(client);
        os_monitor_wait(client->monitor, deadline);
        client->room_waiters--;
    }
}

/* After something went into the queue, or is owed: does the background thread have to be woken? At
 * most once until it sleeps again. */
static bool must_wake(struct etwr_client *client, uint8_t level)
{
    bool is_urgent = level == 1 || level == 2;

    if (is_urgent) client->is_urgent = true;
    if (client->sleep == SLEEP_IDLE ||
        (client->sleep == SLEEP_TIMED && (is_urgent || queue_is_half_full(&client->queue)))) {
        client->sleep = SLEEP_NOT;
        return true;
    }
    return false;
}

enum etwr_status submit_event(struct provider *provider, const struct outgoing *event)
{
    struct etwr_client *client = provider->client;
    struct request_event request = {.slot = provider->slot,
                                    .time = os_clock_filetime(),
                                    .thread_id = os_thread_id(),
                                    .activity_id = event->activity_id,
                                    .related_activity_id = event->related_activity_id,
                                    .values = event->values};
    enum etwr_status status;
    bool wake;

    client_lock(client);
    if (is_too_large(provider, event)) {
        drop(provider, ETWR_REASON_TOO_LARGE);
        status = ETWR_E_TOO_LARGE;
    } else {
        status = put_or_drop(provider, event, &request);
    }
    wake = must_wake(client, event->key.descriptor->level);
    client_unlock(client);
    if (wake) waker_wake(client->waker);
    return status;
}

void submit_no_memory(struct provider *provider)
{
    struct etwr_client *client = provider->client;
    bool wake;

    client_lock(client);
    drop(provider, ETWR_REASON_NO_MEMORY);
    wake = must_wake(client, 0);
    client_unlock(client);
    if (wake) waker_wake(client->waker);
}
