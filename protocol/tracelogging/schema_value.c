/*
 * Sizes of packed values. Values say nothing about themselves but their lengths: a count in front,
 * a NUL behind, or, in a SID, the number of its sub-authorities.
 */
#include "protocol/tracelogging/schema_value.h"

#include "protocol/tracelogging/packed.h"

static struct etwr_bytes read_sized(struct reader *reader, size_t size)
{
    struct etwr_bytes value = {read_bytes(reader, size), 0};

    if (value.data) value.size = size;
    return value;
}

struct etwr_bytes schema_read_counted(struct reader *reader)
{
    return read_sized(reader, read_u16(reader));
}

static struct etwr_bytes read_zstr8(struct reader *reader)
{
    struct etwr_bytes value = {NULL, 0};

    value.data = read_zstring(reader, &value.size);
    if (!value.data) value.size = 0;
    return value;
}

static struct etwr_bytes read_zstr16(struct reader *reader)
{
    struct etwr_bytes value = {reader->at, 0};
    const uint8_t *unit;

    while ((unit = read_bytes(reader, 2)) != NULL && (unit[0] | unit[1]) != 0)
        value.size += 2;
    if (!unit) value.size = 0;
    return value;
}

/* A SID tells its size in its second byte; 15 is the most that Windows knows. */
static struct etwr_bytes read_sid(struct reader *reader)
{
    struct reader ahead = *reader;
    size_t subauthorities;

    read_u8(&ahead);
    subauthorities = read_u8(&ahead);
    if (ahead.failed || subauthorities > SID_SUBAUTHORITIES_MAX) reader->failed = true;
    return read_sized(reader, SID_HEADER_BYTES + subauthorities * SID_SUBAUTHORITY_BYTES);
}

struct etwr_bytes schema_read_value(struct reader *reader, uint8_t base)
{
    switch (base) {
    case ETWR_IN_ZSTR16:
        return read_zstr16(reader);
    case ETWR_IN_ZSTR8:
        return read_zstr8(reader);
    case ETWR_IN_STR16:
    case ETWR_IN_STR8:
    case ETWR_IN_BINARY:
    case ETWR_IN_CBINARY:
        return schema_read_counted(reader);
    case ETWR_IN_SID:
        return read_sid(reader);
    default:
        return read_sized(reader, packed_fixed_bytes(base));
    }
}
