/*
 * One value for people, as ETW's decoders show it.
 */
#ifndef ETWRELAY_DECODE_LINE_VALUE_H
#define ETWRELAY_DECODE_LINE_VALUE_H

#include "protocol/text.h"
#include "protocol/tracelogging/decode_string.h"

/* A value of a base type that is not a struct, from the bytes that schema_read_value() gives. Out
 * types that do not belong to the base type are passed over. */
void line_put_value(struct text *text, uint8_t base, uint8_t out, struct etwr_bytes value);

/* A name as it is, or in quotes when it is empty or holds anything that could be taken for a part
 * of the line. UTF-8, or whatever bytes. */
void line_put_name(struct text *text, struct etwr_bytes name);

/* "0x" and hexadecimal digits. */
void line_put_hex(struct text *text, struct etwr_bytes bytes);

#endif
