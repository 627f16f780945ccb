/*
 * "limits": one table. README.md says why each default is what it is.
 */
#include "service/config/config_reader.h"

#include "protocol/wire/wire.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))
#define LIMIT(field)    offsetof(struct config_limits, field)

#define COUNT_MAX   65535
#define TIME_MAX_MS 3600000
#define BYTES_MAX   (UINT64_C(1) << 40)

static const struct config_key limit_keys[] = {
    {"clients", config_read_u32, LIMIT(clients), 1, COUNT_MAX},
    {"clients_per_user", config_read_u32, LIMIT(clients_per_user), 1, COUNT_MAX},
    {"hellos_per_user", config_read_u32, LIMIT(hellos_per_user), 1, COUNT_MAX},
    {"providers", config_read_u32, LIMIT(providers), 1, COUNT_MAX},
    {"providers_per_client", config_read_u32, LIMIT(providers_per_client), 1, COUNT_MAX},
    {"new_providers_per_user_per_minute", config_read_u32, LIMIT(new_providers_per_user_per_minute),
     0, 1000000},
    {"provider_linger_s", config_read_u32, LIMIT(provider_linger_s), 0, 86400},
    {"schemas_per_client", config_read_u32, LIMIT(schemas_per_client), 1, 1000000},
    {"schema_bytes_per_client", config_read_u64, LIMIT(schema_bytes_per_client), 1, BYTES_MAX},
    {"bytes_per_user", config_read_u64, LIMIT(bytes_per_user), WIRE_FRAME_MAX_BYTES, BYTES_MAX},
    {"events_per_second_per_user", config_read_u64, LIMIT(events_per_second_per_user), 0,
     1000000000},
    {"bytes_per_second_per_user", config_read_u64, LIMIT(bytes_per_second_per_user), 0, BYTES_MAX},
    {"burst_seconds", config_read_u32, LIMIT(burst_seconds), 1, 3600},
    {"hello_timeout_ms", config_read_u32, LIMIT(hello_timeout_ms), 1, TIME_MAX_MS},
    {"frame_timeout_ms", config_read_u32, LIMIT(frame_timeout_ms), 1, TIME_MAX_MS},
    {"drain_ms", config_read_u32, LIMIT(drain_ms), 0, TIME_MAX_MS},
};

void config_read_limits(struct config_reader *reader, const cJSON *item,
                        const struct config_key *key, void *target)
{
    struct config *config = target;
    (void)key;
    config_read_object(reader, item, "\"limits\"", limit_keys, COUNT_OF(limit_keys),
                       &config->limits);
    config->clients_per_user_set =
        cJSON_GetObjectItemCaseSensitive(item, "clients_per_user") != NULL;
}
