/*
 * The configuration: every key, its default and range; and that each error is told, with the path
 * and what is allowed.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "service/config/config.h"
#include "service/config/config_platform.h"
#include "tests/support/process.h"

#define ID             "\"6ba7b810-9dad-11d1-80b4-00c04fd430c8\""
#define RULE(text)     "{\"providers\":[" text "]}"
#define SINK(text)     "{\"sinks\":[" text "]}"
#define LIMIT(text)    "{\"limits\":{" text "}}"
#define SECURITY(text) "{\"security\":{" text "}}"
#define PACKAGE        "\"S-1-15-2-1-2-3-4-5-6-7\""

static struct text errors;

static void set_up(void)
{
    text_init(&errors);
}

static void tear_down(void)
{
    text_clear(&errors);
}

static const char *error_text(void)
{
    text_put_char(&errors, '\0');
    ck_assert(!errors.failed);
    return errors.data;
}

static struct config *parse(const char *json)
{
    struct config *config = NULL;
    enum etwr_status status = config_parse(json, strlen(json), &config, &errors);
    ck_assert_msg(status == ETWR_OK, "%s: %s", json, error_text());
    ck_assert_uint_eq(errors.size, 0);
    return config;
}

struct refused {
    const char *json;
    const char *line; /* the start of one error line: its path and ": " */
    const char *part; /* and a part of that line */
};

