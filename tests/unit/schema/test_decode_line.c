/*
 * Records as lines: values as ETW's decoders show them, and nothing in them that could pass for
 * another part of the line.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/tracelogging/decode.h"
#include "tests/unit/schema/fixture.h"
#include "tests/unit/schema/vectors.h"

/* 2026-11-23T11:50:10.1234567Z */
#define SOME_FILETIME UINT64_C(134399082101234567)

static struct trace_record record;
static struct text text;

static void setup(void)
{
    memset(&record, 0, sizeof record);
    text_init(&text);
    record.traits.data = "\x04\x00P";
    record.traits.size = 4;
    record.provider_id.bytes[0] = 1;
    record.descriptor.level = 4;
    record.filetime = SOME_FILETIME;
    record.pid = 12;
    record.tid = 34;
}

static void teardown(void)
{
    text_clear(&text);
}

static enum etwr_status decode(const struct block *metadata, const struct block *data)
{
    enum etwr_status status;

    record.metadata.data = metadata->data;
    record.metadata.size = metadata->size;
    record.data.data = data->data;
    record.data.size = data->size;
    text_reset(&text);
    status = decode_line(&record, &text);
    ck_assert(!text.failed);
    text_put_char(&text, '\0');
    return status;
}

static enum etwr_status decode_hex(const char *fields, const char *hex)
{
    struct block metadata = metadata_from_fields(fields);
    struct block data = block_from_hex(hex);
    enum etwr_status status = decode(&metadata, &data);

    block_free(&metadata);
    block_free(&data);
    return status;
}

#define HEAD "2026-11-23T11:50:10.1234567Z P E info 12/34"

