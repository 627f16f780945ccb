/*
 * Anybody may make a pipe of any name that is free, except below ProtectedPrefix, and then serve
 * those who connect. So the name proves nothing: who owns the pipe does, because a process can make
 * nobody the owner but its own user, or a group that its token carries for that.
 */
#include "client/pipe_win.h"

#include <string.h>

#include <sddl.h>

#include "client/text_win.h"
#include "client/words.h"
#include "protocol/tracelogging/sha1.h"

#define NAME_MAX_UNITS    256 /* of the whole of it, as CreateNamedPipe() has it */
#define DESCRIPTOR_BYTES  (SECURITY_DESCRIPTOR_MIN_LENGTH + 2 * SECURITY_MAX_SID_SIZE)
#define SERVICE_SID_FIXED 12
#define OPEN_FLAGS        (FILE_FLAG_OVERLAPPED | SECURITY_SQOS_PRESENT | SECURITY_IDENTIFICATION)

_Static_assert(PIPE_CLIENT_RIGHTS ==
                   (FILE_READ_DATA | FILE_WRITE_DATA | FILE_READ_EA | FILE_WRITE_EA |
                    FILE_READ_ATTRIBUTES | FILE_WRITE_ATTRIBUTES | READ_CONTROL | SYNCHRONIZE),
               "the rights that PROTOCOL.md names");
_Static_assert((PIPE_CLIENT_RIGHTS & FILE_CREATE_PIPE_INSTANCE) == 0, "a client serves no pipe");
_Static_assert(TRANSPORT_PATH_ROOM_BYTES > 3 * NAME_MAX_UNITS, "a name in UTF-8");

const char transport_handle_variable[] = "ETWRELAY_HANDLE";
const char transport_system_path[] = "\\\\.\\pipe\\ProtectedPrefix\\LocalService\\etwrelay";
const bool transport_user_path_is_open_to_all = true;

static const char prefix[] = "\\\\.\\pipe\\";
static const char user_path[] = "\\\\.\\pipe\\etwrelay-console";
static const WCHAR service_name[] = L"ETWRELAY"; /* in upper case, as its SID is made from it */

static const struct pipe_system windows = {
    .create_file = CreateFileW,
    .wait_named_pipe = WaitNamedPipeW,
    .get_security = GetKernelObjectSecurity,
};
const struct pipe_system *pipe_system = &windows;

/* Into `name`, with room for NAME_MAX_UNITS and the NUL. A name on another machine would carry this
 * user's credentials there; anything without the prefix would open a file. */
static bool wide_name(const char *path, WCHAR *name)
{
    if (_strnicmp(path, prefix, sizeof prefix - 1) != 0) return false;
    if (path[sizeof prefix - 1] == '\0') return false;
    return text_to_utf16(path, name, NAME_MAX_UNITS + 1);
}

bool transport_path_is_valid(const char *path)
{
    WCHAR name[NAME_MAX_UNITS + 1];

    return wide_name(path, name);
}

bool transport_user_path(char *path, size_t capacity)
{
    if (sizeof user_path > capacity) return false;
    memcpy(path, user_path, sizeof user_path);
    return true;
}

/* To ask for a file's attributes would take an instance; to wait for one does not. */
bool transport_path_exists(const char *path)
{
    WCHAR name[NAME_MAX_UNITS + 1];

    if (!wide_name(path, name)) return false;
    if (pipe_system->wait_named_pipe(name, NMPWAIT_NOWAIT)) return true;
    return GetLastError() != ERROR_FILE_NOT_FOUND && GetLastError() != ERROR_PATH_NOT_FOUND;
}

/* S-1-5-80 and the name's SHA-1: known without asking anybody, which sandboxes may not. */
static void make_service_sid(BYTE sid[SERVICE_SID_FIXED + SHA1_BYTES])
{
    static const BYTE fixed[SERVICE_SID_FIXED] = {SID_REVISION, 6, 0, 0, 0, 0, 0, 5, 80, 0, 0, 0};
    struct sha1 sha1;

    memcpy(sid, fixed, sizeof fixed);
    sha1_init(&sha1);
    sha1_put(&sha1, service_name, sizeof service_name - sizeof service_name[0]);
    sha1_finish(&sha1, sid + SERVICE_SID_FIXED);
}

