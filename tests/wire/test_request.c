/* Requests: golden frames both ways, every wrong size, and each rule of PROTOCOL.md section 3. */
#include <check.h>
#include <stdlib.h>

#include "tests/wire/golden.h"
#include "tests/wire/sample.h"

static enum etwr_status read_hello(const struct frame *frame)
{
    struct request_hello hello;

    return request_read_hello(frame, &hello);
}

static enum etwr_status read_open(const struct frame *frame)
{
    struct request_provider_open open;

    return request_read_provider_open(frame, &open);
}

static enum etwr_status read_close(const struct frame *frame)
{
    uint16_t slot;

    return request_read_provider_close(frame, &slot);
}

static enum etwr_status read_schema(const struct frame *frame)
{
    struct request_schema schema;

    return request_read_schema(frame, &schema);
}

static enum etwr_status read_event(const struct frame *frame)
{
    struct request_event event;

    return request_read_event(frame, &event);
}

static enum etwr_status read_lost(const struct frame *frame)
{
    struct request_lost lost;

    return request_read_lost(frame, &lost);
}

static enum etwr_status read_flush(const struct frame *frame)
{
    uint64_t cookie;

    return request_read_flush(frame, &cookie);
}

static enum etwr_status read_status(const struct frame *frame)
{
    uint64_t cookie;

    return request_read_status(frame, &cookie);
}

static struct request_hello make_hello(void)
{
    struct request_hello hello = {.version_lowest = 1,
                                  .version_highest = 1,
                                  .claimed_pid = 4242,
                                  .first_sequence = SAMPLE_FIRST,
                                  .image = sample_text("demo"),
                                  .in_doubt = {{900, 50}},
                                  .in_doubt_count = 1};

    memcpy(hello.instance, sample_instance, WIRE_INSTANCE_BYTES);
    return hello;
}

static struct request_provider_open make_open(void)
{
    struct request_provider_open open = {.slot = 513,
                                         .generation = 7,
                                         .name = sample_text(SAMPLE_NAME),
                                         .has_id = true,
                                         .has_group = true,
                                         .id = sample_activity,
                                         .group = sample_group};

    return open;
}

static struct request_event make_event(void)
{
    struct request_event event = {.slot = 513,
                                  .schema_id = 0x01020304,
                                  .time = SAMPLE_TIME,
                                  .thread_id = 4243,
                                  .activity_id = &sample_activity,
                                  .related_activity_id = &sample_related,
                                  .values = sample_values};

    return event;
}

static void put_hello(struct writer *writer)
{
    struct request_hello hello = make_hello();

    request_put_hello(writer, &hello);
}

static void put_open(struct writer *writer)
{
    struct request_provider_open open = make_open();

    request_put_provider_open(writer, &open);
}

static void put_close(struct writer *writer)
{
    request_put_provider_close(writer, 513);
}

static void put_schema(struct writer *writer)
{
    struct request_schema schema = {513, 0x01020304, sample_descriptor, sample_metadata};

    request_put_schema(writer, &schema);
}

static void put_event(struct writer *writer)
{
    struct request_event event = make_event();

    request_put_event(writer, &event);
}

static void put_lost(struct writer *writer)
{
    struct request_lost lost = {513, 0x1234, ETWR_REASON_QUEUE_FULL};

    request_put_lost(writer, &lost);
}

static void put_flush(struct writer *writer)
{
    request_put_flush(writer, UINT64_C(0x1122334455667788));
}

static void put_status(struct writer *writer)
{
    request_put_status(writer, UINT64_C(0x8877665544332211));
}

static const struct {
    const char *name;
    golden_read read;
    golden_put put;
    size_t open_from;  /* the last field runs to the end from here */
    size_t also_whole; /* a shorter size that is whole, too */
    uint8_t flags;
    bool slot_optional;
} kinds[] = {
    {"hello", read_hello, put_hello, SIZE_MAX, 46, 0, false},
    {"provider_open", read_open, put_open, SIZE_MAX, SIZE_MAX, 3, false},
    {"provider_close", read_close, put_close, SIZE_MAX, SIZE_MAX, 0, false},
    {"schema", read_schema, put_schema, 20, SIZE_MAX, 0, false},
    {"event", read_event, put_event, 48, SIZE_MAX, 3, false},
    {"lost", read_lost, put_lost, SIZE_MAX, SIZE_MAX, 0, true},
    {"flush", read_flush, put_flush, SIZE_MAX, SIZE_MAX, 0, false},
    {"status", read_status, put_status, SIZE_MAX, SIZE_MAX, 0, false},
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
    golden_check_sizes(&golden, kinds[_i].read, kinds[_i].open_from, kinds[_i].also_whole);
}
END_TEST

