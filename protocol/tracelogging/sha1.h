/*
 * SHA-1, for provider ids only: TraceLogging derives them with it. Nothing here is a secret, and
 * nothing is protected by it.
 */
#ifndef ETWRELAY_SHA1_H
#define ETWRELAY_SHA1_H

#include <stddef.h>
#include <stdint.h>

#define SHA1_BYTES       20
#define SHA1_BLOCK_BYTES 64

struct sha1 {
    uint32_t state[5];
    uint64_t total_bytes;
    uint8_t block[SHA1_BLOCK_BYTES];
};

void sha1_init(struct sha1 *sha1);
void sha1_put(struct sha1 *sha1, const void *bytes, size_t size);
/* Ends the message; `sha1` must be initialised before it is used again. */
void sha1_finish(struct sha1 *sha1, uint8_t digest[SHA1_BYTES]);

#endif
