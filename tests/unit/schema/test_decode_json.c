/*
 * Records as JSON: each type's form, the keys around the fields, what cannot be decoded. That the
 * JSON is taken again is the matter of test_decode_roundtrip.c.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/tracelogging/decode.h"
#include "tests/unit/schema/fixture.h"

/* 2026-11-23T11:50:10.1234567Z */
#define SOME_FILETIME UINT64_C(134399082101234567)

static const char some_traits[] = "\x04\x00P";
static struct trace_record record;
static struct text text;

static void setup(void)
{
    memset(&record, 0, sizeof record);
    text_init(&text);
    record.traits.data = some_traits;
    record.traits.size = 4;
    ck_assert_int_eq(etwr_provider_id_from_name("P", &record.provider_id), ETWR_OK);
    record.descriptor.channel = 11;
    record.descriptor.level = 5;
    record.descriptor.keyword = 1;
    record.filetime = SOME_FILETIME;
    record.pid = 12;
    record.tid = 34;
    record.processor = 2;
}

static void teardown(void)
{
    text_clear(&text);
}

static enum etwr_status decode(const struct block *metadata, const struct block *data)
{
    record.metadata.data = metadata->data;
    record.metadata.size = metadata->size;
    record.data.data = data->data;
    record.data.size = data->size;
    text_reset(&text);
    return decode_json(&record, &text);
}

static enum etwr_status decode_hex(const char *fields, const char *hex)
{
    struct block metadata = metadata_from_fields(fields);
    struct block data = block_from_hex(hex);
    enum etwr_status status = decode(&metadata, &data);

    text_put_char(&text, '\0');
    block_free(&metadata);
    block_free(&data);
    return status;
}

/* ---- values */

