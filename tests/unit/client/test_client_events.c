/* What travels: schemas once, values each time, sequences, acknowledgements, urgency. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/client/fixture.h"

static struct fixture f;

static void setup(void)
{
    fixture_init(&f);
}

static struct request_schema expect_schema(void)
{
    struct frame frame = fake_expect(&f.service, WIRE_SCHEMA);
    struct request_schema schema;

    ck_assert_int_eq(request_read_schema(&frame, &schema), ETWR_OK);
    return schema;
}

START_TEST(hello_tells_who_connects_and_where_sequences_start)
{
    struct request_hello hello;

    f.options.image_name = "test image";
    fixture_start(&f);
    fake_accept(&f.service);
    fake_read_hello(&f.service, &hello);
    ck_assert_uint_eq(hello.version_lowest, WIRE_VERSION);
    ck_assert_uint_eq(hello.version_highest, WIRE_VERSION);
    ck_assert_uint_eq(hello.first_sequence, 1);
    ck_assert_uint_eq(hello.in_doubt_count, 0);
    ck_assert_uint_eq(hello.image.size, 10);
    ck_assert_mem_eq(hello.image.data, "test image", 10);
    fixture_clear(&f);
}
END_TEST

START_TEST(nothing_but_hello_is_sent_before_welcome)
{
    struct request_hello hello;

    fixture_start(&f);
    ck_assert_int_eq(write_number_at(&f, 1, 1, 1), ETWR_OK);
    fake_accept(&f.service);
    fake_read_hello(&f.service, &hello);
    ck_assert(!fake_has_frame(&f.service, 50));
    ck_assert_uint_eq(check_books(f.client).pending, 1);
    ck_assert_uint_eq(fixture_clear(&f).dropped[ETWR_REASON_DISCONNECTED], 1);
}
END_TEST

START_TEST(a_schema_is_announced_once_and_then_only_values_travel)
{
    struct request_schema schema;
    struct frame frame;
    struct request_event event;

    fixture_connect(&f);
    ck_assert_int_eq(write_number(&f, 7), ETWR_OK);
    ck_assert_int_eq(write_number(&f, 8), ETWR_OK);
    schema = expect_schema();
    ck_assert_uint_eq(schema.slot, 1);
    ck_assert_uint_eq(schema.descriptor.level, 5);
    ck_assert_uint_eq(schema.descriptor.channel, 11);
    ck_assert_uint_eq(schema.descriptor.keyword, 1);
    frame = fake_expect(&f.service, WIRE_EVENT);
    ck_assert_int_eq(request_read_event(&frame, &event), ETWR_OK);
    ck_assert_uint_eq(event.schema_id, schema.schema_id);
    ck_assert_uint_gt(event.time, UINT64_C(133000000000000000)); /* after 2022 */
    ck_assert_uint_ne(event.thread_id, 0);
    ck_assert_uint_eq(read_number(&f.service), 8);
    fixture_clear(&f);
}
END_TEST

START_TEST(another_descriptor_is_another_schema)
{
    uint32_t first;

    fixture_connect(&f);
    ck_assert_int_eq(write_number_at(&f, 1, 5, 1), ETWR_OK);
    first = expect_schema().schema_id;
    ck_assert_uint_eq(read_number(&f.service), 1);
    ck_assert_int_eq(write_number_at(&f, 2, 5, 2), ETWR_OK);
    ck_assert_uint_ne(expect_schema().schema_id, first);
    ck_assert_uint_eq(read_number(&f.service), 2);
    fixture_clear(&f);
}
END_TEST

