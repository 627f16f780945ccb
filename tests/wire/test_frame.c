/* Finding frames in a stream: every split point of every golden frame, and the length's limit. */
#include <check.h>
#include <stdlib.h>

#include "tests/wire/golden.h"

START_TEST(every_split_point_of_a_golden_frame_is_partial)
{
    struct golden golden;

    golden_load(golden_names[_i], &golden);
    for (size_t size = 0; size < golden.size; size++) {
        uint8_t *piece = malloc(size ? size : 1);
        struct frame frame = {0xEE, 0, 0, NULL, 0};
        size_t used = 0;

        memcpy(piece, golden.bytes, size);
        ck_assert_int_eq(frame_find(piece, size, &frame, &used), FRAME_PARTIAL);
        ck_assert_uint_eq(used, size < WIRE_HEADER_BYTES ? WIRE_HEADER_BYTES : golden.size);
        ck_assert_uint_eq(frame.kind, 0xEE);
        free(piece);
    }
}
END_TEST

START_TEST(bytes_behind_a_frame_are_not_its_own)
{
    struct golden golden;
    struct frame frame;
    size_t used;

    golden_load(golden_names[_i], &golden);
    golden.bytes[golden.size] = 0xFF;
    ck_assert_int_eq(frame_find(golden.bytes, golden.size + 1, &frame, &used), FRAME_WHOLE);
    ck_assert_uint_eq(used, golden.size);
    ck_assert_uint_eq(frame.body_size, golden.size - WIRE_HEADER_BYTES);
    ck_assert_ptr_eq(frame.body, golden.bytes + WIRE_HEADER_BYTES);
}
END_TEST

/* All golden frames one behind the other. */
static size_t load_stream(uint8_t *stream, size_t capacity)
{
    size_t size = 0;

    for (size_t i = 0; i < golden_count; i++) {
        struct golden golden;

        golden_load(golden_names[i], &golden);
        ck_assert_uint_le(golden.size, capacity - size);
        memcpy(stream + size, golden.bytes, golden.size);
        size += golden.size;
    }
    return size;
}

START_TEST(stream_fed_byte_by_byte_yields_each_frame_once)
{
    static uint8_t stream[GOLDEN_MAX_BYTES * 8];
    size_t size = load_stream(stream, sizeof stream);
    size_t begin = 0;
    size_t found = 0;

    for (size_t end = 0; end <= size; end++) {
        struct frame frame;
        size_t used;

        if (frame_find(stream + begin, end - begin, &frame, &used) != FRAME_WHOLE) continue;
        ck_assert_uint_eq(begin + used, end);
        begin = end;
        found++;
    }
    ck_assert_uint_eq(found, golden_count);
    ck_assert_uint_eq(begin, size);
}
END_TEST

START_TEST(header_fields_are_where_the_protocol_says)
{
    static const uint8_t bytes[] = {2, 0, 0, 0, 0x05, 0x03, 0x34, 0x12, 0xAA, 0xBB};
    struct frame frame;
    size_t used;

    ck_assert_int_eq(frame_find(bytes, sizeof bytes, &frame, &used), FRAME_WHOLE);
    ck_assert_uint_eq(frame.kind, 0x05);
    ck_assert_uint_eq(frame.flags, 0x03);
    ck_assert_uint_eq(frame.slot, 0x1234);
    ck_assert_uint_eq(frame.body_size, 2);
    ck_assert_uint_eq(frame.body[0], 0xAA);
}
END_TEST

START_TEST(longest_body_is_waited_for)
{
    static const uint8_t header[] = {0xFF, 0xFF, 0, 0, 5, 0, 1, 0};
    struct frame frame;
    size_t used;

    ck_assert_int_eq(frame_find(header, sizeof header, &frame, &used), FRAME_PARTIAL);
    ck_assert_uint_eq(used, WIRE_FRAME_MAX_BYTES);
}
END_TEST

