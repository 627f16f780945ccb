/*
 * What the tool needs from the operating system: Unix. Thin: no policy in here.
 */
#include "client/tool/system.h"

#include <errno.h>
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

const char system_pipe_rule[] = "a socket's path has 1 to 107 bytes";
const char system_pipe_help[] =
    "  --pipe PATH       the service's socket; default: ETWRELAY_FD, ETWRELAY_PIPE, the\n"
    "                    user's own ($XDG_RUNTIME_DIR/etwrelay.sock), the system's\n"
    "                    (/run/etwrelay/etwrelay.sock)\n";
const char system_handle_variable[] = "ETWRELAY_FD (the number of an open stream socket)";

/* All is so already. */
void system_start(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
}

int system_open(const char *path)
{
    return open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
}

void system_close(int file)
{
    close(file);
}

ptrdiff_t system_read(int file, void *buffer, size_t size)
{
    ssize_t got;
    do
        got = read(file, buffer, size);
    while (got < 0 && errno == EINTR);
    return got;
}

ptrdiff_t system_read_at(int file, uint64_t offset, void *buffer, size_t size)
{
    char *at = buffer;
    size_t done = 0;

    while (done < size) {
        ssize_t got = pread(file, at + done, size - done, (off_t)(offset + done));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return -1;
        if (got == 0) break;
        done += (size_t)got;
    }
    return (ptrdiff_t)done;
}

uint64_t system_now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

bool system_stdout_is_terminal(void)
{
    return isatty(STDOUT_FILENO) == 1;
}

bool system_stderr_is_terminal(void)
{
    return isatty(STDERR_FILENO) == 1;
}
