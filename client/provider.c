/*
 * Opening, closing, and what the service pushes: which events of a provider somebody listens to.
 * The state is kept over a reconnect until the next answer, so a service that is away does not make
 * its clients build events for nobody.
 */
#include "client/provider.h"

#include <stdlib.h>
#include <string.h>

#include "client/submit.h"
#include "protocol/tracelogging/utf8.h"
#include "protocol/wire/reply.h"

#define SLOTS_MAX            65535u
#define SLOTS_AT_START       16
#define TRAITS_FIXED_BYTES   3  /* size and the name's NUL */
#define TRAITS_GROUP_BYTES   19 /* size, type, GUID */
#define OPEN_FRAME_MAX_BYTES (WIRE_HEADER_BYTES + 6 + WIRE_NAME_MAX_BYTES + 32)

void etwr_provider_options_init(struct etwr_provider_options *options)
{
    if (!options) return;
    memset(options, 0, sizeof *options);
    options->struct_size = sizeof *options;
}

static bool name_is_valid(const char *name)
{
    size_t length = strlen(name);

    return length > 0 && length <= WIRE_NAME_MAX_BYTES && utf8_is_valid(name, length);
}

static struct provider *create_provider(struct etwr_client *client, const char *name,
                                        const struct etwr_provider_options *options)
{
    size_t name_size = strlen(name);
    struct provider *provider = calloc(1, sizeof *provider + OPEN_FRAME_MAX_BYTES);

    if (!provider) return NULL;
    provider->client = client;
    provider->callback = options->callback;
    provider->context = options->context;
    provider->traits_bytes =
        TRAITS_FIXED_BYTES + name_size + (options->group ? TRAITS_GROUP_BYTES : 0);
    atomic_init(&provider->handle.state.level_plus_1, PROVIDER_LEVEL_ALL);
    atomic_init(&provider->handle.state.match_any, UINT64_MAX);
    atomic_init(&provider->handle.state.match_all, 0);
    atomic_init(&provider->refused, ETWR_REASON_NONE);
    return provider;
}

static void put_open_frame(struct provider *provider, const char *name,
                           const struct etwr_provider_options *options)
{
    struct request_provider_open open = {.slot = provider->slot,
                                         .generation = provider->generation,
                                         .name = {name, strlen(name)},
                                         .has_id = options->id != NULL,
                                         .has_group = options->group != NULL};
    struct writer writer;

    if (open.has_id) open.id = *options->id;
    if (open.has_group) open.group = *options->group;
    writer_init(&writer, provider->frame, OPEN_FRAME_MAX_BYTES);
    request_put_provider_open(&writer, &open);
    provider->frame_size = writer_size(&writer);
}

static enum etwr_status grow_slots(struct etwr_client *client)
{
    size_t room = client->slot_room > 0 ? client->slot_room * 2 : SLOTS_AT_START;
    struct provider **slots;

    if (client->slot_count == SLOTS_MAX) return ETWR_E_LIMIT;
    slots = realloc(client->slots, room * sizeof *slots);
    if (!slots) return ETWR_E_NO_MEMORY;
    client->slots = slots;
    client->slot_room = room;
    return ETWR_OK;
}

/* Give it a slot and a generation. Opening is rare: a search for a free slot will do. */
static enum etwr_status take_slot(struct etwr_client *client, struct provider *provider)
{
    size_t place = 0;

    while (place < client->slot_count && client->slots[place])
        place++;
    if (place == client->slot_count) {
        if (place == client->slot_room || place == SLOTS_MAX) {
            enum etwr_status status = grow_slots(client);

            if (status != ETWR_OK) return status;
        }
        client->slot_count++;
    }
    client->slots[place] = provider;
    provider->slot = (uint16_t)(place + 1);
    provider->generation = ++client->generation;
    return ETWR_OK;
}

enum etwr_status etwr_provider_open(struct etwr_client *client, const char *name,
                                    const struct etwr_provider_options *options,
                                    struct etwr_provider **provider)
{
    struct etwr_provider_options defaults;
    struct provider *opened;
    enum etwr_status status;

    if (!client || !name || !provider) return ETWR_E_INVALID_ARGUMENT;
    if (options && options->struct_size < sizeof *options) return ETWR_E_INVALID_ARGUMENT;
    if (!client_is_usable(client)) return ETWR_E_CLOSED;
    if (!name_is_valid(name)) return ETWR_E_BAD_NAME;
    etwr_provider_options_init(&defaults);
    if (!options) options = &defaults;
    opened = create_provider(client, name, options);
    if (!opened) return ETWR_E_NO_MEMORY;
    client_lock(client);
    status = take_slot(client, opened);
    if (status == ETWR_OK) {
        put_open_frame(opened, name, options);
        opened->owes_open = true;
        submit_owe(opened);
        client_hurry(client);
    }
    client_unlock(client);
    if (status != ETWR_OK) {
        free(opened);
        return status;
    }
    *provider = &opened->handle;
    return ETWR_OK;
}