static const struct {
    const char *fields;
    const char *data;
    const char *expected; /* behind HEAD */
} values[] = {
    {"", "", ""},
    /* integers by base type */
    {"6600 03", "80", " f=-128"},
    {"6600 04", "80", " f=128"},
    {"6600 05", "0080", " f=-32768"},
    {"6600 06", "0080", " f=32768"},
    {"6600 07", "ffffffff", " f=-1"},
    {"6600 08", "ffffffff", " f=4294967295"},
    {"6600 09", "0000000000000080", " f=-9223372036854775808"},
    {"6600 0a", "ffffffffffffffff", " f=18446744073709551615"},
    {"6600 14", "1f000000", " f=0x1f"},
    {"6600 15", "1f00000000000080", " f=0x800000000000001f"},
    /* and by out type */
    {"6600 8304", "ff", " f=0xff"},
    {"6600 8704", "ffffffff", " f=0xffffffff"},
    {"6600 8a04", "ff00000000000000", " f=0xff"},
    {"6600 8302", "41", " f=\"A\""},
    {"6600 8402", "80", " f=\"\xe2\x82\xac\""},
    {"6600 8602", "ac20", " f=\"\xe2\x82\xac\""},
    {"6600 8602", "00d8", " f=\"\xef\xbf\xbd\""},
    {"6600 8802", "41000000", " f=65"},
    {"6600 8403", "00", " f=false"},
    {"6600 8403", "02", " f=true"},
    {"6600 8805", "d2040000", " f=1234"},
    {"6600 8706", "ffffffff", " f=4294967295"},
    {"6600 8607", "0050", " f=80"},
    {"6600 8807", "00500000", " f=20480"},
    {"6600 8808", "c0000201", " f=192.0.2.1"},
    {"6600 8608", "0100", " f=1"},
    {"6600 880d", "05000000", " f=5"},
    {"6600 880e", "050000c0", " f=0xc0000005"},
    {"6600 870f", "05000780", " f=0x80070005"},
    {"6600 940f", "05000000", " f=0x00000005"},
    {"6600 8a10", "00803ed5deb19d01", " f=1970-01-01T00:00:00.0000000Z"},
    {"6600 8811", "ffffffff", " f=-1"},
    {"6600 8312", "ff", " f=255"},
    {"6600 9411", "ffffffff", " f=-1"},
    {"6600 8a25", "00f0ff7fffff0000", " f=0xffff7ffff000"},
    {"6600 8463", "07", " f=7"},
    /* floats, booleans */
    {"6600 0b", "0000c0bf", " f=-1.5"},
    {"6600 0c", "010000000000f8ff", " f=NaN"},
    {"6600 0d", "00000000", " f=false"},
    {"6600 0d", "ffffffff", " f=true"},
    {"6600 8d11", "ffffffff", " f=-1"},
    /* binary */
    {"6600 0e", "0200 0aff", " f=0x0aff"},
    {"6600 0e", "0000", " f=0x"},
    {"6600 8e09", "1000 20010db8000000000000000000000001", " f=2001:db8::1"},
    {"6600 8e09", "0200 2001", " f=0x2001"},
    {"6600 9909", "1000 00000000000000000000000000000000", " f=::"},
    {"6600 9909", "1000 00000000000000000000000000000001", " f=::1"},
    {"6600 9909", "1000 00010000000000010000000000000001", " f=1:0:0:1::1"},
    {"6600 9909", "1000 00010002000300040005000600070008", " f=1:2:3:4:5:6:7:8"},
    {"6600 9909", "1000 00010000000300040005000600070000", " f=1:0:3:4:5:6:7:0"},
    {"6600 9909", "1000 fe800000000000000000000000000000", " f=fe80::"},
    {"6600 9909", "1000 00000000000000000000ffffc0000201", " f=::ffff:192.0.2.1"},
    {"6600 9908", "0400 7f000001", " f=127.0.0.1"},
    {"6600 990a", "1000 0200 0050 c0000201 0000000000000000", " f=192.0.2.1:80"},
    {"6600 990a", "1c00 1700 01bb 00000000 20010db8000000000000000000000001 00000000",
     " f=[2001:db8::1]:443"},
    {"6600 990a", "1c00 0a00 01bb 00000000 fe800000000000000000000000000001 03000000",
     " f=[fe80::1%3]:443"},
    {"6600 990a", "0600 0200 0050 c000", " f=0x02000050c000"},
    {"6600 990a", "0a00 1700 01bb 00000000 2001", " f=0x170001bb000000002001"},
    {"6600 990a", "0200 0100", " f=0x0100"},
    {"6600 8e24", "0100 ff", " f=0xff"},
    /* GUID, times, SID */
    {"6600 0f", "33221100 5544 7766 8899aabbccddeeff", " f=00112233-4455-6677-8899-aabbccddeeff"},
    {"6600 11", "0000000000000000", " f=1601-01-01T00:00:00.0000000Z"},
    {"6600 11", "ffffffffffffffff", " f=60056-05-28T05:36:10.9551615Z"},
    {"6600 11", "ffbf9dc88573c001", " f=2000-12-31T23:59:59.9999999Z"},
    {"6600 11", "00c0bb4a712b6f00", " f=1700-02-28T00:00:00.0000000Z"},
    {"6600 11", "008025753a2c6f00", " f=1700-03-01T00:00:00.0000000Z"},
    {"6600 11", "0080cceb4782bf01", " f=2000-02-29T00:00:00.0000000Z"},
    {"6600 11", "008050ef165bdb01", " f=2024-12-31T00:00:00.0000000Z"},
    {"6600 11", "0040ba19e05bdb01", " f=2025-01-01T00:00:00.0000000Z"},
    {"6600 11", "00805913f79e2f02", " f=2100-02-28T00:00:00.0000000Z"},
    {"6600 11", "0040c33dc09f2f02", " f=2100-03-01T00:00:00.0000000Z"},
    {"6600 11", "00c0d16642e68003", " f=2400-12-31T00:00:00.0000000Z"},
    {"6600 12", "ea07 0b00 0100 1700 0b00 3200 0a00 7b00", " f=2026-11-23T11:50:10.123"},
    {"6600 9226", "ea07 0b00 0100 1700 0b00 3200 0a00 7b00", " f=2026-11-23T11:50:10.123Z"},
    {"6600 9221", "ea07 0b00 0100 1700 0b00 3200 0a00 7b00", " f=2026-11-23T11:50:10.123"},
    {"6600 13", "0102 000000000005 20000000 20020000", " f=S-1-5-32-544"},
    /* text, always quoted */
    {"6600 01", "6100 2000 3dd8 00de 0000", " f=\"a \xf0\x9f\x98\x80\""},
    {"6600 16", "0200 3dd8", " f=\"\xef\xbf\xbd\""},
    {"6600 17", "0300 80e49d", " f=\"\xe2\x82\xac\xc3\xa4\\u009d\""},
    {"6600 9723", "0300 e282ac", " f=\"\xe2\x82\xac\""},
    {"6600 970b", "0400 3c612f3e", " f=\"<a/>\""},
    {"6600 970c", "0700 7b2261223a317d", " f=\"{\\\"a\\\":1}\""},
    {"6600 9723", "0200 e282", " f=\"\xef\xbf\xbd\xef\xbf\xbd\""},
    {"6600 17", "0000", " f=\"\""},
    /* what would end the line, move a cursor, hide or turn what follows */
    {"6600 17", "0700 610d0a22205c09", " f=\"a\\r\\n\\\" \\\\\\t\""},
    {"6600 17", "0300 1b5b6d", " f=\"\\u001b[m\""},
    {"6600 17", "0200 007f", " f=\"\\u0000\\u007f\""},
    {"6600 16", "0a00 9b00 2820 2920 2e20 6920", " f=\"\\u009b\\u2028\\u2029\\u202e\\u2069\""},
    {"6600 16", "0600 6620 fffe 0f20", " f=\"\\u2066\\ufeff\\u200f\""},
    /* arrays, structs */
    {"6600 44", "0000", " f=[]"},
    {"6600 44", "0300 010203", " f=[1, 2, 3]"},
    {"6600 a707 0200", "01000000 02000000", " f=[1, 2]"},
    {"6600 57", "0200 0100 61 0100 62", " f=[\"a\", \"b\"]"},
    {"6600 c607", "0200 0050 01bb", " f=[80, 443]"},
    {"7300 9802 6600 04 7400 9801 6700 04 6800 04", "010203", " s={f=1 t={g=2}} h=3"},
    {"7300 d803 6600 04 6700 42 7400 9801 6800 05", "0200 01 0100 6100 0200 02 0000 0300",
     " s{f g t{h}}=[{1, [\"a\"], {2}}, {2, [], {3}}]"},
    {"7300 b801 0200 6600 04", "0102", " s{f}=[{1}, {2}]"},
    {"6600 65 0200 0a0b", "0300 c0ffee", " f=0xc0ffee"},
    /* noprint is read over */
    {"6600 8401 6700 04", "0102", " g=2"},
    {"6600 04 6700 8401 6800 04", "010203", " f=1 h=3"},
    {"6600 8401", "01", ""},
    {"7300 9801 6600 8401", "01", " s={}"},
    /* names that could be taken for more than a name are quoted */
    {"6120623d3100 04", "01", " \"a b=1\"=1"},
    {"c3a400 04", "01", " \xc3\xa4=1"},
    {"00 04", "01", " \"\"=1"},
    {"0a00 04", "01", " \"\\n\"=1"},
    {"ff00 04", "01", " \"\xef\xbf\xbd\"=1"},
    {"c2a000 04", "01", " \"\xc2\xa0\"=1"},
    {"5b00 04", "01", " \"[\"=1"},
};