static const struct {
    const char *fields;
    const char *data;
    const char *expected; /* inside of "fields":[...] */
} values[] = {
    {"", "", ""},
    {"6600 03", "80", "{\"name\":\"f\",\"type\":\"int8\",\"value\":-128}"},
    {"6600 04", "ff", "{\"name\":\"f\",\"type\":\"uint8\",\"value\":255}"},
    {"6600 05", "0080", "{\"name\":\"f\",\"type\":\"int16\",\"value\":-32768}"},
    {"6600 06", "0080", "{\"name\":\"f\",\"type\":\"uint16\",\"value\":32768}"},
    {"6600 07", "00000080", "{\"name\":\"f\",\"type\":\"int32\",\"value\":-2147483648}"},
    {"6600 08", "ffffffff", "{\"name\":\"f\",\"type\":\"uint32\",\"value\":4294967295}"},
    /* 64 bits: numbers below 2^53, strings from there on */
    {"6600 09", "ffffffffffff1f00",
     "{\"name\":\"f\",\"type\":\"int64\",\"value\":9007199254740991}"},
    {"6600 09", "0000000000002000",
     "{\"name\":\"f\",\"type\":\"int64\",\"value\":\"9007199254740992\"}"},
    {"6600 09", "010000000000e0ff",
     "{\"name\":\"f\",\"type\":\"int64\",\"value\":-9007199254740991}"},
    {"6600 09", "000000000000e0ff",
     "{\"name\":\"f\",\"type\":\"int64\",\"value\":\"-9007199254740992\"}"},
    {"6600 09", "0000000000000080",
     "{\"name\":\"f\",\"type\":\"int64\",\"value\":\"-9223372036854775808\"}"},
    {"6600 0a", "ffffffffffffffff",
     "{\"name\":\"f\",\"type\":\"uint64\",\"value\":\"18446744073709551615\"}"},
    {"6600 14", "1f000000", "{\"name\":\"f\",\"type\":\"hexint32\",\"value\":31}"},
    {"6600 15", "1f00000000000000", "{\"name\":\"f\",\"type\":\"hexint64\",\"value\":31}"},
    {"6600 11", "0080209bcb82d801",
     "{\"name\":\"f\",\"type\":\"filetime\",\"value\":\"133000000000000000\"}"},
    /* floats; only the plain quiet NaN is a word */
    {"6600 0b", "0000c0bf", "{\"name\":\"f\",\"type\":\"float32\",\"value\":-1.5}"},
    {"6600 0b", "0000c07f", "{\"name\":\"f\",\"type\":\"float32\",\"value\":\"NaN\"}"},
    {"6600 0b", "0000c0ff",
     "{\"name\":\"f\",\"type\":\"float32\",\"value\":{\"hex\":\"0000c0ff\",\"text\":\"NaN\"}}"},
    {"6600 0b", "0100807f",
     "{\"name\":\"f\",\"type\":\"float32\",\"value\":{\"hex\":\"0100807f\",\"text\":\"NaN\"}}"},
    {"6600 0b", "000080ff", "{\"name\":\"f\",\"type\":\"float32\",\"value\":\"-Infinity\"}"},
    {"6600 0c", "9a9999999999b93f", "{\"name\":\"f\",\"type\":\"float64\",\"value\":0.1}"},
    {"6600 0c", "000000000000f87f", "{\"name\":\"f\",\"type\":\"float64\",\"value\":\"NaN\"}"},
    {"6600 0c", "010000000000f87f",
     "{\"name\":\"f\",\"type\":\"float64\",\"value\":{\"hex\":\"010000000000f87f\",\"text\":"
     "\"NaN\"}}"},
    {"6600 0c", "000000000000f07f", "{\"name\":\"f\",\"type\":\"float64\",\"value\":\"Infinity\"}"},
    {"6600 0d", "00000000", "{\"name\":\"f\",\"type\":\"bool32\",\"value\":false}"},
    {"6600 0d", "01000000", "{\"name\":\"f\",\"type\":\"bool32\",\"value\":true}"},
    {"6600 0d", "ffffffff", "{\"name\":\"f\",\"type\":\"bool32\",\"value\":-1}"},
    {"6600 0e", "0200 0aff", "{\"name\":\"f\",\"type\":\"binary\",\"value\":\"0aff\"}"},
    {"6600 8e09", "0000", "{\"name\":\"f\",\"type\":\"binary\",\"out\":\"ipv6\",\"value\":\"\"}"},
    {"6600 19", "0100 00", "{\"name\":\"f\",\"type\":\"cbinary\",\"value\":\"00\"}"},
    {"6600 0f", "33221100 5544 7766 8899aabbccddeeff",
     "{\"name\":\"f\",\"type\":\"guid\",\"value\":\"00112233-4455-6677-8899-aabbccddeeff\"}"},
    /* SYSTEMTIME: 2026-11-23 is a Monday */
    {"6600 12", "ea07 0b00 0100 1700 0b00 3200 0a00 7b00",
     "{\"name\":\"f\",\"type\":\"systemtime\",\"value\":\"2026-11-23T11:50:10.123\"}"},
    {"6600 12", "ea07 0b00 0200 1700 0b00 3200 0a00 7b00",
     "{\"name\":\"f\",\"type\":\"systemtime\",\"value\":{\"hex\":"
     "\"ea070b00020017000b0032000a007b00\",\"text\":\"2026-11-23T11:50:10.123\"}}"},
    {"6600 12", "ea07 0d00 0200 1700 0b00 3200 0a00 7b00",
     "{\"name\":\"f\",\"type\":\"systemtime\",\"value\":{\"hex\":"
     "\"ea070d00020017000b0032000a007b00\",\"text\":\"2026-13-23T11:50:10.123\"}}"},
    {"6600 12", "0000 0000 0000 0000 0000 0000 0000 0000",
     "{\"name\":\"f\",\"type\":\"systemtime\",\"value\":{\"hex\":"
     "\"00000000000000000000000000000000\",\"text\":\"0000-00-00T00:00:00.000\"}}"},
    {"6600 13", "0101 000000000005 12000000",
     "{\"name\":\"f\",\"type\":\"sid\",\"value\":\"S-1-5-18\"}"},
    {"6600 13", "0100 010000000000",
     "{\"name\":\"f\",\"type\":\"sid\",\"value\":\"S-1-0x10000000000\"}"},
    {"6600 13", "0201 000000000005 12000000",
     "{\"name\":\"f\",\"type\":\"sid\",\"value\":{\"hex\":\"020100000000000512000000\",\"text\":"
     "\"S-2-5-18\"}}"},
    /* 16-bit strings */
    {"6600 01", "6100 3dd8 00de 0000",
     "{\"name\":\"f\",\"type\":\"zstr16\",\"value\":\"a\xf0\x9f\x98\x80\"}"},
    {"6600 16", "0400 0a00 2200", "{\"name\":\"f\",\"type\":\"str16\",\"value\":\"\\n\\\"\"}"},
    {"6600 16", "0600 6100 0000 6200",
     "{\"name\":\"f\",\"type\":\"str16\",\"value\":{\"hex\":\"610000006200\",\"text\":"
     "\"a\xe2\x90\x80"
     "b\"}}"},
    {"6600 16", "0400 3dd8 6100",
     "{\"name\":\"f\",\"type\":\"str16\",\"value\":{\"hex\":\"3dd86100\",\"text\":\"\xef\xbf\xbd"
     "a\"}}"},
    {"6600 16", "0200 00de",
     "{\"name\":\"f\",\"type\":\"str16\",\"value\":{\"hex\":\"00de\",\"text\":\"\xef\xbf\xbd\"}}"},
    {"6600 16", "0100 61",
     "{\"name\":\"f\",\"type\":\"str16\",\"value\":{\"hex\":\"61\",\"text\":\"\xef\xbf\xbd\"}}"},
    /* 8-bit strings: UTF-8 only where the out type says so; `out` always there */
    {"6600 9723", "0300 61c3a4",
     "{\"name\":\"f\",\"type\":\"str8\",\"out\":\"utf8\",\"value\":\"a\xc3\xa4\"}"},
    {"6600 820b", "3c2f3e00",
     "{\"name\":\"f\",\"type\":\"zstr8\",\"out\":\"xml\",\"value\":\"</>\"}"},
    {"6600 820c", "c3a400",
     "{\"name\":\"f\",\"type\":\"zstr8\",\"out\":\"json\",\"value\":\"\xc3\xa4\"}"},
    {"6600 9723", "0300 61c328",
     "{\"name\":\"f\",\"type\":\"str8\",\"out\":\"utf8\",\"value\":{\"hex\":\"61c328\",\"text\":"
     "\"a\xef\xbf\xbd(\"}}"},
    {"6600 17", "0100 61", "{\"name\":\"f\",\"type\":\"str8\",\"out\":\"null\",\"value\":\"a\"}"},
    {"6600 17", "0300 e480c3",
     "{\"name\":\"f\",\"type\":\"str8\",\"out\":\"null\",\"value\":{\"hex\":\"e480c3\",\"text\":"
     "\"\xc3\xa4\xe2\x82\xac\xc3\x83\"}}"},
    {"6600 17", "0200 c3a4",
     "{\"name\":\"f\",\"type\":\"str8\",\"out\":\"null\",\"value\":{\"hex\":\"c3a4\",\"text\":"
     "\"\xc3\x83\xc2\xa4\"}}"},
    {"6600 17", "0100 9d",
     "{\"name\":\"f\",\"type\":\"str8\",\"out\":\"null\",\"value\":{\"hex\":\"9d\",\"text\":"
     "\"\\u009d\"}}"},
    {"6600 9704", "0200 6100",
     "{\"name\":\"f\",\"type\":\"str8\",\"out\":\"hex\",\"value\":{\"hex\":\"6100\",\"text\":"
     "\"a\xe2\x90\x80\"}}"},
    /* out types with and without a name, tags */
    {"6600 8405", "07", "{\"name\":\"f\",\"type\":\"uint8\",\"out\":\"pid\",\"value\":7}"},
    {"6600 8463", "07", "{\"name\":\"f\",\"type\":\"uint8\",\"out\":99,\"value\":7}"},
    {"6600 84 80 85af9b6f", "07",
     "{\"name\":\"f\",\"type\":\"uint8\",\"tag\":11259375,\"value\":7}"},
    {"6600 84 84 85af9b6f", "07",
     "{\"name\":\"f\",\"type\":\"uint8\",\"out\":\"hex\",\"tag\":11259375,\"value\":7}"},
    /* arrays */
    {"6600 44", "0000", "{\"name\":\"f\",\"type\":\"uint8[]\",\"value\":[]}"},
    {"6600 44", "0200 0102", "{\"name\":\"f\",\"type\":\"uint8[]\",\"value\":[1,2]}"},
    {"6600 27 0200", "0100000002000000", "{\"name\":\"f\",\"type\":\"int32[2]\",\"value\":[1,2]}"},
    {"6600 57", "0200 0100 61 0100 e4",
     "{\"name\":\"f\",\"type\":\"str8[]\",\"out\":\"null\",\"value\":[\"a\",{\"hex\":\"e4\","
     "\"text\":\"\xc3\xa4\"}]}"},
    {"6600 53", "0100 0101 000000000005 12000000",
     "{\"name\":\"f\",\"type\":\"sid[]\",\"value\":[\"S-1-5-18\"]}"},
    /* structs */
    {"7300 9802 6600 04 7400 9801 6700 04 6800 04", "010203",
     "{\"name\":\"s\",\"type\":\"struct\",\"fields\":[{\"name\":\"f\",\"type\":\"uint8\",\"value\":"
     "1},{\"name\":\"t\",\"type\":\"struct\",\"fields\":[{\"name\":\"g\",\"type\":\"uint8\","
     "\"value\":2}]}]},{\"name\":\"h\",\"type\":\"uint8\",\"value\":3}"},
    {"7300 98 81 80808001 6600 04", "01",
     "{\"name\":\"s\",\"type\":\"struct\",\"tag\":1,\"fields\":[{\"name\":\"f\",\"type\":\"uint8\","
     "\"value\":1}]}"},
    {"7300 d803 6600 04 6700 42 7400 9801 6800 05", "0200 01 0100 6100 0200 02 0000 0300",
     "{\"name\":\"s\",\"type\":\"struct[]\",\"fields\":[{\"name\":\"f\",\"type\":\"uint8\"},"
     "{\"name\":\"g\",\"type\":\"zstr8[]\",\"out\":\"null\"},{\"name\":\"t\",\"type\":\"struct\","
     "\"fields\":[{\"name\":\"h\",\"type\":\"int16\"}]}],\"value\":[[1,[\"a\"],[2]],[2,[],[3]]]}"},
    {"7300 d801 6600 04", "0000",
     "{\"name\":\"s\",\"type\":\"struct[]\",\"fields\":[{\"name\":\"f\",\"type\":\"uint8\"}],"
     "\"value\":[]}"},
    {"7300 b801 0200 7400 d801 6600 04", "0100 01 0200 0203",
     "{\"name\":\"s\",\"type\":\"struct[2]\",\"fields\":[{\"name\":\"t\",\"type\":\"struct[]\","
     "\"fields\":[{\"name\":\"f\",\"type\":\"uint8\"}]}],\"value\":[[[[1]]],[[[2],[3]]]]}"},
    /* custom */
    {"6600 65 0200 0a0b", "0300 c0ffee",
     "{\"name\":\"f\",\"type\":\"custom\",\"in\":5,\"type_info\":\"0a0b\",\"value\":\"c0ffee\"}"},
    {"6600 f804 0000", "0000",
     "{\"name\":\"f\",\"type\":\"custom\",\"in\":24,\"type_info\":\"\",\"out\":\"hex\",\"value\":"
     "\"\"}"},
    /* names are JSON strings, whatever they hold */
    {"22090a00 04", "01", "{\"name\":\"\\\"\\t\\n\",\"type\":\"uint8\",\"value\":1}"},
    {"ff00 04", "01", "{\"name\":\"\xef\xbf\xbd\",\"type\":\"uint8\",\"value\":1}"},
    {"00 04", "01", "{\"name\":\"\",\"type\":\"uint8\",\"value\":1}"},
};