START_TEST(unknown_flag_wrong_slot_and_wrong_kind_are_malformed)
{
    struct golden golden;

    golden_load(kinds[_i].name, &golden);
    golden_check_header(&golden, kinds[_i].read, kinds[_i].flags, kinds[_i].slot_optional);
}
END_TEST

START_TEST(hello_fields_are_read)
{
    struct golden golden;
    struct request_hello hello;

    golden_load("hello", &golden);
    ck_assert_int_eq(request_read_hello(&golden.frame, &hello), ETWR_OK);
    ck_assert_uint_eq(hello.version_lowest, 1);
    ck_assert_uint_eq(hello.version_highest, 1);
    ck_assert_uint_eq(hello.features, 0);
    ck_assert_uint_eq(hello.claimed_pid, 4242);
    ck_assert_mem_eq(hello.instance, sample_instance, WIRE_INSTANCE_BYTES);
    ck_assert_uint_eq(hello.first_sequence, SAMPLE_FIRST);
    ck_assert_uint_eq(hello.image.size, 4);
    ck_assert_mem_eq(hello.image.data, "demo", 4);
    ck_assert_uint_eq(hello.in_doubt_count, 1);
    ck_assert_uint_eq(hello.in_doubt[0].first, 900);
    ck_assert_uint_eq(hello.in_doubt[0].count, 50);
}
END_TEST

START_TEST(hello_item_from_the_future_is_skipped)
{
    struct golden golden;
    struct request_hello hello;

    golden_load("hello_future", &golden);
    ck_assert_int_eq(request_read_hello(&golden.frame, &hello), ETWR_OK);
    ck_assert_uint_eq(hello.in_doubt_count, 1);
    ck_assert_uint_eq(hello.in_doubt[0].first, 900);
}
END_TEST

/* HELLO after a change, put and read again. */
static enum etwr_status reread_hello(const struct request_hello *hello)
{
    static uint8_t bytes[WIRE_FRAME_MAX_BYTES];
    struct writer writer;
    struct request_hello again;
    struct frame frame;
    size_t used;

    writer_init(&writer, bytes, sizeof bytes);
    request_put_hello(&writer, hello);
    ck_assert(!writer.failed);
    ck_assert_int_eq(frame_find(bytes, writer_size(&writer), &frame, &used), FRAME_WHOLE);
    return request_read_hello(&frame, &again);
}

START_TEST(hello_sequence_is_1_to_the_highest)
{
    struct request_hello hello = make_hello();

    hello.in_doubt_count = 0;
    hello.first_sequence = 1;
    ck_assert_int_eq(reread_hello(&hello), ETWR_OK);
    hello.first_sequence = WIRE_SEQUENCE_MAX;
    ck_assert_int_eq(reread_hello(&hello), ETWR_OK);
    hello.first_sequence = 0;
    ck_assert_int_eq(reread_hello(&hello), ETWR_E_MALFORMED);
    hello.first_sequence = WIRE_SEQUENCE_MAX + 1;
    ck_assert_int_eq(reread_hello(&hello), ETWR_E_MALFORMED);
}
END_TEST

START_TEST(hello_versions_must_be_in_order)
{
    struct request_hello hello = make_hello();

    hello.version_highest = 9;
    ck_assert_int_eq(reread_hello(&hello), ETWR_OK);
    hello.version_lowest = 10;
    ck_assert_int_eq(reread_hello(&hello), ETWR_E_MALFORMED);
}
END_TEST

START_TEST(hello_range_in_doubt_lies_below_the_first_sequence)
{
    static const struct {
        uint64_t first, count;
        enum etwr_status status;
    } cases[] = {{1, 1000, ETWR_OK},
                 {1000, 1, ETWR_OK},
                 {1, 1001, ETWR_E_MALFORMED},
                 {1001, 1, ETWR_E_MALFORMED},
                 {0, 1, ETWR_E_MALFORMED},
                 {1, 0, ETWR_E_MALFORMED},
                 {2, UINT64_MAX, ETWR_E_MALFORMED},
                 {UINT64_MAX, 2, ETWR_E_MALFORMED}};
    struct request_hello hello = make_hello();

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        hello.in_doubt[0].first = cases[i].first;
        hello.in_doubt[0].count = cases[i].count;
        ck_assert_int_eq(reread_hello(&hello), cases[i].status);
    }
}
END_TEST

