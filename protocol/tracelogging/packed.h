/*
 * Packed values: what bytes one value, or one array, of a TraceLogging type takes.
 */
#ifndef ETWRELAY_PACKED_H
#define ETWRELAY_PACKED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol/wire/reader.h"

/* Can a field have this in type, array flags included? Not structs and custom fields; `binary` is
 * never an array. */
bool packed_is_type(unsigned in);

/* Bytes of one element of a type whose values are all of one size; 0 for the others. */
size_t packed_fixed_bytes(unsigned in);

/* Pass over one value of such a type, an array whole; `count` is a constant array's. The reader
 * fails when there is none. */
void packed_skip(struct reader *reader, unsigned in, size_t count);

/* Is this a security identifier, to the byte: 8 bytes and 4 for each of its at most 15
 * sub-authorities? */
bool packed_is_sid(const void *data, size_t size);

#endif
