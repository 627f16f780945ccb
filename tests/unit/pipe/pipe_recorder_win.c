/* See the header. */
#include "pipe_recorder_win.h"

#include <string.h>
#include <sddl.h>

#include "service/pipe/pipe_calls_win.h"

struct pipe_recorder recorder;

static HANDLE WINAPI create(LPCWSTR name, DWORD open_mode, DWORD pipe_mode, DWORD instances,
                            DWORD out_bytes, DWORD in_bytes, DWORD timeout_ms,
                            LPSECURITY_ATTRIBUTES attributes)
{
    size_t call = recorder.create_count;
    if (call < RECORDED_MAX) {
        struct recorded_create *record = &recorder.creates[recorder.create_count++];
        record->open_mode = open_mode;
        record->pipe_mode = pipe_mode;
        record->instances = instances;
        record->has_descriptor = attributes != NULL && attributes->lpSecurityDescriptor != NULL;
        record->is_inherited = attributes != NULL && attributes->bInheritHandle;
    }
    if (recorder.create_error != 0 && call >= recorder.fail_creates_from) {
        SetLastError(recorder.create_error);
        return INVALID_HANDLE_VALUE;
    }
    return CreateNamedPipeW(name, open_mode, pipe_mode, instances, out_bytes, in_bytes, timeout_ms,
                            attributes);
}

static BOOL fail_with(DWORD error)
{
    SetLastError(error);
    return FALSE;
}

static BOOL WINAPI connect_pipe(HANDLE pipe, LPOVERLAPPED overlapped)
{
    if (recorder.connect_errors > 0) {
        recorder.connect_errors--;
        return fail_with(recorder.connect_error);
    }
    return ConnectNamedPipe(pipe, overlapped);
}

static BOOL WINAPI disconnect(HANDLE pipe)
{
    recorder.disconnects++;
    if (recorder.disconnect_errors > 0) {
        recorder.disconnect_errors--;
        return fail_with(recorder.disconnect_error);
    }
    return DisconnectNamedPipe(pipe);
}

static BOOL WINAPI get_pid(HANDLE pipe, PULONG pid)
{
    if (recorder.pid_error != 0) return fail_with(recorder.pid_error);
    return GetNamedPipeClientProcessId(pipe, pid);
}

static BOOL WINAPI convert(LPCWSTR text, DWORD revision, PSECURITY_DESCRIPTOR *descriptor,
                           PULONG bytes)
{
    if (recorder.convert_error != 0) return fail_with(recorder.convert_error);
    return ConvertStringSecurityDescriptorToSecurityDescriptorW(text, revision, descriptor, bytes);
}

static DWORD WINAPI get_security(HANDLE object, SE_OBJECT_TYPE type, SECURITY_INFORMATION which,
                                 PSID *owner, PSID *group, PACL *dacl, PACL *sacl,
                                 PSECURITY_DESCRIPTOR *descriptor)
{
    BOOL is_present, is_default;
    if (recorder.security_error != 0) return recorder.security_error;
    if (!recorder.gives_other_list)
        return GetSecurityInfo(object, type, which, owner, group, dacl, sacl, descriptor);
    if (!ConvertStringSecurityDescriptorToSecurityDescriptorW(L"D:(A;;FA;;;WD)", SDDL_REVISION_1,
                                                              descriptor, NULL))
        return GetLastError();
    if (dacl != NULL) (void)GetSecurityDescriptorDacl(*descriptor, &is_present, dacl, &is_default);
    return ERROR_SUCCESS;
}

static int open_descriptor(HANDLE pipe)
{
    return recorder.lacks_descriptors ? -1 : pipe_calls_system.open_descriptor(pipe);
}

static void note(enum recorded_step step)
{
    if (recorder.step_count < sizeof recorder.steps / sizeof *recorder.steps)
        recorder.steps[recorder.step_count++] = step;
}

static BOOL WINAPI impersonate(HANDLE pipe)
{
    note(STEP_IMPERSONATE);
    if (recorder.impersonate_error != 0) return fail_with(recorder.impersonate_error);
    return ImpersonateNamedPipeClient(pipe);
}

static BOOL WINAPI open_token(HANDLE thread, DWORD access, BOOL as_self, PHANDLE token)
{
    note(STEP_OPEN);
    if (recorder.open_error != 0) return fail_with(recorder.open_error);
    if (!as_self || access != TOKEN_QUERY) return fail_with(ERROR_INVALID_PARAMETER);
    return OpenThreadToken(thread, access, as_self, token);
}

static BOOL WINAPI revert(void)
{
    BOOL done = RevertToSelf();
    note(STEP_REVERT);
    return recorder.revert_error != 0 ? fail_with(recorder.revert_error) : done;
}

/* S-1-15-2-7-6 */
static struct {
    BYTE revision, count;
    BYTE authority[6];
    DWORD parts[3];
} package = {1, 3, {0, 0, 0, 0, 0, 15}, {2, 7, 6}};

static BOOL WINAPI query(HANDLE token, TOKEN_INFORMATION_CLASS which, LPVOID bytes, DWORD size,
                         PDWORD needed)
{
    static SID_IDENTIFIER_AUTHORITY label = {SECURITY_MANDATORY_LABEL_AUTHORITY};
    static PSID low;
    note(STEP_QUERY);
    if (recorder.query_fails == which) return fail_with(ERROR_ACCESS_DENIED);
    if (which == TokenImpersonationLevel && recorder.is_anonymous) {
        *(SECURITY_IMPERSONATION_LEVEL *)bytes = SecurityAnonymous;
        return TRUE;
    }
    if (which == TokenIsAppContainer && recorder.is_contained) {
        *(DWORD *)bytes = 1;
        return TRUE;
    }
    if (which == TokenAppContainerSid && recorder.is_contained) {
        ((TOKEN_APPCONTAINER_INFORMATION *)bytes)->TokenAppContainer = &package;
        return TRUE;
    }
    if (which == TokenIntegrityLevel && recorder.is_low) {
        if (low == NULL && !AllocateAndInitializeSid(&label, 1, SECURITY_MANDATORY_LOW_RID, 0, 0, 0,
                                                     0, 0, 0, 0, &low))
            return FALSE;
        ((TOKEN_MANDATORY_LABEL *)bytes)->Label.Sid = low;
        return TRUE;
    }
    return GetTokenInformation(token, which, bytes, size, needed);
}

static void end_process(void)
{
    recorder.has_ended = true;
}

static const struct pipe_calls recording = {
    .create_named_pipe = create,
    .connect_named_pipe = connect_pipe,
    .disconnect_named_pipe = disconnect,
    .get_client_process_id = get_pid,
    .convert_descriptor = convert,
    .get_security_info = get_security,
    .open_descriptor = open_descriptor,
    .impersonate_client = impersonate,
    .open_thread_token = open_token,
    .revert_to_self = revert,
    .get_token_information = query,
    .end_process = end_process,
};

void pipe_recorder_start(void)
{
    memset(&recorder, 0, sizeof recorder);
    pipe_calls = &recording;
}

void pipe_recorder_stop(void)
{
    pipe_calls = &pipe_calls_system;
}
