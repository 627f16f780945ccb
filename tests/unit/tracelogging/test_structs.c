/*
 * Structs and arrays of structs: member counts, elements compared with the first, and what does not
 * close.
 */
#include <check.h>
#include <stdlib.h>

#include "tests/unit/tracelogging/expect.h"

static struct etwr_event *event;

static void setup(void)
{
    event = new_event();
}

static void teardown(void)
{
    etwr_event_destroy(event);
}

#define OK(CALL)     ck_assert_int_eq(CALL, ETWR_OK)
#define UNEVEN(CALL) ck_assert_int_eq(CALL, ETWR_E_BAD_STRUCT)

static enum etwr_status add(const char *name, uint8_t value)
{
    return etwr_event_add_uint8(event, name, value, 0, 0);
}

static enum etwr_status begin(const char *name)
{
    return etwr_event_begin_struct(event, name, 0);
}

static enum etwr_status begin_sequence(const char *name)
{
    return etwr_event_begin_struct_sequence(event, name, 0);
}

static enum etwr_status begin_array(const char *name)
{
    return etwr_event_begin_struct_array(event, name, 0);
}

static enum etwr_status next(void)
{
    return etwr_event_next_element(event);
}

static enum etwr_status end(void)
{
    return etwr_event_end_struct(event);
}

static enum etwr_status encode(void)
{
    struct etwr_encoded encoded;
    return etwr_event_encode(event, &encoded);
}

START_TEST(a_struct_of_known_size_closes_by_itself)
{
    OK(etwr_event_add_struct(event, "s", 2, 0));
    OK(add("a", 1));
    UNEVEN(encode());
    OK(add("b", 2));
    OK(add("c", 3));
    expect_event(event, "7300 98 02  6100 04  6200 04  6300 04", "010203");
}
END_TEST

START_TEST(a_struct_within_counts_as_one_member_and_closes_its_parents)
{
    OK(etwr_event_add_struct(event, "s", 2, 0));
    OK(add("a", 1));
    OK(etwr_event_add_struct(event, "t", 1, 0x0ABCDEF));
    OK(etwr_event_add_struct(event, "u", 1, 0));
    OK(add("b", 2));
    OK(add("c", 3));
    expect_event(event, "7300 98 02  6100 04  7400 98 81 85af9b6f  7500 98 01  6200 04  6300 04",
                 "010203");
}
END_TEST

START_TEST(members_of_an_open_struct_are_counted)
{
    OK(begin("s"));
    OK(add("a", 1));
    OK(begin("t"));
    OK(add("b", 2));
    OK(add("c", 3));
    OK(add("d", 4));
    OK(end());
    OK(end());
    OK(add("e", 5));
    expect_event(event, "7300 98 02  6100 04  7400 98 03  6200 04  6300 04  6400 04  6500 04",
                 "0102030405");
}
END_TEST

START_TEST(a_struct_count_is_patched_beside_a_tag)
{
    OK(etwr_event_begin_struct(event, "s", 0x0ABCDEF));
    OK(add("a", 1));
    OK(end());
    expect_event(event, "7300 98 81 85af9b6f  6100 04", "01");
}
END_TEST

START_TEST(an_event_tag_set_within_a_struct_moves_nothing)
{
    struct etwr_encoded encoded;
    OK(begin("s"));
    OK(etwr_event_set_tag(event, 1));
    OK(add("a", 1));
    OK(end());
    OK(etwr_event_encode(event, &encoded));
    expect_hex("metadata", encoded.metadata, "0f00 80808001 5400  7300 98 01  6100 04");
}
END_TEST

START_TEST(an_unclosed_struct_is_not_encoded_but_may_be_closed_later)
{
    struct etwr_encoded encoded;
    OK(begin("s"));
    OK(add("a", 1));
    UNEVEN(encode());
    UNEVEN(etwr_event_encode_template(event, &encoded));
    OK(end());
    OK(encode());
}
END_TEST

START_TEST(a_struct_without_members_does_not_close)
{
    OK(begin("s"));
    UNEVEN(end());
    UNEVEN(etwr_event_status(event));
}
END_TEST

