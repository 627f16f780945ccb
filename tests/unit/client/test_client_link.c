/* Connecting, losing the connection, being refused, adopted streams. */
#include <check.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/endpoint.h"
#include "tests/unit/client/fixture.h"

static struct fixture f;

static void setup(void)
{
    fixture_init(&f);
}

/* For where all cases share a process. */
static void teardown(void)
{
    fake_environment(transport_handle_variable, NULL);
    fake_environment("ETWRELAY_PIPE", NULL);
    endpoint_return_handle();
}

START_TEST(options_out_of_range_are_refused)
{
    struct etwr_client *client = NULL;

    for (int i = 0; i < 8; i++) {
        etwr_client_options_init(&f.options);
        if (i == 0) f.options.struct_size = 0;
        if (i == 1) f.options.queue_bytes = 65535;
        if (i == 2) f.options.queue_bytes = (size_t)1024 * 1024 * 1024 + 1;
        if (i == 3) f.options.delay_ms = 1001;
        if (i == 4) f.options.image_name = "\xff";
        if (i == 5) f.options.pipe = "";
        if (i == 6) fake_environment(transport_handle_variable, "12x");
        if (i == 7) fake_environment(transport_handle_variable, "999999");
        ck_assert_int_eq(etwr_client_create(&f.options, &client), ETWR_E_INVALID_ARGUMENT);
        ck_assert_ptr_null(client);
    }
    ck_assert_int_eq(etwr_client_create(NULL, NULL), ETWR_E_INVALID_ARGUMENT);
}
END_TEST

START_TEST(an_absent_service_is_told_in_words_and_costs_only_pending_events)
{
    char text[256];
    struct etwr_counters counters;

    fake_stop_listening(&f.service);
    fixture_start(&f);
    ck_assert_int_eq(write_number(&f, 1), ETWR_OK);
    ck_assert_int_eq(etwr_client_wait_connected(f.client, 60), ETWR_E_TIMEOUT);
    etwr_client_last_error(f.client, text, sizeof text);
    ck_assert_msg(strstr(text, f.service.path) &&
                      (strstr(text, "No such file") || strstr(text, "error 2")),
                  "%s", text);
    etwr_client_last_error(f.client, text, 5);
    ck_assert_uint_eq(strlen(text), 4);
    ck_assert_int_eq(etwr_client_flush(f.client, 10), ETWR_E_TIMEOUT);
    counters = check_books(f.client);
    ck_assert_uint_eq(counters.pending, 1);
    counters = fixture_clear(&f);
    ck_assert_uint_eq(counters.dropped[ETWR_REASON_DISCONNECTED], 1);
}
END_TEST

START_TEST(a_service_that_starts_later_gets_what_waited)
{
    char text[256];

    fake_stop_listening(&f.service);
    fixture_start(&f);
    for (uint32_t i = 0; i < 3; i++)
        ck_assert_int_eq(write_number(&f, i), ETWR_OK);
    ck_assert_int_eq(etwr_client_wait_connected(f.client, 30), ETWR_E_TIMEOUT);
    fake_listen(&f.service);
    fake_welcome(&f.service);
    fake_expect(&f.service, WIRE_PROVIDER_OPEN);
    fake_expect(&f.service, WIRE_SCHEMA);
    for (uint32_t i = 0; i < 3; i++)
        ck_assert_uint_eq(read_number(&f.service), i);
    ck_assert_int_eq(etwr_client_wait_connected(f.client, LONG_MS), ETWR_OK);
    etwr_client_last_error(f.client, text, sizeof text);
    ck_assert_str_eq(text, "");
    fixture_clear(&f);
}
END_TEST

/* Three events sent, one acknowledged, then the service is gone. */
static void lose_connection(void)
{
    fixture_connect(&f);
    for (uint32_t i = 0; i < 3; i++)
        ck_assert_int_eq(write_number(&f, i), ETWR_OK);
    fake_expect(&f.service, WIRE_SCHEMA);
    for (uint32_t i = 0; i < 3; i++)
        ck_assert_uint_eq(read_number(&f.service), i);
    fake_ack(&f.service, 1, 1, 0, 0, 0);
    wait_pending(f.client, 2);
    fake_close(&f.service);
}