START_TEST(activity_ids_travel_with_their_event)
{
    struct etwr_guid activity = {{1, 2, 3}}, related = {{9, 8, 7}};
    struct request_event event;
    struct frame frame;

    fixture_connect(&f);
    etwr_event_reset(f.event, "A", 5, 1);
    etwr_event_set_activity_id(f.event, &activity);
    etwr_event_set_related_activity_id(f.event, &related);
    ck_assert_int_eq(etwr_provider_write(f.provider, f.event), ETWR_OK);
    expect_schema();
    frame = fake_expect(&f.service, WIRE_EVENT);
    ck_assert_int_eq(request_read_event(&frame, &event), ETWR_OK);
    ck_assert_mem_eq(event.activity_id, &activity, 16);
    ck_assert_mem_eq(event.related_activity_id, &related, 16);
    ck_assert_uint_eq(event.values.size, 0);
    fixture_clear(&f);
}
END_TEST

START_TEST(acknowledged_events_are_settled_by_the_services_word)
{
    struct etwr_counters counters;

    fixture_connect(&f);
    for (uint32_t i = 0; i < 6; i++)
        ck_assert_int_eq(write_number(&f, i), ETWR_OK);
    expect_schema();
    for (uint32_t i = 0; i < 6; i++)
        ck_assert_uint_eq(read_number(&f.service), i);
    ck_assert_uint_eq(check_books(f.client).pending, 6);
    fake_ack(&f.service, 3, 2, 1, 0, 0);
    counters = wait_pending(f.client, 3);
    ck_assert_uint_eq(counters.settled_written, 2);
    ck_assert_uint_eq(counters.settled_not_enabled, 1);
    ck_assert_uint_eq(counters.acknowledged, 3);
    fake_ack(&f.service, 6, 3, 1, ETWR_REASON_RATE, 2);
    counters = wait_pending(f.client, 0);
    ck_assert_uint_eq(counters.settled_written, 3);
    ck_assert_uint_eq(counters.settled_dropped[ETWR_REASON_RATE], 2);
    ck_assert_uint_eq(counters.produced, 6);
    fixture_clear(&f);
}
END_TEST

/* Does an event of this level come long before the delay is over? The first event makes the thread
 * sleep for its delay; the second must cut that short. A slow machine may take several attempts. */
static bool is_prompt(uint8_t level)
{
    bool prompt = false;

    for (int attempt = 0; attempt < 10 && !prompt; attempt++) {
        ck_assert_int_eq(write_number(&f, 5), ETWR_OK);
        ck_assert_int_eq(write_number_at(&f, level, level, 1), ETWR_OK);
        prompt = fake_has_frame(&f.service, 400);
        fake_skip_to(&f.service, WIRE_EVENT);
        fake_skip_to(&f.service, WIRE_EVENT);
    }
    return prompt;
}

START_TEST(level_1_and_2_do_not_wait_for_the_delay)
{
    f.options.delay_ms = 1000;
    fixture_connect(&f);
    ck_assert(is_prompt(1));
    ck_assert(is_prompt(2));
    fixture_clear(&f);
}
END_TEST

START_TEST(a_normal_event_is_sent_after_the_delay)
{
    fixture_connect(&f);
    ck_assert_int_eq(write_number(&f, 1), ETWR_OK);
    fake_expect(&f.service, WIRE_SCHEMA);
    ck_assert_uint_eq(read_number(&f.service), 1);
    fixture_clear(&f);
}
END_TEST

START_TEST(a_half_full_queue_does_not_wait_for_the_delay)
{
    bool prompt = false;

    f.options.delay_ms = 1000;
    f.options.queue_bytes = 65536;
    fixture_connect(&f);
    for (int attempt = 0; attempt < 10 && !prompt; attempt++) {
        for (int i = 0; i < 3; i++)
            ck_assert_int_eq(write_bytes(&f, 15000), ETWR_OK);
        prompt = fake_has_frame(&f.service, 400);
        for (int i = 0; i < 3; i++)
            fake_skip_to(&f.service, WIRE_EVENT);
    }
    ck_assert(prompt);
    fixture_clear(&f);
}
END_TEST

