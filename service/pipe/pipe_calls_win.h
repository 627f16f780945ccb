/*
 * What the acceptor asks of Windows, as a table: so that tests see each argument, and can have each
 * call fail. In the service it is never anything but the system's own functions.
 */
#ifndef ETWRELAY_PIPE_CALLS_WIN_H
#define ETWRELAY_PIPE_CALLS_WIN_H

#include <aclapi.h>
#include <windows.h>

struct pipe_calls {
    HANDLE(WINAPI *create_named_pipe)
    (LPCWSTR name, DWORD open_mode, DWORD pipe_mode, DWORD instances, DWORD out_bytes,
     DWORD in_bytes, DWORD timeout_ms, LPSECURITY_ATTRIBUTES attributes);
    BOOL(WINAPI *connect_named_pipe)(HANDLE pipe, LPOVERLAPPED overlapped);
    BOOL(WINAPI *disconnect_named_pipe)(HANDLE pipe);
    BOOL(WINAPI *get_client_process_id)(HANDLE pipe, PULONG pid);
    BOOL(WINAPI *convert_descriptor)
    (LPCWSTR text, DWORD revision, PSECURITY_DESCRIPTOR *descriptor, PULONG bytes);
    DWORD(WINAPI *get_security_info)
    (HANDLE object, SE_OBJECT_TYPE type, SECURITY_INFORMATION which, PSID *owner, PSID *group,
     PACL *dacl, PACL *sacl, PSECURITY_DESCRIPTOR *descriptor);
    int (*open_descriptor)(HANDLE pipe); /* the C library's number for a handle; -1: none is left */

    BOOL(WINAPI *impersonate_client)(HANDLE pipe);
    BOOL(WINAPI *open_thread_token)(HANDLE thread, DWORD access, BOOL as_self, PHANDLE token);
    BOOL(WINAPI *revert_to_self)(void);
    BOOL(WINAPI *get_token_information)
    (HANDLE token, TOKEN_INFORMATION_CLASS which, LPVOID bytes, DWORD size, PDWORD needed);
    void (*end_process)(void); /* does not return, but in a test */
};

extern const struct pipe_calls pipe_calls_system;
/* Set by tests only, before any thread uses it. */
extern const struct pipe_calls *pipe_calls;

#endif