START_TEST(what_was_sent_and_not_acknowledged_is_in_doubt)
{
    struct etwr_in_doubt ranges[4];
    size_t count = 4;
    struct etwr_counters counters;

    lose_connection();
    counters = wait_in_doubt(f.client, 2);
    ck_assert_uint_eq(counters.pending, 0);
    ck_assert_uint_eq(counters.settled_written, 1);
    etwr_client_in_doubt(f.client, ranges, &count);
    ck_assert_uint_eq(count, 1);
    ck_assert_uint_eq(ranges[0].first, 2);
    ck_assert_uint_eq(ranges[0].count, 2);
    count = 0;
    etwr_client_in_doubt(f.client, NULL, &count);
    ck_assert_uint_eq(count, 1);
    fixture_clear(&f);
}
END_TEST

START_TEST(a_reconnect_opens_again_and_reports_the_doubt)
{
    struct reply_welcome welcome = {WIRE_VERSION, 0, WIRE_BODY_MAX_BYTES, 4096, 8};
    struct request_hello hello;
    uint8_t bytes[64];
    struct writer writer;

    lose_connection();
    fake_accept(&f.service);
    fake_read_hello(&f.service, &hello);
    ck_assert_uint_eq(hello.first_sequence, 4);
    ck_assert_uint_eq(hello.in_doubt_count, 1);
    ck_assert_uint_eq(hello.in_doubt[0].first, 2);
    ck_assert_uint_eq(hello.in_doubt[0].count, 2);
    /* Ends before it was accepted: the doubt is told again. */
    fake_close(&f.service);
    fake_accept(&f.service);
    fake_read_hello(&f.service, &hello);
    ck_assert_uint_eq(hello.in_doubt_count, 1);
    ck_assert_int_eq(write_number(&f, 9), ETWR_OK);
    writer_init(&writer, bytes, sizeof bytes);
    reply_put_welcome(&writer, &welcome);
    fake_send(&f.service, bytes, writer_size(&writer));
    fake_expect(&f.service, WIRE_PROVIDER_OPEN);
    /* The schema was known: it is announced for the new connection, and nothing is sent twice. */
    fake_expect(&f.service, WIRE_SCHEMA);
    ck_assert_uint_eq(read_number(&f.service), 9);
    fake_ack(&f.service, 4, 1, 0, 0, 0);
    wait_pending(f.client, 0);
    ck_assert_uint_eq(check_books(f.client).connects, 2);
    fake_close(&f.service);
    fake_accept(&f.service);
    fake_read_hello(&f.service, &hello);
    ck_assert_uint_eq(hello.in_doubt_count, 0);
    ck_assert_uint_eq(hello.first_sequence, 5);
    fixture_clear(&f);
}
END_TEST

START_TEST(a_flush_waits_for_the_acknowledgement)
{
    struct frame frame;
    uint64_t cookie;

    fixture_connect(&f);
    ck_assert_int_eq(write_number(&f, 1), ETWR_OK);
    ck_assert_int_eq(etwr_client_flush(f.client, 20), ETWR_E_TIMEOUT);
    fake_skip_to(&f.service, WIRE_EVENT);
    frame = fake_expect(&f.service, WIRE_FLUSH);
    ck_assert_int_eq(request_read_flush(&frame, &cookie), ETWR_OK);
    fake_flushed(&f.service, cookie);
    /* Answered, but the event is not settled. */
    ck_assert_int_eq(etwr_client_flush(f.client, 20), ETWR_E_TIMEOUT);
    frame = fake_expect(&f.service, WIRE_FLUSH);
    ck_assert_int_eq(request_read_flush(&frame, &cookie), ETWR_OK);
    fake_ack(&f.service, 1, 1, 0, 0, 0);
    fake_flushed(&f.service, cookie);
    wait_pending(f.client, 0);
    ck_assert_uint_eq(fixture_clear(&f).settled_written, 1);
}
END_TEST

START_TEST(a_flush_that_was_not_answered_is_asked_again)
{
    struct frame frame;
    uint64_t first, again;

    fixture_connect(&f);
    ck_assert_int_eq(write_number(&f, 1), ETWR_OK);
    ck_assert_int_eq(etwr_client_flush(f.client, 10), ETWR_E_TIMEOUT);
    frame = fake_skip_to(&f.service, WIRE_FLUSH);
    request_read_flush(&frame, &first);
    fake_close(&f.service);
    fake_welcome(&f.service);
    fake_expect(&f.service, WIRE_PROVIDER_OPEN);
    frame = fake_expect(&f.service, WIRE_FLUSH);
    request_read_flush(&frame, &again);
    ck_assert_uint_eq(again, first);
    fixture_clear(&f);
}
END_TEST

