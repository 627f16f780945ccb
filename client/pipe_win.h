/*
 * Opening the service's pipe on Windows: exactly the rights that clients are given, no more
 * identity than the service needs, and nothing said before its owner is known.
 */
#ifndef ETWRELAY_CLIENT_PIPE_WIN_H
#define ETWRELAY_CLIENT_PIPE_WIN_H

#include <stddef.h>
#include <windows.h>

#include "client/transport.h"

/*
 * Read and write data, extended attributes and attributes, READ_CONTROL (the owner is asked for),
 * SYNCHRONIZE. GENERIC_WRITE would ask for 0x4 too, with which one can serve the pipe instead.
 */
#define PIPE_CLIENT_RIGHTS 0x0012019Bu
/* All that a process needs which adopts it. */
#define PIPE_ADOPTED_RIGHTS (FILE_READ_DATA | FILE_WRITE_DATA | SYNCHRONIZE)

/* "All pipe instances are busy": how often to wait for one, and how long. */
#define PIPE_BUSY_WAITS   2
#define PIPE_BUSY_WAIT_MS 50u

/* What is asked of the system, so that tests see it and play the answers. */
struct pipe_system {
    HANDLE(WINAPI *create_file)
    (LPCWSTR name, DWORD access, DWORD share, LPSECURITY_ATTRIBUTES security, DWORD disposition,
     DWORD flags, HANDLE model);
    BOOL(WINAPI *wait_named_pipe)(LPCWSTR name, DWORD timeout_ms);
    BOOL(WINAPI *get_security)
    (HANDLE pipe, SECURITY_INFORMATION what, PSECURITY_DESCRIPTOR descriptor, DWORD size,
     LPDWORD needed);
};

extern const struct pipe_system *pipe_system; /* tests put theirs here */

/* Results and words as stream_connect(). The handle is overlapped and not inherited. */
enum etwr_status pipe_open(const char *path, enum stream_trust trust, HANDLE *pipe, char *text,
                           size_t capacity);

#endif
