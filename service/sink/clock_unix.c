/*
 * Wall clock and time of boot on POSIX systems.
 */
#include "service/sink/clock.h"

#include <time.h>
#include <uv.h>

#define FILETIME_OF_UNIX_EPOCH 116444736000000000u
#define UNITS_PER_SECOND       10000000u

uint64_t sink_clock_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return FILETIME_OF_UNIX_EPOCH + (uint64_t)now.tv_sec * UNITS_PER_SECOND +
           (uint64_t)now.tv_nsec / 100;
}

uint64_t sink_clock_boot(void)
{
    double uptime;
    uint64_t now = sink_clock_now();
    if (uv_uptime(&uptime) != 0 || uptime < 0) return now;
    return now - (uint64_t)(uptime * UNITS_PER_SECOND);
}