static const struct refused refused[] = {
    /* the text */
    {"{", "$: line 1, column 2: ", "the text ends"},
    {"{\n\"workers\": 01}", "$.workers: line 2, column 12: ", "leading zero"},
    {"{\"log\":{},\"log\":{}}", "$.log: line 1, column 11: ", "already"},
    {"{\"pipe\":\"\\u0000\"}", "$.pipe: line 1, ", "\\u0000"},
    {"[]", "$: ", "is an object"},
    {"null", "$: ", "is an object"},
    /* unknown keys name the nearest */
    {"{\"wokers\":1}", "$.wokers: ", "nearest is \"workers\""},
    {"{\"Workers\":1}", "$.Workers: ", "nearest is \"workers\""},
    {"{\"a b\\n\":1}", "$[\"a b?\"]: ", "nearest"},
    {LIMIT("\"client\":1"), "$.limits.client: ", "nearest is \"clients\""},
    {SINK("{\"type\":\"null\",\"filter\":{\"match_al\":1}}"),
     "$.sinks[0].filter.match_al: ", "nearest is \"match_all\""},
    {RULE("{\"name\":\"a\",\"user\":[]}"), "$.providers[0].user: ", "nearest is \"users\""},
    {SECURITY("\"pre\":1"), "$.security.pre: ", "nearest is \"preset\""},
    {"{\"log\":{\"levle\":1}}", "$.log.levle: ", "nearest is \"level\""},
    /* pipe, pipe_mode, workers */
    {"{\"pipe\":1}", "$.pipe: ", "expected null"},
    {"{\"pipe_mode\":438}", "$.pipe_mode: ", "\"0000\" to \"0777\""},
    {"{\"pipe_mode\":\"666\"}", "$.pipe_mode: ", "octal"},
    {"{\"pipe_mode\":\"0688\"}", "$.pipe_mode: ", "octal"},
    {"{\"pipe_mode\":\"1666\"}", "$.pipe_mode: ", "octal"},
    {"{\"pipe_mode\":\"06666\"}", "$.pipe_mode: ", "octal"},
    {"{\"workers\":257}", "$.workers: ", "from 0 to 256"},
    {"{\"workers\":-1}", "$.workers: ", "from 0 to 256"},
    {"{\"workers\":1.5}", "$.workers: ", "fraction"},
    {"{\"workers\":true}", "$.workers: ", "neither a number nor"},
    {"{\"workers\":9007199254740993}", "$.workers: ", "as a string"},
    /* security */
    {"{\"security\":[]}", "$.security: ", "object"},
    {SECURITY("\"preset\":\"user\""), "$.security.preset: ", "nearest is \"users\""},
    {SECURITY("\"preset\":1"), "$.security.preset: ", "users, administrators, package or sddl"},
    {SECURITY("\"preset\":\"package\""), "$.security.packages: ", "at least one"},
    {SECURITY("\"packages\":[" PACKAGE "]"), "$.security.packages: ", "only used with"},
    {SECURITY("\"preset\":\"package\",\"packages\":[\"S-1-5-18\"]"),
     "$.security.packages[0]: ", "S-1-15-2-"},
    {SECURITY("\"preset\":\"package\",\"packages\":[" PACKAGE ",7]"),
     "$.security.packages[1]: ", "a string"},
    {SECURITY("\"packages\":\"x\""), "$.security.packages: ", "an array"},
    {SECURITY("\"preset\":\"sddl\""), "$.security.sddl: ", "needs a security descriptor"},
    {SECURITY("\"sddl\":\"D:(A;;0x12019b;;;AU)\""), "$.security.sddl: ", "only used with"},
    {SECURITY("\"preset\":\"sddl\",\"sddl\":\"O:SY\""), "$.security.sddl: ", "discretionary list"},
    {SECURITY("\"preset\":\"sddl\",\"sddl\":7"), "$.security.sddl: ", "expected null or a string"},
    {SECURITY("\"preset\":\"sddl\",\"sddl\":\"D:(A;;1;;;AU)\",\"allow_network_logon\":true"),
     "$.security.allow_network_logon: ", "leave it false"},
    {SECURITY("\"allow_network_logon\":1"), "$.security.allow_network_logon: ", "true or false"},
    /* origin */
    {"{\"origin\":\"pid\"}", "$.origin: ", "an array"},
    {"{\"origin\":[\"pid\",\"tyd\"]}", "$.origin[1]: ", "nearest is \"tid\""},
    {"{\"origin\":[\"pid\",\"pid\"]}", "$.origin[1]: ", "twice"},
    {"{\"origin\":[null]}", "$.origin[0]: ", "expected a string"},
    /* sinks */
    {"{\"sinks\":{}}", "$.sinks: ", "an array"},
    {SINK("7"), "$.sinks[0]: ", "an object"},
    {SINK("{}"), "$.sinks[0].type: ", "required"},
    {SINK("{\"type\":null}"), "$.sinks[0].type: ", "expected a string"},
    {SINK("{\"type\":\"elt\",\"max_mb\":-1}"), "$.sinks[0].type: ", "nearest is \"etl\""},
    {SINK("{\"type\":\"elt\",\"max_mb\":-1}"), "$.sinks[0].max_mb: ", "from 0 to"},
    {SINK("{\"type\":\"etl\"}"), "$.sinks[0].path: ", "required"},
    {SINK("{\"type\":\"jsonl\"}"), "$.sinks[0].path: ", "required"},
    {SINK("{\"type\":\"etl\",\"path\":\"\"}"), "$.sinks[0].path: ", "not empty"},
    {SINK("{\"type\":\"etl\",\"path\":\"-\"}"), "$.sinks[0].path: ", "standard output"},
    {SINK("{\"type\":\"etl\",\"path\":\"a\\n\"}"), "$.sinks[0].path: ", "control"},
    {SINK("{\"type\":\"etl\",\"path\":null}"), "$.sinks[0].path: ", "a string"},
    {SINK("{\"type\":\"null\",\"path\":\"a\"}"), "$.sinks[0].path: ", "allowed are type or filter"},
    {SINK("{\"type\":\"jsonl\",\"path\":\"a\",\"max_mb\":1}"),
     "$.sinks[0].max_mb: ", "no such key"},
    {SINK("{\"type\":\"etl\",\"path\":\"a\",\"buffers\":1}"), "$.sinks[0].buffers: ", "from 2 to"},
    {SINK("{\"type\":\"etl\",\"path\":\"a\",\"stall_ms\":600001}"),
     "$.sinks[0].stall_ms: ", "from 0 to 600000"},
    {SINK("{\"type\":\"etl\",\"path\":\"a\",\"max_files\":\"x\"}"),
     "$.sinks[0].max_files: ", "decimal or 0x"},
    {SINK("{\"type\":\"etl\",\"path\":\"a\"},{\"type\":\"null\"},{\"type\":\"jsonl\",\"path\":"
          "\"a\"}"),
     "$.sinks[2].path: ", "($.sinks[0])"},
    {SINK("{\"type\":\"null\",\"filter\":1}"), "$.sinks[0].filter: ", "object"},
    {SINK("{\"type\":\"null\",\"filter\":{\"level\":256}}"),
     "$.sinks[0].filter.level: ", "from 0 to 255"},
    {SINK("{\"type\":\"null\",\"filter\":{\"match_any\":\"0xfffffffffffffffff\"}}"),
     "$.sinks[0].filter.match_any: ", "from 0 to 18446744073709551615"},
    {SINK("{\"type\":\"null\",\"filter\":{\"providers\":[]}}"),
     "$.sinks[0].filter.providers: ", "empty list"},
    {SINK("{\"type\":\"null\",\"filter\":{\"providers\":[\"a\",\"\"]}}"),
     "$.sinks[0].filter.providers[1]: ", "not empty"},
    /* providers */
    {"{\"providers\":{}}", "$.providers: ", "an array"},
    {RULE("1"), "$.providers[0]: ", "an object"},
    {RULE("{}"), "$.providers[0].name: ", "required"},
    {RULE("{\"name\":1}"), "$.providers[0].name: ", "a string"},
    {RULE("{\"name\":\"\"}"), "$.providers[0].name: ", "not empty"},
    {RULE("{\"name\":\"a**b\"}"), "$.providers[0].name: ", "\"**\""},
    {RULE("{\"name\":\"a\\tb\"}"), "$.providers[0].name: ", "control"},
    {RULE("{\"name\":\"a\",\"users\":[]}"), "$.providers[0].users: ", "matches nobody"},
    {RULE("{\"name\":\"a\",\"users\":\"x\"}"), "$.providers[0].users: ", "an array"},
    {RULE("{\"name\":\"a\",\"allow\":0}"), "$.providers[0].allow: ", "true or false"},
    {RULE("{\"name\":\"a\",\"id\":\"x\"}"), "$.providers[0].id: ", "a GUID"},
    {RULE("{\"name\":\"a\",\"id\":\"00000000-0000-0000-0000-000000000000\"}"),
     "$.providers[0].id: ", "not all zeros"},
    {RULE("{\"name\":\"a*\",\"id\":" ID "}"), "$.providers[0].id: ", "one provider"},
    {RULE("{\"name\":\"a\",\"id\":" ID "},{\"name\":\"b\",\"id\":" ID "}"),
     "$.providers[1].id: ", "$.providers[0]"},
    {RULE("{\"name\":\"a\",\"group\":7}"), "$.providers[0].group: ", "a GUID"},
    {RULE("{\"name\":\"a\",\"group\":\"{4F50731A-89CF-4782-B3E0-DCE8C90476BA}\"}"),
     "$.providers[0].group: ", "telemetry"},
    {RULE("{\"name\":\"a\",\"group\":\"c7de053a-0c2e-4a44-91a2-5222ec2ecdf1\"}"),
     "$.providers[0].group: ", "telemetry"},
    {RULE("{\"name\":\"a?\",\"open_at_start\":true}"), "$.providers[0].open_at_start: ", "named"},
    {RULE("{\"name\":\"a\",\"allow\":false,\"open_at_start\":true}"),
     "$.providers[0]: ", "mean nothing"},
    {RULE("{\"name\":\"a\",\"allow\":false,\"group\":" ID "}"), "$.providers[0]: ", "mean nothing"},
    /* limits */
    {"{\"limits\":1}", "$.limits: ", "object"},
    {LIMIT("\"clients\":0"), "$.limits.clients: ", "from 1 to 65535"},
    {LIMIT("\"clients_per_user\":65536"), "$.limits.clients_per_user: ", "from 1 to 65535"},
    {LIMIT("\"hellos_per_user\":0"), "$.limits.hellos_per_user: ", "from 1 to 65535"},
    {LIMIT("\"providers\":0"), "$.limits.providers: ", "from 1 to 65535"},
    {LIMIT("\"providers_per_client\":0"), "$.limits.providers_per_client: ", "from 1 to 65535"},
    {LIMIT("\"new_providers_per_user_per_minute\":1000001"),
     "$.limits.new_providers_per_user_per_minute: ", "from 0 to 1000000"},
    {LIMIT("\"provider_linger_s\":86401"), "$.limits.provider_linger_s: ", "from 0 to 86400"},
    {LIMIT("\"schemas_per_client\":0"), "$.limits.schemas_per_client: ", "from 1 to 1000000"},
    {LIMIT("\"schema_bytes_per_client\":0"), "$.limits.schema_bytes_per_client: ", "from 1 to"},
    {LIMIT("\"bytes_per_user\":65542"), "$.limits.bytes_per_user: ", "from 65543 to"},
    {LIMIT("\"events_per_second_per_user\":1000000001"),
     "$.limits.events_per_second_per_user: ", "from 0 to 1000000000"},
    {LIMIT("\"bytes_per_second_per_user\":1e14"),
     "$.limits.bytes_per_second_per_user: ", "from 0 to"},
    {LIMIT("\"burst_seconds\":0"), "$.limits.burst_seconds: ", "from 1 to 3600"},
    {LIMIT("\"hello_timeout_ms\":0"), "$.limits.hello_timeout_ms: ", "from 1 to 3600000"},
    {LIMIT("\"frame_timeout_ms\":0"), "$.limits.frame_timeout_ms: ", "from 1 to 3600000"},
    {LIMIT("\"drain_ms\":3600001"), "$.limits.drain_ms: ", "from 0 to 3600000"},
    /* log */
    {"{\"log\":{\"level\":\"warn\"}}", "$.log.level: ", "nearest is \"warning\""},
    {"{\"log\":{\"level\":2}}", "$.log.level: ", "error, warning, info or debug"},
};

