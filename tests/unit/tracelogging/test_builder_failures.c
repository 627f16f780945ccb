/*
 * What an add refuses, and that a refused one leaves no trace.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/tracelogging/builder.h"
#include "tests/unit/tracelogging/expect.h"

#define BAD_UTF8 "a\xC0\x80"

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

static const struct etwr_bytes missing_bytes = {NULL, 2};
static const struct etwr_bytes two_values[] = {{"ab", 2}, {"abc", 3}};
static const char *const bad_texts[] = {"fine", BAD_UTF8};
static const char *const missing_texts[] = {"fine", NULL};
static const uint8_t sid_of_16[8 + 4 * 16] = {1, 16};

/* Refused calls, a function for each reason; the number says which. */
static enum etwr_status bad_name(int call)
{
    switch (call) {
    case 0:
        return etwr_event_add_uint8(event, NULL, 1, 0, 0);
    case 1:
        return etwr_event_add_uint64(event, BAD_UTF8, 1, 0, 0);
    case 2:
        return etwr_event_begin_struct(event, BAD_UTF8, 0);
    default:
        return etwr_event_begin_struct_array(event, NULL, 0);
    }
}

static enum etwr_status bad_type(int call)
{
    switch (call) {
    case 0:
        return etwr_event_add_uint8(event, "f", 1, (enum etwr_out)128, 0);
    case 1:
        return etwr_event_add_custom(event, "f", 0x20, "", 0, "", 0, 0, 0);
    case 2:
        return etwr_event_declare_struct(event, "f", ETWR_IN_CUSTOM, 0, 1, 0);
    default:
        return etwr_event_declare_custom(event, "f", 32, "", 0, 0, 0);
    }
}

static enum etwr_status bad_tag(int call)
{
    switch (call) {
    case 0:
        return etwr_event_add_uint8(event, "f", 1, 0, ETWR_TAG_MAX + 1);
    case 1:
        return etwr_event_set_tag(event, ETWR_TAG_MAX + 1);
    default:
        return etwr_event_begin_struct_sequence(event, "f", ETWR_TAG_MAX + 1);
    }
}

static enum etwr_status bad_value(int call)
{
    switch (call) {
    case 0:
        return etwr_event_add_str8(event, "f", BAD_UTF8, 0, 0);
    case 1:
        return etwr_event_add_zstr16(event, "f", BAD_UTF8, 0, 0);
    case 2:
        return etwr_event_add_zstr8(event, "f", NULL, 0, 0);
    case 3:
        return etwr_event_add_str16(event, "f", NULL, 0, 0);
    case 4:
        return etwr_event_add_str16_sequence(event, "f", bad_texts, 2, 0, 0);
    case 5:
        return etwr_event_add_str8_array(event, "f", missing_texts, 2, 0, 0);
    case 6:
        return etwr_event_add_guid(event, "f", NULL, 0, 0);
    case 7:
        return etwr_event_add_systemtime(event, "f", NULL, 0, 0);
    case 8:
        return etwr_event_add_str16_raw(event, "f", "abc", 3, 0, 0);
    case 9:
        return etwr_event_add_zstr16_raw_sequence(event, "f", two_values, 2, 0, 0);
    case 10:
        return etwr_event_add_sid(event, "f", "\1\1\0\0\0\0\0\5", 8, 0, 0);
    case 11:
        return etwr_event_add_sid(event, "f", sid_of_16, sizeof sid_of_16, 0, 0);
    case 12:
        return etwr_event_add_sid(event, "f", NULL, 0, 0, 0);
    case 13:
        return etwr_event_add_binary(event, "f", NULL, 1, 0, 0);
    case 14:
        return etwr_event_add_cbinary_array(event, "f", &missing_bytes, 1, 0, 0);
    case 15:
        return etwr_event_add_custom(event, "f", 1, NULL, 1, "", 0, 0, 0);
    case 16:
        return etwr_event_add_custom(event, "f", 1, "", 0, NULL, 1, 0, 0);
    case 17:
        return etwr_event_declare_struct(event, "f", ETWR_IN_CONSTANT_ARRAY, 0, 1, 0);
    case 18:
        return etwr_event_add_str8_raw_sequence(event, "f", NULL, 1, 0, 0);
    default:
        return etwr_event_add_zstr16_sequence(event, "f", NULL, 1, 0, 0);
    }
}

