/*
 * The top of the configuration: its keys, "security", "origin", "log", and the file's way from text
 * to a config.
 */
#include "service/config/config_reader.h"

#include <string.h>

#include "protocol/json/literals.h"
#include "service/config/config_platform.h"
#include "service/config/config_sddl.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))
#define TOP(field)      offsetof(struct config, field)

#define WORKERS_MAX 256

static void read_pipe(struct config_reader *reader, const cJSON *item, const struct config_key *key,
                      void *target)
{
    struct config *config = target;
    const char *fault = NULL;
    (void)key;
    if (cJSON_IsNull(item)) return;
    if (!cJSON_IsString(item)) {
        config_error(reader, "expected null (the default place) or a string: a pipe name or socket "
                             "path");
        return;
    }
    fault = config_platform_pipe_fault(item->valuestring);
    if (fault != NULL) {
        config_error(reader, "%s", fault);
        return;
    }
    config->pipe = config_copy(reader, item->valuestring);
}

static void read_pipe_mode(struct config_reader *reader, const cJSON *item,
                           const struct config_key *key, void *target)
{
    struct config *config = target;
    const char *text = cJSON_IsString(item) ? item->valuestring : "";
    uint32_t mode = 0;
    (void)key;
    for (size_t i = 0; i < 4 && text[i] >= '0' && text[i] <= '7'; i++) {
        mode = mode * 8 + (uint32_t)(text[i] - '0');
    }
    if (strspn(text, "01234567") != 4 || strlen(text) != 4 || text[0] != '0') {
        config_error(reader, "expected a string of four octal digits, \"0000\" to \"0777\"");
        return;
    }
    config->pipe_mode = mode;
}

static const char *package_fault(const char *package)
{
    uint8_t sid[LITERAL_SID_MAX_BYTES];
    size_t size = 0;
    bool is_package = strncmp(package, "S-1-15-2-", strlen("S-1-15-2-")) == 0;
    if (is_package && literal_sid(package, sid, &size)) return NULL;
    return "expected the SID of an app package, \"S-1-15-2-...\"";
}

static void read_preset(struct config_reader *reader, const cJSON *item,
                        const struct config_key *key, void *target)
{
    static const char *const presets[] = {
        [CONFIG_PRESET_USERS] = "users",
        [CONFIG_PRESET_ADMINISTRATORS] = "administrators",
        [CONFIG_PRESET_PACKAGE] = "package",
        [CONFIG_PRESET_SDDL] = "sddl",
    };
    struct config *config = target;
    int index = config_read_word(reader, item, presets, COUNT_OF(presets));
    (void)key;
    if (index >= 0) config->security.preset = (enum config_preset)index;
}

static void read_packages(struct config_reader *reader, const cJSON *item,
                          const struct config_key *key, void *target)
{
    struct config *config = target;
    (void)key;
    config_read_list(reader, item, package_fault, &config->security.packages,
                     &config->security.package_count);
}

static void read_sddl(struct config_reader *reader, const cJSON *item, const struct config_key *key,
                      void *target)
{
    struct config *config = target;
    const char *fault = NULL;
    (void)key;
    if (cJSON_IsNull(item)) return;
    if (!cJSON_IsString(item)) {
        config_error(reader, "expected null or a string: a security descriptor in SDDL");
        return;
    }
    fault = config_sddl_fault(item->valuestring);
    if (fault != NULL) {
        config_error(reader, "%s", fault);
        return;
    }
    config->security.sddl = config_copy(reader, item->valuestring);
}

static const struct config_key security_keys[] = {
    {"preset", read_preset, 0, 0, 0},
    {"packages", read_packages, 0, 0, 0},
    {"sddl", read_sddl, 0, 0, 0},
    {"allow_network_logon", config_read_bool, TOP(security.allow_network_logon), 0, 0},
};