START_TEST(end_does_not_close_a_struct_of_known_size)
{
    OK(begin("s"));
    OK(etwr_event_add_struct(event, "t", 2, 0));
    OK(add("a", 1));
    UNEVEN(end());
}
END_TEST

START_TEST(next_element_belongs_to_arrays)
{
    OK(begin("s"));
    UNEVEN(next());
}
END_TEST

START_TEST(sequence_elements_share_their_metadata)
{
    OK(begin_sequence("s"));
    for (uint8_t i = 1; i <= 3; i++) {
        OK(next());
        OK(add("a", i));
        OK(etwr_event_add_zstr8(event, "b", i == 2 ? "" : "x", ETWR_OUT_UTF8, 0));
    }
    OK(end());
    OK(add("c", 9));
    expect_event(event, "7300 d8 02  6100 04  6200 82 23  6300 04", "0300 017800 0200 037800 09");
}
END_TEST

START_TEST(a_constant_array_has_its_count_in_the_metadata)
{
    OK(etwr_event_begin_struct_array(event, "s", 0x0ABCDEF));
    for (uint8_t i = 1; i <= 2; i++) {
        OK(next());
        OK(add("a", i));
    }
    OK(end());
    expect_event(event, "7300 b8 81 85af9b6f 0200  6100 04", "0102");
}
END_TEST

START_TEST(repeated_elements_do_not_count_as_fields)
{
    OK(begin_sequence("s"));
    for (int i = 0; i < 1000; i++) {
        OK(next());
        OK(add("a", 1));
    }
    OK(end());
    OK(encode());
}
END_TEST

START_TEST(elements_may_be_added_while_the_metadata_is_full)
{
    static char name[ETWR_METADATA_MAX_BYTES];
    for (size_t i = 0; i < sizeof name - 14; i++)
        name[i] = 'n';
    OK(begin_sequence("s"));
    for (int i = 0; i < 3; i++) {
        OK(next());
        OK(add(name, 1));
        OK(add("a", 1));
    }
    OK(end());
    OK(encode());
    ck_assert_int_eq(etwr_event_add_uint8(event, "", 1, 0, 0), ETWR_E_METADATA_TOO_LONG);
}
END_TEST

START_TEST(a_value_needs_an_element)
{
    OK(begin_sequence("s"));
    UNEVEN(add("a", 1));
}
END_TEST

/* The first element is {"a": uint8}; these are no second one. */
static enum etwr_status other_member(int which)
{
    switch (which) {
    case 0:
        return etwr_event_add_uint8(event, "b", 1, 0, 0);
    case 1:
        return etwr_event_add_int8(event, "a", 1, 0, 0);
    case 2:
        return etwr_event_add_uint8(event, "a", 1, ETWR_OUT_HEX, 0);
    case 3:
        return etwr_event_add_uint8(event, "a", 1, 0, 1);
    case 4:
        return etwr_event_add_uint8(event, "aa", 1, 0, 0);
    case 5:
        return etwr_event_add_uint8(event, "", 1, 0, 0);
    case 6:
        return etwr_event_add_uint8_sequence(event, "a", NULL, 0, 0, 0);
    case 7:
        return etwr_event_begin_struct(event, "a", 0);
    case 8:
        return etwr_event_begin_struct_sequence(event, "a", 0);
    case 9:
        return etwr_event_add_custom(event, "a", ETWR_IN_UINT8, "", 0, "", 0, 0, 0);
    case 10:
        return etwr_event_declare(event, "a", ETWR_IN_UINT8, 0, 0, 0);
    case 11:
        return etwr_event_next_element(event); /* without a member */
    default:
        return etwr_event_end_struct(event); /* without a member */
    }
}

START_TEST(a_second_element_must_be_like_the_first)
{
    OK(begin_sequence("s"));
    OK(next());
    OK(add("a", 1));
    OK(next());
    UNEVEN(other_member(_i));
}
END_TEST

