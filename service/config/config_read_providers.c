/*
 * "providers": who may write to which provider, and which provider has an id or a group of its own.
 */
#include "service/config/config_reader.h"

#include <stdlib.h>
#include <string.h>

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))
#define RULE(field)     offsetof(struct config_provider_rule, field)

static void read_name(struct config_reader *reader, const cJSON *item, const struct config_key *key,
                      void *target)
{
    struct config_provider_rule *rule = target;
    const char *fault = NULL;
    (void)key;
    if (!cJSON_IsString(item)) {
        config_error(reader, "expected a string: a provider's name or a pattern");
        return;
    }
    fault = config_pattern_fault(item->valuestring);
    if (fault != NULL) {
        config_error(reader, "%s", fault);
        return;
    }
    rule->name = config_copy(reader, item->valuestring);
}

/* With "*" in it the list says everybody, which is the empty list's meaning once it is read. */
static void read_users(struct config_reader *reader, const cJSON *item,
                       const struct config_key *key, void *target)
{
    struct config_provider_rule *rule = target;
    (void)key;
    config_read_list(reader, item, config_pattern_fault, &rule->users, &rule->user_count);
    if (cJSON_IsArray(item) && item->child == NULL) {
        config_error(reader,
                     "an empty list matches nobody; leave the key out, or give [\"*\"], for "
                     "everybody");
    }
    for (size_t i = 0; i < rule->user_count; i++) {
        if (strcmp(rule->users[i], "*") != 0) continue;
        config_free_list(rule->users, rule->user_count);
        rule->users = NULL;
        rule->user_count = 0;
    }
}

static bool is_zero(const struct etwr_guid *guid)
{
    static const struct etwr_guid zero;
    return memcmp(guid, &zero, sizeof(zero)) == 0;
}

/* True when a GUID was given and is good; null says none. */
static bool read_guid(struct config_reader *reader, const cJSON *item, struct etwr_guid *guid)
{
    if (cJSON_IsNull(item)) return false;
    if (cJSON_IsString(item) && etwr_guid_parse(item->valuestring, guid) == ETWR_OK &&
        !is_zero(guid)) {
        return true;
    }
    config_error(reader, "expected null or a GUID that is not all zeros, such as "
                         "\"6ba7b810-9dad-11d1-80b4-00c04fd430c8\"");
    return false;
}

static void read_id(struct config_reader *reader, const cJSON *item, const struct config_key *key,
                    void *target)
{
    struct config_provider_rule *rule = target;
    (void)key;
    rule->has_id = read_guid(reader, item, &rule->id);
}

/* Microsoft's telemetry groups send what is in them off the machine: not even the configuration may
 * join them. */
static bool is_banned_group(const struct etwr_guid *group)
{
    static const char *const banned[] = {"4f50731a-89cf-4782-b3e0-dce8c90476ba",
                                         "c7de053a-0c2e-4a44-91a2-5222ec2ecdf1"};
    char text[ETWR_GUID_TEXT_BYTES];
    etwr_guid_format(group, text);
    return strcmp(text, banned[0]) == 0 || strcmp(text, banned[1]) == 0;
}

static void read_group(struct config_reader *reader, const cJSON *item,
                       const struct config_key *key, void *target)
{
    struct config_provider_rule *rule = target;
    (void)key;
    rule->has_group = read_guid(reader, item, &rule->group);
    if (rule->has_group && is_banned_group(&rule->group)) {
        config_error(reader, "this is one of Microsoft's telemetry groups; any other group is "
                             "allowed");
    }
}

static const struct config_key rule_keys[] = {
    {"name", read_name, 0, 0, 0},
    {"users", read_users, 0, 0, 0},
    {"allow", config_read_bool, RULE(allow), 0, 0},
    {"id", read_id, 0, 0, 0},
    {"group", read_group, 0, 0, 0},
    {"open_at_start", config_read_bool, RULE(open_at_start), 0, 0},
};

/* What no single key shows. */
static void check_rule(struct config_reader *reader, const struct config_provider_rule *rule)
{
    bool is_pattern = rule->name != NULL && strpbrk(rule->name, "*?") != NULL;
    if (rule->has_id && is_pattern) {
        config_error_at(reader, "id",
                        "an id belongs to one provider: \"name\" may not hold \"*\" or "
                        "\"?\" here");
    }
    if (rule->open_at_start && is_pattern) {
        config_error_at(reader, "open_at_start",
                        "only one named provider can be opened: \"name\" may "
                        "not hold \"*\" or \"?\" here");
    }
    if (!rule->allow && (rule->has_id || rule->has_group || rule->open_at_start)) {
        config_error(reader,
                     "\"id\", \"group\" and \"open_at_start\" mean nothing where \"allow\" is "
                     "false");
    }
}

/* One id has one name. */
static void check_same_id(struct config_reader *reader, size_t index)
{
    const struct config_provider_rule *rules = reader->config->rules;
    if (!rules[index].has_id) return;
    for (size_t i = 0; i < index; i++) {
        if (!rules[i].has_id || rules[i].name == NULL || rules[index].name == NULL) continue;
        if (memcmp(&rules[i].id, &rules[index].id, sizeof(rules[i].id)) != 0) continue;
        if (config_pattern_matches(rules[i].name, rules[index].name)) continue;
        config_error_at(reader, "id",
                        "$.providers[%zu] gives this id to another name; an id has one "
                        "name",
                        i);
        return;
    }
}

void config_rule_clear(struct config_provider_rule *rule)
{
    free(rule->name);
    config_free_list(rule->users, rule->user_count);
    memset(rule, 0, sizeof(*rule));
}

static void read_rule(struct config_reader *reader, const cJSON *item,
                      struct config_provider_rule *rule)
{
    rule->allow = true;
    config_read_object(reader, item, "an entry of \"providers\"", rule_keys, COUNT_OF(rule_keys),
                       rule);
    if (cJSON_IsObject(item) && cJSON_GetObjectItemCaseSensitive(item, "name") == NULL) {
        config_error_at(reader, "name", "required: a provider's name or a pattern");
    }
    check_rule(reader, rule);
}

void config_read_providers(struct config_reader *reader, const cJSON *item,
                           const struct config_key *key, void *target)
{
    struct config *config = target;
    const cJSON *element = NULL;
    (void)key;
    if (!cJSON_IsArray(item)) {
        config_error(reader, "expected an array [...] of entries");
        return;
    }
    config->rules = calloc((size_t)cJSON_GetArraySize(item) + 1, sizeof(*config->rules));
    if (config->rules == NULL) {
        reader->no_memory = true;
        return;
    }
    cJSON_ArrayForEach(element, item)
    {
        size_t index = config->rule_count++;
        size_t mark = json_path_index(&reader->path, index);
        read_rule(reader, element, &config->rules[index]);
        check_same_id(reader, index);
        json_path_back(&reader->path, mark);
    }
}
