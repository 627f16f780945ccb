/*
 * SIDs (MS-DTYP 2.4.2): u8 revision, u8 count, 6 bytes of authority (big-endian, alone in all of
 * this), u32 sub-authorities.
 */
#include "protocol/tracelogging/format_sid.h"

#include "protocol/tracelogging/schema_value.h"

#define AUTHORITY_BYTES 6

void text_put_sid(struct text *text, struct etwr_bytes sid)
{
    struct reader reader;
    uint64_t authority = 0;
    uint8_t revision, count;

    reader_init(&reader, sid.data, sid.size);
    revision = read_u8(&reader);
    count = read_u8(&reader);
    for (int i = 0; i < AUTHORITY_BYTES; i++)
        authority = authority << 8 | read_u8(&reader);
    text_put_string(text, "S-");
    text_put_u64(text, revision);
    text_put_char(text, '-');
    if (authority > UINT32_MAX) {
        text_put_hex_u64(text, authority);
    } else {
        text_put_u64(text, authority);
    }
    for (; count > 0 && reader_left(&reader) > 0 && !reader.failed; count--) {
        text_put_char(text, '-');
        text_put_u64(text, read_u32(&reader));
    }
}

bool sid_is_exact(struct etwr_bytes sid)
{
    const uint8_t *bytes = sid.data;

    return sid.size > 0 && bytes[0] == SID_REVISION;
}
