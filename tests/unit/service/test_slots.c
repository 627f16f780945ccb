/* Slots: keys that a client chose so that they collide, and what the secret makes of them (T18). */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "service/pipe/slots.h"

#define CANDIDATES  65536u
#define BUCKETS     256u /* of a table with as many schemas as collide */
#define CHOSEN_MAX  512u
#define CHAIN_LIMIT 12u

static const uint64_t known = 0x0123456789ABCDEFu, other = 0xFEDCBA9876543210u;

static void add_all(struct slot *slot, const uint32_t *ids, size_t count)
{
    memset(slot, 0, sizeof *slot);
    for (size_t i = 0; i < count; i++)
        ck_assert_ptr_nonnull(slot_add_schema(slot, ids == NULL ? (uint32_t)i : ids[i]));
}

static void clear(struct slot *slot)
{
    (void)slot_clear_schemas(slot);
    free(slot->buckets);
}

/* Who knows the secret can choose ids that meet in one bucket of a small table: those that meet in
 * every 256th of a large one. */
static size_t choose(uint32_t chosen[CHOSEN_MAX])
{
    struct slot slot;
    size_t count = 0;
    add_all(&slot, NULL, CANDIDATES / 2);
    for (size_t b = 0; b < slot.bucket_count; b += BUCKETS)
        for (struct slot_schema *s = slot.buckets[b]; s != NULL && count < BUCKETS; s = s->next)
            chosen[count++] = s->id;
    clear(&slot);
    return count;
}

static size_t longest_chain(const struct slot *slot)
{
    size_t longest = 0;
    for (size_t b = 0; b < slot->bucket_count; b++) {
        size_t length = 0;
        for (const struct slot_schema *s = slot->buckets[b]; s != NULL; s = s->next)
            length++;
        if (length > longest) longest = length;
    }
    return longest;
}

START_TEST(ids_chosen_to_collide_do_not_where_the_secret_is_another)
{
    uint32_t chosen[CHOSEN_MAX] = {0};
    struct slot slot;
    slots_seed(known);
    size_t count = choose(chosen);
    ck_assert_uint_gt(count, BUCKETS / 4);
    add_all(&slot, chosen, count);
    ck_assert_uint_ge(longest_chain(&slot), count / 2); /* the attack works, with the secret */
    clear(&slot);
    slots_seed(other);
    add_all(&slot, chosen, count);
    ck_assert_uint_le(longest_chain(&slot), CHAIN_LIMIT);
    for (size_t i = 0; i < count; i++)
        ck_assert_ptr_nonnull(slot_find_schema(&slot, chosen[i]));
    clear(&slot);
}
END_TEST

START_TEST(ids_in_a_row_are_spread)
{
    struct slot slot;
    slots_seed(known);
    add_all(&slot, NULL, 4096);
    ck_assert_uint_le(longest_chain(&slot), CHAIN_LIMIT);
    clear(&slot);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("slots");
    TCase *tcase = tcase_create("slots");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_test(tcase, ids_chosen_to_collide_do_not_where_the_secret_is_another);
    tcase_add_test(tcase, ids_in_a_row_are_spread);
    suite_add_tcase(suite, tcase);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
