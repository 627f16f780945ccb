/*
 * One value as JSON, in the form of tests/vectors/README.md.
 */
#ifndef ETWRELAY_DECODE_JSON_VALUE_H
#define ETWRELAY_DECODE_JSON_VALUE_H

#include "protocol/text.h"
#include "protocol/tracelogging/decode_string.h"

/* A value of a base type that is not a struct, from the bytes that schema_read_value() gives. */
void json_put_value(struct text *text, uint8_t base, uint8_t out, struct etwr_bytes value);

/* Hexadecimal digits in quotes. */
void json_put_hex(struct text *text, struct etwr_bytes bytes);

/* Any bytes as a JSON string: what is no character becomes U+FFFD, a NUL U+2400. */
void json_put_characters(struct text *text, enum string_kind kind, struct etwr_bytes bytes);

/* A GUID in quotes. */
void json_put_guid(struct text *text, const struct etwr_guid *guid);

#endif
