/*
 * First stop of an event: checked, ruled out or taken. A builder's bytes are right by construction;
 * bytes that somebody else encoded are checked as strictly as the service does, with a checker that
 * is compiled once for each schema and kept with it.
 */
#include "client/submit.h"
#include "protocol/tracelogging/schema.h"

enum etwr_status etwr_provider_write(struct etwr_provider *handle, struct etwr_event *event)
{
    struct provider *provider = provider_of(handle);
    struct etwr_encoded encoded;
    struct outgoing outgoing = {.known = NULL};
    enum etwr_status status;

    if (!handle || !event) return ETWR_E_INVALID_ARGUMENT;
    if (!client_is_usable(provider->client)) return ETWR_E_CLOSED;
    status = etwr_event_encode(event, &encoded);
    if (status != ETWR_OK) return status;
    status = submit_filter(provider, encoded.descriptor.level, encoded.descriptor.keyword);
    if (status != ETWR_OK) return status;
    outgoing.key.slot = provider->slot;
    outgoing.key.descriptor = &encoded.descriptor;
    outgoing.key.metadata = encoded.metadata;
    outgoing.key.hash = intern_hash(&provider->client->intern, &outgoing.key);
    outgoing.values = encoded.data;
    outgoing.activity_id = encoded.activity_id;
    outgoing.related_activity_id = encoded.related_activity_id;
    return submit_event(provider, &outgoing);
}

/* A checker for metadata that was never seen; it must be well formed and within every limit. */
static enum etwr_status compile(const struct intern_key *key, struct schema **checker)
{
    struct etwr_event *event;
    struct etwr_encoded canonical;
    enum etwr_status status = etwr_event_create(&event);

    if (status != ETWR_OK) return status;
    status = schema_rebuild(key->metadata.data, key->metadata.size, key->descriptor, event, NULL);
    if (status == ETWR_OK) status = etwr_event_encode_template(event, &canonical);
    if (status == ETWR_OK)
        status = schema_create(canonical.metadata.data, canonical.metadata.size, checker);
    etwr_event_destroy(event);
    return status;
}

/*
 * The interned schema with its checker, and a reference to it, or NULL: not interned, or made by a
 * builder and so never compiled.
 */
static struct known *acquire_checked(struct etwr_client *client, const struct intern_key *key)
{
    struct known *known;

    client_lock(client);
    known = intern_find(&client->intern, key);
    known = known && known->checker ? known_acquire(known) : NULL;
    client_unlock(client);
    return known;
}

/* Leave the new checker with its schema for the next event; destroys what is not needed. */
static void keep_checker(struct etwr_client *client, const struct intern_key *key,
                         struct schema *checker)
{
    struct known *known;

    client_lock(client);
    known = intern_find(&client->intern, key);
    if (known && !known->checker) {
        known->checker = checker;
        checker = NULL;
    }
    client_unlock(client);
    schema_destroy(checker);
}

static enum etwr_status submit_encoded(struct provider *provider, const struct outgoing *event)
{
    enum etwr_status status =
        submit_filter(provider, event->key.descriptor->level, event->key.descriptor->keyword);

    return status == ETWR_OK ? submit_event(provider, event) : status;
}

static enum etwr_status submit_unknown(struct provider *provider, struct outgoing *event)
{
    struct schema *checker;
    enum etwr_status status = compile(&event->key, &checker);

    if (status == ETWR_E_NO_MEMORY) submit_no_memory(provider);
    if (status != ETWR_OK) return status;
    status = schema_check(checker, event->values.data, event->values.size);
    if (status == ETWR_OK) status = submit_encoded(provider, event);
    keep_checker(provider->client, &event->key, checker);
    return status;
}

enum etwr_status etwr_provider_write_encoded(struct etwr_provider *handle,
                                             const struct etwr_descriptor *descriptor,
                                             const void *metadata, size_t metadata_size,
                                             const void *values, size_t values_size,
                                             const struct etwr_guid *activity_id,
                                             const struct etwr_guid *related_activity_id)
{
    struct provider *provider = provider_of(handle);
    struct outgoing event = {.values = {values, values_size},
                             .activity_id = activity_id,
                             .related_activity_id = related_activity_id};
    struct known *known;
    enum etwr_status status;

    if (!handle || !descriptor || !metadata) return ETWR_E_INVALID_ARGUMENT;
    if (!values && values_size > 0) return ETWR_E_INVALID_ARGUMENT;
    if (!client_is_usable(provider->client)) return ETWR_E_CLOSED;
    if (metadata_size > ETWR_METADATA_MAX_BYTES) return ETWR_E_METADATA_TOO_LONG;
    event.key.slot = provider->slot;
    event.key.descriptor = descriptor;
    event.key.metadata.data = metadata;
    event.key.metadata.size = metadata_size;
    event.key.hash = intern_hash(&provider->client->intern, &event.key);
    known = acquire_checked(provider->client, &event.key);
    if (!known) return submit_unknown(provider, &event);
    event.known = &known; /* this reference serves, or is exchanged for its successor's */
    status = schema_check(known->checker, values, values_size);
    if (status == ETWR_OK) status = submit_encoded(provider, &event);
    client_lock(provider->client);
    known_release(known);
    client_unlock(provider->client);
    return status;
}
