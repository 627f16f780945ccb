/*
 * The service in the control manager's books: what it is to look like, and how it is made, read
 * back, started, stopped and removed. `install` and `verify` go by the same table.
 */
#ifndef ETWRELAY_SCM_WIN_H
#define ETWRELAY_SCM_WIN_H

#include <stdbool.h>
#include <windows.h>

#define SCM_ACCOUNT         L"NT AUTHORITY\\LocalService"
#define SCM_PATH_CHARACTERS 32768

/* What the system is asked to do with a service, as a table, so that tests can have each refused.
 * In the program it is never anything but the system's own functions. */
struct scm_calls {
    SC_HANDLE(WINAPI *open_manager)(LPCWSTR machine, LPCWSTR database, DWORD access);
    SC_HANDLE(WINAPI *create_service)
    (SC_HANDLE manager, LPCWSTR name, LPCWSTR display, DWORD access, DWORD type, DWORD start,
     DWORD error_control, LPCWSTR path, LPCWSTR group, LPDWORD tag, LPCWSTR dependencies,
     LPCWSTR account, LPCWSTR password);
    BOOL(WINAPI *change_config)(SC_HANDLE service, DWORD level, LPVOID info);
    BOOL(WINAPI *remove)(SC_HANDLE service);
};
extern const struct scm_calls scm_calls_system;
extern const struct scm_calls *scm_calls; /* set by tests only */

/* One thing that is set after the service is made. All are hardening or comfort: an older system,
 * or Wine, that refuses one leaves a service that works. */
struct scm_setting {
    const char *what;                /* "the description", for messages */
    DWORD level;                     /* of ChangeServiceConfig2W() */
    bool (*set)(SC_HANDLE service);  /* false: GetLastError() */
    bool (*holds)(const void *info); /* what QueryServiceConfig2W() has answered */
};
extern const struct scm_setting scm_settings[];
extern const size_t scm_setting_count;

/* "C:\...\etwrelayd.exe" run --service --config "...": the program that asks. False: too long. */
bool scm_command_line(const wchar_t *config, wchar_t line[SCM_PATH_CHARACTERS]);

/* NULL: GetLastError(). */
SC_HANDLE scm_create(SC_HANDLE manager, const wchar_t *command_line);

/* Wait until the service is in `state`. False: it is in another one, which no longer changes, or it
 * has said nothing new for so long; *status is what was seen last. */
bool scm_wait(SC_HANDLE service, DWORD state, DWORD timeout_ms, SERVICE_STATUS_PROCESS *status);

/* What the service's own exit code says, in words. */
const char *scm_cause_text(DWORD code);

#endif
