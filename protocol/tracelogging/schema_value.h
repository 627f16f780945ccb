/*
 * Where one packed value ends: the sizes of the in types, for the value check and for decoding
 * alike.
 */
#ifndef ETWRELAY_SCHEMA_VALUE_H
#define ETWRELAY_SCHEMA_VALUE_H

#include <etwrelay/types.h>

#include "protocol/wire/reader.h"

#define SID_HEADER_BYTES       8
#define SID_SUBAUTHORITY_BYTES 4
#define SID_SUBAUTHORITIES_MAX 15
#define SID_REVISION           1

/*
 * Read one value of a base type that is not a struct: its bytes in place, without the size in front
 * or the NUL behind. The cursor fails when they are not all there, or when a SID has more
 * sub-authorities than there can be. What the bytes mean is not looked at: text may be no text,
 * counted UTF-16 may end in half a unit, a SID may have any revision.
 */
struct etwr_bytes schema_read_value(struct reader *reader, uint8_t base);

/* Read a u16 byte count and so many bytes: counted values, and the value of a custom field. */
struct etwr_bytes schema_read_counted(struct reader *reader);

#endif
