/* The Event Log's source in the registry. */
#include "service/host/event_source_win.h"

#include <stdlib.h>
#include <wchar.h>

#define KEY             L"SYSTEM\\CurrentControlSet\\Services\\EventLog\\Application\\etwrelay"
#define PATH_CHARACTERS 32768
#define TYPES_SUPPORTED 7 /* errors, warnings, information */

/* The path of this program, which the caller frees. */
static wchar_t *own_path(void)
{
    wchar_t *path = malloc(PATH_CHARACTERS * sizeof *path);
    if (path == NULL) return NULL;
    DWORD size = GetModuleFileNameW(NULL, path, PATH_CHARACTERS);
    if (size > 0 && size < PATH_CHARACTERS) return path;
    free(path);
    return NULL;
}

DWORD event_source_register(void)
{
    const DWORD types = TYPES_SUPPORTED;
    HKEY key;
    wchar_t *path = own_path();
    if (path == NULL) return ERROR_NOT_ENOUGH_MEMORY;
    DWORD error = (DWORD)RegCreateKeyExW(HKEY_LOCAL_MACHINE, KEY, 0, NULL, 0, KEY_SET_VALUE, NULL,
                                         &key, NULL);
    if (error == ERROR_SUCCESS) {
        error = (DWORD)RegSetValueExW(key, L"EventMessageFile", 0, REG_SZ, (const BYTE *)path,
                                      (DWORD)((wcslen(path) + 1) * sizeof *path));
        if (error == ERROR_SUCCESS)
            error = (DWORD)RegSetValueExW(key, L"TypesSupported", 0, REG_DWORD,
                                          (const BYTE *)&types, sizeof types);
        RegCloseKey(key);
    }
    free(path);
    return error;
}

DWORD event_source_unregister(void)
{
    DWORD error = (DWORD)RegDeleteKeyW(HKEY_LOCAL_MACHINE, KEY);
    return error == ERROR_FILE_NOT_FOUND ? ERROR_SUCCESS : error;
}

DWORD event_source_check(void)
{
    wchar_t *path = own_path();
    wchar_t *found = malloc(PATH_CHARACTERS * sizeof *found);
    DWORD size = PATH_CHARACTERS * sizeof *found;
    DWORD error = ERROR_NOT_ENOUGH_MEMORY;
    if (path != NULL && found != NULL) {
        error = (DWORD)RegGetValueW(HKEY_LOCAL_MACHINE, KEY, L"EventMessageFile", RRF_RT_REG_SZ,
                                    NULL, found, &size);
        if (error == ERROR_SUCCESS && _wcsicmp(found, path) != 0) error = ERROR_FILE_NOT_FOUND;
    }
    free(found);
    free(path);
    return error;
}