START_TEST(a_second_element_must_not_have_more_members)
{
    OK(begin_sequence("s"));
    OK(next());
    OK(add("a", 1));
    OK(next());
    OK(add("a", 1));
    UNEVEN(add("a", 1));
}
END_TEST

START_TEST(constant_counts_of_elements_must_agree)
{
    static const uint8_t values[] = {1, 2, 3};
    OK(begin_sequence("s"));
    OK(next());
    OK(etwr_event_add_uint8_array(event, "a", values, 2, 0, 0));
    OK(next());
    OK(etwr_event_add_uint8_array(event, "a", values, 2, 0, 0));
    OK(next());
    UNEVEN(etwr_event_add_uint8_array(event, "a", values, 3, 0, 0));
}
END_TEST

START_TEST(type_information_of_elements_must_agree)
{
    OK(begin_sequence("s"));
    OK(next());
    OK(etwr_event_add_custom(event, "a", 1, "xy", 2, "1", 1, 0, 0));
    OK(next());
    OK(etwr_event_add_custom(event, "a", 1, "xy", 2, "23", 2, 0, 0));
    OK(next());
    UNEVEN(etwr_event_add_custom(event, "a", 1, "xz", 2, "1", 1, 0, 0));
}
END_TEST

START_TEST(structs_in_elements_are_compared_too)
{
    OK(begin_sequence("s"));
    for (uint8_t i = 1; i <= 2; i++) {
        OK(next());
        if (i == 1) { /* the two ways to say the same struct */
            OK(begin("t"));
            OK(add("a", i));
            OK(add("b", i));
            OK(end());
        } else {
            OK(etwr_event_add_struct(event, "t", 2, 0));
            OK(add("a", i));
            OK(add("b", i));
        }
        OK(add("c", i));
    }
    OK(end());
    expect_event(event, "7300 d8 02  7400 98 02  6100 04  6200 04  6300 04", "0200 010101 020202");
}
END_TEST

START_TEST(a_struct_in_a_second_element_must_not_lack_members)
{
    OK(begin_sequence("s"));
    OK(next());
    OK(begin("t"));
    OK(add("a", 1));
    OK(add("b", 1));
    OK(end());
    OK(next());
    OK(begin("t"));
    OK(add("a", 1));
    UNEVEN(end());
}
END_TEST

START_TEST(a_struct_in_a_second_element_must_be_announced_with_the_same_size)
{
    OK(begin_sequence("s"));
    OK(next());
    OK(etwr_event_add_struct(event, "t", 2, 0));
    OK(add("a", 1));
    OK(add("b", 1));
    OK(next());
    UNEVEN(etwr_event_add_struct(event, "t", 1, 0));
}
END_TEST

/* An array of arrays of structs; the inner ones have `counts` elements. */
static void add_grid(const uint8_t *counts, size_t rows)
{
    uint8_t value = 1;
    OK(begin_sequence("s"));
    for (size_t row = 0; row < rows; row++) {
        OK(next());
        OK(add("a", value++));
        OK(begin_sequence("t"));
        for (uint8_t i = 0; i < counts[row]; i++) {
            OK(next());
            OK(add("b", value++));
        }
        OK(end());
        OK(add("c", value++));
    }
    OK(end());
}

START_TEST(inner_sequences_may_differ_in_length)
{
    static const uint8_t counts[] = {2, 0, 1};
    add_grid(counts, 3);
    expect_event(event, "7300 d8 03  6100 04  7400 d8 01  6200 04  6300 04",
                 "0300  01 0200 02 03 04  05 0000 06  07 0100 08 09");
}
END_TEST

START_TEST(an_empty_inner_sequence_cannot_be_the_first_unless_declared)
{
    OK(begin_sequence("s"));
    OK(next());
    OK(begin_sequence("t"));
    UNEVEN(end());
}
END_TEST

START_TEST(an_empty_inner_sequence_may_be_declared)
{
    OK(begin_sequence("s"));
    for (int row = 0; row < 3; row++) {
        OK(next());
        OK(begin_sequence("t"));
        OK(etwr_event_declare(event, "b", ETWR_IN_UINT8, 0, 0, 0));
        if (row == 1) {
            OK(next());
            OK(add("b", 7));
        }
        OK(end());
    }
    OK(end());
    expect_event(event, "7300 d8 01  7400 d8 01  6200 04", "0300 0000 0100 07 0000");
}
END_TEST

