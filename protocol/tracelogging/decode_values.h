/*
 * Numbers out of the bytes of one value.
 */
#ifndef ETWRELAY_DECODE_VALUES_H
#define ETWRELAY_DECODE_VALUES_H

#include <stdbool.h>

#include <etwrelay/types.h>

/* Little-endian, 1 to 8 bytes; 0 when there are none. */
uint64_t value_unsigned(struct etwr_bytes value);
int64_t value_signed(struct etwr_bytes value);
float value_float32(struct etwr_bytes value);
double value_float64(struct etwr_bytes value);
struct etwr_guid value_guid(struct etwr_bytes value);

/* Of base types that are integers (bool32 and filetime are none here). */
bool base_is_signed(uint8_t base);
bool base_is_unsigned(uint8_t base); /* hexint32 and hexint64 too */
bool base_is_string(uint8_t base);

#endif
