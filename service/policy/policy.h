/*
 * Policy: may this peer write to this provider, and under which id and group does it register?
 *
 * Pure: the answer follows from the config and the arguments alone. An ETW provider is known by its
 * id, so what a peer may open comes down to two questions: which names, and from where the id
 * comes. It is the name's hash, or what the config's rule says; never what the wire says (SECURITY:
 * T15).
 *
 * The first rule of the config that matches both name and user decides. Where none matches, every
 * name is allowed but Microsoft-*, Microsoft.* and etwrelay*. Names and patterns are compared
 * without case, by the same upper-casing that makes the id: names that share an id share a fate.
 */
#ifndef ETWRELAY_POLICY_H
#define ETWRELAY_POLICY_H

#include <stdbool.h>

#include <etwrelay/types.h>

#include "service/config/config.h"

/* Who asks, as the system says; borrowed. A rule's `users` patterns match either text. */
struct policy_user {
    const char *name; /* account name; NULL when it has none */
    const char *id;   /* numeric user id, or the SID as text */
};

/* What is asked for; borrowed. */
struct policy_request {
    const char *name;              /* provider name: valid UTF-8, not empty, NUL-terminated */
    const struct etwr_guid *id;    /* NULL: none was given */
    const struct etwr_guid *group; /* NULL: none was given */
};

struct policy_grant {
    struct etwr_guid id; /* the explicit one, else the rule's, else the name's hash */
    bool has_group;      /* the explicit one, else the rule's */
    struct etwr_guid group;
};

/*
 * Decide. An explicit id other than the name's hash must be the deciding rule's `id`, an explicit
 * group its `group`; config->allow_any_provider lifts both, and the rules on names, but never the
 * ban on Microsoft's two telemetry groups.
 * Returns ETWR_REASON_NONE with *grant written, or ETWR_REASON_NOT_ALLOWED. Threads: any.
 */
enum etwr_reason policy_decide(const struct config *config, const struct policy_user *user,
                               const struct policy_request *request, struct policy_grant *grant);

/* The grant of a rule with open_at_start, whoever may use it; false when its name is a pattern, or
 * the rule does not allow, or names a banned group. */
bool policy_grant_at_start(const struct config_provider_rule *rule, struct policy_grant *grant);

#endif
