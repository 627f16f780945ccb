/*
 * What flow tests share.
 */
#include "tests/flow/flow.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

static void run_list(struct run *run, const struct service *service, const char *input,
                     va_list list)
{
    const char *argv[PROCESS_ARGUMENTS_MAX] = {ETWRELAY_TOOL_PATH};
    size_t count = 1;
    const char *argument;

    while ((argument = va_arg(list, const char *)) != NULL) {
        ck_assert_uint_lt(count + 1, PROCESS_ARGUMENTS_MAX);
        argv[count++] = strcmp(argument, "PIPE") == 0 ? service->pipe : argument;
    }
    argv[count] = NULL;
    run_program(run, argv, input);
}

void flow_tool(struct run *run, const struct service *service, const char *input, ...)
{
    va_list list;
    va_start(list, input);
    run_list(run, service, input, list);
    va_end(list);
}

void flow_tool_expect(int expected, const struct service *service, const char *input, ...)
{
    struct run run;
    va_list list;

    va_start(list, input);
    run_list(&run, service, input, list);
    va_end(list);
    ck_assert_msg(run.exit_status == expected, "exit status %d, not %d; stdout: %s; stderr: %s",
                  run.exit_status, expected, run.out, run.err);
    run_clear(&run);
}

const char *flow_sink(const struct service *service, const char *type, const char *name,
                      char *buffer)
{
    snprintf(buffer, PROCESS_PATH_MAX + 8, "%s:%s/%s", type, service->scratch.path, name);
    return buffer;
}

long flow_etl_check(const char *option, const char *first, const char *second)
{
    const char *argv[6] = {PYTHON_PATH, "tests/support/etl_check.py"};
    size_t count = 2;
    struct run run;
    long number;

    if (option != NULL) argv[count++] = option;
    argv[count++] = first;
    argv[count++] = second; /* may be NULL */
    run_program(&run, argv, NULL);
    ck_assert_msg(run.exit_status == 0, "%s", run.err);
    number = strtol(run.out, NULL, 10);
    run_clear(&run);
    return number;
}

size_t flow_count_lines(const char *text)
{
    size_t count = 0;
    for (const char *at = text; *at != '\0'; at++)
        if (*at != '\n' && (at[1] == '\n' || at[1] == '\0')) count++;
    return count;
}

long flow_number(const char *json, const char *key)
{
    char quoted[64];
    const char *at;

    snprintf(quoted, sizeof quoted, "\"%s\":", key);
    at = strstr(json, quoted);
    return at != NULL ? strtol(at + strlen(quoted), NULL, 10) : -1;
}
