/*
 * `etwrelay`: the command-line tool on top of libetwrelay.
 *
 * Picks the subcommand; everything else is in that command's own file. The command lines are a
 * contract: scripts depend on their words, their JSON and their exit statuses.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "client/tool/command.h"
#include "client/tool/system.h"

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *summary;
} commands[] = {
    {"send", command_send, "send one event, or events as JSON lines"},
    {"dump", command_dump, "print the events of .etl files"},
    {"status", command_status, "show the service's counters, clients, providers and sinks"},
    {"provider-id", command_provider_id, "print the GUID that belongs to a provider name"},
    {"bench", command_bench, "measure how fast events go through"},
};

#define COMMAND_COUNT (sizeof commands / sizeof commands[0])

static void print_usage(FILE *out)
{
    fputs("usage: etwrelay COMMAND [OPTION]...\n\n", out);
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        fprintf(out, "  %-12s %s\n", commands[i].name, commands[i].summary);
    fputs("\n`etwrelay COMMAND --help` explains one command; `etwrelay --version` prints the "
          "version.\n"
          "Exit status: 0 done, 1 failed, 2 wrong usage.\n",
          out);
}

int command_finish_output(const char *command, int result)
{
    if (fflush(stdout) == 0 && !ferror(stdout)) return result;
    fprintf(stderr, "etwrelay %s: cannot write to standard output: %s\n", command, strerror(errno));
    return COMMAND_FAILED;
}

int main(int argc, char **argv)
{
    system_start(&argc, &argv);
    if (argc < 2) {
        print_usage(stderr);
        return COMMAND_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        print_usage(stdout);
        return command_finish_output("--help", COMMAND_DONE);
    }
    if (strcmp(argv[1], "--version") == 0) {
        puts("etwrelay " ETWR_VERSION);
        return command_finish_output("--version", COMMAND_DONE);
    }
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        if (strcmp(argv[1], commands[i].name) == 0) return commands[i].run(argc - 2, argv + 2);
    fprintf(stderr, "etwrelay: there is no command '%s'\n", argv[1]);
    print_usage(stderr);
    return COMMAND_USAGE;
}
