/*
 * The probes, one line a probe: as whom, doing what, and what has to come of it.
 *
 * A refusal counts only when it is "access denied": any other error says that the question was not
 * answered.
 */
#include "service/host/probes_win.h"

#include "service/host/probe_tokens_win.h"
#include "service/pipe/descriptor.h"

#define CREATE_INSTANCE 0x4 /* FILE_CREATE_PIPE_INSTANCE, which FILE_APPEND_DATA is for files */
#define OTHER_PIPE      L"\\\\.\\pipe\\ProtectedPrefix\\LocalService\\etwrelay.verify"

enum expectation { MUST_PASS, MUST_BE_DENIED, MAY_PASS };

struct probe {
    const char *what;
    enum probe_identity identity;
    enum expectation expectation;
    DWORD access;        /* 0: it makes a pipe instead of opening one */
    DWORD flags;         /* of the making */
    const wchar_t *pipe; /* NULL: the service's */
};

static const struct probe probes[] = {
    {"the pipe's name cannot be claimed a second time", PROBE_SELF, MUST_BE_DENIED, 0,
     FILE_FLAG_FIRST_PIPE_INSTANCE, NULL},
    {"a user gets in with exactly the rights that clients ask for", PROBE_USER, MUST_PASS,
     DESCRIPTOR_CLIENT_RIGHTS, 0, NULL},
    {"a user cannot make an instance of the pipe", PROBE_USER, MUST_BE_DENIED, 0, 0, NULL},
    {"a user cannot open it with the right to make instances", PROBE_USER, MUST_BE_DENIED,
     DESCRIPTOR_CLIENT_RIGHTS | CREATE_INSTANCE, 0, NULL},
    {"a user cannot open it with GENERIC_WRITE, which asks for that right", PROBE_USER,
     MUST_BE_DENIED, GENERIC_READ | GENERIC_WRITE, 0, NULL},
    {"a user cannot change who may open it", PROBE_USER, MUST_BE_DENIED, WRITE_DAC, 0, NULL},
    {"a process at low integrity gets in", PROBE_LOW, MUST_PASS, DESCRIPTOR_CLIENT_RIGHTS, 0, NULL},
    {"a process in an AppContainer gets in", PROBE_APP_CONTAINER, MUST_PASS,
     DESCRIPTOR_CLIENT_RIGHTS, 0, NULL},
    {"a user cannot make a pipe under ProtectedPrefix\\LocalService", PROBE_USER, MUST_BE_DENIED, 0,
     FILE_FLAG_FIRST_PIPE_INSTANCE, OTHER_PIPE},
    {"the service could make its pipe with a restricted SID, too", PROBE_RESTRICTED_SERVICE,
     MAY_PASS, 0, FILE_FLAG_FIRST_PIPE_INSTANCE, OTHER_PIPE},
};

/* Returns the error; 0: it went through. */
static DWORD act(const struct probe *probe, const wchar_t *pipe)
{
    HANDLE handle;
    if (probe->pipe != NULL) pipe = probe->pipe;
    if (probe->access != 0)
        handle = CreateFileW(pipe, probe->access, 0, NULL, OPEN_EXISTING,
                             FILE_FLAG_OVERLAPPED | SECURITY_SQOS_PRESENT | SECURITY_IDENTIFICATION,
                             NULL);
    else
        handle = CreateNamedPipeW(pipe, PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED | probe->flags,
                                  PIPE_TYPE_BYTE | PIPE_REJECT_REMOTE_CLIENTS,
                                  PIPE_UNLIMITED_INSTANCES, 0, 0, 0, NULL);
    DWORD error = GetLastError();
    if (handle == INVALID_HANDLE_VALUE) /* busy: behind the check of rights */
        return error == ERROR_PIPE_BUSY ? ERROR_SUCCESS : error;
    CloseHandle(handle);
    return ERROR_SUCCESS;
}

/* False: the token is not to be had, GetLastError(). */
static bool act_as(const struct probe *probe, const wchar_t *pipe, DWORD pid, DWORD *error)
{
    HANDLE token;
    if (probe->identity == PROBE_SELF) {
        *error = act(probe, pipe);
        return true;
    }
    if (!probe_token_make(probe->identity, pid, &token)) return false;
    bool is_set = SetThreadToken(NULL, token) != 0;
    DWORD set_error = GetLastError();
    if (is_set) {
        *error = act(probe, pipe);
        if (!RevertToSelf())
            TerminateProcess(GetCurrentProcess(), 1); /* as somebody else: no further */
    }
    CloseHandle(token);
    SetLastError(set_error);
    return is_set;
}

static const char *why_not(const struct probe *probe, const struct probes_target *target)
{
    if (target->why_not != NULL) return target->why_not;
    if (probe->expectation == MUST_PASS && !target->serves_users)
        return "the configuration says who gets in";
    return NULL;
}

static void run(struct verdicts *verdicts, const struct probe *probe,
                const struct probes_target *target)
{
    DWORD error = ERROR_SUCCESS;
    if (!act_as(probe, target->pipe, target->pid, &error)) {
        verdicts_tell_error(verdicts, probe->what, GetLastError());
        return;
    }
    if (error != ERROR_SUCCESS && error != ERROR_ACCESS_DENIED) {
        verdicts_tell_error(verdicts, probe->what, error);
        return;
    }
    bool passed = error == ERROR_SUCCESS;
    if (probe->expectation == MAY_PASS)
        verdicts_tell_optional(verdicts, probe->what, passed);
    else
        verdicts_tell(verdicts, probe->what, passed == (probe->expectation == MUST_PASS));
}

void probes_run(struct verdicts *verdicts, const struct probes_target *target)
{
    for (size_t i = 0; i < sizeof probes / sizeof probes[0]; i++) {
        const char *reason = why_not(&probes[i], target);
        if (reason != NULL)
            verdicts_tell_untold(verdicts, probes[i].what, reason);
        else
            run(verdicts, &probes[i], target);
    }
}
