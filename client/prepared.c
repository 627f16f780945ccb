/*
 * Prepared events: the metadata is made, hashed, interned and compiled into a checker once; after
 * that an event is its values. They are checked here, in the program that made them, where a
 * mistake is an error code and not a silent loss in the service.
 */
#include <stdlib.h>
#include <string.h>

#include "client/submit.h"
#include "protocol/tracelogging/schema.h"

static struct intern_key key_of(const struct etwr_prepared *prepared)
{
    struct intern_key key = {.slot = prepared->provider->slot,
                             .descriptor = &prepared->descriptor,
                             .metadata = {prepared->metadata, prepared->metadata_size},
                             .hash = prepared->hash};

    return key;
}

static enum etwr_status create(struct provider *provider, const struct etwr_encoded *encoded,
                               struct etwr_prepared **result)
{
    size_t size = encoded->metadata.size;
    struct etwr_prepared *prepared = calloc(1, sizeof *prepared + size);
    enum etwr_status status;
    struct intern_key key;

    if (!prepared) return ETWR_E_NO_MEMORY;
    status = schema_create(encoded->metadata.data, size, &prepared->checker);
    if (status != ETWR_OK) {
        free(prepared);
        return status;
    }
    prepared->provider = provider;
    prepared->descriptor = encoded->descriptor;
    prepared->metadata_size = size;
    memcpy(prepared->metadata, encoded->metadata.data, size);
    key = key_of(prepared);
    prepared->hash = intern_hash(&provider->client->intern, &key);
    *result = prepared;
    return ETWR_OK;
}

enum etwr_status etwr_prepared_create(struct etwr_provider *handle, struct etwr_event *declared,
                                      struct etwr_prepared **result)
{
    struct provider *provider = provider_of(handle);
    struct etwr_prepared *prepared;
    struct etwr_encoded encoded;
    enum etwr_status status;

    if (!handle || !declared || !result) return ETWR_E_INVALID_ARGUMENT;
    if (!client_is_usable(provider->client)) return ETWR_E_CLOSED;
    status = etwr_event_encode_template(declared, &encoded);
    if (status == ETWR_OK) status = create(provider, &encoded, &prepared);
    if (status != ETWR_OK) return status;
    client_lock(provider->client);
    prepared->next = provider->prepared;
    if (prepared->next) prepared->next->previous = prepared;
    provider->prepared = prepared;
    client_unlock(provider->client);
    *result = prepared;
    return ETWR_OK;
}

void prepared_free(struct etwr_prepared *prepared)
{
    if (prepared->next) prepared->next->previous = prepared->previous;
    if (prepared->previous)
        prepared->previous->next = prepared->next;
    else
        prepared->provider->prepared = prepared->next;
    known_release(prepared->known);
    schema_destroy(prepared->checker);
    free(prepared);
}

void etwr_prepared_destroy(struct etwr_prepared *prepared)
{
    struct etwr_client *client;

    if (!prepared || !client_is_usable(prepared->provider->client)) return;
    client = prepared->provider->client;
    client_lock(client);
    prepared_free(prepared);
    client_unlock(client);
}

enum etwr_status etwr_prepared_write(struct etwr_prepared *prepared,
                                     const struct etwr_values *values,
                                     const struct etwr_guid *activity_id,
                                     const struct etwr_guid *related_activity_id)
{
    struct outgoing event;
    enum etwr_status status;

    if (!prepared || !values) return ETWR_E_INVALID_ARGUMENT;
    if (!client_is_usable(prepared->provider->client)) return ETWR_E_CLOSED;
    if (values->failed != ETWR_OK) return (enum etwr_status)values->failed;
    event.values.data = values->start;
    event.values.size = (size_t)(values->at - values->start);
    status = schema_check(prepared->checker, event.values.data, event.values.size);
    if (status != ETWR_OK) return status;
    status =
        submit_filter(prepared->provider, prepared->descriptor.level, prepared->descriptor.keyword);
    if (status != ETWR_OK) return status;
    event.key = key_of(prepared);
    event.activity_id = activity_id;
    event.related_activity_id = related_activity_id;
    event.known = &prepared->known;
    return submit_event(prepared->provider, &event);
}
