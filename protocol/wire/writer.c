/*
 * Bytes for the other side, written: the pen's slower half. As with the cursor, a failure sticks:
 * put a whole frame, then look at `failed` once.
 */
#include "protocol/wire/writer.h"

void put_zeros(struct writer *writer, size_t size)
{
    uint8_t *room = put_room(writer, size);

    if (room) memset(room, 0, size);
}

void put_text(struct writer *writer, struct etwr_bytes text, size_t max_bytes)
{
    if (text.size > max_bytes || text.size > UINT16_MAX) {
        writer->failed = true;
        return;
    }
    put_u16(writer, (uint16_t)text.size);
    put_bytes(writer, text.data, text.size);
}
