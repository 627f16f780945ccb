/* install, uninstall, start, stop and verify: the service's place in Windows. */
#ifndef ETWRELAY_INSTALL_WIN_H
#define ETWRELAY_INSTALL_WIN_H

#include <stdbool.h>

struct options;

/* Do what options->subcommand says; with options->dry_run only show it. Returns the exit status. */
int install_command(const struct options *options);

int install_service(bool dry_run);
int uninstall_service(bool dry_run);
int start_service(bool dry_run);
int stop_service(bool dry_run);

/* verify_win.c */
int verify_service(bool with_trace);

#endif
