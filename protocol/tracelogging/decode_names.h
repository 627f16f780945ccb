/*
 * What in types, out types and levels are called in decoded text (tests/vectors/README.md).
 */
#ifndef ETWRELAY_DECODE_NAMES_H
#define ETWRELAY_DECODE_NAMES_H

#include <etwrelay/types.h>

/* Of a base type without array flags; "" for what is none. Pointers are 64-bit integers here. */
const char *name_of_in(uint8_t base);

/* NULL for an out type that has no name. */
const char *name_of_out(uint8_t out);

/* "critical" to "verbose"; NULL for levels above and for 0. */
const char *name_of_level(uint8_t level);

#endif
