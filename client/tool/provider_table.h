/*
 * The providers that a command has open: each opened once and kept, as long as they are few enough
 * for the service.
 */
#ifndef ETWRELAY_TOOL_PROVIDER_TABLE_H
#define ETWRELAY_TOOL_PROVIDER_TABLE_H

#include <etwrelay/client.h>

#include "protocol/json/event_json.h"

/* As many as the service allows one client by default (limits.providers_per_client). */
#define PROVIDER_TABLE_SIZE 8

struct provider_entry {
    struct etwr_provider *provider; /* NULL: free */
    uint64_t last_use;
    char name[EVENT_JSON_NAME_MAX_BYTES + 1];
    struct etwr_guid id, group;
    int has_group;
};

struct provider_table {
    struct etwr_client *client; /* borrowed */
    uint64_t uses;
    struct provider_entry
        *recent; /* the last one found: most events follow one of the same provider */
    struct provider_entry entries[PROVIDER_TABLE_SIZE];
};

void provider_table_init(struct provider_table *table, struct etwr_client *client);

/*
 * The provider that `target` names, opened if it is not. When the table is full the one unused for
 * longest is closed first: what was written to it is still delivered. Statuses as
 * etwr_provider_open().
 */
enum etwr_status provider_table_get(struct provider_table *table, const struct event_json *target,
                                    struct etwr_provider **provider);

/* Say on stderr which of the open providers the service has refused, and why. */
void provider_table_explain(const struct provider_table *table, const char *command);

#endif
