/*
 * What the writer composes, byte for byte, against tables written down from the format.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/etl/writer.h"
#include "tests/unit/etl/hex.h"

#define BOOT  0x01d7a32d1a8ca640u
#define START (BOOT + 0x25e31ea9f75u)

static const struct etwr_guid provider = {{0xd4, 0x3d, 0xdd, 0xd3, 0xc2, 0xaa, 0x2a, 0x4e, 0x8d,
                                           0xd4, 0xa8, 0xfb, 0x61, 0xb7, 0x76, 0x15}};
static const struct etwr_guid activity = {{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}};
static const struct etwr_guid related = {{0xa1, 0xa2, 0xa3, 0xa4, 0xa5, 0xa6, 0xa7, 0xa8, 0xa9,
                                          0xaa, 0xab, 0xac, 0xad, 0xae, 0xaf, 0xb0}};

static struct etl_file_info info_of(uint32_t buffer_bytes)
{
    return (struct etl_file_info){.buffer_bytes = buffer_bytes,
                                  .processors = 3,
                                  .pid = 0x98b8,
                                  .tid = 0x72c0,
                                  .boot_time = BOOT,
                                  .start_time = START,
                                  .logger_name = "relay",
                                  .file_name = "/v/\xC3\xA9\xF0\x9F\x98\x80"};
}

static const char first_buffer_table[] =
    "00040000 a0010000 a0010000 00000000 ; size, saved, current offset, references\n"
    "0000000000000000 0000000000000000   ; time stamp, sequence number\n"
    "0000000000000000 0000 0100 03000000 ; clock, processor, logger id, state\n"
    "a0010000 2100 0400                  ; filled, flags, type header\n"
    "0000000000000000 0000000000000000\n"
    "020002c0 5201 0000                  ; marker, size, hook id\n"
    "c0720000 b8980000 759fea315e020000  ; thread, process, system time\n"
    "0000000000000000                    ; kernel and user time\n"
    "00040000 0a000105 654a0000 03000000 ; buffer size, version, build, processors\n"
    "b545774c8ba5d701                    ; end time\n"
    "5a620200 00000000 01000000 01000000 ; resolution, maximum, mode, buffers written\n"
    "01000000 08000000 00000000 e8030000 ; start buffers, pointer size, lost, MHz\n"
    "0000000000000000 0000000000000000   ; logger name, file name\n";

START_TEST(first_buffer_matches_its_table_up_to_the_time_zone)
{
    uint8_t buffer[1024];
    struct etl_file_info info = info_of(sizeof buffer);
    ck_assert_int_eq(etl_put_first_buffer(buffer, &info), ETWR_OK);
    hex_check(first_buffer_table, buffer, 0xB0);
}
END_TEST

START_TEST(first_buffer_has_no_time_zone_then_clock_and_names_and_a_tail)
{
    static const char table[] = "0000000000000000 40a68c1a2da3d701 ; padding, boot time\n"
                                "8096980000000000 b545774c8ba5d701 ; frequency, start time\n"
                                "01000000 00000000                 ; clock type, buffers lost\n"
                                "7200 6500 6c00 6100 7900 0000     ; relay\n"
                                "2f00 7600 2f00 e900 3dd8 00de 0000; file name\n"
                                "0000 0000 0000                     ; up to a multiple of 8\n";
    uint8_t buffer[1024];
    struct etl_file_info info = info_of(sizeof buffer);
    ck_assert_int_eq(etl_put_first_buffer(buffer, &info), ETWR_OK);
    for (size_t i = 0xB0; i < 0x158; i++)
        ck_assert_uint_eq(buffer[i], 0);
    hex_check(table, buffer + 0x158, 0x1A0 - 0x158);
    for (size_t i = 0x1A0; i < sizeof buffer; i++)
        ck_assert_uint_eq(buffer[i], 0xFF);
}
END_TEST

START_TEST(first_buffer_refuses_what_no_reader_takes)
{
    static uint8_t buffer[1 << 16];
    struct etl_file_info info = info_of(512);
    ck_assert_int_eq(etl_put_first_buffer(buffer, &info), ETWR_E_INVALID_ARGUMENT);
    info = info_of(ETL_BUFFER_MAX_BYTES + 8);
    ck_assert_int_eq(etl_put_first_buffer(buffer, &info), ETWR_E_INVALID_ARGUMENT);
    info = info_of(1028);
    ck_assert_int_eq(etl_put_first_buffer(buffer, &info), ETWR_E_INVALID_ARGUMENT);
    info = info_of(1024);
    info.processors = 0;
    ck_assert_int_eq(etl_put_first_buffer(buffer, &info), ETWR_E_INVALID_ARGUMENT);
    info.processors = 257;
    ck_assert_int_eq(etl_put_first_buffer(buffer, &info), ETWR_E_INVALID_ARGUMENT);
    info.processors = 256;
    ck_assert_int_eq(etl_put_first_buffer(buffer, &info), ETWR_OK);
    info.start_time = info.boot_time - 1;
    ck_assert_int_eq(etl_put_first_buffer(buffer, &info), ETWR_E_INVALID_ARGUMENT);
}
END_TEST

START_TEST(names_are_cut_or_refused_never_written_past_the_buffer)
{
    static uint8_t buffer[8192];
    static char name[4001];
    memset(name, 'x', sizeof name - 1);
    struct etl_file_info info = info_of(8192);
    info.file_name = name;
    ck_assert_int_eq(etl_put_first_buffer(buffer, &info), ETWR_OK);
    size_t size = (size_t)(buffer[ETL_RECORD_SIZE] | buffer[ETL_RECORD_SIZE + 1] << 8);
    ck_assert_uint_eq(size, ETL_NAMES - ETL_RECORD_MARKER + 12 + 2048);
    info.buffer_bytes = 1024;
    memset(buffer, 0x5A, sizeof buffer);
    ck_assert_int_eq(etl_put_first_buffer(buffer, &info), ETWR_E_INVALID_ARGUMENT);
    for (size_t i = 1024; i < sizeof buffer; i++)
        ck_assert_uint_eq(buffer[i], 0x5A);
}
END_TEST

START_TEST(path_that_is_not_utf8_shows_question_marks)
{
    uint8_t buffer[1024];
    struct etl_file_info info = info_of(sizeof buffer);
    info.file_name = "a\xFFz";
    ck_assert_int_eq(etl_put_first_buffer(buffer, &info), ETWR_OK);
    hex_check("6100 3f00 7a00 0000", buffer + ETL_NAMES + 12, 8);
}
END_TEST

START_TEST(progress_matches_the_header_it_replaces)
{
    uint8_t buffer[1024], progress_bytes[ETL_PROGRESS_BYTES];
    struct etl_file_info info = info_of(sizeof buffer);
    ck_assert_int_eq(etl_put_first_buffer(buffer, &info), ETWR_OK);
    struct etl_file_progress progress = {START, 1, 0};
    etl_put_progress(progress_bytes, &progress);
    ck_assert_mem_eq(progress_bytes, buffer + ETL_END_TIME, ETL_PROGRESS_BYTES);
    progress = (struct etl_file_progress){0x0102030405060708u, 0x11121314, 0x21222324};
    etl_put_progress(progress_bytes, &progress);
    hex_check("0807060504030201 5a620200 00000000 01000000 14131211 01000000 08000000 24232221",
              progress_bytes, ETL_PROGRESS_BYTES);
}
END_TEST

START_TEST(buffer_header_matches_its_table)
{
    static const char table[] =
        "00000200 48030000 48030000 00000000 ; size, saved, current offset, references\n"
        "0807060504030201 2a00000000000000   ; time stamp, sequence number\n"
        "0000000000000000 0501 0100 03000000 ; clock, processor, logger id, state\n"
        "48030000 2000 0000                  ; filled, flags, type\n"
        "0000000000000000 0000000000000000\n";
    uint8_t bytes[ETL_BUFFER_HEADER_BYTES];
    struct etl_buffer_info info = {.buffer_bytes = 0x20000,
                                   .filled = 0x348,
                                   .stamp = 0x0102030405060708u,
                                   .sequence = 42,
                                   .processor = 0x105,
                                   .flags = ETL_FLAG_PROC_INDEX};
    memset(bytes, 0xEE, sizeof bytes);
    etl_put_buffer_header(bytes, &info);
    hex_check(table, bytes, sizeof bytes);
}
END_TEST

static struct etl_put_event full_event(void)
{
    return (struct etl_put_event){
        .provider_id = &provider,
        .descriptor = {0x0102, 3, 11, 5, 6, 0x0708, 0x1112131415161718u},
        .activity_id = &activity,
        .related_activity_id = &related,
        .traits = {"\x0f\0solar_system", 15},
        .metadata = {"\x08\0\0T\0f\0\x04", 8},
        .values = {{"\x2a", 1}, {"\xb1\xb2", 2}},
        .stamp = 0x0000025e33ab9546u,
        .pid = 0x84c0,
        .tid = 0x5508,
    };
}

START_TEST(record_with_all_items_matches_its_table)
{
    static const char table[] =
        "9300 13c0 0100 0000 08550000 c0840000 ; size, type, flags, property, thread, process\n"
        "4695ab335e020000                      ; stamp\n"
        "d43dddd3c2aa2a4e8dd4a8fb61b77615      ; provider\n"
        "0201 03 0b 05 06 0807 1817161514131211; descriptor\n"
        "0000000000000000                      ; processor time\n"
        "0102030405060708090a0b0c0d0e0f10      ; activity\n"
        "1800 0100 0100 1000                   ; related activity, another item follows\n"
        "a1a2a3a4a5a6a7a8a9aaabacadaeafb0\n"
        "1800 0c00 0100 0f00                   ; provider traits\n"
        "0f00736f6c61725f73797374656d00 00     ; and padding\n"
        "1000 0b00 0000 0800                   ; event metadata, the last item\n"
        "0800005400660004\n"
        "2a b1b2                               ; user data, then padding outside of the size\n"
        "0000000000\n";
    uint8_t bytes[256];
    struct etl_put_event event = full_event();
    size_t size = etl_event_size(&event);
    ck_assert_uint_eq(size, 0x93);
    memset(bytes, 0xEE, sizeof bytes);
    etl_put_event(bytes, size, &event);
    hex_check(table, bytes, ETL_ALIGN8(size));
    ck_assert_uint_eq(bytes[ETL_ALIGN8(size)], 0xEE);
    ck_assert_uint_eq(etl_record_size(bytes), size);
    ck_assert_uint_eq(etl_record_stamp(bytes), event.stamp);
    etl_record_set_stamp(bytes, 0xF1F2F3F4F5F6F7F8u);
    ck_assert_uint_eq(etl_record_stamp(bytes), 0xF1F2F3F4F5F6F7F8u);
    hex_check("f8f7f6f5f4f3f2f1", bytes + 0x10, 8);
}
END_TEST

START_TEST(record_without_items_has_no_flag_and_zero_activity)
{
    uint8_t bytes[96];
    struct etl_put_event event = {.provider_id = &provider, .values = {{NULL, 0}, {"\x01", 1}}};
    size_t size = etl_event_size(&event);
    ck_assert_uint_eq(size, 81);
    memset(bytes, 0xEE, sizeof bytes);
    etl_put_event(bytes, size, &event);
    hex_check("5100 13c0 0000 0000", bytes, 8);
    for (int i = 0x40; i < 0x50; i++)
        ck_assert_uint_eq(bytes[i], 0);
    hex_check("01 00000000000000 eeeeeeeeeeeeeeee", bytes + 0x50, 16);
}
END_TEST

START_TEST(last_item_is_the_one_without_linkage)
{
    uint8_t bytes[256];
    struct etl_put_event event = full_event();
    event.metadata.size = 0;
    etl_put_event(bytes, etl_event_size(&event), &event);
    hex_check("1800 0100 0100 1000", bytes + 80, 8);
    hex_check("1800 0c00 0000 0f00", bytes + 104, 8);
    event.traits.size = 0;
    etl_put_event(bytes, etl_event_size(&event), &event);
    hex_check("1800 0100 0000 1000", bytes + 80, 8);
}
END_TEST

START_TEST(record_of_65535_bytes_fits_and_one_more_does_not)
{
    uint8_t *values = calloc(1, 65536);
    uint8_t *record = calloc(1, 65536);
    ck_assert_ptr_nonnull(values);
    ck_assert_ptr_nonnull(record);
    struct etl_put_event event = {.provider_id = &provider,
                                  .values = {{values, 65535 - 80 - 7}, {values, 7}}};
    ck_assert_uint_eq(etl_event_size(&event), 65535);
    etl_put_event(record, 65535, &event);
    ck_assert_uint_eq(etl_record_size(record), 65535);
    event.values[1].size++;
    ck_assert_uint_eq(etl_event_size(&event), 0);
    free(values);
    free(record);
}
END_TEST

START_TEST(sizes_that_would_overflow_are_refused)
{
    static const uint8_t nothing[1];
    struct etl_put_event event = {.provider_id = &provider};
    event.values[0] = (struct etwr_bytes){nothing, SIZE_MAX - 40};
    ck_assert_uint_eq(etl_event_size(&event), 0);
    event.values[0].size = 0;
    event.metadata = (struct etwr_bytes){nothing, SIZE_MAX - 4};
    ck_assert_uint_eq(etl_event_size(&event), 0);
    event.metadata.size = 0;
    event.traits = (struct etwr_bytes){nothing, 65521};
    ck_assert_uint_eq(etl_event_size(&event), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("etl writer");
    TCase *cases = tcase_create("bytes");
    tcase_add_test(cases, first_buffer_matches_its_table_up_to_the_time_zone);
    tcase_add_test(cases, first_buffer_has_no_time_zone_then_clock_and_names_and_a_tail);
    tcase_add_test(cases, first_buffer_refuses_what_no_reader_takes);
    tcase_add_test(cases, names_are_cut_or_refused_never_written_past_the_buffer);
    tcase_add_test(cases, path_that_is_not_utf8_shows_question_marks);
    tcase_add_test(cases, progress_matches_the_header_it_replaces);
    tcase_add_test(cases, buffer_header_matches_its_table);
    tcase_add_test(cases, record_with_all_items_matches_its_table);
    tcase_add_test(cases, record_without_items_has_no_flag_and_zero_activity);
    tcase_add_test(cases, last_item_is_the_one_without_linkage);
    tcase_add_test(cases, record_of_65535_bytes_fits_and_one_more_does_not);
    tcase_add_test(cases, sizes_that_would_overflow_are_refused);
    suite_add_tcase(suite, cases);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
