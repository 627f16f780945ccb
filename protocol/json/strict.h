/*
 * Strict JSON over cJSON.
 *
 * cJSON takes invalid UTF-8, raw control characters, duplicate keys, `01`, trailing text and keys
 * in any case, makes doubles of integers and ends strings at \u0000. strict_parse() looks at the
 * text first (RFC 8259, no duplicate keys, no \u0000, no lone surrogates, nesting of at most 64)
 * and hands it to cJSON only when it is clean; so a tree that comes back means what its text says.
 */
#ifndef ETWRELAY_STRICT_H
#define ETWRELAY_STRICT_H

#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include <etwrelay/status.h>

#include "protocol/json/json_path.h"

struct strict_error {
    size_t offset, line, column; /* line and column from 1; column in bytes */
    char path[JSON_PATH_BYTES];  /* JSON path as far as it was known: $.sinks[0].level */
    char message[256];           /* what is wrong and what was expected */
    int is_nul;                  /* the text held \u0000 (in a key or a string) */
};

/* Nesting that strict_parse() takes, and what strict_parse_deep() can be asked for: cJSON's own
 * limit is 1,000. */
#define STRICT_DEPTH       64
#define STRICT_DEPTH_LIMIT 300

/* The caller frees *tree with cJSON_Delete(). ETWR_OK, ETWR_E_MALFORMED, ETWR_E_NO_MEMORY. */
enum etwr_status strict_parse(const char *json, size_t size, cJSON **tree,
                              struct strict_error *error);

/* The same for text that may nest otherwise: at most `depth`, 1 to STRICT_DEPTH_LIMIT. */
enum etwr_status strict_parse_deep(const char *json, size_t size, unsigned depth, cJSON **tree,
                                   struct strict_error *error);

/* Keys compare exactly (cJSON_GetObjectItemCaseSensitive). Integers: a number without fraction
 * below 2^53 in magnitude, or a string in decimal or 0x hex (with a leading '-' when negative).
 * ETWR_OK or ETWR_E_BAD_VALUE. */
enum etwr_status strict_get_u64(const cJSON *item, uint64_t max, uint64_t *value);
enum etwr_status strict_get_i64(const cJSON *item, int64_t min, int64_t max, int64_t *value);

/* After one of these refused `item`: why, for people ("out of range"; "give it as a string"). Never
 * NULL. */
const char *strict_integer_fault(const cJSON *item);

#endif
