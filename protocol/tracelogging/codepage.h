/*
 * Windows-1252, which 8-bit strings are in unless their out type says otherwise.
 */
#ifndef ETWRELAY_CODEPAGE_H
#define ETWRELAY_CODEPAGE_H

#include <stdint.h>

/* Never fails: the five bytes without a character are the C1 controls of the same number, as
 * Windows converts them. */
uint32_t codepage_windows_1252(uint8_t byte);

#endif
