/*
 * Written out by hand from the format's rules, not made by the encoder: so that they check it.
 */
#include "tests/wire/sample.h"

const uint8_t sample_instance[WIRE_INSTANCE_BYTES] = {
    0x9f, 0x1c, 0x44, 0xe0, 0x7a, 0xb2, 0x4d, 0x18, 0x93, 0xc5, 0xd2, 0x0e, 0x6b, 0x5f, 0x7a, 0x31};

/* 5b1c8d3e-6f20-4c7a-9e11-0d2f4a6b8c9e */
const struct etwr_guid sample_activity = {{0x3e, 0x8d, 0x1c, 0x5b, 0x20, 0x6f, 0x7a, 0x4c, 0x9e,
                                           0x11, 0x0d, 0x2f, 0x4a, 0x6b, 0x8c, 0x9e}};
/* 2c6a90d1-3b7e-4d58-8f04-a1b2c3d4e5f6 */
const struct etwr_guid sample_related = {{0xd1, 0x90, 0x6a, 0x2c, 0x7e, 0x3b, 0x58, 0x4d, 0x8f,
                                          0x04, 0xa1, 0xb2, 0xc3, 0xd4, 0xe5, 0xf6}};
/* 11111111-2222-3333-4444-aaaaaaaaaaaa */
const struct etwr_guid sample_group = {{0x11, 0x11, 0x11, 0x11, 0x22, 0x22, 0x33, 0x33, 0x44, 0x44,
                                        0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa}};

const struct etwr_descriptor sample_descriptor = {
    .channel = 11,
    .level = 5,
    .keyword = 0x21,
};

static const char metadata[] = "\x36\0\0RequestDone\0"
                               "status\0\x08"
                               "bytes\0\x0a"
                               "ms\0\x0c"
                               "path\0\x97\x23"
                               "request\0\x0f"
                               "ok\0\x0d";
const struct etwr_bytes sample_metadata = {metadata, sizeof metadata - 1};

static const char values[] = "\xc8\0\0\0"
                             "\xa6\x47\0\0\0\0\0\0"
                             "\0\0\0\0\0\x80\x29\x40"
                             "\x17\0/api/v1/orders/42/items"
                             "\x0a\x1e\x5c\x7d\xb3\x94\x0e\x4f\x8a\x6d\x2b\x8f\0\xc1\xd2\xe3"
                             "\x01\0\0\0";
const struct etwr_bytes sample_values = {values, sizeof values - 1};

struct etwr_bytes sample_text(const char *text)
{
    struct etwr_bytes bytes = {text, strlen(text)};

    return bytes;
}
