/* Origin: what is declared and what is packed agree, for every set of fields; limits leave
 * unstamped. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/tracelogging/schema.h"
#include "service/provider/origin.h"

#define ALL_FIELDS 0xFFu
#define DEFAULT_FIELDS                                                                             \
    (CONFIG_ORIGIN_PID | CONFIG_ORIGIN_TID | CONFIG_ORIGIN_TIME | CONFIG_ORIGIN_SEQUENCE)

static struct etwr_event *event;
static const struct origin_values values = {
    .pid = 0x01020304,
    .tid = 0x05060708,
    .time = 0x1112131415161718,
    .sequence = 0x2122232425262728,
    .claimed_pid = 0x31323334,
    .user = {"alice", 5},
    .package = {"", 0},
    .image = {"demo", 4},
};

static void start(void)
{
    ck_assert_int_eq(etwr_event_create(&event), ETWR_OK);
    ck_assert_int_eq(etwr_event_reset(event, "E", 5, 1), ETWR_OK);
}

static void stop(void)
{
    etwr_event_destroy(event);
}

/* The origin's part of the metadata of an event without other fields. */
static struct etwr_bytes declared(unsigned fields)
{
    static uint8_t copy[1024];
    struct etwr_bytes result = {copy, 0};
    struct etwr_encoded encoded;

    ck_assert_int_eq(origin_declare(fields, event), ETWR_OK);
    ck_assert_int_eq(etwr_event_encode_template(event, &encoded), ETWR_OK);
    ck_assert_uint_le(encoded.metadata.size, sizeof copy);
    result.size = encoded.metadata.size - 5; /* size, tag, "E" */
    memcpy(copy, (const uint8_t *)encoded.metadata.data + 5, result.size);
    return result;
}

START_TEST(all_fields_are_declared_in_their_order)
{
    static const char expected[] = "etwrelay\0\x98\x08"
                                   "pid\0\x88\x05"
                                   "tid\0\x88\x06"
                                   "time\0\x11"
                                   "sequence\0\x0a"
                                   "claimed_pid\0\x88\x05"
                                   "user\0\x97\x23"
                                   "package\0\x97\x23"
                                   "image\0\x97\x23";
    struct etwr_bytes metadata = declared(ALL_FIELDS);

    ck_assert_uint_eq(metadata.size, sizeof expected - 1);
    ck_assert_mem_eq(metadata.data, expected, metadata.size);
}
END_TEST

START_TEST(all_fields_are_packed_in_their_order)
{
    static const char expected[] = "\x04\x03\x02\x01"
                                   "\x08\x07\x06\x05"
                                   "\x18\x17\x16\x15\x14\x13\x12\x11"
                                   "\x28\x27\x26\x25\x24\x23\x22\x21"
                                   "\x34\x33\x32\x31"
                                   "\x05\0alice"
                                   "\0\0"
                                   "\x04\0demo";
    uint8_t packed[ORIGIN_MAX_BYTES];
    size_t size = origin_pack(ALL_FIELDS, &values, packed, sizeof packed);

    ck_assert_uint_eq(size, sizeof expected - 1);
    ck_assert_mem_eq(packed, expected, size);
}
END_TEST

START_TEST(default_fields_take_24_bytes)
{
    static const char expected[] = "etwrelay\0\x98\x04"
                                   "pid\0\x88\x05"
                                   "tid\0\x88\x06"
                                   "time\0\x11"
                                   "sequence\0\x0a";
    struct etwr_bytes metadata = declared(DEFAULT_FIELDS);

    ck_assert_uint_eq(metadata.size, sizeof expected - 1);
    ck_assert_mem_eq(metadata.data, expected, metadata.size);
    ck_assert_uint_eq(origin_size(DEFAULT_FIELDS, &values), 24);
}
END_TEST

START_TEST(no_fields_declare_and_pack_nothing)
{
    uint8_t packed[8];

    ck_assert_uint_eq(declared(0).size, 0);
    ck_assert_uint_eq(origin_size(0, &values), 0);
    ck_assert_uint_eq(origin_pack(0, &values, packed, sizeof packed), 0);
}
END_TEST

START_TEST(every_set_of_fields_packs_what_it_declares)
{
    for (unsigned fields = 0; fields <= ALL_FIELDS; fields++) {
        uint8_t packed[ORIGIN_MAX_BYTES];
        size_t size = origin_pack(fields, &values, packed, sizeof packed);
        struct etwr_encoded encoded;
        struct schema *schema;

        ck_assert_uint_eq(size, origin_size(fields, &values));
        ck_assert_int_eq(etwr_event_reset(event, "E", 5, 1), ETWR_OK);
        ck_assert_int_eq(origin_declare(fields, event), ETWR_OK);
        ck_assert_int_eq(etwr_event_encode_template(event, &encoded), ETWR_OK);
        ck_assert_int_eq(schema_create(encoded.metadata.data, encoded.metadata.size, &schema),
                         ETWR_OK);
        ck_assert_int_eq(schema_check(schema, packed, size), ETWR_OK);
        schema_destroy(schema);
    }
}
END_TEST

