/*
 * Makes the seed corpora, FOLDER/TARGET/NAME, out of the golden frames, the conformance vectors and
 * the sample files: what the product takes is where a fuzzer does best to start from. The folders
 * exist; run from the tree's root.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/etl/writer.h"
#include "protocol/wire/request.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/schema/vectors.h"
#include "tests/wire/golden.h"

#define ETL_SEED_BUFFER_BYTES 2048
#define ETL_SEED_BUFFERS      8

#define SCHEDULES      16u
#define SCHEDULE_BYTES 200

static const char *folder;

static void write_seed(const char *target, const char *name, const void *bytes, size_t size)
{
    char path[1024];
    FILE *file;

    snprintf(path, sizeof path, "%s/%s/%s", folder, target, name);
    file = fopen(path, "wb");
    ck_assert_msg(file != NULL, "%s cannot be made", path);
    ck_assert_uint_eq(fwrite(bytes, 1, size, file), size);
    ck_assert_int_eq(fclose(file), 0);
}

/* `first` in front: what the input is. */
static void write_marked(const char *target, const char *name, uint8_t first, const void *bytes,
                         size_t size)
{
    uint8_t *marked = malloc(size + 1);

    ck_assert_ptr_nonnull(marked);
    marked[0] = first;
    memcpy(marked + 1, bytes, size);
    write_seed(target, name, marked, size + 1);
    free(marked);
}

static void write_request(const char *name, const struct frame *frame)
{
    uint8_t bytes[4 + GOLDEN_MAX_BYTES];
    struct writer writer;

    writer_init(&writer, bytes, sizeof bytes);
    put_u8(&writer, frame->kind);
    put_u8(&writer, frame->flags);
    put_u16(&writer, frame->slot);
    put_bytes(&writer, frame->body, frame->body_size);
    if (!writer.failed) write_seed("request", name, bytes, writer_size(&writer));
}

/* A frame's body a byte longer or shorter than it should be. */
static void write_resized(const char *name, const struct golden *golden, int by)
{
    uint8_t bytes[4 + GOLDEN_MAX_BYTES + 1] = {1};
    char resized[64];
    uint32_t size = golden->frame.body_size + (uint32_t)by;
    struct frame frame = golden->frame;

    if (golden->frame.body_size == 0 || golden->size == GOLDEN_MAX_BYTES) return;
    memcpy(bytes + 4, golden->bytes, golden->size);
    bytes[4] = (uint8_t)size;
    bytes[5] = (uint8_t)(size >> 8);
    snprintf(resized, sizeof resized, "%s-%s", name, by > 0 ? "long" : "short");
    write_seed("frame", resized, bytes, 4 + WIRE_HEADER_BYTES + size);
    frame.body = bytes + 4 + WIRE_HEADER_BYTES;
    frame.body_size = size;
    if (golden->frame.kind < 0x40) write_request(resized, &frame);
}

/* Lengths at the limit and over it. */
static void make_lengths(void)
{
    static const uint8_t longest[] = {1, 0, 0, 0, 0xFF, 0xFF, 0, 0, WIRE_EVENT, 0, 1, 0};
    static const uint8_t oversize[] = {1, 0, 0, 0, 0, 0, 1, 0, WIRE_EVENT, 0, 1, 0};

    write_seed("frame", "longest", longest, sizeof longest);
    write_seed("frame", "oversize", oversize, sizeof oversize);
}

/* Every golden frame alone, too long, too short, and all in one stream. */
static void make_frames(void)
{
    static uint8_t all[64 * 1024];
    struct writer writer;

    writer_init(&writer, all, sizeof all);
    put_u32(&writer, 7);
    for (size_t i = 0; i < golden_count; i++) {
        struct golden golden;
        uint8_t one[4 + GOLDEN_MAX_BYTES] = {1};
        golden_load(golden_names[i], &golden);
        memcpy(one + 4, golden.bytes, golden.size);
        write_seed("frame", golden_names[i], one, golden.size + 4);
        put_bytes(&writer, golden.bytes, golden.size);
        write_resized(golden_names[i], &golden, 1);
        write_resized(golden_names[i], &golden, -1);
        if (golden.frame.kind < 0x40) write_request(golden_names[i], &golden.frame);
    }
    ck_assert(!writer.failed);
    write_seed("frame", "all", all, writer_size(&writer));
}