START_TEST(the_largest_event_fits_the_smallest_queue)
{
    /* 80 + traits 8 + 16 (padded) + metadata 8 + 16 (padded) + values 2 + n = 65,535 */
    const size_t most = 65535 - 80 - (8 + 16) - (8 + 16) - 2;
    struct etwr_counters counters;

    f.options.queue_bytes = 65536;
    fixture_connect(&f);
    ck_assert_int_eq(write_bytes(&f, most + 1), ETWR_E_TOO_LARGE);
    ck_assert_int_eq(write_bytes(&f, most), ETWR_OK);
    fake_expect(&f.service, WIRE_LOST);
    fake_expect(&f.service, WIRE_SCHEMA);
    fake_expect(&f.service, WIRE_EVENT);
    counters = check_books(f.client);
    ck_assert_uint_eq(counters.dropped[ETWR_REASON_TOO_LARGE], 1);
    ck_assert_uint_eq(counters.produced, 2);
    fixture_clear(&f);
}
END_TEST

START_TEST(a_related_id_takes_24_bytes_of_the_record)
{
    static const uint8_t bytes[65536];
    const size_t most = 65535 - 80 - (8 + 16) - (8 + 16) - 24 - 2;
    struct etwr_guid related = {{1}};

    fixture_connect(&f);
    for (size_t more = 0; more < 2; more++) {
        etwr_event_reset(f.event, "Big", 5, 1);
        etwr_event_add_binary(f.event, "b", bytes, most + more, ETWR_OUT_NULL, 0);
        etwr_event_set_related_activity_id(f.event, &related);
        ck_assert_int_eq(etwr_provider_write(f.provider, f.event),
                         more == 0 ? ETWR_OK : ETWR_E_TOO_LARGE);
    }
    fixture_clear(&f);
}
END_TEST

START_TEST(an_event_with_an_error_is_neither_sent_nor_counted)
{
    fixture_connect(&f);
    etwr_event_reset(f.event, "E", 5, 1);
    ck_assert_int_eq(etwr_event_add_zstr16(f.event, "t", "\xff", ETWR_OUT_NULL, 0),
                     ETWR_E_BAD_VALUE);
    ck_assert_int_eq(etwr_provider_write(f.provider, f.event), ETWR_E_BAD_VALUE);
    ck_assert_uint_eq(check_books(f.client).produced, 0);
    fixture_clear(&f);
}
END_TEST

static enum etwr_status write_encoded(const void *metadata, size_t size, const void *values,
                                      size_t values_size)
{
    struct etwr_descriptor descriptor = {.channel = 11, .level = 5, .keyword = 1};

    return etwr_provider_write_encoded(f.provider, &descriptor, metadata, size, values, values_size,
                                       NULL, NULL);
}

/* "T" with an array of structs and so many structs inside each other in it; an int8 innermost. */
static size_t nested_metadata(uint8_t *metadata, size_t depth)
{
    static const uint8_t array[] = {'s', 0, 0xD8, 1}, inner[] = {'s', 0, 0x98, 1};
    static const uint8_t field[] = {'f', 0, 3};
    size_t size = 5;

    memcpy(metadata + 2, "\0T", 3);
    memcpy(metadata + size, array, sizeof array);
    size += sizeof array;
    for (size_t i = 0; i < depth; i++, size += sizeof inner)
        memcpy(metadata + size, inner, sizeof inner);
    memcpy(metadata + size, field, sizeof field);
    size += sizeof field;
    metadata[0] = (uint8_t)size;
    metadata[1] = 0;
    return size;
}

START_TEST(encoded_events_nest_as_deep_as_the_service_takes)
{
    static const uint8_t values[] = {1, 0, 5};
    uint8_t metadata[64];
    size_t size = nested_metadata(metadata, ETWR_ARRAY_DEPTH_MAX - 1);

    fixture_connect(&f);
    ck_assert_int_eq(write_encoded(metadata, size, values, sizeof values), ETWR_OK);
    size = nested_metadata(metadata, ETWR_ARRAY_DEPTH_MAX);
    ck_assert_int_eq(write_encoded(metadata, size, values, sizeof values), ETWR_E_TOO_DEEP);
    ck_assert_uint_eq(check_books(f.client).produced, 1);
    expect_schema();
    fake_expect(&f.service, WIRE_EVENT);
    fixture_clear(&f);
}
END_TEST

