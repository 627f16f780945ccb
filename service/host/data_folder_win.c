/* The service's data folder. Its access list comes with its making: there is no moment at which
 * somebody else could write to it. */
#include "service/host/data_folder_win.h"

#include <stdio.h>
#include <stdlib.h>
#include <wchar.h>
/* After windows.h. */
#include <aclapi.h>
#include <sddl.h>
#include <shlobj.h>

#include "service/pipe/descriptor.h"

#define WIDEN_(text) L##text
#define WIDEN(text)  WIDEN_(text)

/* Full for the system and the administrators; the service reads, and in `logs` also writes. */
#define RIGHTS                                                                                     \
    L"D:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;0x1200a9;;;" WIDEN(DESCRIPTOR_SERVICE_SID) L")"
#define LOG_RIGHTS RIGHTS L"(A;OICI;0x1301bf;;;" WIDEN(DESCRIPTOR_SERVICE_SID) L")"
#define OWNER      L"O:BAG:SY"

/* What a new installation starts with; everything else is at its default. */
static const char first_config[] = "{\r\n  \"sinks\": [ { \"type\": \"etw\" } ]\r\n}\r\n";

bool data_folder_find(struct data_folder *folder)
{
    wchar_t *base = NULL;
    memset(folder, 0, sizeof *folder);
    if (FAILED(SHGetKnownFolderPath(&FOLDERID_ProgramData, KF_FLAG_DEFAULT, NULL, &base))) {
        CoTaskMemFree(base);
        SetLastError(ERROR_PATH_NOT_FOUND);
        return false;
    }
    bool fits =
        swprintf(folder->path, DATA_FOLDER_CHARACTERS, L"%ls\\etwrelay", base) > 0 &&
        swprintf(folder->logs, DATA_FOLDER_CHARACTERS, L"%ls\\logs", folder->path) > 0 &&
        swprintf(folder->config, DATA_FOLDER_CHARACTERS, L"%ls\\etwrelay.json", folder->path) > 0;
    CoTaskMemFree(base);
    if (!fits) SetLastError(ERROR_FILENAME_EXCED_RANGE);
    return fits;
}

static bool is_own_user(PSID owner)
{
    union {
        TOKEN_USER user;
        BYTE bytes[sizeof(TOKEN_USER) + SECURITY_MAX_SID_SIZE];
    } memory;
    HANDLE token;
    DWORD size;
    if (!OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token)) return false;
    bool is_own = GetTokenInformation(token, TokenUser, &memory, sizeof memory, &size) &&
                  EqualSid(owner, memory.user.User.Sid);
    CloseHandle(token);
    return is_own;
}

/* Who may install a service, could do anything else as well. */
static bool is_trusted(PSID owner)
{
    return IsWellKnownSid(owner, WinBuiltinAdministratorsSid) ||
           IsWellKnownSid(owner, WinLocalSystemSid) || is_own_user(owner);
}

/* On the folder itself, not on what a link there points to. */
static HANDLE open_folder(const wchar_t *path)
{
    return CreateFileW(path, READ_CONTROL, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
                       NULL, OPEN_EXISTING,
                       FILE_FLAG_BACKUP_SEMANTICS | FILE_FLAG_OPEN_REPARSE_POINT, NULL);
}

static bool is_ours(const wchar_t *path)
{
    PSECURITY_DESCRIPTOR descriptor = NULL;
    PSID owner = NULL;
    HANDLE folder = open_folder(path);
    BY_HANDLE_FILE_INFORMATION about;
    if (folder == INVALID_HANDLE_VALUE) return false;
    bool ours = GetFileInformationByHandle(folder, &about) &&
                (about.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY) != 0 &&
                (about.dwFileAttributes & FILE_ATTRIBUTE_REPARSE_POINT) == 0 &&
                GetSecurityInfo(folder, SE_FILE_OBJECT, OWNER_SECURITY_INFORMATION, &owner, NULL,
                                NULL, NULL, &descriptor) == ERROR_SUCCESS &&
                owner != NULL && is_trusted(owner);
    LocalFree(descriptor);
    CloseHandle(folder);
    if (!ours) SetLastError(ERROR_INVALID_OWNER);
    return ours;
}

