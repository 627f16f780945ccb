/*
 * A program's own clock_gettime() comes before the C library's for the libraries that it loads: so
 * libuv's loops and timers see this clock. The program's own calls are wrapped by the linker, since
 * they get the wall clock, too, which libraries must not: libFuzzer times its inputs by it.
 */
#include "tests/fuzz/fake_clock.h"

#include <stdbool.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define START_S      1000
#define WALL_START_S INT64_C(1795500000) /* November 2026 */

static bool is_fake;
static uint64_t elapsed_ms;
static int64_t wall_ms;

static void set(struct timespec *time, int64_t ms)
{
    time->tv_sec = (time_t)(ms / 1000);
    time->tv_nsec = (long)(ms % 1000) * 1000000;
}

int __wrap_clock_gettime(clockid_t clock, struct timespec *time);
int __wrap_clock_gettime(clockid_t clock, struct timespec *time)
{
    if (!is_fake) return (int)syscall(SYS_clock_gettime, clock, time);
    if (clock == CLOCK_REALTIME) {
        set(time, WALL_START_S * 1000 + wall_ms);
    } else {
        set(time, START_S * 1000 + (int64_t)elapsed_ms);
    }
    return 0;
}

int clock_gettime(clockid_t clock, struct timespec *time)
{
    if (clock == CLOCK_REALTIME) return (int)syscall(SYS_clock_gettime, clock, time);
    return __wrap_clock_gettime(clock, time);
}

void fake_clock_start(void)
{
    is_fake = true;
    elapsed_ms = 0;
    wall_ms = 0;
}

void fake_clock_stop(void)
{
    is_fake = false;
}

void fake_clock_advance_ms(uint64_t ms)
{
    elapsed_ms += ms;
    wall_ms += (int64_t)ms;
}

void fake_clock_set_wall_ms(int64_t ms)
{
    wall_ms = ms;
}