START_TEST(an_empty_inner_sequence_passes_over_all_that_its_members_take)
{
    static const uint8_t values[] = {1, 2};
    OK(begin_sequence("s"));
    OK(next());
    OK(begin_sequence("t"));
    OK(next());
    OK(etwr_event_add_uint8(event, "a", 1, ETWR_OUT_HEX, 0x80)); /* NULs in both ... */
    OK(etwr_event_add_uint8_array(event, "b", values, 2, 0, 0));
    OK(etwr_event_add_custom(event, "c", 24, "\0\0\0", 3, "1", 1, 0, 0)); /* ... are no ends */
    OK(begin("u"));
    OK(add("d", 1));
    OK(begin_array("v"));
    OK(next());
    OK(add("e", 1));
    OK(end());
    OK(end());
    OK(end());
    OK(add("z", 9));
    OK(next());
    OK(begin_sequence("t"));
    OK(end());
    OK(add("z", 8));
    OK(end());
    OK(encode());
}
END_TEST

START_TEST(inner_constant_arrays_must_agree_in_length)
{
    OK(begin_sequence("s"));
    for (int row = 0; row < 2; row++) {
        OK(next());
        OK(begin_array("t"));
        for (int i = 0; i < 2; i++) {
            OK(next());
            OK(add("b", 1));
        }
        OK(end());
    }
    OK(next());
    OK(begin_array("t"));
    OK(next());
    OK(add("b", 1));
    UNEVEN(end());
}
END_TEST

START_TEST(a_constant_array_without_elements_is_refused)
{
    OK(begin_array("s"));
    OK(etwr_event_declare(event, "a", ETWR_IN_UINT8, 0, 0, 0));
    UNEVEN(end());
}
END_TEST

START_TEST(a_sequence_without_elements_or_members_is_refused)
{
    OK(begin_sequence("s"));
    UNEVEN(end());
}
END_TEST

START_TEST(declared_members_make_an_empty_sequence)
{
    OK(begin_sequence("s"));
    OK(etwr_event_declare(event, "a", ETWR_IN_UINT8, 0, 0, 0));
    OK(begin("t"));
    OK(etwr_event_declare(event, "b", ETWR_IN_STR8, 0, ETWR_OUT_UTF8, 0));
    OK(end());
    OK(end());
    expect_event(event, "7300 d8 02  6100 04  7400 98 01  6200 97 23", "0000");
}
END_TEST

START_TEST(elements_follow_declared_members)
{
    OK(begin_sequence("s"));
    OK(etwr_event_declare(event, "a", ETWR_IN_UINT8, 0, 0, 0));
    OK(next());
    OK(add("a", 1));
    OK(next());
    UNEVEN(add("b", 1));
}
END_TEST

START_TEST(an_array_of_structs_has_no_place_among_declared_members)
{
    OK(begin_sequence("s"));
    UNEVEN(begin_sequence("t"));
}
END_TEST

START_TEST(a_sequence_takes_65535_elements)
{
    OK(etwr_event_begin_struct_array(event, "s", 0));
    for (int i = 0; i < 65535; i++) {
        OK(next());
        OK(add("a", 1));
    }
    ck_assert_int_eq(next(), ETWR_E_DATA_TOO_LONG);
}
END_TEST

START_TEST(elements_stop_at_the_data_limit)
{
    static const uint8_t values[1000];
    enum etwr_status status = begin_sequence("s");
    for (int i = 0; i < 65; i++) {
        OK(next());
        OK(etwr_event_add_uint8_array(event, "a", values, 1000, 0, 0));
    }
    OK(status);
    OK(next());
    ck_assert_int_eq(etwr_event_add_uint8_array(event, "a", values, 1000, 0, 0),
                     ETWR_E_DATA_TOO_LONG);
}
END_TEST

