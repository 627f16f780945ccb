/*
 * Providers that the config wants open from the start, so that they are listed and answer
 * capture-state before any client.
 *
 * The config knows rules, the registry knows ids: the policy says which id and group a rule stands
 * for.
 */
#include <stdlib.h>

#include "service/policy/policy.h"
#include "service/relay.h"
#include "service/support/log.h"

static void on_refused(void *context, const struct registry_pin *pin, enum etwr_reason reason)
{
    (void)context;
    log_line(LOG_LEVEL_WARNING, "provider %s of the config cannot be opened at start: %s",
             pin->name, etwr_reason_name(reason));
}

static bool make_pin(const struct config_provider_rule *rule, struct registry_pin *pin)
{
    struct policy_grant grant;
    if (!rule->open_at_start) return false;
    if (!policy_grant_at_start(rule, &grant)) {
        log_line(LOG_LEVEL_WARNING, "provider %s of the config cannot be opened at start: %s",
                 rule->name, etwr_reason_name(ETWR_REASON_NOT_ALLOWED));
        return false;
    }
    *pin = (struct registry_pin){rule->name, grant.id, grant.has_group, grant.group};
    return true;
}

void relay_pin_providers(struct relay *relay)
{
    const struct config *config = relay->settings->config;
    size_t count = 0;
    struct registry_pin *pins = calloc(config->rule_count + 1, sizeof *pins);
    if (pins == NULL) {
        log_line(LOG_LEVEL_ERROR, "no memory for the providers to open at start");
        return;
    }
    for (size_t i = 0; i < config->rule_count; i++)
        if (make_pin(&config->rules[i], &pins[count])) count++;
    registry_set_pins(relay->registry, pins, count, relay_now_ms(), on_refused, relay);
    free(pins);
}