START_TEST(values_are_shown_as_etw_decoders_show_them)
{
    char expected[512];

    strcpy(expected, HEAD);
    strcat(expected, values[_i].expected);
    ck_assert_int_eq(decode_hex(values[_i].fields, values[_i].data), ETWR_OK);
    ck_assert_str_eq(text.data, expected);
}
END_TEST

START_TEST(names_and_levels_stand_in_front)
{
    static const struct {
        uint8_t level;
        const char *name;
    } levels[] = {{0, "level0"}, {1, "critical"}, {2, "error"},  {3, "warning"},
                  {4, "info"},   {5, "verbose"},  {6, "level6"}, {255, "level255"}};

    for (size_t i = 0; i < sizeof levels / sizeof levels[0]; i++) {
        char expected[128] = "2026-11-23T11:50:10.1234567Z P E ";

        record.descriptor.level = levels[i].level;
        strcat(expected, levels[i].name);
        strcat(expected, " 12/34");
        ck_assert_int_eq(decode_hex("", ""), ETWR_OK);
        ck_assert_str_eq(text.data, expected);
    }
}
END_TEST

START_TEST(activity_ids_stand_before_the_fields)
{
    struct etwr_guid activity = {{1}};
    struct etwr_guid related = {{2}};
    struct etwr_guid none = {{0}};

    record.activity_id = &activity;
    record.related_activity_id = &related;
    ck_assert_int_eq(decode_hex("6600 04", "01"), ETWR_OK);
    ck_assert_str_eq(text.data, HEAD " activity 00000001-0000-0000-0000-000000000000 related "
                                     "00000002-0000-0000-0000-000000000000 f=1");
    record.activity_id = &none;
    record.related_activity_id = NULL;
    ck_assert_int_eq(decode_hex("6600 04", "01"), ETWR_OK);
    ck_assert_str_eq(text.data, HEAD " f=1");
}
END_TEST

