/*
 * What an encoded event must be, as hex. Spaces in hex are for people.
 */
#ifndef TESTS_TRACELOGGING_EXPECT_H
#define TESTS_TRACELOGGING_EXPECT_H

#include <etwrelay/event.h>

struct etwr_event *new_event(void);        /* named "T" */
void next_event(struct etwr_event *event); /* reset, named "T" again */

void expect_hex(const char *what, struct etwr_bytes got, const char *hex);
/* The event is named "T", has no tag, and its metadata goes on with these fields. */
void expect_event(struct etwr_event *event, const char *fields_hex, const char *data_hex);
void expect_template(struct etwr_event *event, const char *fields_hex);

#endif