static bool make_folder(const wchar_t *path, const wchar_t *sddl, bool *made)
{
    SECURITY_ATTRIBUTES attributes = {.nLength = sizeof attributes};
    if (!ConvertStringSecurityDescriptorToSecurityDescriptorW(
            sddl, SDDL_REVISION_1, &attributes.lpSecurityDescriptor, NULL))
        return false;
    *made = CreateDirectoryW(path, &attributes) != 0;
    DWORD error = GetLastError();
    LocalFree(attributes.lpSecurityDescriptor);
    SetLastError(error);
    return *made || (error == ERROR_ALREADY_EXISTS && is_ours(path));
}

/* One that is there stays as it is. */
static bool make_config(struct data_folder *folder)
{
    DWORD written;
    HANDLE file = CreateFileW(folder->config, GENERIC_WRITE, 0, NULL, CREATE_NEW,
                              FILE_ATTRIBUTE_NORMAL, NULL);
    if (file == INVALID_HANDLE_VALUE) return GetLastError() == ERROR_FILE_EXISTS;
    folder->made_config = true;
    bool done = WriteFile(file, first_config, sizeof first_config - 1, &written, NULL) != 0;
    CloseHandle(file);
    return done;
}

bool data_folder_make(struct data_folder *folder)
{
    if (make_folder(folder->path, OWNER RIGHTS, &folder->made_path) &&
        make_folder(folder->logs, OWNER LOG_RIGHTS, &folder->made_logs) && make_config(folder))
        return true;
    DWORD error = GetLastError();
    data_folder_undo(folder);
    SetLastError(error);
    return false;
}

void data_folder_undo(const struct data_folder *folder)
{
    if (folder->made_config) DeleteFileW(folder->config);
    if (folder->made_logs) RemoveDirectoryW(folder->logs);
    if (folder->made_path) RemoveDirectoryW(folder->path);
}

/* What is inherited is spelled by flags in front of the entries, which the system may add to. */
static bool same_entries(const wchar_t *found, const wchar_t *expected)
{
    const wchar_t *left = wcschr(found, L'('), *right = wcschr(expected, L'(');
    return wcsncmp(found, L"D:P", 3) == 0 && left != NULL && right != NULL &&
           wcscmp(left, right) == 0;
}

bool data_folder_holds(const wchar_t *path, bool is_logs)
{
    PSECURITY_DESCRIPTOR descriptor = NULL, wanted = NULL;
    wchar_t *found = NULL, *expected = NULL;
    DWORD error = GetNamedSecurityInfoW(path, SE_FILE_OBJECT, DACL_SECURITY_INFORMATION, NULL, NULL,
                                        NULL, NULL, &descriptor);
    SetLastError(error);
    if (error != ERROR_SUCCESS) return false;
    /* Both through the system, which has its own way to spell one. */
    bool same = ConvertStringSecurityDescriptorToSecurityDescriptorW(
                    is_logs ? LOG_RIGHTS : RIGHTS, SDDL_REVISION_1, &wanted, NULL) &&
                ConvertSecurityDescriptorToStringSecurityDescriptorW(
                    wanted, SDDL_REVISION_1, DACL_SECURITY_INFORMATION, &expected, NULL) &&
                ConvertSecurityDescriptorToStringSecurityDescriptorW(
                    descriptor, SDDL_REVISION_1, DACL_SECURITY_INFORMATION, &found, NULL) &&
                same_entries(found, expected);
    LocalFree(found);
    LocalFree(expected);
    LocalFree(wanted);
    LocalFree(descriptor);
    SetLastError(ERROR_SUCCESS);
    return same;
}
