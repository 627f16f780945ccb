/*
 * PROTOCOL.md against the code: its worked session is decoded and encoded again byte for byte, its
 * table of reasons is etwr_reason_name()'s, and its table of kinds is enum wire_kind.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "protocol/wire/reply.h"
#include "tests/wire/golden.h"
#include "tests/wire/sample.h"

#define DOCUMENT    "protocol/PROTOCOL.md"
#define FRAMES_MAX  16
#define LINE_BYTES  1024
#define SESSION_END 9

struct step {
    char direction; /* '>' from the client, '<' from the service */
    char name[32];
    uint8_t bytes[512];
    size_t size;
    struct frame frame;
};

static struct step steps[FRAMES_MAX];
static size_t step_count;

static FILE *open_document(void)
{
    FILE *file = fopen(DOCUMENT, "r");

    ck_assert_msg(file != NULL, "%s cannot be opened", DOCUMENT);
    return file;
}

static void take_line(const char *line)
{
    struct step *step;

    if (line[0] == '>' || line[0] == '<') {
        ck_assert_uint_lt(step_count, FRAMES_MAX);
        step = &steps[step_count++];
        step->size = 0;
        step->direction = line[0];
        ck_assert_int_eq(sscanf(line + 1, "%31s", step->name), 1);
        return;
    }
    if (step_count == 0) return;
    step = &steps[step_count - 1];
    ck_assert_msg(hex_parse_line(line, step->bytes, sizeof step->bytes, &step->size), "%s", line);
}

static void load_session(void)
{
    char line[LINE_BYTES];
    bool inside = false;
    FILE *file = open_document();

    step_count = 0;
    while (fgets(line, sizeof line, file)) {
        if (strncmp(line, "```", 3) == 0)
            inside = !inside && strncmp(line, "```hex", 6) == 0;
        else if (inside)
            take_line(line);
    }
    fclose(file);
    for (size_t i = 0; i < step_count; i++) {
        size_t used = 0;

        ck_assert_int_eq(frame_find(steps[i].bytes, steps[i].size, &steps[i].frame, &used),
                         FRAME_WHOLE);
        ck_assert_uint_eq(used, steps[i].size);
    }
    ck_assert_uint_eq(step_count, SESSION_END);
}

static void expect_step(size_t index, char direction, const char *name, uint8_t kind)
{
    ck_assert_int_eq(steps[index].direction, direction);
    ck_assert_str_eq(steps[index].name, name);
    ck_assert_uint_eq(steps[index].frame.kind, kind);
}

static uint8_t encoded[512];
static struct writer writer;

static void start_encoding(void)
{
    writer_init(&writer, encoded, sizeof encoded);
}

static void expect_encoded(size_t index)
{
    ck_assert(!writer.failed);
    ck_assert_uint_eq(writer_size(&writer), steps[index].size);
    ck_assert_mem_eq(encoded, steps[index].bytes, steps[index].size);
}

START_TEST(hello_and_welcome_are_as_the_code_has_them)
{
    struct request_hello hello;
    const struct reply_welcome expected = {1, 0, 65535, 4096, 8};
    struct reply_welcome welcome;

    load_session();
    expect_step(0, '>', "HELLO", WIRE_HELLO);
    ck_assert_int_eq(request_read_hello(&steps[0].frame, &hello), ETWR_OK);
    ck_assert_uint_eq(hello.version_lowest, WIRE_VERSION);
    ck_assert_uint_eq(hello.version_highest, WIRE_VERSION);
    ck_assert_uint_eq(hello.claimed_pid, 4242);
    ck_assert_mem_eq(hello.instance, sample_instance, WIRE_INSTANCE_BYTES);
    ck_assert_uint_eq(hello.first_sequence, 1);
    ck_assert_mem_eq(hello.image.data, "demo", 4);
    memset(&hello, 0, sizeof hello);
    hello.version_lowest = hello.version_highest = 1;
    hello.claimed_pid = 4242;
    memcpy(hello.instance, sample_instance, WIRE_INSTANCE_BYTES);
    hello.first_sequence = 1;
    hello.image = sample_text("demo");
    start_encoding();
    request_put_hello(&writer, &hello);
    expect_encoded(0);
    expect_step(1, '<', "WELCOME", WIRE_WELCOME);
    ck_assert_int_eq(reply_read_welcome(&steps[1].frame, &welcome), ETWR_OK);
    ck_assert_uint_eq(welcome.body_max_bytes, WIRE_BODY_MAX_BYTES);
    start_encoding();
    reply_put_welcome(&writer, &expected);
    expect_encoded(1);
}
END_TEST

