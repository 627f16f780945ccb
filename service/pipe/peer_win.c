/*
 * The peer on Windows, in two steps: its process when it connects, its user when its first bytes
 * have been read. The process is a label, also because its number may be used again before we look;
 * what we may not open has no image.
 */
#include "service/pipe/peer.h"

#include <stdlib.h>
#include <string.h>
#include <windows.h>

#include "service/pipe/pipe_calls_win.h"
#include "service/pipe/token_win.h"
#include "service/support/log.h"
#include "windows/wide.h"

#define PATH_CHARS 1024

static bool is_clean(const char *text)
{
    for (; *text != 0; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7F) return false;
    return true;
}

static void read_image(HANDLE process, char image[PEER_IMAGE_BYTES])
{
    wchar_t path[PATH_CHARS];
    DWORD size = PATH_CHARS;
    if (!QueryFullProcessImageNameW(process, 0, path, &size)) return;
    const wchar_t *slash = wcsrchr(path, L'\\');
    char *name = wide_to_utf8(slash == NULL ? path : slash + 1);
    if (name != NULL && strlen(name) < PEER_IMAGE_BYTES && is_clean(name))
        memcpy(image, name, strlen(name) + 1);
    free(name);
}

static void read_start(HANDLE process, struct peer *peer)
{
    FILETIME created, ended, kernel, user;
    if (!GetProcessTimes(process, &created, &ended, &kernel, &user)) return;
    peer->started = (uint64_t)created.dwHighDateTime << 32 | created.dwLowDateTime;
}

static void read_process(struct peer *peer)
{
    HANDLE process = OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION, FALSE, peer->pid);
    if (process == NULL) return;
    read_image(process, peer->image);
    read_start(process, peer);
    CloseHandle(process);
}

static bool is_gone(DWORD error)
{
    return error == ERROR_NO_DATA || error == ERROR_BROKEN_PIPE ||
           error == ERROR_PIPE_NOT_CONNECTED;
}

enum etwr_status peer_read(intptr_t handle, struct peer *peer)
{
    HANDLE pipe = uv_get_osfhandle((int)handle);
    ULONG pid = 0;
    memset(peer, 0, sizeof *peer);
    if (!pipe_calls->get_client_process_id(pipe, &pid)) {
        DWORD error = GetLastError();
        if (is_gone(error)) return ETWR_E_DISCONNECTED;
        log_line(LOG_LEVEL_WARNING, "a client's process is not known (error %lu)", error);
        return ETWR_E_ACCESS_DENIED;
    }
    peer->pid = pid;
    memcpy(peer->user, "unknown", sizeof "unknown");
    read_process(peer);
    return ETWR_OK;
}

static enum etwr_status refuse(const char *what, DWORD error)
{
    static struct log_cause cause = {.name = "clients without identity"};
    log_repeated(&cause, LOG_LEVEL_WARNING,
                 "a client would not say who it is: %s (error %lu). It must open the pipe with "
                 "SECURITY_IDENTIFICATION or more",
                 what, error);
    return ETWR_E_ACCESS_DENIED;
}

enum etwr_status peer_identify(const uv_pipe_t *pipe, struct peer *peer)
{
    uv_os_fd_t handle;
    HANDLE token;
    DWORD error;
    if (peer->is_known) return ETWR_OK;
    if (uv_fileno((const uv_handle_t *)pipe, &handle) != 0)
        return refuse("no handle", ERROR_INVALID_HANDLE);
    error = token_of_client(handle, &token);
    if (error == ERROR_CANNOT_IMPERSONATE) return ETWR_OK; /* nothing was read yet: not known yet */
    if (error != 0) return refuse("no token", error);
    peer->is_known = token_describe(token, peer, &error);
    CloseHandle(token);
    return peer->is_known ? ETWR_OK : refuse("token not readable", error);
}
