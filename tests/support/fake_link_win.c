/*
 * See fake_link.h: named pipes. The descriptor names the owner, because Wine gives none to a pipe
 * that is made without one.
 */
#include "tests/support/fake_link.h"

#include <check.h>
#include <limits.h>
#include <stdio.h>
#include <windows.h>

#include <sddl.h>

#define BUFFER_BYTES 65536
#define FIXED_MODE   (PIPE_TYPE_BYTE | PIPE_READMODE_BYTE | PIPE_REJECT_REMOTE_CLIENTS)

static unsigned paths; /* made so far */

void fake_link_make_path(char path[FAKE_PATH_BYTES])
{
    snprintf(path, FAKE_PATH_BYTES, "\\\\.\\pipe\\etwrelay-test-%lu-%u",
             (unsigned long)GetCurrentProcessId(), paths++);
}

void fake_link_forget_path(const char *path)
{
    (void)path;
}

static PSECURITY_DESCRIPTOR own_descriptor(void)
{
    _Alignas(8) BYTE user[sizeof(TOKEN_USER) + SECURITY_MAX_SID_SIZE];
    PSECURITY_DESCRIPTOR descriptor;
    WCHAR text[512];
    WCHAR *sid;
    HANDLE token;
    DWORD size;

    ck_assert(OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token));
    ck_assert(GetTokenInformation(token, TokenUser, user, sizeof user, &size));
    CloseHandle(token);
    ck_assert(ConvertSidToStringSidW(((TOKEN_USER *)(void *)user)->User.Sid, &sid));
    _snwprintf(text, ARRAYSIZE(text), L"O:%lsD:P(A;;GA;;;%ls)", sid, sid);
    LocalFree(sid);
    ck_assert(ConvertStringSecurityDescriptorToSecurityDescriptorW(text, SDDL_REVISION_1,
                                                                   &descriptor, NULL));
    return descriptor;
}

intptr_t fake_link_listen(const char *path)
{
    SECURITY_ATTRIBUTES security = {.nLength = sizeof security,
                                    .lpSecurityDescriptor = own_descriptor()};
    HANDLE pipe =
        CreateNamedPipeA(path, PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED, FIXED_MODE,
                         PIPE_UNLIMITED_INSTANCES, BUFFER_BYTES, BUFFER_BYTES, 0, &security);

    LocalFree(security.lpSecurityDescriptor);
    ck_assert(pipe != INVALID_HANDLE_VALUE);
    return (intptr_t)pipe;
}

void fake_link_stop_listening(intptr_t listener, const char *path)
{
    (void)path;
    CloseHandle((HANDLE)listener);
}

/* Its end, in time or cancelled; the error of it. */
static DWORD finish(intptr_t link, OVERLAPPED *overlapped, BOOL is_done, int timeout_ms,
                    DWORD *moved)
{
    DWORD error = is_done ? ERROR_SUCCESS : GetLastError();

    if (!is_done && error != ERROR_IO_PENDING) return error;
    if (WaitForSingleObject(overlapped->hEvent, (DWORD)timeout_ms) != WAIT_OBJECT_0)
        CancelIoEx((HANDLE)link, overlapped);
    return GetOverlappedResult((HANDLE)link, overlapped, moved, TRUE) ? ERROR_SUCCESS
                                                                      : GetLastError();
}

static OVERLAPPED begin(void)
{
    OVERLAPPED overlapped = {.hEvent = CreateEventW(NULL, TRUE, FALSE, NULL)};

    ck_assert_ptr_nonnull(overlapped.hEvent);
    return overlapped;
}

bool fake_link_is_called(intptr_t listener, int timeout_ms)
{
    OVERLAPPED overlapped = begin();
    DWORD moved;
    DWORD error = finish(listener, &overlapped, ConnectNamedPipe((HANDLE)listener, &overlapped),
                         timeout_ms, &moved);

    CloseHandle(overlapped.hEvent);
    return error == ERROR_SUCCESS || error == ERROR_PIPE_CONNECTED || error == ERROR_NO_DATA;
}

intptr_t fake_link_accept(intptr_t *listener, const char *path)
{
    intptr_t link = *listener;

    ck_assert(fake_link_is_called(link, 0));
    *listener = fake_link_listen(path);
    return link;
}

intptr_t fake_link_make_pair(intptr_t *client)
{
    char path[FAKE_PATH_BYTES];
    intptr_t link;
    HANDLE other;

    fake_link_make_path(path);
    link = fake_link_listen(path);
    other = CreateFileA(path, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING,
                        FILE_FLAG_OVERLAPPED, NULL);
    ck_assert(other != INVALID_HANDLE_VALUE);
    ck_assert(fake_link_is_called(link, 0));
    *client = (intptr_t)other;
    return link;
}

void fake_link_close(intptr_t link)
{
    CloseHandle((HANDLE)link);
}

long fake_link_receive(intptr_t link, void *bytes, size_t size, int timeout_ms)
{
    OVERLAPPED overlapped = begin();
    DWORD moved = 0;
    DWORD error =
        finish(link, &overlapped, ReadFile((HANDLE)link, bytes, (DWORD)size, NULL, &overlapped),
               timeout_ms, &moved);

    CloseHandle(overlapped.hEvent);
    if (error == ERROR_OPERATION_ABORTED) return -1;
    return error == ERROR_SUCCESS ? (long)moved : 0;
}

void fake_link_send(intptr_t link, const void *bytes, size_t size)
{
    OVERLAPPED overlapped = begin();
    DWORD moved = 0;
    DWORD error =
        finish(link, &overlapped, WriteFile((HANDLE)link, bytes, (DWORD)size, NULL, &overlapped),
               INT_MAX, &moved);

    CloseHandle(overlapped.hEvent);
    ck_assert_uint_eq(error, ERROR_SUCCESS);
    ck_assert_uint_eq(moved, size);
}

bool fake_link_is_open(intptr_t handle)
{
    DWORD flags;

    return GetHandleInformation((HANDLE)handle, &flags) != FALSE;
}

bool fake_link_is_inherited(intptr_t handle)
{
    DWORD flags = 0;

    ck_assert(GetHandleInformation((HANDLE)handle, &flags));
    return (flags & HANDLE_FLAG_INHERIT) != 0;
}

void fake_environment(const char *name, const char *value)
{
    SetEnvironmentVariableA(name, value);
}
