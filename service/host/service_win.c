/*
 * A Windows service's life. The main thread belongs to the control manager while the service runs;
 * the service itself runs on the thread that the manager starts for it.
 *
 * The manager wants to hear within its hint that things go on. Starting gets one hint that covers
 * the whole of it. A drain may be configured to take long, so while it lasts a timer tells that it
 * goes on, for as long as the longest one could take and no longer.
 */
#include "service/host/service_win.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <windows.h>

#include "service/host/event_log_win.h"
#include "service/host/requests_win.h"
#include "windows/wide.h"

#define START_HINT_MS 30000
#define STOP_HINT_MS  10000
#define STOP_BEAT_MS  3000
#define STOP_MAX_MS   3700000 /* the longest drain that the configuration allows, and the rest */

static struct {
    int (*run)(const struct options *options);
    const struct options *options;
    SERVICE_STATUS_HANDLE handle;
    SRWLOCK lock; /* of the status */
    SERVICE_STATUS status;
    atomic_bool is_running;
    atomic_int cause;
    PTP_TIMER beat; /* NULL: none */
    ULONGLONG stop_ms;
    int exit_status;
} service = {.lock = SRWLOCK_INIT};

bool service_is_running(void)
{
    return atomic_load(&service.is_running);
}

void service_set_cause(enum host_cause cause)
{
    atomic_store(&service.cause, (int)cause);
}

/* There is no way out of STOP_PENDING but the end, and none out of that: requests and the timer may
 * come late. */
static bool is_step_back(DWORD state)
{
    DWORD now = service.status.dwCurrentState;
    if (now == SERVICE_STOPPED) return true;
    if (state == SERVICE_STOPPED) return false;
    return now == SERVICE_STOP_PENDING && state != SERVICE_STOP_PENDING;
}

static void report(DWORD state, DWORD hint_ms)
{
    AcquireSRWLockExclusive(&service.lock);
    if (!is_step_back(state)) {
        bool is_pending = hint_ms > 0;
        service.status.dwCurrentState = state;
        service.status.dwWaitHint = hint_ms;
        service.status.dwCheckPoint = is_pending ? service.status.dwCheckPoint + 1 : 0;
        service.status.dwControlsAccepted =
            state == SERVICE_RUNNING
                ? SERVICE_ACCEPT_STOP | SERVICE_ACCEPT_PRESHUTDOWN | SERVICE_ACCEPT_PARAMCHANGE
                : 0;
        SetServiceStatus(service.handle, &service.status);
    }
    ReleaseSRWLockExclusive(&service.lock);
}

static VOID CALLBACK on_beat(PTP_CALLBACK_INSTANCE instance, PVOID context, PTP_TIMER timer)
{
    (void)instance, (void)context, (void)timer;
    if (GetTickCount64() - service.stop_ms < STOP_MAX_MS)
        report(SERVICE_STOP_PENDING, STOP_HINT_MS);
}

/* May be called twice: the manager's request comes first, the relay's own word follows. */
static void tell_stopping(void)
{
    AcquireSRWLockExclusive(&service.lock);
    PTP_TIMER beat = service.beat == NULL ? CreateThreadpoolTimer(on_beat, NULL, NULL) : NULL;
    if (beat != NULL) {
        /* Relative times are negative, in units of 100 ns. */
        ULARGE_INTEGER due = {.QuadPart = (ULONGLONG) - (LONGLONG)(STOP_BEAT_MS * 10000)};
        FILETIME first = {due.LowPart, due.HighPart};
        service.beat = beat;
        service.stop_ms = GetTickCount64();
        SetThreadpoolTimer(beat, &first, STOP_BEAT_MS, 0);
    }
    ReleaseSRWLockExclusive(&service.lock);
    report(SERVICE_STOP_PENDING, STOP_HINT_MS);
}

static void end_beat(void)
{
    if (service.beat == NULL) return;
    SetThreadpoolTimer(service.beat, NULL, 0, 0);
    WaitForThreadpoolTimerCallbacks(service.beat, TRUE);
    CloseThreadpoolTimer(service.beat);
    service.beat = NULL;
}

void service_tell(enum host_state state)
{
    if (!service_is_running()) return;
    switch (state) {
    case HOST_READY:
        report(SERVICE_RUNNING, 0);
        break;
    case HOST_RELOADING: /* the manager has no such state */
        break;
    case HOST_STOPPING:
        tell_stopping();
        break;
    }
}

static DWORD WINAPI on_control(DWORD control, DWORD type, LPVOID data, LPVOID context)
{
    (void)type, (void)data, (void)context;
    switch (control) {
    case SERVICE_CONTROL_STOP:
    case SERVICE_CONTROL_PRESHUTDOWN:
        tell_stopping();
        host_request_stop();
        return NO_ERROR;
    case SERVICE_CONTROL_PARAMCHANGE:
        host_request_reload();
        return NO_ERROR;
    case SERVICE_CONTROL_INTERROGATE:
        return NO_ERROR;
    default:
        return ERROR_CALL_NOT_IMPLEMENTED;
    }
}

/* As the service's own code, so that it cannot be taken for one of Windows' errors. */
static void tell_end(int exit_status)
{
    int cause = atomic_load(&service.cause);
    end_beat();
    AcquireSRWLockExclusive(&service.lock);
    if (exit_status != EXIT_SUCCESS) {
        service.status.dwWin32ExitCode = ERROR_SERVICE_SPECIFIC_ERROR;
        service.status.dwServiceSpecificExitCode = cause > 0 ? (DWORD)cause : HOST_CAUSE_RESOURCES;
    }
    ReleaseSRWLockExclusive(&service.lock);
    report(SERVICE_STOPPED, 0);
}

static VOID WINAPI service_main(DWORD count, LPWSTR *arguments)
{
    (void)count, (void)arguments; /* of StartService(): the command line is what counts */
    service.status.dwServiceType = SERVICE_WIN32_OWN_PROCESS;
    service.handle = RegisterServiceCtrlHandlerExW(SERVICE_NAME, on_control, NULL);
    if (service.handle == NULL) return;
    atomic_store(&service.is_running, true);
    log_set_listener(event_log_on_line);
    report(SERVICE_START_PENDING, START_HINT_MS);
    service.exit_status = service.run(service.options);
    tell_end(service.exit_status);
}

int service_run(int (*run)(const struct options *options), const struct options *options)
{
    wchar_t name[] = SERVICE_NAME;
    const SERVICE_TABLE_ENTRYW table[] = {{name, service_main}, {NULL, NULL}};
    service.run = run;
    service.options = options;
    if (StartServiceCtrlDispatcherW(table)) return service.exit_status;
    DWORD error = GetLastError();
    char words[128];
    wide_error_text(error, words, sizeof words);
    fprintf(stderr,
            "etwrelayd: the service control manager does not wait for this process: %s (error "
            "%lu). Start the service with \"etwrelayd start\"; without --service it runs in a "
            "console\n",
            words, error);
    return EXIT_FAILURE;
}
