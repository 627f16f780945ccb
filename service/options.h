/* The service's command line. */
#ifndef ETWRELAY_OPTIONS_H
#define ETWRELAY_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "service/config/config.h"

enum options_command {
    OPTIONS_RUN,
    OPTIONS_CHECK_CONFIG,
    OPTIONS_SERVICE, /* install, uninstall, start, stop, verify: the Windows service */
    OPTIONS_HELP,
    OPTIONS_VERSION,
    OPTIONS_WRONG /* `message` says what is wrong */
};

#define OPTIONS_SINKS_MAX     CONFIG_SINKS_MAX
#define OPTIONS_MESSAGE_BYTES 256

struct options { /* borrows from argv */
    enum options_command command;
    const char *subcommand;  /* as given */
    const char *config_path; /* NULL: none */
    const char *pipe;        /* NULL: the config's */
    const char *sinks[OPTIONS_SINKS_MAX];
    size_t sink_count; /* 0: the config's */
    unsigned workers;  /* 0: the config's */
    bool no_origin, allow_any_provider;
    bool is_service; /* run: under the service control manager */
    bool trace;      /* verify: with an ETW session */
    bool dry_run;    /* a service command: show each step, change nothing */
    char message[OPTIONS_MESSAGE_BYTES];
};

void options_parse(int argc, char *const argv[], struct options *options);

/* What the command line says, over what the file said. ETWR_OK, ETWR_E_BAD_VALUE (a line in
 * `errors`), ETWR_E_NO_MEMORY. */
enum etwr_status options_apply(const struct options *options, struct config *config,
                               struct text *errors);

const char *options_help(void);

#endif
