/*
 * See report.h. Sinks fail a thousand times a second when a disk is full; an operator wants to read
 * it once.
 */
#include "service/sink/report.h"

#include <stdarg.h>
#include <stdio.h>
#include <uv.h>

#define QUIET_NS (60u * UINT64_C(1000000000))

void sink_report_init(struct sink_report *report, const struct sink *sink)
{
    report->sink = sink;
    for (size_t i = 0; i < ETWR_REASON_DROP_COUNT; i++)
        atomic_init(&report->quiet_until[i], 0);
}

void sink_report(struct sink_report *report, enum etwr_reason cause, const char *format, ...)
{
    const struct sink_callbacks *callbacks = &report->sink->callbacks;
    uint64_t now = uv_hrtime();
    uint64_t until = atomic_load(&report->quiet_until[cause]);
    if (now < until) return;
    /* Of several threads that come here at once, one speaks. */
    if (!atomic_compare_exchange_strong(&report->quiet_until[cause], &until, now + QUIET_NS))
        return;

    char message[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    callbacks->on_error(callbacks->context, report->sink, cause, message);
}