START_TEST(provider_open_and_state_are_as_the_code_has_them)
{
    const struct request_provider_open expected_open = {
        .slot = 1, .generation = 1, .name = sample_text("Contoso.Web")};
    const struct reply_provider_state expected_state = {1, 1, 0, 1, 255, UINT64_MAX, 0};
    struct request_provider_open open;
    struct reply_provider_state state;

    load_session();
    expect_step(2, '>', "PROVIDER_OPEN", WIRE_PROVIDER_OPEN);
    ck_assert_int_eq(request_read_provider_open(&steps[2].frame, &open), ETWR_OK);
    ck_assert_uint_eq(open.slot, 1);
    ck_assert_uint_eq(open.name.size, 11);
    ck_assert_mem_eq(open.name.data, "Contoso.Web", 11);
    start_encoding();
    request_put_provider_open(&writer, &expected_open);
    expect_encoded(2);
    expect_step(3, '<', "PROVIDER_STATE", WIRE_PROVIDER_STATE);
    ck_assert_int_eq(reply_read_provider_state(&steps[3].frame, &state), ETWR_OK);
    ck_assert_uint_eq(state.generation, open.generation);
    ck_assert_uint_eq(state.result, 0);
    ck_assert_uint_eq(state.control, WIRE_CONTROL_ENABLE);
    ck_assert_uint_eq(state.match_any, UINT64_MAX);
    start_encoding();
    reply_put_provider_state(&writer, &expected_state);
    expect_encoded(3);
}
END_TEST

START_TEST(schema_and_event_are_as_the_code_has_them)
{
    const struct request_schema expected_schema = {1, 1, sample_descriptor, sample_metadata};
    const struct request_event expected_event = {1,    1,    SAMPLE_TIME,  4243,
                                                 NULL, NULL, sample_values};
    struct request_schema schema;
    struct request_event event;

    load_session();
    expect_step(4, '>', "SCHEMA", WIRE_SCHEMA);
    ck_assert_int_eq(request_read_schema(&steps[4].frame, &schema), ETWR_OK);
    ck_assert_uint_eq(schema.metadata.size, sample_metadata.size);
    ck_assert_mem_eq(schema.metadata.data, sample_metadata.data, sample_metadata.size);
    start_encoding();
    request_put_schema(&writer, &expected_schema);
    expect_encoded(4);
    expect_step(5, '>', "EVENT", WIRE_EVENT);
    ck_assert_int_eq(request_read_event(&steps[5].frame, &event), ETWR_OK);
    ck_assert_uint_eq(event.schema_id, schema.schema_id);
    ck_assert_uint_eq(event.time, SAMPLE_TIME);
    ck_assert_uint_eq(event.values.size, sample_values.size);
    ck_assert_mem_eq(event.values.data, sample_values.data, sample_values.size);
    start_encoding();
    request_put_event(&writer, &expected_event);
    expect_encoded(5);
}
END_TEST

START_TEST(flush_ack_and_flushed_are_as_the_code_has_them)
{
    uint64_t cookie;
    uint64_t answer;
    const struct reply_ack expected = {.sequence = 1, .written = 1};
    struct reply_ack ack;

    load_session();
    expect_step(6, '>', "FLUSH", WIRE_FLUSH);
    ck_assert_int_eq(request_read_flush(&steps[6].frame, &cookie), ETWR_OK);
    start_encoding();
    request_put_flush(&writer, 1);
    expect_encoded(6);
    expect_step(7, '<', "ACK", WIRE_ACK);
    ck_assert_int_eq(reply_read_ack(&steps[7].frame, &ack), ETWR_OK);
    ck_assert_uint_eq(ack.sequence, 1);
    ck_assert_uint_eq(ack.written, 1);
    ck_assert_uint_eq(ack.dropped_count, 0);
    start_encoding();
    reply_put_ack(&writer, &expected);
    expect_encoded(7);
    expect_step(8, '<', "FLUSHED", WIRE_FLUSHED);
    ck_assert_int_eq(reply_read_flushed(&steps[8].frame, &answer), ETWR_OK);
    ck_assert_uint_eq(answer, cookie);
    start_encoding();
    reply_put_flushed(&writer, 1);
    expect_encoded(8);
}
END_TEST

