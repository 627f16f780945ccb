/*
 * "sinks": where events go, and for each what it lets pass, as an ETW session's filter would.
 *
 * Each type of sink has its own keys: one that a sink would not use is an error, so that nobody
 * believes in a limit which is not there.
 */
#include "service/config/config_reader.h"

#include <stdlib.h>
#include <string.h>

#include "protocol/tracelogging/utf8.h"
#include "service/config/config_platform.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))
#define SINK(field)     offsetof(struct config_sink, field)
#define FILTER(field)   offsetof(struct config_filter, field)

#define DEFAULT_MAX_MB    256
#define DEFAULT_MAX_FILES 4
#define DEFAULT_BUFFERS   32
#define DEFAULT_STALL_MS  2000

#define MB_MAX         1048576
#define FILES_MAX      10000
#define BUFFERS_MIN    2
#define BUFFERS_MAX    65536
#define STALL_MAX_MS   600000
#define PATH_MAX_BYTES 4095
#define LEVEL_ALL      255

static const char *const type_names[] = {
    [CONFIG_SINK_ETW] = "etw",
    [CONFIG_SINK_ETL] = "etl",
    [CONFIG_SINK_JSONL] = "jsonl",
    [CONFIG_SINK_NULL] = "null",
};

static bool has_path(enum config_sink_type type)
{
    return type == CONFIG_SINK_ETL || type == CONFIG_SINK_JSONL;
}

static void read_patterns(struct config_reader *reader, const cJSON *item,
                          const struct config_key *key, void *target)
{
    struct config_filter *filter = target;
    (void)key;
    config_read_list(reader, item, config_pattern_fault, &filter->providers,
                     &filter->provider_count);
    if (cJSON_IsArray(item) && item->child == NULL) {
        config_error(reader, "an empty list lets nothing pass; [\"*\"] lets everything pass");
    }
}

/* 0 is all levels, as ETW has it. */
static void read_level(struct config_reader *reader, const cJSON *item,
                       const struct config_key *key, void *target)
{
    struct config_filter *filter = target;
    uint32_t level = filter->level;
    struct config_key range = *key;
    range.offset = 0;
    config_read_u32(reader, item, &range, &level);
    filter->level = (uint8_t)(level == 0 ? LEVEL_ALL : level);
}

static const struct config_key filter_keys[] = {
    {"providers", read_patterns, 0, 0, 0},
    {"level", read_level, 0, 0, LEVEL_ALL},
    {"match_any", config_read_u64, FILTER(match_any), 0, UINT64_MAX},
    {"match_all", config_read_u64, FILTER(match_all), 0, UINT64_MAX},
};

/* ETW's rule: a match-any of 0 is all ones, and match-all is then ignored. */
static void read_filter(struct config_reader *reader, const cJSON *item,
                        const struct config_key *key, void *target)
{
    struct config_sink *sink = target;
    (void)key;
    config_read_object(reader, item, "\"filter\"", filter_keys, COUNT_OF(filter_keys),
                       &sink->filter);
    if (sink->filter.match_any != 0) return;
    sink->filter.match_any = UINT64_MAX;
    sink->filter.match_all = 0;
}

/* Read before all other keys: it decides which of them there are. */
static void skip_type(struct config_reader *reader, const cJSON *item, const struct config_key *key,
                      void *target)
{
    (void)reader;
    (void)item;
    (void)key;
    (void)target;
}

static void read_path(struct config_reader *reader, const cJSON *item, const struct config_key *key,
                      void *target)
{
    struct config_sink *sink = target;
    const char *fault = NULL;
    (void)key;
    if (!cJSON_IsString(item)) {
        config_error(reader, "expected a string: the path of a file");
        return;
    }
    fault = config_sink_path_fault(sink->type, item->valuestring);
    if (fault != NULL) {
        config_error(reader, "%s", fault);
        return;
    }
    sink->path = config_copy(reader, item->valuestring);
}

static const struct config_key plain_keys[] = {
    {"type", skip_type, 0, 0, 0},
    {"filter", read_filter, 0, 0, 0},
};

static const struct config_key jsonl_keys[] = {
    {"type", skip_type, 0, 0, 0},
    {"path", read_path, 0, 0, 0},
    {"buffers", config_read_u32, SINK(buffers), BUFFERS_MIN, BUFFERS_MAX},
    {"stall_ms", config_read_u32, SINK(stall_ms), 0, STALL_MAX_MS},
    {"filter", read_filter, 0, 0, 0},
};

static const struct config_key etl_keys[] = {
    {"type", skip_type, 0, 0, 0},
    {"path", read_path, 0, 0, 0},
    {"max_mb", config_read_u32, SINK(max_mb), 0, MB_MAX},
    {"max_files", config_read_u32, SINK(max_files), 0, FILES_MAX},
    {"buffers", config_read_u32, SINK(buffers), BUFFERS_MIN, BUFFERS_MAX},
    {"stall_ms", config_read_u32, SINK(stall_ms), 0, STALL_MAX_MS},
    {"filter", read_filter, 0, 0, 0},
};

const char *config_sink_path_fault(enum config_sink_type type, const char *path)
{
    size_t size = strlen(path);
    if (size == 0) return "a path is not empty";
    if (size > PATH_MAX_BYTES) return "a path has at most 4095 bytes";
    if (!utf8_is_valid(path, size)) return "a path is valid UTF-8";
    for (; *path != '\0'; path++) {
        if ((unsigned char)*path < 0x20 || *path == 0x7f)
            return "a path holds no control characters";
    }
    if (type == CONFIG_SINK_ETL && size == 1 && path[-1] == '-') {
        return "an .etl file cannot go to standard output; give a path, or use jsonl";
    }
    return NULL;
}

