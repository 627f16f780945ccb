/*
 * Who listens: asked when a provider opens, when a sink's filter changes, and, inline in the
 * header, for each event and sink.
 */
#include "service/provider/enablement.h"

struct enablement enablement_normalise(uint8_t level, uint64_t match_any, uint64_t match_all)
{
    struct enablement enablement = {true, level, match_any, match_all};

    if (level == 0) enablement.level = UINT8_MAX;
    if (match_any == 0) {
        enablement.match_any = UINT64_MAX;
        enablement.match_all = 0;
    }
    return enablement;
}

void enablement_merge(struct enablement *merged, const struct enablement *listener)
{
    if (!listener->enabled) return;
    if (!merged->enabled) {
        *merged = *listener;
        return;
    }
    if (listener->level > merged->level) merged->level = listener->level;
    merged->match_any |= listener->match_any;
    merged->match_all &= listener->match_all;
}

struct enablement enablement_intersect(const struct enablement *exact,
                                       const struct enablement *other)
{
    struct enablement both = *exact;

    if (!exact->enabled || !other->enabled) return (struct enablement){false, 0, 0, 0};
    if (other->level < both.level) both.level = other->level;
    if ((other->match_any & ~exact->match_any) == 0) both.match_any = other->match_any;
    both.match_all |= other->match_all;
    return both;
}

bool enablement_is_equal(const struct enablement *a, const struct enablement *b)
{
    return a->enabled == b->enabled && a->level == b->level && a->match_any == b->match_any &&
           a->match_all == b->match_all;
}

struct enablement enablement_of_filter(const struct config_filter *filter, const char *provider)
{
    struct enablement none = {false, 0, 0, 0};

    for (size_t i = 0; i < filter->provider_count; i++) {
        if (config_pattern_matches(filter->providers[i], provider))
            return enablement_normalise(filter->level, filter->match_any, filter->match_all);
    }
    return none;
}