void etwr_provider_close(struct etwr_provider *handle)
{
    struct provider *provider = provider_of(handle);
    struct etwr_client *client;

    if (!handle || !client_is_usable(provider->client)) return;
    client = provider->client;
    client_lock(client);
    provider->is_closed = true;
    /* The program may free what its callback uses as soon as this returns. */
    while (client->calling == provider && !os_thread_is_current(client->thread))
        os_monitor_wait(client->monitor, OS_NEVER);
    while (provider->prepared)
        prepared_free(provider->prepared);
    intern_forget_slot(&client->intern, provider->slot);
    provider->owes_close = true;
    submit_owe(provider);
    client_hurry(client);
    client_unlock(client);
}

void provider_free(struct provider *provider)
{
    while (provider->prepared)
        prepared_free(provider->prepared);
    provider->client->slots[provider->slot - 1] = NULL;
    free(provider);
}

enum etwr_status etwr_provider_status(struct etwr_provider *handle, enum etwr_reason *reason)
{
    struct provider *provider = provider_of(handle);
    uint32_t refused;

    if (!handle) return ETWR_E_INVALID_ARGUMENT;
    if (!client_is_usable(provider->client)) return ETWR_E_CLOSED;
    refused = atomic_load_explicit(&provider->refused, memory_order_relaxed);
    if (reason) *reason = (enum etwr_reason)refused;
    return refused == ETWR_REASON_NONE ? ETWR_OK : ETWR_E_REFUSED;
}

/* Masks before the level when it opens, after it when it closes: whoever reads in between sees a
 * state that was or will be. */
static void store_state(struct provider *provider, const struct reply_provider_state *state)
{
    struct etwr_provider_state *shared = &provider->handle.state;
    bool is_enabled = state->result == 0 && state->control == WIRE_CONTROL_ENABLE;

    if (is_enabled) {
        atomic_store_explicit(&shared->match_any, state->match_any, memory_order_relaxed);
        atomic_store_explicit(&shared->match_all, state->match_all, memory_order_relaxed);
    }
    atomic_store_explicit(&shared->level_plus_1, is_enabled ? state->level + 1u : 0,
                          memory_order_release);
    atomic_store_explicit(&provider->refused, state->result, memory_order_relaxed);
}

/* Is it news for the callback? A reconnect repeats what is known. */
static bool is_news(struct provider *provider, enum etwr_provider_change change,
                    const struct reply_provider_state *state)
{
    bool is_same = provider->is_answered && provider->told_change == change &&
                   (change == ETWR_PROVIDER_DISABLED || (provider->told_level == state->level &&
                                                         provider->told_any == state->match_any &&
                                                         provider->told_all == state->match_all));

    if (change == ETWR_PROVIDER_CAPTURE_STATE) return true;
    provider->is_answered = true;
    provider->told_change = (uint8_t)change;
    provider->told_level = state->level;
    provider->told_any = state->match_any;
    provider->told_all = state->match_all;
    return !is_same;
}

static enum etwr_provider_change change_of(const struct reply_provider_state *state)
{
    if (state->result != 0) return ETWR_PROVIDER_DISABLED;
    switch (state->control) {
    case WIRE_CONTROL_ENABLE:
        return ETWR_PROVIDER_ENABLED;
    case WIRE_CONTROL_CAPTURE_STATE:
        return ETWR_PROVIDER_CAPTURE_STATE;
    default:
        return ETWR_PROVIDER_DISABLED;
    }
}

static void call_back(struct etwr_client *client, struct provider *provider,
                      enum etwr_provider_change change, const struct reply_provider_state *state)
{
    client_lock(client);
    if (provider->is_closed) {
        client_unlock(client);
        return;
    }
    client->calling = provider;
    client_unlock(client);
    if (change == ETWR_PROVIDER_DISABLED)
        provider->callback(provider->context, change, 0, 0, 0);
    else
        provider->callback(provider->context, change, state->level, state->match_any,
                           state->match_all);
    client_lock(client);
    client->calling = NULL;
    os_monitor_wake_all(client->monitor);
    client_unlock(client);
}

void provider_on_state(struct etwr_client *client, const struct reply_provider_state *state)
{
    enum etwr_provider_change change = change_of(state);
    struct provider *provider = NULL;
    bool is_closed = false;

    client_lock(client);
    if (state->slot <= client->slot_count) provider = client->slots[state->slot - 1];
    if (provider) is_closed = provider->is_closed;
    client_unlock(client);
    /* An answer to an earlier opening of this slot. */
    if (!provider || is_closed || provider->generation != state->generation) return;
    if (change != ETWR_PROVIDER_CAPTURE_STATE) store_state(provider, state);
    if (is_news(provider, change, state) && provider->callback)
        call_back(client, provider, change, state);
}