static bool is_service(PSID owner)
{
    _Alignas(8) BYTE service[SERVICE_SID_FIXED + SHA1_BYTES];

    make_service_sid(service);
    return EqualSid(owner, service) || IsWellKnownSid(owner, WinLocalSystemSid) ||
           IsWellKnownSid(owner, WinBuiltinAdministratorsSid);
}

static bool token_names(HANDLE token, TOKEN_INFORMATION_CLASS what, PSID owner)
{
    /* TOKEN_USER and TOKEN_OWNER both begin with the pointer to their SID. */
    _Alignas(8) BYTE bytes[sizeof(TOKEN_USER) + SECURITY_MAX_SID_SIZE];
    PSID sid;
    DWORD size;

    if (!GetTokenInformation(token, what, bytes, sizeof bytes, &size)) return false;
    memcpy(&sid, bytes, sizeof sid);
    return EqualSid(owner, sid) != FALSE;
}

/* This user; or whom this process's own objects belong to: administrators, when it is elevated. */
static bool is_own(PSID owner)
{
    HANDLE token;
    bool is_ours;

    if (!OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token)) return false;
    is_ours = token_names(token, TokenUser, owner) || token_names(token, TokenOwner, owner);
    CloseHandle(token);
    return is_ours;
}

static bool is_trusted(PSID owner, enum stream_trust trust)
{
    switch (trust) {
    case STREAM_USER:
        return is_own(owner);
    case STREAM_SYSTEM:
        return is_service(owner);
    default:
        return is_service(owner) || is_own(owner);
    }
}

static void describe_owner(PSID owner, char *text, size_t capacity)
{
    WCHAR *sid = NULL;
    char words[200] = "nobody";

    if (owner && ConvertSidToStringSidW(owner, &sid)) {
        text_to_utf8(sid, words, sizeof words);
        LocalFree(sid);
    }
    words_set(text, capacity, "not trusted, its owner is ");
    words_add(text, capacity, words);
    words_add(text, capacity, " and not the relay's service");
}

static enum etwr_status check_owner(HANDLE pipe, enum stream_trust trust, char *text,
                                    size_t capacity)
{
    _Alignas(8) BYTE descriptor[DESCRIPTOR_BYTES];
    PSID owner = NULL;
    BOOL is_default;
    DWORD size;

    if (!pipe_system->get_security(pipe, OWNER_SECURITY_INFORMATION, descriptor, sizeof descriptor,
                                   &size) ||
        !GetSecurityDescriptorOwner(descriptor, &owner, &is_default)) {
        DWORD error = GetLastError();

        error_describe(error, text, capacity);
        return error_status(error);
    }
    if (owner && is_trusted(owner, trust)) return ETWR_OK;
    describe_owner(owner, text, capacity);
    return ETWR_E_ACCESS_DENIED;
}

/* INVALID_HANDLE_VALUE and the reason in *error. A moment's rush is waited out here; the rest is up
 * to the caller's next attempt. */
static HANDLE open_name(const WCHAR *name, DWORD *error)
{
    for (int waits = 0;; waits++) {
        HANDLE pipe = pipe_system->create_file(name, PIPE_CLIENT_RIGHTS, 0, NULL, OPEN_EXISTING,
                                               OPEN_FLAGS, NULL);

        if (pipe != INVALID_HANDLE_VALUE) return pipe;
        *error = GetLastError();
        if (*error != ERROR_PIPE_BUSY || waits == PIPE_BUSY_WAITS) return pipe;
        if (!pipe_system->wait_named_pipe(name, PIPE_BUSY_WAIT_MS)) return pipe;
    }
}

enum etwr_status pipe_open(const char *path, enum stream_trust trust, HANDLE *pipe, char *text,
                           size_t capacity)
{
    WCHAR name[NAME_MAX_UNITS + 1];
    enum etwr_status status;
    HANDLE opened;
    DWORD error;

    if (!wide_name(path, name)) {
        words_set(text, capacity, "not the name of a pipe on this machine");
        return ETWR_E_INVALID_ARGUMENT;
    }
    opened = open_name(name, &error);
    if (opened == INVALID_HANDLE_VALUE) {
        error_describe(error, text, capacity);
        return error_status(error);
    }
    status = check_owner(opened, trust, text, capacity);
    if (status == ETWR_OK)
        *pipe = opened;
    else
        CloseHandle(opened);
    return status;
}
