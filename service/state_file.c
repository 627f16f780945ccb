/* The state file's bytes: see the header. A slot counts when all of it holds; which of two is the
 * newer is said by their generations, not by their places or times. */
#include "service/state_file.h"

#include <string.h>

#include "protocol/wire/reader.h"
#include "protocol/wire/writer.h"

#define MAGIC       "ETWRSTA1"
#define MAGIC_BYTES 8
#define FLAG_CLEAN  1u
#define CRC_BYTES   4
#define SPARE_BYTES 36
#define POLYNOMIAL  0xEDB88320u

_Static_assert(MAGIC_BYTES + 8 + 4 + 4 + 2 * 8 + 6 * 8 + SPARE_BYTES + CRC_BYTES ==
                   STATE_SLOT_BYTES,
               "a slot's fields fill it");

/* CRC-32 as in zlib and Ethernet; 124 bytes a second need no table. */
static uint32_t crc32(const uint8_t *bytes, size_t size)
{
    uint32_t crc = UINT32_MAX;
    for (size_t i = 0; i < size; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (POLYNOMIAL & (0u - (crc & 1u)));
    }
    return ~crc;
}

size_t state_file_offset(uint64_t generation)
{
    return (size_t)(generation % STATE_SLOTS) * STATE_SLOT_BYTES;
}

void state_file_put(const struct state_record *record, uint8_t slot[STATE_SLOT_BYTES])
{
    struct writer writer;
    writer_init(&writer, slot, STATE_SLOT_BYTES);
    put_bytes(&writer, MAGIC, MAGIC_BYTES);
    put_u64(&writer, record->generation);
    put_u32(&writer, record->is_clean ? FLAG_CLEAN : 0);
    put_u32(&writer, record->pid);
    put_u64(&writer, record->started);
    put_u64(&writer, record->counted);
    put_u64(&writer, record->totals.clients);
    put_u64(&writer, record->totals.accepted);
    put_u64(&writer, record->totals.written);
    put_u64(&writer, record->totals.not_enabled);
    put_u64(&writer, record->totals.dropped);
    put_u64(&writer, record->totals.pending);
    put_zeros(&writer, SPARE_BYTES);
    put_u32(&writer, crc32(slot, STATE_SLOT_BYTES - CRC_BYTES));
}

enum slot_verdict { SLOT_EMPTY, SLOT_GOOD, SLOT_DAMAGED, SLOT_FOREIGN };

static bool is_zero(const uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (bytes[i] != 0) return false;
    return true;
}

/* Why a slot does not hold. Its magic may be what is damaged; then the file's other slot shows
 * whose it is. */
static enum slot_verdict judge(const uint8_t *bytes, size_t size)
{
    if (is_zero(bytes, size)) return SLOT_EMPTY;
    size_t compared = size < MAGIC_BYTES ? size : MAGIC_BYTES;
    return memcmp(bytes, MAGIC, compared) == 0 ? SLOT_DAMAGED : SLOT_FOREIGN;
}

static void read_totals(struct reader *reader, struct status_totals *totals)
{
    totals->clients = read_u64(reader);
    totals->accepted = read_u64(reader);
    totals->written = read_u64(reader);
    totals->not_enabled = read_u64(reader);
    totals->dropped = read_u64(reader);
    totals->pending = read_u64(reader);
}

static enum slot_verdict read_slot(const uint8_t *bytes, size_t size, size_t index,
                                   struct state_record *record)
{
    struct reader reader;
    reader_init(&reader, bytes, size);
    const uint8_t *magic = read_bytes(&reader, MAGIC_BYTES);
    record->generation = read_u64(&reader);
    record->is_clean = (read_u32(&reader) & FLAG_CLEAN) != 0;
    record->pid = read_u32(&reader);
    record->started = read_u64(&reader);
    record->counted = read_u64(&reader);
    read_totals(&reader, &record->totals);
    (void)read_bytes(&reader, SPARE_BYTES); /* a later version's */
    uint32_t crc = read_u32(&reader);
    if (!reader_finish(&reader) || memcmp(magic, MAGIC, MAGIC_BYTES) != 0 ||
        crc != crc32(bytes, STATE_SLOT_BYTES - CRC_BYTES) ||
        state_file_offset(record->generation) != index * STATE_SLOT_BYTES)
        return judge(bytes, size);
    return SLOT_GOOD;
}

enum state_verdict state_file_read(const void *bytes, size_t size, struct state_record *newest)
{
    struct reader file;
    unsigned counts[SLOT_FOREIGN + 1] = {0};
    if (size > STATE_FILE_BYTES) return STATE_FOREIGN;
    reader_init(&file, bytes, size);
    for (size_t i = 0; i < STATE_SLOTS; i++) {
        struct state_record record;
        size_t left = reader_left(&file);
        size_t slot_size = left < STATE_SLOT_BYTES ? left : STATE_SLOT_BYTES;
        const uint8_t *slot = read_bytes(&file, slot_size);
        enum slot_verdict verdict = read_slot(slot, slot_size, i, &record);
        bool is_newer = counts[SLOT_GOOD] == 0 || record.generation > newest->generation;
        if (verdict == SLOT_GOOD && is_newer) *newest = record;
        counts[verdict]++;
    }
    if (counts[SLOT_GOOD] > 0) return STATE_GOOD;
    if (counts[SLOT_DAMAGED] > 0) return STATE_DAMAGED;
    return counts[SLOT_FOREIGN] > 0 ? STATE_FOREIGN : STATE_EMPTY;
}
