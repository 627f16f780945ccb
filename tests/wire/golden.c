/*
 * Every check runs on a copy of exactly the bytes in question, so that a sanitizer sees a read
 * that goes one too far.
 */
#include "tests/wire/golden.h"

#include <check.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

const char *const golden_names[] = {
    "hello", "hello_future", "provider_open", "provider_close", "schema",         "event",
    "lost",  "flush",        "status",        "welcome",        "welcome_future", "refused",
    "ack",   "flushed",      "error",         "provider_state", "status_reply",
};
const size_t golden_count = sizeof golden_names / sizeof golden_names[0];

bool hex_parse_line(const char *line, uint8_t *bytes, size_t capacity, size_t *size)
{
    while (true) {
        unsigned value;

        while (isspace((unsigned char)*line)) {
            line++;
        }
        if (*line == 0 || *line == '#') return true;
        if (!isxdigit((unsigned char)line[0]) || !isxdigit((unsigned char)line[1])) return false;
        if (*size == capacity || sscanf(line, "%2x", &value) != 1) return false;
        bytes[(*size)++] = (uint8_t)value;
        line += 2;
    }
}

void golden_load(const char *name, struct golden *golden)
{
    char path[256];
    char line[256];
    FILE *file;
    size_t used = 0;

    snprintf(path, sizeof path, "tests/wire/golden/%s.hex", name);
    file = fopen(path, "r");
    ck_assert_msg(file != NULL, "%s cannot be opened", path);
    golden->size = 0;
    while (fgets(line, sizeof line, file)) {
        ck_assert_msg(hex_parse_line(line, golden->bytes, sizeof golden->bytes, &golden->size),
                      "%s: %s", path, line);
    }
    fclose(file);
    ck_assert_int_eq(frame_find(golden->bytes, golden->size, &golden->frame, &used), FRAME_WHOLE);
    ck_assert_uint_eq(used, golden->size);
}

/* The golden body cut or filled up to `size`, in memory of exactly that size. */
static enum etwr_status read_resized(const struct golden *golden, golden_read read, size_t size)
{
    struct frame frame = golden->frame;
    size_t kept = size < frame.body_size ? size : frame.body_size;
    uint8_t *body = malloc(size ? size : 1);
    enum etwr_status status;

    ck_assert_ptr_nonnull(body);
    memset(body, 0, size);
    memcpy(body, frame.body, kept);
    frame.body = body;
    frame.body_size = (uint32_t)size;
    status = read(&frame);
    free(body);
    return status;
}

void golden_check_sizes(const struct golden *golden, golden_read read, size_t open_from,
                        size_t also_whole)
{
    size_t whole = golden->frame.body_size;

    for (size_t size = 0; size <= whole + 1; size++) {
        bool good = size == whole || size >= open_from || size == also_whole;
        enum etwr_status status = read_resized(golden, read, size);

        ck_assert_msg(status == (good ? ETWR_OK : ETWR_E_MALFORMED), "%zu of %zu bytes: %s", size,
                      whole, etwr_status_name(status));
    }
}

void golden_check_header(const struct golden *golden, golden_read read, uint8_t known_flags,
                         bool slot_optional)
{
    struct frame frame = golden->frame;

    for (unsigned bit = 1; bit < 0x100; bit <<= 1) {
        if (known_flags & bit) continue;
        frame.flags = (uint8_t)(golden->frame.flags | bit);
        ck_assert_int_eq(read(&frame), ETWR_E_MALFORMED);
    }
    frame = golden->frame;
    frame.slot = golden->frame.slot ? 0 : 1;
    ck_assert_int_eq(read(&frame), slot_optional ? ETWR_OK : ETWR_E_MALFORMED);
    frame = golden->frame;
    frame.kind ^= 0x40; /* the same number from the other side */
    ck_assert_int_eq(read(&frame), ETWR_E_MALFORMED);
}

void golden_check_put(const struct golden *golden, golden_put put)
{
    for (size_t capacity = 0; capacity <= golden->size; capacity++) {
        uint8_t *bytes = malloc(capacity ? capacity : 1);
        struct writer writer;

        ck_assert_ptr_nonnull(bytes);
        writer_init(&writer, bytes, capacity);
        put(&writer);
        ck_assert_int_eq(writer.failed, capacity < golden->size);
        ck_assert_uint_eq(writer_size(&writer), capacity < golden->size ? 0 : golden->size);
        if (!writer.failed) ck_assert_mem_eq(bytes, golden->bytes, golden->size);
        free(bytes);
    }
}
