/*
 * A config's life: defaults, then the file, then the command line; after that nothing changes it
 * any more.
 */
#include "service/config/config.h"

#include <stdlib.h>
#include <string.h>

#include "service/config/config_platform.h"
#include "service/config/config_reader.h"

#define DEFAULT_PIPE_MODE 0666

static const struct config_limits default_limits = {
    .clients = 2000,
    .clients_per_user = 64,
    .hellos_per_user = 16,
    .providers = 512,
    .providers_per_client = 8,
    .new_providers_per_user_per_minute = 32,
    .provider_linger_s = 60,
    .schemas_per_client = 4096,
    .schema_bytes_per_client = 1048576,
    .bytes_per_user = 16777216,
    .events_per_second_per_user = 0,
    .bytes_per_second_per_user = 0,
    .burst_seconds = 5,
    .hello_timeout_ms = 5000,
    .frame_timeout_ms = 10000,
    .drain_ms = 5000,
};

static struct config *create_default(void)
{
    struct config *config = calloc(1, sizeof(*config));
    if (config == NULL) return NULL;
    atomic_init(&config->references, 1);
    config->pipe_mode = DEFAULT_PIPE_MODE;
    config->origin =
        CONFIG_ORIGIN_PID | CONFIG_ORIGIN_TID | CONFIG_ORIGIN_TIME | CONFIG_ORIGIN_SEQUENCE;
    config->limits = default_limits;
    config->log_level = CONFIG_LOG_INFO;
    return config;
}

static void destroy(struct config *config)
{
    config_clear_sinks(config);
    for (size_t i = 0; i < config->rule_count; i++)
        config_rule_clear(&config->rules[i]);
    free(config->rules);
    config_free_list(config->security.packages, config->security.package_count);
    free(config->security.sddl);
    free(config->pipe);
    free(config);
}

struct config *config_ref(struct config *config)
{
    atomic_fetch_add_explicit(&config->references, 1, memory_order_relaxed);
    return config;
}

void config_unref(struct config *config)
{
    if (config == NULL) return;
    if (atomic_fetch_sub_explicit(&config->references, 1, memory_order_acq_rel) == 1) {
        destroy(config);
    }
}

void config_clear_sinks(struct config *config)
{
    for (size_t i = 0; i < config->sink_count; i++)
        config_sink_clear(&config->sinks[i]);
    free(config->sinks);
    config->sinks = NULL;
    config->sink_count = 0;
}

static enum etwr_status no_memory(struct text *errors)
{
    text_put_string(errors, "$: not enough memory\n");
    return ETWR_E_NO_MEMORY;
}

/* The text is no JSON: one error, since nothing behind it can be trusted to be what it seems. */
static enum etwr_status put_strict_error(const struct strict_error *error, enum etwr_status status,
                                         struct text *errors)
{
    text_put_string(errors, error->path);
    text_put_string(errors, ": line ");
    text_put_u64(errors, error->line);
    text_put_string(errors, ", column ");
    text_put_u64(errors, error->column);
    text_put_string(errors, ": ");
    text_put_string(errors, error->message);
    text_put_char(errors, '\n');
    return status == ETWR_E_MALFORMED ? ETWR_E_BAD_VALUE : status;
}

static enum etwr_status fill(struct config *config, const cJSON *root, struct text *errors)
{
    struct config_reader reader = {.config = config, .errors = errors};
    json_path_init(&reader.path);
    config_read(&reader, root);
    if (reader.no_memory || errors->failed) return no_memory(errors);
    return reader.error_count == 0 ? ETWR_OK : ETWR_E_BAD_VALUE;
}

enum etwr_status config_parse(const char *json, size_t size, struct config **config,
                              struct text *errors)
{
    struct config *made = create_default();
    struct strict_error error;
    cJSON *root = NULL;
    enum etwr_status status = ETWR_OK;
    if (made == NULL) return no_memory(errors);
    if (size > 0) {
        status = strict_parse(json, size, &root, &error);
        status =
            status == ETWR_OK ? fill(made, root, errors) : put_strict_error(&error, status, errors);
        cJSON_Delete(root);
    }
    if (status != ETWR_OK) {
        config_unref(made);
        return status;
    }
    *config = made;
    return ETWR_OK;
}

