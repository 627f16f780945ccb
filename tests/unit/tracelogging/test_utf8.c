/*
 * UTF-8 and UTF-16LE: every code point both ways, and everything that only looks like one.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/tracelogging/utf8.h"

#define CODE_POINT_MAX 0x10FFFFu

static bool is_surrogate(uint32_t code_point)
{
    return code_point >= 0xD800 && code_point <= 0xDFFF;
}

/* In memory of its own size, so that sanitizers see a read past the end. */
static bool is_valid(const void *text, size_t size)
{
    char *copy = malloc(size + (size == 0));
    ck_assert_ptr_nonnull(copy);
    memcpy(copy, text, size);
    const bool valid = utf8_is_valid(copy, size);
    free(copy);
    return valid;
}

static bool survives_utf16(uint32_t code_point)
{
    char text[4], back[6];
    uint8_t wide[4];
    size_t back_size = 0;
    const size_t size = utf8_put(code_point, text);
    const size_t wide_size = code_point < 0x10000 ? 2 : 4;
    const char *at = text;
    return utf8_is_valid(text, size) && utf8_next(&at) == code_point && at == text + size &&
           utf16_from_utf8(text, size, wide) == wide_size &&
           utf16_size_of_utf8(text, size) == wide_size &&
           utf8_size_of_utf16(wide, wide_size, &back_size) && back_size == size &&
           utf8_from_utf16(wide, wide_size, back) == size && memcmp(back, text, size) == 0;
}

/* One assertion for all: a million would take their time. */
START_TEST(every_code_point_goes_to_utf16_and_back)
{
    uint32_t code_point = 0;
    while (code_point <= CODE_POINT_MAX && (is_surrogate(code_point) || survives_utf16(code_point)))
        code_point++;
    ck_assert_uint_eq(code_point, CODE_POINT_MAX + 1);
}
END_TEST

START_TEST(sizes_are_those_of_unicode)
{
    char text[4];
    ck_assert_uint_eq(utf8_put(0x7F, text), 1);
    ck_assert_uint_eq(utf8_put(0x80, text), 2);
    ck_assert_uint_eq(utf8_put(0x7FF, text), 2);
    ck_assert_uint_eq(utf8_put(0x800, text), 3);
    ck_assert_uint_eq(utf8_put(0xFFFF, text), 3);
    ck_assert_uint_eq(utf8_put(0x10000, text), 4);
    ck_assert_mem_eq(text, "\xF0\x90\x80\x80", 4);
}
END_TEST

static const struct {
    const char *what;
    const char *text;
} broken[] = {
    {"a lone continuation byte", "\x80"},
    {"a lone continuation byte", "\xBF"},
    {"overlong /", "\xC0\xAF"},
    {"overlong 7F", "\xC1\xBF"},
    {"overlong 7FF", "\xE0\x9F\xBF"},
    {"overlong FFFF", "\xF0\x8F\xBF\xBF"},
    {"the first surrogate", "\xED\xA0\x80"},
    {"the last surrogate", "\xED\xBF\xBF"},
    {"a pair of surrogates", "\xED\xA0\x80\xED\xB0\x80"},
    {"110000", "\xF4\x90\x80\x80"},
    {"1FFFFF", "\xF7\xBF\xBF\xBF"},
    {"five bytes", "\xF8\x88\x80\x80\x80"},
    {"FE", "\xFE"},
    {"FF", "\xFF"},
    {"a sequence broken by ASCII", "\xC3"
                                   "A"},
    {"a sequence broken by ASCII", "\xE2\x82"
                                   "A"},
    {"a sequence broken by ASCII", "\xF0\x9F\x98"
                                   "A"},
    {"a sequence broken by a sequence", "\xE2\xC3\xA9"},
};

START_TEST(what_only_looks_like_utf8_is_refused_wherever_it_stands)
{
    char text[64];
    const size_t size = strlen(broken[_i].text);
    for (size_t before = 0; before <= 20; before++)
        for (size_t after = 0; after <= 20; after++) {
            memset(text, 'x', sizeof text);
            memcpy(text + before, broken[_i].text, size);
            ck_assert_msg(!is_valid(text, before + size + after), "%s after %zu, before %zu",
                          broken[_i].what, before, after);
        }
}
END_TEST