static void make_values(const struct vector *vector)
{
    static uint8_t bytes[2 + ETWR_METADATA_MAX_BYTES + ETWR_DATA_MAX_BYTES];
    char name[32];
    struct writer writer;
    struct frame frame = {WIRE_SCHEMA, 0, 1, bytes, 0};

    if (vector->metadata.size + vector->data.size > 2048) return; /* slow, and no richer */
    snprintf(name, sizeof name, "vector-%03d", vector->line);
    writer_init(&writer, bytes, sizeof bytes);
    put_u16(&writer, (uint16_t)vector->metadata.size);
    put_bytes(&writer, vector->metadata.data, vector->metadata.size);
    put_bytes(&writer, vector->data.data, vector->data.size);
    write_seed("values", name, bytes, writer_size(&writer));

    writer_init(&writer, bytes, sizeof bytes);
    put_u32(&writer, (uint32_t)vector->line);
    put_descriptor(&writer, &vector->descriptor);
    put_bytes(&writer, vector->metadata.data, vector->metadata.size);
    frame.body_size = (uint32_t)writer_size(&writer);
    write_request(name, &frame);
}

/* Values that miss their type by a little, which no vector does. */
static void make_misfits(void)
{
    static const uint8_t half_unit[] = {8, 0, 8,   0, 0,  'E', 0, 'f', 0, ETWR_IN_STR16,
                                        3, 0, 'a', 0, 'b'};
    static const uint8_t long_sid[2 + 8 + 8 + 64] = {8, 0,   8, 0,           0, 'E',
                                                     0, 'f', 0, ETWR_IN_SID, 1, 16};
    static const uint8_t endless[] = {8, 0, 8, 0, 0, 'E', 0, 'f', 0, ETWR_IN_ZSTR16, 'a', 0, 0};
    static const uint8_t left_over[] = {8, 0, 8, 0, 0, 'E', 0, 'f', 0, ETWR_IN_UINT8, 1, 2};

    write_seed("values", "half-unit", half_unit, sizeof half_unit);
    write_seed("values", "long-sid", long_sid, sizeof long_sid);
    write_seed("values", "endless", endless, sizeof endless);
    write_seed("values", "left-over", left_over, sizeof left_over);
}

static size_t read_file(const char *path, char *bytes, size_t capacity)
{
    FILE *file = fopen(path, "rb");
    size_t size;

    ck_assert_msg(file != NULL, "%s is missing: run from the tree's root", path);
    size = fread(bytes, 1, capacity - 1, file);
    ck_assert_uint_lt(size, capacity - 1);
    fclose(file);
    bytes[size] = 0;
    return size;
}

/* The "event" object of each line of the vectors. */
static void make_json(char *bytes, size_t capacity)
{
    int number = 0;

    read_file("tests/vectors/events.jsonl", bytes, capacity);
    for (char *line = strtok(bytes, "\n"); line != NULL; line = strtok(NULL, "\n")) {
        char name[32];
        const char *event = strstr(line, "\"event\": {");
        const char *end = strstr(line, ", \"expect\": {");
        number++;
        if (event == NULL || end == NULL || end - event > 2048) continue;
        event += strlen("\"event\": ");
        snprintf(name, sizeof name, "vector-%03d", number);
        write_marked("json", name, 1, event, (size_t)(end - event));
    }
}

/* Pattern, zero byte, name: a '?' where the name has ended, and characters of several bytes. */
static void make_patterns(void)
{
    static const struct {
        const char *name, *pattern, *text;
    } pairs[] = {
        {"pattern", "Contoso.*.?x*", "contoso.Web.axiom"},
        {"pattern-beyond-the-end", "a?b", "a"},
        {"pattern-beyond-the-end-then-any", "a?*", "a"},
        {"pattern-beyond-the-end-of-all", "a???b*", "a"},
        {"pattern-beyond-the-end-at-the-end", "*a?", "a"},
        {"pattern-two-bytes", "a?x", "a\xC3\xB6x"},
        {"pattern-four-bytes", "??", "\xF0\x9F\x98\x80\xC3\xB6"},
        {"pattern-half-a-character", "??", "\xC3\xB6"},
        {"pattern-two-bytes-at-the-end", "*a?", "xa\xC3\xB6"},
        {"pattern-two-bytes-floating", "*a?x*", "xa\xC3\xB6xy"},
        {"pattern-none", "", "a"},
        {"pattern-two-stars", "a**", "a"},
        {"pattern-case", "*CONTOSO*", "x.contoso.y"},
    };
    char bytes[64];

    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        int size = snprintf(bytes, sizeof bytes, "%s%c%s", pairs[i].pattern, 0, pairs[i].text);
        write_marked("config", pairs[i].name, 0, bytes, (size_t)size);
    }
}