START_TEST(hello_takes_sixteen_ranges_and_no_more)
{
    struct request_hello hello = make_hello();
    uint8_t bytes[1024];
    struct writer writer;
    struct frame frame;
    size_t used;

    hello.in_doubt_count = REQUEST_IN_DOUBT_MAX;
    for (size_t i = 0; i < REQUEST_IN_DOUBT_MAX; i++) {
        hello.in_doubt[i].first = i + 1;
        hello.in_doubt[i].count = 1;
    }
    ck_assert_int_eq(reread_hello(&hello), ETWR_OK);
    writer_init(&writer, bytes, sizeof bytes);
    request_put_hello(&writer, &hello);
    memcpy(writer.at, writer.at - 20, 20); /* one more */
    writer.at += 20;
    bytes[0] = (uint8_t)(writer_size(&writer) - 8);
    bytes[1] = (uint8_t)((writer_size(&writer) - 8) >> 8);
    ck_assert_int_eq(frame_find(bytes, writer_size(&writer), &frame, &used), FRAME_WHOLE);
    ck_assert_int_eq(read_hello(&frame), ETWR_E_MALFORMED);
    hello.in_doubt_count++;
    request_put_hello(&writer, &hello);
    ck_assert(writer.failed);
}
END_TEST

START_TEST(hello_item_past_the_end_is_malformed)
{
    struct golden golden;

    golden_load("hello", &golden);
    golden.bytes[8 + 46 + 2] = 17; /* the item's length */
    ck_assert_int_eq(read_hello(&golden.frame), ETWR_E_MALFORMED);
    golden.bytes[8 + 46 + 2] = 15;
    ck_assert_int_eq(read_hello(&golden.frame), ETWR_E_MALFORMED);
}
END_TEST

START_TEST(image_and_provider_names_are_bounded_utf8)
{
    static char longest[WIRE_NAME_MAX_BYTES + 2];
    struct request_hello hello = make_hello();
    uint8_t bytes[2048];
    struct writer writer;

    memset(longest, 'a', sizeof longest);
    hello.image.data = longest;
    hello.image.size = WIRE_NAME_MAX_BYTES;
    ck_assert_int_eq(reread_hello(&hello), ETWR_OK);
    hello.image = sample_text("\xC3");
    ck_assert_int_eq(reread_hello(&hello), ETWR_E_MALFORMED);
    hello.image.data = longest;
    hello.image.size = WIRE_NAME_MAX_BYTES + 1;
    writer_init(&writer, bytes, sizeof bytes);
    request_put_hello(&writer, &hello);
    ck_assert(writer.failed);
    ck_assert_uint_eq(writer_size(&writer), 0);
}
END_TEST

START_TEST(provider_open_fields_are_read)
{
    struct golden golden;
    struct request_provider_open open;

    golden_load("provider_open", &golden);
    ck_assert_int_eq(request_read_provider_open(&golden.frame, &open), ETWR_OK);
    ck_assert_uint_eq(open.slot, 513);
    ck_assert_uint_eq(open.generation, 7);
    ck_assert_uint_eq(open.name.size, strlen(SAMPLE_NAME));
    ck_assert_mem_eq(open.name.data, SAMPLE_NAME, open.name.size);
    ck_assert(open.has_id && open.has_group);
    ck_assert_mem_eq(&open.id, &sample_activity, sizeof open.id);
    ck_assert_mem_eq(&open.group, &sample_group, sizeof open.group);
}
END_TEST

/* PROVIDER_OPEN after a change, put and read again. */
static enum etwr_status reread_open(struct request_provider_open *open)
{
    uint8_t bytes[2048];
    struct writer writer;
    struct frame frame;
    size_t used;

    writer_init(&writer, bytes, sizeof bytes);
    request_put_provider_open(&writer, open);
    if (writer.failed) return ETWR_E_LIMIT;
    ck_assert_int_eq(frame_find(bytes, writer_size(&writer), &frame, &used), FRAME_WHOLE);
    return request_read_provider_open(&frame, open);
}