START_TEST(too_small_a_buffer_is_left_alone)
{
    uint8_t packed[64];
    size_t size = origin_size(ALL_FIELDS, &values);

    memset(packed, 0xEE, sizeof packed);
    ck_assert_uint_eq(origin_pack(ALL_FIELDS, &values, packed, size - 1), 0);
    ck_assert_uint_eq(packed[0], 0xEE);
    ck_assert_uint_eq(origin_pack(ALL_FIELDS, &values, packed, size), size);
    ck_assert_uint_eq(packed[size], 0xEE);
}
END_TEST

START_TEST(long_text_is_cut_between_characters)
{
    static char text[ORIGIN_TEXT_MAX_BYTES + 3];
    static uint8_t packed[ORIGIN_MAX_BYTES];
    struct origin_values long_values = {.user = {text, sizeof text}};

    memset(text, 'a', sizeof text);
    ck_assert_uint_eq(origin_size(CONFIG_ORIGIN_USER, &long_values), 2 + ORIGIN_TEXT_MAX_BYTES);
    memcpy(text + ORIGIN_TEXT_MAX_BYTES - 2, "\xE2\x82\xAC", 3);
    ck_assert_uint_eq(origin_size(CONFIG_ORIGIN_USER, &long_values), 2 + ORIGIN_TEXT_MAX_BYTES - 2);
    ck_assert_uint_eq(origin_pack(CONFIG_ORIGIN_USER, &long_values, packed, sizeof packed),
                      ORIGIN_TEXT_MAX_BYTES);
    ck_assert_uint_eq(packed[0] | packed[1] << 8, ORIGIN_TEXT_MAX_BYTES - 2);
}
END_TEST

START_TEST(longest_values_fit_the_largest_size)
{
    static char text[2 * ORIGIN_TEXT_MAX_BYTES];
    static uint8_t packed[ORIGIN_MAX_BYTES];
    struct origin_values long_values = {
        .user = {text, sizeof text}, .package = {text, sizeof text}, .image = {text, sizeof text}};

    memset(text, 'x', sizeof text);
    ck_assert_uint_eq(origin_pack(ALL_FIELDS, &long_values, packed, sizeof packed),
                      ORIGIN_MAX_BYTES);
}
END_TEST

static void add_fields(int count)
{
    char name[16];

    for (int i = 0; i < count; i++) {
        snprintf(name, sizeof name, "f%d", i);
        ck_assert_int_eq(etwr_event_declare(event, name, ETWR_IN_UINT8, 0, ETWR_OUT_NULL, 0),
                         ETWR_OK);
    }
}

START_TEST(event_with_128_fields_and_origin_has_room_and_one_more_has_not)
{
    struct etwr_encoded encoded;

    add_fields(128 - 5);
    ck_assert_int_eq(origin_declare(DEFAULT_FIELDS, event), ETWR_OK);
    ck_assert_int_eq(etwr_event_encode_template(event, &encoded), ETWR_OK);
    etwr_event_reset(event, "E", 5, 1);
    add_fields(128 - 4);
    ck_assert_int_eq(origin_declare(DEFAULT_FIELDS, event), ETWR_E_TOO_MANY_FIELDS);
    ck_assert_int_eq(etwr_event_encode_template(event, &encoded), ETWR_E_TOO_MANY_FIELDS);
}
END_TEST

START_TEST(event_with_full_metadata_has_no_room)
{
    static char name[ETWR_METADATA_MAX_BYTES - 30];

    memset(name, 'n', sizeof name - 1);
    ck_assert_int_eq(etwr_event_declare(event, name, ETWR_IN_UINT8, 0, ETWR_OUT_NULL, 0), ETWR_OK);
    ck_assert_int_eq(origin_declare(DEFAULT_FIELDS, event), ETWR_E_METADATA_TOO_LONG);
}
END_TEST

START_TEST(record_holds_origin_up_to_its_last_byte)
{
    ck_assert(origin_fits(ETWR_RECORD_MAX_BYTES - 24, 24));
    ck_assert(!origin_fits(ETWR_RECORD_MAX_BYTES - 23, 24));
    ck_assert(origin_fits(ETWR_RECORD_MAX_BYTES, 0));
    ck_assert(!origin_fits(ETWR_RECORD_MAX_BYTES + 1, 0));
    ck_assert(!origin_fits(SIZE_MAX, 24));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("origin");
    TCase *tcase = tcase_create("origin");
    SRunner *runner;
    int failed;

    tcase_add_checked_fixture(tcase, start, stop);
    tcase_add_test(tcase, all_fields_are_declared_in_their_order);
    tcase_add_test(tcase, all_fields_are_packed_in_their_order);
    tcase_add_test(tcase, default_fields_take_24_bytes);
    tcase_add_test(tcase, no_fields_declare_and_pack_nothing);
    tcase_add_test(tcase, every_set_of_fields_packs_what_it_declares);
    tcase_add_test(tcase, too_small_a_buffer_is_left_alone);
    tcase_add_test(tcase, long_text_is_cut_between_characters);
    tcase_add_test(tcase, longest_values_fit_the_largest_size);
    tcase_add_test(tcase, event_with_128_fields_and_origin_has_room_and_one_more_has_not);
    tcase_add_test(tcase, event_with_full_metadata_has_no_room);
    tcase_add_test(tcase, record_holds_origin_up_to_its_last_byte);
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
