/* The Event Log: one entry a call, its text as the one insertion of a message that is nothing else.
 */
#include "service/host/event_log_win.h"

#include <stdlib.h>
#include <windows.h>

#include "windows/wide.h"

#define SEVERITY_SHIFT 30 /* of a message's number: 1 information, 2 warning, 3 error */

static WORD type_of(enum event_log_entry entry)
{
    switch (entry) {
    case EVENT_LOG_STARTED:
    case EVENT_LOG_STOPPED:
        return EVENTLOG_INFORMATION_TYPE;
    case EVENT_LOG_WARNING:
        return EVENTLOG_WARNING_TYPE;
    default:
        return EVENTLOG_ERROR_TYPE;
    }
}

static DWORD severity_of(WORD type)
{
    if (type == EVENTLOG_ERROR_TYPE) return 3;
    return type == EVENTLOG_WARNING_TYPE ? 2 : 1;
}

void event_log_write(enum event_log_entry entry, const char *text)
{
    WORD type = type_of(entry);
    wchar_t *wide = wide_from_utf8(text);
    HANDLE log = wide == NULL ? NULL : RegisterEventSourceW(NULL, EVENT_LOG_SOURCE);
    if (log != NULL) {
        const wchar_t *insertions[] = {wide};
        ReportEventW(log, type, 0, severity_of(type) << SEVERITY_SHIFT | (DWORD)entry, NULL, 1, 0,
                     insertions, NULL);
        DeregisterEventSource(log);
    }
    free(wide);
}

void event_log_on_line(enum log_level level, const char *text)
{
    if (level == LOG_LEVEL_ERROR) event_log_write(EVENT_LOG_ERROR, text);
    if (level == LOG_LEVEL_WARNING) event_log_write(EVENT_LOG_WARNING, text);
}