/* A list or a descriptor that the preset does not use would only look like protection. */
void config_read_security(struct config_reader *reader, const cJSON *item,
                          const struct config_key *key, void *target)
{
    struct config *config = target;
    size_t before = reader->error_count;
    bool is_package = false, is_sddl = false;
    (void)key;
    config_read_object(reader, item, "\"security\"", security_keys, COUNT_OF(security_keys),
                       config);
    if (reader->error_count != before) return;
    is_package = config->security.preset == CONFIG_PRESET_PACKAGE;
    is_sddl = config->security.preset == CONFIG_PRESET_SDDL;
    if (is_package != (config->security.package_count > 0)) {
        config_error_at(reader, "packages", "%s",
                        is_package ? "required: the preset \"package\" needs at least one SID"
                                   : "only used with the preset \"package\"; leave it empty");
    }
    if (is_sddl != (config->security.sddl != NULL)) {
        config_error_at(reader, "sddl", "%s",
                        is_sddl ? "required: the preset \"sddl\" needs a security descriptor"
                                : "only used with the preset \"sddl\"; leave it null");
    }
    if (is_sddl && config->security.allow_network_logon) {
        config_error_at(reader, "allow_network_logon",
                        "not used with the preset \"sddl\", which says it all; leave it false");
    }
}

/* Bit i of enum config_origin is word i. */
static void read_origin(struct config_reader *reader, const cJSON *item,
                        const struct config_key *key, void *target)
{
    static const char *const fields[] = {"pid",         "tid",  "time",    "sequence",
                                         "claimed_pid", "user", "package", "image"};
    struct config *config = target;
    const cJSON *element = NULL;
    size_t position = 0;
    (void)key;
    if (!cJSON_IsArray(item)) {
        config_error(reader, "expected an array [...] of field names; [] for no origin");
        return;
    }
    config->origin = 0;
    cJSON_ArrayForEach(element, item)
    {
        size_t mark = json_path_index(&reader->path, position++);
        int index = config_read_word(reader, element, fields, COUNT_OF(fields));
        unsigned bit = index < 0 ? 0 : 1u << index;
        if ((config->origin & bit) != 0) config_error(reader, "given twice");
        config->origin |= bit;
        json_path_back(&reader->path, mark);
    }
}

static void read_log_level(struct config_reader *reader, const cJSON *item,
                           const struct config_key *key, void *target)
{
    static const char *const levels[] = {
        [CONFIG_LOG_ERROR] = "error",
        [CONFIG_LOG_WARNING] = "warning",
        [CONFIG_LOG_INFO] = "info",
        [CONFIG_LOG_DEBUG] = "debug",
    };
    struct config *config = target;
    int index = config_read_word(reader, item, levels, COUNT_OF(levels));
    (void)key;
    if (index >= 0) config->log_level = (enum config_log_level)index;
}

static const struct config_key log_keys[] = {
    {"level", read_log_level, 0, 0, 0},
};

static void read_log(struct config_reader *reader, const cJSON *item, const struct config_key *key,
                     void *target)
{
    (void)key;
    config_read_object(reader, item, "\"log\"", log_keys, COUNT_OF(log_keys), target);
}

static const struct config_key top_keys[] = {
    {"pipe", read_pipe, 0, 0, 0},
    {"pipe_mode", read_pipe_mode, 0, 0, 0},
    {"workers", config_read_u32, TOP(workers), 0, WORKERS_MAX},
    {"security", config_read_security, 0, 0, 0},
    {"origin", read_origin, 0, 0, 0},
    {"sinks", config_read_sinks, 0, 0, 0},
    {"providers", config_read_providers, 0, 0, 0},
    {"limits", config_read_limits, 0, 0, 0},
    {"log", read_log, 0, 0, 0},
};

void config_read(struct config_reader *reader, const cJSON *root)
{
    config_read_object(reader, root, "the configuration", top_keys, COUNT_OF(top_keys),
                       reader->config);
}
