/* The service's command line: plain, strict, and the same on both systems. What it says stays said
 * over every reload. */
#include "service/options.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/text.h"

#define WORKERS_MAX 256

const char *options_help(void)
{
    return "usage: etwrelayd run [--config FILE] [--pipe NAME|PATH] [--sink SPEC]... "
           "[--no-origin]\n"
           "                     [--allow-any-provider] [--workers N]\n"
           "       etwrelayd check-config FILE\n"
           "       etwrelayd install|uninstall|start|stop|verify [--dry-run]   (Windows service)\n"
           "       etwrelayd --help | --version\n"
           "\n"
           "The local event relay service: takes TraceLogging events from many processes over a "
           "local\n"
           "pipe, checks them, and writes them to its sinks.\n"
           "\n"
           "run\n"
           "  --config FILE           configuration in JSON; without it, all defaults\n"
           "  --pipe PATH             where to listen; default /run/etwrelay/etwrelay.sock for "
           "root,\n"
           "                          else $XDG_RUNTIME_DIR/etwrelay.sock\n"
           "  --sink SPEC             where events go, instead of the config's sinks; may be "
           "repeated:\n"
           "                          etl:FILE    an Event Trace Log file; never overwrites one\n"
           "                          jsonl:FILE  one decoded event a line; - is standard output\n"
           "                          null        counts only\n"
           "                          etw         Event Tracing for Windows\n"
           "                          default: etl:etwrelay.etl in $STATE_DIRECTORY,\n"
           "                          $XDG_STATE_HOME/etwrelay or ~/.local/state/etwrelay\n"
           "  --no-origin             do not stamp who sent an event\n"
           "  --allow-any-provider    lift the rules on provider names, ids, groups and their "
           "number\n"
           "  --workers N             worker threads, 1 to 256; default: one a core less one\n"
           "  Prints a line `ready` on standard error once it accepts. SIGHUP reads the config "
           "anew.\n"
           "  SIGINT and SIGTERM stop it: it drains, finalises its files and prints one line\n"
           "  {\"final\": {...}} with its counters on standard output.\n"
           "  On Windows Ctrl-C stops it; so does the event Local\\etwrelayd-stop-PID, and\n"
           "  Local\\etwrelayd-reload-PID reads the config anew.\n"
           "\n"
           "check-config FILE         exit status 0, or 1 with every error and its place\n"
           "\n"
           "install, uninstall        make or remove the Windows service; needs administrator "
           "rights\n"
           "start, stop               start it, or stop it and wait until it has drained\n"
           "  --dry-run               show each step, change nothing\n"
           "verify                    read back how it is set up, and try its pipe as others "
           "would:\n"
           "                          holds, does not hold, or cannot be tested here\n"
           "  --trace                 also record an event in an ETW session, and look for it "
           "there\n"
           "\n"
           "exit status: 0 done, 1 failed, 2 wrong usage\n";
}

static void wrong(struct options *options, const char *format, ...)
{
    va_list arguments;
    options->command = OPTIONS_WRONG;
    va_start(arguments, format);
    vsnprintf(options->message, sizeof options->message, format, arguments);
    va_end(arguments);
}

/* The value of `name`, from "name VALUE" or "name=VALUE"; NULL: it is another option, or none is
 * left (then wrong). */
static const char *take_value(int argc, char *const argv[], int *at, const char *name,
                              struct options *options)
{
    size_t size = strlen(name);
    const char *argument = argv[*at];
    if (strncmp(argument, name, size) != 0) return NULL;
    if (argument[size] == '=') return argument + size + 1;
    if (argument[size] != 0) return NULL;
    if (*at + 1 == argc) {
        wrong(options, "%s needs a value", name);
        return NULL;
    }
    return argv[++*at];
}

static void set_workers(struct options *options, const char *value)
{
    char *end;
    unsigned long number = strtoul(value, &end, 10);
    if (value[0] < '0' || value[0] > '9' || *end != 0 || number < 1 || number > WORKERS_MAX) {
        wrong(options, "--workers takes a number from 1 to %d, not %.64s", WORKERS_MAX, value);
        return;
    }
    options->workers = (unsigned)number;
}

static void add_sink(struct options *options, const char *spec)
{
    if (options->sink_count == OPTIONS_SINKS_MAX) {
        wrong(options, "--sink may be given at most %d times", OPTIONS_SINKS_MAX);
        return;
    }
    options->sinks[options->sink_count++] = spec;
}

