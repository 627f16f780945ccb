/*
 * The tests' bytes. Blocks come from malloc() and are never larger than what they hold.
 */
#include "tests/unit/schema/fixture.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static unsigned digit(char c)
{
    if (c >= '0' && c <= '9') return (unsigned)(c - '0');
    if (c >= 'a' && c <= 'f') return (unsigned)(c - 'a') + 10;
    ck_abort_msg("not a hexadecimal digit: %c", c);
    return 0;
}

struct block block_from_bytes(const void *bytes, size_t size)
{
    struct block block = {NULL, size};

    if (size == 0) return block;
    block.data = malloc(size);
    ck_assert_ptr_nonnull(block.data);
    memcpy(block.data, bytes, size);
    return block;
}

struct block block_from_hex(const char *hex)
{
    uint8_t *bytes = malloc(strlen(hex) / 2 + 1);
    struct block block;
    size_t size = 0;

    ck_assert_ptr_nonnull(bytes);
    for (const char *at = hex; *at; at++) {
        if (*at == ' ') continue;
        bytes[size++] = (uint8_t)(digit(at[0]) << 4 | digit(at[1]));
        at++;
    }
    block = block_from_bytes(bytes, size);
    free(bytes);
    return block;
}

void block_free(struct block *block)
{
    free(block->data);
    block->data = NULL;
    block->size = 0;
}

struct block metadata_from_fields(const char *fields_hex)
{
    static const uint8_t head[] = {0, 0, 0x00, 'E', 0x00};
    struct block fields = block_from_hex(fields_hex);
    size_t size = sizeof head + fields.size;
    uint8_t *bytes = malloc(size);
    struct block block;

    ck_assert_ptr_nonnull(bytes);
    memcpy(bytes, head, sizeof head);
    if (fields.size > 0) memcpy(bytes + sizeof head, fields.data, fields.size);
    bytes[0] = (uint8_t)(size & 0xFF);
    bytes[1] = (uint8_t)(size >> 8);
    block = block_from_bytes(bytes, size);
    free(bytes);
    block_free(&fields);
    return block;
}
