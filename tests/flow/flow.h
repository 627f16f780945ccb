/*
 * What flow tests share: the tool's command lines, short to write.
 */
#ifndef ETWRELAY_TEST_FLOW_H
#define ETWRELAY_TEST_FLOW_H

#include "tests/support/process.h"

/* `etwrelay ARGUMENTS...`; the list ends with NULL. Argument "PIPE" stands for the service's
 * socket. */
void flow_tool(struct run *run, const struct service *service, const char *input, ...);

/* The same, and its exit status must be `expected`; what it wrote is shown if not. */
void flow_tool_expect(int expected, const struct service *service, const char *input, ...);

/* A file in the service's folder as "TYPE:PATH", in a buffer of PROCESS_PATH_MAX + 8 bytes; returns
 * it. */
const char *flow_sink(const struct service *service, const char *type, const char *name,
                      char *buffer);

/* python3 tests/support/etl_check.py ARGUMENTS...: must succeed. Its first number is returned. */
long flow_etl_check(const char *option, const char *first, const char *second);

/* Lines of a text that are not empty. */
size_t flow_count_lines(const char *text);
/* Number of a key like "written" in a summary line of the tool; -1 when it is not there. */
long flow_number(const char *json, const char *key);

#endif
