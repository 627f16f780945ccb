/*
 * The limits of an event: reached, and passed by one.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/tracelogging/expect.h"

static struct etwr_event *event;
static char big[ETWR_DATA_MAX_BYTES + 16]; /* 'x' as far as a test says */

static void setup(void)
{
    event = new_event();
    memset(big, 'x', sizeof big);
}

static void teardown(void)
{
    etwr_event_destroy(event);
}

/* A field that counts `cost`, by one of the ways that fields are added. */
static enum etwr_status add_counted(int way)
{
    static const uint8_t one[] = {1};
    switch (way) {
    case 0:
        return etwr_event_add_uint8(event, "f", 1, 0, 0);
    case 1:
        return etwr_event_add_uint8_array(event, "f", one, 1, 0, 0);
    case 2:
        return etwr_event_add_cbinary(event, "f", one, 1, 0, 0);
    case 3:
        return etwr_event_add_custom(event, "f", 1, one, 1, one, 1, 0, 0);
    case 4:
        return etwr_event_declare(event, "f", ETWR_IN_INT8, 0, 0, 0);
    case 5:
        return etwr_event_add_uint8_sequence(event, "f", one, 1, 0, 0);
    case 6:
        return etwr_event_add_binary(event, "f", one, 1, 0, 0);
    case 7:
        return etwr_event_add_packed(event, "f", ETWR_IN_UINT8 | ETWR_IN_SEQUENCE, 0, "\0\0", 2, 0,
                                     0);
    default:
        return etwr_event_declare(event, "f", ETWR_IN_BINARY, 0, 0, 0);
    }
}

#define WAYS        9
#define WAYS_OF_ONE 5

START_TEST(fields_are_counted_up_to_128)
{
    const int cost = _i < WAYS_OF_ONE ? 1 : 2;
    for (int fields = 0; fields < ETWR_FIELDS_MAX; fields += cost)
        ck_assert_int_eq(add_counted(_i), ETWR_OK);
    ck_assert_int_eq(add_counted(_i), ETWR_E_TOO_MANY_FIELDS);
}
END_TEST

START_TEST(a_field_that_counts_2_does_not_fit_where_1_is_left)
{
    for (int fields = 0; fields < ETWR_FIELDS_MAX - 1; fields++)
        ck_assert_int_eq(etwr_event_add_uint8(event, "f", 1, 0, 0), ETWR_OK);
    ck_assert_int_eq(add_counted(WAYS_OF_ONE + _i), ETWR_E_TOO_MANY_FIELDS);
}
END_TEST

START_TEST(structs_and_their_members_count_among_the_fields)
{
    for (int structs = 0; structs < ETWR_FIELDS_MAX / 2; structs++) {
        ck_assert_int_eq(etwr_event_add_struct(event, "s", 1, 0), ETWR_OK);
        ck_assert_int_eq(etwr_event_add_uint8(event, "f", 1, 0, 0), ETWR_OK);
    }
    ck_assert_int_eq(etwr_event_begin_struct(event, "s", 0), ETWR_E_TOO_MANY_FIELDS);
}
END_TEST

START_TEST(a_struct_takes_127_members_and_the_fields_end_there)
{
    ck_assert_int_eq(etwr_event_begin_struct(event, "s", 0), ETWR_OK);
    for (int members = 0; members < ETWR_STRUCT_MEMBERS_MAX; members++)
        ck_assert_int_eq(etwr_event_add_uint8(event, "f", 1, 0, 0), ETWR_OK);
    ck_assert_int_eq(etwr_event_end_struct(event), ETWR_OK);
    ck_assert_int_eq(etwr_event_status(event), ETWR_OK);
    ck_assert_int_eq(etwr_event_add_uint8(event, "f", 1, 0, 0), ETWR_E_TOO_MANY_FIELDS);
}
END_TEST

/* Metadata of "T" and one field: 5 bytes, its name and NUL, 1 byte in type, and what the out type
 * and tag take. */
static enum etwr_status add_named(size_t name_bytes, enum etwr_out out, uint32_t tag)
{
    big[name_bytes] = '\0';
    return etwr_event_add_uint8(event, big, 1, out, tag);
}

static const struct {
    enum etwr_out out;
    uint32_t tag;
    size_t bytes;
} heads[] = {{0, 0, 1}, {ETWR_OUT_HEX, 0, 2}, {0, 1, 6}, {ETWR_OUT_HEX, 1, 6}};

