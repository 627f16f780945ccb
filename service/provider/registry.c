/*
 * Providers, registered once and shared: where a granted PROVIDER_OPEN ends. A provider without
 * references is not gone but lingers, and that is the only state in which it may be freed; so an
 * open provider can be read by every worker without a lock.
 */
#include "service/provider/registry.h"

#include <assert.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include <etwrelay/event.h>

#define TRAITS_EXTRA_BYTES (2 + 1 + 19) /* size, NUL, group trait */
#define MS_PER_SECOND      1000

struct registry {
    uv_mutex_t mutex;
    struct registry_hooks hooks;
    uint32_t providers_max;
    uint64_t linger_ms;
    struct relay_provider **providers; /* in order of their ids */
    size_t count;
    size_t capacity;
};

static void set_limits(struct registry *registry, const struct config_limits *limits)
{
    registry->providers_max = limits->providers;
    registry->linger_ms = (uint64_t)limits->provider_linger_s * MS_PER_SECOND;
}

enum etwr_status registry_create(const struct config_limits *limits, struct registry **registry)
{
    struct registry *r = calloc(1, sizeof *r);

    if (!r) return ETWR_E_NO_MEMORY;
    if (uv_mutex_init(&r->mutex) != 0) {
        free(r);
        return ETWR_E_NO_MEMORY;
    }
    set_limits(r, limits);
    *registry = r;
    return ETWR_OK;
}

/* The last that is done to a provider that was accepted. */
static void forget(struct registry *registry, struct relay_provider *provider)
{
    if (registry->hooks.on_unregister)
        registry->hooks.on_unregister(registry->hooks.context, provider);
    free(provider);
}

void registry_destroy(struct registry *registry)
{
    if (!registry) return;
    for (size_t i = 0; i < registry->count; i++) {
        forget(registry, registry->providers[i]);
    }
    free(registry->providers);
    uv_mutex_destroy(&registry->mutex);
    free(registry);
}

void registry_set_hooks(struct registry *registry, const struct registry_hooks *hooks)
{
    uv_mutex_lock(&registry->mutex);
    registry->hooks = *hooks;
    uv_mutex_unlock(&registry->mutex);
}

void registry_configure(struct registry *registry, const struct config_limits *limits)
{
    uv_mutex_lock(&registry->mutex);
    set_limits(registry, limits);
    uv_mutex_unlock(&registry->mutex);
}