static void make_many_sinks(const char *name, int count)
{
    char text[1024];
    size_t size = (size_t)snprintf(text, sizeof text, "{\"sinks\": [");

    for (int i = 0; i < count; i++)
        size += (size_t)snprintf(text + size, sizeof text - size, "%s{\"type\": \"null\"}",
                                 i == 0 ? "" : ", ");
    size += (size_t)snprintf(text + size, sizeof text - size, "]}");
    write_marked("config", name, 1, text, size);
}

/* What is refused, each for a reason of its own: one error does not hide the others. */
static void make_bad_configs(void)
{
    static const struct {
        const char *name, *text;
    } configs[] = {
        {"wrong-kinds", "{\"pipe\": 1, \"pipe_mode\": [], \"workers\": \"x\", \"security\": [],"
                        " \"origin\": {}, \"sinks\": {}, \"providers\": 1, \"limits\": [],"
                        " \"log\": \"x\"}"},
        {"wrong-kinds-within",
         "{\"security\": {\"preset\": 1, \"packages\": 1, \"sddl\": 1, \"allow_network_logon\": 1},"
         " \"origin\": [1, \"nobody\", \"pid\", \"pid\"], \"sinks\": [1, {}, {\"type\": 1},"
         " {\"type\": \"etl\", \"path\": 1, \"max_mb\": \"x\", \"max_files\": -1,"
         " \"buffers\": 1e99, \"stall_ms\": 0.5, \"filter\": 1},"
         " {\"type\": \"null\", \"filter\": {\"providers\": {}, \"level\": 300,"
         " \"match_any\": \"0xz\", \"match_all\": -1}}],"
         " \"providers\": [1, {\"name\": 1, \"users\": 1, \"allow\": 1, \"id\": 1, \"group\": 1,"
         " \"open_at_start\": 1}], \"limits\": {\"clients\": \"x\", \"bytes_per_user\": -1},"
         " \"log\": {\"level\": 1}}"},
        {"wrong-null", "null"},
        {"bad-patterns",
         "{\"sinks\": [{\"type\": \"null\", \"filter\": {\"providers\": [\"\", \"**\", \"\\u0007\","
         " 1]}}], \"providers\": [{\"name\": \"\", \"users\": [\"\"]}]}"},
        {"bad-paths", "{\"sinks\": [{\"type\": \"etl\", \"path\": \"\"}, {\"type\": \"etl\","
                      " \"path\": \"-\"}, {\"type\": \"jsonl\", \"path\": \"a\\nb\"}]}"},
        {"controls", "{\"log\": {\"level\": \"\\u001b[2J\\n\"}, \"\\u001b[2J\\n\\u007f\": 1,"
                     " \"origin\": [\"pi\\u0007d\"]}"},
    };

    for (size_t i = 0; i < sizeof configs / sizeof configs[0]; i++)
        write_marked("config", configs[i].name, 1, configs[i].text, strlen(configs[i].text));
}

static void make_config(char *bytes, size_t capacity)
{
    size_t size = read_file("install/etwrelay.json", bytes, capacity);

    write_marked("config", "installed", 1, bytes, size);
    make_patterns();
    make_many_sinks("sinks-most", 16);
    make_many_sinks("sinks-too-many", 17);
    make_bad_configs();
}

/* ---- .etl: our own, in buffers as small as the format has them */

static uint8_t etl_bytes[ETL_SEED_BUFFERS * ETL_SEED_BUFFER_BYTES];
static size_t etl_buffer, etl_at;

static void finish_buffer(void)
{
    uint8_t *buffer = etl_bytes + etl_buffer * ETL_SEED_BUFFER_BYTES;
    const struct etl_buffer_info info = {.buffer_bytes = ETL_SEED_BUFFER_BYTES,
                                         .filled = (uint32_t)etl_at,
                                         .stamp = 1000,
                                         .sequence = etl_buffer};

    etl_put_buffer_header(buffer, &info);
    memset(buffer + etl_at, ETL_TAIL_BYTE, ETL_SEED_BUFFER_BYTES - etl_at);
    etl_buffer++;
    etl_at = ETL_BUFFER_HEADER_BYTES;
}