START_TEST(provider_and_event_names_are_quoted_when_they_must_be)
{
    struct block traits = block_from_hex("0700 61206200 00");
    struct block metadata = block_from_hex("0600 00 0a6100");
    struct block data = {NULL, 0};

    traits.size = 6;
    traits.data[0] = 6;
    record.traits.data = traits.data;
    record.traits.size = traits.size;
    metadata.data[0] = (uint8_t)metadata.size;
    ck_assert_int_eq(decode(&metadata, &data), ETWR_OK);
    ck_assert_str_eq(text.data, "2026-11-23T11:50:10.1234567Z \"a b\" \"\\na\" info 12/34");
    block_free(&traits);
    block_free(&metadata);
}
END_TEST

START_TEST(the_id_stands_for_a_provider_without_a_name)
{
    record.traits.size = 0;
    ck_assert_int_eq(decode_hex("", ""), ETWR_OK);
    ck_assert_str_eq(text.data, "2026-11-23T11:50:10.1234567Z "
                                "00000001-0000-0000-0000-000000000000 E info 12/34");
}
END_TEST

START_TEST(records_of_other_kinds_show_id_version_and_payload)
{
    struct block metadata = {NULL, 0};
    struct block data = block_from_hex("c0ffee");

    record.traits.size = 0;
    record.descriptor.id = 7;
    record.descriptor.version = 1;
    ck_assert_int_eq(decode(&metadata, &data), ETWR_OK);
    ck_assert_str_eq(text.data, "2026-11-23T11:50:10.1234567Z 00000001-0000-0000-0000-000000000000 "
                                "event 7 version 1 info 12/34 3 bytes 0xc0ffee");
    block_free(&data);
}
END_TEST

START_TEST(what_does_not_decode_says_so_with_its_bytes)
{
    ck_assert_int_eq(decode_hex("6600 08", "010203"), ETWR_E_MALFORMED);
    ck_assert_str_eq(text.data, "2026-11-23T11:50:10.1234567Z 00000001-0000-0000-0000-000000000000 "
                                "malformed info 12/34 (the data does not follow the event "
                                "metadata) metadata=0x0800004500660008 data=0x010203");
    ck_assert_int_eq(decode_hex("6600 04", "0102"), ETWR_E_MALFORMED);
    ck_assert_int_eq(decode_hex("6600 00", "01"), ETWR_E_MALFORMED);
    ck_assert_ptr_nonnull(strstr(text.data, "(the event metadata is malformed)"));
    record.traits.size = 3;
    ck_assert_int_eq(decode_hex("6600 04", "01"), ETWR_E_MALFORMED);
    ck_assert_ptr_nonnull(strstr(text.data, "(the provider traits are malformed)"));
}
END_TEST

/* Once the values have ended, no loop goes on: these counts multiply to 2^128. */
START_TEST(nested_counts_end_with_the_values)
{
    char fields[8 * 16 + 16] = "";

    for (int i = 0; i < 8; i++)
        strcat(fields, "7300 b801ffff ");
    strcat(fields, "6600 02");
    ck_assert_int_eq(decode_hex(fields, "0000"), ETWR_E_MALFORMED);
}
END_TEST

/* No byte of an event, wherever it stands, makes a second line or a control character. */
static void vector_is_one_line(const struct vector *vector)
{
    record.traits.data = vector->traits.data;
    record.traits.size = vector->traits.size;
    ck_assert_int_eq(decode(&vector->metadata, &vector->data), ETWR_OK);
    for (size_t i = 0; i + 1 < text.size; i++)
        ck_assert_msg((unsigned char)text.data[i] >= 0x20 && text.data[i] != 0x7F,
                      "vector %d, at %zu", vector->line, i);
}

START_TEST(every_vector_is_one_line)
{
    ck_assert_int_gt(vectors_each(vector_is_one_line), 300);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("decode_line");
    TCase *tcase = tcase_create("decode_line");
    SRunner *runner;
    int failed;

    tcase_set_timeout(tcase, 60);
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_loop_test(tcase, values_are_shown_as_etw_decoders_show_them, 0,
                        (int)(sizeof values / sizeof values[0]));
    tcase_add_test(tcase, names_and_levels_stand_in_front);
    tcase_add_test(tcase, activity_ids_stand_before_the_fields);
    tcase_add_test(tcase, provider_and_event_names_are_quoted_when_they_must_be);
    tcase_add_test(tcase, the_id_stands_for_a_provider_without_a_name);
    tcase_add_test(tcase, records_of_other_kinds_show_id_version_and_payload);
    tcase_add_test(tcase, what_does_not_decode_says_so_with_its_bytes);
    tcase_add_test(tcase, nested_counts_end_with_the_values);
    tcase_add_test(tcase, every_vector_is_one_line);
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
