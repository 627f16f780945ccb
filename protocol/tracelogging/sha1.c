/*
 * SHA-1 as FIPS 180-4 says it, plainly: names are short, so speed does not matter.
 */
#include "protocol/tracelogging/sha1.h"

#include <string.h>

#define LENGTH_AT (SHA1_BLOCK_BYTES - 8) /* the message's bits, in the last block */

static uint32_t rotate_left(uint32_t value, unsigned bits)
{
    return value << bits | value >> (32 - bits);
}

static uint32_t load_big_endian(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static uint32_t round_value(unsigned round, uint32_t b, uint32_t c, uint32_t d)
{
    if (round < 20) return ((b & c) | (~b & d)) + 0x5A827999;
    if (round < 40) return (b ^ c ^ d) + 0x6ED9EBA1;
    if (round < 60) return ((b & c) | (b & d) | (c & d)) + 0x8F1BBCDC;
    return (b ^ c ^ d) + 0xCA62C1D6;
}

static void mix_block(struct sha1 *sha1)
{
    uint32_t words[80];
    for (size_t i = 0; i < 16; i++)
        words[i] = load_big_endian(sha1->block + 4 * i);
    for (size_t i = 16; i < 80; i++)
        words[i] = rotate_left(words[i - 3] ^ words[i - 8] ^ words[i - 14] ^ words[i - 16], 1);

    uint32_t a = sha1->state[0], b = sha1->state[1], c = sha1->state[2];
    uint32_t d = sha1->state[3], e = sha1->state[4];
    for (unsigned i = 0; i < 80; i++) {
        uint32_t next = rotate_left(a, 5) + round_value(i, b, c, d) + e + words[i];
        e = d;
        d = c;
        c = rotate_left(b, 30);
        b = a;
        a = next;
    }
    sha1->state[0] += a;
    sha1->state[1] += b;
    sha1->state[2] += c;
    sha1->state[3] += d;
    sha1->state[4] += e;
}

void sha1_init(struct sha1 *sha1)
{
    static const uint32_t start[5] = {0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476, 0xC3D2E1F0};
    memcpy(sha1->state, start, sizeof start);
    sha1->total_bytes = 0;
}

void sha1_put(struct sha1 *sha1, const void *bytes, size_t size)
{
    const uint8_t *at = bytes;
    for (size_t i = 0; i < size; i++) {
        sha1->block[sha1->total_bytes++ % SHA1_BLOCK_BYTES] = at[i];
        if (sha1->total_bytes % SHA1_BLOCK_BYTES == 0) mix_block(sha1);
    }
}

void sha1_finish(struct sha1 *sha1, uint8_t digest[SHA1_BYTES])
{
    static const uint8_t end_mark = 0x80, zero = 0;
    uint64_t bits = sha1->total_bytes * 8;
    uint8_t length[8];
    for (unsigned i = 0; i < 8; i++)
        length[i] = (uint8_t)(bits >> (56 - 8 * i));
    sha1_put(sha1, &end_mark, 1);
    while (sha1->total_bytes % SHA1_BLOCK_BYTES != LENGTH_AT)
        sha1_put(sha1, &zero, 1);
    sha1_put(sha1, length, sizeof length);
    for (unsigned i = 0; i < SHA1_BYTES; i++)
        digest[i] = (uint8_t)(sha1->state[i / 4] >> (24 - 8 * (i % 4)));
}
