/*
 * Unicode simple upper-casing: one code point to one, as Windows and .NET case provider names.
 */
#ifndef ETWRELAY_UPCASE_H
#define ETWRELAY_UPCASE_H

#include <stdint.h>

/* The upper-case form of a code point, or the code point itself where there is none. */
uint32_t upcase(uint32_t code_point);

#endif