static enum etwr_status data_too_long(int call)
{
    switch (call) {
    case 0:
        return etwr_event_add_uint8_array(event, "f", (uint8_t *)big, 65536, 0, 0);
    case 1:
        return etwr_event_add_uint64_sequence(event, "f", (uint64_t *)(void *)big, SIZE_MAX / 4, 0,
                                              0);
    case 2:
        return etwr_event_add_cbinary(event, "f", big, 65536, 0, 0);
    case 3:
        return etwr_event_add_custom(event, "f", 1, "", 0, big, 65536, 0, 0);
    case 4:
        big[65536] = '\0';
        return etwr_event_add_str8(event, "f", big, 0, 0);
    case 5:
        big[32768] = '\0';
        return etwr_event_add_str16(event, "f", big, 0, 0);
    case 6:
        return etwr_event_add_custom(event, "f", 1, "", 0, big, SIZE_MAX, 0, 0);
    case 7:
        return etwr_event_add_cbinary(event, "f", big, SIZE_MAX, 0, 0);
    default:
        return etwr_event_add_packed(event, "f", ETWR_IN_ZSTR8, 0, big, SIZE_MAX, 0, 0);
    }
}

static enum etwr_status metadata_too_long(int call)
{
    switch (call) {
    case 0:
        return etwr_event_add_custom(event, "f", 1, big, 65536, "", 0, 0, 0);
    case 1:
        big[40000] = '\0';
        return etwr_event_add_uint8(event, big, 1, 0, 0);
    default:
        return etwr_event_declare_custom(event, "f", 1, big, SIZE_MAX, 0, 0);
    }
}

static enum etwr_status bad_struct(int call)
{
    switch (call) {
    case 0:
        return etwr_event_add_struct(event, "f", 0, 0);
    case 1:
        return etwr_event_add_struct(event, "f", 128, 0);
    case 2:
        return etwr_event_end_struct(event);
    case 3:
        return etwr_event_next_element(event);
    default:
        return etwr_event_declare_struct(event, "f", 0, 0, 128, 0);
    }
}

static const struct {
    enum etwr_status expected;
    int count;
    enum etwr_status (*call)(int call);
} refusals[] = {
    {ETWR_E_BAD_NAME, 4, bad_name},
    {ETWR_E_BAD_TYPE, 4, bad_type},
    {ETWR_E_BAD_TAG, 3, bad_tag},
    {ETWR_E_BAD_VALUE, 20, bad_value},
    {ETWR_E_DATA_TOO_LONG, 9, data_too_long},
    {ETWR_E_METADATA_TOO_LONG, 3, metadata_too_long},
    {ETWR_E_BAD_STRUCT, 5, bad_struct},
};

static enum etwr_status refused_call(int call, enum etwr_status *expected)
{
    size_t reason = 0;
    for (; call >= refusals[reason].count; reason++)
        call -= refusals[reason].count;
    *expected = refusals[reason].expected;
    return refusals[reason].call(call);
}

#define REFUSED_CALLS 48

/* All that counts in a builder; the error state hides it from the public face. */
struct snapshot {
    uint8_t metadata[64], data[64];
    size_t metadata_size, data_size;
    uint32_t fields, depth, compare_at, tag;
    bool is_template;
    struct scope innermost;
};

static struct snapshot take_snapshot(void)
{
    struct snapshot snapshot = {.metadata_size = (size_t)(event->metadata_at - event->metadata),
                                .data_size = (size_t)(event->data_at - event->data),
                                .fields = event->fields,
                                .depth = event->depth,
                                .compare_at = event->compare_at,
                                .tag = event->tag,
                                .is_template = event->is_template};
    ck_assert_uint_le(snapshot.metadata_size, sizeof snapshot.metadata);
    ck_assert_uint_le(snapshot.data_size, sizeof snapshot.data);
    memcpy(snapshot.metadata + METADATA_NAME_AT, event->metadata + METADATA_NAME_AT,
           snapshot.metadata_size - METADATA_NAME_AT);
    memcpy(snapshot.data, event->data, snapshot.data_size);
    if (event->depth > 0) snapshot.innermost = event->scopes[event->depth - 1];
    return snapshot;
}