/* What only Windows has, or has otherwise. */
static const struct refused refused_on_unix[] = {
    {"{\"pipe\":\"\"}", "$.pipe: ", "not empty"},
    {"{\"pipe\":\"/"
     "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
     "aaaaaaaaaaaaaaaaaaaaaaaaaaaa\"}",
     "$.pipe: ", "107"},
    {SINK("{\"type\":\"etw\"}"), "$.sinks[0].type: ", "Windows only"},
};

/* The line that starts so, or NULL. */
static const char *find_line(const char *text, const char *start)
{
    for (; text != NULL; text = strchr(text, '\n')) {
        text += *text == '\n';
        if (strncmp(text, start, strlen(start)) == 0) return text;
    }
    return NULL;
}

static void check_refused(const struct refused *row)
{
    struct config *config = (struct config *)&errors;
    const char *line = NULL, *part = NULL;
    ck_assert_int_eq(config_parse(row->json, strlen(row->json), &config, &errors),
                     ETWR_E_BAD_VALUE);
    ck_assert_ptr_eq(config, (struct config *)&errors);
    line = find_line(error_text(), row->line);
    ck_assert_msg(line != NULL, "%s gives %s", row->json, errors.data);
    part = strstr(line, row->part);
    ck_assert_msg(part != NULL && part < strchr(line, '\n'), "%s gives %s", row->json, errors.data);
}

