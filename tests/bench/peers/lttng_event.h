/* The reference event as LTTng-UST declares it. Read several times by LTTng's own macros. */
#undef LTTNG_UST_TRACEPOINT_PROVIDER
#define LTTNG_UST_TRACEPOINT_PROVIDER relay_bench

#undef LTTNG_UST_TRACEPOINT_INCLUDE
#define LTTNG_UST_TRACEPOINT_INCLUDE "./lttng_event.h"

#if !defined(ETWRELAY_BENCH_LTTNG_EVENT_H) || defined(LTTNG_UST_TRACEPOINT_HEADER_MULTI_READ)
#define ETWRELAY_BENCH_LTTNG_EVENT_H

#include <lttng/tracepoint.h>
#include <stdint.h>

LTTNG_UST_TRACEPOINT_EVENT(
    relay_bench, request_done,
    LTTNG_UST_TP_ARGS(uint32_t, status, uint64_t, bytes, double, ms, const char *, path,
                      const uint8_t *, request, int, ok),
    LTTNG_UST_TP_FIELDS(lttng_ust_field_integer(uint32_t, status, status)
                            lttng_ust_field_integer(uint64_t, bytes, bytes)
                                lttng_ust_field_float(double, ms, ms)
                                    lttng_ust_field_string(path, path)
                                        lttng_ust_field_array(uint8_t, request, request, 16)
                                            lttng_ust_field_integer(int, ok, ok)))

#endif

#include <lttng/tracepoint-event.h>
