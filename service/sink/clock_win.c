/*
 * Wall clock and time of boot on Windows.
 */
#include "service/sink/clock.h"

#include <windows.h>

#define UNITS_PER_MS 10000u

uint64_t sink_clock_now(void)
{
    FILETIME now;
    GetSystemTimePreciseAsFileTime(&now);
    return (uint64_t)now.dwHighDateTime << 32 | now.dwLowDateTime;
}

/* The tick count goes on while the machine sleeps, as the wall clock does. */
uint64_t sink_clock_boot(void)
{
    return sink_clock_now() - GetTickCount64() * UNITS_PER_MS;
}
