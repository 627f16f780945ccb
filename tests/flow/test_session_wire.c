/*
 * A real service over a bare socket: what each frame does that no client library would send, and
 * that nobody else notices. Reasons are those of protocol/PROTOCOL.md.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/process.h"
#include "tests/support/raw_client.h"

static struct service service;
static char jsonl[PROCESS_PATH_MAX];

static void setup(void)
{
    service_init(&service);
    scratch_file(&service.scratch, "events.jsonl", jsonl);
}

static void teardown(void)
{
    service_clear(&service);
}

static void start_with_null(void)
{
    static const char *const arguments[] = {"--sink", "null", NULL};
    service_start(&service, arguments);
}

/* With a config in which %s stands for the events' file. */
static void start_with_config(const char *format)
{
    char text[2048];
    snprintf(text, sizeof text, format, jsonl);
    service_start_with(&service, text);
}

static void hello_of_version(struct raw_client *client, uint16_t lowest, uint16_t highest)
{
    struct request_hello hello = {
        .version_lowest = lowest, .version_highest = highest, .first_sequence = 1};
    uint8_t bytes[256];
    struct writer writer;
    writer_init(&writer, bytes, sizeof bytes);
    request_put_hello(&writer, &hello);
    frames_bytes(&client->out, bytes, writer_size(&writer));
}

START_TEST(a_bad_first_frame_is_refused_with_its_reason)
{
    static const uint8_t oversize[WIRE_HEADER_BYTES] = {0, 0, 1, 0, WIRE_HELLO};
    uint8_t body[42] = {'X'};
    struct raw_client client;
    start_with_null();

    raw_connect(&client, service.pipe);
    frames_frame(&client.out, WIRE_HELLO, 0, 0, body, sizeof body);
    raw_expect_end(&client, ETWR_REASON_BAD_MAGIC);

    raw_connect(&client, service.pipe);
    frames_frame(&client.out, WIRE_HELLO, 0, 0, "ETWR", 4);
    raw_expect_end(&client, ETWR_REASON_MALFORMED);

    raw_connect(&client, service.pipe);
    hello_of_version(&client, 2, 9);
    raw_expect_end(&client, ETWR_REASON_BAD_VERSION);

    raw_connect(&client, service.pipe);
    frames_flush(&client.out, 1);
    raw_expect_end(&client, ETWR_REASON_UNEXPECTED);

    raw_connect(&client, service.pipe);
    frames_bytes(&client.out, oversize, sizeof oversize);
    raw_expect_end(&client, ETWR_REASON_OVERSIZE);
    service_stop(&service);
}
END_TEST

START_TEST(a_newer_client_that_also_speaks_version_1_is_welcome)
{
    struct raw_client client;
    struct frame frame;
    struct reply_welcome welcome;
    start_with_null();
    raw_connect(&client, service.pipe);
    hello_of_version(&client, 1, 9);
    ck_assert(raw_send(&client));
    ck_assert(raw_skip_to(&client, WIRE_WELCOME, &frame));
    ck_assert_int_eq(reply_read_welcome(&frame, &welcome), ETWR_OK);
    ck_assert_uint_eq(welcome.version, 1);
    ck_assert_uint_eq(welcome.schemas_max, 4096);
    ck_assert_uint_eq(welcome.providers_max, 8);
    raw_close(&client);
    service_stop(&service);
}
END_TEST

struct bad_frame {
    uint8_t kind, flags;
    uint16_t slot;
    const char *body;
    size_t size;
    enum etwr_reason expected;
};

#define ZEROS "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"