START_TEST(a_bad_config_is_refused_with_path_and_what_is_allowed)
{
    check_refused(&refused[_i]);
}
END_TEST

START_TEST(what_is_for_windows_is_refused_elsewhere)
{
    check_refused(&refused_on_unix[_i]);
}
END_TEST

static size_t count_lines(const char *text)
{
    size_t count = 0;
    for (; *text != '\0'; text++)
        count += *text == '\n';
    return count;
}

START_TEST(all_errors_are_told_at_once)
{
    static const char json[] = "{\"wrkers\":1,\"pipe_mode\":7,\"limits\":{\"clients\":0,\"x\":0},"
                               "\"sinks\":[{\"type\":\"etl\"},{\"type\":\"x\"}],"
                               "\"providers\":[{\"name\":\"\"},{\"allow\":1}]}";
    struct config *config = NULL;
    ck_assert_int_eq(config_parse(json, strlen(json), &config, &errors), ETWR_E_BAD_VALUE);
    ck_assert_uint_eq(count_lines(error_text()), 9);
}
END_TEST

static void check_default_limits(const struct config_limits *limits)
{
    ck_assert_uint_eq(limits->clients, 2000);
    ck_assert_uint_eq(limits->clients_per_user, 64);
    ck_assert_uint_eq(limits->hellos_per_user, 16);
    ck_assert_uint_eq(limits->providers, 512);
    ck_assert_uint_eq(limits->providers_per_client, 8);
    ck_assert_uint_eq(limits->new_providers_per_user_per_minute, 32);
    ck_assert_uint_eq(limits->provider_linger_s, 60);
    ck_assert_uint_eq(limits->schemas_per_client, 4096);
    ck_assert_uint_eq(limits->schema_bytes_per_client, 1048576);
    ck_assert_uint_eq(limits->bytes_per_user, 16777216);
    ck_assert_uint_eq(limits->events_per_second_per_user, 0);
    ck_assert_uint_eq(limits->bytes_per_second_per_user, 0);
    ck_assert_uint_eq(limits->burst_seconds, 5);
    ck_assert_uint_eq(limits->hello_timeout_ms, 5000);
    ck_assert_uint_eq(limits->frame_timeout_ms, 10000);
    ck_assert_uint_eq(limits->drain_ms, 5000);
}

static void check_default_sink(const struct config_sink *sink)
{
    ck_assert_uint_eq(sink->max_mb, 256);
    ck_assert_uint_eq(sink->max_files, 4);
    ck_assert_uint_eq(sink->buffers, 32);
    ck_assert_uint_eq(sink->stall_ms, 2000);
    ck_assert_uint_eq(sink->filter.provider_count, 1);
    ck_assert_str_eq(sink->filter.providers[0], "*");
    ck_assert_uint_eq(sink->filter.level, 255);
    ck_assert_uint_eq(sink->filter.match_any, UINT64_MAX);
    ck_assert_uint_eq(sink->filter.match_all, 0);
}

