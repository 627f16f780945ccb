/* The ring of whole entries. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "client/queue.h"

static struct queue queue;

static void setup(void)
{
    ck_assert(queue_init(&queue, 100));
}

static void teardown(void)
{
    queue_clear(&queue);
}

/* An entry of `size` bytes of one value; false: no room. */
static bool put(size_t size, uint8_t value)
{
    uint8_t *room = queue_reserve(&queue, size);

    if (!room) return false;
    memset(room, value, size);
    queue_commit(&queue, size);
    return true;
}

/* Take `size` bytes, all of `value`, off the front. */
static void take(size_t size, uint8_t value)
{
    size_t have = 0, same = 0;
    const uint8_t *bytes = queue_peek(&queue, &have);

    if (!bytes || have < size) ck_abort_msg("%zu bytes instead of %zu", have, size);
    while (same < size && bytes[same] == value)
        same++;
    if (same < size) ck_abort_msg("byte %zu is %u instead of %u", same, bytes[same], value);
    queue_consume(&queue, size);
}

START_TEST(entries_come_out_in_the_order_they_went_in)
{
    ck_assert(put(30, 1) && put(30, 2) && put(40, 3));
    ck_assert(!put(1, 4));
    take(30, 1);
    take(30, 2);
    take(40, 3);
    ck_assert(queue_is_empty(&queue));
}
END_TEST

START_TEST(an_entry_is_never_split_at_the_end)
{
    size_t size;

    ck_assert(put(40, 1) && put(40, 2));
    take(40, 1);
    /* 20 bytes at the end, 40 at the start */
    ck_assert(put(30, 3));
    queue_peek(&queue, &size);
    ck_assert_uint_eq(size, 40);
    ck_assert(!put(11, 4));
    ck_assert(put(10, 4));
    take(40, 2);
    take(30, 3);
    take(10, 4);
}
END_TEST

START_TEST(an_empty_queue_takes_an_entry_as_large_as_itself)
{
    ck_assert(put(60, 1));
    ck_assert(!put(60, 2));
    take(60, 1);
    ck_assert(put(100, 2));
    take(100, 2);
    ck_assert(put(100, 3));
    ck_assert(!put(101, 4));
}
END_TEST

START_TEST(room_that_is_reserved_but_not_committed_stays_free)
{
    ck_assert_ptr_nonnull(queue_reserve(&queue, 100));
    ck_assert(queue_is_empty(&queue));
    ck_assert(put(100, 1));
}
END_TEST

START_TEST(any_sequence_of_sizes_comes_out_whole)
{
    uint32_t random = 1;
    uint8_t in = 0, out = 0;
    size_t sizes[256];
    uint64_t bytes = 0;

    for (int step = 0; step < 200000; step++) {
        size_t size;

        random = random * 1664525 + 1013904223;
        size = 1 + (random >> 16) % (step % 7 == 0 ? 100 : 30);
        if ((random >> 8) % 2 == 0 && (uint8_t)(in - out) < 255 && put(size, in)) {
            sizes[in++] = size;
            bytes += size;
        } else if (in != out) {
            take(sizes[out], out);
            bytes -= sizes[out++];
        }
        if (queue.used != bytes) ck_abort_msg("step %d: %zu bytes used", step, queue.used);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("queue");
    TCase *tcase = tcase_create("queue");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, entries_come_out_in_the_order_they_went_in);
    tcase_add_test(tcase, an_entry_is_never_split_at_the_end);
    tcase_add_test(tcase, an_empty_queue_takes_an_entry_as_large_as_itself);
    tcase_add_test(tcase, room_that_is_reserved_but_not_committed_stays_free);
    tcase_add_test(tcase, any_sequence_of_sizes_comes_out_whole);
    suite_add_tcase(suite, tcase);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