/* After HELLO, slot 1 open, schema 1 announced. */
static const struct bad_frame bad_frames[] = {
    {WIRE_HELLO, 0, 0, "ETWR", 4, ETWR_REASON_UNEXPECTED},
    {WIRE_PROVIDER_OPEN, 0, 1, "\1\0\0\0\1\0A", 7, ETWR_REASON_UNEXPECTED},
    {WIRE_PROVIDER_OPEN, 0, 2, "\1\0\0\0\0\0", 6, ETWR_REASON_MALFORMED},     /* no name */
    {WIRE_PROVIDER_OPEN, 0, 2, "\1\0\0\0\1\0\xFF", 7, ETWR_REASON_MALFORMED}, /* not UTF-8 */
    {WIRE_PROVIDER_OPEN, 0, 2, "\1\0\0\0\1\0\0", 7, ETWR_REASON_MALFORMED},   /* a NUL */
    {WIRE_PROVIDER_OPEN, 0, 2, "\1\0\0\0\1\0AB", 8, ETWR_REASON_MALFORMED},   /* left over */
    {WIRE_PROVIDER_OPEN, 1, 2, "\1\0\0\0\1\0A", 7, ETWR_REASON_MALFORMED}, /* its id is missing */
    {WIRE_PROVIDER_OPEN, 4, 2, "\1\0\0\0\1\0A", 7, ETWR_REASON_UNKNOWN_KIND}, /* flag */
    {WIRE_PROVIDER_OPEN, 0, 0, "\1\0\0\0\1\0A", 7, ETWR_REASON_MALFORMED},    /* slot 0 */
    {WIRE_PROVIDER_CLOSE, 0, 9, "", 0, ETWR_REASON_UNKNOWN_SLOT},
    {WIRE_PROVIDER_CLOSE, 0, 1, "x", 1, ETWR_REASON_MALFORMED},
    {WIRE_SCHEMA, 0, 9, ZEROS, 20, ETWR_REASON_UNKNOWN_SLOT},
    {WIRE_SCHEMA, 0, 1, ZEROS, 19, ETWR_REASON_MALFORMED},
    {WIRE_EVENT, 0, 9, ZEROS, 16, ETWR_REASON_UNKNOWN_SLOT},
    {WIRE_EVENT, 0, 1, ZEROS, 16, ETWR_REASON_UNKNOWN_SCHEMA},
    {WIRE_EVENT, 0, 1, ZEROS, 15, ETWR_REASON_MALFORMED},
    {WIRE_EVENT, 1, 1, ZEROS, 31, ETWR_REASON_MALFORMED}, /* half an activity id */
    {WIRE_EVENT, 4, 1, ZEROS, 16, ETWR_REASON_UNKNOWN_KIND},
    {WIRE_LOST, 0, 1, "\0\0\0\0\0\0\0\0\1", 9, ETWR_REASON_MALFORMED},
    {WIRE_LOST, 0, 1, "\1\0\0\0\0\0\0\0\0", 9, ETWR_REASON_MALFORMED},
    {WIRE_LOST, 0, 1, "\1\0\0\0\0\0\0\0\x40", 9, ETWR_REASON_MALFORMED},
    {WIRE_FLUSH, 0, 0, ZEROS, 7, ETWR_REASON_MALFORMED},
    {WIRE_FLUSH, 0, 1, ZEROS, 8, ETWR_REASON_MALFORMED},
    {WIRE_STATUS, 1, 0, ZEROS, 8, ETWR_REASON_UNKNOWN_KIND},
    {WIRE_TAIL, 0, 0, "", 0, ETWR_REASON_UNKNOWN_KIND},
    {WIRE_ACK, 0, 0, "", 0, ETWR_REASON_UNKNOWN_KIND},
    {0x00, 0, 0, "", 0, ETWR_REASON_UNKNOWN_KIND},
    {0x7F, 0, 0, "", 0, ETWR_REASON_UNKNOWN_KIND},
};