START_TEST(values_have_the_documented_form)
{
    static const char head[] =
        "{\"provider\":\"P\",\"event\":\"E\",\"level\":5,\"keyword\":\"0x1\","
        "\"fields\":[";
    static const char tail[] = "],\"record\":{\"time\":\"2026-11-23T11:50:10.1234567Z\",\"pid\":12,"
                               "\"tid\":34,\"processor\":2}}";
    char expected[2048];

    strcpy(expected, head);
    strcat(expected, values[_i].expected);
    strcat(expected, tail);
    ck_assert_int_eq(decode_hex(values[_i].fields, values[_i].data), ETWR_OK);
    ck_assert_str_eq(text.data, expected);
}
END_TEST

START_TEST(data_that_does_not_follow_its_metadata_is_told_and_kept)
{
    struct block metadata = metadata_from_fields(values[_i].fields);
    struct block data = block_from_hex(values[_i].data);

    for (size_t size = 0; size < data.size; size++) {
        struct block cut = block_from_bytes(data.data, size);

        ck_assert_int_eq(decode(&metadata, &cut), ETWR_E_MALFORMED);
        text_put_char(&text, '\0');
        ck_assert_ptr_nonnull(strstr(
            text.data, "\"error\":\"the data does not follow the event metadata\",\"record\":{"));
        ck_assert_ptr_null(strstr(text.data, "\"fields\""));
        block_free(&cut);
    }
    block_free(&metadata);
    block_free(&data);
}
END_TEST

