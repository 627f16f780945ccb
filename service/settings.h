/*
 * Settings: a config as the running service can follow it.
 *
 * Immutable, shared by reference count. Sinks are started once, so a reload can change what they
 * listen to but not which there are: each sink's filter comes from the newest config that still
 * names it.
 */
#ifndef ETWRELAY_SETTINGS_H
#define ETWRELAY_SETTINGS_H

#include <stdatomic.h>

#include "service/config/config.h"
#include "service/pipe/slots.h"

struct settings {
    atomic_uint references;
    struct config *config; /* a reference */
    size_t sink_count;
    struct {
        const struct config_filter *filter;
        struct config *config; /* a reference to the config that holds it */
    } sinks[SLOT_SINKS_MAX];
};

/* The first settings: one sink for each of the config's. NULL: no memory. */
struct settings *settings_create(struct config *config);

/* The next ones, after a reload. *changed is set when the config names other sinks than run. */
struct settings *settings_follow(const struct settings *current, struct config *config,
                                 bool *changed);

struct settings *settings_ref(struct settings *settings);
void settings_unref(struct settings *settings); /* NULL allowed */

#endif
