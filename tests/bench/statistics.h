/* Clocks and medians for the benchmarks. */
#ifndef ETWRELAY_BENCH_STATISTICS_H
#define ETWRELAY_BENCH_STATISTICS_H

#include <stddef.h>
#include <stdint.h>

/* Monotonic nanoseconds. */
uint64_t bench_now_ns(void);

/* Sorts `numbers` in place; then they are to be had with bench_percentile(). */
void bench_sort(double *numbers, size_t count);

/* Of sorted numbers; `percent` from 0 (the least) to 100. */
double bench_percentile(const double *sorted, size_t count, unsigned percent);

#endif
