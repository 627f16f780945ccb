/*
 * The rarer requests: what prepares a session so that its events need only be looked up and
 * checked.
 *
 * A refusal of a provider or schema is an answer, not an error: its events are well-formed, and are
 * counted with its reason. Only what breaks the protocol, or would let a client hold memory without
 * bound, ends the connection.
 */
#include "service/relay.h"

#include <stdlib.h>
#include <string.h>

#include "protocol/tracelogging/utf8.h"
#include "service/lost_events.h"
#include "service/pipe/session.h"
#include "service/policy/policy.h"
#include "service/relay_schema.h"
#include "service/status.h"

#define SCHEMA_BASE_BYTES (sizeof(struct slot_schema) + 2 * sizeof(void *))

static const struct config *config_of(const struct session *session)
{
    return session->worker->settings->config;
}

/* The image is a label for people and for the trace: text without control characters, or it is not
 * taken. */
static void take_image(struct client *client, const struct etwr_bytes *image)
{
    const unsigned char *text = image->data;
    if (image->size == 0 || image->size >= sizeof client->image) return;
    if (!utf8_is_valid(image->data, image->size)) return;
    for (size_t i = 0; i < image->size; i++)
        if (text[i] < 0x20 || text[i] == 0x7F) return;
    memcpy(client->image, image->data, image->size);
    client->image[image->size] = 0;
}

static void tell_in_doubt(struct session *session, const struct request_hello *hello)
{
    struct client *client = session->client;
    for (size_t i = 0; i < hello->in_doubt_count; i++) {
        const struct request_in_doubt *range = &hello->in_doubt[i];
        struct account_loss loss = {NULL, ETWR_REASON_IN_DOUBT, range->count, range->first,
                                    range->first + range->count - 1};
        client->account.in_doubt += range->count;
        lost_events_note(session->worker, client, &loss);
    }
}

enum etwr_reason relay_handle_hello(struct session *session, const struct request_hello *hello)
{
    struct worker *worker = session->worker;
    struct client *client = session->client;
    if (hello->version_lowest > WIRE_VERSION || hello->version_highest < WIRE_VERSION)
        return ETWR_REASON_BAD_VERSION;
    if (worker->phase >= WORKER_FLUSHING || session->is_drained) return ETWR_REASON_STOPPING;
    account_start(&client->account, hello->first_sequence);
    session->acked_sequence = client->account.settled_sequence;
    client->claimed_pid = hello->claimed_pid;
    if (hello->claimed_pid != client->peer.pid) worker->transport.claimed_pid_differs++;
    memcpy(client->instance, hello->instance, sizeof client->instance);
    take_image(client, &hello->image);
    quota_hello_done(worker->relay->quota, session->quota_user);
    session->is_hello_done = true;
    tell_in_doubt(session, hello);
    session_welcome(session);
    return ETWR_REASON_NONE;
}

static enum etwr_reason take_new_provider(struct session *session, const struct etwr_guid *id)
{
    struct relay *relay = session->worker->relay;
    if (config_of(session)->allow_any_provider || registry_has(relay->registry, id))
        return ETWR_REASON_NONE;
    return quota_take_provider(relay->quota, session->quota_user, worker_now_ms(session->worker));
}

/* Ask the policy, then register. The slot keeps the reason when either says no. */
static void register_slot(struct session *session, struct slot *slot)
{
    const struct client *client = session->client;
    const struct policy_user user = {client->peer.user, client->peer.user_id};
    const struct policy_request request = {slot->label->name, slot->has_id ? &slot->id : NULL,
                                           slot->has_group ? &slot->group : NULL};
    struct policy_grant grant;
    slot->refused = policy_decide(config_of(session), &user, &request, &grant);
    if (slot->refused == ETWR_REASON_NONE) slot->refused = take_new_provider(session, &grant.id);
    if (slot->refused == ETWR_REASON_NONE)
        slot->refused = registry_open(session->worker->relay->registry, slot->label->name,
                                      &grant.id, grant.has_group ? &grant.group : NULL,
                                      worker_now_ms(session->worker), &slot->provider);
    if (slot->refused != ETWR_REASON_NONE) slot->provider = NULL;
}

static void unregister_slot(struct session *session, struct slot *slot)
{
    struct worker *worker = session->worker;
    if (slot->provider == NULL) return;
    relay_publish_slot_events(slot);
    registry_close(worker->relay->registry, slot->provider, worker_now_ms(worker));
    slot->provider = NULL;
}

void relay_publish_slot_events(struct slot *slot)
{
    if (slot->provider == NULL || slot->events == 0) return;
    atomic_fetch_add_explicit(&slot->provider->events, slot->events, memory_order_relaxed);
    slot->events = 0;
}

/* Who listens; nobody does to a refused provider. Returns how often its state has been asked for.
 */
