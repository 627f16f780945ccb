/*
 * Text for output: numbers that read back, JSON strings that any strict reader takes.
 */
#include <check.h>
#include <float.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/text.h"

static struct text text;

static void setup(void)
{
    text_init(&text);
}

static void teardown(void)
{
    text_clear(&text);
}

static void assert_text(const char *expected)
{
    ck_assert(!text.failed);
    text_put_char(&text, '\0');
    ck_assert_str_eq(text.data, expected);
    text_reset(&text);
}

START_TEST(pieces_follow_each_other_over_many_growths)
{
    for (int i = 0; i < 10000; i++)
        text_put_string(&text, "0123456789");
    ck_assert(!text.failed);
    ck_assert_uint_eq(text.size, 100000);
    for (size_t i = 0; i < text.size; i++)
        ck_assert_int_eq(text.data[i], '0' + (char)(i % 10));
}
END_TEST

START_TEST(a_reset_text_keeps_its_memory)
{
    const char *data;

    text_put_string(&text, "something");
    data = text.data;
    text_reset(&text);
    ck_assert_uint_eq(text.size, 0);
    text_put_string(&text, "else");
    ck_assert_ptr_eq(text.data, data);
    assert_text("else");
}
END_TEST

START_TEST(a_size_no_memory_can_hold_fails_and_stays_failed)
{
    text_put_string(&text, "ab");
    text_put(&text, "", SIZE_MAX / 2);
    ck_assert(text.failed);
    text_put_string(&text, "cd");
    ck_assert_uint_eq(text.size, 2);
    text_reset(&text);
    text_put_string(&text, "cd");
    assert_text("cd");
}
END_TEST

START_TEST(integers_are_put_at_their_ends)
{
    text_put_u64(&text, 0);
    assert_text("0");
    text_put_u64(&text, UINT64_MAX);
    assert_text("18446744073709551615");
    text_put_i64(&text, INT64_MIN);
    assert_text("-9223372036854775808");
    text_put_i64(&text, -1);
    assert_text("-1");
    text_put_hex_u64(&text, 0);
    assert_text("0x0");
    text_put_hex_u64(&text, UINT64_MAX);
    assert_text("0xffffffffffffffff");
    text_put_padded(&text, 7, 3);
    assert_text("007");
    text_put_padded(&text, 12345, 3);
    assert_text("12345");
    text_put_hex_padded(&text, 0x1f, 8);
    assert_text("0000001f");
    text_put_hex_bytes(&text, "\x00\xff\x1a", 3);
    assert_text("00ff1a");
    text_put_hex_bytes(&text, NULL, 0);
    assert_text("");
}
END_TEST

static const float floats[] = {0.0f,    -0.0f,    1.0f,        0.1f,      FLT_MAX,      FLT_MIN,
                               -1e-45f, 1.0f / 3, 16777217.0f, 123456.7f, 992695.5625f, 1e10f};

START_TEST(float32_reads_back_equal_also_through_a_double)
{
    float back;

    text_put_float32(&text, floats[_i]);
    text_put_char(&text, '\0');
    back = (float)strtod(text.data, NULL);
    ck_assert_mem_eq(&back, &floats[_i], sizeof back);
    ck_assert_ptr_null(strpbrk(text.data, ",nf"));
    ck_assert(fabs(strtod(text.data, NULL)) <= FLT_MAX);
}
END_TEST

static const double doubles[] = {0.0,
                                 -0.0,
                                 1.0,
                                 0.1,
                                 DBL_MAX,
                                 DBL_MIN,
                                 -5e-324,
                                 1.0 / 3,
                                 3.4028234663852886e+38,
                                 9007199254740993.0,
                                 1e300,
                                 -2.5};

START_TEST(float64_reads_back_equal)
{
    double back;

    text_put_float64(&text, doubles[_i]);
    text_put_char(&text, '\0');
    back = strtod(text.data, NULL);
    ck_assert_mem_eq(&back, &doubles[_i], sizeof back);
}
END_TEST

