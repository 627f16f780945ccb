/*
 * Several processes with one start line: this program started again with the same command line,
 * each tied to its parent by its standard input and output.
 *
 * Windows has no fork(). But what a process has done before it comes here follows from its command
 * line alone, so that a second one with the same line arrives here as a copy of the first; a
 * variable of its environment tells it which part is its own. It then does that part and ends.
 */
#include <stdio.h>
#include <stdlib.h>
#include <windows.h>

#include "client/tool/system.h"
#include "windows/wide.h"

#define PART_VARIABLE      L"ETWRELAY_PROCESS"
#define PART_CHARACTERS    12
#define PROGRAM_CHARACTERS 32768 /* the longest path that there is */

struct child {
    HANDLE process;
    HANDLE to, from; /* its input and its output */
};

static bool send_all(HANDLE pipe, const void *bytes, size_t size)
{
    const char *at = bytes;
    while (size > 0) {
        DWORD done;
        if (!WriteFile(pipe, at, (DWORD)size, &done, NULL)) return false;
        at += done;
        size -= done;
    }
    return true;
}

static bool receive_all(HANDLE pipe, void *bytes, size_t size)
{
    char *at = bytes;
    while (size > 0) {
        DWORD got;
        if (!ReadFile(pipe, at, (DWORD)size, &got, NULL) || got == 0) return false;
        at += got;
        size -= got;
    }
    return true;
}

static bool child_work(unsigned index, processes_prepare prepare, processes_work run, void *context,
                       size_t result_size)
{
    HANDLE from = GetStdHandle(STD_INPUT_HANDLE), to = GetStdHandle(STD_OUTPUT_HANDLE);
    char go = 1;
    void *result = calloc(1, result_size);
    bool done = result != NULL && prepare(context, index) && send_all(to, &go, 1) &&
                receive_all(from, &go, 1) && run(context, index, result) &&
                send_all(to, result, result_size);
    free(result);
    return done;
}

/* Is this process such a part? */
static bool take_part(unsigned count, unsigned *index)
{
    wchar_t text[PART_CHARACTERS];
    DWORD size = GetEnvironmentVariableW(PART_VARIABLE, text, PART_CHARACTERS);
    if (size == 0 || size >= PART_CHARACTERS) return false;
    *index = (unsigned)wcstoul(text, NULL, 10);
    return *index < count;
}

/* The child gets `theirs`; `ours` must not be inherited, or a brother would keep it open behind the
 * parent. */
static bool open_pipe(HANDLE *read_end, HANDLE *write_end, HANDLE *ours)
{
    SECURITY_ATTRIBUTES inherited = {.nLength = sizeof inherited, .bInheritHandle = TRUE};
    return CreatePipe(read_end, write_end, &inherited, 0) &&
           SetHandleInformation(*ours, HANDLE_FLAG_INHERIT, 0);
}

static void close_pipe(HANDLE end)
{
    if (end != NULL) CloseHandle(end);
}

static bool create_process(STARTUPINFOW *startup, unsigned index, HANDLE *process)
{
    wchar_t part[PART_CHARACTERS];
    PROCESS_INFORMATION started;
    wchar_t *program = malloc(PROGRAM_CHARACTERS * sizeof *program);
    wchar_t *line = _wcsdup(GetCommandLineW()); /* CreateProcessW() may write to it */
    swprintf(part, PART_CHARACTERS, L"%u", index);
    bool done = program != NULL && line != NULL &&
                GetModuleFileNameW(NULL, program, PROGRAM_CHARACTERS) < PROGRAM_CHARACTERS &&
                SetEnvironmentVariableW(PART_VARIABLE, part) &&
                CreateProcessW(program, line, NULL, NULL, TRUE, 0, NULL, NULL, startup, &started);
    free(line);
    free(program);
    if (!done) return false;
    CloseHandle(started.hThread);
    *process = started.hProcess;
    return true;
}

static bool start_child(struct child *child, unsigned index)
{
    STARTUPINFOW startup = {.cb = sizeof startup, .dwFlags = STARTF_USESTDHANDLES};
    startup.hStdError = GetStdHandle(STD_ERROR_HANDLE);
    fflush(NULL);
    bool done = open_pipe(&startup.hStdInput, &child->to, &child->to) &&
                open_pipe(&child->from, &startup.hStdOutput, &child->from) &&
                create_process(&startup, index, &child->process);
    DWORD error = GetLastError();
    close_pipe(startup.hStdInput);
    close_pipe(startup.hStdOutput);
    if (done) return true;
    close_pipe(child->to);
    close_pipe(child->from);
    char text[256];
    wide_error_text(error, text, sizeof text);
    fprintf(stderr, "etwrelay: cannot start a process: %s\n", text);
    return false;
}

/* When the job has failed, nobody waits for the rest of this child's work. */
static bool end_child(const struct child *child, bool failed)
{
    DWORD status = 1;
    CloseHandle(child->to);
    CloseHandle(child->from);
    if (failed) TerminateProcess(child->process, 1);
    WaitForSingleObject(child->process, INFINITE);
    bool done = GetExitCodeProcess(child->process, &status) && status == 0;
    CloseHandle(child->process);
    return done;
}

static bool drive(const struct child *children, unsigned count, void *results, size_t result_size)
{
    char byte;
    for (unsigned i = 0; i < count; i++)
        if (!receive_all(children[i].from, &byte, 1)) return false;
    for (unsigned i = 0; i < count; i++)
        if (!send_all(children[i].to, &byte, 1)) return false;
    for (unsigned i = 0; i < count; i++)
        if (!receive_all(children[i].from, (char *)results + i * result_size, result_size))
            return false;
    return true;
}

bool processes_run(unsigned count, processes_prepare prepare, processes_work run, void *context,
                   void *results, size_t result_size)
{
    unsigned index, started = 0;
    if (take_part(count, &index))
        exit(child_work(index, prepare, run, context, result_size) ? EXIT_SUCCESS : EXIT_FAILURE);

    struct child *children = calloc(count, sizeof *children);
    bool done = children != NULL;
    while (done && started < count) {
        done = start_child(&children[started], started);
        if (done) started++;
    }
    SetEnvironmentVariableW(PART_VARIABLE, NULL);
    done = done && drive(children, count, results, result_size);
    for (unsigned i = 0; i < started; i++)
        done = end_child(&children[i], !done) && done;
    free(children);
    return done;
}
