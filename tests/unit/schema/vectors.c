/*
 * One vector a line. The last "expect" on a line is the outermost one.
 */
#include "tests/unit/schema/vectors.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/wire/request.h"

#define VECTORS "tests/vectors/events.jsonl"

static char *read_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    char *content;
    long size;

    ck_assert_msg(file != NULL, "%s is missing: run from the tree's root", path);
    fseek(file, 0, SEEK_END);
    size = ftell(file);
    ck_assert_int_gt(size, 0);
    rewind(file);
    content = malloc((size_t)size + 1);
    ck_assert_ptr_nonnull(content);
    ck_assert_uint_eq(fread(content, 1, (size_t)size, file), (size_t)size);
    content[size] = '\0';
    fclose(file);
    return content;
}

/* The hexadecimal digits behind "key": in what is expected. */
static struct block find_hex(const char *expect, const char *key)
{
    char quoted[64];
    const char *start, *end;
    char *hex;
    struct block block;

    snprintf(quoted, sizeof quoted, "\"%s\": \"", key);
    start = strstr(expect, quoted);
    ck_assert_msg(start != NULL, "no %s", key);
    start += strlen(quoted);
    end = strchr(start, '"');
    hex = calloc(1, (size_t)(end - start) + 1);
    ck_assert_ptr_nonnull(hex);
    memcpy(hex, start, (size_t)(end - start));
    block = block_from_hex(hex);
    free(hex);
    return block;
}

static struct etwr_guid find_guid(const char *expect)
{
    const char *start = strstr(expect, "\"provider_id\": \"");
    char name[ETWR_GUID_TEXT_BYTES] = "";
    struct etwr_guid guid;

    ck_assert_ptr_nonnull(start);
    memcpy(name, start + strlen("\"provider_id\": \""), sizeof name - 1);
    ck_assert_int_eq(etwr_guid_parse(name, &guid), ETWR_OK);
    return guid;
}

static void use_line(const char *expect, int line, void (*use)(const struct vector *vector))
{
    struct block descriptor = find_hex(expect, "descriptor");
    struct vector vector = {.line = line};
    struct reader reader;

    reader_init(&reader, descriptor.data, descriptor.size);
    vector.descriptor = read_descriptor(&reader);
    vector.provider_id = find_guid(expect);
    vector.traits = find_hex(expect, "provider_traits");
    vector.metadata = find_hex(expect, "metadata");
    vector.data = find_hex(expect, "data");
    use(&vector);
    block_free(&descriptor);
    block_free(&vector.traits);
    block_free(&vector.metadata);
    block_free(&vector.data);
}

/* The last place in the line where "expect" starts; NULL when it expects an error. */
static const char *find_expect(const char *line)
{
    const char *found = NULL;

    for (const char *at = line; (at = strstr(at, "\"expect\": {")) != NULL; at++)
        found = at;
    ck_assert_ptr_nonnull(found);
    return strstr(found, "\"error\": ") ? NULL : found;
}

int vectors_each(void (*use)(const struct vector *vector))
{
    char *content = read_file(VECTORS);
    int line = 0;
    int events = 0;

    for (char *at = content; *at;) {
        char *end = strchr(at, '\n');
        const char *expect;

        if (end) *end = '\0';
        line++;
        expect = find_expect(at);
        if (expect) {
            use_line(expect, line, use);
            events++;
        }
        at = end ? end + 1 : at + strlen(at);
    }
    free(content);
    return events;
}
