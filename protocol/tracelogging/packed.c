/*
 * Packed values, walked by type. The cost is linear in the bytes: each element takes at least one.
 */
#include "protocol/tracelogging/packed.h"

#include <etwrelay/types.h>

#define SID_FIXED_BYTES         8
#define SID_SUB_AUTHORITIES_AT  1
#define SID_SUB_AUTHORITIES_MAX 15
#define SID_SUB_AUTHORITY_BYTES 4

/* By base in type: bytes of a value, 0 when they vary. */
static const uint8_t FIXED_BYTES[ETWR_IN_TYPE_MASK + 1] = {
    [ETWR_IN_INT8] = 1,     [ETWR_IN_UINT8] = 1,       [ETWR_IN_INT16] = 2,
    [ETWR_IN_UINT16] = 2,   [ETWR_IN_INT32] = 4,       [ETWR_IN_UINT32] = 4,
    [ETWR_IN_INT64] = 8,    [ETWR_IN_UINT64] = 8,      [ETWR_IN_FLOAT32] = 4,
    [ETWR_IN_FLOAT64] = 8,  [ETWR_IN_BOOL32] = 4,      [ETWR_IN_GUID] = 16,
    [ETWR_IN_FILETIME] = 8, [ETWR_IN_SYSTEMTIME] = 16, [ETWR_IN_HEXINT32] = 4,
    [ETWR_IN_HEXINT64] = 8,
};

bool packed_is_type(unsigned in)
{
    unsigned array = in & ETWR_IN_ARRAY_MASK;
    if (in > (ETWR_IN_ARRAY_MASK | ETWR_IN_TYPE_MASK) || array == ETWR_IN_CUSTOM) return false;
    switch (in & ETWR_IN_TYPE_MASK) {
    case ETWR_IN_ZSTR16:
    case ETWR_IN_ZSTR8:
    case ETWR_IN_SID:
    case ETWR_IN_STR16:
    case ETWR_IN_STR8:
    case ETWR_IN_CBINARY:
        return true;
    case ETWR_IN_BINARY:
        return array == 0;
    default:
        return packed_fixed_bytes(in) != 0;
    }
}

size_t packed_fixed_bytes(unsigned in)
{
    return FIXED_BYTES[in & ETWR_IN_TYPE_MASK];
}

static void skip_zstr16(struct reader *reader)
{
    while (!reader->failed && read_u16(reader) != 0)
        continue;
}

static void skip_counted(struct reader *reader, unsigned unit_bytes)
{
    size_t size = read_u16(reader);
    if (size % unit_bytes != 0) reader->failed = true;
    read_bytes(reader, size);
}

static void skip_sid(struct reader *reader)
{
    const uint8_t *start = read_bytes(reader, SID_FIXED_BYTES);
    if (start == NULL) return;
    size_t count = start[SID_SUB_AUTHORITIES_AT];
    if (count > SID_SUB_AUTHORITIES_MAX) reader->failed = true;
    read_bytes(reader, count * SID_SUB_AUTHORITY_BYTES);
}

static void skip_varying(struct reader *reader, unsigned in)
{
    size_t length;
    switch (in & ETWR_IN_TYPE_MASK) {
    case ETWR_IN_ZSTR16:
        skip_zstr16(reader);
        return;
    case ETWR_IN_ZSTR8:
        read_zstring(reader, &length);
        return;
    case ETWR_IN_STR16:
        skip_counted(reader, 2);
        return;
    case ETWR_IN_STR8:
    case ETWR_IN_BINARY:
    case ETWR_IN_CBINARY:
        skip_counted(reader, 1);
        return;
    case ETWR_IN_SID:
        skip_sid(reader);
        return;
    default:
        reader->failed = true;
    }
}

void packed_skip(struct reader *reader, unsigned in, size_t count)
{
    size_t elements = 1;
    if ((in & ETWR_IN_ARRAY_MASK) == ETWR_IN_SEQUENCE)
        elements = read_u16(reader);
    else if ((in & ETWR_IN_ARRAY_MASK) == ETWR_IN_CONSTANT_ARRAY)
        elements = count;
    size_t each = packed_fixed_bytes(in);
    if (each != 0) {
        read_bytes(reader, elements * each);
        return;
    }
    for (; elements > 0 && !reader->failed; elements--)
        skip_varying(reader, in);
}

bool packed_is_sid(const void *data, size_t size)
{
    struct reader reader;
    reader_init(&reader, data, size);
    skip_sid(&reader);
    return reader_finish(&reader);
}
