/*
 * The configuration: what the file and the command line say, checked and with defaults filled in.
 *
 * A config is immutable once made and shared by reference count: workers adopt a new one between
 * two events on reload. Every error names the JSON path and what is allowed there.
 */
#ifndef ETWRELAY_CONFIG_H
#define ETWRELAY_CONFIG_H

#include <stdatomic.h>
#include <stdbool.h>

#include <etwrelay/types.h>

#include "protocol/text.h"

enum config_origin { /* fields of the origin struct, in this fixed order */
                     CONFIG_ORIGIN_PID = 1 << 0,
                     CONFIG_ORIGIN_TID = 1 << 1,
                     CONFIG_ORIGIN_TIME = 1 << 2,
                     CONFIG_ORIGIN_SEQUENCE = 1 << 3,
                     CONFIG_ORIGIN_CLAIMED_PID = 1 << 4,
                     CONFIG_ORIGIN_USER = 1 << 5,
                     CONFIG_ORIGIN_PACKAGE = 1 << 6,
                     CONFIG_ORIGIN_IMAGE = 1 << 7
};

#define CONFIG_FILE_MAX_BYTES             (1024 * 1024)
#define CONFIG_SINKS_MAX                  16
#define CONFIG_PATTERN_MAX_BYTES          1024 /* as a provider's name */
#define CONFIG_PATTERN_FLOATING_MAX_BYTES 64   /* between two '*' */

enum config_sink_type { CONFIG_SINK_ETW, CONFIG_SINK_ETL, CONFIG_SINK_JSONL, CONFIG_SINK_NULL };

struct config_filter { /* normalised: level 255 and match_any all ones where 0 was said */
    char **providers;
    size_t provider_count;
    uint8_t level;
    uint64_t match_any, match_all;
};

struct config_sink {
    enum config_sink_type type;
    char *path; /* NULL for etw and null */
    uint32_t max_mb, max_files, buffers, stall_ms;
    struct config_filter filter;
};

struct config_provider_rule {
    char *name; /* pattern: '*' any run of characters, '?' one; compared without case as ETW's names
                   are (ASCII) */
    char **users;      /* patterns */
    size_t user_count; /* 0: everybody; also when "*" is one of them */
    bool allow;
    bool has_id, has_group, open_at_start;
    struct etwr_guid id, group;
};

enum config_preset {
    CONFIG_PRESET_USERS,
    CONFIG_PRESET_ADMINISTRATORS,
    CONFIG_PRESET_PACKAGE,
    CONFIG_PRESET_SDDL
};

struct config_security { /* used on Windows; checked everywhere */
    enum config_preset preset;
    char **packages;
    size_t package_count;
    char *sddl;
    bool allow_network_logon;
};

struct config_limits { /* names and defaults as in install/etwrelay.json */
    uint32_t clients, clients_per_user, hellos_per_user, providers, providers_per_client;
    uint32_t new_providers_per_user_per_minute, provider_linger_s, schemas_per_client;
    uint64_t schema_bytes_per_client, bytes_per_user;
    uint64_t events_per_second_per_user, bytes_per_second_per_user; /* 0: unlimited */
    uint32_t burst_seconds, hello_timeout_ms, frame_timeout_ms, drain_ms;
};

enum config_log_level { CONFIG_LOG_ERROR, CONFIG_LOG_WARNING, CONFIG_LOG_INFO, CONFIG_LOG_DEBUG };

struct config {
    atomic_uint references; /* config_ref(), config_unref() */
    char *pipe;             /* NULL: the default place */
    uint32_t pipe_mode;
    uint32_t workers; /* 0: one per core less one, at least one */
    struct config_security security;
    unsigned origin; /* set of enum config_origin */
    struct config_sink *sinks;
    size_t sink_count; /* 0: the default sink */
    struct config_provider_rule *rules;
    size_t rule_count;
    struct config_limits limits;
    enum config_log_level log_level;
    bool allow_any_provider; /* command line only */
    bool clients_per_user_set;
};

/* Parse JSON text. On failure *config is untouched and `errors` holds one line an error: "PATH:
 * what is wrong, what is allowed". Returns ETWR_OK, ETWR_E_BAD_VALUE, ETWR_E_NO_MEMORY. `json` of
 * size 0 is the config of defaults. */
enum etwr_status config_parse(const char *json, size_t size, struct config **config,
                              struct text *errors);

/* Open once, check on the handle (regular file, owned by us or root, not writable by others, 1 MiB
 * at most), read, parse. Also ETWR_E_NOT_FOUND, ETWR_E_ACCESS_DENIED, ETWR_E_IO, with a line in
 * `errors`. */
enum etwr_status config_load(const char *path, struct config **config, struct text *errors);

struct config *config_ref(struct config *config);
void config_unref(struct config *config); /* NULL allowed */

/* "etw", "etl:FILE", "jsonl:FILE", "jsonl:-", "null": appended to the config's sinks with defaults.
 * For a config that nobody else holds yet. ETWR_OK; ETWR_E_BAD_VALUE with a line in `errors`;
 * ETWR_E_NO_MEMORY. */
enum etwr_status config_add_sink_spec(struct config *config, const char *spec, struct text *errors);
void config_clear_sinks(struct config *config);

/* Does `name` match `pattern` ('*', '?'; ASCII case ignored)? Both UTF-8; '?' is one character, not
 * one byte. Linear in time for patterns that config_pattern_fault() passes. */
bool config_pattern_matches(const char *pattern, const char *name);

/* NULL when a pattern is good; else what is wrong with it and what is allowed. */
const char *config_pattern_fault(const char *pattern);

#endif