START_TEST(structs_nest_as_deep_as_there_are_fields)
{
    for (int depth = 0; depth < ETWR_FIELDS_MAX - 1; depth++)
        OK(etwr_event_add_struct(event, "s", 1, 0));
    OK(add("a", 1));
    OK(encode());
    next_event(event);
    for (int depth = 0; depth < ETWR_FIELDS_MAX - 1; depth++)
        OK(begin("s"));
    OK(add("a", 1));
    for (int depth = 0; depth < ETWR_FIELDS_MAX - 1; depth++)
        OK(end());
    OK(encode());
}
END_TEST

#define TOO_DEEP(CALL) ck_assert_int_eq(CALL, ETWR_E_TOO_DEEP)

/* Within two plain structs, which do not count, an array of structs and so many structs in it. */
static void open_structs_in_array(unsigned count)
{
    next_event(event);
    OK(begin("p"));
    OK(begin("q"));
    OK(begin_sequence("s"));
    OK(next());
    for (unsigned i = 0; i < count; i++)
        OK(begin("t"));
}

START_TEST(structs_in_an_array_of_structs_nest_to_8)
{
    open_structs_in_array(ETWR_ARRAY_DEPTH_MAX - 1);
    OK(add("a", 1));
    OK(etwr_event_add_uint8_sequence(event, "b", (const uint8_t[]){2, 3}, 2, 0, 0));
    for (unsigned i = 0; i < ETWR_ARRAY_DEPTH_MAX + 2; i++)
        OK(end());
    OK(encode());
}
END_TEST

START_TEST(no_kind_of_struct_is_the_ninth_in_an_array_of_structs)
{
    open_structs_in_array(ETWR_ARRAY_DEPTH_MAX - 1);
    TOO_DEEP(begin("x"));
    TOO_DEEP(etwr_event_status(event));
    TOO_DEEP(add("a", 1));
    TOO_DEEP(encode());
    open_structs_in_array(ETWR_ARRAY_DEPTH_MAX - 1);
    TOO_DEEP(begin_sequence("x"));
    open_structs_in_array(ETWR_ARRAY_DEPTH_MAX - 1);
    TOO_DEEP(begin_array("x"));
    open_structs_in_array(ETWR_ARRAY_DEPTH_MAX - 1);
    TOO_DEEP(etwr_event_add_struct(event, "x", 1, 0));
}
END_TEST

START_TEST(arrays_of_structs_in_each_other_nest_to_8)
{
    for (unsigned i = 0; i < ETWR_ARRAY_DEPTH_MAX; i++) {
        OK(i % 2 == 0 ? begin_array("s") : begin_sequence("s"));
        OK(next());
    }
    OK(add("a", 1));
    for (unsigned i = 0; i < ETWR_ARRAY_DEPTH_MAX; i++)
        OK(end());
    OK(encode());
}
END_TEST

START_TEST(declared_members_of_an_array_of_structs_nest_to_8)
{
    const uint8_t arrays[] = {0, ETWR_IN_SEQUENCE, ETWR_IN_CONSTANT_ARRAY};
    for (size_t kind = 0; kind < sizeof arrays; kind++) {
        const size_t count = arrays[kind] == ETWR_IN_CONSTANT_ARRAY ? 1 : 0;
        next_event(event);
        OK(begin_sequence("s"));
        for (unsigned i = 0; i < ETWR_ARRAY_DEPTH_MAX - 1; i++)
            OK(etwr_event_declare_struct(event, "t", 0, 0, 1, 0));
        TOO_DEEP(etwr_event_declare_struct(event, "x", arrays[kind], count, 1, 0));
    }
}
END_TEST

START_TEST(depth_in_an_array_of_structs_ends_with_it)
{
    OK(begin_sequence("s"));
    OK(next());
    OK(add("a", 1));
    OK(end());
    for (unsigned i = 0; i < 2 * ETWR_ARRAY_DEPTH_MAX; i++)
        OK(begin("t"));
    OK(add("a", 1));
    for (unsigned i = 0; i < 2 * ETWR_ARRAY_DEPTH_MAX; i++)
        OK(end());
    OK(encode());
}
END_TEST

