/*
 * Configuration files and pipe names on Windows.
 *
 * As on Unix the file is opened once and judged by its handle. "Only its owner can write it" has to
 * be read out of an access list here: who may write decides who may write to which provider.
 */
#include "service/config/config_platform.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>
/* After windows.h. */
#include <aclapi.h>
#include <sddl.h>

#include "windows/wide.h"

#define MESSAGE_BYTES  CONFIG_PLATFORM_MESSAGE_BYTES
#define PIPE_PREFIX    "\\\\.\\pipe\\"
#define PIPE_MAX_BYTES 256 /* of the whole name */
#define TRUSTED_MAX    5
#define TOKEN_USER_MAX (sizeof(TOKEN_USER) + SECURITY_MAX_SID_SIZE)
#define RIGHTS_TO_WRITE                                                                            \
    (FILE_WRITE_DATA | FILE_APPEND_DATA | FILE_WRITE_EA | FILE_WRITE_ATTRIBUTES | DELETE |         \
     WRITE_DAC | WRITE_OWNER | GENERIC_WRITE | GENERIC_ALL | MAXIMUM_ALLOWED)

bool config_platform_has_etw(void)
{
    return true;
}

static const char *skip_word(const char *text, const char *word)
{
    size_t size = strlen(word);
    return _strnicmp(text, word, size) == 0 ? text + size : NULL;
}

/* The folders of names that only their account can create pipes in. */
static const char *skip_protected(const char *name)
{
    static const char *const folders[] = {"ProtectedPrefix\\LocalService\\",
                                          "ProtectedPrefix\\NetworkService\\",
                                          "ProtectedPrefix\\Administrators\\"};
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        const char *rest = skip_word(name, folders[i]);
        if (rest != NULL) return rest;
    }
    return name;
}

const char *config_platform_pipe_fault(const char *pipe)
{
    const char *name = skip_word(pipe, PIPE_PREFIX);
    if (name == NULL) return "a pipe name begins with \\\\.\\pipe\\";
    if (strlen(pipe) > PIPE_MAX_BYTES) return "a pipe name has at most 256 bytes";
    name = skip_protected(name);
    if (name[0] == '\0') return "a pipe name goes on behind its prefix";
    if (strchr(name, '\\') != NULL)
        return "a pipe name has no further \\, but for ProtectedPrefix\\LocalService\\, "
               "ProtectedPrefix\\NetworkService\\ or ProtectedPrefix\\Administrators\\ in front";
    return NULL;
}

static enum etwr_status status_of_error(DWORD error)
{
    switch (error) {
    case ERROR_FILE_NOT_FOUND:
    case ERROR_PATH_NOT_FOUND:
    case ERROR_INVALID_NAME:
    case ERROR_BAD_NETPATH:
        return ETWR_E_NOT_FOUND;
    case ERROR_ACCESS_DENIED:
    case ERROR_PRIVILEGE_NOT_HELD:
        return ETWR_E_ACCESS_DENIED;
    case ERROR_NOT_ENOUGH_MEMORY:
    case ERROR_OUTOFMEMORY:
        return ETWR_E_NO_MEMORY;
    default:
        return ETWR_E_IO;
    }
}

static enum etwr_status fail(const char *what, DWORD error, char message[MESSAGE_BYTES])
{
    char text[160];
    wide_error_text(error, text, sizeof text);
    (void)snprintf(message, MESSAGE_BYTES, "cannot %s: %s (error %lu)", what, text,
                   (unsigned long)error);
    return status_of_error(error);
}

static enum etwr_status refuse(enum etwr_status status, const char *why,
                               char message[MESSAGE_BYTES])
{
    (void)snprintf(message, MESSAGE_BYTES, "%s", why);
    return status;
}

/* Who may own and write the file: this process's user, administrators, the system, the account that
 * Windows' own files belong to, and in an access list the owner, who is one of these. */