static void expect_same(const struct snapshot *before)
{
    const struct snapshot now = take_snapshot();
    ck_assert_uint_eq(now.metadata_size, before->metadata_size);
    ck_assert_uint_eq(now.data_size, before->data_size);
    ck_assert_mem_eq(now.metadata, before->metadata, sizeof now.metadata);
    ck_assert_mem_eq(now.data, before->data, sizeof now.data);
    ck_assert_uint_eq(now.fields, before->fields);
    ck_assert_uint_eq(now.depth, before->depth);
    ck_assert_uint_eq(now.compare_at, before->compare_at);
    ck_assert_uint_eq(now.tag, before->tag);
    ck_assert_int_eq(now.is_template, before->is_template);
    ck_assert_uint_eq(now.innermost.members, before->innermost.members);
    ck_assert_uint_eq(now.innermost.elements, before->innermost.elements);
}

START_TEST(refused_call_changes_nothing_but_the_status)
{
    enum etwr_status expected;
    struct etwr_encoded encoded;
    etwr_event_add_uint8(event, "a", 1, 0, 0);
    const struct snapshot before = take_snapshot();
    ck_assert_int_eq(refused_call(_i, &expected), expected);
    expect_same(&before);
    ck_assert_int_eq(etwr_event_status(event), expected);
    ck_assert_int_eq(etwr_event_encode(event, &encoded), expected);
    ck_assert_int_eq(etwr_event_encode_template(event, &encoded), expected);
}
END_TEST

START_TEST(refused_call_changes_nothing_within_a_struct)
{
    enum etwr_status expected;
    etwr_event_add_struct(event, "s", 2, 0);
    etwr_event_add_uint8(event, "a", 1, 0, 0);
    const struct snapshot before = take_snapshot();
    ck_assert_int_eq(refused_call(_i, &expected), expected);
    expect_same(&before);
}
END_TEST

START_TEST(refused_call_changes_nothing_within_a_repeated_element)
{
    enum etwr_status expected;
    etwr_event_begin_struct_sequence(event, "s", 0);
    for (int element = 0; element < 2; element++) {
        etwr_event_next_element(event);
        etwr_event_add_uint8(event, "a", 1, 0, 0);
        if (element == 0) etwr_event_add_uint8(event, "b", 1, 0, 0);
    }
    const struct snapshot before = take_snapshot();
    ck_assert_int_ne(refused_call(_i, &expected), ETWR_OK);
    expect_same(&before);
}
END_TEST

START_TEST(the_first_error_stays_and_later_calls_do_nothing)
{
    struct etwr_encoded encoded = {.data = {NULL, 77}};
    enum etwr_status ignored;
    ck_assert_int_eq(etwr_event_add_str8(event, "f", BAD_UTF8, 0, 0), ETWR_E_BAD_VALUE);
    for (int call = 0; call < REFUSED_CALLS; call++)
        ck_assert_int_eq(refused_call(call, &ignored), ETWR_E_BAD_VALUE);
    ck_assert_int_eq(etwr_event_add_uint8(event, "f", 1, 0, 0), ETWR_E_BAD_VALUE);
    ck_assert_int_eq(etwr_event_add_guid(event, "f", &(struct etwr_guid){{0}}, 0, 0),
                     ETWR_E_BAD_VALUE);
    ck_assert_int_eq(etwr_event_begin_struct(event, "f", 0), ETWR_E_BAD_VALUE);
    ck_assert_int_eq(etwr_event_set_tag(event, 1), ETWR_E_BAD_VALUE);
    ck_assert_int_eq(etwr_event_encode(event, &encoded), ETWR_E_BAD_VALUE);
    ck_assert_uint_eq(encoded.data.size, 77);
    next_event(event);
    expect_event(event, "", "");
}
END_TEST