static void add_depth_tests(TCase *depth)
{
    tcase_add_test(depth, structs_in_an_array_of_structs_nest_to_8);
    tcase_add_test(depth, no_kind_of_struct_is_the_ninth_in_an_array_of_structs);
    tcase_add_test(depth, arrays_of_structs_in_each_other_nest_to_8);
    tcase_add_test(depth, declared_members_of_an_array_of_structs_nest_to_8);
    tcase_add_test(depth, depth_in_an_array_of_structs_ends_with_it);
}

static void add_array_tests(TCase *arrays)
{
    tcase_add_test(arrays, sequence_elements_share_their_metadata);
    tcase_add_test(arrays, a_constant_array_has_its_count_in_the_metadata);
    tcase_add_test(arrays, repeated_elements_do_not_count_as_fields);
    tcase_add_test(arrays, elements_may_be_added_while_the_metadata_is_full);
    tcase_add_test(arrays, a_value_needs_an_element);
    tcase_add_loop_test(arrays, a_second_element_must_be_like_the_first, 0, 13);
    tcase_add_test(arrays, a_second_element_must_not_have_more_members);
    tcase_add_test(arrays, constant_counts_of_elements_must_agree);
    tcase_add_test(arrays, type_information_of_elements_must_agree);
    tcase_add_test(arrays, structs_in_elements_are_compared_too);
    tcase_add_test(arrays, a_struct_in_a_second_element_must_not_lack_members);
    tcase_add_test(arrays, a_struct_in_a_second_element_must_be_announced_with_the_same_size);
    tcase_add_test(arrays, inner_sequences_may_differ_in_length);
    tcase_add_test(arrays, an_empty_inner_sequence_cannot_be_the_first_unless_declared);
    tcase_add_test(arrays, an_empty_inner_sequence_may_be_declared);
    tcase_add_test(arrays, an_empty_inner_sequence_passes_over_all_that_its_members_take);
    tcase_add_test(arrays, inner_constant_arrays_must_agree_in_length);
    tcase_add_test(arrays, a_constant_array_without_elements_is_refused);
    tcase_add_test(arrays, a_sequence_without_elements_or_members_is_refused);
    tcase_add_test(arrays, declared_members_make_an_empty_sequence);
    tcase_add_test(arrays, elements_follow_declared_members);
    tcase_add_test(arrays, an_array_of_structs_has_no_place_among_declared_members);
    tcase_add_test(arrays, a_sequence_takes_65535_elements);
    tcase_add_test(arrays, elements_stop_at_the_data_limit);
}

int main(void)
{
    Suite *suite = suite_create("structs");
    TCase *structs = tcase_create("structs");
    TCase *arrays = tcase_create("arrays of structs");
    TCase *depth = tcase_create("depth of arrays of structs");
    tcase_add_checked_fixture(structs, setup, teardown);
    tcase_add_checked_fixture(arrays, setup, teardown);
    tcase_add_checked_fixture(depth, setup, teardown);
    tcase_add_test(structs, a_struct_of_known_size_closes_by_itself);
    tcase_add_test(structs, a_struct_within_counts_as_one_member_and_closes_its_parents);
    tcase_add_test(structs, members_of_an_open_struct_are_counted);
    tcase_add_test(structs, a_struct_count_is_patched_beside_a_tag);
    tcase_add_test(structs, an_event_tag_set_within_a_struct_moves_nothing);
    tcase_add_test(structs, an_unclosed_struct_is_not_encoded_but_may_be_closed_later);
    tcase_add_test(structs, a_struct_without_members_does_not_close);
    tcase_add_test(structs, end_does_not_close_a_struct_of_known_size);
    tcase_add_test(structs, next_element_belongs_to_arrays);
    tcase_add_test(structs, structs_nest_as_deep_as_there_are_fields);
    add_array_tests(arrays);
    add_depth_tests(depth);
    suite_add_tcase(suite, structs);
    suite_add_tcase(suite, arrays);
    suite_add_tcase(suite, depth);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
