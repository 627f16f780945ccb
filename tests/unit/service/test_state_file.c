/* The state file's bytes: what was put is read, and whatever else is there is told apart. */
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "service/state_file.h"

static uint8_t file[STATE_FILE_BYTES];

static struct state_record sample(uint64_t generation)
{
    const struct state_record record = {
        .generation = generation,
        .is_clean = false,
        .pid = 4711,
        .started = 134400731568745375u,
        .counted = 134400731578745375u + generation,
        .totals = {3, 1000 + generation, 900, 60, 30, 10 + generation},
    };
    return record;
}

static void put(uint64_t generation)
{
    const struct state_record record = sample(generation);
    state_file_put(&record, file + state_file_offset(generation));
}

static void setup(void)
{
    memset(file, 0, sizeof file);
}

static void check_record(const struct state_record *record, uint64_t generation)
{
    const struct state_record expected = sample(generation);
    ck_assert_uint_eq(record->generation, expected.generation);
    ck_assert_uint_eq(record->is_clean, expected.is_clean);
    ck_assert_uint_eq(record->pid, expected.pid);
    ck_assert_uint_eq(record->started, expected.started);
    ck_assert_uint_eq(record->counted, expected.counted);
    ck_assert_uint_eq(record->totals.clients, expected.totals.clients);
    ck_assert_uint_eq(record->totals.accepted, expected.totals.accepted);
    ck_assert_uint_eq(record->totals.written, expected.totals.written);
    ck_assert_uint_eq(record->totals.not_enabled, expected.totals.not_enabled);
    ck_assert_uint_eq(record->totals.dropped, expected.totals.dropped);
    ck_assert_uint_eq(record->totals.pending, expected.totals.pending);
}

START_TEST(what_was_put_is_read)
{
    struct state_record record;
    put(1);
    ck_assert_int_eq(state_file_read(file, sizeof file, &record), STATE_GOOD);
    check_record(&record, 1);
}
END_TEST

START_TEST(a_slot_has_the_documented_bytes)
{
    static const uint8_t start[] = {'E', 'T', 'W', 'R', 'S', 'T', 'A', '1', 1,    0,    0, 0,
                                    0,   0,   0,   0,   1,   0,   0,   0,   0x67, 0x12, 0, 0};
    static const uint8_t crc[] = {0x8F, 0xAB, 0x1E, 0xC5}; /* by zlib */
    struct state_record record = sample(1);
    record.is_clean = true;
    state_file_put(&record, file);
    ck_assert_mem_eq(file, start, sizeof start);
    ck_assert_mem_eq(file + STATE_SLOT_BYTES - sizeof crc, crc, sizeof crc);
    ck_assert_uint_eq(file[24], record.started & 0xFF);
    ck_assert_uint_eq(file[32], record.counted & 0xFF);
    ck_assert_uint_eq(file[40], 3);
    ck_assert_uint_eq(file[80], 11);
}
END_TEST

START_TEST(the_newer_of_two_records_counts)
{
    struct state_record record;
    put(6);
    put(7);
    ck_assert_int_eq(state_file_read(file, sizeof file, &record), STATE_GOOD);
    check_record(&record, 7);
    put(8);
    ck_assert_int_eq(state_file_read(file, sizeof file, &record), STATE_GOOD);
    check_record(&record, 8);
}
END_TEST

START_TEST(a_clean_end_is_told_from_a_bad_one)
{
    struct state_record record = sample(2);
    record.is_clean = true;
    put(1);
    state_file_put(&record, file + state_file_offset(2));
    ck_assert_int_eq(state_file_read(file, sizeof file, &record), STATE_GOOD);
    ck_assert(record.is_clean);
}
END_TEST

