/*
 * Command-line options of every subcommand: one pass, in the order given, no table of results. The
 * caller keeps what it wants; a wrong option is reported here, once, in the same words everywhere.
 */
#include "client/tool/options.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "client/tool/command.h"

void options_init(struct options *options, const char *command, const struct option_name *names,
                  int argc, char **argv)
{
    memset(options, 0, sizeof *options);
    options->command = command;
    options->names = names;
    options->count = argc;
    options->arguments = argv;
}

int options_refuse(const char *command, const char *format, ...)
{
    va_list arguments;
    fprintf(stderr, "etwrelay %s: ", command);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fprintf(stderr, "\n`etwrelay %s --help` explains the command.\n", command);
    return COMMAND_USAGE;
}

static const struct option_name *find(const struct option_name *names, const char *argument,
                                      size_t size)
{
    for (; names->name != NULL; names++)
        if (strlen(names->name) == size && memcmp(names->name, argument, size) == 0) return names;
    return NULL;
}

static int wrong(const struct options *options, const char *what)
{
    options_refuse(options->command, "%s %s", options->name, what);
    return OPTIONS_WRONG;
}

static int take_option(struct options *options, const char *argument)
{
    const char *equals = strchr(argument, '=');
    size_t size = equals != NULL ? (size_t)(equals - argument) : strlen(argument);
    const struct option_name *name = find(options->names, argument, size);

    options->name = name != NULL ? name->name : argument;
    if (name == NULL) return wrong(options, "is not an option of this command");
    if (!name->takes_value) {
        if (equals != NULL) return wrong(options, "takes no value");
        return name->id;
    }
    if (equals != NULL) {
        options->value = equals + 1;
    } else {
        if (options->at == options->count) return wrong(options, "needs a value");
        options->value = options->arguments[options->at++];
    }
    return name->id;
}

int options_next(struct options *options)
{
    const char *argument;

    if (options->at == options->count) return OPTIONS_END;
    argument = options->arguments[options->at++];
    options->value = argument;
    if (options->only_operands || argument[0] != '-' || argument[1] == '\0') return OPTIONS_OPERAND;
    if (strcmp(argument, "--help") == 0 || strcmp(argument, "-h") == 0) return OPTIONS_HELP;
    if (strcmp(argument, "--") == 0) {
        options->only_operands = true;
        return options_next(options);
    }
    return take_option(options, argument);
}

static int digit_value(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return 16;
}

/* strtoull() would take spaces, signs and octal. */
static bool parse_number(const char *text, uint64_t *number)
{
    uint64_t value = 0;
    unsigned base = 10;

    if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
        base = 16;
        text += 2;
    }
    if (*text == '\0') return false;
    for (; *text != '\0'; text++) {
        unsigned digit = (unsigned)digit_value(*text);
        if (digit >= base || value > (UINT64_MAX - digit) / base) return false;
        value = value * base + digit;
    }
    *number = value;
    return true;
}

bool options_number(const struct options *options, uint64_t min, uint64_t max, uint64_t *number)
{
    uint64_t value;

    if (parse_number(options->value, &value) && value >= min && value <= max) {
        *number = value;
        return true;
    }
    options_refuse(options->command,
                   "%s takes a number from %" PRIu64 " to %" PRIu64
                   " (decimal or 0x hex), not '%s'",
                   options->name, min, max, options->value);
    return false;
}