/* Every bit pattern of a stride that is prime, so that all exponents come by. */
START_TEST(float32_of_any_bits_reads_back_equal)
{
    for (uint64_t bits = 0; bits <= UINT32_MAX; bits += 104729) {
        uint32_t word = (uint32_t)bits;
        float value, back;

        memcpy(&value, &word, sizeof value);
        if (!isfinite(value)) continue;
        text_reset(&text);
        text_put_float32(&text, value);
        text_put_char(&text, '\0');
        back = (float)strtod(text.data, NULL);
        ck_assert_msg(memcmp(&back, &value, sizeof back) == 0, "%08x: %s", word, text.data);
    }
}
END_TEST

START_TEST(floats_are_short_where_that_is_exact)
{
    text_put_float32(&text, 0.1f);
    assert_text("0.1");
    text_put_float64(&text, 0.1);
    assert_text("0.1");
    text_put_float64(&text, 0.1 + 0.2);
    assert_text("0.30000000000000004");
}
END_TEST

START_TEST(what_is_no_number_is_a_word)
{
    text_put_float32(&text, NAN);
    assert_text("NaN");
    text_put_float32(&text, INFINITY);
    assert_text("Infinity");
    text_put_float64(&text, -(double)INFINITY);
    assert_text("-Infinity");
}
END_TEST

static void assert_json(const char *bytes, size_t size, const char *expected)
{
    text_put_json_string(&text, bytes, size);
    assert_text(expected);
}

START_TEST(json_strings_escape_what_json_and_terminals_act_on)
{
    assert_json("", 0, "\"\"");
    assert_json("a\"b\\c/d", 7, "\"a\\\"b\\\\c/d\"");
    assert_json("\n\r\t\b\x1b\x7f", 6, "\"\\n\\r\\t\\u0008\\u001b\\u007f\"");
    assert_json("a\0b", 3, "\"a\\u0000b\"");
    assert_json("\xc2\x9b\xc2\xa0", 4, "\"\\u009b\xc2\xa0\"");
    assert_json("\xe2\x80\xa8\xe2\x80\xa9\xe2\x80\xaa", 9, "\"\\u2028\\u2029\xe2\x80\xaa\"");
    assert_json("\xf0\x9f\x98\x80\xe2\x82\xac", 7, "\"\xf0\x9f\x98\x80\xe2\x82\xac\"");
}
END_TEST

START_TEST(json_characters_are_escaped_as_strings_are)
{
    static const uint32_t code_points[] = {'a',  '"',  '\n',   0,      0x7F,
                                           0x9B, 0xA0, 0x2028, 0x2029, 0x1F600};

    for (size_t i = 0; i < sizeof code_points / sizeof code_points[0]; i++)
        text_put_json_character(&text, code_points[i]);
    assert_text("a\\\"\\n\\u0000\\u007f\\u009b\xc2\xa0\\u2028\\u2029\xf0\x9f\x98\x80");
    text_put_character(&text, 0x20AC);
    assert_text("\xe2\x82\xac");
}
END_TEST

START_TEST(json_strings_end_inside_a_character_without_reading_on)
{
    char *bytes = malloc(2);

    ck_assert_ptr_nonnull(bytes);
    memcpy(bytes, "\xe2\x80", 2);
    assert_json(bytes, 2, "\"\xe2\x80\"");
    assert_json(bytes, 1, "\"\xe2\"");
    free(bytes);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("text");
    TCase *tcase = tcase_create("text");
    SRunner *runner;
    int failed;

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, pieces_follow_each_other_over_many_growths);
    tcase_add_test(tcase, a_reset_text_keeps_its_memory);
    tcase_add_test(tcase, a_size_no_memory_can_hold_fails_and_stays_failed);
    tcase_add_test(tcase, integers_are_put_at_their_ends);
    tcase_add_loop_test(tcase, float32_reads_back_equal_also_through_a_double, 0,
                        (int)(sizeof floats / sizeof floats[0]));
    tcase_add_loop_test(tcase, float64_reads_back_equal, 0,
                        (int)(sizeof doubles / sizeof doubles[0]));
    tcase_add_test(tcase, float32_of_any_bits_reads_back_equal);
    tcase_add_test(tcase, floats_are_short_where_that_is_exact);
    tcase_add_test(tcase, what_is_no_number_is_a_word);
    tcase_add_test(tcase, json_strings_escape_what_json_and_terminals_act_on);
    tcase_add_test(tcase, json_characters_are_escaped_as_strings_are);
    tcase_add_test(tcase, json_strings_end_inside_a_character_without_reading_on);
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