START_TEST(metadata_takes_32768_bytes_and_no_more)
{
    struct etwr_encoded encoded;
    const size_t name_bytes = ETWR_METADATA_MAX_BYTES - 5 - 1 - heads[_i].bytes;
    ck_assert_int_eq(add_named(name_bytes, heads[_i].out, heads[_i].tag), ETWR_OK);
    ck_assert_int_eq(etwr_event_encode(event, &encoded), ETWR_OK);
    ck_assert_uint_eq(encoded.metadata.size, ETWR_METADATA_MAX_BYTES);
    ck_assert_int_eq(etwr_event_add_uint8(event, "", 1, 0, 0), ETWR_E_METADATA_TOO_LONG);
    next_event(event);
    big[name_bytes] = 'x';
    ck_assert_int_eq(add_named(name_bytes + 1, heads[_i].out, heads[_i].tag),
                     ETWR_E_METADATA_TOO_LONG);
}
END_TEST

START_TEST(metadata_limit_is_exact_for_small_fields_too)
{
    struct etwr_encoded encoded;
    /* The buffer is as large as it gets now, so the short way meets the limit. */
    ck_assert_int_eq(add_named(ETWR_METADATA_MAX_BYTES - 5 - 2 - 9, 0, 0), ETWR_OK);
    ck_assert_int_eq(etwr_event_add_uint8(event, "abc", 2, 0, 0), ETWR_OK);
    ck_assert_int_eq(etwr_event_add_uint8(event, "ab", 3, 0, 0), ETWR_OK);
    ck_assert_int_eq(etwr_event_encode(event, &encoded), ETWR_OK);
    ck_assert_uint_eq(encoded.metadata.size, ETWR_METADATA_MAX_BYTES);
    ck_assert_int_eq(etwr_event_add_uint8(event, "", 1, 0, 0), ETWR_E_METADATA_TOO_LONG);
}
END_TEST

/* Whatever is left, a field is taken if it fits to the byte, and no byte is written where none is
 * left. */
START_TEST(metadata_limit_is_exact_for_each_size_that_is_left)
{
    const size_t left = (size_t)_i;
    for (size_t name_bytes = 0; name_bytes < 20; name_bytes++)
        for (uint32_t tag = 0; tag <= 1; tag++) {
            const size_t size = name_bytes + 1 + (tag != 0 ? 6 : 1);
            next_event(event);
            memset(big, 'x', sizeof big);
            ck_assert_int_eq(add_named(ETWR_METADATA_MAX_BYTES - 5 - 2 - left, 0, 0), ETWR_OK);
            ck_assert_int_eq(add_named(name_bytes, 0, tag),
                             size <= left ? ETWR_OK : ETWR_E_METADATA_TOO_LONG);
        }
}
END_TEST

/* The same with buffers of every fill, for the sanitizers: they grow before they are passed. */
START_TEST(metadata_buffer_grows_in_time)
{
    for (size_t name_bytes = 440; name_bytes < 540; name_bytes++) {
        struct etwr_event *fresh = new_event();
        memset(big, 'x', sizeof big);
        big[name_bytes] = '\0';
        ck_assert_int_eq(etwr_event_reset(fresh, big, 5, 1), ETWR_OK);
        ck_assert_int_eq(etwr_event_add_struct(fresh, "s", 1, 0), ETWR_OK);
        for (int i = 0; i < 20; i++)
            ck_assert_int_eq(etwr_event_add_uint8(fresh, "abc", 1, ETWR_OUT_HEX, 1), ETWR_OK);
        etwr_event_destroy(fresh);
    }
}
END_TEST

START_TEST(a_longer_event_tag_must_fit_too)
{
    ck_assert_int_eq(add_named(ETWR_METADATA_MAX_BYTES - 5 - 2 - 3, 0, 0), ETWR_OK);
    ck_assert_int_eq(etwr_event_set_tag(event, 1), ETWR_OK);
    ck_assert_int_eq(etwr_event_add_uint8(event, "", 1, 0, 0), ETWR_E_METADATA_TOO_LONG);
    next_event(event);
    ck_assert_int_eq(add_named(ETWR_METADATA_MAX_BYTES - 5 - 2 - 3, 0, 0), ETWR_OK);
    ck_assert_int_eq(etwr_event_add_uint8(event, "", 1, 0, 0), ETWR_OK);
    ck_assert_int_eq(etwr_event_set_tag(event, 0x4000), ETWR_OK);
    ck_assert_int_eq(etwr_event_set_tag(event, 1), ETWR_E_METADATA_TOO_LONG);
}
END_TEST

