/*
 * Every adder in every form, byte for byte: alone, with an out type, with a tag, as sequence and as
 * constant-length array. Fields are named "f" (66 00); 0x44 is an out type that means nothing to
 * any of them; the tag is 0x0ABCDEF.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/tracelogging/expect.h"

#define OUT     ((enum etwr_out)0x44)
#define TAG     0x0ABCDEF
#define TAG_HEX "85 af 9b 6f"

static struct etwr_event *event;

static void setup(void)
{
    event = new_event();
}

static void teardown(void)
{
    etwr_event_destroy(event);
}

/* Start the next event after looking at this one. */
static void expect_and_go_on(const char *head_hex, const char *data_hex)
{
    char fields[64];
    snprintf(fields, sizeof fields, "6600 %s", head_hex);
    expect_event(event, fields, data_hex);
    next_event(event);
}

/* Two values, their bytes, and the in type's low byte in the forms: alone, with 0x80, 0x40 and
 * 0x20. */
#define TEST_FORMS(TYPE, ELEMENT, ARGUMENT, FIRST, SECOND, IN, IN_OUT, IN_SEQUENCE, IN_ARRAY,      \
                   FIRST_HEX, SECOND_HEX)                                                          \
    START_TEST(TYPE##_is_packed_in_every_form)                                                     \
    {                                                                                              \
        ELEMENT values[] = {FIRST, SECOND};                                                        \
        ck_assert_int_eq(etwr_event_add_##TYPE(event, "f", ARGUMENT(values[0]), 0, 0), ETWR_OK);   \
        expect_and_go_on(IN, FIRST_HEX);                                                           \
        etwr_event_add_##TYPE(event, "f", ARGUMENT(values[1]), OUT, 0);                            \
        expect_and_go_on(IN_OUT " 44", SECOND_HEX);                                                \
        etwr_event_add_##TYPE(event, "f", ARGUMENT(values[0]), 0, TAG);                            \
        expect_and_go_on(IN_OUT " 80 " TAG_HEX, FIRST_HEX);                                        \
        etwr_event_add_##TYPE(event, "f", ARGUMENT(values[0]), OUT, TAG);                          \
        expect_and_go_on(IN_OUT " c4 " TAG_HEX, FIRST_HEX);                                        \
        etwr_event_add_##TYPE##_sequence(event, "f", values, 2, 0, 0);                             \
        expect_and_go_on(IN_SEQUENCE, "0200" FIRST_HEX SECOND_HEX);                                \
        etwr_event_add_##TYPE##_sequence(event, "f", NULL, 0, 0, 0);                               \
        expect_and_go_on(IN_SEQUENCE, "0000");                                                     \
        etwr_event_add_##TYPE##_array(event, "f", values, 2, 0, 0);                                \
        expect_and_go_on(IN_ARRAY " 0200", FIRST_HEX SECOND_HEX);                                  \
        ck_assert_int_eq(etwr_event_status(event), ETWR_OK);                                       \
        ck_assert_int_eq(etwr_event_add_##TYPE##_array(event, "f", values, 0, 0, 0),               \
                         ETWR_E_BAD_VALUE);                                                        \
        next_event(event);                                                                         \
        ck_assert_int_eq(etwr_event_add_##TYPE##_array(event, "f", NULL, 1, 0, 0),                 \
                         ETWR_E_BAD_VALUE);                                                        \
        next_event(event);                                                                         \
        ck_assert_int_eq(etwr_event_add_##TYPE##_sequence(event, "f", NULL, 1, 0, 0),              \
                         ETWR_E_BAD_VALUE);                                                        \
    }                                                                                              \
    END_TEST

#define BY_VALUE(VALUE)   VALUE
#define BY_POINTER(VALUE) &(VALUE)
#define AS_BYTES(VALUE)   (VALUE).data, (VALUE).size
#define BYTES(TEXT)                                                                                \
    {                                                                                              \
        TEXT, sizeof TEXT - 1                                                                      \
    }

static const struct etwr_guid guid_1 = {{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}};
static const struct etwr_guid guid_2 = {{0xFF}};
static const struct etwr_systemtime time_1 = {2026, 11, 1, 23, 11, 50, 10, 123};
static const struct etwr_systemtime time_2 = {.year = 0xFFFF};

TEST_FORMS(int8, int8_t, BY_VALUE, 1, -104, "03", "83", "43", "23", "01", "98")
TEST_FORMS(uint8, uint8_t, BY_VALUE, 0, 255, "04", "84", "44", "24", "00", "ff")
TEST_FORMS(int16, int16_t, BY_VALUE, 258, INT16_MIN, "05", "85", "45", "25", "0201", "0080")
TEST_FORMS(uint16, uint16_t, BY_VALUE, 258, UINT16_MAX, "06", "86", "46", "26", "0201", "ffff")
TEST_FORMS(int32, int32_t, BY_VALUE, 0x01020304, INT32_MIN, "07", "87", "47", "27", "04030201",
           "00000080")
TEST_FORMS(uint32, uint32_t, BY_VALUE, 0x01020304, UINT32_MAX, "08", "88", "48", "28", "04030201",
           "ffffffff")
TEST_FORMS(int64, int64_t, BY_VALUE, 0x0102030405060708, INT64_MIN, "09", "89", "49", "29",
           "0807060504030201", "0000000000000080")
TEST_FORMS(uint64, uint64_t, BY_VALUE, 0x0102030405060708, UINT64_MAX, "0a", "8a", "4a", "2a",
           "0807060504030201", "ffffffffffffffff")
TEST_FORMS(intptr, int64_t, BY_VALUE, 0x0102030405060708, -2, "09", "89", "49", "29",
           "0807060504030201", "feffffffffffffff")
TEST_FORMS(uintptr, uint64_t, BY_VALUE, 0x0102030405060708, UINT64_MAX, "0a", "8a", "4a", "2a",
           "0807060504030201", "ffffffffffffffff")
TEST_FORMS(float32, float, BY_VALUE, 1.0f, -2.5f, "0b", "8b", "4b", "2b", "0000803f", "000020c0")
TEST_FORMS(float64, double, BY_VALUE, 1.0, -2.5, "0c", "8c", "4c", "2c", "000000000000f03f",
           "00000000000004c0")
TEST_FORMS(bool32, int32_t, BY_VALUE, 1, -1, "0d", "8d", "4d", "2d", "01000000", "ffffffff")
TEST_FORMS(guid, struct etwr_guid, BY_POINTER, guid_1, guid_2, "0f", "8f", "4f", "2f",
           "0102030405060708090a0b0c0d0e0f10", "ff000000000000000000000000000000")
TEST_FORMS(filetime, uint64_t, BY_VALUE, 133000000000000000, 0, "11", "91", "51", "31",
           "0080209bcb82d801", "0000000000000000")
TEST_FORMS(systemtime, struct etwr_systemtime, BY_POINTER, time_1, time_2, "12", "92", "52", "32",
           "ea070b00010017000b0032000a007b00", "ffff0000000000000000000000000000")
TEST_FORMS(sid, struct etwr_bytes, AS_BYTES, BYTES("\1\1\0\0\0\0\0\5\22\0\0\0"),
           BYTES("\1\0\0\0\0\0\0\1"), "13", "93", "53", "33", "010100000000000512000000",
           "0100000000000001")
TEST_FORMS(hexint32, uint32_t, BY_VALUE, 0x01020304, UINT32_MAX, "14", "94", "54", "34", "04030201",
           "ffffffff")
TEST_FORMS(hexint64, uint64_t, BY_VALUE, 0x0102030405060708, UINT64_MAX, "15", "95", "55", "35",
           "0807060504030201", "ffffffffffffffff")
TEST_FORMS(hexintptr, uint64_t, BY_VALUE, 0x0102030405060708, UINT64_MAX, "15", "95", "55", "35",
           "0807060504030201", "ffffffffffffffff")
TEST_FORMS(zstr16, const char *, BY_VALUE, "a\xC3\xA9\xF0\x9F\x98\x80", "", "01", "81", "41", "21",
           "6100 e900 3dd8 00de 0000", "0000")
TEST_FORMS(zstr8, const char *, BY_VALUE, "a\xC3\xA9", "", "02", "82", "42", "22", "61c3a900", "00")
TEST_FORMS(str16, const char *, BY_VALUE, "a\xE2\x82\xAC", "", "16", "96", "56", "36",
           "0400 6100 ac20", "0000")
TEST_FORMS(str8, const char *, BY_VALUE, "a\xC3\xA9", "", "17", "97", "57", "37", "0300 61c3a9",
           "0000")
TEST_FORMS(zstr16_raw, struct etwr_bytes, AS_BYTES, BYTES("a\0\0\xD8\0\0b\0"), BYTES(""), "01",
           "81", "41", "21", "6100 00d8 0000", "0000")
TEST_FORMS(zstr8_raw, struct etwr_bytes, AS_BYTES, BYTES("\x80\xFF\0b"), BYTES(""), "02", "82",
           "42", "22", "80ff00", "00")
TEST_FORMS(str16_raw, struct etwr_bytes, AS_BYTES, BYTES("a\0\0\0\0\xDC"), BYTES(""), "16", "96",
           "56", "36", "0600 6100 0000 00dc", "0000")
TEST_FORMS(str8_raw, struct etwr_bytes, AS_BYTES, BYTES("\x80\0"), BYTES(""), "17", "97", "57",
           "37", "0200 8000", "0000")
TEST_FORMS(cbinary, struct etwr_bytes, AS_BYTES, BYTES("\1\2\3"), BYTES(""), "19", "99", "59", "39",
           "0300 010203", "0000")

START_TEST(binary_is_counted_bytes)
{
    etwr_event_add_binary(event, "f", "\1\2", 2, 0, 0);
    expect_and_go_on("0e", "0200 0102");
    etwr_event_add_binary(event, "f", NULL, 0, ETWR_OUT_IPV6, TAG);
    expect_and_go_on("8e 89 " TAG_HEX, "0000");
}
END_TEST

START_TEST(custom_field_has_type_info_in_metadata_and_counted_value)
{
    etwr_event_add_custom(event, "f", 3, "\xAA\xBB\xCC", 3, "\1\2", 2, 0, 0);
    expect_and_go_on("63 0300 aabbcc", "0200 0102");
    etwr_event_add_custom(event, "f", 31, NULL, 0, NULL, 0, OUT, TAG);
    expect_and_go_on("ff c4 " TAG_HEX " 0000", "0000");
    ck_assert_int_eq(etwr_event_add_custom(event, "f", 32, "", 0, "", 0, 0, 0), ETWR_E_BAD_TYPE);
}
END_TEST

START_TEST(float_bits_are_kept_whatever_they_mean)
{
    float not_a_number;
    const uint32_t bits = 0x7FC01234;
    memcpy(&not_a_number, &bits, sizeof bits);
    etwr_event_add_float32_sequence(event, "f", &not_a_number, 1, 0, 0);
    expect_and_go_on("4b", "0100 3412c07f");
}
END_TEST

START_TEST(fields_follow_each_other_in_the_order_of_the_adds)
{
    etwr_event_add_uint8(event, "a", 1, 0, 0);
    etwr_event_add_str8(event, "", "x", ETWR_OUT_UTF8, 0);
    etwr_event_add_uint16(event, "\xC3\xA9", 2, ETWR_OUT_HEX, 0);
    etwr_event_add_uint8(event, "abcdefgh", 3, 0, 0);
    expect_event(event, "6100 04  00 97 23  c3a900 86 04  6162636465666768 00 04",
                 "01 010078 0200 03");
}
END_TEST

START_TEST(small_numbers_leave_no_bytes_behind_their_own)
{
    etwr_event_add_int8(event, "a", -1, 0, 0);
    etwr_event_add_uint8(event, "b", 0, 0, 0);
    expect_event(event, "6100 03 6200 04", "ff 00");
}
END_TEST

START_TEST(reset_forgets_everything_but_the_buffers)
{
    struct etwr_encoded encoded;
    const struct etwr_guid id = guid_1;
    etwr_event_set_opcode(event, 1);
    etwr_event_set_id(event, 2);
    etwr_event_set_version(event, 3);
    etwr_event_set_task(event, 4);
    etwr_event_set_channel(event, 5);
    etwr_event_set_tag(event, 6);
    etwr_event_set_activity_id(event, &id);
    etwr_event_set_related_activity_id(event, &id);
    etwr_event_begin_struct(event, "open", 0);
    etwr_event_declare(event, "f", ETWR_IN_INT8, 0, 0, 0);
    etwr_event_add_uint8(event, NULL, 1, 0, 0);
    ck_assert_int_eq(etwr_event_reset(event, "N", 2, 7), ETWR_OK);
    ck_assert_int_eq(etwr_event_encode(event, &encoded), ETWR_OK);
    expect_hex("metadata", encoded.metadata, "0500 00 4e00");
    expect_hex("data", encoded.data, "");
    ck_assert_ptr_null(encoded.activity_id);
    ck_assert_ptr_null(encoded.related_activity_id);
    ck_assert_uint_eq(encoded.descriptor.id, 0);
    ck_assert_uint_eq(encoded.descriptor.version, 0);
    ck_assert_uint_eq(encoded.descriptor.channel, ETWR_CHANNEL_DEFAULT);
    ck_assert_uint_eq(encoded.descriptor.level, 2);
    ck_assert_uint_eq(encoded.descriptor.opcode, 0);
    ck_assert_uint_eq(encoded.descriptor.task, 0);
    ck_assert_uint_eq(encoded.descriptor.keyword, 7);
}
END_TEST

START_TEST(a_new_builder_is_a_nameless_event_with_the_defaults)
{
    struct etwr_event *made = NULL;
    struct etwr_encoded encoded;
    ck_assert_int_eq(etwr_event_create(&made), ETWR_OK);
    ck_assert_int_eq(etwr_event_encode(made, &encoded), ETWR_OK);
    expect_hex("metadata", encoded.metadata, "0400 00 00");
    ck_assert_uint_eq(encoded.descriptor.level, ETWR_LEVEL_DEFAULT);
    ck_assert_uint_eq(encoded.descriptor.keyword, ETWR_KEYWORD_DEFAULT);
    etwr_event_destroy(made);
}
END_TEST

START_TEST(descriptor_and_ids_are_those_that_were_set)
{
    struct etwr_encoded encoded;
    const struct etwr_guid id = guid_1, related = guid_2;
    etwr_event_reset(event, "T", 255, UINT64_MAX);
    etwr_event_set_opcode(event, 1);
    etwr_event_set_id(event, 0x0203);
    etwr_event_set_version(event, 4);
    etwr_event_set_task(event, 0x0506);
    etwr_event_set_channel(event, 7);
    etwr_event_set_activity_id(event, &related);
    etwr_event_set_activity_id(event, &id);
    etwr_event_set_related_activity_id(event, &related);
    ck_assert_int_eq(etwr_event_encode(event, &encoded), ETWR_OK);
    ck_assert_uint_eq(encoded.descriptor.id, 0x0203);
    ck_assert_uint_eq(encoded.descriptor.version, 4);
    ck_assert_uint_eq(encoded.descriptor.channel, 7);
    ck_assert_uint_eq(encoded.descriptor.level, 255);
    ck_assert_uint_eq(encoded.descriptor.opcode, 1);
    ck_assert_uint_eq(encoded.descriptor.task, 0x0506);
    ck_assert_uint_eq(encoded.descriptor.keyword, UINT64_MAX);
    ck_assert_mem_eq(encoded.activity_id, &id, sizeof id);
    ck_assert_mem_eq(encoded.related_activity_id, &related, sizeof related);
    etwr_event_set_activity_id(event, NULL);
    ck_assert_int_eq(etwr_event_encode(event, &encoded), ETWR_OK);
    ck_assert_ptr_null(encoded.activity_id);
    ck_assert_ptr_nonnull(encoded.related_activity_id);
}
END_TEST

/* Tag, and its bytes: never three. */
static const struct {
    uint32_t tag;
    const char *metadata;
} tags[] = {
    {0, "0800 00 5400 6600 04"},
    {0x0FE00000, "0800 7f 5400 6600 04"},
    {0x00200000, "0800 01 5400 6600 04"},
    {0x0FFFC000, "0900 ff7f 5400 6600 04"},
    {0x00004000, "0900 8001 5400 6600 04"},
    {0x00003FFF, "0b00 8080ff7f 5400 6600 04"},
    {0x0FFFFF80, "0b00 ffffff00 5400 6600 04"},
    {1, "0b00 80808001 5400 6600 04"},
    {ETWR_TAG_MAX, "0b00 ffffff7f 5400 6600 04"},
};

START_TEST(event_tag_takes_one_two_or_four_bytes)
{
    struct etwr_encoded encoded;
    ck_assert_int_eq(etwr_event_set_tag(event, tags[_i].tag), ETWR_OK);
    etwr_event_add_uint8(event, "f", 1, 0, 0);
    ck_assert_int_eq(etwr_event_encode(event, &encoded), ETWR_OK);
    expect_hex("tag set first", encoded.metadata, tags[_i].metadata);
    next_event(event);
    etwr_event_add_uint8(event, "f", 1, 0, 0);
    etwr_event_set_tag(event, 0x1234567);
    etwr_event_set_tag(event, tags[_i].tag);
    ck_assert_int_eq(etwr_event_encode(event, &encoded), ETWR_OK);
    expect_hex("tag set last", encoded.metadata, tags[_i].metadata);
}
END_TEST

START_TEST(an_event_may_be_encoded_between_adds)
{
    etwr_event_add_uint8(event, "a", 1, 0, 0);
    expect_event(event, "6100 04", "01");
    etwr_event_add_uint8(event, "b", 2, 0, 0);
    expect_event(event, "6100 04 6200 04", "0102");
}
END_TEST

START_TEST(buffers_grow_without_losing_what_they_hold)
{
    char expected[3 * 512 + 2 * 400 + 64] = "6100 04 6200 17 6300 04";
    char text[401];
    memset(text, 'x', 400);
    text[400] = '\0';
    etwr_event_add_uint8(event, "a", 7, 0, 0);
    etwr_event_add_str8(event, "b", text, 0, 0);
    etwr_event_add_uint8(event, "c", 8, 0, 0);
    for (int i = 0; i < 2; i++) {
        etwr_event_add_uint8(event, text, (uint8_t)i, 0, 0);
        for (int k = 0; k < 400; k++)
            strcat(expected, "78");
        strcat(expected, "0004");
    }
    char data[1024] = "07 9001";
    for (int k = 0; k < 400; k++)
        strcat(data, "78");
    strcat(data, "08 00 01");
    expect_event(event, expected, data);
}
END_TEST

START_TEST(traits_hold_the_name_and_the_group)
{
    uint8_t buffer[64];
    size_t size = 0;
    ck_assert_int_eq(etwr_provider_traits("A.b", NULL, buffer, 6, &size), ETWR_OK);
    expect_hex("traits", (struct etwr_bytes){buffer, size}, "0600 412e6200");
    ck_assert_int_eq(etwr_provider_traits("A", &guid_1, buffer, sizeof buffer, &size), ETWR_OK);
    expect_hex("traits", (struct etwr_bytes){buffer, size},
               "1700 4100 1300 01 0102030405060708090a0b0c0d0e0f10");
}
END_TEST

START_TEST(traits_refuse_bad_names_and_small_buffers)
{
    static char name[65535];
    static uint8_t buffer[70000];
    size_t size = 99;
    ck_assert_int_eq(etwr_provider_traits("", NULL, buffer, 64, &size), ETWR_E_BAD_NAME);
    ck_assert_int_eq(etwr_provider_traits(NULL, NULL, buffer, 64, &size), ETWR_E_BAD_NAME);
    ck_assert_int_eq(etwr_provider_traits("\xFF", NULL, buffer, 64, &size), ETWR_E_BAD_NAME);
    ck_assert_int_eq(etwr_provider_traits("A.b", NULL, buffer, 5, &size), ETWR_E_LIMIT);
    ck_assert_int_eq(etwr_provider_traits("A", NULL, NULL, 64, &size), ETWR_E_INVALID_ARGUMENT);
    ck_assert_int_eq(etwr_provider_traits("A", NULL, buffer, 64, NULL), ETWR_E_INVALID_ARGUMENT);
    memset(name, 'n', 65533);
    ck_assert_int_eq(etwr_provider_traits(name, NULL, buffer, sizeof buffer, &size), ETWR_E_LIMIT);
    ck_assert_uint_eq(size, 99);
    name[65532] = '\0';
    ck_assert_int_eq(etwr_provider_traits(name, NULL, buffer, sizeof buffer, &size), ETWR_OK);
    ck_assert_uint_eq(size, 65535);
}
END_TEST

static void add_form_tests(TCase *forms)
{
    tcase_add_test(forms, int8_is_packed_in_every_form);
    tcase_add_test(forms, uint8_is_packed_in_every_form);
    tcase_add_test(forms, int16_is_packed_in_every_form);
    tcase_add_test(forms, uint16_is_packed_in_every_form);
    tcase_add_test(forms, int32_is_packed_in_every_form);
    tcase_add_test(forms, uint32_is_packed_in_every_form);
    tcase_add_test(forms, int64_is_packed_in_every_form);
    tcase_add_test(forms, uint64_is_packed_in_every_form);
    tcase_add_test(forms, intptr_is_packed_in_every_form);
    tcase_add_test(forms, uintptr_is_packed_in_every_form);
    tcase_add_test(forms, float32_is_packed_in_every_form);
    tcase_add_test(forms, float64_is_packed_in_every_form);
    tcase_add_test(forms, bool32_is_packed_in_every_form);
    tcase_add_test(forms, guid_is_packed_in_every_form);
    tcase_add_test(forms, filetime_is_packed_in_every_form);
    tcase_add_test(forms, systemtime_is_packed_in_every_form);
    tcase_add_test(forms, sid_is_packed_in_every_form);
    tcase_add_test(forms, hexint32_is_packed_in_every_form);
    tcase_add_test(forms, hexint64_is_packed_in_every_form);
    tcase_add_test(forms, hexintptr_is_packed_in_every_form);
    tcase_add_test(forms, zstr16_is_packed_in_every_form);
    tcase_add_test(forms, zstr8_is_packed_in_every_form);
    tcase_add_test(forms, str16_is_packed_in_every_form);
    tcase_add_test(forms, str8_is_packed_in_every_form);
    tcase_add_test(forms, zstr16_raw_is_packed_in_every_form);
    tcase_add_test(forms, zstr8_raw_is_packed_in_every_form);
    tcase_add_test(forms, str16_raw_is_packed_in_every_form);
    tcase_add_test(forms, str8_raw_is_packed_in_every_form);
    tcase_add_test(forms, cbinary_is_packed_in_every_form);
    tcase_add_test(forms, binary_is_counted_bytes);
    tcase_add_test(forms, custom_field_has_type_info_in_metadata_and_counted_value);
    tcase_add_test(forms, float_bits_are_kept_whatever_they_mean);
}

int main(void)
{
    Suite *suite = suite_create("builder");
    TCase *forms = tcase_create("forms");
    TCase *events = tcase_create("events");
    tcase_add_checked_fixture(forms, setup, teardown);
    tcase_add_checked_fixture(events, setup, teardown);
    add_form_tests(forms);
    tcase_add_test(events, fields_follow_each_other_in_the_order_of_the_adds);
    tcase_add_test(events, small_numbers_leave_no_bytes_behind_their_own);
    tcase_add_test(events, reset_forgets_everything_but_the_buffers);
    tcase_add_test(events, a_new_builder_is_a_nameless_event_with_the_defaults);
    tcase_add_test(events, descriptor_and_ids_are_those_that_were_set);
    tcase_add_loop_test(events, event_tag_takes_one_two_or_four_bytes, 0,
                        (int)(sizeof tags / sizeof tags[0]));
    tcase_add_test(events, an_event_may_be_encoded_between_adds);
    tcase_add_test(events, buffers_grow_without_losing_what_they_hold);
    tcase_add_test(events, traits_hold_the_name_and_the_group);
    tcase_add_test(events, traits_refuse_bad_names_and_small_buffers);
    suite_add_tcase(suite, forms);
    suite_add_tcase(suite, events);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
