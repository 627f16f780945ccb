/* The host on Windows: a console program, or a service (service_win.c). What both need first stands
 * here. */
#include "service/host/host.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>
/* After windows.h. */
#include <shlobj.h>

#include "service/host/event_log_win.h"
#include "service/host/install_win.h"
#include "service/host/mitigation_win.h"
#include "service/host/service_win.h"
#include "service/options.h"
#include "windows/start.h"
#include "windows/wide.h"

#define CONSOLE_FOLDER "etwrelay"
#define SERVICE_FOLDER "etwrelay\\logs" /* made by `install`, with its access list */

void host_prepare(int *argc, char ***argv)
{
    windows_start(argc, argv);
    mitigation_start();
}

bool host_is_service(void)
{
    return service_is_running();
}

int host_run(int (*run)(const struct options *options), const struct options *options)
{
    mitigation_forbid_children();
    return options->is_service ? service_run(run, options) : run(options);
}

void host_refuse_start(enum host_cause cause, const char *message)
{
    fprintf(stderr, "etwrelayd: %s\n", message);
    service_set_cause(cause);
    if (!service_is_running()) return;
    switch (cause) {
    case HOST_CAUSE_CONFIG:
        event_log_write(EVENT_LOG_CONFIG_ERROR, message);
        break;
    case HOST_CAUSE_PIPE:
        event_log_write(EVENT_LOG_PIPE_REFUSED, message);
        break;
    default:
        event_log_write(EVENT_LOG_START_REFUSED, message);
        break;
    }
}

void host_print_final(const char *line, size_t size)
{
    (void)fwrite(line, 1, size, stdout);
    (void)fflush(stdout);
    if (!service_is_running()) return;
    char *text = malloc(size + 1);
    if (text == NULL) return;
    memcpy(text, line, size);
    text[size] = '\0';
    event_log_write(EVENT_LOG_STOPPED, text);
    free(text);
}

void host_tell(enum host_state state)
{
    service_tell(state);
    if (state == HOST_READY) mitigation_log();
    if (state == HOST_READY && service_is_running())
        event_log_write(EVENT_LOG_STARTED, "etwrelayd " ETWR_VERSION " accepts connections");
}

/* Make each folder on the way that is missing. */
static bool make_folders(const char *path)
{
    wchar_t *wide = wide_path(path);
    int error = wide == NULL ? ERROR_NOT_ENOUGH_MEMORY : SHCreateDirectoryExW(NULL, wide, NULL);
    free(wide);
    SetLastError((DWORD)error);
    return error == ERROR_SUCCESS || error == ERROR_ALREADY_EXISTS || error == ERROR_FILE_EXISTS;
}

static enum etwr_status fail(char message[HOST_MESSAGE_BYTES], enum etwr_status status,
                             const char *what, const char *path)
{
    char words[128];
    wide_error_text(GetLastError(), words, sizeof words);
    snprintf(message, HOST_MESSAGE_BYTES, "%s %.256s: %s. Say another place with --sink etl:FILE",
             what, path, words);
    return status;
}

enum etwr_status host_state_folder(char *path, size_t capacity, char message[HOST_MESSAGE_BYTES])
{
    bool is_service = service_is_running();
    wchar_t *known = NULL;
    HRESULT result = SHGetKnownFolderPath(
        is_service ? &FOLDERID_ProgramData : &FOLDERID_LocalAppData, KF_FLAG_DEFAULT, NULL, &known);
    char *base = SUCCEEDED(result) ? wide_to_utf8(known) : NULL;
    CoTaskMemFree(known);
    if (base == NULL)
        return fail(message, ETWR_E_NOT_FOUND,
                    "no place for the trace:", is_service ? "%ProgramData%" : "%LOCALAPPDATA%");
    int size =
        snprintf(path, capacity, "%s\\%s", base, is_service ? SERVICE_FOLDER : CONSOLE_FOLDER);
    free(base);
    if (size < 0 || (size_t)size >= capacity) {
        SetLastError(ERROR_FILENAME_EXCED_RANGE);
        return fail(message, ETWR_E_LIMIT, "the state folder's path is too long:", "");
    }
    if (make_folders(path)) return ETWR_OK;
    return fail(message, ETWR_E_IO, "cannot make the state folder", path);
}

int host_service_command(const struct options *options)
{
    return install_command(options);
}