static void parse_run_option(int argc, char *const argv[], int *at, struct options *options)
{
    const char *value;
    if (strcmp(argv[*at], "--service") == 0) /* what `install` registers; not for people */
        options->is_service = true;
    else if (strcmp(argv[*at], "--no-origin") == 0)
        options->no_origin = true;
    else if (strcmp(argv[*at], "--allow-any-provider") == 0)
        options->allow_any_provider = true;
    else if ((value = take_value(argc, argv, at, "--config", options)) != NULL)
        options->config_path = value;
    else if ((value = take_value(argc, argv, at, "--pipe", options)) != NULL)
        options->pipe = value;
    else if ((value = take_value(argc, argv, at, "--sink", options)) != NULL)
        add_sink(options, value);
    else if ((value = take_value(argc, argv, at, "--workers", options)) != NULL)
        set_workers(options, value);
    else if (options->command != OPTIONS_WRONG)
        wrong(options, "run does not know %.128s", argv[*at]);
}

static bool is_help(const char *argument)
{
    return strcmp(argument, "--help") == 0 || strcmp(argument, "-h") == 0;
}

static void parse_run(int argc, char *const argv[], struct options *options)
{
    options->command = OPTIONS_RUN;
    for (int at = 2; at < argc && options->command == OPTIONS_RUN; at++) {
        if (is_help(argv[at]))
            options->command = OPTIONS_HELP;
        else
            parse_run_option(argc, argv, &at, options);
    }
}

static void parse_check(int argc, char *const argv[], struct options *options)
{
    if (argc == 3 && is_help(argv[2])) {
        options->command = OPTIONS_HELP;
        return;
    }
    if (argc != 3) {
        wrong(options, "check-config takes one file");
        return;
    }
    options->command = OPTIONS_CHECK_CONFIG;
    options->config_path = argv[2];
}

static void parse_service(int argc, char *const argv[], struct options *options)
{
    options->command = OPTIONS_SERVICE;
    for (int at = 2; at < argc && options->command == OPTIONS_SERVICE; at++) {
        if (is_help(argv[at]))
            options->command = OPTIONS_HELP;
        else if (strcmp(argv[at], "--dry-run") == 0)
            options->dry_run = true;
        else if (strcmp(argv[at], "--trace") == 0 && strcmp(argv[1], "verify") == 0)
            options->trace = true;
        else
            wrong(options, "%s does not know %.128s", argv[1], argv[at]);
    }
}

static bool is_service_command(const char *argument)
{
    static const char *const names[] = {"install", "uninstall", "start", "stop", "verify"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(argument, names[i]) == 0) return true;
    return false;
}

void options_parse(int argc, char *const argv[], struct options *options)
{
    memset(options, 0, sizeof *options);
    if (argc < 2) {
        wrong(options, "say what to do");
        return;
    }
    options->subcommand = argv[1];
    if (is_help(argv[1]))
        options->command = OPTIONS_HELP;
    else if (strcmp(argv[1], "--version") == 0)
        options->command = OPTIONS_VERSION;
    else if (strcmp(argv[1], "run") == 0)
        parse_run(argc, argv, options);
    else if (strcmp(argv[1], "check-config") == 0)
        parse_check(argc, argv, options);
    else if (is_service_command(argv[1]))
        parse_service(argc, argv, options);
    else
        wrong(options, "there is no command %.128s", argv[1]);
}

enum etwr_status options_apply(const struct options *options, struct config *config,
                               struct text *errors)
{
    if (options->sink_count > 0) config_clear_sinks(config);
    for (size_t i = 0; i < options->sink_count; i++) {
        enum etwr_status status = config_add_sink_spec(config, options->sinks[i], errors);
        if (status != ETWR_OK) return status;
    }
    if (options->pipe != NULL) {
        size_t size = strlen(options->pipe) + 1;
        char *pipe = malloc(size);
        if (pipe == NULL) return ETWR_E_NO_MEMORY;
        memcpy(pipe, options->pipe, size);
        free(config->pipe);
        config->pipe = pipe;
    }
    if (options->workers > 0) config->workers = options->workers;
    if (options->no_origin) config->origin = 0;
    if (options->allow_any_provider) config->allow_any_provider = true;
    return ETWR_OK;
}
