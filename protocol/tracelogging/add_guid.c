/*
 * EventBuilder: the adder of one GUID. Request and activity ids are in so many events that it has
 * the plain path to itself, as numbers have; a file with several of them would have the compiler
 * call it instead.
 */
#include "protocol/tracelogging/plain_field.h"

#include <string.h>

enum etwr_status etwr_event_add_guid(struct etwr_event *event, const char *name,
                                     const struct etwr_guid *value, enum etwr_out out, uint32_t tag)
{
    if (value == NULL) return builder_fail(event, ETWR_E_BAD_VALUE);
    uint8_t *at;
    if (!add_plain_field(event, name, ETWR_IN_GUID, out, tag, sizeof value->bytes, &at))
        return builder_add_unusual_guid(event, name, value, out, tag);
    memcpy(at, value->bytes, sizeof value->bytes);
    return ETWR_OK;
}
