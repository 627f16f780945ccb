/*
 * The reference encoder's bytes from tests/vectors/events.jsonl, found by plain text search: no
 * JSON reader stands between the file and the tests.
 */
#ifndef ETWRELAY_TESTS_SCHEMA_VECTORS_H
#define ETWRELAY_TESTS_SCHEMA_VECTORS_H

#include <etwrelay/types.h>

#include "tests/unit/schema/fixture.h"

struct vector {
    int line; /* from 1 */
    struct etwr_guid provider_id;
    struct etwr_descriptor descriptor;
    struct block traits;
    struct block metadata;
    struct block data;
};

/* Call `use` for every vector that is an event (not for those that are refused); returns how many.
 * The vector is lent for the call. */
int vectors_each(void (*use)(const struct vector *vector));

#endif
