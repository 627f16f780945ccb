/*
 * What both decoders need of a record before its first value: who wrote it and what its fields are.
 */
#ifndef ETWRELAY_DECODE_RECORD_H
#define ETWRELAY_DECODE_RECORD_H

#include <stdbool.h>

#include "protocol/tracelogging/decode.h"
#include "protocol/tracelogging/decode_shape.h"

#define ORIGIN_FIELD_NAME "etwrelay"

/* Provider traits, read. */
struct traits {
    struct etwr_bytes
        name; /* any bytes without a NUL; data is NULL when the record has no traits */
    bool has_group;
    struct etwr_guid group;
};

#define RECORD_DATA_MALFORMED "the data does not follow the event metadata"

/*
 * Read the record's traits and metadata. NULL, or what is malformed, in words. A record without
 * traits has traits of nothing, one without metadata a shape of nothing.
 */
const char *record_open(const struct trace_record *record, struct traits *traits,
                        struct shape *shape);

/* Is `id` the one that this provider name stands for? */
bool traits_name_gives(const struct traits *traits, const struct etwr_guid *id);

/* How many of the shape's fields are the event's own: all, or all but a last top-level struct that
 * is the relay's origin. */
size_t shape_own_count(const struct shape *shape);

/* NULL, or an id that is not all zeros. */
const struct etwr_guid *guid_or_none(const struct etwr_guid *id);

#endif
