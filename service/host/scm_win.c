/*
 * The service control manager. The settings stand in one table, each with the call that makes it
 * and the look that finds it again.
 */
#include "service/host/scm_win.h"

#include <stdio.h>
#include <wchar.h>

#include "service/host/host.h"
#include "service/host/service_win.h"

#define DISPLAY_NAME L"etwrelay event relay"
#define DESCRIPTION                                                                                \
    L"Takes events from processes that cannot write to Event Tracing for Windows themselves, "     \
    L"checks them and writes them for these processes."
#define RESTART_RESET_S    86400
#define PRESHUTDOWN_MS     15000 /* the drain, and time to spare */
#define POLL_MS            100
#define RESTART_STEP_COUNT 3

const struct scm_calls scm_calls_system = {OpenSCManagerW, CreateServiceW, ChangeServiceConfig2W,
                                           DeleteService};
const struct scm_calls *scm_calls = &scm_calls_system;

/* A crash loop is slowed down; the last step stays for all further ones. */
static const DWORD restart_delays_ms[RESTART_STEP_COUNT] = {1000, 5000, 30000};

/* The list ends with an empty string. */
static wchar_t privileges[] = L"SeChangeNotifyPrivilege\0";

static bool set_description(SC_HANDLE service)
{
    wchar_t text[] = DESCRIPTION;
    SERVICE_DESCRIPTIONW info = {text};
    return scm_calls->change_config(service, SERVICE_CONFIG_DESCRIPTION, &info) != 0;
}

static bool description_holds(const void *info)
{
    const SERVICE_DESCRIPTIONW *found = info;
    return found->lpDescription != NULL && wcscmp(found->lpDescription, DESCRIPTION) == 0;
}

/* With it the token holds NT SERVICE\etwrelay, which owns the pipe. A restricted token would not
 * pass the second check on the folder of protected pipe names, which lists LocalService alone. */
static bool set_sid_type(SC_HANDLE service)
{
    SERVICE_SID_INFO info = {SERVICE_SID_TYPE_UNRESTRICTED};
    return scm_calls->change_config(service, SERVICE_CONFIG_SERVICE_SID_INFO, &info) != 0;
}

static bool sid_type_holds(const void *info)
{
    return ((const SERVICE_SID_INFO *)info)->dwServiceSidType == SERVICE_SID_TYPE_UNRESTRICTED;
}

static bool set_privileges(SC_HANDLE service)
{
    SERVICE_REQUIRED_PRIVILEGES_INFOW info = {privileges};
    return scm_calls->change_config(service, SERVICE_CONFIG_REQUIRED_PRIVILEGES_INFO, &info) != 0;
}

static bool privileges_hold(const void *info)
{
    const wchar_t *found =
        ((const SERVICE_REQUIRED_PRIVILEGES_INFOW *)info)->pmszRequiredPrivileges;
    return found != NULL && wcscmp(found, privileges) == 0 && found[wcslen(found) + 1] == L'\0';
}

static bool set_failure_actions(SC_HANDLE service)
{
    SC_ACTION actions[RESTART_STEP_COUNT];
    for (size_t i = 0; i < RESTART_STEP_COUNT; i++)
        actions[i] = (SC_ACTION){SC_ACTION_RESTART, restart_delays_ms[i]};
    SERVICE_FAILURE_ACTIONSW info = {
        .dwResetPeriod = RESTART_RESET_S, .cActions = RESTART_STEP_COUNT, .lpsaActions = actions};
    return scm_calls->change_config(service, SERVICE_CONFIG_FAILURE_ACTIONS, &info) != 0;
}

static bool failure_actions_hold(const void *info)
{
    const SERVICE_FAILURE_ACTIONSW *found = info;
    if (found->cActions != RESTART_STEP_COUNT || found->dwResetPeriod != RESTART_RESET_S)
        return false;
    for (size_t i = 0; i < RESTART_STEP_COUNT; i++)
        if (found->lpsaActions[i].Type != SC_ACTION_RESTART ||
            found->lpsaActions[i].Delay != restart_delays_ms[i])
            return false;
    return true;
}

/* Restart after an end with an error as well, not only after a crash. */
static bool set_failure_flag(SC_HANDLE service)
{
    SERVICE_FAILURE_ACTIONS_FLAG info = {TRUE};
    return scm_calls->change_config(service, SERVICE_CONFIG_FAILURE_ACTIONS_FLAG, &info) != 0;
}

