/*
 * Third step for PROVIDER_OPEN: after request.c has read it, and before the registry is asked.
 *
 * The trap here is case. A provider's id is the hash of its upper-cased name, so "MICROSOFT-X" is
 * Microsoft-X; and so is one with U+017F (long s) or U+0131 (dotless i), the two letters outside of
 * ASCII whose upper case lies inside. Names are folded before any pattern sees them.
 */
#include "service/policy/policy.h"

#include <string.h>

#include "protocol/wire/wire.h"

#define FOLDED_BYTES (WIRE_NAME_MAX_BYTES + 1)

static const char *const reserved_names[] = {"Microsoft-*", "Microsoft.*", "etwrelay*"};

/* Windows hands events of these groups to Microsoft's telemetry. */
static const struct etwr_guid banned_groups[] = {
    /* 4f50731a-89cf-4782-b3e0-dce8c90476ba */
    {{0x1a, 0x73, 0x50, 0x4f, 0xcf, 0x89, 0x82, 0x47, 0xb3, 0xe0, 0xdc, 0xe8, 0xc9, 0x04, 0x76,
      0xba}},
    /* c7de053a-0c2e-4a44-91a2-5222ec2ecdf1 */
    {{0x3a, 0x05, 0xde, 0xc7, 0x2c, 0x0e, 0x44, 0x4a, 0x91, 0xa2, 0x52, 0x22, 0xec, 0x2e, 0xcd,
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

/* The letter of ASCII that two bytes of UTF-8 are in upper case, or 0. */
static char hidden_letter(const char *at)
{
    if (strncmp(at, "\xC5\xBF", 2) == 0) return 's';
    if (strncmp(at, "\xC4\xB1", 2) == 0) return 'i';
    return 0;
}

/* The name as patterns are to see it. False: longer than any provider name. */
static bool fold_name(const char *name, char folded[FOLDED_BYTES])
{
    size_t size = 0;

    while (*name) {
        char letter = hidden_letter(name);

        if (size == FOLDED_BYTES - 1) return false;
        folded[size++] = letter ? letter : *name;
        name += letter ? 2 : 1;
    }
    folded[size] = 0;
    return true;
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

        if (config_pattern_matches(rule->name, folded) && rule_names_user(rule, user)) return rule;
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

    if (!fold_name(request->name, folded)) return ETWR_REASON_NOT_ALLOWED;
    if (etwr_provider_id_from_name(request->name, &g.id)) return ETWR_REASON_NOT_ALLOWED;
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
