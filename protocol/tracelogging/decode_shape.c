/*
 * From metadata to a flat table of fields. A struct's extent is known only when the walk ends it,
 * so the open ones are kept on a small stack.
 */
#include "protocol/tracelogging/decode_shape.h"

static bool add_field(struct shape *shape, const struct schema_field *field)
{
    if (shape->count == ETWR_FIELDS_MAX) return false;
    shape->fields[shape->count] = *field;
    shape->count++;
    shape->ends[shape->count - 1] = shape->count;
    return true;
}

static enum etwr_status read_fields(struct shape *shape, struct schema_walk *walk)
{
    size_t open[SCHEMA_DEPTH_MAX];
    size_t depth = 0;
    struct schema_field field;

    for (;;) {
        switch (schema_walk_next(walk, &field)) {
        case SCHEMA_FIELD:
            if (!add_field(shape, &field)) return ETWR_E_MALFORMED;
            if (schema_field_is_struct(&field)) open[depth++] = shape->count - 1;
            break;
        case SCHEMA_END:
            shape->ends[open[--depth]] = shape->count;
            break;
        case SCHEMA_DONE:
            return ETWR_OK;
        case SCHEMA_MALFORMED:
            return ETWR_E_MALFORMED;
        }
    }
}

enum etwr_status shape_read(struct shape *shape, struct etwr_bytes metadata)
{
    struct schema_walk walk;
    enum etwr_status status = schema_walk_open(&walk, metadata.data, metadata.size);

    shape->name = walk.name;
    shape->name_bytes = walk.name_bytes;
    shape->tag = walk.tag;
    shape->count = 0;
    return status == ETWR_OK ? read_fields(shape, &walk) : status;
}