START_TEST(a_sequence_cut_short_is_refused)
{
    static const char *const whole[] = {"\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x98\x80"};
    char text[64];
    for (size_t i = 0; i < 3; i++)
        for (size_t before = 0; before <= 20; before++) {
            const size_t size = strlen(whole[i]);
            memset(text, 'x', sizeof text);
            memcpy(text + before, whole[i], size);
            ck_assert(is_valid(text, before + size));
            for (size_t cut = 1; cut < size; cut++)
                ck_assert(!is_valid(text, before + cut));
        }
}
END_TEST

START_TEST(ascii_and_nul_and_nothing_are_valid)
{
    char text[40];
    memset(text, 'x', sizeof text);
    text[9] = '\0';
    text[20] = 0x7F;
    for (size_t size = 0; size <= sizeof text; size++)
        ck_assert(is_valid(text, size));
}
END_TEST

START_TEST(only_whole_pairs_have_a_size)
{
    size_t size = 77;
    ck_assert(!utf8_size_of_utf16("a", 1, &size));
    ck_assert(!utf8_size_of_utf16("a\0b", 3, &size));
    ck_assert(!utf8_size_of_utf16("\0\xD8", 2, &size));
    ck_assert(!utf8_size_of_utf16("\0\xDC", 2, &size));
    ck_assert(!utf8_size_of_utf16("\0\xD8"
                                  "a\0",
                                  4, &size));
    ck_assert(!utf8_size_of_utf16("\0\xDC\0\xD8", 4, &size));
    ck_assert(!utf8_size_of_utf16("\0\xD8\0\xD8\0\xDC", 6, &size));
    ck_assert_uint_eq(size, 77);
    ck_assert(utf8_size_of_utf16("", 0, &size));
    ck_assert_uint_eq(size, 0);
    ck_assert(utf8_size_of_utf16("\0\xD8\0\xDC"
                                 "a\0",
                                 6, &size));
    ck_assert_uint_eq(size, 5);
}
END_TEST

START_TEST(what_is_no_character_becomes_a_replacement)
{
    char text[9];
    ck_assert_uint_eq(utf8_from_utf16("\0\xD8", 2, text), 3);
    ck_assert_mem_eq(text, "\xEF\xBF\xBD", 3);
    ck_assert_uint_eq(utf8_from_utf16("\0\xDC\0\xD8"
                                      "a",
                                      5, text),
                      6);
    ck_assert_mem_eq(text, "\xEF\xBF\xBD\xEF\xBF\xBD", 6);
    ck_assert_uint_eq(utf8_from_utf16("\0\xD8"
                                      "a\0",
                                      4, text),
                      4);
    ck_assert_mem_eq(text,
                     "\xEF\xBF\xBD"
                     "a",
                     4);
}
END_TEST

START_TEST(a_cut_is_between_two_characters)
{
    static const char text[] = "a\xC3\xA4\xE2\x82\xAC\xF0\x9F\x8E\xB5"; /* of 1, 2, 3, 4 bytes */
    static const size_t expected[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 10};
    for (size_t max = 0; max < sizeof expected / sizeof expected[0]; max++)
        ck_assert_uint_eq(utf8_cut(text, sizeof text - 1, max), expected[max]);
    ck_assert_uint_eq(utf8_cut("", 0, 5), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("utf8");
    TCase *tests = tcase_create("utf8");
    tcase_add_test(tests, every_code_point_goes_to_utf16_and_back);
    tcase_add_test(tests, sizes_are_those_of_unicode);
    tcase_add_loop_test(tests, what_only_looks_like_utf8_is_refused_wherever_it_stands, 0,
                        (int)(sizeof broken / sizeof broken[0]));
    tcase_add_test(tests, a_sequence_cut_short_is_refused);
    tcase_add_test(tests, ascii_and_nul_and_nothing_are_valid);
    tcase_add_test(tests, a_cut_is_between_two_characters);
    tcase_add_test(tests, only_whole_pairs_have_a_size);
    tcase_add_test(tests, what_is_no_character_becomes_a_replacement);
    tcase_set_timeout(tests, 30);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
