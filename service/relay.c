/*
 * The path of an event, in one place: everything that happens to it between its frame and its
 * sinks. relay_handle_event() at the end has its stages in their order.
 *
 * What an event needs is prepared when its provider is opened and its schema announced
 * (relay_requests.c); here it is only looked up, checked and handed on. Nothing is allocated but in
 * bursts beyond what was ever seen, and no lock is taken.
 */
#include "service/relay.h"

#include "service/lost_events.h"
#include "service/provider/origin.h"
#include "service/relay_schema.h"

#define RECORD_HEADER_BYTES 80
#define ITEM_HEADER_BYTES   8
#define RELATED_ITEM_BYTES  24

/* Members of an origin that are text, and so are measured. */
#define TEXTS (CONFIG_ORIGIN_USER | CONFIG_ORIGIN_PACKAGE | CONFIG_ORIGIN_IMAGE)

/* An extended item of an ETW record takes its header and its data, rounded up to 8. */
static size_t item_bytes(size_t data)
{
    return ITEM_HEADER_BYTES + ((data + 7) & ~(size_t)7);
}

static size_t record_bytes(const struct sink_event *event, const struct etwr_bytes *metadata)
{
    return RECORD_HEADER_BYTES + item_bytes(event->traits.size) + item_bytes(metadata->size) +
           event->values.size + (event->related_activity_id == NULL ? 0 : RELATED_ITEM_BYTES);
}

/* The outcome is known, and it is a loss: count it and keep it for telling. */
static enum etwr_reason drop(struct session *session, struct slot *slot, enum etwr_reason reason)
{
    struct client *client = session->client;
    uint64_t sequence = client->account.next_sequence - 1;
    struct account_loss loss = {slot->label, reason, 1, sequence, sequence};
    account_dropped(&client->account, &session->worker->pool, reason);
    lost_events_note(session->worker, client, &loss);
    return ETWR_REASON_NONE;
}

/* Which sinks want it: each decides by its own filter. */
static unsigned find_listeners(const struct slot *slot, size_t sink_count,
                               const struct etwr_descriptor *descriptor)
{
    unsigned listeners = 0;
    if (!slot->merged.enabled) return 0;
    for (size_t i = 0; i < sink_count; i++)
        if (enablement_passes(&slot->listeners[i], descriptor->level, descriptor->keyword))
            listeners |= 1u << i;
    return listeners;
}

/* Append who sent it, when the config wants that and a record still holds it. */
static void stamp(const struct session *session, const struct slot_schema *schema,
                  struct sink_event *event, uint64_t sequence, uint8_t buffer[ORIGIN_MAX_BYTES])
{
    const struct client *client = session->client;
    struct origin_values values = {
        .pid = client->peer.pid,
        .tid = event->tid,
        .time = event->time,
        .sequence = sequence,
        .claimed_pid = client->claimed_pid,
    };
    if (schema->origin & TEXTS) {
        values.user = (struct etwr_bytes){client->peer.user, strlen(client->peer.user)};
        values.package = (struct etwr_bytes){client->peer.package, strlen(client->peer.package)};
        values.image = (struct etwr_bytes){client->image, strlen(client->image)};
    }
    size_t size = origin_size(schema->origin, &values);
    if (schema->stamped.size == 0 || !origin_fits(record_bytes(event, &schema->stamped), size)) {
        session->worker->transport.unstamped++;
        return;
    }
    size = origin_pack(schema->origin, &values, buffer, ORIGIN_MAX_BYTES);
    event->metadata = schema->stamped;
    event->origin = (struct etwr_bytes){buffer, size};
}

/* Put it into one sink; the client's account follows when this is the first that wants it. False:
 * it turns out that nobody behind this sink listens. */
static bool put(struct session *session, struct slot *slot, size_t index,
                const struct sink_event *event, bool is_followed)
{
    struct worker *worker = session->worker;
    struct worker_sink *own = &worker->sinks[index];
    struct account *account = &session->client->account;
    struct sink_batch *sink_batch = NULL;
    enum etwr_reason reason = ETWR_REASON_OTHER;
    switch (own->sink->ops->write(own->sink, worker->index, event, &sink_batch, &reason)) {
    case SINK_WRITTEN:
        own->counts.written++;
        if (is_followed) account_written(account);
        break;
    case SINK_PENDING: {
        struct account_batch *batch = worker_batch(worker, sink_batch);
        batch->events++;
        own->pending++;
        if (is_followed) account_defer(account, &worker->pool, batch, slot->label);
        break;
    }
    case SINK_DROPPED:
        own->counts.dropped[reason]++;
        if (is_followed) (void)drop(session, slot, reason);
        break;
    default: /* not enabled: the sink knows better than its filter */
        own->counts.not_enabled++;
        return false;
    }
    return true;
}

