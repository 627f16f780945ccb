/* The cursor and the pen: bounds, stickiness, byte order. */
#include <check.h>
#include <stdlib.h>

#include "protocol/wire/reader.h"
#include "protocol/wire/writer.h"

static const uint8_t counting[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};

START_TEST(integers_are_little_endian)
{
    struct reader reader;

    reader_init(&reader, counting, sizeof counting);
    ck_assert_uint_eq(read_u8(&reader), 0x01);
    ck_assert_uint_eq(read_u16(&reader), 0x0302);
    ck_assert_uint_eq(read_u32(&reader), 0x07060504);
    ck_assert_uint_eq(read_u64(&reader), UINT64_C(0x0F0E0D0C0B0A0908));
    ck_assert(reader_finish(&reader));
}
END_TEST

START_TEST(integers_with_all_bits_set_come_through)
{
    static const uint8_t ones[15] = {255, 255, 255, 255, 255, 255, 255, 255,
                                     255, 255, 255, 255, 255, 255, 255};
    struct reader reader;

    reader_init(&reader, ones, sizeof ones);
    ck_assert_uint_eq(read_u8(&reader), UINT8_MAX);
    ck_assert_uint_eq(read_u16(&reader), UINT16_MAX);
    ck_assert_uint_eq(read_u32(&reader), UINT32_MAX);
    ck_assert_uint_eq(read_u64(&reader), UINT64_MAX);
}
END_TEST

START_TEST(read_past_the_end_fails_and_moves_nothing)
{
    struct reader reader;

    reader_init(&reader, counting, 3);
    ck_assert_uint_eq(read_u32(&reader), 0);
    ck_assert(reader.failed);
    ck_assert_uint_eq(reader_left(&reader), 3);
}
END_TEST

START_TEST(failure_sticks_to_all_later_reads)
{
    struct reader reader;
    size_t length = 77;

    reader_init(&reader, counting, sizeof counting);
    ck_assert_ptr_null(read_bytes(&reader, sizeof counting + 1));
    ck_assert_uint_eq(read_u8(&reader), 0);
    ck_assert_uint_eq(read_u16(&reader), 0);
    ck_assert_uint_eq(read_u64(&reader), 0);
    ck_assert_ptr_null(read_bytes(&reader, 0));
    ck_assert_ptr_null(read_zstring(&reader, &length));
    ck_assert_uint_eq(read_text(&reader, 100).size, 0);
    ck_assert(reader_sub(&reader, 1).failed);
    ck_assert_uint_eq(reader_left(&reader), sizeof counting);
    ck_assert(!reader_finish(&reader));
    ck_assert_uint_eq(length, 77);
}
END_TEST

START_TEST(size_near_the_top_of_size_t_does_not_wrap)
{
    struct reader reader;

    reader_init(&reader, counting, sizeof counting);
    read_u8(&reader);
    ck_assert_ptr_null(read_bytes(&reader, SIZE_MAX));
    ck_assert(reader.failed);
}
END_TEST

START_TEST(left_over_bytes_are_no_finish)
{
    struct reader reader;

    reader_init(&reader, counting, 2);
    read_u8(&reader);
    ck_assert(!reader_finish(&reader));
    read_u8(&reader);
    ck_assert(reader_finish(&reader));
}
END_TEST

START_TEST(nothing_can_be_read_from_nothing)
{
    struct reader reader;

    reader_init(&reader, NULL, 0);
    ck_assert(reader_finish(&reader));
    ck_assert_ptr_nonnull(read_bytes(&reader, 0));
    ck_assert(!reader.failed);
    ck_assert_uint_eq(read_u8(&reader), 0);
    ck_assert(reader.failed);
}
END_TEST

START_TEST(zstring_ends_at_its_nul)
{
    struct reader reader;
    size_t length;

    reader_init(&reader, "ab\0c", 5);
    ck_assert_str_eq(read_zstring(&reader, &length), "ab");
    ck_assert_uint_eq(length, 2);
    ck_assert_str_eq(read_zstring(&reader, NULL), "c");
    ck_assert(reader_finish(&reader));
    ck_assert_ptr_null(read_zstring(&reader, &length));
    ck_assert(reader.failed);
}
END_TEST

START_TEST(zstring_without_nul_fails)
{
    struct reader reader;
    char *exact = malloc(3);

    memcpy(exact, "abc", 3);
    reader_init(&reader, exact, 3);
    ck_assert_ptr_null(read_zstring(&reader, NULL));
    ck_assert(reader.failed);
    free(exact);
}
END_TEST

START_TEST(sub_cursor_is_bounded_and_passed_over)
{
    struct reader reader;
    struct reader sub;

    reader_init(&reader, counting, 4);
    sub = reader_sub(&reader, 2);
    ck_assert_uint_eq(read_u8(&reader), 3);
    ck_assert_uint_eq(read_u16(&sub), 0x0201);
    ck_assert(reader_finish(&sub));
    read_u8(&sub);
    ck_assert(sub.failed);
    ck_assert(!reader.failed);
    sub = reader_sub(&reader, 0);
    ck_assert(reader_finish(&sub));
}
END_TEST

static bool takes_text(const char *text, uint8_t size, size_t max_bytes)
{
    uint8_t bytes[64] = {size, 0};
    struct reader reader;
    struct etwr_bytes read;

    memcpy(bytes + 2, text, size);
    reader_init(&reader, bytes, 2 + (size_t)size);
    read = read_text(&reader, max_bytes);
    if (reader.failed) return false;
    ck_assert_uint_eq(read.size, size);
    ck_assert_mem_eq(read.data, text, size);
    return reader_finish(&reader);
}

