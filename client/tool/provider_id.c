/*
 * `etwrelay provider-id`: the GUID of each name on the command line, one a line, in their order.
 * Needs no service.
 */
#include <stdio.h>

#include <etwrelay/types.h>

#include "client/tool/command.h"
#include "client/tool/options.h"

static const char help[] =
    "usage: etwrelay provider-id NAME...\n\n"
    "Print the GUID that belongs to each provider name, one a line: the one that TraceLogging,\n"
    ".NET's EventSource and `wpr` or `tracelog` (as *NAME) compute. Case does not matter.\n";

static const struct option_name names[] = {{NULL, 0, false}};

static int print_id(const char *name)
{
    struct etwr_guid id;
    char text[ETWR_GUID_TEXT_BYTES];
    enum etwr_status status = etwr_provider_id_from_name(name, &id);

    if (status != ETWR_OK) {
        fprintf(stderr, "etwrelay provider-id: '%s': %s\n", name, etwr_status_text(status));
        return COMMAND_FAILED;
    }
    etwr_guid_format(&id, text);
    puts(text);
    return COMMAND_DONE;
}

int command_provider_id(int argc, char **argv)
{
    struct options options;
    int option, result = COMMAND_DONE, count = 0;

    options_init(&options, "provider-id", names, argc, argv);
    while ((option = options_next(&options)) != OPTIONS_END) {
        if (option == OPTIONS_WRONG) return COMMAND_USAGE;
        if (option == OPTIONS_HELP) {
            fputs(help, stdout);
            return command_finish_output("provider-id", COMMAND_DONE);
        }
        if (print_id(options.value) != COMMAND_DONE) result = COMMAND_FAILED;
        count++;
    }
    if (count == 0) return options_refuse("provider-id", "needs at least one provider name");
    return command_finish_output("provider-id", result);
}
