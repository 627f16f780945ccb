/*
 * The form of the file that remembers, across a crash, how the service stood.
 *
 * Two slots of STATE_SLOT_BYTES; each newer record goes over the older of the two, so that a write
 * that was cut short costs a second of counting and never both records. A slot, little-endian:
 *
 *     offset  bytes
 *          0      8  "ETWRSTA1"
 *          8      8  generation, from 1; record n lies in slot n & 1
 *         16      4  flags: 1 the service has ended as it should
 *         20      4  its process id
 *         24      8  when it was started, in 100 ns since 1601 UTC
 *         32      8  when these counters were read
 *         40     48  clients, accepted, written, not_enabled, dropped, pending
 *         88     36  zeros
 *        124      4  CRC-32 of the bytes before it
 *
 * Pure: bytes in, bytes out. The file may hold anything.
 */
#ifndef ETWRELAY_STATE_FILE_H
#define ETWRELAY_STATE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "service/status_totals.h"

#define STATE_SLOT_BYTES 128
#define STATE_SLOTS      2
#define STATE_FILE_BYTES (STATE_SLOTS * STATE_SLOT_BYTES)

struct state_record {
    uint64_t generation;
    bool is_clean; /* the service has ended as it should */
    uint32_t pid;
    uint64_t started, counted; /* FILETIME */
    struct status_totals totals;
};

enum state_verdict {
    STATE_EMPTY,   /* nothing was ever written */
    STATE_GOOD,    /* there is a record; another one may be damaged */
    STATE_DAMAGED, /* a file of ours without a record that holds */
    STATE_FOREIGN  /* no file of ours: leave it alone */
};

/* Where in the file the record with this generation belongs. */
size_t state_file_offset(uint64_t generation);

void state_file_put(const struct state_record *record, uint8_t slot[STATE_SLOT_BYTES]);

/* What a file's bytes say; give one byte more than STATE_FILE_BYTES where there are more. *newest
 * is written with STATE_GOOD only. */
enum state_verdict state_file_read(const void *bytes, size_t size, struct state_record *newest);

#endif
