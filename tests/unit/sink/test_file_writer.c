/*
 * The writer thread and its buffers by themselves: regions, their order, what a large record does
 * to a buffer.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "service/sink/file_writer.h"

#define BUFFER_BYTES 4096u
#define START_OFFSET 72u

/* What the write callback has seen; read when the writer has stopped. */
static struct {
    unsigned regions, finals;
    size_t bytes, largest;
    uint32_t events;
    unsigned wrong; /* regions that do not begin where the last of that buffer ended */
    const struct writer_buffer *open; /* with regions to come */
    size_t end;                       /* of its last region */
    size_t capacity;                  /* of the last buffer that was seen */
} seen;

static enum etwr_reason write_region(void *context, struct writer_batch *batch)
{
    (void)context;
    size_t start = seen.open ? seen.end : START_OFFSET;
    if (batch->start != start || (seen.open && seen.open != batch->buffer)) seen.wrong++;
    for (size_t i = batch->start; i < batch->end; i++)
        seen.wrong += batch->buffer->bytes[i] != 'x';
    size_t size = batch->end - batch->start;
    seen.regions++;
    seen.bytes += size;
    seen.events += batch->event_count;
    if (size > seen.largest) seen.largest = size;
    seen.finals += batch->is_final;
    seen.open = batch->is_final ? NULL : batch->buffer;
    seen.end = batch->end;
    seen.capacity = batch->buffer->capacity;
    return ETWR_REASON_NONE;
}

static void on_settled(void *context, unsigned worker)
{
    (void)context;
    (void)worker;
}

static struct file_writer *writer;

static void start(void)
{
    struct file_writer_options options = {.worker_count = 1,
                                          .buffer_bytes = BUFFER_BYTES,
                                          .start_offset = START_OFFSET,
                                          .stall_ms = 60000,
                                          .write = write_region,
                                          .callbacks = {.on_settled = on_settled}};
    memset(&seen, 0, sizeof seen);
    ck_assert_int_eq(file_writer_start(&options, &writer), ETWR_OK);
}

static uint32_t collect(void)
{
    uint32_t events = 0;
    struct sink_batch *batch = file_writer_take_settled(writer, 0);
    while (batch) {
        struct sink_batch *next = batch->next;
        events += ((struct writer_batch *)batch)->event_count;
        file_writer_release(writer, 0, batch);
        batch = next;
    }
    return events;
}

static void put(size_t size)
{
    enum etwr_reason reason;
    while (!file_writer_ready(writer, 0, 0))
        collect();
    void *room = file_writer_reserve(writer, 0, size, &reason);
    ck_assert_ptr_nonnull(room);
    memset(room, 'x', size);
    file_writer_commit(writer, 0, size);
}

static void finish(void)
{
    file_writer_stop(writer);
    collect();
    file_writer_destroy(writer);
    ck_assert_uint_eq(seen.wrong, 0);
}

START_TEST(regions_follow_each_other_and_lose_no_byte)
{
    size_t bytes = 0;
    start();
    for (uint32_t i = 0; i < 2000; i++) {
        size_t size = 8 * (1 + i * 7 % 60);
        put(size);
        bytes += size;
        if (i % 3 == 0) file_writer_flush(writer, 0);
    }
    finish();
    ck_assert_uint_eq(seen.bytes, bytes);
    ck_assert_uint_eq(seen.events, 2000);
    ck_assert_uint_ge(seen.finals, bytes / BUFFER_BYTES);
    ck_assert_uint_gt(seen.regions, seen.finals);
}
END_TEST

START_TEST(flush_without_events_hands_nothing_over)
{
    start();
    file_writer_flush(writer, 0);
    put(8);
    file_writer_flush(writer, 0);
    file_writer_flush(writer, 0);
    finish();
    ck_assert_uint_eq(seen.regions, 1);
}
END_TEST

START_TEST(buffer_of_a_large_record_becomes_small_again)
{
    start();
    put(8);
    put(10 * BUFFER_BYTES);
    put(16);
    for (int i = 0; i < 20; i++)
        put(BUFFER_BYTES - START_OFFSET); /* each buffer comes by again */
    finish();
    ck_assert_uint_eq(seen.largest, 10 * BUFFER_BYTES);
    ck_assert_uint_eq(seen.events, 23);
    ck_assert_uint_eq(seen.capacity, BUFFER_BYTES);
}
END_TEST

START_TEST(record_that_no_address_space_can_hold_is_refused_and_harms_nothing)
{
    enum etwr_reason reason;
    start();
    put(8);
    ck_assert_ptr_null(file_writer_reserve(writer, 0, SIZE_MAX - 8, &reason));
    ck_assert_int_eq(reason, ETWR_REASON_NO_MEMORY);
    put(8);
    finish();
    ck_assert_uint_eq(seen.events, 2);
    ck_assert_uint_eq(seen.regions, 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("file writer");
    TCase *cases = tcase_create("regions");
    tcase_set_timeout(cases, 50);
    tcase_add_test(cases, regions_follow_each_other_and_lose_no_byte);
    tcase_add_test(cases, flush_without_events_hands_nothing_over);
    tcase_add_test(cases, buffer_of_a_large_record_becomes_small_again);
    tcase_add_test(cases, record_that_no_address_space_can_hold_is_refused_and_harms_nothing);
    suite_add_tcase(suite, cases);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