START_TEST(encoded_events_are_checked_as_strictly_as_the_service_does)
{
    /* "T" {int8 f} */
    static const uint8_t metadata[] = {8, 0, 0, 'T', 0, 'f', 0, 3};
    static const uint8_t truncated[] = {7, 0, 0, 'T', 0, 'f', 0};
    static const uint8_t values[] = {1, 2};

    fixture_connect(&f);
    for (int again = 0; again < 2; again++) {
        ck_assert_int_eq(write_encoded(metadata, 7, values, 1), ETWR_E_MALFORMED);
        ck_assert_int_eq(write_encoded(truncated, 7, values, 1), ETWR_E_MALFORMED);
        ck_assert_int_eq(write_encoded(metadata, 8, values, 0), ETWR_E_BAD_VALUE);
        ck_assert_int_eq(write_encoded(metadata, 8, values, 2), ETWR_E_BAD_VALUE);
        ck_assert_int_eq(write_encoded(metadata, 40000, values, 2), ETWR_E_METADATA_TOO_LONG);
        ck_assert_uint_eq(check_books(f.client).produced, (uint64_t)again);
        ck_assert_int_eq(write_encoded(metadata, 8, values, 1), ETWR_OK);
    }
    expect_schema();
    fake_expect(&f.service, WIRE_EVENT);
    fake_expect(&f.service, WIRE_EVENT);
    fixture_clear(&f);
}
END_TEST

START_TEST(a_builders_schema_serves_encoded_events_too)
{
    struct etwr_encoded encoded;
    uint8_t metadata[64];
    static const uint8_t value[] = {9, 0, 0, 0};

    fixture_connect(&f);
    ck_assert_int_eq(write_number(&f, 1), ETWR_OK);
    ck_assert_int_eq(etwr_event_encode(f.event, &encoded), ETWR_OK);
    memcpy(metadata, encoded.metadata.data, encoded.metadata.size);
    ck_assert_int_eq(write_encoded(metadata, encoded.metadata.size, value, 3), ETWR_E_BAD_VALUE);
    ck_assert_int_eq(write_encoded(metadata, encoded.metadata.size, value, 4), ETWR_OK);
    expect_schema();
    ck_assert_uint_eq(read_number(&f.service), 1);
    ck_assert_uint_eq(read_number(&f.service), 9);
    fixture_clear(&f);
}
END_TEST

static struct etwr_prepared *prepare(void)
{
    struct etwr_prepared *prepared;

    etwr_event_reset(f.event, "P", 4, 2);
    etwr_event_declare(f.event, "n", ETWR_IN_UINT32, 0, ETWR_OUT_NULL, 0);
    ck_assert_int_eq(etwr_prepared_create(f.provider, f.event, &prepared), ETWR_OK);
    return prepared;
}

START_TEST(prepared_events_send_their_values)
{
    uint8_t memory[16];
    struct etwr_values values;
    struct etwr_prepared *prepared;

    fixture_connect(&f);
    prepared = prepare();
    for (uint32_t i = 0; i < 3; i++) {
        etwr_values_init(&values, memory, sizeof memory);
        etwr_put_uint32(&values, i);
        ck_assert_int_eq(etwr_prepared_write(prepared, &values, NULL, NULL), ETWR_OK);
    }
    ck_assert_uint_eq(expect_schema().descriptor.level, 4);
    for (uint32_t i = 0; i < 3; i++)
        ck_assert_uint_eq(read_number(&f.service), i);
    etwr_prepared_destroy(prepared);
    fixture_clear(&f);
}
END_TEST

