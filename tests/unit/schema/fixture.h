/*
 * Bytes for tests: written as hexadecimal digits, kept in blocks of exactly their size, so that a
 * sanitizer sees every read past the end.
 */
#ifndef ETWRELAY_TESTS_SCHEMA_FIXTURE_H
#define ETWRELAY_TESTS_SCHEMA_FIXTURE_H

#include <stddef.h>
#include <stdint.h>

struct block {
    uint8_t *data; /* NULL when size is 0 */
    size_t size;
};

/* From hexadecimal digits; spaces are skipped. */
struct block block_from_hex(const char *hex);
struct block block_from_bytes(const void *bytes, size_t size);
void block_free(struct block *block);

/* Event metadata with its size filled in, no tag, the event name "E", and these fields. */
struct block metadata_from_fields(const char *fields_hex);

#endif