/* Why an event that was accepted goes no further. ETWR_REASON_NONE: it may. */
static enum etwr_reason find_refusal(struct session *session, const struct slot *slot,
                                     struct slot_schema *schema,
                                     const struct request_event *request, size_t frame_bytes)
{
    struct worker *worker = session->worker;
    if (!account_pool_reserve(&worker->pool, worker->sink_count)) return ETWR_REASON_NO_MEMORY;
    if (worker->phase >= WORKER_FLUSHING || session->is_drained) return ETWR_REASON_SHUTDOWN;
    if (slot->refused != ETWR_REASON_NONE) return slot->refused;
    if (schema->refused != ETWR_REASON_NONE) return schema->refused;
    if (!quota_take_event(worker->relay->quota, session->quota_user, &session->tokens, frame_bytes,
                          worker_now_ms(worker)))
        return ETWR_REASON_RATE;
    if (schema_check(schema->schema, request->values.data, request->values.size) != ETWR_OK)
        return ETWR_REASON_VALUES;
    if (schema->origin != worker->settings->config->origin &&
        relay_stamp_schema(session, schema) != ETWR_OK)
        return ETWR_REASON_NO_MEMORY;
    return ETWR_REASON_NONE;
}

/* To every sink that wants it; the first of them decides what the client is told. */
static void put_into_sinks(struct session *session, struct slot *slot, struct sink_event *event,
                           unsigned listeners)
{
    struct worker *worker = session->worker;
    bool is_followed = false;
    for (size_t i = 0; i < worker->sink_count; i++) {
        if ((listeners & 1u << i) == 0) {
            worker->sinks[i].counts.not_enabled++;
            continue;
        }
        event->provider = slot->provider->at_sinks[i];
        if (put(session, slot, i, event, !is_followed)) is_followed = true;
    }
    if (!is_followed) account_not_enabled(&session->client->account);
}

/* What was lost is told before the next good event. False: there is no memory left for that one. */
static bool tell_losses(struct worker *worker, struct client *client)
{
    if (client->loss_count == 0) return true;
    lost_events_tell(worker, client);
    return account_pool_reserve(&worker->pool, worker->sink_count);
}

enum etwr_reason relay_handle_event(struct session *session, const struct request_event *request,
                                    size_t frame_bytes)
{
    struct worker *worker = session->worker;
    struct client *client = session->client;
    struct slot *slot = slots_find(&session->slots, request->slot);
    if (slot == NULL) return ETWR_REASON_UNKNOWN_SLOT;
    struct slot_schema *schema = slot_find_schema(slot, request->schema_id);
    if (schema == NULL) return ETWR_REASON_UNKNOWN_SCHEMA;
    if (!account_has_sequences(&client->account, 1)) return ETWR_REASON_MALFORMED;

    uint64_t sequence = account_accept(&client->account);
    slot->events++;
    enum etwr_reason refusal = find_refusal(session, slot, schema, request, frame_bytes);
    if (refusal != ETWR_REASON_NONE) return drop(session, slot, refusal);
    struct sink_event event = {
        .provider_id = &slot->provider->id,
        .traits = slot->provider->traits,
        .descriptor = schema->descriptor,
        .metadata = schema->plain,
        .values = request->values,
        .activity_id = request->activity_id,
        .related_activity_id = request->related_activity_id,
        /* A client's clock may be wrong, or lie: nothing was sent later than it was received. */
        .time = request->time < worker->filetime ? request->time : worker->filetime,
        .pid = client->peer.pid,
        .tid = request->thread_id,
    };
    if (record_bytes(&event, &event.metadata) > ETWR_RECORD_MAX_BYTES)
        return drop(session, slot, ETWR_REASON_TOO_LARGE);

    unsigned listeners = find_listeners(slot, worker->sink_count, &event.descriptor);
    uint8_t origin_buffer[ORIGIN_MAX_BYTES];
    if (listeners != 0) {
        if (schema->origin != 0) stamp(session, schema, &event, sequence, origin_buffer);
        if (!tell_losses(worker, client)) return drop(session, slot, ETWR_REASON_NO_MEMORY);
        worker_note_put(worker, event.descriptor.level);
    }
    put_into_sinks(session, slot, &event, listeners);
    return ETWR_REASON_NONE;
}