/* A service that is full is asked again a second later; one that stops, soon. */
START_TEST(a_refusal_for_now_is_told_and_tried_again)
{
    char text[256];
    struct request_hello hello;

    fixture_start(&f);
    fake_accept(&f.service);
    fake_read_hello(&f.service, &hello);
    fake_send_refused(&f.service, ETWR_REASON_CLIENT_LIMIT, "too\nmany");
    ck_assert(fake_is_closed(&f.service));
    fake_close(&f.service);
    do {
        etwr_client_last_error(f.client, text, sizeof text);
    } while (!strstr(text, "client_limit"));
    ck_assert_msg(strstr(text, "too many"), "%s", text);
    ck_assert_int_eq(etwr_client_wait_connected(f.client, 1), ETWR_E_TIMEOUT);
    fake_welcome(&f.service);
    ck_assert_int_eq(etwr_client_wait_connected(f.client, LONG_MS), ETWR_OK);
    fixture_clear(&f);
}
END_TEST

START_TEST(no_version_in_common_is_final)
{
    struct etwr_counters counters;
    struct request_hello hello;

    fixture_start(&f);
    ck_assert_int_eq(write_number(&f, 1), ETWR_OK);
    fake_accept(&f.service);
    fake_read_hello(&f.service, &hello);
    fake_send_refused(&f.service, ETWR_REASON_BAD_VERSION, "");
    ck_assert_int_eq(etwr_client_wait_connected(f.client, LONG_MS), ETWR_E_REFUSED);
    ck_assert_int_eq(etwr_client_flush(f.client, LONG_MS), ETWR_E_REFUSED);
    ck_assert_int_eq(write_number(&f, 2), ETWR_E_DISCONNECTED);
    ck_assert(!fake_is_called(&f.service, 50));
    counters = wait_pending(f.client, 0);
    ck_assert_uint_eq(counters.dropped[ETWR_REASON_DISCONNECTED], 2);
    fixture_clear(&f);
}
END_TEST

START_TEST(a_service_that_says_nothing_is_given_up)
{
    char text[256];

    fixture_start(&f);
    fake_accept(&f.service);
    ck_assert(fake_is_closed(&f.service)); /* after five seconds */
    fake_close(&f.service);
    etwr_client_last_error(f.client, text, sizeof text);
    ck_assert_msg(strstr(text, "nobody answered") && strstr(text, f.service.path), "%s", text);
    fake_welcome(&f.service);
    ck_assert_int_eq(etwr_client_wait_connected(f.client, LONG_MS), ETWR_OK);
    fixture_clear(&f);
}
END_TEST

/* What the service says it takes at most holds, for what was queued before it said so, too. */
START_TEST(a_services_lower_limits_hold)
{
    struct reply_welcome welcome = {WIRE_VERSION, 0, 200, 2, 8};
    struct request_hello hello;
    uint8_t bytes[64];
    struct writer writer;
    struct etwr_counters counters;

    fixture_start(&f);
    ck_assert_int_eq(write_number(&f, 1), ETWR_OK);
    ck_assert_int_eq(write_bytes(&f, 300), ETWR_OK);
    ck_assert_int_eq(write_number(&f, 2), ETWR_OK);
    fake_accept(&f.service);
    fake_read_hello(&f.service, &hello);
    writer_init(&writer, bytes, sizeof bytes);
    reply_put_welcome(&writer, &welcome);
    fake_send(&f.service, bytes, writer_size(&writer));
    fake_expect(&f.service, WIRE_PROVIDER_OPEN);
    fake_expect(&f.service, WIRE_SCHEMA);
    ck_assert_uint_eq(read_number(&f.service), 1);
    fake_expect(&f.service, WIRE_LOST);
    ck_assert_uint_eq(f.service.lost_by_reason[ETWR_REASON_TOO_LARGE], 1);
    ck_assert_uint_eq(read_number(&f.service), 2);
    for (uint64_t keyword = 2; keyword < 12; keyword++) {
        struct request_schema schema;
        struct frame frame;

        ck_assert_int_eq(write_number_at(&f, 3, 5, keyword), ETWR_OK);
        frame = fake_expect(&f.service, WIRE_SCHEMA);
        ck_assert_int_eq(request_read_schema(&frame, &schema), ETWR_OK);
        ck_assert_uint_le(schema.schema_id, 2);
        read_number(&f.service);
    }
    fake_ack(&f.service, 13, 12, 0, 0, 0);
    counters = wait_pending(f.client, 0);
    ck_assert_uint_eq(counters.dropped[ETWR_REASON_TOO_LARGE], 1);
    fixture_clear(&f);
}
END_TEST

