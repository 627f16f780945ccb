/*
 * Provider traits: u16 size of all, the name and its NUL, then traits of {u16 own size, u8 type,
 * data}. Only the group is of interest; types that are not known here are passed over.
 */
#include "protocol/tracelogging/decode_record.h"

#include <string.h>

#define TRAIT_HEADER_BYTES 3
#define TRAIT_GROUP        1

static void read_trait(struct reader *reader, struct traits *traits)
{
    uint16_t size = read_u16(reader);
    uint8_t type = read_u8(reader);
    const uint8_t *data;

    if (size < TRAIT_HEADER_BYTES) reader->failed = true;
    data = reader->failed ? NULL : read_bytes(reader, (size_t)size - TRAIT_HEADER_BYTES);
    if (!data || type != TRAIT_GROUP) return;
    if (size - TRAIT_HEADER_BYTES != (int)sizeof traits->group.bytes) {
        reader->failed = true;
        return;
    }
    memcpy(traits->group.bytes, data, sizeof traits->group.bytes);
    traits->has_group = true;
}

static enum etwr_status read_traits(struct traits *traits, struct etwr_bytes bytes)
{
    struct reader reader;

    memset(traits, 0, sizeof *traits);
    if (bytes.size == 0) return ETWR_OK;
    reader_init(&reader, bytes.data, bytes.size);
    if (read_u16(&reader) != bytes.size) return ETWR_E_MALFORMED;
    traits->name.data = read_zstring(&reader, &traits->name.size);
    while (!reader.failed && reader_left(&reader) > 0)
        read_trait(&reader, traits);
    return reader_finish(&reader) ? ETWR_OK : ETWR_E_MALFORMED;
}

const char *record_open(const struct trace_record *record, struct traits *traits,
                        struct shape *shape)
{
    shape->count = 0;
    if (read_traits(traits, record->traits) != ETWR_OK) return "the provider traits are malformed";
    if (record->metadata.size == 0) return NULL;
    if (shape_read(shape, record->metadata) != ETWR_OK) return "the event metadata is malformed";
    return NULL;
}

bool traits_name_gives(const struct traits *traits, const struct etwr_guid *id)
{
    struct etwr_guid hash;

    if (!traits->name.data || etwr_provider_id_from_name(traits->name.data, &hash) != ETWR_OK)
        return false;
    return memcmp(hash.bytes, id->bytes, sizeof hash.bytes) == 0;
}

size_t shape_own_count(const struct shape *shape)
{
    const struct schema_field *field;
    size_t last = 0;

    for (size_t i = 0; i < shape->count; i = shape->ends[i])
        last = i;
    if (shape->count == 0) return 0;
    field = &shape->fields[last];
    if (field->in != ETWR_IN_STRUCT || field->name_bytes != strlen(ORIGIN_FIELD_NAME) ||
        memcmp(field->name, ORIGIN_FIELD_NAME, field->name_bytes) != 0)
        return shape->count;
    return last;
}

const struct etwr_guid *guid_or_none(const struct etwr_guid *id)
{
    static const struct etwr_guid zeros;

    if (!id || memcmp(id->bytes, zeros.bytes, sizeof zeros.bytes) == 0) return NULL;
    return id;
}