static enum etwr_status put_file_error(const char *path, const char *message,
                                       enum etwr_status status, struct text *errors)
{
    text_put_string(errors, path);
    text_put_string(errors, ": ");
    text_put_string(errors, message);
    text_put_char(errors, '\n');
    return status;
}

enum etwr_status config_load(const char *path, struct config **config, struct text *errors)
{
    char message[CONFIG_PLATFORM_MESSAGE_BYTES];
    char *bytes = NULL;
    size_t size = 0;
    enum etwr_status status =
        config_platform_read_file(path, CONFIG_FILE_MAX_BYTES, &bytes, &size, message);
    if (status != ETWR_OK) return put_file_error(path, message, status, errors);
    if (size == 0) { /* cut short by accident, more likely than meant */
        status = put_file_error(path, "is empty; the configuration of defaults is {}",
                                ETWR_E_BAD_VALUE, errors);
    } else {
        status = config_parse(bytes, size, config, errors);
    }
    free(bytes);
    return status;
}

struct spec_word {
    const char *word;
    enum config_sink_type type;
    bool has_path;
};

static const struct spec_word spec_words[] = {
    {"etw", CONFIG_SINK_ETW, false},
    {"etl:", CONFIG_SINK_ETL, true},
    {"jsonl:", CONFIG_SINK_JSONL, true},
    {"null", CONFIG_SINK_NULL, false},
};

static const struct spec_word *find_spec(const char *spec)
{
    for (size_t i = 0; i < sizeof(spec_words) / sizeof(spec_words[0]); i++) {
        const struct spec_word *word = &spec_words[i];
        size_t size = strlen(word->word);
        if (strncmp(spec, word->word, size) != 0) continue;
        if (word->has_path || spec[size] == '\0') return word;
    }
    return NULL;
}

static enum etwr_status refuse_spec(const char *spec, const char *message, struct text *errors)
{
    text_put_string(errors, "--sink ");
    return put_file_error(spec, message, ETWR_E_BAD_VALUE, errors);
}

/* Appended, and taken off again when it is not good. */
static enum etwr_status add_sink(struct config *config, const char *spec,
                                 const struct spec_word *word, struct text *errors)
{
    struct config_reader reader = {.config = config, .errors = errors};
    struct config_sink sink;
    const char *path = spec + strlen(word->word);
    const char *fault = word->has_path ? config_sink_path_fault(word->type, path) : NULL;
    int other = -1;
    if (fault != NULL) return refuse_spec(spec, fault, errors);
    if (!config_sink_init(&sink, word->type)) reader.no_memory = true;
    if (word->has_path) sink.path = config_copy(&reader, path);
    fault = config_sink_fault(config, &sink, config->sink_count, &other);
    if (reader.no_memory || fault != NULL) {
        config_sink_clear(&sink);
        return reader.no_memory ? no_memory(errors) : refuse_spec(spec, fault, errors);
    }
    config->sinks[config->sink_count++] = sink;
    return ETWR_OK;
}

enum etwr_status config_add_sink_spec(struct config *config, const char *spec, struct text *errors)
{
    const struct spec_word *word = find_spec(spec);
    if (word == NULL) {
        return refuse_spec(
            spec, "expected etw, etl:FILE, jsonl:FILE (- for standard output) or null", errors);
    }
    if (config->sink_count == CONFIG_SINKS_MAX) {
        return refuse_spec(spec, "there are 16 sinks already; that is the limit", errors);
    }
    if (config->sinks == NULL) {
        config->sinks = calloc(CONFIG_SINKS_MAX, sizeof(*config->sinks));
        if (config->sinks == NULL) return no_memory(errors);
    }
    return add_sink(config, spec, word, errors);
}