/* Whatever breaks the protocol ends the connection and nothing else. */
START_TEST(bad_replies_end_the_connection)
{
    static const struct {
        uint8_t bytes[16];
        size_t size;
    } bad[] = {
        {{0, 0, 1, 0, 0x44, 0, 0, 0}, 8},      /* body of 65,536 */
        {{0, 0, 0, 0, 0x44, 0, 0, 0}, 8},      /* ACK without a body */
        {{0, 0, 0, 0, 0x7F, 0, 0, 0}, 8},      /* unknown kind */
        {{0, 0, 0, 0, 0x05, 0, 1, 0}, 8},      /* a request */
        {{8, 0, 0, 0, 0x45, 0, 0, 0, 99}, 16}, /* FLUSHED that nobody asked for */
        {{0, 0, 0, 0, 0x41, 0, 0, 0}, 8},      /* WELCOME twice, and empty */
    };

    fixture_start(&f);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        fake_welcome(&f.service);
        fake_send(&f.service, bad[i].bytes, bad[i].size);
        ck_assert(fake_is_closed(&f.service));
        fake_close(&f.service);
    }
    fake_welcome(&f.service);
    /* An unknown kind from 0x80 on is skipped; an ACK of what was never sent is not. */
    fake_send(&f.service, "\x02\0\0\0\x90\0\0\0xx", 10);
    fake_ack(&f.service, 0, 0, 0, 0, 0);
    ck_assert_int_eq(etwr_client_wait_connected(f.client, LONG_MS), ETWR_OK);
    fake_ack(&f.service, 1, 1, 0, 0, 0);
    ck_assert(fake_is_closed(&f.service));
    fixture_clear(&f);
}
END_TEST

START_TEST(replies_are_understood_however_they_are_cut)
{
    uint8_t bytes[64];
    struct writer writer;
    struct reply_ack ack = {.sequence = 1, .written = 1};

    fixture_connect(&f);
    ck_assert_int_eq(write_number(&f, 1), ETWR_OK);
    fake_skip_to(&f.service, WIRE_EVENT);
    writer_init(&writer, bytes, sizeof bytes);
    reply_put_ack(&writer, &ack);
    for (size_t i = 0; i < writer_size(&writer); i++) {
        fake_send(&f.service, bytes + i, 1);
        if (i + 1 < writer_size(&writer)) ck_assert_uint_eq(check_books(f.client).pending, 1);
    }
    wait_pending(f.client, 0);
    fixture_clear(&f);
}
END_TEST

START_TEST(what_a_service_said_before_it_went_is_heard)
{
    struct etwr_counters counters;

    fixture_connect(&f);
    ck_assert_int_eq(write_number(&f, 1), ETWR_OK);
    ck_assert_int_eq(write_number(&f, 2), ETWR_OK);
    fake_skip_to(&f.service, WIRE_EVENT);
    fake_skip_to(&f.service, WIRE_EVENT);
    fake_ack(&f.service, 1, 1, 0, 0, 0);
    fake_close(&f.service);
    counters = wait_in_doubt(f.client, 1);
    ck_assert_uint_eq(counters.settled_written, 1);
    fixture_clear(&f);
}
END_TEST

static void send_status(uint64_t cookie, bool last, const char *piece)
{
    struct reply_status status = {cookie, last, {piece, strlen(piece)}};
    uint8_t bytes[128];
    struct writer writer;

    writer_init(&writer, bytes, sizeof bytes);
    reply_put_status(&writer, &status);
    fake_send(&f.service, bytes, writer_size(&writer));
}

START_TEST(a_status_question_that_timed_out_is_not_confused_with_the_next)
{
    uint64_t cookie;
    struct frame frame;
    char *json = NULL;

    fixture_connect(&f);
    ck_assert_int_eq(etwr_client_status(f.client, 10, &json), ETWR_E_TIMEOUT);
    frame = fake_expect(&f.service, WIRE_STATUS);
    ck_assert_int_eq(request_read_status(&frame, &cookie), ETWR_OK);
    /* The late answer comes first, then the one to the next question, whose cookie is known. */
    send_status(cookie, false, "{\"old\"");
    send_status(cookie, true, ":1}");
    ck_assert_int_eq(etwr_client_status(f.client, 10, &json), ETWR_E_TIMEOUT);
    fixture_clear(&f);
}
END_TEST

