/* Replies: golden frames both ways, every wrong size, and each rule of PROTOCOL.md section 4. */
#include <check.h>
#include <stdlib.h>

#include "protocol/wire/reply.h"
#include "tests/wire/golden.h"
#include "tests/wire/sample.h"

static enum etwr_status read_welcome(const struct frame *frame)
{
    struct reply_welcome welcome;

    return reply_read_welcome(frame, &welcome);
}

static enum etwr_status read_refused(const struct frame *frame)
{
    struct reply_refused refused;

    return reply_read_refused(frame, &refused);
}

static enum etwr_status read_state(const struct frame *frame)
{
    struct reply_provider_state state;

    return reply_read_provider_state(frame, &state);
}

static enum etwr_status read_ack(const struct frame *frame)
{
    struct reply_ack ack;

    return reply_read_ack(frame, &ack);
}

static enum etwr_status read_flushed(const struct frame *frame)
{
    uint64_t cookie;

    return reply_read_flushed(frame, &cookie);
}

static enum etwr_status read_error(const struct frame *frame)
{
    struct reply_error error;

    return reply_read_error(frame, &error);
}

static enum etwr_status read_status(const struct frame *frame)
{
    struct reply_status status;

    return reply_read_status(frame, &status);
}

static void put_welcome(struct writer *writer)
{
    struct reply_welcome welcome = {1, 0, WIRE_BODY_MAX_BYTES, 4096, 8};

    reply_put_welcome(writer, &welcome);
}

static void put_refused(struct writer *writer)
{
    struct reply_refused refused = {ETWR_REASON_USER_LIMIT,
                                    sample_text("64 clients of this user exist")};

    reply_put_refused(writer, &refused);
}

static void put_state(struct writer *writer)
{
    struct reply_provider_state state = {513, 7, 0, WIRE_CONTROL_ENABLE, 4, 0xF0, 0x30};

    reply_put_provider_state(writer, &state);
}

static void put_ack(struct writer *writer)
{
    struct reply_ack ack = {.sequence = 1200,
                            .written = 150,
                            .not_enabled = 40,
                            .dropped_count = 2,
                            .dropped = {{ETWR_REASON_RATE, 7}, {ETWR_REASON_VALUES, 3}}};

    reply_put_ack(writer, &ack);
}

static void put_flushed(struct writer *writer)
{
    reply_put_flushed(writer, UINT64_C(0x1122334455667788));
}

static void put_error(struct writer *writer)
{
    struct reply_error error = {1201, ETWR_REASON_UNKNOWN_SLOT, sample_text("slot 9 is not open")};

    reply_put_error(writer, &error);
}

static void put_status(struct writer *writer)
{
    struct reply_status status = {UINT64_C(0x8877665544332211), true,
                                  sample_text("{\"clients\":1}")};

    reply_put_status(writer, &status);
}

static const struct {
    const char *name;
    golden_read read;
    golden_put put;
    size_t open_from; /* the last field runs to the end from here */
    uint8_t flags;
} kinds[] = {
    {"welcome", read_welcome, put_welcome, SIZE_MAX, 0},
    {"refused", read_refused, put_refused, SIZE_MAX, 0},
    {"provider_state", read_state, put_state, SIZE_MAX, 0},
    {"ack", read_ack, put_ack, SIZE_MAX, 0},
    {"flushed", read_flushed, put_flushed, SIZE_MAX, 0},
    {"error", read_error, put_error, SIZE_MAX, 0},
    {"status_reply", read_status, put_status, 8, WIRE_STATUS_LAST},
};
#define KIND_COUNT ((int)(sizeof kinds / sizeof kinds[0]))

START_TEST(golden_frame_is_taken_and_made)
{
    struct golden golden;

    golden_load(kinds[_i].name, &golden);
    ck_assert_int_eq(kinds[_i].read(&golden.frame), ETWR_OK);
    golden_check_put(&golden, kinds[_i].put);
}
END_TEST