START_TEST(reason_table_is_complete_and_right)
{
    char line[LINE_BYTES];
    bool seen[256] = {false};
    bool inside = false;
    FILE *file = open_document();

    while (fgets(line, sizeof line, file)) {
        unsigned number;
        char name[64];

        if (strncmp(line, "## ", 3) == 0) inside = strcmp(line, "## 7. Reasons\n") == 0;
        if (!inside || sscanf(line, "| %3u | %63[a-z_] |", &number, name) != 2) continue;
        ck_assert_uint_lt(number, 256);
        ck_assert_msg(strcmp(etwr_reason_name((enum etwr_reason)number), name) == 0,
                      "reason %u is %s, not %s", number, etwr_reason_name((enum etwr_reason)number),
                      name);
        ck_assert_msg(!seen[number], "reason %u is there twice", number);
        seen[number] = true;
    }
    fclose(file);
    for (unsigned i = 0; i < 256; i++) {
        bool exists = strcmp(etwr_reason_name((enum etwr_reason)i), "unknown") != 0;

        ck_assert_msg(seen[i] == exists, "reason %u, %s, is not told", i,
                      etwr_reason_name((enum etwr_reason)i));
    }
}
END_TEST

START_TEST(kind_table_has_the_numbers_of_the_code)
{
    static const struct {
        const char *name;
        uint8_t kind;
    } kinds[] = {{"HELLO", WIRE_HELLO},
                 {"PROVIDER_OPEN", WIRE_PROVIDER_OPEN},
                 {"PROVIDER_CLOSE", WIRE_PROVIDER_CLOSE},
                 {"SCHEMA", WIRE_SCHEMA},
                 {"EVENT", WIRE_EVENT},
                 {"LOST", WIRE_LOST},
                 {"FLUSH", WIRE_FLUSH},
                 {"STATUS", WIRE_STATUS},
                 {"TAIL", WIRE_TAIL},
                 {"WELCOME", WIRE_WELCOME},
                 {"REFUSED", WIRE_REFUSED},
                 {"PROVIDER_STATE", WIRE_PROVIDER_STATE},
                 {"ACK", WIRE_ACK},
                 {"FLUSHED", WIRE_FLUSHED},
                 {"ERROR", WIRE_ERROR},
                 {"STATUS_REPLY", WIRE_STATUS_REPLY},
                 {"TAIL_EVENT", WIRE_TAIL_EVENT}};
    const size_t kind_count = sizeof kinds / sizeof kinds[0];
    char line[LINE_BYTES];
    size_t rows = 0;
    FILE *file = open_document();

    while (fgets(line, sizeof line, file)) {
        unsigned number;
        char name[64];

        if (sscanf(line, "| 0x%2x | %63[A-Z_] | %*[a-z] to", &number, name) != 2) continue;
        ck_assert_uint_lt(rows, kind_count);
        ck_assert_str_eq(name, kinds[rows].name);
        ck_assert_uint_eq(number, kinds[rows].kind);
        rows++;
    }
    fclose(file);
    ck_assert_uint_eq(rows, kind_count);
}
END_TEST

START_TEST(lines_of_the_document_are_whole)
{
    char line[LINE_BYTES];
    FILE *file = open_document();

    while (fgets(line, sizeof line, file)) {
        ck_assert_msg(strchr(line, '\n') != NULL, "longer than this test reads: %s", line);
    }
    fclose(file);
}
END_TEST

START_TEST(status_names_and_texts_exist_for_every_status)
{
    for (int i = ETWR_OK; i <= ETWR_E_TOO_DEEP; i++) {
        ck_assert_str_ne(etwr_status_name((enum etwr_status)i), "unknown");
        ck_assert_str_ne(etwr_status_text((enum etwr_status)i), "Unknown status.");
    }
    ck_assert_str_eq(etwr_status_name(ETWR_OK), "ok");
    ck_assert_str_eq(etwr_status_name(ETWR_E_BAD_NAME), "bad_name");
    ck_assert_str_eq(etwr_status_name((enum etwr_status)999), "unknown");
    ck_assert_str_eq(etwr_status_text((enum etwr_status)999), "Unknown status.");
    ck_assert_str_eq(etwr_reason_name(ETWR_REASON_QUEUE_FULL), "queue_full");
    ck_assert_str_eq(etwr_reason_name((enum etwr_reason)63), "unknown");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("protocol_md");
    TCase *tcase = tcase_create("protocol_md");
    SRunner *runner;
    int failed;

    tcase_add_test(tcase, hello_and_welcome_are_as_the_code_has_them);
    tcase_add_test(tcase, provider_open_and_state_are_as_the_code_has_them);
    tcase_add_test(tcase, schema_and_event_are_as_the_code_has_them);
    tcase_add_test(tcase, flush_ack_and_flushed_are_as_the_code_has_them);
    tcase_add_test(tcase, reason_table_is_complete_and_right);
    tcase_add_test(tcase, kind_table_has_the_numbers_of_the_code);
    tcase_add_test(tcase, lines_of_the_document_are_whole);
    tcase_add_test(tcase, status_names_and_texts_exist_for_every_status);
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