START_TEST(provider_open_has_id_and_group_only_if_flagged)
{
    for (int i = 0; i < 4; i++) {
        struct request_provider_open open = make_open();

        open.has_id = i & 1;
        open.has_group = i & 2;
        ck_assert_int_eq(reread_open(&open), ETWR_OK);
        ck_assert_int_eq(open.has_id, (i & 1) != 0);
        ck_assert_int_eq(open.has_group, (i & 2) != 0);
        if (open.has_group) ck_assert_mem_eq(&open.group, &sample_group, sizeof open.group);
    }
}
END_TEST

START_TEST(provider_name_is_neither_empty_nor_too_long_nor_binary)
{
    static char longest[WIRE_NAME_MAX_BYTES + 1];
    struct request_provider_open open = make_open();

    memset(longest, 'a', sizeof longest);
    open.name.size = 0;
    ck_assert_int_eq(reread_open(&open), ETWR_E_MALFORMED);
    open = make_open();
    open.name = sample_text("a\xFF");
    ck_assert_int_eq(reread_open(&open), ETWR_E_MALFORMED);
    open = make_open();
    open.name.data = "a\0b";
    open.name.size = 3;
    ck_assert_int_eq(reread_open(&open), ETWR_E_MALFORMED);
    open = make_open();
    open.name.data = longest;
    open.name.size = WIRE_NAME_MAX_BYTES;
    ck_assert_int_eq(reread_open(&open), ETWR_OK);
    open.name.data = longest;
    open.name.size = WIRE_NAME_MAX_BYTES + 1;
    ck_assert_int_eq(reread_open(&open), ETWR_E_LIMIT);
}
END_TEST

START_TEST(schema_fields_are_read)
{
    struct golden golden;
    struct request_schema schema;

    golden_load("schema", &golden);
    ck_assert_int_eq(request_read_schema(&golden.frame, &schema), ETWR_OK);
    ck_assert_uint_eq(schema.slot, 513);
    ck_assert_uint_eq(schema.schema_id, 0x01020304);
    ck_assert_uint_eq(schema.descriptor.channel, 11);
    ck_assert_uint_eq(schema.descriptor.level, 5);
    ck_assert_uint_eq(schema.descriptor.keyword, 0x21);
    ck_assert_uint_eq(schema.metadata.size, sample_metadata.size);
    ck_assert_mem_eq(schema.metadata.data, sample_metadata.data, sample_metadata.size);
}
END_TEST

START_TEST(descriptor_is_in_the_order_of_etw)
{
    static const uint8_t bytes[] = {0x02, 0x01, 0x03, 0x04, 0x05, 0x06, 0x08, 0x07,
                                    0x10, 0x0F, 0x0E, 0x0D, 0x0C, 0x0B, 0x0A, 0x09};
    uint8_t again[WIRE_DESCRIPTOR_BYTES];
    struct etwr_descriptor descriptor;
    struct reader reader;
    struct writer writer;

    reader_init(&reader, bytes, sizeof bytes);
    descriptor = read_descriptor(&reader);
    ck_assert(reader_finish(&reader));
    ck_assert_uint_eq(descriptor.id, 0x0102);
    ck_assert_uint_eq(descriptor.version, 3);
    ck_assert_uint_eq(descriptor.channel, 4);
    ck_assert_uint_eq(descriptor.level, 5);
    ck_assert_uint_eq(descriptor.opcode, 6);
    ck_assert_uint_eq(descriptor.task, 0x0708);
    ck_assert_uint_eq(descriptor.keyword, UINT64_C(0x090A0B0C0D0E0F10));
    writer_init(&writer, again, sizeof again);
    put_descriptor(&writer, &descriptor);
    ck_assert_mem_eq(again, bytes, sizeof bytes);
}
END_TEST

START_TEST(event_fields_are_read)
{
    struct golden golden;
    struct request_event event;

    golden_load("event", &golden);
    ck_assert_int_eq(request_read_event(&golden.frame, &event), ETWR_OK);
    ck_assert_uint_eq(event.slot, 513);
    ck_assert_uint_eq(event.schema_id, 0x01020304);
    ck_assert_uint_eq(event.time, SAMPLE_TIME);
    ck_assert_uint_eq(event.thread_id, 4243);
    ck_assert_mem_eq(event.activity_id, &sample_activity, sizeof sample_activity);
    ck_assert_mem_eq(event.related_activity_id, &sample_related, sizeof sample_related);
    ck_assert_uint_eq(event.values.size, sample_values.size);
    ck_assert_mem_eq(event.values.data, sample_values.data, sample_values.size);
}
END_TEST