START_TEST(a_bad_frame_ends_its_connection_with_its_reason_and_no_other)
{
    struct raw_client honest;
    size_t count = sizeof bad_frames / sizeof *bad_frames;
    size_t malformed = 0;
    start_with_null();
    raw_join(&honest, service.pipe, "Contoso.Wire");
    for (size_t i = 0; i < count; i++) {
        const struct bad_frame *bad = &bad_frames[i];
        if (bad->expected == ETWR_REASON_MALFORMED) malformed++;
        struct raw_client client;
        raw_join(&client, service.pipe, "Contoso.Wire");
        frames_number(&client.out, 1, 1);
        frames_frame(&client.out, bad->kind, bad->flags, bad->slot, bad->body, bad->size);
        frames_number(&client.out, 1, 2); /* nobody looks for the next frame */
        raw_expect_end(&client, bad->expected);
        frames_number(&honest.out, 1, (uint32_t)i);
        raw_settle(&honest);
        ck_assert_uint_eq(honest.ack.written, i + 1);
    }
    raw_close(&honest);
    service_stop(&service);
    service_check_account(&service);
    ck_assert_uint_eq(service_final(&service, "accepted"), 2 * count);
    ck_assert_uint_eq(service_final(&service, "transport.malformed"), malformed);
}
END_TEST

START_TEST(what_came_before_a_bad_frame_is_acknowledged)
{
    struct raw_client client;
    start_with_null();
    raw_join(&client, service.pipe, "Contoso.Wire");
    for (uint32_t i = 0; i < 10; i++)
        frames_number(&client.out, 1, i);
    frames_frame(&client.out, 0x33, 0, 0, "", 0);
    (void)raw_send(&client);
    ck_assert_int_eq(raw_end_reason(&client), ETWR_REASON_UNKNOWN_KIND);
    ck_assert(client.has_ack);
    ck_assert_uint_eq(client.ack.sequence, 10);
    ck_assert_uint_eq(client.ack.written, 10);
    raw_close(&client);
    service_stop(&service);
}
END_TEST

START_TEST(a_sequence_beyond_63_bits_is_malformed)
{
    struct raw_client client;
    start_with_null();
    raw_connect(&client, service.pipe);
    frames_hello(&client.out, INT64_MAX - 1);
    frames_open(&client.out, 1, "Contoso.Wire");
    frames_schema(&client.out, 1);
    frames_number(&client.out, 1, 1);
    frames_number(&client.out, 1, 2);
    raw_settle(&client);
    ck_assert_uint_eq(client.ack.sequence, INT64_MAX);
    frames_number(&client.out, 1, 3);
    raw_expect_end(&client, ETWR_REASON_MALFORMED);
    service_stop(&service);
    ck_assert_uint_eq(service_final(&service, "written"), 2);
}
END_TEST

START_TEST(frames_cut_in_two_anywhere_are_read_whole)
{
    struct raw_client client;
    start_with_null();
    raw_join(&client, service.pipe, "Contoso.Wire");
    frames_number(&client.out, 1, 1);
    size_t size = client.out.size;
    raw_close(&client);
    for (size_t cut = 1; cut < size; cut++) {
        raw_join(&client, service.pipe, "Contoso.Wire");
        frames_number(&client.out, 1, 1);
        ck_assert(raw_send_some(&client, cut));
        raw_settle(&client);
        ck_assert_uint_eq(client.ack.sequence, 1);
        ck_assert_uint_eq(client.ack.written, 1);
        raw_close(&client);
    }
    service_stop(&service);
    ck_assert_uint_eq(service_final(&service, "written"), size - 1);
}
END_TEST

START_TEST(frames_that_come_byte_by_byte_are_read_whole)
{
    struct raw_client client;
    start_with_null();
    raw_join(&client, service.pipe, "Contoso.Wire");
    frames_number(&client.out, 1, 1);
    while (client.out.size > 0)
        ck_assert(raw_send_some(&client, 1));
    raw_settle(&client);
    ck_assert_uint_eq(client.ack.written, 1);
    raw_close(&client);
    service_stop(&service);
}
END_TEST

START_TEST(unknown_kinds_from_0x80_are_skipped)
{
    struct raw_client client;
    char body[1000] = {0};
    start_with_null();
    raw_join(&client, service.pipe, "Contoso.Wire");
    frames_frame(&client.out, 0x80, 0, 0, "", 0);
    frames_frame(&client.out, 0xFF, 0xFF, 77, body, sizeof body);
    frames_number(&client.out, 1, 1);
    raw_settle(&client);
    ck_assert_uint_eq(client.ack.written, 1);
    raw_close(&client);
    service_stop(&service);
}
END_TEST

