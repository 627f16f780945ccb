/*
 * Writes the reference event through LTTng-UST: bench_lttng EVENTS. Prints the seconds that took.
 * Built by peers.sh with the compiler's own extensions: LTTng's macros need them.
 */
#define LTTNG_UST_TRACEPOINT_CREATE_PROBES
#define LTTNG_UST_TRACEPOINT_DEFINE
#include "lttng_event.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static double now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
    static const uint8_t request[16] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
    unsigned long count = argc > 1 ? strtoul(argv[1], NULL, 10) : 1000000;
    double start = now();

    for (unsigned long i = 0; i < count; i++)
        lttng_ust_tracepoint(relay_bench, request_done, 200, 5120 + i, 1.25,
                             "/api/v1/items/0123456789", request, 1);
    printf("%.6f\n", now() - start);
    return 0;
}
