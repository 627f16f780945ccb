/*
 * A replayed trace may name thousands of providers, the service gives a client a few. Frames keep
 * their order, so closing a provider and opening another needs no waiting: the service has handled
 * every event of the one before it meets the other.
 */
#include "client/tool/provider_table.h"

#include <stdio.h>
#include <string.h>

void provider_table_init(struct provider_table *table, struct etwr_client *client)
{
    memset(table, 0, sizeof *table);
    table->client = client;
}

static int is_for(const struct provider_entry *entry, const struct event_json *target)
{
    return entry->provider != NULL &&
           memcmp(&entry->id, &target->provider_id, sizeof entry->id) == 0 &&
           entry->has_group == target->has_group_id &&
           (!entry->has_group ||
            memcmp(&entry->group, &target->group_id, sizeof entry->group) == 0) &&
           strcmp(entry->name, target->provider) == 0;
}

static struct provider_entry *find(struct provider_table *table, const struct event_json *target)
{
    if (table->recent != NULL && is_for(table->recent, target)) return table->recent;
    for (size_t i = 0; i < PROVIDER_TABLE_SIZE; i++)
        if (is_for(&table->entries[i], target)) return &table->entries[i];
    return NULL;
}

static struct provider_entry *oldest(struct provider_table *table)
{
    struct provider_entry *oldest = &table->entries[0];
    for (size_t i = 1; i < PROVIDER_TABLE_SIZE && oldest->provider != NULL; i++) {
        struct provider_entry *entry = &table->entries[i];
        if (entry->provider == NULL || entry->last_use < oldest->last_use) oldest = entry;
    }
    return oldest;
}

static enum etwr_status open_entry(struct provider_table *table, struct provider_entry *entry,
                                   const struct event_json *target)
{
    struct etwr_provider_options options;
    enum etwr_status status;

    etwr_provider_close(entry->provider);
    entry->provider = NULL;
    etwr_provider_options_init(&options);
    if (target->has_provider_id) options.id = &target->provider_id;
    if (target->has_group_id) options.group = &target->group_id;
    status = etwr_provider_open(table->client, target->provider, &options, &entry->provider);
    if (status != ETWR_OK) return status;
    memcpy(entry->name, target->provider, sizeof entry->name);
    entry->id = target->provider_id;
    entry->group = target->group_id;
    entry->has_group = target->has_group_id;
    return ETWR_OK;
}

enum etwr_status provider_table_get(struct provider_table *table, const struct event_json *target,
                                    struct etwr_provider **provider)
{
    struct provider_entry *entry = find(table, target);

    if (entry == NULL) {
        entry = oldest(table);
        enum etwr_status status = open_entry(table, entry, target);
        if (status != ETWR_OK) return status;
    }
    entry->last_use = ++table->uses;
    table->recent = entry;
    *provider = entry->provider;
    return ETWR_OK;
}

void provider_table_explain(const struct provider_table *table, const char *command)
{
    for (size_t i = 0; i < PROVIDER_TABLE_SIZE; i++) {
        const struct provider_entry *entry = &table->entries[i];
        enum etwr_reason reason;
        if (entry->provider == NULL ||
            etwr_provider_status(entry->provider, &reason) != ETWR_E_REFUSED)
            continue;
        fprintf(stderr, "etwrelay %s: the service refused the provider '%s': %s\n", command,
                entry->name, etwr_reason_name(reason));
    }
}