const char *config_sink_fault(const struct config *config, const struct config_sink *sink,
                              size_t count, int *other)
{
    *other = -1;
    if (sink->type == CONFIG_SINK_ETW && !config_platform_has_etw()) {
        return "a sink of type etw is for Windows only; here etl, jsonl or null";
    }
    for (size_t i = 0; i < count; i++) {
        const struct config_sink *earlier = &config->sinks[i];
        bool both_etw = sink->type == CONFIG_SINK_ETW && earlier->type == CONFIG_SINK_ETW;
        bool same_path =
            sink->path != NULL && earlier->path != NULL && strcmp(sink->path, earlier->path) == 0;
        *other = (int)i;
        if (both_etw) return "there is a sink of type etw already; one is enough";
        if (same_path) return "another sink writes there already; each needs a path of its own";
    }
    *other = -1;
    return NULL;
}

static void read_by_type(struct config_reader *reader, const cJSON *item, struct config_sink *sink)
{
    switch (sink->type) {
    case CONFIG_SINK_ETL:
        config_read_object(reader, item, "a sink of type etl", etl_keys, COUNT_OF(etl_keys), sink);
        break;
    case CONFIG_SINK_JSONL:
        config_read_object(reader, item, "a sink of type jsonl", jsonl_keys, COUNT_OF(jsonl_keys),
                           sink);
        break;
    case CONFIG_SINK_ETW:
    case CONFIG_SINK_NULL:
        config_read_object(reader, item, "a sink of type etw or null", plain_keys,
                           COUNT_OF(plain_keys), sink);
        break;
    }
}

/* A sink whose type is not known is read as the one with most keys, so that its other errors are
 * told too. */
static bool read_type(struct config_reader *reader, const cJSON *item, enum config_sink_type *type)
{
    const cJSON *word = cJSON_GetObjectItemCaseSensitive(item, "type");
    size_t mark = 0;
    int index = -1;
    *type = CONFIG_SINK_ETL;
    if (!cJSON_IsObject(item)) return false;
    if (word == NULL) {
        config_error_at(reader, "type", "required: etw, etl, jsonl or null");
        return false;
    }
    mark = json_path_key(&reader->path, "type", strlen("type"));
    index = config_read_word(reader, word, type_names, COUNT_OF(type_names));
    json_path_back(&reader->path, mark);
    if (index < 0) return false;
    *type = (enum config_sink_type)index;
    return true;
}

static void check_sink(struct config_reader *reader, const cJSON *item, size_t index)
{
    const struct config_sink *sink = &reader->config->sinks[index];
    int other = -1;
    const char *fault = NULL;
    if (has_path(sink->type) && cJSON_GetObjectItemCaseSensitive(item, "path") == NULL) {
        config_error_at(reader, "path", "required: the path of the file%s",
                        sink->type == CONFIG_SINK_JSONL ? ", or - for standard output" : "");
    }
    fault = config_sink_fault(reader->config, sink, index, &other);
    if (fault == NULL) return;
    if (other < 0) {
        config_error_at(reader, "type", "%s", fault);
    } else {
        config_error_at(reader, sink->path == NULL ? "type" : "path", "%s ($.sinks[%d])", fault,
                        other);
    }
}

static void read_sink(struct config_reader *reader, const cJSON *item, struct config_sink *sink,
                      size_t index)
{
    enum config_sink_type type = CONFIG_SINK_ETL;
    bool has_type = read_type(reader, item, &type);
    if (!cJSON_IsObject(item)) {
        config_error(reader, "a sink is an object {...}");
        return;
    }
    if (!config_sink_init(sink, type)) reader->no_memory = true;
    read_by_type(reader, item, sink);
    if (has_type) check_sink(reader, item, index);
}

void config_read_sinks(struct config_reader *reader, const cJSON *item,
                       const struct config_key *key, void *target)
{
    struct config *config = target;
    const cJSON *element = NULL;
    (void)key;
    if (!cJSON_IsArray(item) || cJSON_GetArraySize(item) > CONFIG_SINKS_MAX) {
        config_error(reader, "expected an array [...] of at most %d sinks", CONFIG_SINKS_MAX);
        return;
    }
    config->sinks = calloc(CONFIG_SINKS_MAX, sizeof(*config->sinks));
    if (config->sinks == NULL) {
        reader->no_memory = true;
        return;
    }
    cJSON_ArrayForEach(element, item)
    {
        size_t index = config->sink_count++;
        size_t mark = json_path_index(&reader->path, index);
        read_sink(reader, element, &config->sinks[index], index);
        json_path_back(&reader->path, mark);
    }
}

static bool filter_init(struct config_filter *filter)
{
    filter->level = LEVEL_ALL;
    filter->match_any = UINT64_MAX;
    filter->match_all = 0;
    filter->providers = calloc(1, sizeof(*filter->providers));
    if (filter->providers == NULL) return false;
    filter->providers[0] = calloc(2, 1);
    if (filter->providers[0] == NULL) return false;
    filter->providers[0][0] = '*';
    filter->provider_count = 1;
    return true;
}

bool config_sink_init(struct config_sink *sink, enum config_sink_type type)
{
    memset(sink, 0, sizeof(*sink));
    sink->type = type;
    sink->max_mb = DEFAULT_MAX_MB;
    sink->max_files = DEFAULT_MAX_FILES;
    sink->buffers = DEFAULT_BUFFERS;
    sink->stall_ms = DEFAULT_STALL_MS;
    return filter_init(&sink->filter);
}

void config_sink_clear(struct config_sink *sink)
{
    free(sink->path);
    config_free_list(sink->filter.providers, sink->filter.provider_count);
    memset(sink, 0, sizeof(*sink));
}