START_TEST(any_changed_bit_of_the_newer_record_brings_the_older_one_back)
{
    put(6);
    put(7);
    for (size_t bit = 0; bit < STATE_SLOT_BYTES * 8; bit++) {
        struct state_record record;
        uint8_t *byte = file + state_file_offset(7) + bit / 8;
        *byte ^= (uint8_t)(1u << bit % 8);
        ck_assert_int_eq(state_file_read(file, sizeof file, &record), STATE_GOOD);
        check_record(&record, 6);
        *byte ^= (uint8_t)(1u << bit % 8);
    }
}
END_TEST

START_TEST(a_single_record_with_any_byte_changed_is_not_believed)
{
    put(1);
    for (size_t i = 0; i < STATE_SLOT_BYTES; i++) {
        for (unsigned flip = 1; flip < 256; flip++) {
            struct state_record record;
            uint8_t *byte = file + state_file_offset(1) + i;
            *byte ^= (uint8_t)flip;
            ck_assert_int_eq(state_file_read(file, sizeof file, &record),
                             i < 8 ? STATE_FOREIGN : STATE_DAMAGED);
            *byte ^= (uint8_t)flip;
        }
    }
}
END_TEST

START_TEST(a_file_cut_anywhere_gives_what_is_whole)
{
    struct state_record record;
    put(6);
    put(7);
    for (size_t size = 0; size < STATE_FILE_BYTES; size++) {
        uint8_t *copy = malloc(size + 1); /* a read past the end is seen by the sanitizer */
        ck_assert_ptr_nonnull(copy);
        memcpy(copy, file, size);
        enum state_verdict verdict = state_file_read(copy, size, &record);
        if (size == 0)
            ck_assert_int_eq(verdict, STATE_EMPTY);
        else if (size < STATE_SLOT_BYTES)
            ck_assert_int_eq(verdict, STATE_DAMAGED);
        else
            ck_assert_int_eq(verdict, STATE_GOOD);
        if (verdict == STATE_GOOD) check_record(&record, 6);
        free(copy);
    }
}
END_TEST

START_TEST(a_record_in_the_other_slot_is_not_believed)
{
    struct state_record record = sample(7);
    state_file_put(&record, file + state_file_offset(6));
    ck_assert_int_eq(state_file_read(file, sizeof file, &record), STATE_DAMAGED);
}
END_TEST

START_TEST(zeros_and_nothing_are_empty)
{
    struct state_record record;
    ck_assert_int_eq(state_file_read(NULL, 0, &record), STATE_EMPTY);
    ck_assert_int_eq(state_file_read(file, sizeof file, &record), STATE_EMPTY);
}
END_TEST

START_TEST(somebody_elses_file_is_foreign)
{
    static const char text[] = "{\"pipe\": \"/run/etwrelay/etwrelay.sock\"}";
    uint8_t longer[STATE_FILE_BYTES + 1] = {0};
    struct state_record record;
    ck_assert_int_eq(state_file_read(text, sizeof text, &record), STATE_FOREIGN);
    put(1);
    memcpy(longer, file, sizeof file);
    ck_assert_int_eq(state_file_read(longer, sizeof longer, &record), STATE_FOREIGN);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("state_file");
    TCase *tc = tcase_create("state_file");
    tcase_add_checked_fixture(tc, setup, NULL);
    tcase_add_test(tc, what_was_put_is_read);
    tcase_add_test(tc, a_slot_has_the_documented_bytes);
    tcase_add_test(tc, the_newer_of_two_records_counts);
    tcase_add_test(tc, a_clean_end_is_told_from_a_bad_one);
    tcase_add_test(tc, any_changed_bit_of_the_newer_record_brings_the_older_one_back);
    tcase_add_test(tc, a_single_record_with_any_byte_changed_is_not_believed);
    tcase_add_test(tc, a_file_cut_anywhere_gives_what_is_whole);
    tcase_add_test(tc, a_record_in_the_other_slot_is_not_believed);
    tcase_add_test(tc, zeros_and_nothing_are_empty);
    tcase_add_test(tc, somebody_elses_file_is_foreign);
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
