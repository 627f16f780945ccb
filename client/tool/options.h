/*
 * Command-line options: `--name VALUE`, `--name=VALUE`, `--flag`, operands in between, `--` before
 * operands that start with a dash. A small one of our own since getopt_long() is no part of C or
 * Windows.
 */
#ifndef ETWRELAY_TOOL_OPTIONS_H
#define ETWRELAY_TOOL_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

struct option_name {
    const char *name; /* with its dashes; NULL ends the list */
    int id;           /* 0 or more */
    bool takes_value;
};

enum { OPTIONS_END = -1, OPTIONS_OPERAND = -2, OPTIONS_WRONG = -3, OPTIONS_HELP = -4 };

struct options {
    const char *command; /* for messages */
    const struct option_name *names;
    int count;
    char **arguments;
    int at;
    bool only_operands; /* `--` was seen */
    const char *name;   /* of the option just returned */
    const char *value;  /* its value, or the operand */
};

void options_init(struct options *options, const char *command, const struct option_name *names,
                  int argc, char **argv);

/* The next option's id, or OPTIONS_...; OPTIONS_WRONG after a message on stderr. --help is known to
 * every command. */
int options_next(struct options *options);

/* Read options->value as a number, decimal or 0x hex, in min..max. False after a message on stderr.
 */
bool options_number(const struct options *options, uint64_t min, uint64_t max, uint64_t *number);

/* Say on stderr what is wrong with the command line and where help is; returns COMMAND_USAGE. */
int options_refuse(const char *command, const char *format, ...);

#endif