/* What {} and the sample have in common. */
static void check_defaults(const struct config *config)
{
    ck_assert_uint_eq(config->pipe_mode, 0666);
    ck_assert_uint_eq(config->workers, 0);
    ck_assert_int_eq(config->security.preset, CONFIG_PRESET_USERS);
    ck_assert_uint_eq(config->security.package_count, 0);
    ck_assert_ptr_null(config->security.sddl);
    ck_assert(!config->security.allow_network_logon);
    ck_assert_uint_eq(config->origin, CONFIG_ORIGIN_PID | CONFIG_ORIGIN_TID | CONFIG_ORIGIN_TIME |
                                          CONFIG_ORIGIN_SEQUENCE);
    check_default_limits(&config->limits);
    ck_assert_int_eq(config->log_level, CONFIG_LOG_INFO);
    ck_assert(!config->allow_any_provider);
}

START_TEST(nothing_said_is_the_config_of_defaults)
{
    static const char *const texts[] = {"", "{}", "{\"limits\":{},\"log\":{},\"security\":{}}"};
    struct config *config = parse(texts[_i]);
    check_defaults(config);
    ck_assert_ptr_null(config->pipe);
    ck_assert_uint_eq(config->sink_count, 0);
    ck_assert_uint_eq(config->rule_count, 0);
    ck_assert(!config->clients_per_user_set);
    config_unref(config);
}
END_TEST

/* Without config_load(): a checkout may belong to anybody. */
static char *read_sample(size_t *size)
{
    FILE *file = fopen("install/etwrelay.json", "rb");
    char *bytes = malloc(CONFIG_FILE_MAX_BYTES);
    ck_assert_ptr_nonnull(file);
    *size = fread(bytes, 1, CONFIG_FILE_MAX_BYTES, file);
    ck_assert_int_eq(fclose(file), 0);
    return bytes;
}

START_TEST(the_sample_passes_and_says_the_defaults)
{
    struct config *config = NULL;
    size_t size = 0;
    char *json = read_sample(&size);
    enum etwr_status status = config_parse(json, size, &config, &errors);
    ck_assert_msg(status == ETWR_OK, "%s", error_text());
    free(json);
    check_defaults(config);
    ck_assert_str_eq(config->pipe, "/run/etwrelay/etwrelay.sock");
    ck_assert_uint_eq(config->sink_count, 1);
    check_default_sink(&config->sinks[0]);
    ck_assert_uint_eq(config->rule_count, 4);
    ck_assert(config->rules[3].allow);
    ck_assert_uint_eq(config->rules[3].user_count, 0);
    config_unref(config);
}
END_TEST

START_TEST(every_key_is_taken)
{
    struct config *config = parse(
        "{\"pipe_mode\":\"0640\",\"workers\":\"0x10\","
        "\"security\":{\"preset\":\"package\",\"packages\":[" PACKAGE "],\"allow_network_logon\":"
        "true},\"origin\":[\"image\",\"package\",\"user\",\"claimed_pid\"],"
        "\"log\":{\"level\":\"debug\"}}");
    ck_assert_uint_eq(config->pipe_mode, 0640);
    ck_assert_uint_eq(config->workers, 16);
    ck_assert_int_eq(config->security.preset, CONFIG_PRESET_PACKAGE);
    ck_assert_uint_eq(config->security.package_count, 1);
    ck_assert_str_eq(config->security.packages[0], "S-1-15-2-1-2-3-4-5-6-7");
    ck_assert(config->security.allow_network_logon);
    ck_assert_uint_eq(config->origin, CONFIG_ORIGIN_IMAGE | CONFIG_ORIGIN_PACKAGE |
                                          CONFIG_ORIGIN_USER | CONFIG_ORIGIN_CLAIMED_PID);
    ck_assert_int_eq(config->log_level, CONFIG_LOG_DEBUG);
    config_unref(config);
}
END_TEST

START_TEST(a_pipe_of_this_system_is_taken)
{
    struct text json;
    text_init(&json);
    text_put_string(&json, "{\"pipe\":");
    text_put_json_string(&json, process_absent_pipe, strlen(process_absent_pipe));
    text_put_string(&json, "}");
    text_put_char(&json, '\0');
    struct config *config = parse(json.data);
    ck_assert_str_eq(config->pipe, process_absent_pipe);
    config_unref(config);
    text_clear(&json);
}
END_TEST

