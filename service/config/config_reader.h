/*
 * What the parts of the configuration reader share: the config that is filled in, the place in the
 * tree, the errors so far.
 *
 * Every reader goes on after an error, so that one run tells all of them.
 */
#ifndef ETWRELAY_CONFIG_READER_H
#define ETWRELAY_CONFIG_READER_H

#include "protocol/json/format.h"
#include "protocol/json/json_path.h"
#include "protocol/json/strict.h"
#include "service/config/config.h"

struct config_reader {
    struct config *config;
    struct json_path path;
    struct text *errors;
    size_t error_count;
    bool no_memory;
};

struct config_key;

/* Reads one value into `target`, the struct to which the key's offset belongs. */
typedef void (*config_read_function)(struct config_reader *reader, const cJSON *item,
                                     const struct config_key *key, void *target);

struct config_key { /* one key of one kind of object */
    const char *name;
    config_read_function read;
    size_t offset;
    uint64_t min, max; /* of numbers */
};

/* "PATH: message", one line. */
FORMAT_LIKE(2, 3)
void config_error(struct config_reader *reader, const char *format, ...);
FORMAT_LIKE(3, 4)
void config_error_at(struct config_reader *reader, const char *key, const char *format, ...);

/* All members of `item`, which `what` names in messages; unknown ones are errors. */
void config_read_object(struct config_reader *reader, const cJSON *item, const char *what,
                        const struct config_key *keys, size_t count, void *target);

/* NULL, and no_memory, when there is none. */
char *config_copy(struct config_reader *reader, const char *string);

/* The index of a word, or -1 and an error that names the nearest. */
int config_read_word(struct config_reader *reader, const cJSON *item, const char *const *words,
                     size_t count);

/* A list of strings, each checked by `fault` (NULL result: good). Replaces what *list held. */
void config_read_list(struct config_reader *reader, const cJSON *item,
                      const char *(*fault)(const char *), char ***list, size_t *count);
void config_free_list(char **list, size_t count);

/* Readers for tables of keys. */
void config_read_u32(struct config_reader *reader, const cJSON *item, const struct config_key *key,
                     void *target);
void config_read_u64(struct config_reader *reader, const cJSON *item, const struct config_key *key,
                     void *target);
void config_read_bool(struct config_reader *reader, const cJSON *item, const struct config_key *key,
                      void *target);

/* Values of top-level keys. */
void config_read_security(struct config_reader *reader, const cJSON *item,
                          const struct config_key *key, void *target);
void config_read_sinks(struct config_reader *reader, const cJSON *item,
                       const struct config_key *key, void *target);
void config_read_providers(struct config_reader *reader, const cJSON *item,
                           const struct config_key *key, void *target);
void config_read_limits(struct config_reader *reader, const cJSON *item,
                        const struct config_key *key, void *target);

/* Everything; every error is collected. */
void config_read(struct config_reader *reader, const cJSON *root);

/* A sink of this type with all defaults and no path; false when there is no memory. */
bool config_sink_init(struct config_sink *sink, enum config_sink_type type);
void config_sink_clear(struct config_sink *sink);
void config_rule_clear(struct config_provider_rule *rule);

/* What is wrong with this sink beside the config's others (same file, not on this system); NULL:
 * nothing. `other` is the index of the one that it conflicts with, or -1. */
const char *config_sink_fault(const struct config *config, const struct config_sink *sink,
                              size_t count, int *other);
/* What is wrong with a path for a sink of this type; NULL: nothing. */
const char *config_sink_path_fault(enum config_sink_type type, const char *path);

#endif
