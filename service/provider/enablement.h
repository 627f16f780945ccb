/*
 * Enablement: who listens to what. ETW's rule, and the merge over several listeners.
 *
 * An event passes a listener when its level is at most the listener's, and its keyword is 0, or has
 * a bit of match_any and all bits of match_all. In what listeners say, level 0 means every level
 * and match_any 0 means every keyword, whatever match_all says; enablement_normalise() turns that
 * into level 255, all ones and no bits, and everything here works on the normalised form.
 *
 * Clients are pushed the merge (highest level, OR of any, AND of all): it lets pass at least what
 * some listener wants, and each sink then decides exactly. Pure; threads: any.
 */
#ifndef ETWRELAY_ENABLEMENT_H
#define ETWRELAY_ENABLEMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "service/config/config.h"

struct enablement {
    bool enabled; /* false: nobody listens, and the rest is 0 */
    uint8_t level;
    uint64_t match_any, match_all;
};

/* One listener that listens, as it said it. */
struct enablement enablement_normalise(uint8_t level, uint64_t match_any, uint64_t match_all);

/* `listener` joins `merged`, which starts as {0}. A listener that is not enabled changes nothing.
 */
void enablement_merge(struct enablement *merged, const struct enablement *listener);

/*
 * What passes both, as far as one level and two masks can say that: never less, and never more than
 * passes `exact`. Only where each has keywords that the other lacks may it be more than passes
 * `other`, who then decides itself.
 */
struct enablement enablement_intersect(const struct enablement *exact,
                                       const struct enablement *other);

/* Does the event pass? */
static inline bool enablement_passes(const struct enablement *enablement, uint8_t level,
                                     uint64_t keyword)
{
    if (!enablement->enabled || level > enablement->level) return false;
    if (keyword == 0) return true;
    return (keyword & enablement->match_any) != 0 &&
           (keyword & enablement->match_all) == enablement->match_all;
}

bool enablement_is_equal(const struct enablement *a, const struct enablement *b);

/* What a sink's filter wants of the provider of this name: not enabled when no pattern of the
 * filter matches. Walks the patterns, so keep the answer, and ask it with enablement_passes(). */
struct enablement enablement_of_filter(const struct config_filter *filter, const char *provider);

#endif
