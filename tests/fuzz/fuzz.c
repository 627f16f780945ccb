/*
 * The few things that fuzz targets share. Picks come out of the input itself, through the same
 * bounded cursor that the product reads with.
 */
#include "tests/fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/tracelogging/utf8.h"

void fuzz_fail(const char *condition, const char *file, int line)
{
    fprintf(stderr, "%s:%d: broken: %s\n", file, line, condition);
    abort();
}

static void *allocate(size_t size)
{
    void *memory = malloc(size > 0 ? size : 1);
    FUZZ_CHECK(memory != NULL);
    return memory;
}

uint8_t *fuzz_copy(const void *bytes, size_t size)
{
    uint8_t *copy = allocate(size);
    if (size > 0) memcpy(copy, bytes, size);
    return copy;
}

char *fuzz_copy_text(const void *bytes, size_t size)
{
    char *copy = allocate(size + 1);
    if (size > 0) memcpy(copy, bytes, size);
    copy[size] = 0;
    return copy;
}

struct etwr_bytes fuzz_take(struct reader *reader, size_t max)
{
    size_t left = reader_left(reader);
    struct etwr_bytes taken = {NULL, left < max ? left : max};
    taken.data = read_bytes(reader, taken.size);
    return taken;
}

struct etwr_bytes fuzz_take_rest(struct reader *reader)
{
    return fuzz_take(reader, reader_left(reader));
}

bool fuzz_is_printable(const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if ((unsigned char)text[i] < 0x20 || text[i] == 0x7F) return false;
    return utf8_is_valid(text, size);
}