START_TEST(null_and_empty_mean_none)
{
    struct config *config = parse("{\"pipe\":null,\"origin\":[],\"sinks\":[],\"providers\":[],"
                                  "\"security\":{\"sddl\":null,\"packages\":[]}}");
    ck_assert_ptr_null(config->pipe);
    ck_assert_uint_eq(config->origin, 0);
    ck_assert_uint_eq(config->sink_count, 0);
    config_unref(config);
}
END_TEST

START_TEST(sinks_have_their_keys_and_filters)
{
    struct config *config =
        parse(SINK("{\"path\":\"/a.etl\",\"max_mb\":0,\"max_files\":0,\"buffers\":8,\"stall_ms\":0,"
                   "\"type\":\"etl\",\"filter\":{\"providers\":[\"A.*\",\"B?\"],\"level\":4,"
                   "\"match_any\":\"0xf0\",\"match_all\":16}},"
                   "{\"type\":\"jsonl\",\"path\":\"-\"},{\"type\":\"null\"},{\"type\":\"null\"}"));
    const struct config_sink *sink = config->sinks;
    ck_assert_uint_eq(config->sink_count, 4);
    ck_assert_int_eq(sink->type, CONFIG_SINK_ETL);
    ck_assert_str_eq(sink->path, "/a.etl");
    ck_assert_uint_eq(sink->max_mb, 0);
    ck_assert_uint_eq(sink->max_files, 0);
    ck_assert_uint_eq(sink->buffers, 8);
    ck_assert_uint_eq(sink->stall_ms, 0);
    ck_assert_uint_eq(sink->filter.provider_count, 2);
    ck_assert_str_eq(sink->filter.providers[1], "B?");
    ck_assert_uint_eq(sink->filter.level, 4);
    ck_assert_uint_eq(sink->filter.match_any, 0xf0);
    ck_assert_uint_eq(sink->filter.match_all, 16);
    ck_assert_int_eq(sink[1].type, CONFIG_SINK_JSONL);
    ck_assert_str_eq(sink[1].path, "-");
    check_default_sink(&sink[1]);
    ck_assert_int_eq(sink[2].type, CONFIG_SINK_NULL);
    ck_assert_ptr_null(sink[2].path);
    config_unref(config);
}
END_TEST

START_TEST(zeros_in_a_filter_mean_everything_as_in_etw)
{
    struct config *config = parse(SINK("{\"type\":\"null\",\"filter\":{\"level\":0,\"match_any\":0,"
                                       "\"match_all\":7}}"));
    ck_assert_uint_eq(config->sinks[0].filter.level, 255);
    ck_assert_uint_eq(config->sinks[0].filter.match_any, UINT64_MAX);
    ck_assert_uint_eq(config->sinks[0].filter.match_all, 0);
    config_unref(config);
}
END_TEST

START_TEST(provider_rules_are_kept_in_order)
{
    struct config *config =
        parse(RULE("{\"name\":\"Contoso.Web\",\"users\":[\"www-*\",\"1000\"],\"id\":" ID
                   ",\"group\":" ID ",\"open_at_start\":true},"
                   "{\"name\":\"CONTOSO.WEB\",\"id\":" ID "},"
                   "{\"name\":\"Contoso.*\",\"users\":[\"x\",\"*\"],\"allow\":false}"));
    const struct config_provider_rule *rule = config->rules;
    ck_assert_uint_eq(config->rule_count, 3);
    ck_assert_str_eq(rule->name, "Contoso.Web");
    ck_assert_uint_eq(rule->user_count, 2);
    ck_assert_str_eq(rule->users[0], "www-*");
    ck_assert(rule->allow && rule->has_id && rule->has_group && rule->open_at_start);
    ck_assert_uint_eq(rule->id.bytes[0], 0x10);
    ck_assert_uint_eq(rule[2].user_count, 0);
    ck_assert(!rule[2].allow && !rule[2].has_id);
    config_unref(config);
}
END_TEST

START_TEST(a_limit_that_is_set_is_known_to_be_set)
{
    struct config *config = parse(LIMIT("\"clients_per_user\":64,\"bytes_per_user\":65543,"
                                        "\"new_providers_per_user_per_minute\":0"));
    ck_assert(config->clients_per_user_set);
    ck_assert_uint_eq(config->limits.clients_per_user, 64);
    ck_assert_uint_eq(config->limits.bytes_per_user, 65543);
    ck_assert_uint_eq(config->limits.new_providers_per_user_per_minute, 0);
    ck_assert_uint_eq(config->limits.clients, 2000);
    config_unref(config);
}
END_TEST