static uint32_t find_enablement(const struct session *session, struct slot *slot)
{
    const struct worker *worker = session->worker;
    if (slot->provider != NULL)
        return relay_find_listeners(worker->relay, worker->settings, slot->provider,
                                    slot->listeners, &slot->merged);
    memset(slot->listeners, 0, sizeof slot->listeners);
    memset(&slot->merged, 0, sizeof slot->merged);
    return 0;
}

static void forget_schemas(struct session *session, struct slot *slot)
{
    session->schema_count -= slot->schema_count;
    size_t charged = slot_clear_schemas(slot);
    session->schema_bytes -= charged;
    session_uncharge(session, charged);
}

static void close_slot(struct session *session, struct slot *slot)
{
    forget_schemas(session, slot);
    unregister_slot(session, slot);
    session_uncharge(session, slot->charged_bytes);
    slots_remove(&session->slots, slot);
}

static struct slot *add_slot(struct session *session, const struct request_provider_open *open)
{
    size_t bytes = sizeof(struct slot) + sizeof(struct account_label) + open->name.size;
    if (!session_charge(session, bytes)) return NULL;
    struct account_label *label = account_label_create(open->name.data, open->name.size);
    struct slot *slot = label == NULL ? NULL : slots_add(&session->slots, open->slot, label);
    if (slot == NULL) {
        account_label_unref(label);
        session_uncharge(session, bytes);
        return NULL;
    }
    slot->charged_bytes = bytes;
    return slot;
}

enum etwr_reason relay_handle_open(struct session *session,
                                   const struct request_provider_open *open)
{
    const struct config *config = config_of(session);
    if (slots_find(&session->slots, open->slot) != NULL) return ETWR_REASON_UNEXPECTED;
    bool is_over =
        !config->allow_any_provider && session->slots.count >= config->limits.providers_per_client;
    struct slot *slot = add_slot(session, open);
    /* Not even the refusal can be kept: the user's memory is used up. */
    if (slot == NULL) return ETWR_REASON_USER_LIMIT;
    slot->generation = open->generation;
    slot->has_id = open->has_id;
    slot->has_group = open->has_group;
    slot->id = open->id;
    slot->group = open->group;
    if (is_over)
        slot->refused = ETWR_REASON_PROVIDER_LIMIT;
    else
        register_slot(session, slot);
    slot->captures = slot->captures_told = find_enablement(session, slot);
    session_send_provider_state(session, slot);
    return ETWR_REASON_NONE;
}

enum etwr_reason relay_handle_close(struct session *session, uint16_t number)
{
    struct slot *slot = slots_find(&session->slots, number);
    if (slot == NULL) return ETWR_REASON_UNKNOWN_SLOT;
    close_slot(session, slot);
    return ETWR_REASON_NONE;
}

void relay_close_slots(struct session *session)
{
    while (session->slots.count > 0)
        close_slot(session, session->slots.sorted[session->slots.count - 1]);
    slots_clear(&session->slots);
}

/* The same client, name, id and group under other rules. */
static bool is_still_allowed(const struct session *session, const struct slot *slot)
{
    const struct client *client = session->client;
    const struct policy_user user = {client->peer.user, client->peer.user_id};
    const struct policy_request request = {slot->label->name, slot->has_id ? &slot->id : NULL,
                                           slot->has_group ? &slot->group : NULL};
    struct policy_grant grant;
    if (policy_decide(config_of(session), &user, &request, &grant) != ETWR_REASON_NONE)
        return false;
    const struct relay_provider *provider = slot->provider;
    return memcmp(&grant.id, &provider->id, sizeof grant.id) == 0 &&
           grant.has_group == provider->has_group &&
           (!grant.has_group || memcmp(&grant.group, &provider->group, sizeof grant.group) == 0);
}

/* Under the cap on a client's providers, as it is now? */
static bool has_room(const struct session *session)
{
    size_t count = 0;
    for (size_t i = 0; i < session->slots.count; i++)
        if (session->slots.sorted[i]->provider != NULL) count++;
    return config_of(session)->allow_any_provider ||
           count < config_of(session)->limits.providers_per_client;
}

static void refresh_slot(struct session *session, struct slot *slot)
{
    struct enablement before = slot->merged;
    enum etwr_reason refused_before = slot->refused;
    const struct relay_provider *provider_before = slot->provider;
    if (slot->refused != ETWR_REASON_NONE) {
        if (has_room(session)) register_slot(session, slot);
    } else if (!is_still_allowed(session, slot)) {
        unregister_slot(session, slot);
        register_slot(session, slot); /* perhaps under another id; else it says why not */
    }
    slot->captures = find_enablement(session, slot);
    /* Nobody who listens to another provider has asked this one. */
    if (slot->provider != provider_before) slot->captures_told = slot->captures;
    if (slot->refused != refused_before || !enablement_is_equal(&before, &slot->merged))
        session_send_provider_state(session, slot);
}

void relay_refresh_slots(struct session *session)
{
    for (size_t i = 0; i < session->slots.count; i++)
        refresh_slot(session, session->slots.sorted[i]);
}