struct trusted {
    PSID sids[TRUSTED_MAX];
    unsigned count;
    union {
        TOKEN_USER user;
        uint8_t bytes[TOKEN_USER_MAX];
    } token;
    uint64_t administrators[SECURITY_MAX_SID_SIZE / sizeof(uint64_t) + 1];
    uint64_t system[SECURITY_MAX_SID_SIZE / sizeof(uint64_t) + 1];
    uint64_t owner_rights[SECURITY_MAX_SID_SIZE / sizeof(uint64_t) + 1];
    PSID installer; /* LocalFree() */
};

static void trust_well_known(struct trusted *trusted, WELL_KNOWN_SID_TYPE type, void *sid)
{
    DWORD size = SECURITY_MAX_SID_SIZE;
    if (CreateWellKnownSid(type, NULL, sid, &size)) trusted->sids[trusted->count++] = sid;
}

static void trusted_init(struct trusted *trusted)
{
    HANDLE token = NULL;
    DWORD size;
    memset(trusted, 0, sizeof *trusted);
    if (OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token)) {
        if (GetTokenInformation(token, TokenUser, &trusted->token, sizeof trusted->token, &size))
            trusted->sids[trusted->count++] = trusted->token.user.User.Sid;
        CloseHandle(token);
    }
    trust_well_known(trusted, WinBuiltinAdministratorsSid, trusted->administrators);
    trust_well_known(trusted, WinLocalSystemSid, trusted->system);
    trust_well_known(trusted, WinCreatorOwnerRightsSid, trusted->owner_rights);
    if (ConvertStringSidToSidW(
            L"S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464", /* TrustedInstaller
                                                                                */
            &trusted->installer))
        trusted->sids[trusted->count++] = trusted->installer;
}

static void trusted_clear(struct trusted *trusted)
{
    LocalFree(trusted->installer);
}

static bool is_trusted(const struct trusted *trusted, PSID sid)
{
    for (unsigned i = 0; i < trusted->count; i++)
        if (EqualSid(trusted->sids[i], sid)) return true;
    return false;
}

/* May somebody else write through this entry? Entries of a kind that is not known count as such. */
static bool lets_others_write(const struct trusted *trusted, const ACE_HEADER *header)
{
    if ((header->AceFlags & INHERIT_ONLY_ACE) != 0) return false;
    switch (header->AceType) {
    case ACCESS_DENIED_ACE_TYPE:
    case ACCESS_DENIED_OBJECT_ACE_TYPE:
    case ACCESS_DENIED_CALLBACK_ACE_TYPE:
    case ACCESS_DENIED_CALLBACK_OBJECT_ACE_TYPE:
        return false;
    case ACCESS_ALLOWED_ACE_TYPE:
    case ACCESS_ALLOWED_CALLBACK_ACE_TYPE: /* its condition lies behind the SID */
        break;
    default:
        return true;
    }
    /* Both kinds begin alike. */
    const ACCESS_ALLOWED_ACE *entry = (const ACCESS_ALLOWED_ACE *)(const void *)header;
    if ((entry->Mask & RIGHTS_TO_WRITE) == 0) return false;
    return !is_trusted(trusted, (PSID)&entry->SidStart);
}

static bool others_can_write(const struct trusted *trusted, PACL list)
{
    if (list == NULL) return true; /* no list: everybody may do everything */
    for (DWORD i = 0; i < list->AceCount; i++) {
        void *entry;
        if (!GetAce(list, i, &entry) || lets_others_write(trusted, entry)) return true;
    }
    return false;
}

