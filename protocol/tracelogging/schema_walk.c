/*
 * The one reader of event metadata. It is handed bytes that any local program may have made up.
 *
 * A struct's members are not bracketed in the bytes: the struct says how many fields after it are
 * its own. So the walk keeps the counts of all open structs, and an end of a struct is a step which
 * stands nowhere in the metadata.
 */
#include "protocol/tracelogging/schema_walk.h"

#include <string.h>

#include "protocol/tracelogging/packed.h"

#define CHAINED             0x80u /* another byte of the same item follows */
#define TAG_BYTES_MAX       4
#define METADATA_SIZE_BYTES 2

/*
 * Tags are 28 bits, seven a byte, highest first; the bytes left out at the end are zeros. Bytes
 * beyond the fourth could only hold bits that no tag has.
 */
static uint32_t read_tag(struct reader *reader)
{
    uint32_t tag = 0;
    unsigned shift = 28;

    for (;;) {
        uint8_t byte = read_u8(reader);

        if (shift > 0) {
            shift -= 7;
            tag |= (uint32_t)(byte & ~CHAINED & 0xFFu) << shift;
        } else if ((byte & ~CHAINED & 0xFFu) != 0) {
            reader->failed = true;
        }
        if (reader->failed || !(byte & CHAINED)) return tag;
    }
}

enum etwr_status schema_walk_open(struct schema_walk *walk, const void *metadata, size_t size)
{
    memset(walk, 0, sizeof *walk);
    walk->start = metadata;
    reader_init(&walk->reader, metadata, size);
    if (read_u16(&walk->reader) != size || walk->reader.failed) return ETWR_E_MALFORMED;
    walk->offset = METADATA_SIZE_BYTES;
    walk->tag = read_tag(&walk->reader);
    walk->name = read_zstring(&walk->reader, &walk->name_bytes);
    return walk->name ? ETWR_OK : ETWR_E_MALFORMED;
}

/* Does the type exist in this form? Custom fields' low bits may be anything. */
static bool is_type(const struct schema_field *field)
{
    return schema_field_is_custom(field) || schema_field_is_struct(field) ||
           packed_is_type(field->in);
}

static bool read_field(struct reader *reader, struct schema_field *field)
{
    uint8_t out = 0;

    field->name = read_zstring(reader, &field->name_bytes);
    field->in = read_u8(reader);
    if (field->in & CHAINED) out = read_u8(reader);
    if (out & CHAINED) field->tag = read_tag(reader);
    field->in &= (uint8_t)~CHAINED;
    field->out = out & (uint8_t)~CHAINED;
    if (reader->failed || !is_type(field)) return false;
    if (schema_field_is_struct(field)) {
        field->members = field->out;
        field->out = 0;
        if (field->members == 0) return false;
    }
    if ((field->in & ETWR_IN_ARRAY_MASK) == ETWR_IN_CONSTANT_ARRAY) {
        field->count = read_u16(reader);
        if (field->count == 0) return false; /* takes no bytes: an array of such never ends */
    }
    if (schema_field_is_custom(field)) {
        field->type_info.size = read_u16(reader);
        field->type_info.data = read_bytes(reader, field->type_info.size);
    }
    return !reader->failed;
}

/* One field more in the innermost struct, and one struct more when it is one itself. */
static bool enter_field(struct schema_walk *walk, const struct schema_field *field)
{
    if (walk->depth > 0) walk->members_left[walk->depth - 1]--;
    if (!schema_field_is_struct(field)) return true;
    if (walk->depth == SCHEMA_DEPTH_MAX) return false;
    if (walk->array_depth > 0 || field->in != ETWR_IN_STRUCT) walk->array_depth++;
    walk->is_too_deep = walk->array_depth > ETWR_ARRAY_DEPTH_MAX;
    if (walk->is_too_deep) return false;
    walk->members_left[walk->depth++] = field->members;
    return true;
}

enum schema_step schema_walk_next(struct schema_walk *walk, struct schema_field *field)
{
    if (walk->depth > 0 && walk->members_left[walk->depth - 1] == 0) {
        walk->depth--;
        if (walk->array_depth > 0) walk->array_depth--;
        return SCHEMA_END;
    }
    if (walk->reader.failed) return SCHEMA_MALFORMED;
    walk->offset = (size_t)(walk->reader.at - walk->start);
    if (reader_left(&walk->reader) == 0) return walk->depth > 0 ? SCHEMA_MALFORMED : SCHEMA_DONE;
    memset(field, 0, sizeof *field);
    field->offset = walk->offset;
    if (!read_field(&walk->reader, field) || !enter_field(walk, field)) {
        walk->reader.failed = true;
        return SCHEMA_MALFORMED;
    }
    return SCHEMA_FIELD;
}