/* ---- the event */

START_TEST(descriptor_keys_are_there_when_they_are_no_defaults)
{
    record.descriptor.level = 0;
    record.descriptor.keyword = UINT64_MAX;
    record.descriptor.id = 1;
    record.descriptor.version = 2;
    record.descriptor.channel = 0;
    record.descriptor.opcode = 3;
    record.descriptor.task = 65535;
    ck_assert_int_eq(decode_hex("", ""), ETWR_OK);
    ck_assert_ptr_nonnull(strstr(text.data, "\"level\":0,\"keyword\":\"0xffffffffffffffff\","
                                            "\"opcode\":3,\"id\":1,\"version\":2,\"task\":65535,"
                                            "\"channel\":0,\"fields\":[]"));
}
END_TEST

START_TEST(event_tag_and_activity_ids_are_there_when_set)
{
    struct block metadata = block_from_hex("0800 80808001 4500");
    struct block data = {NULL, 0};
    struct etwr_guid activity = {{1}};
    struct etwr_guid none = {{0}};

    metadata.data[0] = (uint8_t)metadata.size;
    record.activity_id = &activity;
    record.related_activity_id = &none;
    ck_assert_int_eq(decode(&metadata, &data), ETWR_OK);
    text_put_char(&text, '\0');
    ck_assert_ptr_nonnull(strstr(text.data, ",\"tag\":1,\"activity_id\":\"00000001-0000-0000-0000-"
                                            "000000000000\",\"fields\":[]"));
    record.related_activity_id = &activity;
    record.activity_id = NULL;
    ck_assert_int_eq(decode(&metadata, &data), ETWR_OK);
    text_put_char(&text, '\0');
    ck_assert_ptr_nonnull(strstr(text.data, ",\"tag\":1,\"related_activity_id\":\"00000001-"));
    block_free(&metadata);
}
END_TEST

