/*
 * The conformance vectors, and whether what the ETW recorder kept of one is what the reference
 * encoder made of it.
 */
#ifndef ETWRELAY_TESTS_RECORDED_VECTORS_H
#define ETWRELAY_TESTS_RECORDED_VECTORS_H

#include <stddef.h>

#include <cjson/cJSON.h>

#include "tests/support/etw_recorder.h"

#define RECORDED_VECTORS 357 /* those that are events, not refusals */

struct vector_line {
    int number;       /* in the file, from 1 */
    const char *text; /* of the event alone, as `send --jsonl` takes it */
    size_t size;
    const cJSON *event, *expect;
};

/* Each vector that is an event, in order; lent for the call. */
void vector_lines_each(void (*use)(void *context, const struct vector_line *line), void *context);

/* Provider id, traits, descriptor, metadata, data, activities: fails the test if any differs. */
void recorded_vector_check(const struct vector_line *line, const struct recorded_write *write);

#endif
