/*
 * What the tool needs from the operating system: Windows. Thin: no policy in here.
 */
#include "client/tool/system.h"

#include <errno.h>
#include <fcntl.h>
#include <io.h>
#include <limits.h>
#include <stdlib.h>
#include <windows.h>

#include "windows/start.h"
#include "windows/wide.h"

#define NS_A_SECOND 1000000000u

const char system_pipe_rule[] = "a pipe's name is \\\\.\\pipe\\NAME, of at most 256 bytes";
const char system_pipe_help[] =
    "  --pipe NAME       the service's pipe; default: ETWRELAY_HANDLE, ETWRELAY_PIPE, the\n"
    "                    user's own (\\\\.\\pipe\\etwrelay-console), the system's\n"
    "                    (\\\\.\\pipe\\ProtectedPrefix\\LocalService\\etwrelay)\n";
const char system_handle_variable[] = "ETWRELAY_HANDLE (the number of an open pipe)";

void system_start(int *argc, char ***argv)
{
    windows_start(argc, argv);
}

int system_open(const char *path)
{
    wchar_t *wide = wide_path(path);
    if (wide == NULL) {
        errno = GetLastError() == ERROR_NO_UNICODE_TRANSLATION ? EILSEQ : ENOMEM;
        return -1;
    }
    int file = _wopen(wide, _O_RDONLY | _O_BINARY | _O_NOINHERIT);
    free(wide);
    return file;
}

void system_close(int file)
{
    _close(file);
}

ptrdiff_t system_read(int file, void *buffer, size_t size)
{
    return _read(file, buffer, size > INT_MAX ? INT_MAX : (unsigned)size);
}

/* On a file that was not opened for overlapped I/O this waits, and moves the file's place, which
 * nobody here relies on. */
static bool read_at(HANDLE file, uint64_t offset, void *buffer, DWORD size, DWORD *got)
{
    OVERLAPPED place = {.Offset = (DWORD)offset, .OffsetHigh = (DWORD)(offset >> 32)};
    if (ReadFile(file, buffer, size, got, &place)) return true;
    *got = 0;
    return GetLastError() == ERROR_HANDLE_EOF;
}

ptrdiff_t system_read_at(int file, uint64_t offset, void *buffer, size_t size)
{
    HANDLE handle = (HANDLE)_get_osfhandle(file);
    char *at = buffer;
    size_t done = 0;

    while (done < size) {
        DWORD got, wanted = size - done > INT_MAX ? INT_MAX : (DWORD)(size - done);
        if (!read_at(handle, offset + done, at + done, wanted, &got)) {
            errno = EIO;
            return -1;
        }
        if (got == 0) break;
        done += got;
    }
    return (ptrdiff_t)done;
}

uint64_t system_now_ns(void)
{
    LARGE_INTEGER ticks, frequency;
    QueryPerformanceFrequency(&frequency);
    QueryPerformanceCounter(&ticks);
    uint64_t a_second = (uint64_t)frequency.QuadPart, now = (uint64_t)ticks.QuadPart;
    return now / a_second * NS_A_SECOND + now % a_second * NS_A_SECOND / a_second;
}

/* _isatty() also takes NUL for a terminal. */
static bool is_console(DWORD stream)
{
    DWORD mode;
    return GetConsoleMode(GetStdHandle(stream), &mode) != 0;
}

bool system_stdout_is_terminal(void)
{
    return is_console(STD_OUTPUT_HANDLE);
}

bool system_stderr_is_terminal(void)
{
    return is_console(STD_ERROR_HANDLE);
}
