/*
 * What a sink tells the operator: each cause at most once a minute, however often it fails.
 */
#ifndef ETWRELAY_SINK_REPORT_H
#define ETWRELAY_SINK_REPORT_H

#include <stdatomic.h>

#include "service/sink/sink.h"

struct sink_report {
    const struct sink *sink;                              /* borrowed */
    _Atomic uint64_t quiet_until[ETWR_REASON_DROP_COUNT]; /* by cause; nanoseconds of uv_hrtime() */
};

void sink_report_init(struct sink_report *report, const struct sink *sink);

/* Tell it, unless this cause was told within the last minute. Threads: any, several at once. */
void sink_report(struct sink_report *report, enum etwr_reason cause, const char *format, ...);

#endif
