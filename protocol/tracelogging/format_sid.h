/*
 * Security identifiers as text.
 */
#ifndef ETWRELAY_FORMAT_SID_H
#define ETWRELAY_FORMAT_SID_H

#include <etwrelay/types.h>

#include "protocol/text.h"

/* "S-1-5-18", from the bytes that schema_read_value() has given. */
void text_put_sid(struct text *text, struct etwr_bytes sid);

/* Would the text come back to the same bytes? It would not with another revision than 1. */
bool sid_is_exact(struct etwr_bytes sid);

#endif