bool relay_tell_enablement(struct session *session)
{
    bool is_state_wanted = false;
    /* Sending may end the session, and its slots with it: it comes last. */
    for (size_t i = 0; i < session->slots.count; i++) {
        struct slot *slot = session->slots.sorted[i];
        struct enablement before = slot->merged;
        slot->captures = find_enablement(session, slot);
        if (slot->captures_told != slot->captures) is_state_wanted = true;
        if (!enablement_is_equal(&before, &slot->merged))
            session_send_provider_state(session, slot);
    }
    return is_state_wanted;
}

void relay_ask_for_state(struct session *session)
{
    for (size_t i = 0; i < session->slots.count; i++) {
        struct slot *slot = session->slots.sorted[i];
        if (slot->captures_told == slot->captures) continue;
        slot->captures_told = slot->captures;
        /* Whoever does not listen to what this client has gets no state either. */
        if (slot->merged.enabled) session_send_capture_state(session, slot);
    }
}

/* What the schema holds, charged to the client and its user; the reason when that is too much. */
static enum etwr_reason charge_schema(struct session *session, struct slot_schema *schema)
{
    const struct config_limits *limits = &config_of(session)->limits;
    size_t bytes = schema->plain.size + schema->stamped.size;
    if (schema->schema != NULL) bytes += schema_memory_bytes(schema->schema);
    if (session->schema_bytes + bytes > limits->schema_bytes_per_client) return ETWR_REASON_QUOTA;
    if (!session_charge(session, bytes)) return ETWR_REASON_QUOTA;
    session->schema_bytes += bytes;
    schema->charged_bytes += bytes;
    return ETWR_REASON_NONE;
}

static void empty_schema(struct slot_schema *schema)
{
    if (schema->schema != NULL) schema_destroy(schema->schema);
    free((void *)schema->plain.data);
    free((void *)schema->stamped.data);
    schema->schema = NULL;
    schema->plain = schema->stamped = (struct etwr_bytes){NULL, 0};
}

static void remove_schema(struct session *session, struct slot *slot, struct slot_schema *schema)
{
    session->schema_bytes -= schema->charged_bytes;
    session_uncharge(session, schema->charged_bytes);
    session->schema_count--;
    slot_remove_schema(slot, schema);
}

static struct slot_schema *add_schema(struct session *session, struct slot *slot, uint32_t id)
{
    if (!session_charge(session, SCHEMA_BASE_BYTES)) return NULL;
    struct slot_schema *schema = slot_add_schema(slot, id);
    if (schema == NULL) {
        session_uncharge(session, SCHEMA_BASE_BYTES);
        return NULL;
    }
    schema->charged_bytes = SCHEMA_BASE_BYTES;
    session->schema_bytes += SCHEMA_BASE_BYTES;
    session->schema_count++;
    return schema;
}

enum etwr_reason relay_handle_schema(struct session *session, const struct request_schema *request)
{
    struct slot *slot = slots_find(&session->slots, request->slot);
    if (slot == NULL) return ETWR_REASON_UNKNOWN_SLOT;
    struct slot_schema *schema = slot_find_schema(slot, request->schema_id);
    if (schema != NULL) remove_schema(session, slot, schema);
    bool is_over = session->schema_count >= config_of(session)->limits.schemas_per_client;
    schema = add_schema(session, slot, request->schema_id);
    /* Not even the refusal can be kept: the user's memory is used up. */
    if (schema == NULL) return ETWR_REASON_USER_LIMIT;
    schema->refused = is_over ? ETWR_REASON_QUOTA : relay_compile_schema(session, schema, request);
    if (schema->refused == ETWR_REASON_NONE) schema->refused = charge_schema(session, schema);
    if (schema->refused != ETWR_REASON_NONE) empty_schema(schema);
    return ETWR_REASON_NONE;
}

enum etwr_reason relay_handle_lost(struct session *session, const struct request_lost *lost)
{
    struct account *account = &session->client->account;
    /* Lost after its provider was closed, or before it was known: counted all the same. */
    struct slot *slot = slots_find(&session->slots, lost->slot);
    if (!account_has_sequences(account, lost->count)) return ETWR_REASON_MALFORMED;
    uint64_t first = account->next_sequence;
    account_lost(account, (enum etwr_reason)lost->reason, lost->count);
    struct account_loss loss = {slot == NULL ? NULL : slot->label, (enum etwr_reason)lost->reason,
                                lost->count, first, first + lost->count - 1};
    lost_events_note(session->worker, session->client, &loss);
    return ETWR_REASON_NONE;
}

enum etwr_reason relay_handle_status(struct session *session, uint64_t cookie)
{
    session->status.cookie = cookie;
    session->status.is_asked = true;
    session_hold(session, SESSION_HOLD_STATUS);
    if (!status_ask(session)) {
        session->status.is_asked = false;
        return ETWR_REASON_USER_LIMIT;
    }
    return ETWR_REASON_NONE;
}
