/*
 * The first steps of a console program. main() gets its arguments in the machine's code page, in
 * which not every file name can be said, so they are taken again from the command line itself.
 */
#include "windows/start.h"

#include <fcntl.h>
#include <io.h>
#include <stdio.h>
#include <stdlib.h>
#include <windows.h>
/* After windows.h. */
#include <shellapi.h>

#include "windows/wide.h"

static char **utf8_arguments(wchar_t **wide, int count)
{
    char **arguments = calloc((size_t)count + 1, sizeof *arguments);
    for (int i = 0; arguments != NULL && i < count; i++) {
        arguments[i] = wide_to_utf8(wide[i]);
        if (arguments[i] != NULL) continue;
        while (i-- > 0)
            free(arguments[i]);
        free(arguments);
        return NULL;
    }
    return arguments;
}

static void take_arguments(int *argc, char ***argv)
{
    int count = 0;
    wchar_t **wide = CommandLineToArgvW(GetCommandLineW(), &count);
    if (wide == NULL) return;
    char **arguments = utf8_arguments(wide, count);
    LocalFree(wide);
    if (arguments == NULL) return;
    *argc = count;
    *argv = arguments;
}

static UINT console_code_page; /* as it was */

static void restore_console(void)
{
    SetConsoleOutputCP(console_code_page);
}

static void show_utf8(void)
{
    console_code_page = GetConsoleOutputCP();
    if (console_code_page == 0 || console_code_page == CP_UTF8) return; /* no console */
    if (SetConsoleOutputCP(CP_UTF8)) atexit(restore_console);
}

void windows_start(int *argc, char ***argv)
{
    SetDefaultDllDirectories(LOAD_LIBRARY_SEARCH_SYSTEM32);
    SetErrorMode(SEM_FAILCRITICALERRORS | SEM_NOOPENFILEERRORBOX); /* no window that asks */
    _setmode(_fileno(stdin), _O_BINARY);
    _setmode(_fileno(stdout), _O_BINARY);
    _setmode(_fileno(stderr), _O_BINARY);
    show_utf8();
    take_arguments(argc, argv);
}
