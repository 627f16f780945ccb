/*
 * A session with a file, because such a one needs no thread that reads while the event is sent.
 *
 * The event's provider is made up for this and used by nobody else, so that one event of its id is
 * the one that was sent.
 */
#include "service/host/trace_probe_win.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>
/* After windows.h. */
#include <evntcons.h>
#include <evntrace.h>

#include <etwrelay/event.h>

#define SESSION_NAME L"etwrelay-verify"
#define PROVIDER     "Relay.Verify"
#define TOOL         L"etwrelay.exe"
#define SEND                                                                                       \
    L"\" send --provider "                                                                         \
    L"" PROVIDER L" --event Probe --level 1 probe:int32=1"
#define SEND_TIMEOUT_MS 15000
#define PATH_CHARACTERS 1024
#define BUFFER_KB       128 /* holds any event */

static const char what[] = "an event sent through the pipe is in an ETW session's file";

struct session {
    TRACEHANDLE handle;
    wchar_t file[PATH_CHARACTERS];
    struct { /* the two texts are written behind the properties */
        EVENT_TRACE_PROPERTIES head;
        wchar_t name[64];
        wchar_t file[PATH_CHARACTERS];
    } properties;
};

static void fill_properties(struct session *session)
{
    EVENT_TRACE_PROPERTIES *head = &session->properties.head;
    memset(&session->properties, 0, sizeof session->properties);
    head->Wnode.BufferSize = sizeof session->properties;
    head->Wnode.Flags = WNODE_FLAG_TRACED_GUID;
    head->Wnode.ClientContext = 1; /* the performance counter */
    head->BufferSize = BUFFER_KB;
    head->LogFileMode = EVENT_TRACE_FILE_MODE_SEQUENTIAL;
    head->LoggerNameOffset =
        (ULONG)((BYTE *)session->properties.name - (BYTE *)&session->properties);
    head->LogFileNameOffset =
        (ULONG)((BYTE *)session->properties.file - (BYTE *)&session->properties);
    memcpy(session->properties.file, session->file,
           (wcslen(session->file) + 1) * sizeof *session->file);
}

static DWORD stop(struct session *session)
{
    fill_properties(session);
    return ControlTraceW(0, SESSION_NAME, &session->properties.head, EVENT_TRACE_CONTROL_STOP);
}

static void find_provider(GUID *id)
{
    struct etwr_guid computed;
    (void)etwr_provider_id_from_name(PROVIDER, &computed);
    memcpy(id, &computed, sizeof *id); /* both as Windows has a GUID in memory */
}

static DWORD start(struct session *session, const GUID *provider)
{
    (void)stop(session); /* one that an earlier run has left */
    fill_properties(session);
    DWORD error = StartTraceW(&session->handle, SESSION_NAME, &session->properties.head);
    if (error != ERROR_SUCCESS) return error;
    error = EnableTraceEx2(session->handle, provider, EVENT_CONTROL_CODE_ENABLE_PROVIDER,
                           TRACE_LEVEL_VERBOSE, 0, 0, 0, NULL);
    if (error != ERROR_SUCCESS) (void)stop(session);
    return error;
}

/* "...\etwrelay.exe" send ..., from this program's own folder. */
static bool make_command(wchar_t command[PATH_CHARACTERS])
{
    command[0] = L'"';
    DWORD size = GetModuleFileNameW(NULL, command + 1, PATH_CHARACTERS - 1);
    wchar_t *name = wcsrchr(command, L'\\');
    if (size == 0 || size >= PATH_CHARACTERS - 1 || name == NULL) return false;
    name[1] = L'\0';
    if (wcslen(command) + wcslen(TOOL SEND) >= PATH_CHARACTERS) return false;
    wcscat(command, TOOL SEND);
    return true;
}

/* False: GetLastError(). *exit_status is the tool's. */
static bool send_event(DWORD *exit_status)
{
    wchar_t command[PATH_CHARACTERS];
    STARTUPINFOW startup = {.cb = sizeof startup};
    PROCESS_INFORMATION process;
    if (!make_command(command) || !CreateProcessW(NULL, command, NULL, NULL, FALSE,
                                                  CREATE_NO_WINDOW, NULL, NULL, &startup, &process))
        return false;
    if (WaitForSingleObject(process.hProcess, SEND_TIMEOUT_MS) != WAIT_OBJECT_0)
        TerminateProcess(process.hProcess, 1);
    bool done = WaitForSingleObject(process.hProcess, SEND_TIMEOUT_MS) == WAIT_OBJECT_0 &&
                GetExitCodeProcess(process.hProcess, exit_status);
    CloseHandle(process.hThread);
    CloseHandle(process.hProcess);
    return done;
}

struct search {
    GUID provider;
    unsigned found;
};

static void WINAPI on_record(PEVENT_RECORD record)
{
    struct search *search = record->UserContext;
    if (memcmp(&record->EventHeader.ProviderId, &search->provider, sizeof(GUID)) == 0)
        search->found++;
}

static DWORD search_file(wchar_t *path, struct search *search)
{
    EVENT_TRACE_LOGFILEW log = {.LogFileName = path,
                                .ProcessTraceMode = PROCESS_TRACE_MODE_EVENT_RECORD,
                                .EventRecordCallback = on_record,
                                .Context = search};
    TRACEHANDLE trace = OpenTraceW(&log);
    if (trace == INVALID_PROCESSTRACE_HANDLE) return GetLastError();
    DWORD error = ProcessTrace(&trace, 1, NULL, NULL);
    CloseTrace(trace);
    return error;
}

static void judge(struct verdicts *verdicts, struct session *session, struct search *search)
{
    DWORD exit_status = 0;
    bool sent = send_event(&exit_status);
    DWORD error = sent ? ERROR_SUCCESS : GetLastError();
    DWORD stop_error = stop(session);
    if (error == ERROR_SUCCESS) error = stop_error;
    if (error == ERROR_SUCCESS && exit_status == 0) error = search_file(session->file, search);
    if (error != ERROR_SUCCESS)
        verdicts_tell_error(verdicts, what, error);
    else if (exit_status != 0)
        verdicts_tell_untold(verdicts, what,
                             "the tool could not send it; \"etwrelay send --provider " PROVIDER
                             " --event Probe\" says why");
    else
        verdicts_tell(verdicts, what, search->found == 1);
}

/* A name that is nobody's: the call makes the empty file, which the session then writes. */
static bool make_file(struct session *session)
{
    wchar_t folder[MAX_PATH + 1];
    return GetTempPathW(MAX_PATH + 1, folder) > 0 &&
           GetTempFileNameW(folder, L"etw", 0, session->file) != 0;
}

void trace_probe_run(struct verdicts *verdicts)
{
    struct session *session = calloc(1, sizeof *session);
    struct search search = {.found = 0};
    if (session == NULL || !make_file(session)) {
        verdicts_tell_error(verdicts, what, session == NULL ? ERROR_OUTOFMEMORY : GetLastError());
        free(session);
        return;
    }
    find_provider(&search.provider);
    DWORD error = start(session, &search.provider);
    if (error == ERROR_SUCCESS)
        judge(verdicts, session, &search);
    else
        verdicts_tell_error(verdicts, what, error);
    DeleteFileW(session->file);
    free(session);
}