/* A call that waits for the service, on a thread of its own while the test plays the service. */
struct call {
    pthread_t thread;
    enum etwr_status status;
    char *json;
    struct etwr_counters counters;
};

static void start_call(struct call *call, void *(*run)(void *call))
{
    ck_assert_int_eq(pthread_create(&call->thread, NULL, run, call), 0);
}

static void *call_status(void *context)
{
    struct call *call = context;

    call->status = etwr_client_status(f.client, LONG_MS, &call->json);
    return NULL;
}

static void *call_flush(void *context)
{
    struct call *call = context;

    call->status = etwr_client_flush(f.client, LONG_MS);
    return NULL;
}

static void *call_destroy(void *context)
{
    struct call *call = context;

    etwr_client_destroy(f.client, LONG_MS, &call->counters);
    return NULL;
}

/* Answer a FLUSH behind one event. */
static void answer_flush(void)
{
    struct frame frame = fake_skip_to(&f.service, WIRE_FLUSH);
    uint64_t cookie;

    ck_assert_uint_eq(f.service.event_count, 1);
    ck_assert_int_eq(request_read_flush(&frame, &cookie), ETWR_OK);
    fake_ack(&f.service, 1, 1, 0, 0, 0);
    fake_flushed(&f.service, cookie);
}

START_TEST(status_pieces_are_joined)
{
    struct call call;
    struct frame frame;
    uint64_t cookie;

    fixture_connect(&f);
    start_call(&call, call_status);
    frame = fake_expect(&f.service, WIRE_STATUS);
    ck_assert_int_eq(request_read_status(&frame, &cookie), ETWR_OK);
    send_status(cookie, false, "{\"accepted\"");
    send_status(cookie, true, ":1}");
    pthread_join(call.thread, NULL);
    ck_assert_int_eq(call.status, ETWR_OK);
    ck_assert_str_eq(call.json, "{\"accepted\":1}");
    etwr_free(call.json);
    fixture_clear(&f);
}
END_TEST

START_TEST(a_flush_returns_when_everything_is_settled)
{
    struct call call;
    struct etwr_counters counters;

    fixture_connect(&f);
    ck_assert_int_eq(write_number(&f, 1), ETWR_OK);
    start_call(&call, call_flush);
    answer_flush();
    pthread_join(call.thread, NULL);
    ck_assert_int_eq(call.status, ETWR_OK);
    counters = check_books(f.client);
    ck_assert_uint_eq(counters.pending, 0);
    ck_assert_uint_eq(counters.settled_written, 1);
    fixture_clear(&f);
}
END_TEST

START_TEST(destroy_delivers_what_is_queued)
{
    struct call call;

    f.options.delay_ms = 1000;
    fixture_connect(&f);
    ck_assert_int_eq(write_number(&f, 1), ETWR_OK);
    start_call(&call, call_destroy);
    answer_flush();
    pthread_join(call.thread, NULL);
    ck_assert_uint_eq(call.counters.settled_written, 1);
    ck_assert_uint_eq(call.counters.pending, 0);
    f.client = NULL;
    fixture_clear(&f);
}
END_TEST

/* The client over one end of a connection, the test's service at the other. */
static intptr_t adopt(struct fixture *fixture)
{
    intptr_t end;

    fake_service_clear(&fixture->service);
    end = fake_service_init_pair(&fixture->service);
    ck_assert_int_eq(etwr_client_adopt(NULL, end, &fixture->client), ETWR_OK);
    ck_assert_int_eq(etwr_provider_open(fixture->client, "Test.Provider", NULL, &fixture->provider),
                     ETWR_OK);
    fake_welcome(&fixture->service);
    fake_expect(&fixture->service, WIRE_PROVIDER_OPEN);
    return end;
}

START_TEST(an_adopted_stream_is_used_and_closed)
{
    intptr_t end = adopt(&f);

    ck_assert(!fake_link_is_inherited(end));
    ck_assert_int_eq(write_number(&f, 5), ETWR_OK);
    fake_expect(&f.service, WIRE_SCHEMA);
    ck_assert_uint_eq(read_number(&f.service), 5);
    etwr_client_destroy(f.client, 0, NULL);
    ck_assert(!fake_link_is_open(end));
    f.client = NULL;
    fixture_clear(&f);
}
END_TEST