START_TEST(what_was_sent_whole_before_the_client_left_is_handled)
{
    struct raw_client client;
    start_with_null();
    raw_join(&client, service.pipe, "Contoso.Wire");
    for (uint32_t i = 0; i < 1000; i++)
        frames_number(&client.out, 1, i);
    frames_bytes(&client.out, "\x10\0\0\0\5", 5); /* and half a frame */
    ck_assert(raw_send(&client));
    raw_close(&client);
    service_stop(&service);
    service_check_account(&service);
    ck_assert_uint_eq(service_final(&service, "written"), 1000);
    ck_assert_uint_eq(service_final(&service, "transport.partial"), 1);
}
END_TEST

START_TEST(the_largest_frame_is_taken)
{
    /* One str8 field "s". */
    static const uint8_t metadata[] = {8, 0, 0, 'E', 0, 's', 0, 23};
    static uint8_t values[WIRE_BODY_MAX_BYTES - WIRE_EVENT_FIXED_BYTES];
    struct raw_client client;
    start_with_null();
    raw_join(&client, service.pipe, "Contoso.Wire");
    frames_metadata(&client.out, 1, 2, metadata, sizeof metadata);
    size_t size = sizeof values;
    values[0] = (uint8_t)((size - 2) & 0xFF);
    values[1] = (uint8_t)((size - 2) >> 8);
    frames_event(&client.out, 1, 2, values, size);
    raw_settle(&client);
    /* The frame is fine; no ETW record could hold the event. */
    ck_assert_uint_eq(raw_dropped(&client, ETWR_REASON_TOO_LARGE), 1);
    size = 60000;
    values[0] = (uint8_t)((size - 2) & 0xFF);
    values[1] = (uint8_t)((size - 2) >> 8);
    frames_event(&client.out, 1, 2, values, size);
    raw_settle(&client);
    ck_assert_uint_eq(client.ack.written, 1);
    raw_close(&client);
    service_stop(&service);
    service_check_account(&service);
}
END_TEST

START_TEST(events_of_a_refused_provider_are_dropped_with_its_reason)
{
    struct raw_client client;
    struct frame frame;
    struct reply_provider_state state;
    start_with_null();
    raw_join(&client, service.pipe, "Contoso.Wire");
    frames_open(&client.out, 2, "Microsoft-Windows-Kernel");
    frames_schema(&client.out, 2);
    frames_number(&client.out, 2, 1);
    frames_number(&client.out, 1, 2);
    ck_assert(raw_send(&client));
    ck_assert(raw_skip_to(&client, WIRE_PROVIDER_STATE, &frame));
    ck_assert_int_eq(reply_read_provider_state(&frame, &state), ETWR_OK);
    ck_assert_uint_eq(state.result, 0);
    ck_assert_uint_eq(state.control, WIRE_CONTROL_ENABLE);
    ck_assert(raw_skip_to(&client, WIRE_PROVIDER_STATE, &frame));
    ck_assert_int_eq(reply_read_provider_state(&frame, &state), ETWR_OK);
    ck_assert_uint_eq(state.slot, 2);
    ck_assert_uint_eq(state.generation, 2);
    ck_assert_uint_eq(state.result, ETWR_REASON_NOT_ALLOWED);
    ck_assert_uint_eq(state.control, WIRE_CONTROL_DISABLE);
    raw_settle(&client);
    ck_assert_uint_eq(client.ack.written, 1);
    ck_assert_uint_eq(raw_dropped(&client, ETWR_REASON_NOT_ALLOWED), 1);
    raw_close(&client);
    service_stop(&service);
    service_check_account(&service);
}
END_TEST

