/* See raw_link.h: a named pipe, with overlapped I/O so that no wait is for ever. */
#include "tests/support/raw_link.h"

#include <check.h>
#include <windows.h>

#define DEADLINE_MS 30000
#define POLL_MS     2
#define RIGHTS      0x0012019B /* all that a client gets */

intptr_t raw_link_open(const char *path)
{
    ULONGLONG deadline = GetTickCount64() + DEADLINE_MS;
    for (;;) {
        HANDLE pipe = CreateFileA(
            path, RIGHTS, 0, NULL, OPEN_EXISTING,
            FILE_FLAG_OVERLAPPED | SECURITY_SQOS_PRESENT | SECURITY_IDENTIFICATION, NULL);
        if (pipe != INVALID_HANDLE_VALUE) return (intptr_t)pipe;
        ck_assert_msg(GetLastError() == ERROR_PIPE_BUSY && GetTickCount64() < deadline,
                      "%s: error %lu", path, GetLastError());
        WaitNamedPipeA(path, DEADLINE_MS);
    }
}

void raw_link_close(intptr_t link)
{
    CloseHandle((HANDLE)link);
}

/* What moved; 0 when the connection has ended. */
static DWORD finish(HANDLE pipe, OVERLAPPED *overlapped, BOOL is_done)
{
    DWORD moved = 0;
    DWORD error = is_done ? ERROR_SUCCESS : GetLastError();
    if (is_done || error == ERROR_IO_PENDING) {
        DWORD waited = WaitForSingleObject(overlapped->hEvent, DEADLINE_MS);
        if (waited != WAIT_OBJECT_0) CancelIoEx(pipe, overlapped);
        error =
            GetOverlappedResult(pipe, overlapped, &moved, TRUE) ? ERROR_SUCCESS : GetLastError();
        ck_assert_msg(waited == WAIT_OBJECT_0, "nothing moves");
    }
    CloseHandle(overlapped->hEvent);
    ck_assert_msg(error == ERROR_SUCCESS || error == ERROR_BROKEN_PIPE || error == ERROR_NO_DATA ||
                      error == ERROR_PIPE_NOT_CONNECTED,
                  "error %lu", error);
    return moved;
}

bool raw_link_send(intptr_t link, const void *bytes, size_t size)
{
    const char *at = bytes;
    while (size > 0) {
        OVERLAPPED overlapped = {.hEvent = CreateEventW(NULL, TRUE, FALSE, NULL)};
        DWORD moved = finish((HANDLE)link, &overlapped,
                             WriteFile((HANDLE)link, at, (DWORD)size, NULL, &overlapped));
        if (moved == 0) return false;
        at += moved;
        size -= moved;
    }
    return true;
}

size_t raw_link_receive(intptr_t link, void *bytes, size_t size)
{
    OVERLAPPED overlapped = {.hEvent = CreateEventW(NULL, TRUE, FALSE, NULL)};
    return finish((HANDLE)link, &overlapped,
                  ReadFile((HANDLE)link, bytes, (DWORD)size, NULL, &overlapped));
}

bool raw_link_is_answered(intptr_t link, int timeout_ms)
{
    ULONGLONG deadline = GetTickCount64() + (ULONGLONG)timeout_ms;
    DWORD available = 0;
    while (PeekNamedPipe((HANDLE)link, NULL, 0, NULL, &available, NULL) && available == 0) {
        if (GetTickCount64() >= deadline) return false;
        Sleep(POLL_MS);
    }
    return true;
}
