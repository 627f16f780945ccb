/*
 * Processes on Windows. They are known by their id, as elsewhere; their handles are kept here.
 *
 * A program of the machine outside of Wine (an absolute path with slashes, like Python's) is
 * started through its shell: Wine cannot wait for it, so its exit status goes to a file that can be
 * waited for.
 */
#include "tests/support/process.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>
#include <windows.h>

#include <check.h>

#define PROCESSES_MAX   64
#define LINE_CHARACTERS 8192
#define OUTSIDE_PID_MIN 1000000000 /* no process of Windows has such an id */
#define KILLED          137
#define START_TRIES     5 /* Wine gives up on a process that a busy machine is slow to start */

const char process_absent_pipe[] = "\\\\.\\pipe\\etwr-test-nonexistent";

static struct {
    pid_t pid;
    HANDLE handle; /* NULL: a program outside, and its exit status will be in `status` */
    char status[PROCESS_PATH_MAX];
} processes[PROCESSES_MAX];
static pid_t outside_count;

uint64_t process_now_ms(void)
{
    return GetTickCount64();
}

void process_pause(void)
{
    Sleep(2);
}

void scratch_init(struct scratch *scratch)
{
    static unsigned count;
    const char *folder = getenv("TMPDIR");
    if (folder == NULL || strlen(folder) > 30) folder = "/tmp";
    snprintf(scratch->path, sizeof scratch->path, "%s/etwr-test-%lu-%u", folder,
             GetCurrentProcessId(), ++count);
    ck_assert_msg(CreateDirectoryA(scratch->path, NULL), "%s: error %lu", scratch->path,
                  GetLastError());
}

/* Scratch folders hold no folders. */
void scratch_clear(struct scratch *scratch)
{
    char path[PROCESS_PATH_MAX];
    WIN32_FIND_DATAA found;
    HANDLE search = FindFirstFileA(scratch_file(scratch, "*", path), &found);
    if (search != INVALID_HANDLE_VALUE) {
        do
            DeleteFileA(scratch_file(scratch, found.cFileName, path));
        while (FindNextFileA(search, &found));
        FindClose(search);
    }
    RemoveDirectoryA(scratch->path);
}

void scratch_pipe(const struct scratch *scratch, char *buffer)
{
    snprintf(buffer, PROCESS_PATH_MAX, "\\\\.\\pipe\\%s", strrchr(scratch->path, '/') + 1);
}

static HANDLE open_inherited(const char *path, DWORD access, DWORD disposition)
{
    SECURITY_ATTRIBUTES inherited = {.nLength = sizeof inherited, .bInheritHandle = TRUE};
    const char *name = strcmp(path, "/dev/null") == 0 ? "NUL" : path;
    HANDLE file = CreateFileA(name, access, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
                              &inherited, disposition, FILE_ATTRIBUTE_NORMAL, NULL);
    ck_assert_msg(file != INVALID_HANDLE_VALUE, "%s: error %lu", path, GetLastError());
    return file;
}

/* By the rules of the C library's start-up code: backslashes count only in front of a quote. */
static char *put_argument(char *at, const char *argument)
{
    size_t backslashes = 0;
    *at++ = '"';
    for (; *argument != '\0'; argument++) {
        if (*argument == '"')
            for (backslashes++; backslashes > 0; backslashes--)
                *at++ = '\\';
        backslashes = *argument == '\\' ? backslashes + 1 : 0;
        *at++ = *argument;
    }
    for (; backslashes > 0; backslashes--)
        *at++ = '\\';
    *at++ = '"';
    *at++ = ' ';
    return at;
}

static void put_line(char line[LINE_CHARACTERS], const char *const *argv)
{
    char *at = line;
    for (size_t i = 0; argv[i] != NULL; i++) {
        ck_assert_uint_lt((size_t)(at - line) + 2 * strlen(argv[i]) + 4, LINE_CHARACTERS);
        at = put_argument(at, argv[i]);
    }
    *at = '\0';
}

static void keep(pid_t pid, HANDLE handle, const char *status)
{
    for (size_t i = 0; i < PROCESSES_MAX; i++) {
        if (processes[i].pid != 0) continue;
        processes[i].pid = pid;
        processes[i].handle = handle;
        snprintf(processes[i].status, sizeof processes[i].status, "%s", status);
        return;
    }
    ck_abort_msg("too many processes");
}

static PROCESS_INFORMATION create(const char *const *argv, HANDLE files[3])
{
    char line[LINE_CHARACTERS];
    wchar_t wide[LINE_CHARACTERS];
    PROCESS_INFORMATION started;
    STARTUPINFOW startup = {.cb = sizeof startup,
                            .dwFlags = STARTF_USESTDHANDLES,
                            .hStdInput = files[0],
                            .hStdOutput = files[1],
                            .hStdError = files[2]};
    put_line(line, argv);
    ck_assert_int_gt(MultiByteToWideChar(CP_UTF8, 0, line, -1, wide, LINE_CHARACTERS), 0);
    bool is_started = false;
    for (int i = 0; i < START_TRIES && !is_started; i++) {
        is_started =
            CreateProcessW(NULL, wide, NULL, NULL, TRUE, 0, NULL, NULL, &startup, &started);
        if (!is_started && GetLastError() != ERROR_INTERNAL_ERROR) break;
    }
    ck_assert_msg(is_started, "%s: error %lu", argv[0], GetLastError());
    return started;
}