START_TEST(every_truncation_and_excess_is_malformed)
{
    struct golden golden;

    golden_load(kinds[_i].name, &golden);
    golden_check_sizes(&golden, kinds[_i].read, kinds[_i].open_from, SIZE_MAX);
}
END_TEST

START_TEST(unknown_flag_wrong_slot_and_wrong_kind_are_malformed)
{
    struct golden golden;

    golden_load(kinds[_i].name, &golden);
    golden_check_header(&golden, kinds[_i].read, kinds[_i].flags, false);
}
END_TEST

START_TEST(welcome_fields_are_read_and_items_from_the_future_skipped)
{
    static const char *const names[] = {"welcome", "welcome_future"};

    for (size_t i = 0; i < 2; i++) {
        struct golden golden;
        struct reply_welcome welcome;

        golden_load(names[i], &golden);
        ck_assert_int_eq(reply_read_welcome(&golden.frame, &welcome), ETWR_OK);
        ck_assert_uint_eq(welcome.version, 1);
        ck_assert_uint_eq(welcome.features, 0);
        ck_assert_uint_eq(welcome.body_max_bytes, 65535);
        ck_assert_uint_eq(welcome.schemas_max, 4096);
        ck_assert_uint_eq(welcome.providers_max, 8);
    }
}
END_TEST

START_TEST(refused_fields_are_read)
{
    struct golden golden;
    struct reply_refused refused;

    golden_load("refused", &golden);
    ck_assert_int_eq(reply_read_refused(&golden.frame, &refused), ETWR_OK);
    ck_assert_uint_eq(refused.reason, ETWR_REASON_USER_LIMIT);
    ck_assert_uint_eq(refused.text.size, 29);
    ck_assert_mem_eq(refused.text.data, "64 clients of this user exist", 29);
}
END_TEST

START_TEST(refused_takes_reasons_of_connections_only)
{
    struct golden golden;

    golden_load("refused", &golden);
    golden.bytes[8] = 63;
    ck_assert_int_eq(read_refused(&golden.frame), ETWR_E_MALFORMED);
    golden.bytes[8] = 255; /* unknown to us, and fine */
    ck_assert_int_eq(read_refused(&golden.frame), ETWR_OK);
}
END_TEST

START_TEST(text_over_limit_or_not_utf8_is_refused_both_ways)
{
    static char longest[WIRE_TEXT_MAX_BYTES + 1];
    struct reply_refused refused = {ETWR_REASON_STOPPING, {longest, WIRE_TEXT_MAX_BYTES}};
    struct reply_error error = {1, ETWR_REASON_STOPPING, {longest, WIRE_TEXT_MAX_BYTES + 1}};
    struct golden golden;
    uint8_t bytes[4096];
    struct writer writer;

    memset(longest, 'x', sizeof longest);
    writer_init(&writer, bytes, sizeof bytes);
    reply_put_refused(&writer, &refused);
    ck_assert(!writer.failed);
    refused.text.size++;
    writer_init(&writer, bytes, sizeof bytes);
    reply_put_refused(&writer, &refused);
    ck_assert(writer.failed && writer_size(&writer) == 0);
    writer_init(&writer, bytes, sizeof bytes);
    reply_put_error(&writer, &error);
    ck_assert(writer.failed && writer_size(&writer) == 0);
    golden_load("error", &golden);
    golden.bytes[8 + 11] = 0xFF;
    ck_assert_int_eq(read_error(&golden.frame), ETWR_E_MALFORMED);
}
END_TEST

START_TEST(provider_state_fields_are_read)
{
    struct golden golden;
    struct reply_provider_state state;

    golden_load("provider_state", &golden);
    ck_assert_int_eq(reply_read_provider_state(&golden.frame, &state), ETWR_OK);
    ck_assert_uint_eq(state.slot, 513);
    ck_assert_uint_eq(state.generation, 7);
    ck_assert_uint_eq(state.result, 0);
    ck_assert_uint_eq(state.control, WIRE_CONTROL_ENABLE);
    ck_assert_uint_eq(state.level, 4);
    ck_assert_uint_eq(state.match_any, 0xF0);
    ck_assert_uint_eq(state.match_all, 0x30);
}
END_TEST

