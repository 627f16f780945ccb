/*
 * verify: is the service set up as `install` sets it up? Reads back every single thing, from where
 * the system keeps it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <wchar.h>
#include <windows.h>

#include "service/host/data_folder_win.h"
#include "service/host/event_source_win.h"
#include "service/host/install_win.h"
#include "service/host/scm_win.h"
#include "service/host/service_win.h"
#include "windows/wide.h"

#define CONFIG_BYTES 8192 /* the most that these queries return */

struct verdicts {
    unsigned failed, untold;
};

static void tell_verdict(struct verdicts *verdicts, const char *what, bool holds)
{
    printf("%-15s %s\n", holds ? "holds:" : "does not hold:", what);
    if (!holds) verdicts->failed++;
}

static void tell_untold(struct verdicts *verdicts, const char *what, const char *why)
{
    printf("%-15s %s: %s\n", "not tested:", what, why);
    verdicts->untold++;
}

static void tell_unknown(struct verdicts *verdicts, const char *what, DWORD error)
{
    char words[160], why[192];
    wide_error_text(error, words, sizeof words);
    snprintf(why, sizeof why, "%s (error %lu)", words, error);
    tell_untold(verdicts, what, why);
}

/* It says so itself. */
static bool is_wine(void)
{
    return GetProcAddress(GetModuleHandleW(L"ntdll.dll"), "wine_get_version") != NULL;
}

/* Of what these queries fill in, the pointers point into the same memory. */
union config_memory {
    QUERY_SERVICE_CONFIGW config;
    BYTE bytes[CONFIG_BYTES];
};

static void check_config(struct verdicts *verdicts, SC_HANDLE service,
                         const struct data_folder *folder)
{
    static wchar_t line[SCM_PATH_CHARACTERS];
    union config_memory memory;
    DWORD needed;
    if (!QueryServiceConfigW(service, &memory.config, sizeof memory, &needed)) {
        tell_unknown(verdicts, "how the service is registered", GetLastError());
        return;
    }
    const QUERY_SERVICE_CONFIGW *config = &memory.config;
    tell_verdict(verdicts, "it is a process of its own",
                 config->dwServiceType == SERVICE_WIN32_OWN_PROCESS);
    tell_verdict(verdicts, "it starts with the system", config->dwStartType == SERVICE_AUTO_START);
    tell_verdict(verdicts, "it runs as LocalService",
                 config->lpServiceStartName != NULL &&
                     _wcsicmp(config->lpServiceStartName, SCM_ACCOUNT) == 0);
    tell_verdict(verdicts,
                 "its command line is this program, quoted, with the data folder's configuration",
                 scm_command_line(folder->config, line) && config->lpBinaryPathName != NULL &&
                     wcscmp(config->lpBinaryPathName, line) == 0);
}

static void check_settings(struct verdicts *verdicts, SC_HANDLE service)
{
    for (size_t i = 0; i < scm_setting_count; i++) {
        const struct scm_setting *setting = &scm_settings[i];
        union config_memory memory;
        DWORD needed;
        if (QueryServiceConfig2W(service, setting->level, memory.bytes, sizeof memory, &needed))
            tell_verdict(verdicts, setting->what, setting->holds(&memory));
        else
            tell_unknown(verdicts, setting->what, GetLastError());
    }
}

static void check_not_delayed(struct verdicts *verdicts, SC_HANDLE service)
{
    static const char what[] = "its start is not delayed";
    SERVICE_DELAYED_AUTO_START_INFO info;
    DWORD needed;
    if (QueryServiceConfig2W(service, SERVICE_CONFIG_DELAYED_AUTO_START_INFO, (BYTE *)&info,
                             sizeof info, &needed))
        tell_verdict(verdicts, what, !info.fDelayedAutostart);
    else
        tell_unknown(verdicts, what, GetLastError());
}

static void check_folder(struct verdicts *verdicts, const char *what, const wchar_t *path,
                         bool is_logs)
{
    if (is_wine()) {
        tell_untold(verdicts, what, "Wine keeps no access lists");
        return;
    }
    bool holds = data_folder_holds(path, is_logs);
    DWORD error = GetLastError();
    if (!holds && error != ERROR_SUCCESS)
        tell_unknown(verdicts, what, error);
    else
        tell_verdict(verdicts, what, holds);
}

static void check_event_source(struct verdicts *verdicts)
{
    tell_verdict(verdicts, "the Event Log's source names this program",
                 event_source_check() == ERROR_SUCCESS);
}

static void check_running(struct verdicts *verdicts, SC_HANDLE service)
{
    SERVICE_STATUS_PROCESS status;
    DWORD needed;
    if (QueryServiceStatusEx(service, SC_STATUS_PROCESS_INFO, (BYTE *)&status, sizeof status,
                             &needed))
        tell_verdict(verdicts, "it runs", status.dwCurrentState == SERVICE_RUNNING);
    else
        tell_unknown(verdicts, "it runs", GetLastError());
}

static SC_HANDLE open_service(void)
{
    SC_HANDLE manager = OpenSCManagerW(NULL, NULL, SC_MANAGER_CONNECT);
    if (manager == NULL) return NULL;
    SC_HANDLE service =
        OpenServiceW(manager, SERVICE_NAME, SERVICE_QUERY_CONFIG | SERVICE_QUERY_STATUS);
    DWORD error = GetLastError();
    CloseServiceHandle(manager);
    SetLastError(error);
    return service;
}

int verify_service(void)
{
    struct verdicts verdicts = {0, 0};
    struct data_folder folder;
    SC_HANDLE service = open_service();
    if (service == NULL) {
        tell_unknown(&verdicts, "the service etwrelay", GetLastError());
        return EXIT_FAILURE;
    }
    if (data_folder_find(&folder)) {
        check_config(&verdicts, service, &folder);
        check_folder(&verdicts, "the data folder's access list", folder.path, false);
        check_folder(&verdicts, "the access list of its folder logs", folder.logs, true);
    } else {
        tell_unknown(&verdicts, "the data folder", GetLastError());
    }
    check_settings(&verdicts, service);
    check_not_delayed(&verdicts, service);
    check_event_source(&verdicts);
    check_running(&verdicts, service);
    CloseServiceHandle(service);
    printf("%u do not hold, %u cannot be tested here\n", verdicts.failed, verdicts.untold);
    return verdicts.failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