START_TEST(text_is_bounded_utf8_without_nul)
{
    ck_assert(takes_text("", 0, 8));
    ck_assert(takes_text("abc", 3, 3));
    ck_assert(takes_text("\xC3\xB6\xE2\x82\xAC\xF0\x9F\x98\x80", 9, 9));
    ck_assert(!takes_text("abcd", 4, 3));
    ck_assert(!takes_text("a\0b", 3, 8));
    ck_assert(!takes_text("\xC3", 1, 8));
    ck_assert(!takes_text("\xC0\x80", 2, 8));         /* overlong NUL */
    ck_assert(!takes_text("\xED\xA0\x80", 3, 8));     /* surrogate */
    ck_assert(!takes_text("\xF4\x90\x80\x80", 4, 8)); /* over U+10FFFF */
    ck_assert(!takes_text("\xFF", 1, 8));
}
END_TEST

START_TEST(text_longer_than_its_bytes_fails)
{
    static const uint8_t bytes[] = {3, 0, 'a', 'b'};
    struct reader reader;

    reader_init(&reader, bytes, sizeof bytes);
    ck_assert_uint_eq(read_text(&reader, 100).size, 0);
    ck_assert(reader.failed);
}
END_TEST

START_TEST(pen_puts_what_the_cursor_reads)
{
    uint8_t bytes[15];
    struct writer writer;

    writer_init(&writer, bytes, sizeof bytes);
    put_u8(&writer, 0x01);
    put_u16(&writer, 0x0302);
    put_u32(&writer, 0x07060504);
    put_u64(&writer, UINT64_C(0x0F0E0D0C0B0A0908));
    ck_assert(!writer.failed);
    ck_assert_uint_eq(writer_size(&writer), 15);
    ck_assert_mem_eq(bytes, counting, 15);
}
END_TEST

START_TEST(put_past_the_end_fails_and_writes_nothing)
{
    uint8_t bytes[4] = {9, 9, 9, 9};
    struct writer writer;

    writer_init(&writer, bytes, 3);
    put_u32(&writer, 0);
    ck_assert(writer.failed);
    put_u8(&writer, 0);
    put_bytes(&writer, "", 1);
    put_zeros(&writer, 1);
    put_bytes(&writer, NULL, 0);
    ck_assert_uint_eq(writer_size(&writer), 0);
    ck_assert_mem_eq(bytes, "\x09\x09\x09\x09", 4);
}
END_TEST

START_TEST(put_text_keeps_its_limit)
{
    uint8_t bytes[16];
    struct writer writer;
    struct etwr_bytes text = {"abc", 3};

    writer_init(&writer, bytes, sizeof bytes);
    put_text(&writer, text, 3);
    put_zeros(&writer, 2);
    ck_assert_uint_eq(writer_size(&writer), 7);
    ck_assert_mem_eq(bytes, "\x03\0abc\0\0", 7);
    put_text(&writer, text, 2);
    ck_assert(writer.failed);
}
END_TEST

START_TEST(text_longer_than_its_limit_or_its_count_is_not_put)
{
    static const uint8_t long_text[UINT16_MAX + 1];
    static uint8_t bytes[2 * UINT16_MAX];
    struct etwr_bytes text = {long_text, sizeof long_text};
    struct writer writer;

    writer_init(&writer, bytes, sizeof bytes);
    put_text(&writer, text, SIZE_MAX);
    ck_assert(writer.failed);
    text.size = UINT16_MAX;
    writer_init(&writer, bytes, sizeof bytes);
    put_text(&writer, text, SIZE_MAX);
    ck_assert_uint_eq(writer_size(&writer), 2 + UINT16_MAX);
    writer_init(&writer, bytes, sizeof bytes);
    put_text(&writer, text, UINT16_MAX - 1);
    ck_assert(writer.failed);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("reader");
    TCase *tcase = tcase_create("reader");
    SRunner *runner;
    int failed;

    tcase_add_test(tcase, integers_are_little_endian);
    tcase_add_test(tcase, integers_with_all_bits_set_come_through);
    tcase_add_test(tcase, read_past_the_end_fails_and_moves_nothing);
    tcase_add_test(tcase, failure_sticks_to_all_later_reads);
    tcase_add_test(tcase, size_near_the_top_of_size_t_does_not_wrap);
    tcase_add_test(tcase, left_over_bytes_are_no_finish);
    tcase_add_test(tcase, nothing_can_be_read_from_nothing);
    tcase_add_test(tcase, zstring_ends_at_its_nul);
    tcase_add_test(tcase, zstring_without_nul_fails);
    tcase_add_test(tcase, sub_cursor_is_bounded_and_passed_over);
    tcase_add_test(tcase, text_is_bounded_utf8_without_nul);
    tcase_add_test(tcase, text_longer_than_its_bytes_fails);
    tcase_add_test(tcase, pen_puts_what_the_cursor_reads);
    tcase_add_test(tcase, put_past_the_end_fails_and_writes_nothing);
    tcase_add_test(tcase, put_text_keeps_its_limit);
    tcase_add_test(tcase, text_longer_than_its_limit_or_its_count_is_not_put);
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