START_TEST(provider_id_is_there_when_it_is_not_the_names)
{
    struct etwr_guid other = {{0x33, 0x22, 0x11}};

    record.provider_id = other;
    ck_assert_int_eq(decode_hex("", ""), ETWR_OK);
    ck_assert_ptr_eq(strstr(text.data, "{\"provider\":\"P\",\"provider_id\":\"00112233-0000-"),
                     text.data);
}
END_TEST

START_TEST(a_group_is_found_among_other_traits)
{
    struct block traits =
        block_from_hex("1d00 5000 0600 ff aabbcc 1300 01 33221100000000000000000000000000");

    record.traits.data = traits.data;
    record.traits.size = traits.size;
    ck_assert_int_eq(decode_hex("", ""), ETWR_OK);
    ck_assert_ptr_nonnull(
        strstr(text.data, "\"group_id\":\"00112233-0000-0000-0000-000000000000\""));
    block_free(&traits);
}
END_TEST

static const char *const bad_traits[] = {
    "04",
    "0500 5000",            /* sizes that do not agree */
    "0300 50",              /* no end of the name */
    "0500 5000 01",         /* half a trait */
    "0700 5000 0200 01",    /* smaller than its header */
    "0700 5000 0400 01",    /* over the end */
    "0800 5000 0400 01 aa", /* a group that is no GUID */
};

