/* Settings: see the header. A sink is known by its type and its path; nothing else of it can change
 * while it runs. */
#include "service/settings.h"

#include <stdlib.h>
#include <string.h>

static void set_filter(struct settings *settings, size_t index, const struct config_filter *filter,
                       struct config *config)
{
    settings->sinks[index].filter = filter;
    settings->sinks[index].config = config_ref(config);
}

struct settings *settings_create(struct config *config)
{
    struct settings *settings = calloc(1, sizeof *settings);
    if (settings == NULL) return NULL;
    atomic_init(&settings->references, 1);
    settings->config = config_ref(config);
    settings->sink_count = config->sink_count;
    for (size_t i = 0; i < config->sink_count; i++)
        set_filter(settings, i, &config->sinks[i].filter, config);
    return settings;
}

static bool is_same_path(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

/* The sink of the new config that goes on as the running one; each is taken once, in order. */
static const struct config_sink *find_sink(const struct config *config, bool *taken,
                                           const struct config_sink *running)
{
    for (size_t i = 0; i < config->sink_count && i < SLOT_SINKS_MAX; i++) {
        const struct config_sink *sink = &config->sinks[i];
        if (taken[i] || sink->type != running->type || !is_same_path(sink->path, running->path))
            continue;
        taken[i] = true;
        return sink;
    }
    return NULL;
}

static bool is_same_limits(const struct config_sink *a, const struct config_sink *b)
{
    return a->max_mb == b->max_mb && a->max_files == b->max_files && a->buffers == b->buffers &&
           a->stall_ms == b->stall_ms;
}

/* A filter is the member of the sink that it belongs to. */
static const struct config_sink *sink_of(const struct config_filter *filter)
{
    return (const struct config_sink *)(const void *)((const char *)filter -
                                                      offsetof(struct config_sink, filter));
}

struct settings *settings_follow(const struct settings *current, struct config *config,
                                 bool *changed)
{
    bool taken[SLOT_SINKS_MAX] = {false};
    struct settings *settings = calloc(1, sizeof *settings);
    if (settings == NULL) return NULL;
    atomic_init(&settings->references, 1);
    settings->config = config_ref(config);
    settings->sink_count = current->sink_count;
    *changed = config->sink_count != current->sink_count;
    for (size_t i = 0; i < current->sink_count; i++) {
        const struct config_sink *running = sink_of(current->sinks[i].filter);
        const struct config_sink *sink = find_sink(config, taken, running);
        if (sink == NULL) {
            *changed = true;
            set_filter(settings, i, &running->filter, current->sinks[i].config);
            continue;
        }
        if (!is_same_limits(sink, running)) *changed = true;
        set_filter(settings, i, &sink->filter, config);
    }
    return settings;
}

struct settings *settings_ref(struct settings *settings)
{
    atomic_fetch_add_explicit(&settings->references, 1, memory_order_relaxed);
    return settings;
}

void settings_unref(struct settings *settings)
{
    if (settings == NULL ||
        atomic_fetch_sub_explicit(&settings->references, 1, memory_order_acq_rel) != 1)
        return;
    for (size_t i = 0; i < settings->sink_count; i++)
        config_unref(settings->sinks[i].config);
    config_unref(settings->config);
    free(settings);
}