static void add_record(const struct vector *vector)
{
    static const struct etwr_guid activity = {{1, 2, 3}};
    const struct etl_put_event event = {.provider_id = &vector->provider_id,
                                        .descriptor = vector->descriptor,
                                        .activity_id = vector->line % 2 ? &activity : NULL,
                                        .related_activity_id = vector->line % 4 ? NULL : &activity,
                                        .traits = {vector->traits.data, vector->traits.size},
                                        .metadata = {vector->metadata.data, vector->metadata.size},
                                        .values = {{vector->data.data, vector->data.size}},
                                        .stamp = 1000,
                                        .pid = 1,
                                        .tid = 2};
    size_t size = etl_event_size(&event);

    if (vector->line % 12 != 0 || etl_buffer == ETL_SEED_BUFFERS) return;
    if (size == 0 || size > 1024) return;
    if (etl_at + ETL_ALIGN8(size) > ETL_SEED_BUFFER_BYTES) finish_buffer();
    if (etl_buffer == ETL_SEED_BUFFERS) return;
    etl_put_event(etl_bytes + etl_buffer * ETL_SEED_BUFFER_BYTES + etl_at, size, &event);
    etl_at += ETL_ALIGN8(size);
}

static void make_etl(char *bytes, size_t capacity)
{
    const struct etl_file_info info = {.buffer_bytes = ETL_SEED_BUFFER_BYTES,
                                       .processors = 1,
                                       .pid = 1,
                                       .tid = 1,
                                       .boot_time = UINT64_C(134399082101230000),
                                       .start_time = UINT64_C(134399082101231000),
                                       .logger_name = "seed",
                                       .file_name = "seed.etl"};
    struct etl_file_progress progress = {.end_time = UINT64_C(134399082101239000)};

    ck_assert_int_eq(etl_put_first_buffer(etl_bytes, &info), ETWR_OK);
    etl_buffer = 1;
    etl_at = ETL_BUFFER_HEADER_BYTES;
    (void)vectors_each(add_record);
    if (etl_buffer < ETL_SEED_BUFFERS) finish_buffer();
    progress.buffers_written = (uint32_t)etl_buffer;
    etl_put_progress(etl_bytes + ETL_END_TIME, &progress);
    write_seed("etl", "ours", etl_bytes, etl_buffer * ETL_SEED_BUFFER_BYTES);
    write_seed("etl", "ours-short", etl_bytes, 2 * ETL_SEED_BUFFER_BYTES);
    size_t size = read_file("tests/samples/windows-primitive-types.etl", bytes, capacity);
    write_seed("etl", "windows", bytes, size);
}

/* Schedules mean something whatever they are; so any bytes do. */
static void make_schedules(void)
{
    uint32_t state = 1;

    for (unsigned i = 0; i < SCHEDULES; i++) {
        uint8_t bytes[SCHEDULE_BYTES];
        char name[32];
        for (size_t j = 0; j < sizeof bytes; j++) {
            state = state * 1664525u + 1013904223u;
            bytes[j] = (uint8_t)(state >> 24);
        }
        bytes[0] = 0; /* somebody connects */
        snprintf(name, sizeof name, "schedule-%02u", i);
        write_seed("session", name, bytes, sizeof bytes);
        write_seed("client", name, bytes, sizeof bytes);
    }
}

/* The helpers fail by Check's means, so this is a test, too: of the vectors it reads. */
START_TEST(seeds_can_be_made_of_the_vectors)
{
    size_t capacity = 2 * 1024 * 1024;
    char *bytes = malloc(capacity);

    ck_assert_ptr_nonnull(bytes);
    make_frames();
    make_lengths();
    make_misfits();
    (void)vectors_each(make_values);
    make_json(bytes, capacity);
    make_config(bytes, capacity);
    make_etl(bytes, capacity);
    make_schedules();
    free(bytes);
}
END_TEST

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: make_seeds FOLDER\n");
        return 2;
    }
    folder = argv[1];
    Suite *suite = suite_create("seeds");
    TCase *tcase = tcase_create("seeds");
    tcase_add_test(tcase, seeds_can_be_made_of_the_vectors);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_set_fork_status(runner, CK_NOFORK);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