START_TEST(length_over_limit_is_oversize_once_the_header_is_whole)
{
    static const uint8_t lengths[][4] = {
        {0, 0, 1, 0}, {0, 0, 0, 1}, {0, 0, 0, 0x80}, {0xFF, 0xFF, 0xFF, 0xFF}};

    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        uint8_t header[8] = {0, 0, 0, 0, 5, 0, 1, 0};
        struct frame frame;
        size_t used;

        memcpy(header, lengths[i], 4);
        ck_assert_int_eq(frame_find(header, 7, &frame, &used), FRAME_PARTIAL);
        ck_assert_int_eq(frame_find(header, 8, &frame, &used), FRAME_OVERSIZE);
    }
}
END_TEST

START_TEST(header_is_put_as_it_is_found)
{
    uint8_t bytes[8];
    struct writer writer;

    writer_init(&writer, bytes, sizeof bytes);
    frame_put_header(&writer, 0x05, 0x03, 0x1234, 2);
    ck_assert(!writer.failed);
    ck_assert_mem_eq(bytes, "\2\0\0\0\5\3\x34\x12", 8);
}
END_TEST

START_TEST(header_over_limit_or_without_room_puts_nothing)
{
    uint8_t bytes[8];
    struct writer writer;

    writer_init(&writer, bytes, sizeof bytes);
    frame_put_header(&writer, 5, 0, 1, WIRE_BODY_MAX_BYTES + 1);
    ck_assert(writer.failed);
    ck_assert_uint_eq(writer_size(&writer), 0);
    writer_init(&writer, bytes, 7);
    frame_put_header(&writer, 5, 0, 1, 0);
    ck_assert(writer.failed);
    ck_assert_uint_eq(writer_size(&writer), 0);
}
END_TEST

START_TEST(begin_wants_room_for_the_whole_frame)
{
    static uint8_t bytes[WIRE_FRAME_MAX_BYTES + 16];
    struct writer writer;

    writer_init(&writer, bytes, 8 + 9);
    ck_assert(!frame_begin(&writer, 5, 0, 1, 10));
    ck_assert_uint_eq(writer_size(&writer), 0);
    ck_assert(!frame_begin(&writer, 5, 0, 1, 0)); /* failure sticks */
    writer_init(&writer, bytes, 8 + 10);
    ck_assert(frame_begin(&writer, 5, 0, 1, 10));
    ck_assert_uint_eq(writer_size(&writer), 8);
    writer_init(&writer, bytes, sizeof bytes);
    ck_assert(!frame_begin(&writer, 5, 0, 1, WIRE_BODY_MAX_BYTES + 1));
    writer_init(&writer, bytes, sizeof bytes);
    ck_assert(frame_begin(&writer, 5, 0, 1, WIRE_BODY_MAX_BYTES));
    writer_init(&writer, bytes, sizeof bytes);
    ck_assert(!frame_begin(&writer, 5, 0, 1, SIZE_MAX));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("frame");
    TCase *tcase = tcase_create("frame");
    SRunner *runner;
    int failed;

    tcase_add_loop_test(tcase, every_split_point_of_a_golden_frame_is_partial, 0,
                        (int)golden_count);
    tcase_add_loop_test(tcase, bytes_behind_a_frame_are_not_its_own, 0, (int)golden_count);
    tcase_add_test(tcase, stream_fed_byte_by_byte_yields_each_frame_once);
    tcase_add_test(tcase, header_fields_are_where_the_protocol_says);
    tcase_add_test(tcase, longest_body_is_waited_for);
    tcase_add_test(tcase, length_over_limit_is_oversize_once_the_header_is_whole);
    tcase_add_test(tcase, header_is_put_as_it_is_found);
    tcase_add_test(tcase, header_over_limit_or_without_room_puts_nothing);
    tcase_add_test(tcase, begin_wants_room_for_the_whole_frame);
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
