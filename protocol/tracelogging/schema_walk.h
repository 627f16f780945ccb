/*
 * Walking event metadata, whoever wrote it: the event's name and tag, then one step for each field
 * and for each struct's end.
 *
 * Rebuilding, compiling and decoding all read metadata through here, so that the three agree on
 * what it says. The walk takes non-canonical forms (tags of any length up to 28 bits, an out byte
 * of 0) and refuses what has no single meaning: sizes that do not agree, names without an end, in
 * types that do not exist, structs without or short of members, more than SCHEMA_DEPTH_MAX structs
 * inside each other or ETWR_ARRAY_DEPTH_MAX within an array of structs, and constant arrays of no
 * elements. Names are not looked into: they may be any
 * bytes.
 */
#ifndef ETWRELAY_SCHEMA_WALK_H
#define ETWRELAY_SCHEMA_WALK_H

#include <etwrelay/types.h>

#include "protocol/wire/reader.h"

/* Every struct is a field. */
#define SCHEMA_DEPTH_MAX ETWR_FIELDS_MAX

/* One field's declaration; what it points to is lent as long as the metadata. */
struct schema_field {
    const char *name; /* NUL-terminated */
    size_t name_bytes;
    size_t offset;   /* of its name in the metadata */
    uint8_t in;      /* base type and array flags */
    uint8_t out;     /* 0 for structs */
    uint8_t members; /* structs: 1 to 127 */
    uint16_t count;  /* ETWR_IN_CONSTANT_ARRAY: at least 1 */
    uint32_t tag;
    struct etwr_bytes type_info; /* custom fields */
};

/* Custom fields are none of the others: their low bits are the serialiser's own. */
static inline bool schema_field_is_custom(const struct schema_field *field)
{
    return (field->in & ETWR_IN_ARRAY_MASK) == ETWR_IN_CUSTOM;
}

static inline bool schema_field_is_struct(const struct schema_field *field)
{
    return (field->in & ETWR_IN_TYPE_MASK) == ETWR_IN_STRUCT && !schema_field_is_custom(field);
}

enum schema_step {
    SCHEMA_FIELD,    /* *field is the next one; a struct's members follow it */
    SCHEMA_END,      /* the innermost struct has all its members */
    SCHEMA_DONE,     /* all of the metadata was read */
    SCHEMA_MALFORMED /* walk->offset says where */
};

struct schema_walk {
    struct reader reader;
    const uint8_t *start;
    const char *name; /* the event's, NUL-terminated */
    size_t name_bytes;
    uint32_t tag;
    size_t offset; /* of the field read last */
    unsigned depth;
    unsigned
        array_depth;  /* structs open from the outermost array of structs on; 0 outside of one */
    bool is_too_deep; /* SCHEMA_MALFORMED because of ETWR_ARRAY_DEPTH_MAX */
    uint8_t members_left[SCHEMA_DEPTH_MAX]; /* innermost last */
};

/* Read size, tag and event name. ETWR_OK or ETWR_E_MALFORMED. The walk borrows the metadata while
 * it is used. */
enum etwr_status schema_walk_open(struct schema_walk *walk, const void *metadata, size_t size);

enum schema_step schema_walk_next(struct schema_walk *walk, struct schema_field *field);

#endif