START_TEST(an_event_name_may_fill_the_metadata)
{
    struct etwr_encoded encoded;
    big[ETWR_METADATA_MAX_BYTES - 4] = '\0';
    ck_assert_int_eq(etwr_event_reset(event, big, 5, 1), ETWR_OK);
    ck_assert_int_eq(etwr_event_encode(event, &encoded), ETWR_OK);
    ck_assert_uint_eq(encoded.metadata.size, ETWR_METADATA_MAX_BYTES);
    big[ETWR_METADATA_MAX_BYTES - 4] = 'x';
    big[ETWR_METADATA_MAX_BYTES - 3] = '\0';
    ck_assert_int_eq(etwr_event_reset(event, big, 5, 1), ETWR_E_METADATA_TOO_LONG);
}
END_TEST

START_TEST(data_takes_65536_bytes_and_no_more)
{
    struct etwr_encoded encoded;
    ck_assert_int_eq(etwr_event_add_cbinary(event, "f", big, 65536 - 2 - 1, 0, 0), ETWR_OK);
    ck_assert_int_eq(etwr_event_add_uint8(event, "g", 1, 0, 0), ETWR_OK);
    ck_assert_int_eq(etwr_event_encode(event, &encoded), ETWR_OK);
    ck_assert_uint_eq(encoded.data.size, ETWR_DATA_MAX_BYTES);
    ck_assert_int_eq(etwr_event_add_uint8(event, "h", 1, 0, 0), ETWR_E_DATA_TOO_LONG);
}
END_TEST

START_TEST(values_and_arrays_take_what_16_bits_can_count)
{
    big[65535] = '\0';
    ck_assert_int_eq(etwr_event_add_str8(event, "f", big, 0, 0), ETWR_E_DATA_TOO_LONG);
    next_event(event);
    big[65534] = '\0';
    ck_assert_int_eq(etwr_event_add_str8(event, "f", big, 0, 0), ETWR_OK);
    next_event(event);
    ck_assert_int_eq(etwr_event_add_zstr8(event, "f", big, 0, 0), ETWR_OK);
    next_event(event);
    ck_assert_int_eq(etwr_event_add_uint8_array(event, "f", (uint8_t *)big, 65535, 0, 0), ETWR_OK);
    ck_assert_int_eq(etwr_event_add_uint8(event, "f", 1, 0, 0), ETWR_OK);
    ck_assert_int_eq(etwr_event_add_uint8(event, "f", 1, 0, 0), ETWR_E_DATA_TOO_LONG);
}
END_TEST

START_TEST(a_sum_of_elements_over_the_limit_is_refused_before_it_overflows)
{
    const struct etwr_bytes half = {big, 40000};
    const struct etwr_bytes halves[] = {half, half};
    const char *const texts[] = {big, big};
    big[40000] = '\0';
    ck_assert_int_eq(etwr_event_add_cbinary_sequence(event, "f", halves, 2, 0, 0),
                     ETWR_E_DATA_TOO_LONG);
    next_event(event);
    ck_assert_int_eq(etwr_event_add_str8_sequence(event, "f", texts, 2, 0, 0),
                     ETWR_E_DATA_TOO_LONG);
    next_event(event);
    ck_assert_int_eq(etwr_event_add_cbinary_sequence(event, "f", halves, 1, 0, 0), ETWR_OK);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("builder limits");
    TCase *limits = tcase_create("limits");
    tcase_add_checked_fixture(limits, setup, teardown);
    tcase_add_loop_test(limits, fields_are_counted_up_to_128, 0, WAYS);
    tcase_add_loop_test(limits, a_field_that_counts_2_does_not_fit_where_1_is_left, 0,
                        WAYS - WAYS_OF_ONE);
    tcase_add_test(limits, structs_and_their_members_count_among_the_fields);
    tcase_add_test(limits, a_struct_takes_127_members_and_the_fields_end_there);
    tcase_add_loop_test(limits, metadata_takes_32768_bytes_and_no_more, 0,
                        (int)(sizeof heads / sizeof heads[0]));
    tcase_add_test(limits, metadata_limit_is_exact_for_small_fields_too);
    tcase_add_loop_test(limits, metadata_limit_is_exact_for_each_size_that_is_left, 0, 30);
    tcase_add_test(limits, metadata_buffer_grows_in_time);
    tcase_add_test(limits, a_longer_event_tag_must_fit_too);
    tcase_add_test(limits, an_event_name_may_fill_the_metadata);
    tcase_add_test(limits, data_takes_65536_bytes_and_no_more);
    tcase_add_test(limits, values_and_arrays_take_what_16_bits_can_count);
    tcase_add_test(limits, a_sum_of_elements_over_the_limit_is_refused_before_it_overflows);
    suite_add_tcase(suite, limits);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