/* Where the id is, or would have to be put. */
static size_t find_place(const struct registry *registry, const struct etwr_guid *id, bool *found)
{
    size_t low = 0;
    size_t high = registry->count;

    *found = false;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = memcmp(&registry->providers[middle]->id, id, sizeof *id);

        if (order == 0) {
            *found = true;
            return middle;
        }
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void remove_at(struct registry *registry, size_t place)
{
    forget(registry, registry->providers[place]);
    registry->count--;
    memmove(&registry->providers[place], &registry->providers[place + 1],
            (registry->count - place) * sizeof registry->providers[0]);
}

static bool has_lingered(const struct registry *registry, const struct relay_provider *provider,
                         uint64_t now_ms)
{
    if (provider->references > 0 || now_ms < provider->closed_at_ms) return false;
    return now_ms - provider->closed_at_ms >= registry->linger_ms;
}

static size_t sweep_locked(struct registry *registry, uint64_t now_ms)
{
    size_t kept = 0;
    size_t gone;

    for (size_t i = 0; i < registry->count; i++) {
        struct relay_provider *provider = registry->providers[i];

        if (has_lingered(registry, provider, now_ms))
            forget(registry, provider);
        else
            registry->providers[kept++] = provider;
    }
    gone = registry->count - kept;
    registry->count = kept;
    return gone;
}

/* The lingering provider that was closed first makes room. False: all are open. */
static bool evict_one(struct registry *registry)
{
    size_t oldest = registry->count;

    for (size_t i = 0; i < registry->count; i++) {
        const struct relay_provider *provider = registry->providers[i];

        if (provider->references > 0) continue;
        if (oldest == registry->count ||
            provider->closed_at_ms < registry->providers[oldest]->closed_at_ms)
            oldest = i;
    }
    if (oldest == registry->count) return false;
    remove_at(registry, oldest);
    return true;
}

static bool make_room(struct registry *registry)
{
    size_t capacity = registry->capacity ? registry->capacity * 2 : 16;
    struct relay_provider **providers;

    if (registry->count < registry->capacity) return true;
    providers = realloc(registry->providers, capacity * sizeof *providers);
    if (!providers) return false;
    registry->providers = providers;
    registry->capacity = capacity;
    return true;
}

/* One allocation: the provider and, behind it, its traits. */
static enum etwr_reason create_provider(const char *name, const struct etwr_guid *id,
                                        const struct etwr_guid *group,
                                        struct relay_provider **provider)
{
    size_t name_size = strlen(name);
    size_t capacity = name_size + TRAITS_EXTRA_BYTES;
    struct relay_provider *p = calloc(1, sizeof *p + capacity);
    uint8_t *traits;

    if (!p) return ETWR_REASON_NO_MEMORY;
    traits = (uint8_t *)(p + 1);
    if (etwr_provider_traits(name, group, traits, capacity, &p->traits.size)) {
        free(p);
        return ETWR_REASON_NOT_ALLOWED;
    }
    p->traits.data = traits;
    p->name = (const char *)traits + 2;
    p->name_size = name_size;
    p->id = *id;
    p->has_group = group != NULL;
    if (group) p->group = *group;
    atomic_init(&p->events, 0);
    *provider = p;
    return ETWR_REASON_NONE;
}

static enum etwr_reason register_provider(struct registry *registry,
                                          struct relay_provider *provider)
{
    if (!registry->hooks.on_register) return ETWR_REASON_NONE;
    return registry->hooks.on_register(registry->hooks.context, provider);
}

static bool is_same(const struct relay_provider *provider, const char *name,
                    const struct etwr_guid *group)
{
    if (strcmp(provider->name, name) != 0 || provider->has_group != (group != NULL)) return false;
    return !group || memcmp(&provider->group, group, sizeof *group) == 0;
}

static enum etwr_reason add_provider(struct registry *registry, const char *name,
                                     const struct etwr_guid *id, const struct etwr_guid *group,
                                     struct relay_provider **provider)
{
    struct relay_provider *made;
    enum etwr_reason reason;
    bool found;
    size_t place;

    while (registry->count >= registry->providers_max) {
        if (!evict_one(registry)) return ETWR_REASON_PROVIDER_LIMIT;
    }
    if (!make_room(registry)) return ETWR_REASON_NO_MEMORY;
    reason = create_provider(name, id, group, &made);
    if (reason) return reason;
    reason = register_provider(registry, made);
    if (reason) {
        free(made);
        return reason;
    }
    place = find_place(registry, id, &found); /* only now: room may have been made before it */
    memmove(&registry->providers[place + 1], &registry->providers[place],
            (registry->count - place) * sizeof registry->providers[0]);
    registry->providers[place] = made;
    registry->count++;
    *provider = made;
    return ETWR_REASON_NONE;
}

static enum etwr_reason open_locked(struct registry *registry, const char *name,
                                    const struct etwr_guid *id, const struct etwr_guid *group,
                                    struct relay_provider **provider)
{
    enum etwr_reason reason;
    bool found;
    size_t place;

    place = find_place(registry, id, &found);
    if (found) {
        if (!is_same(registry->providers[place], name, group)) return ETWR_REASON_PROVIDER_CONFLICT;
        *provider = registry->providers[place];
    } else {
        reason = add_provider(registry, name, id, group, provider);
        if (reason) return reason;
    }
    (*provider)->references++;
    return ETWR_REASON_NONE;
}

bool registry_has(struct registry *registry, const struct etwr_guid *id)
{
    bool found;

    uv_mutex_lock(&registry->mutex);
    find_place(registry, id, &found);
    uv_mutex_unlock(&registry->mutex);
    return found;
}

enum etwr_reason registry_open(struct registry *registry, const char *name,
                               const struct etwr_guid *id, const struct etwr_guid *group,
                               uint64_t now_ms, struct relay_provider **provider)
{
    struct relay_provider *opened;
    enum etwr_reason reason;

    uv_mutex_lock(&registry->mutex);
    sweep_locked(registry, now_ms);
    reason = open_locked(registry, name, id, group, &opened);
    uv_mutex_unlock(&registry->mutex);
    if (!reason) *provider = opened;
    return reason;
}

static void release_locked(struct relay_provider *provider, uint64_t now_ms)
{
    assert(provider->references > 0);
    if (--provider->references == 0) provider->closed_at_ms = now_ms;
}

void registry_close(struct registry *registry, struct relay_provider *provider, uint64_t now_ms)
{
    uv_mutex_lock(&registry->mutex);
    release_locked(provider, now_ms);
    uv_mutex_unlock(&registry->mutex);
}

static void unpin_all(struct registry *registry, uint64_t now_ms)
{
    for (size_t i = 0; i < registry->count; i++) {
        struct relay_provider *provider = registry->providers[i];

        if (!provider->pinned) continue;
        provider->pinned = false;
        release_locked(provider, now_ms);
    }
}

static enum etwr_reason pin_locked(struct registry *registry, const struct registry_pin *pin)
{
    const struct etwr_guid *group = pin->has_group ? &pin->group : NULL;
    struct relay_provider *provider;
    enum etwr_reason reason;
    bool found;
    size_t place = find_place(registry, &pin->id, &found);

    /* The config's word outweighs a name or group that nobody uses any more. */
    if (found && registry->providers[place]->references == 0 &&
        !is_same(registry->providers[place], pin->name, group))
        remove_at(registry, place);
    reason = open_locked(registry, pin->name, &pin->id, group, &provider);
    if (reason) return reason;
    if (provider->pinned) provider->references--; /* pinned twice in one config */
    provider->pinned = true;
    return ETWR_REASON_NONE;
}

void registry_set_pins(struct registry *registry, const struct registry_pin *pins, size_t count,
                       uint64_t now_ms, registry_refused_callback on_refused, void *context)
{
    uv_mutex_lock(&registry->mutex);
    unpin_all(registry, now_ms);
    for (size_t i = 0; i < count; i++) {
        enum etwr_reason reason = pin_locked(registry, &pins[i]);

        if (reason && on_refused) on_refused(context, &pins[i], reason);
    }
    uv_mutex_unlock(&registry->mutex);
}

size_t registry_sweep(struct registry *registry, uint64_t now_ms)
{
    size_t gone;

    uv_mutex_lock(&registry->mutex);
    gone = sweep_locked(registry, now_ms);
    uv_mutex_unlock(&registry->mutex);
    return gone;
}

size_t registry_count(struct registry *registry)
{
    size_t count;

    uv_mutex_lock(&registry->mutex);
    count = registry->count;
    uv_mutex_unlock(&registry->mutex);
    return count;
}

void registry_for_each(struct registry *registry, registry_visit_callback on_provider,
                       void *context)
{
    uv_mutex_lock(&registry->mutex);
    for (size_t i = 0; i < registry->count; i++) {
        on_provider(context, registry->providers[i]);
    }
    uv_mutex_unlock(&registry->mutex);
}
