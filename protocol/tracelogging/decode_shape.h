/*
 * The fields of one record, read from its metadata once, so that an array of structs can go over
 * its members for every element without reading names again: decoding stays linear in metadata plus
 * values.
 */
#ifndef ETWRELAY_DECODE_SHAPE_H
#define ETWRELAY_DECODE_SHAPE_H

#include "protocol/tracelogging/schema_walk.h"

/* Fields in the order of the metadata: a struct is followed by its members. */
struct shape {
    const char *name; /* the event's; as all names here, any bytes */
    size_t name_bytes;
    uint32_t tag;
    size_t count;
    struct schema_field fields[ETWR_FIELDS_MAX];
    size_t ends[ETWR_FIELDS_MAX]; /* of each field: the index behind its last member, or behind
                                     itself */
};

/* ETWR_OK or ETWR_E_MALFORMED. Lent as long as the
 * metadata. */
enum etwr_status shape_read(struct shape *shape, struct etwr_bytes metadata);

#endif