START_TEST(an_adopted_stream_that_ends_is_the_end)
{
    struct etwr_counters counters;

    adopt(&f);
    ck_assert_int_eq(write_number(&f, 1), ETWR_OK);
    fake_skip_to(&f.service, WIRE_EVENT);
    fake_close(&f.service);
    wait_in_doubt(f.client, 1);
    ck_assert_int_eq(etwr_client_wait_connected(f.client, LONG_MS), ETWR_E_DISCONNECTED);
    ck_assert_int_eq(write_number(&f, 2), ETWR_E_DISCONNECTED);
    ck_assert_int_eq(etwr_client_flush(f.client, LONG_MS), ETWR_E_DISCONNECTED);
    etwr_provider_close(f.provider);
    counters = wait_pending(f.client, 0);
    ck_assert_uint_eq(counters.dropped[ETWR_REASON_DISCONNECTED], 1);
    ck_assert_uint_eq(counters.produced, 2);
    fixture_clear(&f);
}
END_TEST

START_TEST(a_stream_that_could_not_be_adopted_is_the_callers)
{
    struct etwr_client *client;
    struct fake_service other;
    intptr_t end = fake_service_init_pair(&other);

    ck_assert_int_eq(etwr_client_adopt(NULL, -1, &client), ETWR_E_INVALID_ARGUMENT);
    f.options.delay_ms = 5000; /* fails after the adoption */
    ck_assert_int_eq(etwr_client_adopt(&f.options, end, &client), ETWR_E_INVALID_ARGUMENT);
    ck_assert(fake_link_is_open(end));
    ck_assert_int_eq(etwr_client_adopt(NULL, end, &f.client), ETWR_OK);
    fake_welcome(&other);
    ck_assert_int_eq(etwr_client_wait_connected(f.client, LONG_MS), ETWR_OK);
    fixture_clear(&f);
    fake_service_clear(&other);
}
END_TEST

START_TEST(the_environment_names_a_stream_for_the_first_client)
{
    struct etwr_client *second;
    struct fake_service other;
    char number[24];
    intptr_t end = fake_service_init_pair(&other);

    snprintf(number, sizeof number, "%lld", (long long)end);
    fake_environment(transport_handle_variable, number);
    fake_environment("ETWRELAY_PIPE", f.service.path);
    ck_assert_int_eq(etwr_client_create(NULL, &f.client), ETWR_OK);
    fake_welcome(&other);
    ck_assert_int_eq(etwr_client_wait_connected(f.client, LONG_MS), ETWR_OK);
    ck_assert_int_eq(etwr_client_create(NULL, &second), ETWR_OK);
    fake_welcome(&f.service);
    ck_assert_int_eq(etwr_client_wait_connected(second, LONG_MS), ETWR_OK);
    etwr_client_destroy(second, 0, NULL);
    fixture_clear(&f);
    fake_service_clear(&other);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("client_link");
    TCase *tcase = tcase_create("link");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_set_timeout(tcase, 50);
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, options_out_of_range_are_refused);
    tcase_add_test(tcase, an_absent_service_is_told_in_words_and_costs_only_pending_events);
    tcase_add_test(tcase, a_service_that_starts_later_gets_what_waited);
    tcase_add_test(tcase, what_was_sent_and_not_acknowledged_is_in_doubt);
    tcase_add_test(tcase, a_reconnect_opens_again_and_reports_the_doubt);
    tcase_add_test(tcase, a_flush_waits_for_the_acknowledgement);
    tcase_add_test(tcase, a_flush_that_was_not_answered_is_asked_again);
    tcase_add_test(tcase, a_refusal_for_now_is_told_and_tried_again);
    tcase_add_test(tcase, no_version_in_common_is_final);
    tcase_add_test(tcase, a_service_that_says_nothing_is_given_up);
    tcase_add_test(tcase, a_services_lower_limits_hold);
    tcase_add_test(tcase, bad_replies_end_the_connection);
    tcase_add_test(tcase, replies_are_understood_however_they_are_cut);
    tcase_add_test(tcase, what_a_service_said_before_it_went_is_heard);
    tcase_add_test(tcase, a_status_question_that_timed_out_is_not_confused_with_the_next);
    tcase_add_test(tcase, status_pieces_are_joined);
    tcase_add_test(tcase, a_flush_returns_when_everything_is_settled);
    tcase_add_test(tcase, destroy_delivers_what_is_queued);
    tcase_add_test(tcase, an_adopted_stream_is_used_and_closed);
    tcase_add_test(tcase, an_adopted_stream_that_ends_is_the_end);
    tcase_add_test(tcase, a_stream_that_could_not_be_adopted_is_the_callers);
    tcase_add_test(tcase, the_environment_names_a_stream_for_the_first_client);
    suite_add_tcase(suite, tcase);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