START_TEST(a_bad_event_name_is_kept_as_an_error)
{
    struct etwr_encoded encoded;
    ck_assert_int_eq(etwr_event_reset(event, BAD_UTF8, 5, 1), ETWR_E_BAD_NAME);
    ck_assert_int_eq(etwr_event_add_uint8(event, "f", 1, 0, 0), ETWR_E_BAD_NAME);
    ck_assert_int_eq(etwr_event_encode(event, &encoded), ETWR_E_BAD_NAME);
    ck_assert_int_eq(etwr_event_reset(event, NULL, 5, 1), ETWR_E_BAD_NAME);
    big[40000] = '\0';
    ck_assert_int_eq(etwr_event_reset(event, big, 5, 1), ETWR_E_METADATA_TOO_LONG);
    next_event(event);
    expect_event(event, "", "");
}
END_TEST

START_TEST(a_null_builder_is_an_invalid_argument)
{
    struct etwr_encoded encoded;
    const struct etwr_guid id = {{0}};
    ck_assert_int_eq(etwr_event_create(NULL), ETWR_E_INVALID_ARGUMENT);
    ck_assert_int_eq(etwr_event_reset(NULL, "", 5, 1), ETWR_E_INVALID_ARGUMENT);
    ck_assert_int_eq(etwr_event_status(NULL), ETWR_E_INVALID_ARGUMENT);
    ck_assert_int_eq(etwr_event_add_uint8(NULL, "f", 1, 0, 0), ETWR_E_INVALID_ARGUMENT);
    ck_assert_int_eq(etwr_event_add_guid(NULL, "f", &id, 0, 0), ETWR_E_INVALID_ARGUMENT);
    ck_assert_int_eq(etwr_event_add_str8(NULL, "f", "", 0, 0), ETWR_E_INVALID_ARGUMENT);
    ck_assert_int_eq(etwr_event_add_str8(NULL, "f", NULL, 0, 0), ETWR_E_INVALID_ARGUMENT);
    ck_assert_int_eq(etwr_event_add_binary(NULL, "f", "", 0, 0, 0), ETWR_E_INVALID_ARGUMENT);
    ck_assert_int_eq(etwr_event_begin_struct(NULL, "f", 0), ETWR_E_INVALID_ARGUMENT);
    ck_assert_int_eq(etwr_event_add_struct(NULL, "f", 1, 0), ETWR_E_INVALID_ARGUMENT);
    ck_assert_int_eq(etwr_event_next_element(NULL), ETWR_E_INVALID_ARGUMENT);
    ck_assert_int_eq(etwr_event_end_struct(NULL), ETWR_E_INVALID_ARGUMENT);
    ck_assert_int_eq(etwr_event_declare_struct(NULL, "f", 0, 0, 1, 0), ETWR_E_INVALID_ARGUMENT);
    ck_assert_int_eq(etwr_event_encode(NULL, &encoded), ETWR_E_INVALID_ARGUMENT);
    ck_assert_int_eq(etwr_event_encode(event, NULL), ETWR_E_INVALID_ARGUMENT);
    etwr_event_set_id(NULL, 1);
    etwr_event_set_activity_id(NULL, NULL);
    etwr_event_destroy(NULL);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("builder failures");
    TCase *refused = tcase_create("refused");
    tcase_add_checked_fixture(refused, setup, teardown);
    tcase_add_loop_test(refused, refused_call_changes_nothing_but_the_status, 0, REFUSED_CALLS);
    tcase_add_loop_test(refused, refused_call_changes_nothing_within_a_struct, 0, REFUSED_CALLS);
    tcase_add_loop_test(refused, refused_call_changes_nothing_within_a_repeated_element, 0,
                        REFUSED_CALLS);
    tcase_add_test(refused, the_first_error_stays_and_later_calls_do_nothing);
    tcase_add_test(refused, a_bad_event_name_is_kept_as_an_error);
    tcase_add_test(refused, a_null_builder_is_an_invalid_argument);
    suite_add_tcase(suite, refused);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