START_TEST(prepared_values_that_do_not_follow_the_declaration_are_refused)
{
    uint8_t memory[16];
    struct etwr_values values;
    struct etwr_prepared *prepared;

    fixture_connect(&f);
    prepared = prepare();
    etwr_values_init(&values, memory, sizeof memory);
    etwr_put_uint8(&values, 1);
    ck_assert_int_eq(etwr_prepared_write(prepared, &values, NULL, NULL), ETWR_E_BAD_VALUE);
    etwr_values_init(&values, memory, 3);
    etwr_put_uint32(&values, 1);
    ck_assert_int_eq(etwr_prepared_write(prepared, &values, NULL, NULL), ETWR_E_DATA_TOO_LONG);
    ck_assert_uint_eq(check_books(f.client).produced, 0);
    fixture_clear(&f);
}
END_TEST

static void write_named(int number)
{
    char name[16];

    snprintf(name, sizeof name, "S%d", number);
    etwr_event_reset(f.event, name, 5, 1);
    ck_assert_int_eq(etwr_provider_write(f.provider, f.event), ETWR_OK);
}

START_TEST(more_schemas_than_the_table_holds_are_announced_again)
{
    static uint8_t live[4097];
    uint64_t announced = 0;
    struct frame frame;

    fixture_connect(&f);
    for (int i = 0; i < 4200; i++)
        write_named(i);
    write_named(0);
    for (int events = 0; events < 4201;) {
        struct request_schema schema;
        struct request_event event;

        frame = fake_read(&f.service);
        if (frame.kind == WIRE_SCHEMA) {
            ck_assert_int_eq(request_read_schema(&frame, &schema), ETWR_OK);
            ck_assert_uint_le(schema.schema_id, 4096);
            live[schema.schema_id] = 1;
            announced++;
            continue;
        }
        ck_assert_int_eq(request_read_event(&frame, &event), ETWR_OK);
        ck_assert_uint_eq(live[event.schema_id], 1);
        events++;
    }
    ck_assert_uint_eq(announced, 4201);
    fixture_clear(&f);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("client_events");
    TCase *tcase = tcase_create("events");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_set_timeout(tcase, 50);
    tcase_add_checked_fixture(tcase, setup, NULL);
    tcase_add_test(tcase, hello_tells_who_connects_and_where_sequences_start);
    tcase_add_test(tcase, nothing_but_hello_is_sent_before_welcome);
    tcase_add_test(tcase, a_schema_is_announced_once_and_then_only_values_travel);
    tcase_add_test(tcase, another_descriptor_is_another_schema);
    tcase_add_test(tcase, activity_ids_travel_with_their_event);
    tcase_add_test(tcase, acknowledged_events_are_settled_by_the_services_word);
    tcase_add_test(tcase, level_1_and_2_do_not_wait_for_the_delay);
    tcase_add_test(tcase, a_normal_event_is_sent_after_the_delay);
    tcase_add_test(tcase, a_half_full_queue_does_not_wait_for_the_delay);
    tcase_add_test(tcase, the_largest_event_fits_the_smallest_queue);
    tcase_add_test(tcase, a_related_id_takes_24_bytes_of_the_record);
    tcase_add_test(tcase, an_event_with_an_error_is_neither_sent_nor_counted);
    tcase_add_test(tcase, encoded_events_are_checked_as_strictly_as_the_service_does);
    tcase_add_test(tcase, encoded_events_nest_as_deep_as_the_service_takes);
    tcase_add_test(tcase, a_builders_schema_serves_encoded_events_too);
    tcase_add_test(tcase, prepared_events_send_their_values);
    tcase_add_test(tcase, prepared_values_that_do_not_follow_the_declaration_are_refused);
    tcase_add_test(tcase, more_schemas_than_the_table_holds_are_announced_again);
    suite_add_tcase(suite, tcase);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
