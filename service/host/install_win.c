/*
 * Making the Windows service: steps in their order, each told.
 *
 * What the service cannot do without comes first, and is undone when a later such step fails, so
 * that nothing is left half. What only hardens it is told when the system refuses it, and goes on.
 */
#include "service/host/install_win.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

#include "service/host/data_folder_win.h"
#include "service/host/event_source_win.h"
#include "service/host/scm_win.h"
#include "service/options.h"
#include "windows/wide.h"

struct installation {
    struct data_folder folder;
    wchar_t line[SCM_PATH_CHARACTERS];
    SC_HANDLE manager, service;
};

struct step {
    const char *what;
    bool (*make)(struct installation *installation); /* false: GetLastError() */
    void (*undo)(struct installation *installation);
};

/* The service works without it: said, and on it goes. */
static void tell_missing(const char *what, DWORD error)
{
    char words[160];
    wide_error_text(error, words, sizeof words);
    fprintf(stderr, "etwrelayd: not set: %s: %s (error %lu); it works without\n", what, words,
            error);
}

static void tell_refused(const char *what, DWORD error)
{
    char words[160];
    wide_error_text(error, words, sizeof words);
    fprintf(stderr, "etwrelayd: %s: the system refuses it: %s (error %lu)%s\n", what, words, error,
            error == ERROR_ACCESS_DENIED ? ". This needs administrator rights" : "");
}

static bool open_manager(struct installation *installation)
{
    installation->manager = scm_calls->open_manager(NULL, NULL, SC_MANAGER_CREATE_SERVICE);
    return installation->manager != NULL;
}

static void close_manager(struct installation *installation)
{
    CloseServiceHandle(installation->manager);
}

static bool make_folder(struct installation *installation)
{
    return data_folder_make(&installation->folder);
}

static void undo_folder(struct installation *installation)
{
    data_folder_undo(&installation->folder);
}

static bool make_service(struct installation *installation)
{
    installation->service = scm_create(installation->manager, installation->line);
    return installation->service != NULL;
}

static const struct step steps[] = {
    {"ask the service control manager", open_manager, close_manager},
    {"make the data folder %ProgramData%\\etwrelay, its logs and its configuration", make_folder,
     undo_folder},
    {"make the service etwrelay, which starts with the system as LocalService", make_service, NULL},
};
#define STEP_COUNT (sizeof steps / sizeof steps[0])

static void explain(DWORD error)
{
    if (error == ERROR_SERVICE_EXISTS)
        fputs("etwrelayd: there is a service of this name. \"etwrelayd uninstall\" removes it and "
              "keeps its configuration\n",
              stderr);
    if (error == ERROR_SERVICE_MARKED_FOR_DELETE)
        fputs("etwrelayd: an earlier one is not gone yet: close what shows services, and try "
              "again\n",
              stderr);
    if (error == ERROR_INVALID_OWNER)
        fputs("etwrelayd: that folder is there and belongs to somebody else, or is a link. Look "
              "into it, remove it, and try again\n",
              stderr);
}

/* False: everything that was made is gone again. */
static bool make_all(struct installation *installation)
{
    for (size_t i = 0; i < STEP_COUNT; i++) {
        if (steps[i].make(installation)) {
            printf("done: %s\n", steps[i].what);
            continue;
        }
        DWORD error = GetLastError();
        tell_refused(steps[i].what, error);
        explain(error);
        while (i-- > 0)
            if (steps[i].undo != NULL) steps[i].undo(installation);
        fputs("etwrelayd: nothing was changed\n", stderr);
        return false;
    }
    return true;
}

static void harden(SC_HANDLE service)
{
    for (size_t i = 0; i < scm_setting_count; i++) {
        if (scm_settings[i].set(service))
            printf("done: set %s\n", scm_settings[i].what);
        else
            tell_missing(scm_settings[i].what, GetLastError());
    }
    DWORD error = event_source_register();
    if (error == ERROR_SUCCESS)
        puts("done: register the Event Log source etwrelay");
    else
        tell_missing("register the Event Log source etwrelay", error);
}

static int show_steps(const struct installation *installation)
{
    char *line = wide_to_utf8(installation->line);
    for (size_t i = 0; i < STEP_COUNT; i++)
        printf("would do: %s\n", steps[i].what);
    if (line != NULL) printf("          it runs %s\n", line);
    free(line);
    for (size_t i = 0; i < scm_setting_count; i++)
        printf("would do: set %s\n", scm_settings[i].what);
    puts("would do: register the Event Log source etwrelay");
    return EXIT_SUCCESS;
}

int install_service(bool dry_run)
{
    static struct installation installation; /* too large for a stack */
    memset(&installation, 0, sizeof installation);
    if (!data_folder_find(&installation.folder) ||
        !scm_command_line(installation.folder.config, installation.line)) {
        tell_refused("find the program's and the data folder's paths", GetLastError());
        return EXIT_FAILURE;
    }
    if (dry_run) return show_steps(&installation);
    if (!make_all(&installation)) return EXIT_FAILURE;
    harden(installation.service);
    CloseServiceHandle(installation.service);
    CloseServiceHandle(installation.manager);
    puts("installed. \"etwrelayd start\" starts it, \"etwrelayd verify\" looks it over");
    return EXIT_SUCCESS;
}

int install_command(const struct options *options)
{
    static const struct {
        const char *name;
        int (*run)(bool dry_run);
    } commands[] = {
        {"install", install_service},
        {"uninstall", uninstall_service},
        {"start", start_service},
        {"stop", stop_service},
    };
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
        if (strcmp(options->subcommand, commands[i].name) == 0)
            return commands[i].run(options->dry_run);
    return verify_service(options->trace);
}
