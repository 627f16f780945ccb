/* The Event Log: one entry a call, its text as the one insertion of a message that is nothing else.
 */
#include "service/host/event_log_win.h"

#include <stdlib.h>
#include <wchar.h>
#include <windows.h>

#include "windows/wide.h"

#define SEVERITY_SHIFT    30    /* of a message's number: 1 information, 2 warning, 3 error */
#define CHARACTERS_MAX    31000 /* the system refuses an entry of 31,839, instead of cutting it */
#define WORST_CASE_GROWTH 2     /* of make_plain() */

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

/* As one entry takes it: not too long, and without "%1", in whose place a viewer would put the
 * whole text again. The caller frees it. */
static wchar_t *make_plain(const char *text)
{
    wchar_t *wide = wide_from_utf8(text);
    size_t size = wide == NULL ? 0 : wcslen(wide);
    wchar_t *plain = calloc(size * WORST_CASE_GROWTH + 1, sizeof *plain);
    size_t used = 0;
    for (size_t i = 0; plain != NULL && i < size; i++) {
        plain[used++] = wide[i];
        if (wide[i] == L'%') plain[used++] = L' ';
    }
    if (plain != NULL && used > CHARACTERS_MAX) plain[CHARACTERS_MAX] = L'\0';
    free(wide);
    return plain;
}

void event_log_write(enum event_log_entry entry, const char *text)
{
    WORD type = type_of(entry);
    wchar_t *wide = make_plain(text);
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