START_TEST(malformed_traits_are_told)
{
    struct block traits = block_from_hex(bad_traits[_i]);

    record.traits.data = traits.data;
    record.traits.size = traits.size;
    ck_assert_int_eq(decode_hex("6600 04", "01"), ETWR_E_MALFORMED);
    ck_assert_ptr_nonnull(strstr(text.data, "\"error\":\"the provider traits are malformed\""));
    ck_assert_ptr_nonnull(strstr(text.data, "\"data\":\"01\""));
    block_free(&traits);
}
END_TEST

START_TEST(a_record_without_traits_has_an_id_and_no_name)
{
    record.traits.size = 0;
    ck_assert_int_eq(decode_hex("", ""), ETWR_OK);
    ck_assert_ptr_eq(strstr(text.data, "{\"provider_id\":\""), text.data);
    ck_assert_ptr_nonnull(strstr(text.data, "\",\"event\":\"E\""));
    ck_assert_ptr_null(strstr(text.data, "\"provider\":"));
}
END_TEST

START_TEST(malformed_metadata_is_told_with_all_bytes)
{
    ck_assert_int_eq(decode_hex("6600 00", "01"), ETWR_E_MALFORMED);
    ck_assert_ptr_nonnull(strstr(text.data, "\"error\":\"the event metadata is malformed\","));
    ck_assert_ptr_nonnull(strstr(text.data, "\"traits\":\"04005000\",\"metadata\":"
                                            "\"0800004500660000\",\"data\":\"01\"}}"));
}
END_TEST

START_TEST(a_failure_leaves_what_was_in_the_text)
{
    struct block metadata = metadata_from_fields("6600 04 6600 04");
    struct block data = block_from_hex("01");

    record.metadata.data = metadata.data;
    record.metadata.size = metadata.size;
    record.data.data = data.data;
    record.data.size = data.size;
    text_put_string(&text, "before");
    ck_assert_int_eq(decode_json(&record, &text), ETWR_E_MALFORMED);
    ck_assert_int_eq(strncmp(text.data, "before{\"provider_id\":", 20), 0);
    block_free(&metadata);
    block_free(&data);
}
END_TEST

START_TEST(a_record_of_another_kind_has_its_payload_as_hex)
{
    struct block metadata = {NULL, 0};
    struct block data = block_from_hex("c0ffee");

    record.traits.size = 0;
    record.descriptor.id = 7;
    record.descriptor.version = 1;
    record.descriptor.channel = 16;
    record.file = "a\n.etl";
    ck_assert_int_eq(decode(&metadata, &data), ETWR_OK);
    text_put_char(&text, '\0');
    ck_assert_ptr_nonnull(strstr(text.data,
                                 "\"level\":5,\"keyword\":\"0x1\",\"id\":7,\"version\":1,"
                                 "\"channel\":16,\"record\":{\"time\":"));
    ck_assert_ptr_nonnull(
        strstr(text.data, "\"processor\":2,\"file\":\"a\\n.etl\",\"data\":\"c0ffee\"}}"));
    ck_assert_ptr_null(strstr(text.data, "\"event\""));
    ck_assert_ptr_null(strstr(text.data, "\"fields\""));
    block_free(&data);
}
END_TEST

/* ---- the origin */

#define ORIGIN "65747772656c617900 98 02 70696400 08 74696d6500 11"

START_TEST(a_trailing_origin_belongs_to_the_record)
{
    ck_assert_int_eq(decode_hex("6600 04 " ORIGIN, "01 09000000 87d671ef207add01"), ETWR_OK);
    ck_assert_ptr_nonnull(strstr(
        text.data, "\"fields\":[{\"name\":\"f\",\"type\":\"uint8\",\"value\":1}],\"record\":{"));
    ck_assert_ptr_nonnull(strstr(text.data, "\"processor\":2,\"origin\":{\"pid\":9,\"time\":\"20"));
    ck_assert_ptr_nonnull(strstr(text.data, "Z\"}}}"));
}
END_TEST

