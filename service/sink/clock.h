/*
 * The two times that the file sinks need, as FILETIMEs: 100 ns since 1601-01-01 UTC. Tests put a
 * clock of their own here.
 */
#ifndef ETWRELAY_SINK_CLOCK_H
#define ETWRELAY_SINK_CLOCK_H

#include <stdint.h>

/* Now; a system clock that is set makes it jump. */
uint64_t sink_clock_now(void);

/* When the machine started, to about a second. */
uint64_t sink_clock_boot(void);

#endif