START_TEST(seventeen_sinks_are_too_many)
{
    char json[1024] = "{\"sinks\":[{\"type\":\"null\"}";
    struct config *config = NULL;
    for (int i = 1; i < 17; i++)
        strcat(json, ",{\"type\":\"null\"}");
    strcat(json, "]}");
    ck_assert_int_eq(config_parse(json, strlen(json), &config, &errors), ETWR_E_BAD_VALUE);
    ck_assert_ptr_nonnull(strstr(error_text(), "$.sinks: expected an array [...] of at most 16"));
}
END_TEST

START_TEST(sink_specs_of_the_command_line_are_added)
{
    static const char *const specs[] = {"etl:/a b.etl", "jsonl:-", "null", "jsonl:etl:x", "null"};
    struct config *config = parse("{}");
    for (size_t i = 0; i < 5; i++) {
        ck_assert_int_eq(config_add_sink_spec(config, specs[i], &errors), ETWR_OK);
    }
    ck_assert_uint_eq(config->sink_count, 5);
    ck_assert_int_eq(config->sinks[0].type, CONFIG_SINK_ETL);
    ck_assert_str_eq(config->sinks[0].path, "/a b.etl");
    check_default_sink(&config->sinks[0]);
    ck_assert_str_eq(config->sinks[1].path, "-");
    ck_assert_int_eq(config->sinks[2].type, CONFIG_SINK_NULL);
    ck_assert_str_eq(config->sinks[3].path, "etl:x");
    config_clear_sinks(config);
    ck_assert_uint_eq(config->sink_count, 0);
    ck_assert_int_eq(config_add_sink_spec(config, "null", &errors), ETWR_OK);
    ck_assert_uint_eq(config->sink_count, 1);
    config_unref(config);
}
END_TEST

static const struct refused refused_specs[] = {
    {"", "--sink : ", "etw, etl:FILE"},         {"elt:x", "--sink elt:x: ", "etw, etl:FILE"},
    {"etl", "--sink etl: ", "etl:FILE"},        {"etl:", "--sink etl:: ", "not empty"},
    {"etl:-", "--sink etl:-: ", "standard"},    {"nullx", "--sink nullx: ", "expected"},
    {"null:", "--sink null:: ", "expected"},    {"jsonl:/a", "--sink jsonl:/a: ", "another sink"},
    {"etl:\xff", "--sink etl:\xff: ", "UTF-8"},
};

START_TEST(etw_is_taken_where_there_is_one)
{
    struct config *config = parse("{}");
    enum etwr_status status = config_add_sink_spec(config, "etw", &errors);
    ck_assert_int_eq(status, config_platform_has_etw() ? ETWR_OK : ETWR_E_BAD_VALUE);
    if (status != ETWR_OK) ck_assert_ptr_nonnull(strstr(error_text(), "Windows only"));
    config_unref(config);
}
END_TEST

START_TEST(a_bad_sink_spec_changes_nothing)
{
    const struct refused *row = &refused_specs[_i];
    struct config *config = parse(SINK("{\"type\":\"etl\",\"path\":\"/a\"}"));
    ck_assert_int_eq(config_add_sink_spec(config, row->json, &errors), ETWR_E_BAD_VALUE);
    ck_assert_uint_eq(config->sink_count, 1);
    ck_assert_ptr_eq(find_line(error_text(), row->line), errors.data);
    ck_assert_msg(strstr(errors.data, row->part) != NULL, "%s", errors.data);
    config_unref(config);
}
END_TEST

START_TEST(the_command_line_has_sixteen_sinks_at_most)
{
    struct config *config = parse("{}");
    for (int i = 0; i < CONFIG_SINKS_MAX; i++) {
        ck_assert_int_eq(config_add_sink_spec(config, "null", &errors), ETWR_OK);
    }
    ck_assert_int_eq(config_add_sink_spec(config, "null", &errors), ETWR_E_BAD_VALUE);
    ck_assert_ptr_nonnull(strstr(error_text(), "16 sinks"));
    config_unref(config);
}
END_TEST

struct descriptor {
    const char *sddl;
    bool is_good;
};