static bool failure_flag_holds(const void *info)
{
    return ((const SERVICE_FAILURE_ACTIONS_FLAG *)info)->fFailureActionsOnNonCrashFailures != 0;
}

static bool set_preshutdown(SC_HANDLE service)
{
    SERVICE_PRESHUTDOWN_INFO info = {PRESHUTDOWN_MS};
    return scm_calls->change_config(service, SERVICE_CONFIG_PRESHUTDOWN_INFO, &info) != 0;
}

static bool preshutdown_holds(const void *info)
{
    return ((const SERVICE_PRESHUTDOWN_INFO *)info)->dwPreshutdownTimeout == PRESHUTDOWN_MS;
}

const struct scm_setting scm_settings[] = {
    {"the description", SERVICE_CONFIG_DESCRIPTION, set_description, description_holds},
    {"the service's own SID", SERVICE_CONFIG_SERVICE_SID_INFO, set_sid_type, sid_type_holds},
    {"no privilege but SeChangeNotifyPrivilege", SERVICE_CONFIG_REQUIRED_PRIVILEGES_INFO,
     set_privileges, privileges_hold},
    {"restart after a failure", SERVICE_CONFIG_FAILURE_ACTIONS, set_failure_actions,
     failure_actions_hold},
    {"restart after an end with an error", SERVICE_CONFIG_FAILURE_ACTIONS_FLAG, set_failure_flag,
     failure_flag_holds},
    {"time to drain at shutdown", SERVICE_CONFIG_PRESHUTDOWN_INFO, set_preshutdown,
     preshutdown_holds},
};
const size_t scm_setting_count = sizeof scm_settings / sizeof scm_settings[0];

bool scm_command_line(const wchar_t *config, wchar_t line[SCM_PATH_CHARACTERS])
{
    static const wchar_t middle[] = L"\" run --service --config \"";
    line[0] = L'"';
    DWORD room = SCM_PATH_CHARACTERS - 1;
    DWORD size = GetModuleFileNameW(NULL, line + 1, room);
    if (size == 0 || size + wcslen(middle) + wcslen(config) + 3 > room) return false;
    swprintf(line + 1 + size, SCM_PATH_CHARACTERS - 1 - size, L"%ls%ls\"", middle, config);
    return true;
}

/* Automatic and not delayed: until the service runs, anybody could claim its pipe's name. */
SC_HANDLE scm_create(SC_HANDLE manager, const wchar_t *command_line)
{
    return scm_calls->create_service(manager, SERVICE_NAME, DISPLAY_NAME, SERVICE_ALL_ACCESS,
                                     SERVICE_WIN32_OWN_PROCESS, SERVICE_AUTO_START,
                                     SERVICE_ERROR_NORMAL, command_line, NULL, NULL, NULL,
                                     SCM_ACCOUNT, NULL);
}

static bool is_changing(DWORD state)
{
    return state == SERVICE_START_PENDING || state == SERVICE_STOP_PENDING;
}

bool scm_wait(SC_HANDLE service, DWORD state, DWORD timeout_ms, SERVICE_STATUS_PROCESS *status)
{
    ULONGLONG deadline = GetTickCount64() + timeout_ms;
    DWORD needed, checkpoint = 0;
    for (;;) {
        if (!QueryServiceStatusEx(service, SC_STATUS_PROCESS_INFO, (BYTE *)status, sizeof *status,
                                  &needed))
            return false;
        if (status->dwCurrentState == state) return true;
        if (status->dwCheckPoint != checkpoint) deadline = GetTickCount64() + timeout_ms;
        checkpoint = status->dwCheckPoint;
        if (!is_changing(status->dwCurrentState) || GetTickCount64() >= deadline) return false;
        Sleep(POLL_MS); /* the manager has nothing to wait on that Wine has, too */
    }
}

const char *scm_cause_text(DWORD code)
{
    switch (code) {
    case HOST_CAUSE_CONFIG:
        return "its configuration has errors: \"etwrelayd check-config FILE\" names them";
    case HOST_CAUSE_PIPE:
        return "it could not make its pipe: another program may have that name";
    case HOST_CAUSE_SINK:
        return "a sink does not open";
    case HOST_CAUSE_RESOURCES:
        return "memory or threads are scarce";
    default:
        return "for a reason without a name";
    }
}