START_TEST(provider_state_takes_known_controls_and_results_that_drop)
{
    struct golden golden;

    golden_load("provider_state", &golden);
    golden.bytes[8 + 4] = 63;
    ck_assert_int_eq(read_state(&golden.frame), ETWR_OK);
    golden.bytes[8 + 4] = 64;
    ck_assert_int_eq(read_state(&golden.frame), ETWR_E_MALFORMED);
    golden.bytes[8 + 4] = 0;
    golden.bytes[8 + 5] = WIRE_CONTROL_CAPTURE_STATE;
    ck_assert_int_eq(read_state(&golden.frame), ETWR_OK);
    golden.bytes[8 + 5] = 3;
    ck_assert_int_eq(read_state(&golden.frame), ETWR_E_MALFORMED);
}
END_TEST

START_TEST(ack_fields_are_read)
{
    struct golden golden;
    struct reply_ack ack;

    golden_load("ack", &golden);
    ck_assert_int_eq(reply_read_ack(&golden.frame, &ack), ETWR_OK);
    ck_assert_uint_eq(ack.sequence, 1200);
    ck_assert_uint_eq(ack.written, 150);
    ck_assert_uint_eq(ack.not_enabled, 40);
    ck_assert_uint_eq(ack.dropped_count, 2);
    ck_assert_uint_eq(ack.dropped[0].reason, ETWR_REASON_RATE);
    ck_assert_uint_eq(ack.dropped[0].count, 7);
    ck_assert_uint_eq(ack.dropped[1].reason, ETWR_REASON_VALUES);
    ck_assert_uint_eq(ack.dropped[1].count, 3);
}
END_TEST

START_TEST(ack_reasons_rise_and_drop_events)
{
    struct golden golden;
    size_t first = 8 + 25;
    size_t second = first + 9;

    golden_load("ack", &golden);
    golden.bytes[second] = golden.bytes[first];
    ck_assert_int_eq(read_ack(&golden.frame), ETWR_E_MALFORMED);
    golden.bytes[second] = 64;
    ck_assert_int_eq(read_ack(&golden.frame), ETWR_E_MALFORMED);
    golden.bytes[second] = 63; /* unknown to us, and fine */
    ck_assert_int_eq(read_ack(&golden.frame), ETWR_OK);
    golden.bytes[first] = 0;
    ck_assert_int_eq(read_ack(&golden.frame), ETWR_E_MALFORMED);
}
END_TEST

START_TEST(ack_with_every_reason_comes_through_and_65_do_not)
{
    static struct reply_ack ack;
    uint8_t bytes[1024];
    struct writer writer;
    struct frame frame;
    size_t used;

    ack.dropped_count = ETWR_REASON_DROP_COUNT - 1;
    for (size_t i = 0; i < ack.dropped_count; i++) {
        ack.dropped[i].reason = (uint8_t)(i + 1);
        ack.dropped[i].count = UINT64_MAX;
    }
    writer_init(&writer, bytes, sizeof bytes);
    reply_put_ack(&writer, &ack);
    ck_assert_int_eq(frame_find(bytes, writer_size(&writer), &frame, &used), FRAME_WHOLE);
    ck_assert_int_eq(reply_read_ack(&frame, &ack), ETWR_OK);
    ck_assert_uint_eq(ack.dropped[62].reason, 63);
    ack.dropped_count = WIRE_REASONS_MAX + 1;
    writer_init(&writer, bytes, sizeof bytes);
    reply_put_ack(&writer, &ack);
    ck_assert(writer.failed && writer_size(&writer) == 0);
    bytes[8 + 24] = WIRE_REASONS_MAX + 1;
    ck_assert_int_eq(read_ack(&frame), ETWR_E_MALFORMED);
}
END_TEST

