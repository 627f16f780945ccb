/*
 * Windows-1252 is Latin-1 but for 32 places, where Latin-1 has the C1 controls.
 */
#include "protocol/tracelogging/codepage.h"

#define DIFFERENT_FIRST 0x80
#define DIFFERENT_LAST  0x9F

uint32_t codepage_windows_1252(uint8_t byte)
{
    static const uint16_t different[DIFFERENT_LAST - DIFFERENT_FIRST + 1] = {
        0x20AC, 0x0081, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
        0x2039, 0x0152, 0x008D, 0x017D, 0x008F, 0x0090, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
        0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0x009D, 0x017E, 0x0178};

    if (byte < DIFFERENT_FIRST || byte > DIFFERENT_LAST) return byte;
    return different[byte - DIFFERENT_FIRST];
}
