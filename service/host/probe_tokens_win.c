/* Tokens for `verify`. Each only ever takes rights away from what it is made of. */
#include "service/host/probe_tokens_win.h"

#include <stdint.h>
/* After windows.h. */
#include <sddl.h>

#include "service/pipe/descriptor.h"

#define SID_WORDS (SECURITY_MAX_SID_SIZE / sizeof(uint64_t) + 1)

/* Of a package that does not exist: its container has no capability and owns nothing. */
#define PACKAGE_SID L"S-1-15-2-1-2-3-4-5-6-7"
#define LOW_SID     L"S-1-16-4096"
#define MEDIUM_SID  L"S-1-16-8192"

/* Closing must not hide why something failed. */
static void close_quietly(HANDLE handle)
{
    DWORD error = GetLastError();
    CloseHandle(handle);
    SetLastError(error);
}

static void free_quietly(void *memory)
{
    DWORD error = GetLastError();
    LocalFree(memory);
    SetLastError(error);
}

static bool set_integrity(HANDLE token, const wchar_t *sid_text)
{
    TOKEN_MANDATORY_LABEL label = {.Label.Attributes = SE_GROUP_INTEGRITY};
    if (!ConvertStringSidToSidW(sid_text, &label.Label.Sid)) return false;
    bool done = SetTokenInformation(token, TokenIntegrityLevel, &label, sizeof label) != 0;
    free_quietly(label.Label.Sid);
    return done;
}

/* For this thread only, at the level at which the system checks access as if it were the token's.
 */
static bool to_impersonation(HANDLE primary, HANDLE *token)
{
    return DuplicateTokenEx(primary, TOKEN_IMPERSONATE | TOKEN_QUERY, NULL, SecurityImpersonation,
                            TokenImpersonation, token) != 0;
}

static bool make_filtered(const wchar_t *integrity, HANDLE *filtered)
{
    uint64_t administrators[SID_WORDS];
    DWORD size = sizeof administrators;
    HANDLE own;
    if (!CreateWellKnownSid(WinBuiltinAdministratorsSid, NULL, administrators, &size) ||
        !OpenProcessToken(
            GetCurrentProcess(),
            TOKEN_DUPLICATE | TOKEN_QUERY | TOKEN_ADJUST_DEFAULT | TOKEN_ASSIGN_PRIMARY, &own))
        return false;
    SID_AND_ATTRIBUTES disabled = {.Sid = administrators};
    bool made = CreateRestrictedToken(own, DISABLE_MAX_PRIVILEGE, 1, &disabled, 0, NULL, 0, NULL,
                                      filtered) != 0;
    close_quietly(own);
    if (!made || set_integrity(*filtered, integrity)) return made;
    close_quietly(*filtered);
    return false;
}

static bool make_user(const wchar_t *integrity, HANDLE *token)
{
    HANDLE filtered;
    if (!make_filtered(integrity, &filtered)) return false;
    bool made = to_impersonation(filtered, token);
    close_quietly(filtered);
    return made;
}

typedef BOOL(WINAPI *create_app_container_token)(HANDLE token, PSECURITY_CAPABILITIES capabilities,
                                                 PHANDLE result);

static bool contain(HANDLE filtered, HANDLE *token)
{
    SECURITY_CAPABILITIES capabilities = {0};
    HANDLE contained;
    HMODULE module = GetModuleHandleW(L"kernelbase.dll");
    /* Through void (*)(void): from one function type to another, gcc warns. */
    create_app_container_token create = (create_app_container_token)(void (*)(void))GetProcAddress(
        module, "CreateAppContainerToken");
    if (create == NULL) return false;
    if (!ConvertStringSidToSidW(PACKAGE_SID, &capabilities.AppContainerSid)) return false;
    bool made = create(filtered, &capabilities, &contained) != 0;
    free_quietly(capabilities.AppContainerSid);
    if (!made) return false;
    made = to_impersonation(contained, token);
    close_quietly(contained);
    return made;
}

static bool make_app_container(HANDLE *token)
{
    HANDLE filtered;
    if (!make_filtered(MEDIUM_SID, &filtered)) return false;
    bool made = contain(filtered, token);
    close_quietly(filtered);
    return made;
}

/* What the service manager puts on a service's token for SERVICE_SID_TYPE_RESTRICTED: whatever it
 * writes has to be granted to one of these as well. */
static bool restrict_service(HANDLE service, HANDLE *token)
{
    static const wchar_t *const texts[] = {(L"" DESCRIPTOR_SERVICE_SID), L"S-1-1-0", L"S-1-5-33"};
    SID_AND_ATTRIBUTES sids[sizeof texts / sizeof texts[0]] = {{0}};
    DWORD count = 0;
    HANDLE restricted = NULL;
    while (count < sizeof sids / sizeof sids[0] &&
           ConvertStringSidToSidW(texts[count], &sids[count].Sid))
        count++;
    bool made = count == sizeof sids / sizeof sids[0] &&
                CreateRestrictedToken(service, WRITE_RESTRICTED, 0, NULL, 0, NULL, count, sids,
                                      &restricted) &&
                to_impersonation(restricted, token);
    for (DWORD i = 0; i < count; i++)
        free_quietly(sids[i].Sid);
    if (restricted != NULL) close_quietly(restricted);
    return made;
}

/* An administrator may look at a service's token when it is debugging. */
static void enable_debugging(void)
{
    TOKEN_PRIVILEGES privileges = {.PrivilegeCount = 1};
    HANDLE own;
    if (!OpenProcessToken(GetCurrentProcess(), TOKEN_ADJUST_PRIVILEGES | TOKEN_QUERY, &own)) return;
    privileges.Privileges[0].Attributes = SE_PRIVILEGE_ENABLED;
    if (LookupPrivilegeValueW(NULL, L"SeDebugPrivilege", &privileges.Privileges[0].Luid))
        AdjustTokenPrivileges(own, FALSE, &privileges, 0, NULL, NULL);
    CloseHandle(own);
}

static bool make_restricted_service(DWORD pid, HANDLE *token)
{
    HANDLE service;
    enable_debugging();
    HANDLE process = OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION, FALSE, pid);
    if (process == NULL) return false;
    bool opened = OpenProcessToken(process, TOKEN_DUPLICATE | TOKEN_QUERY, &service) != 0;
    close_quietly(process);
    if (!opened) return false;
    bool made = restrict_service(service, token);
    close_quietly(service);
    return made;
}

bool probe_token_make(enum probe_identity identity, DWORD service_pid, HANDLE *token)
{
    switch (identity) {
    case PROBE_USER:
        return make_user(MEDIUM_SID, token);
    case PROBE_LOW:
        return make_user(LOW_SID, token);
    case PROBE_APP_CONTAINER:
        return make_app_container(token);
    case PROBE_RESTRICTED_SERVICE:
        return make_restricted_service(service_pid, token);
    case PROBE_SELF:
        break;
    }
    SetLastError(ERROR_INVALID_PARAMETER);
    return false;
}