/* sh -c 'out=$1; shift; "$@" >... ; echo $? >STATUS' */
static pid_t start_outside(const char *const *argv, const char *in_path, const char *out_path,
                           const char *err_path)
{
    static const char script[] =
        "i=$1 o=$2 e=$3 s=$4; shift 4; \"$@\" <$i >$o 2>$e; echo $? >$s.new; mv $s.new $s";
    const char *all[PROCESS_ARGUMENTS_MAX + 8] = {"/bin/sh", "-c",     script,  "sh",
                                                  in_path,   out_path, err_path};
    char status[PROCESS_PATH_MAX];
    size_t count = 8;
    HANDLE files[3];
    snprintf(status, sizeof status, "%s.status", out_path);
    all[7] = status;
    for (; *argv != NULL; argv++)
        all[count++] = *argv;
    for (size_t i = 0; i < 3; i++)
        files[i] = open_inherited("/dev/null", GENERIC_READ | GENERIC_WRITE, OPEN_EXISTING);
    DeleteFileA(status);
    (void)create(all, files);
    for (size_t i = 0; i < 3; i++)
        CloseHandle(files[i]);
    pid_t pid = OUTSIDE_PID_MIN + ++outside_count;
    keep(pid, NULL, status);
    return pid;
}

pid_t process_start_with(const char *const *argv, const char *in_path, const char *out_path,
                         const char *err_path)
{
    if (strstr(argv[0], ".exe") == NULL) return start_outside(argv, in_path, out_path, err_path);
    HANDLE files[3] = {open_inherited(in_path, GENERIC_READ, OPEN_EXISTING),
                       open_inherited(out_path, GENERIC_WRITE, CREATE_ALWAYS),
                       open_inherited(err_path, GENERIC_WRITE, CREATE_ALWAYS)};
    PROCESS_INFORMATION started = create(argv, files);
    for (size_t i = 0; i < 3; i++)
        CloseHandle(files[i]);
    CloseHandle(started.hThread);
    keep((pid_t)started.dwProcessId, started.hProcess, "");
    return (pid_t)started.dwProcessId;
}

pid_t process_start(const char *const *argv, const char *out_path, const char *err_path)
{
    return process_start_with(argv, "/dev/null", out_path, err_path);
}

static size_t find(pid_t pid)
{
    for (size_t i = 0; i < PROCESSES_MAX; i++)
        if (processes[i].pid == pid) return i;
    ck_abort_msg("no process %" PRId64, (int64_t)pid);
    return 0;
}

static int wait_for_status(const char *path)
{
    size_t size;
    if (!process_wait_for_text(path, "\n"))
        ck_abort_msg("a process did not end within %d ms", PROCESS_DEADLINE_MS);
    char *text = process_read_file(path, &size);
    int status = atoi(text);
    free(text);
    DeleteFileA(path);
    return status;
}

int process_wait(pid_t pid)
{
    size_t i = find(pid);
    HANDLE process = processes[i].handle;
    DWORD status = 0;
    processes[i].pid = 0;
    if (process == NULL) return wait_for_status(processes[i].status);
    DWORD ended = WaitForSingleObject(process, PROCESS_DEADLINE_MS);
    if (ended != WAIT_OBJECT_0) TerminateProcess(process, KILLED);
    GetExitCodeProcess(process, &status);
    CloseHandle(process);
    ck_assert_msg(ended == WAIT_OBJECT_0, "a process did not end within %d ms",
                  PROCESS_DEADLINE_MS);
    return (int)status;
}

static void set_event(const char *what, pid_t pid)
{
    char name[64];
    snprintf(name, sizeof name, "Local\\etwrelayd-%s-%" PRId64, what, (int64_t)pid);
    HANDLE event = OpenEventA(EVENT_MODIFY_STATE, FALSE, name);
    ck_assert_msg(event != NULL && SetEvent(event), "%s: error %lu", name, GetLastError());
    CloseHandle(event);
}

void process_ask_to_stop(pid_t pid)
{
    set_event("stop", pid);
}

void process_ask_to_reload(pid_t pid)
{
    set_event("reload", pid);
}

typedef LONG(WINAPI *process_call)(HANDLE process); /* of ntdll; no header has them */

static void call(const char *name, pid_t pid)
{
    HMODULE ntdll = GetModuleHandleW(L"ntdll.dll");
    process_call function = (process_call)(void (*)(void))GetProcAddress(ntdll, name);
    ck_assert(function != NULL && function(processes[find(pid)].handle) >= 0);
}

void process_suspend(pid_t pid)
{
    call("NtSuspendProcess", pid);
}

void process_resume(pid_t pid)
{
    call("NtResumeProcess", pid);
}

void process_kill(pid_t pid)
{
    TerminateProcess(processes[find(pid)].handle, KILLED);
}

intptr_t process_feed_open(const struct scratch *scratch, char *path)
{
    snprintf(path, PROCESS_PATH_MAX, "\\\\.\\pipe\\%s-feed", strrchr(scratch->path, '/') + 1);
    HANDLE feed = CreateNamedPipeA(path, PIPE_ACCESS_OUTBOUND, PIPE_TYPE_BYTE, 1, 0, 0, 0, NULL);
    ck_assert(feed != INVALID_HANDLE_VALUE);
    return (intptr_t)feed;
}

void process_feed_write(intptr_t feed, const char *text)
{
    DWORD written;
    if (!ConnectNamedPipe((HANDLE)feed, NULL))
        ck_assert_uint_eq(GetLastError(), ERROR_PIPE_CONNECTED);
    ck_assert(WriteFile((HANDLE)feed, text, (DWORD)strlen(text), &written, NULL));
    ck_assert_uint_eq(written, strlen(text));
}

void process_feed_close(intptr_t feed)
{
    FlushFileBuffers((HANDLE)feed); /* or what was not read yet would be lost */
    CloseHandle((HANDLE)feed);
}
