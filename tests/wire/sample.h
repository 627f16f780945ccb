/*
 * The structs that the golden frames and PROTOCOL.md's session are made of.
 */
#ifndef ETWRELAY_TESTS_SAMPLE_H
#define ETWRELAY_TESTS_SAMPLE_H

#include "protocol/wire/request.h"

#define SAMPLE_TIME UINT64_C(134399082101230000) /* 2026-11-23 11:50:10.123 UTC */
#define SAMPLE_NAME                                                                                \
    "Contoso.Gr\xC3\xB6\xC3\x9F"                                                                   \
    "e"
#define SAMPLE_FIRST 1001

extern const uint8_t sample_instance[WIRE_INSTANCE_BYTES];
extern const struct etwr_guid sample_activity, sample_related, sample_group;
extern const struct etwr_descriptor sample_descriptor;
extern const struct etwr_bytes sample_metadata; /* of the reference event */
extern const struct etwr_bytes sample_values;   /* its 65 bytes of values */

struct etwr_bytes sample_text(const char *text);

#endif