START_TEST(a_bad_schema_drops_its_events_until_it_is_replaced)
{
    /* Its field's name has no end. */
    static const uint8_t broken[] = {7, 0, 0, 'E', 0, 'n', 'n'};
    static const uint8_t good[] = {8, 0, 0, 'E', 0, 'n', 0, 8};
    /* A field of the origin's name. */
    static const uint8_t posing[] = {15,  0,   0,   'E', 0,   'e', 't', 'w',
                                     'r', 'e', 'l', 'a', 'y', 0,   8};
    struct raw_client client;
    start_with_null();
    raw_join(&client, service.pipe, "Contoso.Wire");
    frames_metadata(&client.out, 1, 5, broken, sizeof broken);
    frames_event(&client.out, 1, 5, "abcd", 4);
    frames_metadata(&client.out, 1, 6, posing, sizeof posing);
    frames_event(&client.out, 1, 6, "abcd", 4);
    raw_settle(&client);
    ck_assert_uint_eq(raw_dropped(&client, ETWR_REASON_SCHEMA), 2);
    frames_metadata(&client.out, 1, 5, good, sizeof good);
    frames_event(&client.out, 1, 5, "abcd", 4);
    raw_settle(&client);
    ck_assert_uint_eq(client.ack.written, 1);
    raw_close(&client);
    service_stop(&service);
    service_check_account(&service);
}
END_TEST

START_TEST(values_that_do_not_follow_the_schema_are_dropped)
{
    struct raw_client client;
    start_with_null();
    raw_join(&client, service.pipe, "Contoso.Wire");
    frames_event(&client.out, 1, FRAMES_SCHEMA, "abc", 3);
    frames_event(&client.out, 1, FRAMES_SCHEMA, "abcde", 5);
    frames_event(&client.out, 1, FRAMES_SCHEMA, "", 0);
    frames_event(&client.out, 1, FRAMES_SCHEMA, "abcd", 4);
    raw_settle(&client);
    ck_assert_uint_eq(raw_dropped(&client, ETWR_REASON_VALUES), 3);
    ck_assert_uint_eq(client.ack.written, 1);
    raw_close(&client);
    service_stop(&service);
    service_check_account(&service);
}
END_TEST

START_TEST(many_flushes_at_once_are_all_answered_in_order)
{
    struct raw_client client;
    struct frame frame;
    start_with_config("{\"sinks\":[{\"type\":\"jsonl\",\"path\":\"%s\"}]}");
    raw_join(&client, service.pipe, "Contoso.Wire");
    for (uint64_t cookie = 1; cookie <= 500; cookie++) {
        frames_number(&client.out, 1, (uint32_t)cookie);
        frames_flush(&client.out, cookie);
    }
    ck_assert(raw_send(&client));
    for (uint64_t cookie = 1; cookie <= 500; cookie++) {
        uint64_t answered;
        ck_assert(raw_skip_to(&client, WIRE_FLUSHED, &frame));
        ck_assert_int_eq(reply_read_flushed(&frame, &answered), ETWR_OK);
        ck_assert_uint_eq(answered, cookie);
        ck_assert_uint_ge(client.ack.sequence, cookie);
    }
    raw_close(&client);
    service_stop(&service);
    service_check_account(&service);
}
END_TEST

START_TEST(acknowledgements_come_without_being_asked_for)
{
    struct raw_client client;
    struct frame frame;
    start_with_config("{\"sinks\":[{\"type\":\"jsonl\",\"path\":\"%s\"}]}");
    raw_join(&client, service.pipe, "Contoso.Wire");
    frames_number(&client.out, 1, 1);
    ck_assert(raw_send(&client));
    do {
        ck_assert(raw_skip_to(&client, WIRE_ACK, &frame));
    } while (client.ack.sequence < 1);
    ck_assert_uint_eq(client.ack.written, 1);
    raw_close(&client);
    service_stop(&service);
}
END_TEST

