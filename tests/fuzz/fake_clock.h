/*
 * Time that stands still until somebody moves it on: for the whole program, event loops included.
 * Between fake_clock_start() and fake_clock_stop() our own code is told this time; libraries are
 * told its monotonic clock and the real wall clock.
 */
#ifndef ETWRELAY_TESTS_FUZZ_FAKE_CLOCK_H
#define ETWRELAY_TESTS_FUZZ_FAKE_CLOCK_H

#include <stdint.h>

void fake_clock_start(void);
void fake_clock_stop(void);
void fake_clock_advance_ms(uint64_t ms);
/* The wall clock alone, either way. */
void fake_clock_set_wall_ms(int64_t ms);

#endif