static enum etwr_status check_owner(HANDLE file, char message[MESSAGE_BYTES])
{
    PSECURITY_DESCRIPTOR descriptor = NULL;
    struct trusted trusted;
    PSID owner = NULL;
    PACL list = NULL;
    enum etwr_status status = ETWR_OK;
    DWORD error = GetSecurityInfo(file, SE_FILE_OBJECT,
                                  OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION, &owner,
                                  NULL, &list, NULL, &descriptor);
    if (error != ERROR_SUCCESS) return fail("read who owns it", error, message);
    trusted_init(&trusted);
    if (owner == NULL || !is_trusted(&trusted, owner)) {
        status = refuse(ETWR_E_ACCESS_DENIED,
                        "belongs to another user; it must be owned by Administrators or by the "
                        "user of this process (icacls /setowner)",
                        message);
    } else if (others_can_write(&trusted, list)) {
        status = refuse(ETWR_E_ACCESS_DENIED,
                        "can be written by others than its owner and administrators; take that "
                        "away (icacls FILE /inheritance:d, then /remove)",
                        message);
    }
    trusted_clear(&trusted);
    LocalFree(descriptor);
    return status;
}

static enum etwr_status check(HANDLE file, size_t max, char message[MESSAGE_BYTES])
{
    BY_HANDLE_FILE_INFORMATION about;
    if (GetFileType(file) != FILE_TYPE_DISK)
        return refuse(ETWR_E_ACCESS_DENIED, "is not a regular file", message);
    if (!GetFileInformationByHandle(file, &about))
        return fail("look at it", GetLastError(), message);
    if ((about.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY) != 0)
        return refuse(ETWR_E_ACCESS_DENIED, "is not a regular file", message);
    if (about.nFileSizeHigh != 0 || about.nFileSizeLow > max)
        return refuse(ETWR_E_LIMIT, "is larger than 1 MiB", message);
    return check_owner(file, message);
}

/* Up to `capacity` bytes; the file may grow or shrink meanwhile. */
static enum etwr_status read_all(HANDLE file, char *bytes, size_t capacity, size_t *size,
                                 char message[MESSAGE_BYTES])
{
    size_t used = 0;
    while (used < capacity) {
        DWORD got = 0;
        if (!ReadFile(file, bytes + used, (DWORD)(capacity - used), &got, NULL))
            return fail("read it", GetLastError(), message);
        if (got == 0) break;
        used += got;
    }
    *size = used;
    return ETWR_OK;
}

static enum etwr_status read_checked(HANDLE file, size_t max, char **bytes, size_t *size,
                                     char message[MESSAGE_BYTES])
{
    enum etwr_status status = check(file, max, message);
    char *buffer = NULL;
    if (status != ETWR_OK) return status;
    buffer = malloc(max + 1);
    if (buffer == NULL) return refuse(ETWR_E_NO_MEMORY, "not enough memory to read it", message);
    status = read_all(file, buffer, max + 1, size, message);
    if (status == ETWR_OK && *size > max) {
        status = refuse(ETWR_E_LIMIT, "is larger than 1 MiB", message);
    }
    if (status != ETWR_OK) {
        free(buffer);
        return status;
    }
    buffer[*size] = '\0';
    *bytes = buffer;
    return ETWR_OK;
}

enum etwr_status config_platform_read_file(const char *path, size_t max, char **bytes, size_t *size,
                                           char message[MESSAGE_BYTES])
{
    enum etwr_status status;
    wchar_t *wide = wide_path(path);
    if (wide == NULL) return fail("open it", GetLastError(), message);
    /* Backup semantics: a folder is opened, and told from a file, instead of "access denied". */
    HANDLE file =
        CreateFileW(wide, GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_DELETE, NULL, OPEN_EXISTING,
                    FILE_ATTRIBUTE_NORMAL | FILE_FLAG_BACKUP_SEMANTICS | SECURITY_SQOS_PRESENT |
                        SECURITY_ANONYMOUS,
                    NULL);
    DWORD error = GetLastError();
    free(wide);
    if (file == INVALID_HANDLE_VALUE) return fail("open it", error, message);
    status = read_checked(file, max, bytes, size, message);
    CloseHandle(file);
    return status;
}