START_TEST(an_origin_alone_leaves_no_fields)
{
    ck_assert_int_eq(decode_hex(ORIGIN, "09000000 0000000000000000"), ETWR_OK);
    ck_assert_ptr_nonnull(strstr(text.data, "\"fields\":[],"));
    ck_assert_ptr_nonnull(
        strstr(text.data, "\"origin\":{\"pid\":9,\"time\":\"1601-01-01T00:00:00.0000000Z\"}"));
}
END_TEST

static const char *const no_origins[] = {
    ORIGIN " 6600 04",                      /* not the last */
    ("7300 9801 " ORIGIN),                  /* not at the top */
    "65747772656c6179 00 04",               /* no struct */
    "65747772656c6100 9801 6600 04",        /* another name */
    "65747772656c617900 b801 0100 6600 04", /* an array */
};

START_TEST(other_fields_are_no_origin)
{
    static const char *const data[] = {"09000000 0000000000000000 01", "09000000 0000000000000000",
                                       "01", "01", "01"};

    ck_assert_int_eq(decode_hex(no_origins[_i], data[_i]), ETWR_OK);
    ck_assert_ptr_null(strstr(text.data, "\"origin\""));
}
END_TEST

/* ---- cost */

/* A name of 30,000 bytes and 60,000 elements: names are printed once. */
START_TEST(names_are_not_repeated_for_each_element)
{
    char *fields = malloc(2 * 30000 + 64);
    char *data = malloc(2 * 60002 + 1);

    ck_assert_ptr_nonnull(fields);
    ck_assert_ptr_nonnull(data);
    strcpy(fields, "7300d801");
    for (int i = 0; i < 30000; i++)
        strcat(fields + 2 * i, "61");
    strcat(fields, "0004");
    memset(data, '0', 2 * 60002);
    data[2 * 60002] = '\0';
    memcpy(data, "60ea", 4);
    ck_assert_int_eq(decode_hex(fields, data), ETWR_OK);
    ck_assert_uint_lt(text.size, 30000 + 60000 * 4 + 1000);
    free(fields);
    free(data);
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

int main(void)
{
    Suite *suite = suite_create("decode_json");
    TCase *tcase = tcase_create("decode_json");
    SRunner *runner;
    int failed;

    tcase_set_timeout(tcase, 60);
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_loop_test(tcase, values_have_the_documented_form, 0,
                        (int)(sizeof values / sizeof values[0]));
    tcase_add_loop_test(tcase, data_that_does_not_follow_its_metadata_is_told_and_kept, 0,
                        (int)(sizeof values / sizeof values[0]));
    tcase_add_test(tcase, descriptor_keys_are_there_when_they_are_no_defaults);
    tcase_add_test(tcase, event_tag_and_activity_ids_are_there_when_set);
    tcase_add_test(tcase, provider_id_is_there_when_it_is_not_the_names);
    tcase_add_test(tcase, a_group_is_found_among_other_traits);
    tcase_add_loop_test(tcase, malformed_traits_are_told, 0,
                        (int)(sizeof bad_traits / sizeof bad_traits[0]));
    tcase_add_test(tcase, a_record_without_traits_has_an_id_and_no_name);
    tcase_add_test(tcase, malformed_metadata_is_told_with_all_bytes);
    tcase_add_test(tcase, a_failure_leaves_what_was_in_the_text);
    tcase_add_test(tcase, a_record_of_another_kind_has_its_payload_as_hex);
    tcase_add_test(tcase, a_trailing_origin_belongs_to_the_record);
    tcase_add_test(tcase, an_origin_alone_leaves_no_fields);
    tcase_add_loop_test(tcase, other_fields_are_no_origin, 0,
                        (int)(sizeof no_origins / sizeof no_origins[0]));
    tcase_add_test(tcase, names_are_not_repeated_for_each_element);
    tcase_add_test(tcase, nested_counts_end_with_the_values);
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
