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
#include "service/host/probes_win.h"
#include "service/host/service_win.h"
#include "service/host/trace_probe_win.h"
#include "service/host/verdicts_win.h"
#include "service/pipe/listener.h"
#include "windows/wide.h"

#define CONFIG_BYTES 8192 /* the most that these queries return */

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
        verdicts_tell_error(verdicts, "how the service is registered", GetLastError());
        return;
    }
    const QUERY_SERVICE_CONFIGW *config = &memory.config;
    verdicts_tell(verdicts, "it is a process of its own",
                  config->dwServiceType == SERVICE_WIN32_OWN_PROCESS);
    verdicts_tell(verdicts, "it starts with the system", config->dwStartType == SERVICE_AUTO_START);
    verdicts_tell(verdicts, "it runs as LocalService",
                  config->lpServiceStartName != NULL &&
                      _wcsicmp(config->lpServiceStartName, SCM_ACCOUNT) == 0);
    verdicts_tell(verdicts,
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
            verdicts_tell(verdicts, setting->what, setting->holds(&memory));
        else
            verdicts_tell_error(verdicts, setting->what, GetLastError());
    }
}

static void check_not_delayed(struct verdicts *verdicts, SC_HANDLE service)
{
    static const char what[] = "its start is not delayed";
    SERVICE_DELAYED_AUTO_START_INFO info;
    DWORD needed;
    if (QueryServiceConfig2W(service, SERVICE_CONFIG_DELAYED_AUTO_START_INFO, (BYTE *)&info,
                             sizeof info, &needed))
        verdicts_tell(verdicts, what, !info.fDelayedAutostart);
    else
        verdicts_tell_error(verdicts, what, GetLastError());
}

static void check_folder(struct verdicts *verdicts, const char *what, const wchar_t *path,
                         bool is_logs)
{
    if (is_wine()) {
        verdicts_tell_untold(verdicts, what, "Wine keeps no access lists");
        return;
    }
    bool holds = data_folder_holds(path, is_logs);
    DWORD error = GetLastError();
    if (!holds && error != ERROR_SUCCESS)
        verdicts_tell_error(verdicts, what, error);
    else
        verdicts_tell(verdicts, what, holds);
}

static void check_event_source(struct verdicts *verdicts)
{
    verdicts_tell(verdicts, "the Event Log's source names this program",
                  event_source_check() == ERROR_SUCCESS);
}

static void check_running(struct verdicts *verdicts, SC_HANDLE service)
{
    SERVICE_STATUS_PROCESS status;
    DWORD needed;
    if (QueryServiceStatusEx(service, SC_STATUS_PROCESS_INFO, (BYTE *)&status, sizeof status,
                             &needed))
        verdicts_tell(verdicts, "it runs", status.dwCurrentState == SERVICE_RUNNING);
    else
        verdicts_tell_error(verdicts, "it runs", GetLastError());
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

static DWORD pid_of(SC_HANDLE service)
{
    SERVICE_STATUS_PROCESS status = {0};
    DWORD needed;
    (void)QueryServiceStatusEx(service, SC_STATUS_PROCESS_INFO, (BYTE *)&status, sizeof status,
                               &needed);
    return status.dwProcessId;
}

/* The configuration's pipe, or the default one, which the caller frees; NULL: GetLastError(). */
static wchar_t *find_pipe(const struct config *config)
{
    char path[256];
    const char *pipe = config == NULL ? NULL : config->pipe;
    if (pipe == NULL && listener_default_path(true, path, sizeof path) == ETWR_OK) pipe = path;
    if (pipe != NULL) return wide_from_utf8(pipe);
    SetLastError(ERROR_FILENAME_EXCED_RANGE);
    return NULL;
}

static void probe_pipe(struct verdicts *verdicts, SC_HANDLE service, const struct config *config)
{
    wchar_t *pipe = find_pipe(config);
    struct probes_target target = {.pipe = pipe, .pid = pid_of(service), .why_not = NULL};
    if (pipe == NULL) {
        verdicts_tell_error(verdicts, "the pipe's name", GetLastError());
        return;
    }
    target.serves_users = config == NULL || config->security.preset == CONFIG_PRESET_USERS;
    if (target.pid == 0) target.why_not = "the service does not run";
    if (is_wine()) target.why_not = "Wine enforces nothing of this";
    probes_run(verdicts, &target);
    free(pipe);
}

/* NULL: it is not to be read, and the service goes by none either. */
static struct config *read_config(struct verdicts *verdicts, const struct data_folder *folder)
{
    struct config *config = NULL;
    struct text errors;
    char *path = wide_to_utf8(folder->config);
    text_init(&errors);
    bool is_good = path != NULL && config_load(path, &config, &errors) == ETWR_OK;
    verdicts_tell(verdicts, "the configuration is good", is_good);
    text_clear(&errors);
    free(path);
    return config;
}

static void check_files(struct verdicts *verdicts, const struct data_folder *folder,
                        SC_HANDLE service)
{
    check_config(verdicts, service, folder);
    check_folder(verdicts, "the data folder's access list", folder->path, false);
    check_folder(verdicts, "the access list of its folder logs", folder->logs, true);
}

static void check_pipe(struct verdicts *verdicts, const struct data_folder *folder,
                       SC_HANDLE service)
{
    struct config *config = read_config(verdicts, folder);
    probe_pipe(verdicts, service, config);
    config_unref(config);
}

static void check_trace(struct verdicts *verdicts)
{
    if (is_wine())
        verdicts_tell_untold(verdicts, "an event sent through the pipe is in an ETW session",
                             "Wine's ETW records nothing");
    else
        trace_probe_run(verdicts);
}

int verify_service(bool with_trace)
{
    struct verdicts verdicts = {0, 0, 0};
    struct data_folder folder;
    SC_HANDLE service = open_service();
    if (service == NULL) {
        verdicts_tell_error(&verdicts, "the service etwrelay", GetLastError());
        return EXIT_FAILURE;
    }
    if (data_folder_find(&folder))
        check_files(&verdicts, &folder, service);
    else
        verdicts_tell_error(&verdicts, "the data folder", GetLastError());
    check_settings(&verdicts, service);
    check_not_delayed(&verdicts, service);
    check_event_source(&verdicts);
    check_running(&verdicts, service);
    if (folder.config[0] != L'\0') check_pipe(&verdicts, &folder, service);
    if (with_trace) check_trace(&verdicts);
    CloseServiceHandle(service);
    printf("%u hold, %u do not hold, %u cannot be tested here\n", verdicts.held, verdicts.failed,
           verdicts.untold);
    return verdicts.failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