START_TEST(flushed_cookie_comes_through)
{
    struct golden golden;
    uint64_t cookie;

    golden_load("flushed", &golden);
    ck_assert_int_eq(reply_read_flushed(&golden.frame, &cookie), ETWR_OK);
    ck_assert_uint_eq(cookie, UINT64_C(0x1122334455667788));
}
END_TEST

START_TEST(error_fields_are_read)
{
    struct golden golden;
    struct reply_error error;

    golden_load("error", &golden);
    ck_assert_int_eq(reply_read_error(&golden.frame, &error), ETWR_OK);
    ck_assert_uint_eq(error.sequence, 1201);
    ck_assert_uint_eq(error.reason, ETWR_REASON_UNKNOWN_SLOT);
    ck_assert_uint_eq(error.text.size, 18);
    golden.bytes[8 + 8] = 0;
    ck_assert_int_eq(read_error(&golden.frame), ETWR_E_MALFORMED);
}
END_TEST

START_TEST(status_pieces_say_which_is_the_last)
{
    struct golden golden;
    struct reply_status status;

    golden_load("status_reply", &golden);
    ck_assert_int_eq(reply_read_status(&golden.frame, &status), ETWR_OK);
    ck_assert(status.last);
    ck_assert_uint_eq(status.cookie, UINT64_C(0x8877665544332211));
    ck_assert_uint_eq(status.json.size, 13);
    ck_assert_mem_eq(status.json.data, "{\"clients\":1}", 13);
    golden.frame.flags = 0;
    ck_assert_int_eq(reply_read_status(&golden.frame, &status), ETWR_OK);
    ck_assert(!status.last);
}
END_TEST

START_TEST(longest_status_piece_fills_a_body)
{
    static uint8_t bytes[WIRE_FRAME_MAX_BYTES + 8];
    static char json[REPLY_STATUS_PIECE_MAX_BYTES + 1];
    struct reply_status status = {1, false, {json, REPLY_STATUS_PIECE_MAX_BYTES}};
    struct writer writer;

    writer_init(&writer, bytes, sizeof bytes);
    reply_put_status(&writer, &status);
    ck_assert(!writer.failed);
    ck_assert_uint_eq(writer_size(&writer), WIRE_FRAME_MAX_BYTES);
    status.json.size++;
    writer_init(&writer, bytes, sizeof bytes);
    reply_put_status(&writer, &status);
    ck_assert(writer.failed && writer_size(&writer) == 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("reply");
    TCase *tcase = tcase_create("reply");
    SRunner *runner;
    int failed;

    tcase_add_loop_test(tcase, golden_frame_is_taken_and_made, 0, KIND_COUNT);
    tcase_add_loop_test(tcase, every_truncation_and_excess_is_malformed, 0, KIND_COUNT);
    tcase_add_loop_test(tcase, unknown_flag_wrong_slot_and_wrong_kind_are_malformed, 0, KIND_COUNT);
    tcase_add_test(tcase, welcome_fields_are_read_and_items_from_the_future_skipped);
    tcase_add_test(tcase, refused_fields_are_read);
    tcase_add_test(tcase, refused_takes_reasons_of_connections_only);
    tcase_add_test(tcase, text_over_limit_or_not_utf8_is_refused_both_ways);
    tcase_add_test(tcase, provider_state_fields_are_read);
    tcase_add_test(tcase, provider_state_takes_known_controls_and_results_that_drop);
    tcase_add_test(tcase, ack_fields_are_read);
    tcase_add_test(tcase, ack_reasons_rise_and_drop_events);
    tcase_add_test(tcase, ack_with_every_reason_comes_through_and_65_do_not);
    tcase_add_test(tcase, flushed_cookie_comes_through);
    tcase_add_test(tcase, error_fields_are_read);
    tcase_add_test(tcase, status_pieces_say_which_is_the_last);
    tcase_add_test(tcase, longest_status_piece_fills_a_body);
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
