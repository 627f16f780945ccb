/*
 * The registry: the providers that the service has registered, shared by all sessions.
 *
 * One registration an id, bound to one name and group while it lives. A provider lingers after its
 * last close, so that short-lived processes do not register it again and again; while it lingers,
 * its name and group stay bound to its id. Providers are found in an ordered array: there is no
 * hash that somebody could flood (SECURITY: T18).
 *
 * Time is an argument: monotonic milliseconds.
 * Threads: any; opening and closing take a mutex, an open provider is read without one.
 */
#ifndef ETWRELAY_REGISTRY_H
#define ETWRELAY_REGISTRY_H

#include <stdatomic.h>
#include <stdbool.h>

#include <etwrelay/types.h>

#include "service/config/config.h"

struct sink_provider;

/* Immutable while open, but for `events`. */
struct relay_provider {
    struct etwr_guid id;
    bool has_group;
    struct etwr_guid group;
    struct etwr_bytes traits; /* provider traits, with their u16 size first; they hold the name */
    const char *name;         /* NUL-terminated, within the traits */
    size_t name_size;
    atomic_uint_fast64_t events; /* accepted for it; relaxed, for status */
    /* What on_register() got from each sink; NULL where a sink registers nothing. */
    struct sink_provider *at_sinks[CONFIG_SINKS_MAX];
    /* The registry's own, under its mutex. */
    uint32_t references;
    uint64_t closed_at_ms; /* when references became 0 */
    bool pinned;           /* open at start: holds one of the references */
};

struct registry;

/* ETWR_OK, ETWR_E_NO_MEMORY. Of the limits, `providers` and `provider_linger_s` are used. */
enum etwr_status registry_create(const struct config_limits *limits, struct registry **registry);
void registry_destroy(struct registry *registry); /* NULL allowed; only pinned ones are open */
void registry_configure(struct registry *registry, const struct config_limits *limits);

/*
 * What registering means beyond this list. Called under the mutex, so one at a time, and must not
 * call back: on_register() once for a new provider, before anybody can see it; a reason other than
 * ETWR_REASON_NONE refuses it. on_unregister() once for each that was accepted, when it is
 * forgotten.
 */
struct registry_hooks {
    enum etwr_reason (*on_register)(void *context, struct relay_provider *provider);
    void (*on_unregister)(void *context, struct relay_provider *provider);
    void *context;
};
/* Before the first provider is opened. Without hooks nothing else happens. */
void registry_set_hooks(struct registry *registry, const struct registry_hooks *hooks);

/* Is this id registered now, lingering included? If not, opening it costs its user a new one. */
bool registry_has(struct registry *registry, const struct etwr_guid *id);

/*
 * Open, as often as you like; each open is closed once.
 * @param group  NULL for none.
 * Returns ETWR_REASON_NONE with *provider lent until registry_close();
 * ETWR_REASON_PROVIDER_CONFLICT (the id is bound to another name or group),
 * ETWR_REASON_PROVIDER_LIMIT (as many as may be are open; lingering ones make room, the longest
 * closed first), ETWR_REASON_NOT_ALLOWED (a name that cannot be registered), ETWR_REASON_NO_MEMORY,
 * or what on_register() says.
 */
enum etwr_reason registry_open(struct registry *registry, const char *name,
                               const struct etwr_guid *id, const struct etwr_guid *group,
                               uint64_t now_ms, struct relay_provider **provider);
void registry_close(struct registry *registry, struct relay_provider *provider, uint64_t now_ms);

/* A provider that the config wants open from the start; borrowed. */
struct registry_pin {
    const char *name;
    struct etwr_guid id;
    bool has_group;
    struct etwr_guid group;
};

/*
 * Keep exactly these open, clients or not: at start and after each reload. A lingering provider
 * that has a pin's id under another name or group makes way for it. For a pin that cannot be opened
 * on_refused (may be NULL) is called, under the mutex, and the others go on.
 */
typedef void (*registry_refused_callback)(void *context, const struct registry_pin *pin,
                                          enum etwr_reason reason);
void registry_set_pins(struct registry *registry, const struct registry_pin *pins, size_t count,
                       uint64_t now_ms, registry_refused_callback on_refused, void *context);

/* Forget providers that have lingered long enough: now and then. Returns how many. */
size_t registry_sweep(struct registry *registry, uint64_t now_ms);

size_t registry_count(struct registry *registry);

/* Each registered provider in order of its id, under the mutex: the callback must not call back. */
typedef void (*registry_visit_callback)(void *context, const struct relay_provider *provider);
void registry_for_each(struct registry *registry, registry_visit_callback on_provider,
                       void *context);

#endif
