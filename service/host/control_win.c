/* Starting, stopping and removing the installed service. Each waits until it is really so. */
#include <stdio.h>
#include <stdlib.h>
#include <windows.h>

#include "service/host/event_source_win.h"
#include "service/host/install_win.h"
#include "service/host/scm_win.h"
#include "service/host/service_win.h"
#include "windows/wide.h"

#define START_TIMEOUT_MS  30000
#define STOP_TIMEOUT_MS   30000 /* without a sign that it goes on */
#define REMOVE_TIMEOUT_MS 30000
#define POLL_MS           100

static int fail(const char *what, DWORD error)
{
    char words[160];
    const char *advice = "";
    wide_error_text(error, words, sizeof words);
    if (error == ERROR_ACCESS_DENIED) advice = ". This needs administrator rights";
    if (error == ERROR_SERVICE_DOES_NOT_EXIST) advice = ". \"etwrelayd install\" makes it";
    fprintf(stderr, "etwrelayd: cannot %s: %s (error %lu)%s\n", what, words, error, advice);
    return EXIT_FAILURE;
}

/* NULL: GetLastError(). */
static SC_HANDLE open_service(DWORD access)
{
    SC_HANDLE manager = scm_calls->open_manager(NULL, NULL, SC_MANAGER_CONNECT);
    if (manager == NULL) return NULL;
    SC_HANDLE service = OpenServiceW(manager, SERVICE_NAME, access);
    DWORD error = GetLastError();
    CloseServiceHandle(manager);
    SetLastError(error);
    return service;
}

static int tell_not_running(const SERVICE_STATUS_PROCESS *status)
{
    if (status->dwCurrentState != SERVICE_STOPPED)
        fprintf(stderr, "etwrelayd: the service does not get on with starting; look into the Event "
                        "Log, source etwrelay\n");
    else if (status->dwWin32ExitCode == ERROR_SERVICE_SPECIFIC_ERROR)
        fprintf(stderr,
                "etwrelayd: the service has stopped: %s. The Event Log, source etwrelay, "
                "says more\n",
                scm_cause_text(status->dwServiceSpecificExitCode));
    else
        return fail("start the service", status->dwWin32ExitCode);
    return EXIT_FAILURE;
}

int start_service(bool dry_run)
{
    SERVICE_STATUS_PROCESS status = {0};
    if (dry_run) {
        puts("would do: start the service etwrelay and wait until it runs");
        return EXIT_SUCCESS;
    }
    SC_HANDLE service = open_service(SERVICE_START | SERVICE_QUERY_STATUS);
    if (service == NULL) return fail("open the service", GetLastError());
    int result = EXIT_SUCCESS;
    if (!StartServiceW(service, 0, NULL) && GetLastError() != ERROR_SERVICE_ALREADY_RUNNING)
        result = fail("start the service", GetLastError());
    else if (scm_wait(service, SERVICE_RUNNING, START_TIMEOUT_MS, &status))
        puts("running");
    else
        result = tell_not_running(&status);
    CloseServiceHandle(service);
    return result;
}

static bool stop_and_wait(SC_HANDLE service)
{
    SERVICE_STATUS asked;
    SERVICE_STATUS_PROCESS status = {0};
    if (!ControlService(service, SERVICE_CONTROL_STOP, &asked)) {
        DWORD error = GetLastError();
        if (error == ERROR_SERVICE_NOT_ACTIVE) return true;
        if (error != ERROR_SERVICE_CANNOT_ACCEPT_CTRL) return false; /* else it stops already */
    }
    if (scm_wait(service, SERVICE_STOPPED, STOP_TIMEOUT_MS, &status)) return true;
    SetLastError(ERROR_SERVICE_REQUEST_TIMEOUT);
    return false;
}

int stop_service(bool dry_run)
{
    if (dry_run) {
        puts("would do: stop the service etwrelay and wait until it has drained");
        return EXIT_SUCCESS;
    }
    SC_HANDLE service = open_service(SERVICE_STOP | SERVICE_QUERY_STATUS);
    if (service == NULL) return fail("open the service", GetLastError());
    int result = EXIT_SUCCESS;
    if (stop_and_wait(service))
        puts("stopped");
    else
        result = fail("stop the service", GetLastError());
    CloseServiceHandle(service);
    return result;
}

/* A service that is deleted stays until nobody has it open any more. */
static bool wait_until_gone(void)
{
    ULONGLONG deadline = GetTickCount64() + REMOVE_TIMEOUT_MS;
    for (;;) {
        SC_HANDLE service = open_service(SERVICE_QUERY_STATUS);
        if (service == NULL) return GetLastError() == ERROR_SERVICE_DOES_NOT_EXIST;
        CloseServiceHandle(service);
        if (GetTickCount64() >= deadline) return false;
        Sleep(POLL_MS);
    }
}

static int remove_service(SC_HANDLE service)
{
    if (!stop_and_wait(service)) {
        int result = fail("stop the service", GetLastError());
        CloseServiceHandle(service);
        return result;
    }
    puts("done: stop the service");
    bool removed = scm_calls->remove(service) || GetLastError() == ERROR_SERVICE_MARKED_FOR_DELETE;
    DWORD error = GetLastError();
    CloseServiceHandle(service);
    if (!removed) return fail("remove the service", error);
    if (!wait_until_gone()) {
        fputs("etwrelayd: the service is marked for removal, but something holds it open: close "
              "what shows services\n",
              stderr);
        return EXIT_FAILURE;
    }
    puts("done: remove the service etwrelay");
    return EXIT_SUCCESS;
}

int uninstall_service(bool dry_run)
{
    if (dry_run) {
        puts("would do: stop the service etwrelay and wait until it has drained\n"
             "would do: remove it and wait until it is gone\n"
             "would do: remove the Event Log source etwrelay\n"
             "          %ProgramData%\\etwrelay stays: configuration and logs");
        return EXIT_SUCCESS;
    }
    SC_HANDLE service = open_service(SERVICE_STOP | SERVICE_QUERY_STATUS | DELETE);
    if (service == NULL && GetLastError() != ERROR_SERVICE_DOES_NOT_EXIST)
        return fail("open the service", GetLastError());
    if (service == NULL) /* somebody was faster: what is asked for is so, an installer goes on */
        puts("there is no service etwrelay");
    else if (remove_service(service) != EXIT_SUCCESS)
        return EXIT_FAILURE;
    DWORD error = event_source_unregister();
    if (error != ERROR_SUCCESS) return fail("remove the Event Log source", error);
    puts("done: remove the Event Log source etwrelay\n"
         "%ProgramData%\\etwrelay stays: configuration and logs");
    return EXIT_SUCCESS;
}