START_TEST(reference_event_takes_89_bytes)
{
    struct request_event event = make_event();
    uint8_t bytes[256];
    struct writer writer;
    struct frame frame;
    size_t used;

    event.activity_id = NULL;
    event.related_activity_id = NULL;
    writer_init(&writer, bytes, sizeof bytes);
    request_put_event(&writer, &event);
    ck_assert_uint_eq(writer_size(&writer), 89);
    ck_assert_int_eq(frame_find(bytes, 89, &frame, &used), FRAME_WHOLE);
    ck_assert_int_eq(request_read_event(&frame, &event), ETWR_OK);
    ck_assert_ptr_null(event.activity_id);
    ck_assert_ptr_null(event.related_activity_id);
    ck_assert_uint_eq(event.values.size, 65);
}
END_TEST

START_TEST(event_with_a_related_id_alone_is_read)
{
    struct request_event event = make_event();
    uint8_t bytes[256];
    struct writer writer;
    struct frame frame;
    size_t used;

    event.activity_id = NULL;
    event.values.size = 0;
    writer_init(&writer, bytes, sizeof bytes);
    request_put_event(&writer, &event);
    ck_assert_int_eq(frame_find(bytes, writer_size(&writer), &frame, &used), FRAME_WHOLE);
    ck_assert_int_eq(request_read_event(&frame, &event), ETWR_OK);
    ck_assert_ptr_null(event.activity_id);
    ck_assert_mem_eq(event.related_activity_id, &sample_related, sizeof sample_related);
    ck_assert_uint_eq(event.values.size, 0);
}
END_TEST

START_TEST(event_over_the_longest_body_is_not_put)
{
    static uint8_t bytes[WIRE_FRAME_MAX_BYTES + 64];
    static uint8_t values[WIRE_BODY_MAX_BYTES];
    struct request_event event = make_event();
    struct writer writer;

    event.values.data = values;
    event.values.size = WIRE_BODY_MAX_BYTES - 48;
    writer_init(&writer, bytes, sizeof bytes);
    request_put_event(&writer, &event);
    ck_assert(!writer.failed);
    ck_assert_uint_eq(writer_size(&writer), WIRE_FRAME_MAX_BYTES);
    event.values.size++;
    writer_init(&writer, bytes, sizeof bytes);
    request_put_event(&writer, &event);
    ck_assert(writer.failed);
    ck_assert_uint_eq(writer_size(&writer), 0);
}
END_TEST

START_TEST(lost_wants_a_count_and_a_reason_that_drops)
{
    static const struct {
        uint64_t count;
        uint8_t reason;
        enum etwr_status status;
    } cases[] = {{1, 1, ETWR_OK},
                 {WIRE_SEQUENCE_MAX, 63, ETWR_OK},
                 {0, 1, ETWR_E_MALFORMED},
                 {WIRE_SEQUENCE_MAX + 1, 1, ETWR_E_MALFORMED},
                 {UINT64_MAX, 1, ETWR_E_MALFORMED},
                 {1, 0, ETWR_E_MALFORMED},
                 {1, 64, ETWR_E_MALFORMED},
                 {1, 255, ETWR_E_MALFORMED}};

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct request_lost lost = {0, cases[i].count, cases[i].reason};
        uint8_t bytes[64];
        struct writer writer;
        struct frame frame;
        size_t used;

        writer_init(&writer, bytes, sizeof bytes);
        request_put_lost(&writer, &lost);
        ck_assert_int_eq(frame_find(bytes, writer_size(&writer), &frame, &used), FRAME_WHOLE);
        ck_assert_int_eq(request_read_lost(&frame, &lost), cases[i].status);
    }
}
END_TEST

START_TEST(cookies_come_through)
{
    struct golden golden;
    uint64_t cookie;

    golden_load("flush", &golden);
    ck_assert_int_eq(request_read_flush(&golden.frame, &cookie), ETWR_OK);
    ck_assert_uint_eq(cookie, UINT64_C(0x1122334455667788));
    golden_load("status", &golden);
    ck_assert_int_eq(request_read_status(&golden.frame, &cookie), ETWR_OK);
    ck_assert_uint_eq(cookie, UINT64_C(0x8877665544332211));
}
END_TEST

