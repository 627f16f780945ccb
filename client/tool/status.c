/*
 * `etwrelay status`: what the service says about itself. Its answer is JSON (one shape with
 * `etwrelayd`'s final counters);
 * --json passes it on, else it is set as a few tables.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "client/tool/command.h"
#include "client/tool/connection.h"
#include "client/tool/options.h"
#include "protocol/json/strict.h"
#include "protocol/text.h"

static const char help[] =
    "usage: etwrelay status [--pipe PATH] [--timeout MS] [--json]\n\n"
    "Show the service's counters, clients, providers and sinks. Administrators, root and the\n"
    "service's own user see everything, others their own counters.\n\n"
    "  --pipe PATH   the service's socket or pipe; default as for `etwrelay send`\n"
    "  --timeout MS  longest time to wait (5000)\n"
    "  --json        the service's answer as one line of JSON\n";

enum { OPT_PIPE, OPT_TIMEOUT, OPT_JSON };

static const struct option_name names[] = {
    {"--pipe", OPT_PIPE, true},
    {"--timeout", OPT_TIMEOUT, true},
    {"--json", OPT_JSON, false},
    {NULL, 0, false},
};

static uint64_t number(const cJSON *object, const char *key)
{
    uint64_t value = 0;
    strict_get_u64(cJSON_GetObjectItemCaseSensitive(object, key), UINT64_MAX, &value);
    return value; /* 0 when there is no such number */
}

/* Text of the service may come from clients: what would move the terminal's cursor is not passed
 * on. */
static const char *string(const cJSON *object, const char *key, char *buffer, size_t capacity)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
    size_t size = 0;

    if (cJSON_IsNumber(item)) {
        snprintf(buffer, capacity, "%" PRIu64, number(object, key));
        return buffer;
    }
    for (const char *at = cJSON_IsString(item) ? item->valuestring : "-";
         *at != '\0' && size + 1 < capacity; at++)
        buffer[size++] = (unsigned char)*at < 0x20 || *at == 0x7f ? '?' : *at;
    buffer[size] = '\0';
    return buffer;
}

static void print_counters(const cJSON *object)
{
    const cJSON *reason;
    const char *separator = "";

    printf("written %" PRIu64 "  not enabled %" PRIu64 "  dropped ", number(object, "written"),
           number(object, "not_enabled"));
    if (cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(object, "dropped")) == 0)
        fputs("0", stdout);
    cJSON_ArrayForEach(reason, cJSON_GetObjectItemCaseSensitive(object, "dropped"))
    {
        uint64_t count = 0;
        strict_get_u64(reason, UINT64_MAX, &count);
        printf("%s%s %" PRIu64, separator, reason->string, count);
        separator = ", ";
    }
    putchar('\n');
}

static void print_table(const cJSON *status, const char *key, const char *title,
                        void (*print_row)(const cJSON *row))
{
    const cJSON *rows = cJSON_GetObjectItemCaseSensitive(status, key);
    const cJSON *row;

    if (!cJSON_IsArray(rows)) return;
    printf("\n%s\n", title);
    if (cJSON_GetArraySize(rows) == 0) puts("  none");
    cJSON_ArrayForEach(row, rows) print_row(row);
}

static void print_sink(const cJSON *sink)
{
    char type[16], target[256];
    printf("  %s %s  ", string(sink, "type", type, sizeof type),
           string(sink, "target", target, sizeof target));
    print_counters(sink);
}

static void print_client(const cJSON *client)
{
    char pid[24], user[64], image[128];
    printf("  pid %s  user %s  %s  connected %" PRIu64 " s  accepted %" PRIu64 "  pending %" PRIu64
           "  ",
           string(client, "pid", pid, sizeof pid), string(client, "user", user, sizeof user),
           string(client, "image", image, sizeof image), number(client, "connected_s"),
           number(client, "accepted"), number(client, "pending"));
    print_counters(client);
}

static void print_provider(const cJSON *provider)
{
    char name[256], id[64], any[32], all[32];
    bool enabled = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(provider, "enabled"));

    printf("  %s  %s  events %" PRIu64 "  ", string(provider, "name", name, sizeof name),
           string(provider, "id", id, sizeof id), number(provider, "events"));
    if (!enabled) {
        puts("nobody listens");
        return;
    }
    printf("level %" PRIu64 "  any %s  all %s\n", number(provider, "level"),
           string(provider, "any", any, sizeof any), string(provider, "all", all, sizeof all));
}

static void print_status(const cJSON *status)
{
    printf("up %" PRIu64 " s  clients %" PRIu64 "  providers %" PRIu64 "\n",
           number(status, "uptime_s"), number(status, "clients"), number(status, "providers"));
    printf("accepted %" PRIu64 "  pending %" PRIu64 "  own %" PRIu64 "  ",
           number(status, "accepted"), number(status, "pending"),
           number(cJSON_GetObjectItemCaseSensitive(status, "own"), "written"));
    print_counters(status);
    print_table(status, "sinks", "sinks", print_sink);
    print_table(status, "per_client", "clients", print_client);
    print_table(status, "per_provider", "providers", print_provider);
}

static int show(const char *json, bool as_json)
{
    struct strict_error error;
    cJSON *status;

    if (strict_parse(json, strlen(json), &status, &error) != ETWR_OK) {
        fprintf(stderr, "etwrelay status: the service's answer is not valid JSON: %s: %s\n",
                error.path, error.message);
        return COMMAND_FAILED;
    }
    if (as_json)
        puts(json);
    else
        print_status(status);
    cJSON_Delete(status);
    return COMMAND_DONE;
}

static int run(const char *pipe, uint32_t timeout_ms, bool as_json)
{
    struct etwr_client_options options;
    struct etwr_client *client;
    char *json = NULL;
    enum etwr_status status;
    int result = COMMAND_FAILED;

    etwr_client_options_init(&options);
    options.pipe = pipe;
    client = connection_open("status", &options, timeout_ms);
    if (client == NULL) return COMMAND_FAILED;
    status = etwr_client_status(client, timeout_ms, &json);
    if (status == ETWR_OK)
        result = show(json, as_json);
    else
        fprintf(stderr, "etwrelay status: the service did not tell: %s\n",
                etwr_status_text(status));
    etwr_free(json);
    etwr_client_destroy(client, 0, NULL);
    return result;
}

int command_status(int argc, char **argv)
{
    const char *pipe = NULL;
    uint64_t timeout_ms = CONNECTION_TIMEOUT_DEFAULT_MS;
    bool as_json = false;
    struct options options;
    int option;

    options_init(&options, "status", names, argc, argv);
    while ((option = options_next(&options)) != OPTIONS_END) {
        switch (option) {
        case OPT_PIPE:
            pipe = options.value;
            break;
        case OPT_TIMEOUT:
            if (!options_number(&options, 1, CONNECTION_TIMEOUT_MAX_MS, &timeout_ms))
                return COMMAND_USAGE;
            break;
        case OPT_JSON:
            as_json = true;
            break;
        case OPTIONS_HELP:
            fputs(help, stdout);
            return command_finish_output("status", COMMAND_DONE);
        case OPTIONS_WRONG:
            return COMMAND_USAGE;
        default:
            return options_refuse("status", "takes no operand, but got '%s'", options.value);
        }
    }
    return command_finish_output("status", run(pipe, (uint32_t)timeout_ms, as_json));
}
