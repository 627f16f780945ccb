/* Named events that pass requests on to requests_win.h. Both reset themselves: one request each. */
#include "service/host/request_events_win.h"

#include <stdio.h>
#include <windows.h>

#include "service/host/requests_win.h"
#include "service/support/log.h"

#define NAME_CHARACTERS 64

static void CALLBACK on_stop(PVOID context, BOOLEAN is_timeout)
{
    (void)context, (void)is_timeout;
    host_request_stop();
}

static void CALLBACK on_reload(PVOID context, BOOLEAN is_timeout)
{
    (void)context, (void)is_timeout;
    host_request_reload();
}

static void open_event(const char *what, WAITORTIMERCALLBACK callback)
{
    char name[NAME_CHARACTERS];
    wchar_t wide[NAME_CHARACTERS];
    HANDLE wait;
    snprintf(name, sizeof name, "Local\\etwrelayd-%s-%lu", what, GetCurrentProcessId());
    MultiByteToWideChar(CP_UTF8, 0, name, -1, wide, NAME_CHARACTERS);
    HANDLE event = CreateEventW(NULL, FALSE, FALSE, wide);
    DWORD error = GetLastError();
    if (event != NULL && error != ERROR_ALREADY_EXISTS &&
        RegisterWaitForSingleObject(&wait, event, callback, NULL, INFINITE, WT_EXECUTEDEFAULT))
        return;
    log_line(LOG_LEVEL_WARNING, "requests by the event %s are not heard (error %lu)", name, error);
    if (event != NULL) CloseHandle(event);
}

void request_events_open(void)
{
    open_event("stop", on_stop);
    open_event("reload", on_reload);
}
