/*
 * Third step for PROVIDER_OPEN: after request.c has read it, and before the registry is asked.
 *
 * The trap here is case. A provider's id is the hash of its upper-cased name, and the upper case is
 * Unicode's: "MICROSOFT-X" is Microsoft-X, and so is a name with U+017F (long s) or U+0131 (dotless
 * i), whose upper cases are S and I. So names and patterns are upper-cased by that same rule before
 * one is held against the other.
 */
#include "service/policy/policy.h"

#include <string.h>

#include "protocol/tracelogging/upcase.h"
#include "protocol/tracelogging/utf8.h"
#include "protocol/wire/wire.h"

#define FOLDED_BYTES (2 * WIRE_NAME_MAX_BYTES) /* upper case takes up to half as much again */

static const char *const reserved_names[] = {"Microsoft-*", "Microsoft.*", "etwrelay*"};

/* Windows hands events of these groups to Microsoft's telemetry. */
static const struct etwr_guid banned_groups[] = {
    /* 4f50731a-89cf-4782-b3e0-dce8c90476ba */
    {{0x1a, 0x73, 0x50, 0x4f, 0xcf, 0x89, 0x82, 0x47, 0xb3, 0xe0, 0xdc, 0xe8, 0xc9, 0x04, 0x76,
      0xba}},
    /* c7de053a-0c2e-4a44-91a2-5222ec2ecdf1 */
    {{0x3a, 0x05, 0xde, 0xc7, 0x2e, 0x0c, 0x44, 0x4a, 0x91, 0xa2, 0x52, 0x22, 0xec, 0x2e, 0xcd,
      0xf1}},
};

static bool is_same_guid(const struct etwr_guid *a, const struct etwr_guid *b)
{
    return memcmp(a, b, sizeof *a) == 0;
}

static bool is_banned_group(const struct etwr_guid *group)
{
    for (size_t i = 0; i < sizeof banned_groups / sizeof banned_groups[0]; i++) {
        if (is_same_guid(group, &banned_groups[i])) return true;
    }
    return false;
}

/* Valid UTF-8 in upper case. False: longer than any provider name. */
static bool fold(const char *text, char folded[FOLDED_BYTES])
{
    const char *end = text + strlen(text);
    size_t size = 0;

    while (text < end) {
        if (size > FOLDED_BYTES - UTF8_CODE_POINT_MAX_BYTES - 1) return false;
        size += utf8_put(upcase(utf8_next(&text)), folded + size);
    }
    folded[size] = 0;
    return true;
}

/* A pattern too long to be folded (the config lets none pass) can only forbid. */
static bool rule_names_provider(const struct config_provider_rule *rule, const char *folded)
{
    char pattern[FOLDED_BYTES];

    if (!fold(rule->name, pattern)) return !rule->allow;
    return config_pattern_matches(pattern, folded);
}

static bool rule_names_user(const struct config_provider_rule *rule, const struct policy_user *user)
{
    for (size_t i = 0; i < rule->user_count; i++) {
        if (user->name && config_pattern_matches(rule->users[i], user->name)) return true;
        if (user->id && config_pattern_matches(rule->users[i], user->id)) return true;
    }
    return rule->user_count == 0;
}

/* The first rule that is about this name and user, or NULL. */
static const struct config_provider_rule *
find_rule(const struct config *config, const struct policy_user *user, const char *folded)
{
    for (size_t i = 0; i < config->rule_count; i++) {
        const struct config_provider_rule *rule = &config->rules[i];

        if (rule_names_provider(rule, folded) && rule_names_user(rule, user)) return rule;
    }
    return NULL;
}

static bool is_reserved(const char *folded)
{
    for (size_t i = 0; i < sizeof reserved_names / sizeof reserved_names[0]; i++) {
        if (config_pattern_matches(reserved_names[i], folded)) return true;
    }
    return false;
}

/* `grant->id` is the name's hash when this is called. */
static bool decide_id(const struct config_provider_rule *rule, const struct etwr_guid *asked,
                      bool any, struct policy_grant *grant)
{
    if (!asked) {
        if (rule && rule->has_id) grant->id = rule->id;
        return true;
    }
    if (is_same_guid(asked, &grant->id)) return true;
    if (!any && !(rule && rule->has_id && is_same_guid(asked, &rule->id))) return false;
    grant->id = *asked;
    return true;
}

static bool decide_group(const struct config_provider_rule *rule, const struct etwr_guid *asked,
                         bool any, struct policy_grant *grant)
{
    bool has_rule_group = rule && rule->has_group;

    if (asked && !any && !(has_rule_group && is_same_guid(asked, &rule->group))) return false;
    grant->has_group = asked || has_rule_group;
    if (asked)
        grant->group = *asked;
    else if (has_rule_group)
        grant->group = rule->group;
    return !(grant->has_group && is_banned_group(&grant->group));
}

enum etwr_reason policy_decide(const struct config *config, const struct policy_user *user,
                               const struct policy_request *request, struct policy_grant *grant)
{
    const struct config_provider_rule *rule;
    struct policy_grant g = {0};
    char folded[FOLDED_BYTES];
    bool any = config->allow_any_provider;

    if (etwr_provider_id_from_name(request->name, &g.id)) return ETWR_REASON_NOT_ALLOWED;
    if (!fold(request->name, folded)) return ETWR_REASON_NOT_ALLOWED;
    rule = find_rule(config, user, folded);
    if (!any && (rule ? !rule->allow : is_reserved(folded))) return ETWR_REASON_NOT_ALLOWED;
    if (rule && !rule->allow) rule = NULL; /* what it forbids it does not describe */
    if (!decide_id(rule, request->id, any, &g)) return ETWR_REASON_NOT_ALLOWED;
    if (!decide_group(rule, request->group, any, &g)) return ETWR_REASON_NOT_ALLOWED;
    *grant = g;
    return ETWR_REASON_NONE;
}

bool policy_grant_at_start(const struct config_provider_rule *rule, struct policy_grant *grant)
{
    struct policy_grant g = {0};

    if (!rule->allow || !rule->open_at_start || strpbrk(rule->name, "*?")) return false;
    if (etwr_provider_id_from_name(rule->name, &g.id)) return false;
    if (!decide_id(rule, NULL, false, &g) || !decide_group(rule, NULL, false, &g)) return false;
    *grant = g;
    return true;
}
