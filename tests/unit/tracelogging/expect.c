/*
 * Comparing encoded events with hex that people can read.
 */
#include "tests/unit/tracelogging/expect.h"

#include <check.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* u16 size, no tag, "T" */
#define HEAD_BYTES 5

struct etwr_event *new_event(void)
{
    struct etwr_event *event = NULL;
    ck_assert_int_eq(etwr_event_create(&event), ETWR_OK);
    next_event(event);
    return event;
}

void next_event(struct etwr_event *event)
{
    ck_assert_int_eq(etwr_event_reset(event, "T", 5, 1), ETWR_OK);
}

/* Hex without its spaces; the caller frees it. */
static char *squeeze(const char *hex)
{
    char *squeezed = malloc(strlen(hex) + 1);
    char *at = squeezed;
    ck_assert_ptr_nonnull(squeezed);
    for (; *hex != '\0'; hex++)
        if (!isspace((unsigned char)*hex)) *at++ = *hex;
    *at = '\0';
    return squeezed;
}

static char *to_hex(struct etwr_bytes bytes)
{
    const unsigned char *at = bytes.data;
    char *hex = malloc(2 * bytes.size + 1);
    ck_assert_ptr_nonnull(hex);
    hex[0] = '\0';
    for (size_t i = 0; i < bytes.size; i++)
        snprintf(hex + 2 * i, 3, "%02x", at[i]);
    return hex;
}

void expect_hex(const char *what, struct etwr_bytes got, const char *hex)
{
    char *expected = squeeze(hex);
    char *found = to_hex(got);
    ck_assert_msg(strcmp(expected, found) == 0, "%s is %s, not %s", what, found, expected);
    free(expected);
    free(found);
}

static void expect_metadata(struct etwr_bytes metadata, const char *fields_hex)
{
    const unsigned char *at = metadata.data;
    ck_assert_uint_ge(metadata.size, HEAD_BYTES);
    ck_assert_uint_eq(at[0] | (unsigned)at[1] << 8, metadata.size);
    expect_hex("head", (struct etwr_bytes){at + 2, HEAD_BYTES - 2}, "00 5400");
    expect_hex("fields", (struct etwr_bytes){at + HEAD_BYTES, metadata.size - HEAD_BYTES},
               fields_hex);
}

void expect_event(struct etwr_event *event, const char *fields_hex, const char *data_hex)
{
    struct etwr_encoded encoded;
    ck_assert_int_eq(etwr_event_encode(event, &encoded), ETWR_OK);
    expect_metadata(encoded.metadata, fields_hex);
    expect_hex("data", encoded.data, data_hex);
}

void expect_template(struct etwr_event *event, const char *fields_hex)
{
    struct etwr_encoded encoded;
    ck_assert_int_eq(etwr_event_encode(event, &encoded), ETWR_E_BAD_VALUE);
    ck_assert_int_eq(etwr_event_encode_template(event, &encoded), ETWR_OK);
    expect_metadata(encoded.metadata, fields_hex);
    ck_assert_uint_eq(encoded.data.size, 0);
}
