/*
 * `etwrelay send`: one event from the command line, or any number as JSON lines (send_lines.c).
 *
 * Lossless: a full queue is waited for, and before the command ends the service has settled every
 * event. What the command line says is checked before anything is connected, so that a typing error
 * never costs the time-out.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/tool/command.h"
#include "client/tool/connection.h"
#include "client/tool/options.h"
#include "client/tool/send.h"
#include "client/tool/summary.h"
#include "client/tool/system.h"

static const char help_usage[] =
    "usage: etwrelay send [OPTION]... --provider NAME --event NAME [NAME:TYPE=VALUE]...\n"
    "       etwrelay send [OPTION]... --jsonl FILE|-\n\n"
    "Send one event, or one event a line of JSON, and wait until the service has settled\n"
    "them. A full queue is waited for, nothing is dropped. Prints one line of JSON: sent,\n"
    "written, not_enabled, dropped by reason.\n\n";

/* Between the two stands system_pipe_help. */
static const char help_options[] =
    "  --timeout MS      longest time without progress, connecting and at the end (5000)\n\n"
    "one event:\n"
    "  --provider NAME   provider, required\n"
    "  --event NAME      event, required\n"
    "  --level N         1 critical, 2 error, 3 warning, 4 information, 5 verbose (5)\n"
    "  --keyword K       64-bit mask, decimal or 0x hex (0x1)\n"
    "  --opcode N        0 to 255; 1 start, 2 stop (0)\n"
    "  --activity GUID   activity id\n"
    "  NAME:TYPE=VALUE   a field; NAME ends at the last ':' before the first '='. TYPE is\n"
    "                    int8 uint8 int16 uint16 int32 uint32 int64 uint64 intptr uintptr\n"
    "                    float32 float64 bool32 hexint32 hexint64 hexintptr zstr8 zstr16\n"
    "                    str8 str16 binary cbinary guid filetime systemtime or sid;\n"
    "                    TYPE[] takes a JSON array: 'ms:float64[]=[1.5, 2]'\n\n"
    "JSON lines:\n"
    "  --jsonl FILE      one event a line, - for standard input; as `dump --json` prints\n"
    "  --keep-going      go on after a bad line; it is reported, and the exit status is 1\n";

enum {
    OPT_PIPE,
    OPT_TIMEOUT,
    OPT_PROVIDER,
    OPT_EVENT,
    OPT_LEVEL,
    OPT_KEYWORD,
    OPT_OPCODE,
    OPT_ACTIVITY,
    OPT_JSONL,
    OPT_KEEP_GOING
};

static const struct option_name names[] = {
    {"--pipe", OPT_PIPE, true},
    {"--timeout", OPT_TIMEOUT, true},
    {"--provider", OPT_PROVIDER, true},
    {"--event", OPT_EVENT, true},
    {"--level", OPT_LEVEL, true},
    {"--keyword", OPT_KEYWORD, true},
    {"--opcode", OPT_OPCODE, true},
    {"--activity", OPT_ACTIVITY, true},
    {"--jsonl", OPT_JSONL, true},
    {"--keep-going", OPT_KEEP_GOING, false},
    {NULL, 0, false},
};

struct send_arguments {
    const char *pipe, *provider, *event, *jsonl;
    uint64_t timeout_ms, level, keyword, opcode;
    struct etwr_guid activity;
    bool has_activity, keep_going;
    const char *first_event_option; /* of one event, for the message when --jsonl is there too */
    const char **fields;            /* operands, in order */
    int field_count;
};

enum parse_result { PARSE_RUN, PARSE_HELP, PARSE_WRONG };

static bool take_activity(const struct options *options, struct send_arguments *arguments)
{
    arguments->has_activity = true;
    if (etwr_guid_parse(options->value, &arguments->activity) == ETWR_OK) return true;
    options_refuse("send", "--activity takes a GUID (8-4-4-4-12 hexadecimal digits), not '%s'",
                   options->value);
    return false;
}