static char *ask_status(struct raw_client *client, uint64_t cookie)
{
    char *json = calloc(1, 1 << 20);
    size_t size = 0;
    struct reply_status piece = {0};
    uint8_t body[8] = {(uint8_t)cookie};
    frames_frame(&client->out, WIRE_STATUS, 0, 0, body, sizeof body);
    ck_assert(raw_send(client));
    while (!piece.last) {
        struct frame frame;
        ck_assert(raw_skip_to(client, WIRE_STATUS_REPLY, &frame));
        ck_assert_int_eq(reply_read_status(&frame, &piece), ETWR_OK);
        ck_assert_uint_eq(piece.cookie, cookie);
        ck_assert_uint_lt(size + piece.json.size, 1 << 20);
        memcpy(json + size, piece.json.data, piece.json.size);
        size += piece.json.size;
    }
    return json;
}

START_TEST(status_of_hundreds_of_clients_comes_whole)
{
    enum { CLIENTS = 200 };
    static struct raw_client clients[CLIENTS];
    start_with_null();
    for (size_t i = 0; i < CLIENTS; i++) {
        raw_join(&clients[i], service.pipe, "Contoso.Wire");
        frames_number(&clients[i].out, 1, 1);
        raw_settle(&clients[i]);
    }
    char *json = ask_status(&clients[7], 99);
    cJSON *status = cJSON_Parse(json);
    ck_assert_msg(cJSON_IsObject(status), "no JSON: %s", json);
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(status, "per_client");
    ck_assert_int_eq(cJSON_GetArraySize(list), CLIENTS);
    ck_assert_int_eq(cJSON_GetObjectItemCaseSensitive(status, "accepted")->valueint, CLIENTS);
    ck_assert_int_eq(cJSON_GetObjectItemCaseSensitive(status, "pending")->valueint, 0);
    cJSON_Delete(status);
    free(json);
    for (size_t i = 0; i < CLIENTS; i++)
        raw_close(&clients[i]);
    service_stop(&service);
    service_check_account(&service);
}
END_TEST

START_TEST(stopping_settles_all_that_had_arrived_and_says_so)
{
    struct raw_client client;
    start_with_config("{\"sinks\":[{\"type\":\"jsonl\",\"path\":\"%s\"}]}");
    raw_join(&client, service.pipe, "Contoso.Wire");
    raw_settle(&client);
    for (uint32_t i = 0; i < 1000; i++)
        frames_number(&client.out, 1, i);
    ck_assert(raw_send(&client));
    service_stop(&service);
    ck_assert_int_eq(raw_end_reason(&client), ETWR_REASON_STOPPING);
    ck_assert_uint_eq(client.ack.sequence, 1000);
    ck_assert_uint_eq(client.ack.written, 1000);
    raw_close(&client);
    service_check_account(&service);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("session_wire");
    TCase *tc = tcase_create("session_wire");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_set_timeout(tc, 120);
    tcase_add_test(tc, a_bad_first_frame_is_refused_with_its_reason);
    tcase_add_test(tc, a_newer_client_that_also_speaks_version_1_is_welcome);
    tcase_add_test(tc, a_bad_frame_ends_its_connection_with_its_reason_and_no_other);
    tcase_add_test(tc, what_came_before_a_bad_frame_is_acknowledged);
    tcase_add_test(tc, a_sequence_beyond_63_bits_is_malformed);
    tcase_add_test(tc, frames_cut_in_two_anywhere_are_read_whole);
    tcase_add_test(tc, frames_that_come_byte_by_byte_are_read_whole);
    tcase_add_test(tc, unknown_kinds_from_0x80_are_skipped);
    tcase_add_test(tc, what_was_sent_whole_before_the_client_left_is_handled);
    tcase_add_test(tc, the_largest_frame_is_taken);
    tcase_add_test(tc, events_of_a_refused_provider_are_dropped_with_its_reason);
    tcase_add_test(tc, a_bad_schema_drops_its_events_until_it_is_replaced);
    tcase_add_test(tc, values_that_do_not_follow_the_schema_are_dropped);
    tcase_add_test(tc, many_flushes_at_once_are_all_answered_in_order);
    tcase_add_test(tc, acknowledgements_come_without_being_asked_for);
    tcase_add_test(tc, status_of_hundreds_of_clients_comes_whole);
    tcase_add_test(tc, stopping_settles_all_that_had_arrived_and_says_so);
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
