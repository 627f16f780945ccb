/*
 * Untrusted metadata, built anew: what the relay writes was made by its own builder.
 *
 * The walk gives each declaration its one meaning; the builder, which knows every limit, declares
 * it again. So no byte of a client's metadata is copied through, and metadata that meant the same
 * always comes out the same.
 */
#include "protocol/tracelogging/schema.h"

#include <string.h>

#include "protocol/tracelogging/schema_walk.h"

static enum etwr_status start_event(const struct schema_walk *walk,
                                    const struct etwr_descriptor *descriptor,
                                    struct etwr_event *event)
{
    enum etwr_status status;

    status = etwr_event_reset(event, walk->name, descriptor->level, descriptor->keyword);
    if (status != ETWR_OK) return status;
    etwr_event_set_id(event, descriptor->id);
    etwr_event_set_version(event, descriptor->version);
    etwr_event_set_channel(event, descriptor->channel);
    etwr_event_set_opcode(event, descriptor->opcode);
    etwr_event_set_task(event, descriptor->task);
    return etwr_event_set_tag(event, walk->tag);
}

static enum etwr_status declare(struct etwr_event *event, const struct schema_field *field)
{
    uint8_t array = field->in & ETWR_IN_ARRAY_MASK;

    if (schema_field_is_custom(field)) {
        return etwr_event_declare_custom(event, field->name, field->in & ETWR_IN_TYPE_MASK,
                                         field->type_info.data, field->type_info.size,
                                         (enum etwr_out)field->out, field->tag);
    }
    if (schema_field_is_struct(field)) {
        return etwr_event_declare_struct(event, field->name, array, field->count, field->members,
                                         field->tag);
    }
    return etwr_event_declare(event, field->name, field->in, field->count,
                              (enum etwr_out)field->out, field->tag);
}

static enum etwr_status declare_all(struct schema_walk *walk, struct etwr_event *event)
{
    struct schema_field field;

    for (;;) {
        enum etwr_status status = ETWR_OK;

        switch (schema_walk_next(walk, &field)) {
        case SCHEMA_FIELD:
            status = declare(event, &field);
            break;
        case SCHEMA_END:
            break; /* the builder counts members too */
        case SCHEMA_DONE:
            return ETWR_OK;
        case SCHEMA_MALFORMED:
        default:
            return walk->is_too_deep ? ETWR_E_TOO_DEEP : ETWR_E_MALFORMED;
        }
        if (status != ETWR_OK) return status;
    }
}

enum etwr_status schema_rebuild(const void *metadata, size_t size,
                                const struct etwr_descriptor *descriptor, struct etwr_event *event,
                                size_t *error_offset)
{
    struct schema_walk walk;
    enum etwr_status status = schema_walk_open(&walk, metadata, size);

    if (status == ETWR_OK) status = start_event(&walk, descriptor, event);
    if (status == ETWR_OK) status = declare_all(&walk, event);
    if (status != ETWR_OK && error_offset) *error_offset = walk.offset;
    return status;
}

enum etwr_status schema_has_field(const void *metadata, size_t size, const char *name, int *found)
{
    struct schema_walk walk;
    struct schema_field field;
    size_t name_bytes = strlen(name);
    int is_found = 0;
    enum schema_step step;

    if (schema_walk_open(&walk, metadata, size) != ETWR_OK) return ETWR_E_MALFORMED;
    while ((step = schema_walk_next(&walk, &field)) != SCHEMA_DONE) {
        /* A top-level struct is open itself by now: depth 1 after its own declaration. */
        unsigned own_depth = walk.depth;

        if (step == SCHEMA_MALFORMED) return ETWR_E_MALFORMED;
        if (step == SCHEMA_END) continue;
        if (schema_field_is_struct(&field)) own_depth--;
        if (own_depth == 0 && field.name_bytes == name_bytes &&
            memcmp(field.name, name, name_bytes) == 0)
            is_found = 1;
    }
    *found = is_found;
    return ETWR_OK;
}
