/* Schemas to numbers. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "client/intern.h"
#include "protocol/wire/request.h"

static struct intern intern;
static struct etwr_descriptor descriptor = {.channel = 11, .level = 5, .keyword = 1};

static void setup(void)
{
    ck_assert(intern_init(&intern, 42));
}

static void teardown(void)
{
    intern_clear(&intern);
}

/* The key of the schema that is called `number`. */
static struct intern_key key_of(uint16_t slot, uint32_t number)
{
    static uint8_t metadata[16];
    struct intern_key key = {.slot = slot, .descriptor = &descriptor, .metadata = {metadata, 11}};

    memset(metadata, 0, sizeof metadata);
    memcpy(metadata + 3, &number, sizeof number);
    key.hash = intern_hash(&intern, &key);
    return key;
}

static struct known *find(uint16_t slot, uint32_t number)
{
    struct intern_key key = key_of(slot, number);

    return intern_find(&intern, &key);
}

static struct known *add(uint16_t slot, uint32_t number)
{
    struct intern_key key = key_of(slot, number);
    struct known *known = intern_add(&intern, &key);

    ck_assert_ptr_nonnull(known);
    return known;
}

START_TEST(what_was_added_is_found_by_all_its_parts)
{
    struct known *known = add(1, 7);

    ck_assert_ptr_eq(find(1, 7), known);
    ck_assert_ptr_null(find(2, 7));
    ck_assert_ptr_null(find(1, 8));
    descriptor.level = 4;
    ck_assert_ptr_null(find(1, 7));
    descriptor.level = 5;
}
END_TEST

START_TEST(the_frame_announces_the_schema)
{
    struct known *known = add(3, 7);
    struct request_schema schema;
    struct frame frame;
    size_t used;

    ck_assert_int_eq(frame_find(known->frame, known->frame_size, &frame, &used), FRAME_WHOLE);
    ck_assert_uint_eq(used, known->frame_size);
    ck_assert_int_eq(request_read_schema(&frame, &schema), ETWR_OK);
    ck_assert_uint_eq(schema.slot, 3);
    ck_assert_uint_eq(schema.schema_id, known->id);
    ck_assert_uint_eq(schema.descriptor.keyword, 1);
    ck_assert_uint_eq(schema.metadata.size, 11);
}
END_TEST

START_TEST(ids_are_1_to_4096_and_each_is_live_once)
{
    static struct known *by_id[INTERN_SCHEMAS_MAX + 1];

    for (uint32_t i = 0; i < 10000; i++) {
        struct known *known = add(1, i);

        ck_assert_uint_ge(known->id, 1);
        ck_assert_uint_le(known->id, INTERN_SCHEMAS_MAX);
        if (i < INTERN_SCHEMAS_MAX) ck_assert_ptr_null(by_id[known->id]);
        by_id[known->id] = known;
    }
    for (uint32_t id = 1; id <= INTERN_SCHEMAS_MAX; id++)
        ck_assert_uint_eq(by_id[id]->id, id);
}
END_TEST

START_TEST(what_is_used_all_the_time_keeps_its_number)
{
    uint32_t id = add(1, 0)->id;

    for (uint32_t i = 1; i < 20000; i++) {
        ck_assert_ptr_nonnull(find(1, 0));
        add(1, i);
    }
    ck_assert_uint_eq(find(1, 0)->id, id);
}
END_TEST

START_TEST(a_full_table_takes_the_number_from_the_same_slot)
{
    uint32_t id = add(2, 0)->id;

    for (uint32_t i = 1; i < INTERN_SCHEMAS_MAX; i++)
        add(1, i);
    ck_assert_uint_eq(add(2, 1)->id, id);
    ck_assert_ptr_null(find(2, 0));
    /* A slot without any takes one from whom it can. */
    add(3, 0);
    ck_assert_ptr_nonnull(find(2, 1));
}
END_TEST

START_TEST(who_holds_a_reference_sees_that_the_number_is_gone)
{
    struct known *known = known_acquire(add(1, 0));

    for (uint32_t i = 1; i <= 2 * INTERN_SCHEMAS_MAX; i++)
        add(1, i);
    ck_assert(!known->is_listed);
    ck_assert_ptr_null(find(1, 0));
    known_release(known);
}
END_TEST

START_TEST(a_closed_slots_numbers_are_free_again)
{
    for (uint32_t i = 0; i < 10; i++)
        add((uint16_t)(1 + i % 2), i);
    intern_forget_slot(&intern, 1);
    for (uint32_t i = 0; i < 10; i++)
        ck_assert_int_eq(find((uint16_t)(1 + i % 2), i) != NULL, i % 2 == 1);
    for (uint32_t i = 0; i < 5; i++)
        ck_assert_uint_le(add(3, i)->id, 10);
    ck_assert_uint_eq(add(3, 5)->id, 11);
}
END_TEST

START_TEST(a_lower_limit_holds_at_once)
{
    for (uint32_t i = 0; i < 100; i++)
        add(1, i);
    intern_forget_slot(&intern, 9);
    intern_limit(&intern, 10);
    for (uint32_t i = 100; i < 200; i++)
        ck_assert_uint_le(add(1, i)->id, 10);
    intern_limit(&intern, 0);
    ck_assert_uint_eq(add(1, 500)->id, 1);
    ck_assert_uint_eq(add(1, 501)->id, 1);
    intern_limit(&intern, 100000);
    ck_assert_uint_eq(add(1, 502)->id, 2);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("intern");
    TCase *tcase = tcase_create("intern");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_set_timeout(tcase, 50);
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, what_was_added_is_found_by_all_its_parts);
    tcase_add_test(tcase, the_frame_announces_the_schema);
    tcase_add_test(tcase, ids_are_1_to_4096_and_each_is_live_once);
    tcase_add_test(tcase, what_is_used_all_the_time_keeps_its_number);
    tcase_add_test(tcase, a_full_table_takes_the_number_from_the_same_slot);
    tcase_add_test(tcase, who_holds_a_reference_sees_that_the_number_is_gone);
    tcase_add_test(tcase, a_closed_slots_numbers_are_free_again);
    tcase_add_test(tcase, a_lower_limit_holds_at_once);
    suite_add_tcase(suite, tcase);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
