/* See hex.h. */
#include "tests/unit/etl/hex.h"

#include <check.h>
#include <string.h>

static int digit_of(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *at = c ? strchr(digits, c) : NULL;
    return at ? (int)(at - digits) : -1;
}

size_t hex_read(const char *text, uint8_t *bytes, size_t capacity)
{
    size_t size = 0;
    while (*text) {
        if (*text == ';') {
            text += strcspn(text, "\n");
            continue;
        }
        int high = digit_of(*text++);
        if (high < 0) continue; /* white space */
        int low = digit_of(*text++);
        ck_assert_int_ge(low, 0);
        ck_assert_uint_lt(size, capacity);
        bytes[size++] = (uint8_t)(high << 4 | low);
    }
    return size;
}

void hex_check(const char *table, const void *bytes, size_t size)
{
    static uint8_t expected[1 << 16];
    const uint8_t *actual = bytes;
    size_t expected_size = hex_read(table, expected, sizeof expected);
    ck_assert_uint_eq(size, expected_size);
    for (size_t i = 0; i < size; i++) {
        ck_assert_msg(actual[i] == expected[i], "byte 0x%zx is %02x, not %02x", i, actual[i],
                      expected[i]);
    }
}