static const struct descriptor descriptors[] = {
    {"O:SYG:SYD:P(D;;FA;;;NU)(A;;RC;;;S-1-3-4)(A;;FA;;;SY)(A;;FA;;;BA)(A;;0x12019b;;;AU)S:(ML;;NW;;"
     ";"
     "LW)",
     true},
    {"D:(A;;0x12019b;;;AU)", true},
    {"D:(A;;FR;;;WD)", true},
    {"D:(A;;FA;;;S-1-5-80-2225771362-3162058216-1088675771-1083392185-2254430244)", true},
    {"D:(A;;1180059;;;AU)", true},
    {"", false},
    {"O:SYG:SY", false},
    {"D:", false}, /* no entry: nobody; as likely a mistake */
    {"D:P", false},
    {"D:NO_ACCESS_CONTROL", false},
    {"S:(ML;;NW;;;LW)", false},
    {"D:(A;;FA;;;WD)", false},
    {"D:(A;;GA;;;AU)", false},
    {"D:(A;;GW;;;AU)", false},
    {"D:(A;;FW;;;AU)", false},
    {"D:(A;;FRLC;;;AU)", false},
    {"D:(A;;0x4;;;AU)", false},
    {"D:(A;;4;;;AU)", false},
    {"D:(A;;WD;;;AU)", false},
    {"D:(A;;SD;;;AU)", false},
    {"D:(A;;0x12019f;;;AU)", false},
    {"D:(A;;0x12019b;;;AU)(A;;FA;;;S-1-5-80-1-2-3-4-5)", false},
    {"D:(XA;;FR;;;WD;(a==1))", false},
    {"D:(A;;QQ;;;AU)", false},
    {"D:(A;;F;;;AU)", false},
    {"D:(A;;0x12019bz;;;AU)", false},
    {"D:(A;;0x112233445566;;;AU)", false},
    {"D:(A;;FR;;AU)", false},
    {"D:(A;;FR;;;AU", false},
    {"D:(A;;FR;;;AU)x", false},
    {"D:(A;;FR;;;AU)S:D:(A;;FA;;;WD)", false},
};

START_TEST(a_descriptor_lets_nobody_else_create_the_pipe)
{
    char json[512];
    struct config *config = NULL;
    enum etwr_status status = ETWR_OK;
    (void)snprintf(json, sizeof(json), SECURITY("\"preset\":\"sddl\",\"sddl\":\"%s\""),
                   descriptors[_i].sddl);
    status = config_parse(json, strlen(json), &config, &errors);
    ck_assert_msg((status == ETWR_OK) == descriptors[_i].is_good, "%s: %s", descriptors[_i].sddl,
                  error_text());
    config_unref(config);
}
END_TEST

START_TEST(references_are_counted)
{
    struct config *config = parse("{}");
    ck_assert_ptr_eq(config_ref(config), config);
    config_unref(config);
    ck_assert_uint_eq(config->pipe_mode, 0666);
    config_unref(config);
    config_unref(NULL);
}
END_TEST

#define COUNT_OF(array) ((int)(sizeof(array) / sizeof((array)[0])))

int main(void)
{
    Suite *suite = suite_create("config");
    TCase *tcase = tcase_create("config");
    SRunner *runner = srunner_create(suite);
    int failed = 0;
    suite_add_tcase(suite, tcase);
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_loop_test(tcase, a_bad_config_is_refused_with_path_and_what_is_allowed, 0,
                        COUNT_OF(refused));
    tcase_add_test(tcase, all_errors_are_told_at_once);
    tcase_add_loop_test(tcase, nothing_said_is_the_config_of_defaults, 0, 3);
    /* The sample names a socket; the one for Windows is made by `etwrelayd install`. */
    if (!config_platform_has_etw()) {
        tcase_add_test(tcase, the_sample_passes_and_says_the_defaults);
        tcase_add_loop_test(tcase, what_is_for_windows_is_refused_elsewhere, 0,
                            COUNT_OF(refused_on_unix));
    }
    tcase_add_test(tcase, every_key_is_taken);
    tcase_add_test(tcase, a_pipe_of_this_system_is_taken);
    tcase_add_test(tcase, null_and_empty_mean_none);
    tcase_add_test(tcase, sinks_have_their_keys_and_filters);
    tcase_add_test(tcase, zeros_in_a_filter_mean_everything_as_in_etw);
    tcase_add_test(tcase, provider_rules_are_kept_in_order);
    tcase_add_test(tcase, a_limit_that_is_set_is_known_to_be_set);
    tcase_add_test(tcase, seventeen_sinks_are_too_many);
    tcase_add_test(tcase, sink_specs_of_the_command_line_are_added);
    tcase_add_test(tcase, etw_is_taken_where_there_is_one);
    tcase_add_loop_test(tcase, a_bad_sink_spec_changes_nothing, 0, COUNT_OF(refused_specs));
    tcase_add_test(tcase, the_command_line_has_sixteen_sinks_at_most);
    tcase_add_loop_test(tcase, a_descriptor_lets_nobody_else_create_the_pipe, 0,
                        COUNT_OF(descriptors));
    tcase_add_test(tcase, references_are_counted);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