START_TEST(refusal_names_magic_kind_and_flag)
{
    struct golden golden;

    golden_load("hello", &golden);
    golden.bytes[8] ^= 1;
    ck_assert_int_eq(read_hello(&golden.frame), ETWR_E_MALFORMED);
    ck_assert_int_eq(request_refusal(&golden.frame), ETWR_REASON_BAD_MAGIC);
    golden_load("hello", &golden);
    golden.frame.body_size--;
    ck_assert_int_eq(request_refusal(&golden.frame), ETWR_REASON_MALFORMED);
    golden.frame.body_size = 3;
    ck_assert_int_eq(request_refusal(&golden.frame), ETWR_REASON_BAD_MAGIC);
    golden_load("event", &golden);
    golden.frame.slot = 0;
    ck_assert_int_eq(request_refusal(&golden.frame), ETWR_REASON_MALFORMED);
    golden.frame.flags = 4;
    ck_assert_int_eq(request_refusal(&golden.frame), ETWR_REASON_UNKNOWN_KIND);
    golden.frame.flags = 0;
    golden.frame.kind = WIRE_TAIL;
    ck_assert_int_eq(request_refusal(&golden.frame), ETWR_REASON_UNKNOWN_KIND);
    golden.frame.kind = WIRE_ACK;
    ck_assert_int_eq(request_refusal(&golden.frame), ETWR_REASON_UNKNOWN_KIND);
}
END_TEST

START_TEST(failed_read_leaves_the_struct_alone)
{
    struct golden golden;
    struct request_hello hello = {.claimed_pid = 77};
    struct request_event event = {.thread_id = 77};

    golden_load("hello", &golden);
    golden.frame.body_size--;
    ck_assert_int_eq(request_read_hello(&golden.frame, &hello), ETWR_E_MALFORMED);
    ck_assert_uint_eq(hello.claimed_pid, 77);
    golden_load("event", &golden);
    golden.frame.body_size = 40;
    ck_assert_int_eq(request_read_event(&golden.frame, &event), ETWR_E_MALFORMED);
    ck_assert_uint_eq(event.thread_id, 77);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("request");
    TCase *tcase = tcase_create("request");
    SRunner *runner;
    int failed;

    tcase_add_loop_test(tcase, golden_frame_is_taken_and_made, 0, KIND_COUNT);
    tcase_add_loop_test(tcase, every_truncation_and_excess_is_malformed, 0, KIND_COUNT);
    tcase_add_loop_test(tcase, unknown_flag_wrong_slot_and_wrong_kind_are_malformed, 0, KIND_COUNT);
    tcase_add_test(tcase, hello_fields_are_read);
    tcase_add_test(tcase, hello_item_from_the_future_is_skipped);
    tcase_add_test(tcase, hello_sequence_is_1_to_the_highest);
    tcase_add_test(tcase, hello_versions_must_be_in_order);
    tcase_add_test(tcase, hello_range_in_doubt_lies_below_the_first_sequence);
    tcase_add_test(tcase, hello_takes_sixteen_ranges_and_no_more);
    tcase_add_test(tcase, hello_item_past_the_end_is_malformed);
    tcase_add_test(tcase, image_and_provider_names_are_bounded_utf8);
    tcase_add_test(tcase, provider_open_fields_are_read);
    tcase_add_test(tcase, provider_open_has_id_and_group_only_if_flagged);
    tcase_add_test(tcase, provider_name_is_neither_empty_nor_too_long_nor_binary);
    tcase_add_test(tcase, schema_fields_are_read);
    tcase_add_test(tcase, descriptor_is_in_the_order_of_etw);
    tcase_add_test(tcase, event_fields_are_read);
    tcase_add_test(tcase, reference_event_takes_89_bytes);
    tcase_add_test(tcase, event_with_a_related_id_alone_is_read);
    tcase_add_test(tcase, event_over_the_longest_body_is_not_put);
    tcase_add_test(tcase, lost_wants_a_count_and_a_reason_that_drops);
    tcase_add_test(tcase, cookies_come_through);
    tcase_add_test(tcase, refusal_names_magic_kind_and_flag);
    tcase_add_test(tcase, failed_read_leaves_the_struct_alone);
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