static bool take_option(struct send_arguments *arguments, const struct options *options, int option)
{
    switch (option) {
    case OPT_PIPE:
        arguments->pipe = options->value;
        return true;
    case OPT_TIMEOUT:
        return options_number(options, 1, CONNECTION_TIMEOUT_MAX_MS, &arguments->timeout_ms);
    case OPT_JSONL:
        arguments->jsonl = options->value;
        return true;
    case OPT_KEEP_GOING:
        arguments->keep_going = true;
        return true;
    default:
        break;
    }
    if (option == OPTIONS_OPERAND) arguments->fields[arguments->field_count++] = options->value;
    if (arguments->first_event_option == NULL)
        arguments->first_event_option = option == OPTIONS_OPERAND ? options->value : options->name;
    switch (option) {
    case OPT_PROVIDER:
        arguments->provider = options->value;
        return true;
    case OPT_EVENT:
        arguments->event = options->value;
        return true;
    case OPT_LEVEL:
        return options_number(options, 0, 255, &arguments->level);
    case OPT_KEYWORD:
        return options_number(options, 0, UINT64_MAX, &arguments->keyword);
    case OPT_OPCODE:
        return options_number(options, 0, 255, &arguments->opcode);
    case OPT_ACTIVITY:
        return take_activity(options, arguments);
    default:
        return true;
    }
}

/* Which form is it, and does it have what it needs? */
static enum parse_result check_form(const struct send_arguments *arguments)
{
    const char *wrong = NULL;

    if (arguments->jsonl != NULL && arguments->first_event_option != NULL) {
        options_refuse("send", "'%s' describes one event and does not go with --jsonl",
                       arguments->first_event_option);
        return PARSE_WRONG;
    }
    if (arguments->jsonl == NULL) {
        if (arguments->keep_going) wrong = "--keep-going goes with --jsonl only";
        if (arguments->event == NULL) wrong = "--event NAME is missing (or --jsonl FILE)";
        if (arguments->provider == NULL) wrong = "--provider NAME is missing (or --jsonl FILE)";
    }
    if (wrong == NULL) return PARSE_RUN;
    options_refuse("send", "%s", wrong);
    return PARSE_WRONG;
}

static enum parse_result parse(int argc, char **argv, struct send_arguments *arguments)
{
    struct options options;
    int option;

    arguments->timeout_ms = CONNECTION_TIMEOUT_DEFAULT_MS;
    arguments->level = ETWR_LEVEL_DEFAULT;
    arguments->keyword = ETWR_KEYWORD_DEFAULT;
    options_init(&options, "send", names, argc, argv);
    while ((option = options_next(&options)) != OPTIONS_END) {
        if (option == OPTIONS_HELP) return PARSE_HELP;
        if (option == OPTIONS_WRONG || !take_option(arguments, &options, option))
            return PARSE_WRONG;
    }
    return check_form(arguments);
}

static bool set_target(const struct send_arguments *arguments, struct event_json *target)
{
    memset(target, 0, sizeof *target);
    if (strlen(arguments->provider) > EVENT_JSON_NAME_MAX_BYTES ||
        etwr_provider_id_from_name(arguments->provider, &target->provider_id) != ETWR_OK) {
        options_refuse("send", "--provider takes a name of 1 to %d bytes of UTF-8",
                       EVENT_JSON_NAME_MAX_BYTES);
        return false;
    }
    memcpy(target->provider, arguments->provider, strlen(arguments->provider) + 1);
    return true;
}

static bool build_event(const struct send_arguments *arguments, struct etwr_event *event)
{
    struct event_json_error error;
    enum etwr_status status =
        etwr_event_reset(event, arguments->event, (uint8_t)arguments->level, arguments->keyword);

    if (status != ETWR_OK) {
        options_refuse("send", "--event '%s': %s", arguments->event, etwr_status_text(status));
        return false;
    }
    etwr_event_set_opcode(event, (uint8_t)arguments->opcode);
    if (arguments->has_activity) etwr_event_set_activity_id(event, &arguments->activity);
    for (int i = 0; i < arguments->field_count; i++) {
        if (event_json_add_argument(event, arguments->fields[i], &error) == ETWR_OK) continue;
        options_refuse("send", "'%s': %s: %s", arguments->fields[i], error.path, error.message);
        return false;
    }
    return true;
}

enum send_result sender_write(struct sender *sender, const struct event_json *target,
                              const char *where)
{
    struct etwr_provider *provider;
    enum etwr_status status = provider_table_get(&sender->table, target, &provider);

    if (status == ETWR_OK) status = etwr_provider_write(provider, sender->event);
    if (status == ETWR_OK || status == ETWR_E_NOT_ENABLED) return SEND_OK;
    if (status == ETWR_E_REFUSED) return SEND_OK; /* counted; told once, at the end */
    progress_clear(&sender->progress);
    switch (status) {
    case ETWR_E_TIMEOUT:
        fprintf(stderr, "etwrelay send: the service has taken no event for %u ms\n",
                (unsigned)sender->timeout_ms);
        return SEND_STUCK;
    case ETWR_E_NO_MEMORY:
    case ETWR_E_DISCONNECTED:
    case ETWR_E_CLOSED:
    case ETWR_E_LIMIT:
        fprintf(stderr, "etwrelay send: %s\n", etwr_status_text(status));
        return SEND_STUCK;
    default:
        fprintf(stderr, "etwrelay send: %s%s (%s)\n", where, etwr_status_text(status),
                etwr_status_name(status));
        return SEND_REFUSED;
    }
}

