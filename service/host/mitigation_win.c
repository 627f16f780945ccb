/*
 * Process mitigation policies. Each is asked for by itself: an older Windows, or Wine, refuses
 * some, and that is no reason to go without the others.
 */
#include "service/host/mitigation_win.h"

#include <stddef.h>
#include <windows.h>

#include "service/support/log.h"

typedef BOOL(WINAPI *set_policy)(PROCESS_MITIGATION_POLICY policy, PVOID flags, SIZE_T size);

/* SDK headers of different ages know different policies; the numbers are fixed. */
enum {
    POLICY_DYNAMIC_CODE = 2,
    POLICY_STRICT_HANDLES = 3,
    POLICY_EXTENSION_POINTS = 6,
    POLICY_IMAGE_LOAD = 10,
    POLICY_CHILD_PROCESS = 13,
};

static struct {
    int policy;
    DWORD flags;
    const char *name;
    DWORD error;
} policies[] = {
    {POLICY_STRICT_HANDLES, 0x3, "strict handle checks", 0},  /* and for good */
    {POLICY_EXTENSION_POINTS, 0x1, "no extension points", 0}, /* no DLLs by hooks or the registry */
    {POLICY_DYNAMIC_CODE, 0x1, "no dynamic code", 0},         /* no thread may opt out */
    {POLICY_IMAGE_LOAD, 0x7, "no remote or low-label images", 0}, /* and System32's first */
    {POLICY_CHILD_PROCESS, 0x1, "no child processes", 0},
};
#define POLICY_COUNT (sizeof policies / sizeof policies[0])

static void ask(size_t i)
{
    HMODULE kernel = GetModuleHandleW(L"kernel32.dll");
    /* Through void (*)(void): from one function type to another, gcc warns. */
    set_policy set =
        (set_policy)(void (*)(void))GetProcAddress(kernel, "SetProcessMitigationPolicy");
    DWORD flags = policies[i].flags;
    if (set == NULL)
        policies[i].error = ERROR_PROC_NOT_FOUND;
    else if (!set((PROCESS_MITIGATION_POLICY)policies[i].policy, &flags, sizeof flags))
        policies[i].error = GetLastError();
}

void mitigation_start(void)
{
    for (size_t i = 0; i < POLICY_COUNT; i++)
        if (policies[i].policy != POLICY_CHILD_PROCESS) ask(i);
}

void mitigation_forbid_children(void)
{
    for (size_t i = 0; i < POLICY_COUNT; i++)
        if (policies[i].policy == POLICY_CHILD_PROCESS) ask(i);
}

void mitigation_log(void)
{
    for (size_t i = 0; i < POLICY_COUNT; i++)
        if (policies[i].error != 0)
            log_line(LOG_LEVEL_DEBUG, "this system does not offer: %s (error %lu)",
                     policies[i].name, policies[i].error);
}