static void print_summary(const struct summary *summary)
{
    struct text text;

    text_init(&text);
    text_put_string(&text, "{\"sent\":");
    text_put_u64(&text, summary->sent);
    text_put_char(&text, ',');
    summary_put(summary, &text);
    text_put_string(&text, "}\n");
    if (text.failed)
        fprintf(stderr, "etwrelay send: no memory for the summary\n");
    else
        fwrite(text.data, 1, text.size, stdout);
    text_clear(&text);
}

/* Settle what was sent, close, tell. */
static int finish(struct sender *sender, enum send_result sent)
{
    struct etwr_client *client = sender->table.client;
    struct etwr_counters counters;
    struct summary summary = {0};
    int result = sent == SEND_OK ? COMMAND_DONE : COMMAND_FAILED;

    if (sent != SEND_STUCK && connection_flush("send", client, sender->timeout_ms) != ETWR_OK)
        result = COMMAND_FAILED;
    provider_table_explain(&sender->table, "send");
    etwr_client_destroy(client, 0, &counters);
    summary_add(&summary, &counters);
    print_summary(&summary);
    summary_explain(&summary, "send");
    return summary_lost(&summary) > 0 ? COMMAND_FAILED : result;
}

static int connect_and_send(const struct send_arguments *arguments, struct sender *sender,
                            const struct event_json *target, int file)
{
    struct etwr_client_options options;
    struct etwr_client *client;
    enum send_result sent;

    sender->timeout_ms = (uint32_t)arguments->timeout_ms;
    etwr_client_options_init(&options);
    options.pipe = arguments->pipe;
    options.wait_ms = sender->timeout_ms;
    client = connection_open("send", &options, sender->timeout_ms);
    if (client == NULL) return COMMAND_FAILED;
    provider_table_init(&sender->table, client);
    progress_init(&sender->progress, "events sent");
    if (arguments->jsonl != NULL)
        sent = send_lines(sender, file, arguments->jsonl, arguments->keep_going);
    else
        sent = sender_write(sender, target, "");
    return finish(sender, sent);
}

static int send_file(const struct send_arguments *arguments, struct sender *sender)
{
    bool is_standard_input = strcmp(arguments->jsonl, "-") == 0;
    int file = is_standard_input ? SYSTEM_STANDARD_INPUT : system_open(arguments->jsonl);
    int result;

    if (file < 0) {
        fprintf(stderr, "etwrelay send: cannot open %s: %s\n", arguments->jsonl, strerror(errno));
        return COMMAND_FAILED;
    }
    result = connect_and_send(arguments, sender, NULL, file);
    if (!is_standard_input) system_close(file);
    return result;
}

static int run(const struct send_arguments *arguments)
{
    struct sender sender = {0};
    struct event_json target;
    int result;

    if (etwr_event_create(&sender.event) != ETWR_OK) {
        fputs("etwrelay send: no memory\n", stderr);
        return COMMAND_FAILED;
    }
    if (arguments->jsonl != NULL)
        result = send_file(arguments, &sender);
    else if (set_target(arguments, &target) && build_event(arguments, sender.event))
        result = connect_and_send(arguments, &sender, &target, -1);
    else
        result = COMMAND_USAGE;
    etwr_event_destroy(sender.event);
    return result;
}

int command_send(int argc, char **argv)
{
    struct send_arguments arguments = {0};
    int result = COMMAND_USAGE;

    arguments.fields = calloc((size_t)argc + 1, sizeof *arguments.fields);
    if (arguments.fields == NULL) {
        fputs("etwrelay send: no memory\n", stderr);
        return COMMAND_FAILED;
    }
    switch (parse(argc, argv, &arguments)) {
    case PARSE_RUN:
        result = run(&arguments);
        break;
    case PARSE_HELP:
        fputs(help_usage, stdout);
        fputs(system_pipe_help, stdout);
        fputs(help_options, stdout);
        result = COMMAND_DONE;
        break;
    case PARSE_WRONG:
        break;
    }
    free(arguments.fields);
    return command_finish_output("send", result);
}
