/*
 * Events in JSON: what is refused, with status and path; and the forms that the vectors do not
 * hold, byte for byte.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/json/event_json.h"
#include "protocol/text.h"

#define EVENT(rest)        "{\"provider\":\"P\",\"event\":\"E\"" rest "}"
#define FIELDS(list)       EVENT(",\"fields\":[" list "]")
#define FIELD(rest)        FIELDS("{\"name\":\"f\"," rest "}")
#define VALUE(type, value) FIELD("\"type\":\"" type "\",\"value\":" value)
#define GUID               "\"6ba7b810-9dad-11d1-80b4-00c04fd430c8\""

static struct etwr_event *builder;
static struct event_json target;
static struct event_json_error error;
static struct text hex;

static void set_up(void)
{
    ck_assert_int_eq(etwr_event_create(&builder), ETWR_OK);
    text_init(&hex);
}

static void tear_down(void)
{
    etwr_event_destroy(builder);
    text_clear(&hex);
}

static enum etwr_status read_json(const char *json)
{
    /* a copy of exactly its size, so that ASan sees a read behind it */
    size_t size = strlen(json);
    char *copy = malloc(size == 0 ? 1 : size);
    enum etwr_status status = ETWR_OK;
    memcpy(copy, json, size);
    status = event_json_read(copy, size, builder, &target, &error);
    free(copy);
    ck_assert_int_eq(status, error.status);
    return status;
}

struct refused {
    const char *json;
    enum etwr_status status;
    const char *path;
    const char *message; /* a part of it */
};

static const struct refused refused[] = {
    /* the text */
    {"", ETWR_E_MALFORMED, "$", "the text ends"},
    {"{\"provider\":\"P\",", ETWR_E_MALFORMED, "$", "column 17"},
    {"[]", ETWR_E_BAD_VALUE, "$", "an object"},
    {EVENT(",\"event\":\"F\""), ETWR_E_MALFORMED, "$.event", "already"},
    {VALUE("int32", "01"), ETWR_E_MALFORMED, "$.fields[0].value", "leading zero"},
    {VALUE("str8", "\"\xff\""), ETWR_E_MALFORMED, "$.fields[0].value", "UTF-8"},
    /* \u0000 */
    {"{\"provider\":\"\\u0000\",\"event\":\"E\"}", ETWR_E_BAD_NAME, "$.provider", "\\u0000"},
    {"{\"provider\":\"P\",\"event\":\"a\\u0000\"}", ETWR_E_BAD_NAME, "$.event", "\\u0000"},
    {FIELDS("{\"name\":\"a\\u0000b\"}"), ETWR_E_BAD_NAME, "$.fields[0].name", "\\u0000"},
    {FIELDS("{\"name\":\"s\",\"type\":\"struct\",\"fields\":[{\"name\":\"\\u0000\"}]}"),
     ETWR_E_BAD_NAME, "$.fields[0].fields[0].name", "\\u0000"},
    {VALUE("str16", "\"a\\u0000b\""), ETWR_E_BAD_VALUE, "$.fields[0].value", "{\"hex\""},
    {VALUE("str16[]", "[\"a\",\"\\u0000\"]"), ETWR_E_BAD_VALUE, "$.fields[0].value[1]", "hex"},
    /* the event's keys */
    {EVENT(",\"levle\":5"), ETWR_E_BAD_VALUE, "$.levle", "nearest is \"level\""},
    {EVENT(",\"Level\":5"), ETWR_E_BAD_VALUE, "$.Level", "nearest is \"level\""},
    {EVENT(",\"error\":\"x\""), ETWR_E_BAD_VALUE, "$.error", "no such key"},
    {"{\"event\":\"E\"}", ETWR_E_BAD_NAME, "$.provider", "required"},
    {"{\"provider\":7,\"event\":\"E\"}", ETWR_E_BAD_NAME, "$.provider", "required"},
    {"{\"provider\":\"\",\"event\":\"E\"}", ETWR_E_BAD_NAME, "$.provider", "1 to 1024"},
    {"{\"provider\":\"P\"}", ETWR_E_BAD_NAME, "$.event", "required"},
    {"{\"provider\":\"P\",\"event\":null}", ETWR_E_BAD_NAME, "$.event", "required"},
    {EVENT(",\"provider_id\":\"x\""), ETWR_E_BAD_VALUE, "$.provider_id", "a GUID"},
    {EVENT(",\"provider_id\":null"), ETWR_E_BAD_VALUE, "$.provider_id", "a GUID"},
    {EVENT(",\"group_id\":7"), ETWR_E_BAD_VALUE, "$.group_id", "a GUID"},
    {EVENT(",\"activity_id\":\"6ba7b810-9dad-11d1-80b4-00c04fd430c\""), ETWR_E_BAD_VALUE,
     "$.activity_id", "a GUID"},
    {EVENT(",\"related_activity_id\":true"), ETWR_E_BAD_VALUE, "$.related_activity_id", "a GUID"},
    {EVENT(",\"level\":256"), ETWR_E_BAD_VALUE, "$.level", "from 0 to 255: out of range"},
    {EVENT(",\"level\":-1"), ETWR_E_BAD_VALUE, "$.level", "from 0 to 255"},
    {EVENT(",\"level\":null"), ETWR_E_BAD_VALUE, "$.level", "neither a number nor"},
    {EVENT(",\"keyword\":18446744073709551615"), ETWR_E_BAD_VALUE, "$.keyword", "as a string"},
    {EVENT(",\"keyword\":\"18446744073709551616\""), ETWR_E_BAD_VALUE, "$.keyword", "range"},
    {EVENT(",\"opcode\":256"), ETWR_E_BAD_VALUE, "$.opcode", "from 0 to 255"},
    {EVENT(",\"id\":65536"), ETWR_E_BAD_VALUE, "$.id", "from 0 to 65535"},
    {EVENT(",\"version\":256"), ETWR_E_BAD_VALUE, "$.version", "from 0 to 255"},
    {EVENT(",\"task\":65536"), ETWR_E_BAD_VALUE, "$.task", "from 0 to 65535"},
    {EVENT(",\"channel\":256"), ETWR_E_BAD_VALUE, "$.channel", "from 0 to 255"},
    {EVENT(",\"tag\":268435456"), ETWR_E_BAD_TAG, "$.tag", "28 bits"},
    {EVENT(",\"tag\":\"0xffffffffffffffff\""), ETWR_E_BAD_TAG, "$.tag", "28 bits"},
    {EVENT(",\"tag\":1.5"), ETWR_E_BAD_VALUE, "$.tag", "fraction"},
    {EVENT(",\"record\":7"), ETWR_E_BAD_VALUE, "$.record", "an object"},
    {EVENT(",\"fields\":{}"), ETWR_E_BAD_VALUE, "$.fields", "an array"},
    /* field objects */
    {FIELDS("7"), ETWR_E_BAD_VALUE, "$.fields[0]", "an object"},
    {FIELDS("{}"), ETWR_E_BAD_TYPE, "$.fields[0].type", "required"},
    {FIELDS("{\"type\":\"int8\",\"value\":1}"), ETWR_E_BAD_NAME, "$.fields[0].name", "required"},
    {FIELDS("{\"name\":1,\"type\":\"int8\",\"value\":1}"), ETWR_E_BAD_NAME, "$.fields[0].name",
     "required"},
    {FIELD("\"type\":\"int8\""), ETWR_E_BAD_VALUE, "$.fields[0].value", "required"},
    {FIELD("\"type\":\"int23\""), ETWR_E_BAD_TYPE, "$.fields[0].type", "nearest is \"int"},
    {FIELD("\"type\":\"\""), ETWR_E_BAD_TYPE, "$.fields[0].type", "no such type"},
    {FIELD("\"type\":\"Int32\""), ETWR_E_BAD_TYPE, "$.fields[0].type", "nearest is \"int32\""},
    {FIELD("\"type\":\"int32[\""), ETWR_E_BAD_TYPE, "$.fields[0].type", "int32[N]"},
    {FIELD("\"type\":\"int32[0]\""), ETWR_E_BAD_TYPE, "$.fields[0].type", "from 1 to 65535"},
    {FIELD("\"type\":\"int32[65536]\""), ETWR_E_BAD_TYPE, "$.fields[0].type", "from 1 to 65535"},
    {FIELD("\"type\":\"int32[-1]\""), ETWR_E_BAD_TYPE, "$.fields[0].type", "from 1 to 65535"},
    {FIELD("\"type\":\"int32[01]\""), ETWR_E_BAD_TYPE, "$.fields[0].type", "from 1 to 65535"},
    {FIELD("\"type\":\"int32[1]x\""), ETWR_E_BAD_TYPE, "$.fields[0].type", "int32[N]"},
    {FIELD("\"type\":\"int32[][]\""), ETWR_E_BAD_TYPE, "$.fields[0].type", "int32[N]"},
    {FIELD("\"type\":\"binary[]\""), ETWR_E_BAD_TYPE, "$.fields[0].type", "use cbinary"},
    {FIELD("\"type\":\"custom[2]\""), ETWR_E_BAD_TYPE, "$.fields[0].type", "no arrays"},
    {FIELD("\"type\":\"int8\",\"valu\":1"), ETWR_E_BAD_VALUE, "$.fields[0].valu",
     "nearest is \"value\""},
    {FIELD("\"type\":\"int8\",\"value\":1,\"fields\":[]"), ETWR_E_BAD_VALUE, "$.fields[0].fields",
     "a field has no such key"},
    {FIELD("\"type\":\"int8\",\"value\":1,\"type_info\":\"\""), ETWR_E_BAD_VALUE,
     "$.fields[0].type_info", "no such key"},
    {FIELD("\"type\":\"int8\",\"value\":1,\"out\":\"hexx\""), ETWR_E_BAD_TYPE, "$.fields[0].out",
     "nearest is \"hex\""},
    {FIELD("\"type\":\"int8\",\"value\":1,\"out\":128"), ETWR_E_BAD_TYPE, "$.fields[0].out",
     "0 to 127"},
    {FIELD("\"type\":\"int8\",\"value\":1,\"out\":null"), ETWR_E_BAD_TYPE, "$.fields[0].out",
     "name"},
    {FIELD("\"type\":\"int8\",\"value\":1,\"tag\":\"0x10000000\""), ETWR_E_BAD_TAG,
     "$.fields[0].tag", "28 bits"},
    /* values */
    {VALUE("int8", "128"), ETWR_E_BAD_VALUE, "$.fields[0].value", "from -128 to 127"},
    {VALUE("int8", "-129"), ETWR_E_BAD_VALUE, "$.fields[0].value", "out of range"},
    {VALUE("uint8", "-1"), ETWR_E_BAD_VALUE, "$.fields[0].value", "from 0 to 255"},
    {VALUE("int16", "32768"), ETWR_E_BAD_VALUE, "$.fields[0].value", "-32768 to 32767"},
    {VALUE("uint16", "65536"), ETWR_E_BAD_VALUE, "$.fields[0].value", "0 to 65535"},
    {VALUE("int32", "2147483648"), ETWR_E_BAD_VALUE, "$.fields[0].value", "2147483647"},
    {VALUE("hexint32", "4294967296"), ETWR_E_BAD_VALUE, "$.fields[0].value", "4294967295"},
    {VALUE("int64", "\"9223372036854775808\""), ETWR_E_BAD_VALUE, "$.fields[0].value",
     "from -9223372036854775808 to 9223372036854775807"},
    {VALUE("uint64", "9007199254740992"), ETWR_E_BAD_VALUE, "$.fields[0].value", "as a string"},
    {VALUE("uint64", "1e300"), ETWR_E_BAD_VALUE, "$.fields[0].value", "as a string"},
    {VALUE("int32", "1.5"), ETWR_E_BAD_VALUE, "$.fields[0].value", "no fraction"},
    {VALUE("int32", "0.99999999999999999999"), ETWR_E_BAD_VALUE, "$.fields[0].value",
     "no fraction"},
    {VALUE("int32", "\"1x\""), ETWR_E_BAD_VALUE, "$.fields[0].value", "decimal or 0x hex"},
    {VALUE("int32", "true"), ETWR_E_BAD_VALUE, "$.fields[0].value", "neither a number nor"},
    {VALUE("int32", "[1]"), ETWR_E_BAD_VALUE, "$.fields[0].value", "neither a number nor"},
    {VALUE("int32", "null"), ETWR_E_BAD_VALUE, "$.fields[0].value", "neither a number nor"},
    {VALUE("filetime", "-1"), ETWR_E_BAD_VALUE, "$.fields[0].value", "from 0"},
    {VALUE("bool32", "\"yes\""), ETWR_E_BAD_VALUE, "$.fields[0].value", "decimal"},
    {VALUE("bool32", "4294967295"), ETWR_E_BAD_VALUE, "$.fields[0].value", "2147483647"},
    {VALUE("float32", "3.5e38"), ETWR_E_BAD_VALUE, "$.fields[0].value", "too large for a float32"},
    {VALUE("float64", "1e999"), ETWR_E_BAD_VALUE, "$.fields[0].value", "too large for a float64"},
    {VALUE("float64", "\"1.5\""), ETWR_E_BAD_VALUE, "$.fields[0].value", "\"NaN\""},
    {VALUE("float64", "\"nan\""), ETWR_E_BAD_VALUE, "$.fields[0].value", "\"NaN\""},
    {VALUE("binary", "\"abc\""), ETWR_E_BAD_VALUE, "$.fields[0].value", "even number"},
    {VALUE("cbinary", "\"xx\""), ETWR_E_BAD_VALUE, "$.fields[0].value", "hexadecimal"},
    {VALUE("cbinary", "7"), ETWR_E_BAD_VALUE, "$.fields[0].value", "hexadecimal"},
    {VALUE("guid", "\"6ba7b810\""), ETWR_E_BAD_VALUE, "$.fields[0].value", "a GUID"},
    {VALUE("str8", "7"), ETWR_E_BAD_VALUE, "$.fields[0].value", "text, or"},
    {VALUE("zstr16", "null"), ETWR_E_BAD_VALUE, "$.fields[0].value", "text, or"},
    {VALUE("systemtime", "\"2026-02-29T00:00:00\""), ETWR_E_BAD_VALUE, "$.fields[0].value",
     "a date that exists"},
    {VALUE("systemtime", "\"1600-01-01T00:00:00\""), ETWR_E_BAD_VALUE, "$.fields[0].value", "1601"},
    {VALUE("systemtime", "\"2026-01-01T24:00:00\""), ETWR_E_BAD_VALUE, "$.fields[0].value", "date"},
    {VALUE("systemtime", "\"2026-01-01T00:00:60\""), ETWR_E_BAD_VALUE, "$.fields[0].value", "date"},
    {VALUE("systemtime", "\"2026-01-01T00:00:00.\""), ETWR_E_BAD_VALUE, "$.fields[0].value",
     "date"},
    {VALUE("systemtime", "\"2026-01-01T00:00:00.1234\""), ETWR_E_BAD_VALUE, "$.fields[0].value",
     "date"},
    {VALUE("systemtime", "\"2026-01-01T00:00:00Z\""), ETWR_E_BAD_VALUE, "$.fields[0].value",
     "date"},
    {VALUE("systemtime", "\"2026-01-01 00:00:00\""), ETWR_E_BAD_VALUE, "$.fields[0].value", "date"},
    {VALUE("sid", "\"S-2-5-18\""), ETWR_E_BAD_VALUE, "$.fields[0].value", "a SID"},
    {VALUE("sid", "\"S-1-5-\""), ETWR_E_BAD_VALUE, "$.fields[0].value", "a SID"},
    {VALUE("sid", "\"S-1\""), ETWR_E_BAD_VALUE, "$.fields[0].value", "a SID"},
    {VALUE("sid", "\"S-1-5-4294967296\""), ETWR_E_BAD_VALUE, "$.fields[0].value", "a SID"},
    {VALUE("sid", "\"S-1-0x1000000000000\""), ETWR_E_BAD_VALUE, "$.fields[0].value", "a SID"},
    {VALUE("sid", "\"S-1-5-1-2-3-4-5-6-7-8-9-10-11-12-13-14-15-16\""), ETWR_E_BAD_VALUE,
     "$.fields[0].value", "15"},
    /* raw values */
    {VALUE("int32", "{\"hex\":\"0102\"}"), ETWR_E_BAD_VALUE, "$.fields[0].value",
     "int32 takes 4 raw bytes, and \"hex\" holds 2"},
    {VALUE("int32", "{\"hex\":1}"), ETWR_E_BAD_VALUE, "$.fields[0].value", "hexadecimal"},
    {VALUE("int32", "{\"text\":\"1\"}"), ETWR_E_BAD_VALUE, "$.fields[0].value", "{\"hex\""},
    {VALUE("int32", "{\"hexx\":\"1\"}"), ETWR_E_BAD_VALUE, "$.fields[0].value.hexx", "nearest"},
    {VALUE("str16", "{\"hex\":\"010203\"}"), ETWR_E_BAD_VALUE, "$.fields[0].value", "even size"},
    {VALUE("sid", "{\"hex\":\"0101000000000005\"}"), ETWR_E_BAD_VALUE, "$.fields[0].value",
     "one whole SID"},
    {VALUE("sid", "{\"hex\":\"01\"}"), ETWR_E_BAD_VALUE, "$.fields[0].value", "one whole SID"},
    {VALUE("sid[]", "[{\"hex\":\"010000000000000501000000000000050100\"}]"), ETWR_E_BAD_VALUE,
     "$.fields[0].value[0]", "one whole SID"},
    /* arrays */
    {VALUE("int32[]", "1"), ETWR_E_BAD_VALUE, "$.fields[0].value", "an array"},
    {VALUE("int32[]", "{\"hex\":\"\"}"), ETWR_E_BAD_VALUE, "$.fields[0].value", "an array"},
    {VALUE("int32[]", "[1,2,\"x\"]"), ETWR_E_BAD_VALUE, "$.fields[0].value[2]", "an integer"},
    {VALUE("int32[2]", "[1]"), ETWR_E_BAD_VALUE, "$.fields[0].value", "takes 2 elements"},
    {VALUE("int32[2]", "[1,2,3]"), ETWR_E_BAD_VALUE, "$.fields[0].value", "there are 3"},
    {VALUE("int32[1]", "[]"), ETWR_E_BAD_VALUE, "$.fields[0].value", "there are 0"},
    /* structs */
    {FIELD("\"type\":\"struct\""), ETWR_E_BAD_STRUCT, "$.fields[0].fields", "required"},
    {FIELD("\"type\":\"struct\",\"fields\":[]"), ETWR_E_BAD_STRUCT, "$.fields[0].fields",
     "1 to 127"},
    {FIELD("\"type\":\"struct\",\"value\":[]"), ETWR_E_BAD_VALUE, "$.fields[0].value",
     "a struct has no such key"},
    {FIELD("\"type\":\"struct\",\"out\":1"), ETWR_E_BAD_VALUE, "$.fields[0].out", "no such key"},
    {FIELD("\"type\":\"struct[]\",\"value\":[]"), ETWR_E_BAD_STRUCT, "$.fields[0].fields",
     "required"},
    {FIELD("\"type\":\"struct[]\",\"fields\":[{\"name\":\"m\",\"type\":\"int8\"}]"),
     ETWR_E_BAD_VALUE, "$.fields[0].value", "required"},
    {FIELD("\"type\":\"struct[]\",\"fields\":[{\"name\":\"m\",\"type\":\"int8\",\"value\":1}],"
           "\"value\":[]"),
     ETWR_E_BAD_VALUE, "$.fields[0].fields[0].value", "no value of its own"},
    {FIELD("\"type\":\"struct[]\",\"fields\":[{\"name\":\"m\",\"type\":\"int8\"}],\"value\":1"),
     ETWR_E_BAD_VALUE, "$.fields[0].value", "an array"},
    {FIELD("\"type\":\"struct[]\",\"fields\":[{\"name\":\"m\",\"type\":\"int8\"}],\"value\":[1]"),
     ETWR_E_BAD_STRUCT, "$.fields[0].value[0]", "1 values"},
    {FIELD("\"type\":\"struct[]\",\"fields\":[{\"name\":\"m\",\"type\":\"int8\"}],"
           "\"value\":[[1],[1,2]]"),
     ETWR_E_BAD_STRUCT, "$.fields[0].value[1]", "1 values"},
    {FIELD("\"type\":\"struct[]\",\"fields\":[{\"name\":\"m\",\"type\":\"int8\"}],"
           "\"value\":[[1],[128]]"),
     ETWR_E_BAD_VALUE, "$.fields[0].value[1][0]", "127"},
    {FIELD("\"type\":\"struct[2]\",\"fields\":[{\"name\":\"m\",\"type\":\"int8\"}],"
           "\"value\":[[1]]"),
     ETWR_E_BAD_VALUE, "$.fields[0].value", "takes 2 elements"},
    {FIELD("\"type\":\"struct[]\",\"fields\":[{\"name\":\"s\",\"type\":\"struct\",\"fields\":[]}],"
           "\"value\":[]"),
     ETWR_E_BAD_STRUCT, "$.fields[0].fields[0].fields", "1 to 127"},
    {FIELD("\"type\":\"struct[]\",\"fields\":[{\"name\":\"s\",\"type\":\"struct\",\"fields\":"
           "[{\"name\":\"x\",\"type\":\"int8\"}]}],\"value\":[[[1,2]]]"),
     ETWR_E_BAD_STRUCT, "$.fields[0].value[0][0]", "1 values"},
    /* custom */
    {FIELD("\"type\":\"custom\",\"in\":32,\"value\":\"\""), ETWR_E_BAD_VALUE, "$.fields[0].in",
     "from 0 to 31"},
    {FIELD("\"type\":\"custom\",\"type_info\":\"0\",\"value\":\"\""), ETWR_E_BAD_VALUE,
     "$.fields[0].type_info", "even number"},
    {FIELD("\"type\":\"custom\",\"value\":[]"), ETWR_E_BAD_VALUE, "$.fields[0].value",
     "hexadecimal"},
    {FIELD("\"type\":\"custom\""), ETWR_E_BAD_VALUE, "$.fields[0].value", "required"},
};

START_TEST(a_bad_event_is_refused_with_status_and_path)
{
    const struct refused *row = &refused[_i];
    struct etwr_encoded encoded;
    ck_assert_msg(read_json(row->json) == row->status, "%s: %s %s", row->json,
                  etwr_status_name(error.status), error.message);
    ck_assert_msg(strcmp(error.path, row->path) == 0, "%s: %s", row->json, error.path);
    ck_assert_msg(strstr(error.message, row->message) != NULL, "%s: %s", row->json, error.message);
    ck_assert_int_ne(etwr_event_encode(builder, &encoded), ETWR_OK);
}
END_TEST

struct accepted {
    const char *json;
    const char *metadata; /* without size, tag and event name */
    const char *data;
};

#define F "6600" /* the field's name, "f" */

static const struct accepted accepted[] = {
    {EVENT(""), "", ""},
    {FIELDS(""), "", ""},
    {EVENT(",\"record\":{\"time\":1,\"origin\":{\"pid\":\"x\"}}"), "", ""},
    /* numbers are strings too */
    {VALUE("uint8", "\"0xff\""), F "04", "ff"},
    {VALUE("int16", "\"-0x2\""), F "05", "feff"},
    {VALUE("int32", "1e3"), F "07", "e8030000"},
    {VALUE("uintptr", "\"18446744073709551615\""), F "0a", "ffffffffffffffff"},
    {VALUE("intptr", "-1"), F "09", "ffffffffffffffff"},
    {VALUE("hexintptr", "1"), F "15", "0100000000000000"},
    /* floats */
    {VALUE("float64", "-0.0"), F "0c", "0000000000000080"},
    {VALUE("float64", "\"NaN\""), F "0c", "000000000000f87f"},
    {VALUE("float32", "\"NaN\""), F "0b", "0000c07f"},
    {VALUE("float32", "\"Infinity\""), F "0b", "0000807f"},
    {VALUE("float64", "\"-Infinity\""), F "0c", "000000000000f0ff"},
    {VALUE("float32", "0.1"), F "0b", "cdcccc3d"},
    {VALUE("float64", "0.99999999999999999999"), F "0c", "000000000000f03f"},
    {VALUE("bool32", "-1"), F "0d", "ffffffff"},
    {VALUE("bool32", "false"), F "0d", "00000000"},
    /* raw values */
    {VALUE("float64", "{\"hex\":\"010000000000f0ff\",\"text\":\"NaN\"}"), F "0c",
     "010000000000f0ff"},
    {VALUE("systemtime", "{\"hex\":\"ffffffffffffffffffffffffffffffff\"}"), F "12",
     "ffffffffffffffffffffffffffffffff"},
    {VALUE("sid", "{\"hex\":\"02000000000000ff\"}"), F "13", "02000000000000ff"},
    {VALUE("guid", "{\"hex\":\"000102030405060708090a0b0c0d0e0f\"}"), F "0f",
     "000102030405060708090a0b0c0d0e0f"},
    {VALUE("bool32", "{\"hex\":\"02000000\"}"), F "0d", "02000000"},
    {VALUE("binary", "{\"hex\":\"AbCd\"}"), F "0e", "0200abcd"},
    {VALUE("int8[]", "[1,{\"hex\":\"ff\"}]"), F "43", "020001ff"},
    {VALUE("str16", "{\"hex\":\"00d8\"}"), F "16", "020000d8"}, /* half a pair */
    {VALUE("zstr8", "{\"hex\":\"410042\"}"), F "02", "4100"},   /* ends at its NUL */
    {VALUE("zstr16", "{\"hex\":\"410000004200\"}"), F "01", "41000000"},
    {VALUE("zstr16", "{\"hex\":\"004100000042\"}"), F "01", "00410000"}, /* NUL units, not bytes */
    /* text */
    {VALUE("zstr16", "\"\\u20ac\""), F "01", "ac200000"},
    {VALUE("str16", "\"\\ud83d\\ude00\""), F "16", "04003dd800de"},
    {VALUE("str16", "\"\""), F "16", "0000"},
    /* the out type of 8-bit strings */
    {VALUE("str8", "\"\\u20ac\""), F "9723", "0300e282ac"},
    {VALUE("zstr8", "\"\""), F "8223", "00"},
    {VALUE("str8", "{\"hex\":\"80\"}"), F "17", "010080"},
    {VALUE("str8[]", "[]"), F "d723", "0000"},
    {VALUE("str8[]", "[{\"hex\":\"80\"}]"), F "57", "0100010080"},
    {VALUE("str8[]", "[{\"hex\":\"80\"},\"a\"]"), F "d723", "0200010080010061"},
    {VALUE("str8[1]", "[\"a\"]"), F "b7230100", "010061"},
    {FIELD("\"type\":\"str8\",\"value\":\"a\",\"out\":\"null\""), F "17", "010061"},
    {FIELD("\"type\":\"str8\",\"value\":\"a\",\"out\":\"json\""), F "970c", "010061"},
    {FIELD("\"type\":\"int8\",\"value\":1,\"out\":127"), F "837f", "01"},
    {FIELD("\"type\":\"int8\",\"value\":1,\"out\":\"0x23\""), F "8323", "01"},
    {FIELD("\"type\":\"int8\",\"value\":1,\"tag\":\"0xfffffff\""), F "8380ffffff7f", "01"},
    /* other text forms */
    {VALUE("sid", "\"S-1-5\""), F "13", "0100000000000005"},
    {VALUE("sid", "\"S-1-0x123456789abc-1\""), F "13", "0101123456789abc01000000"},
    {VALUE("systemtime", "\"2026-11-23T11:50:10.123\""), F "12",
     "ea070b00010017000b0032000a007b00"},
    {VALUE("systemtime", "\"1601-01-01T00:00:00\""), F "12", "41060100010001000000000000000000"},
    {VALUE("systemtime", "\"9999-12-31T23:59:59.5\""), F "12", "0f270c0005001f0017003b003b00f401"},
    {VALUE("guid", "\"{6BA7B810-9DAD-11D1-80B4-00C04FD430C8}\""), F "0f",
     "10b8a76bad9dd11180b400c04fd430c8"},
    /* arrays */
    {VALUE("uint16[2]", "[1,2]"), F "260200", "01000200"},
    {VALUE("zstr16[2]", "[\"a\",\"\"]"), F "210200", "610000000000"},
    {VALUE("cbinary[]", "[\"\",\"01\"]"), F "59", "02000000010001"},
    /* custom */
    {FIELD("\"type\":\"custom\",\"value\":\"\""), F "600000", "0000"},
    {FIELD("\"type\":\"custom\",\"in\":5,\"type_info\":\"0a0b\",\"value\":\"c0ffee\",\"out\":4,"
           "\"tag\":0"),
     F "e50402000a0b", "0300c0ffee"},
    /* structs */
    {FIELD("\"type\":\"struct\",\"fields\":[{\"name\":\"\",\"type\":\"int8\",\"value\":1}]"),
     F "98010003", "01"},
    {FIELD("\"type\":\"struct[]\",\"fields\":[{\"name\":\"x\",\"type\":\"int8\"},"
           "{\"name\":\"t\",\"type\":\"str8[]\"},"
           "{\"name\":\"s\",\"type\":\"struct\",\"fields\":[{\"name\":\"w\",\"type\":\"uint8\"}]}],"
           "\"value\":[[1,[\"a\",\"b\"],[10]],[2,[],[30]]]"),
     F "d803"
       "780003"
       "7400d723"
       "73009801"
       "770004",
     "0200"
     "01"
     "0200010061010062"
     "0a"
     "02"
     "0000"
     "1e"},
    {FIELD("\"type\":\"struct[]\",\"fields\":[{\"name\":\"x\",\"type\":\"int8\"},"
           "{\"name\":\"t\",\"type\":\"str8\"}],\"value\":[]"),
     F "d802"
       "780003"
       "74009723",
     "0000"},
    {FIELD("\"type\":\"struct[2]\",\"fields\":[{\"name\":\"x\",\"type\":\"int8\",\"tag\":1}],"
           "\"value\":[[1],[2]]"),
     F "b8010200"
       "7800838080808001",
     "0102"},
    {FIELD("\"type\":\"struct[]\",\"fields\":[{\"name\":\"i\",\"type\":\"struct[]\",\"fields\":"
           "[{\"name\":\"x\",\"type\":\"int8\"}]},{\"name\":\"c\",\"type\":\"custom\",\"in\":1,"
           "\"type_info\":\"ff\"}],\"value\":[[[],\"aa\"],[[[1],[2]],\"\"]]"),
     F "d802"
       "6900d801"
       "780003"
       "6300610100ff",
     "0200"
     "0000"
     "0100aa"
     "0200"
     "0102"
     "0000"},
    {FIELD("\"type\":\"struct[1]\",\"fields\":[{\"name\":\"i\",\"type\":\"struct[2]\",\"fields\":"
           "[{\"name\":\"x\",\"type\":\"int8\"}]}],\"value\":[[[[1],[2]]]]"),
     F "b8010100"
       "6900b8010200"
       "780003",
     "0102"},
};

START_TEST(forms_beside_the_vectors_have_their_bytes)
{
    const struct accepted *row = &accepted[_i];
    struct etwr_encoded encoded;
    enum etwr_status status = read_json(row->json);
    ck_assert_msg(status == ETWR_OK, "%s: %s: %s", row->json, error.path, error.message);
    ck_assert_int_eq(etwr_event_encode(builder, &encoded), ETWR_OK);
    text_put_hex_bytes(&hex, (const char *)encoded.metadata.data + 5, encoded.metadata.size - 5);
    text_put_char(&hex, '\0');
    ck_assert_msg(strcmp(hex.data, row->metadata) == 0, "%s: metadata %s", row->json, hex.data);
    text_reset(&hex);
    text_put_hex_bytes(&hex, encoded.data.data, encoded.data.size);
    text_put_char(&hex, '\0');
    ck_assert_msg(strcmp(hex.data, row->data) == 0, "%s: data %s", row->json, hex.data);
}
END_TEST

START_TEST(the_descriptor_and_target_are_read)
{
    struct etwr_encoded encoded;
    ck_assert_int_eq(
        read_json(EVENT(",\"level\":\"2\",\"keyword\":\"0x8000000000000001\",\"opcode\":1,\"id\":2,"
                        "\"version\":3,\"task\":4,\"channel\":5,\"tag\":6,\"provider_id\":" GUID
                        ",\"group_id\":" GUID ",\"activity_id\":" GUID
                        ",\"related_activity_id\":" GUID)),
        ETWR_OK);
    ck_assert_int_eq(etwr_event_encode(builder, &encoded), ETWR_OK);
    ck_assert_uint_eq(encoded.descriptor.level, 2);
    ck_assert_uint_eq(encoded.descriptor.keyword, UINT64_C(0x8000000000000001));
    ck_assert_uint_eq(encoded.descriptor.opcode, 1);
    ck_assert_uint_eq(encoded.descriptor.id, 2);
    ck_assert_uint_eq(encoded.descriptor.version, 3);
    ck_assert_uint_eq(encoded.descriptor.task, 4);
    ck_assert_uint_eq(encoded.descriptor.channel, 5);
    ck_assert_ptr_nonnull(encoded.activity_id);
    ck_assert_ptr_nonnull(encoded.related_activity_id);
    ck_assert(target.has_provider_id && target.has_group_id);
    ck_assert_str_eq(target.provider, "P");
    ck_assert_uint_eq(target.provider_id.bytes[0], 0x10);
}
END_TEST

START_TEST(a_bare_event_has_the_defaults)
{
    struct etwr_encoded encoded;
    struct etwr_guid id;
    ck_assert_int_eq(read_json(EVENT("")), ETWR_OK);
    ck_assert_int_eq(etwr_event_encode(builder, &encoded), ETWR_OK);
    ck_assert_uint_eq(encoded.descriptor.level, 5);
    ck_assert_uint_eq(encoded.descriptor.keyword, 1);
    ck_assert_uint_eq(encoded.descriptor.channel, 11);
    ck_assert_ptr_null(encoded.activity_id);
    ck_assert(!target.has_provider_id && !target.has_group_id);
    ck_assert_int_eq(etwr_provider_id_from_name("P", &id), ETWR_OK);
    ck_assert_mem_eq(&id, &target.provider_id, sizeof(id));
}
END_TEST

START_TEST(nothing_of_an_event_stays_for_the_next)
{
    struct etwr_encoded encoded;
    ck_assert_int_eq(read_json(EVENT(",\"opcode\":7,\"tag\":7,\"activity_id\":" GUID)), ETWR_OK);
    ck_assert_int_eq(read_json(VALUE("int8", "128")), ETWR_E_BAD_VALUE);
    ck_assert_int_eq(read_json(EVENT("")), ETWR_OK);
    ck_assert_int_eq(etwr_event_encode(builder, &encoded), ETWR_OK);
    ck_assert_uint_eq(encoded.descriptor.opcode, 0);
    ck_assert_uint_eq(encoded.metadata.size, 5);
    ck_assert_ptr_null(encoded.activity_id);
}
END_TEST

/* {"name":"f","type":"struct","fields":[ ... so deep. */
static char *nested(size_t depth)
{
    static const char opening[] = "{\"name\":\"f\",\"type\":\"struct\",\"fields\":[";
    char *json = calloc(1, 256 + depth * (sizeof(opening) + 2));
    strcpy(json, "{\"provider\":\"P\",\"event\":\"E\",\"fields\":[");
    for (size_t i = 0; i < depth; i++)
        strcat(json, opening);
    strcat(json, "{\"name\":\"x\",\"type\":\"int8\",\"value\":1}");
    for (size_t i = 0; i < depth; i++)
        strcat(json, "]}");
    strcat(json, "]}");
    return json;
}

START_TEST(structs_nest_as_deep_as_fields_allow)
{
    char *deepest = nested(127), *deeper = nested(128), *absurd = nested(2000);
    ck_assert_msg(read_json(deepest) == ETWR_OK, "%s: %s", error.path, error.message);
    ck_assert_int_eq(read_json(deeper), ETWR_E_TOO_MANY_FIELDS);
    ck_assert_ptr_nonnull(strstr(error.path, ".fields[0]..."));
    ck_assert_int_eq(read_json(absurd), ETWR_E_MALFORMED);
    ck_assert_ptr_nonnull(strstr(error.message, "deeper than 280"));
    free(deepest);
    free(deeper);
    free(absurd);
}
END_TEST

/* An empty array of structs whose members are so many structs inside each other. */
static char *nested_in_array(size_t depth)
{
    char *json = calloc(1, 256 + depth * 64);
    strcpy(json, "{\"provider\":\"P\",\"event\":\"E\",\"fields\":[{\"name\":\"f\",\"type\":\""
                 "struct[]\",\"value\":[],\"fields\":[");
    for (size_t i = 0; i < depth; i++)
        strcat(json, "{\"name\":\"f\",\"type\":\"struct\",\"fields\":[");
    strcat(json, "{\"name\":\"x\",\"type\":\"int8\"}");
    for (size_t i = 0; i < depth + 1; i++)
        strcat(json, "]}");
    strcat(json, "]}");
    return json;
}

START_TEST(structs_in_arrays_of_structs_nest_to_8)
{
    char *deepest = nested_in_array(7), *deeper = nested_in_array(8);
    ck_assert_msg(read_json(deepest) == ETWR_OK, "%s: %s", error.path, error.message);
    ck_assert_int_eq(read_json(deeper), ETWR_E_TOO_DEEP);
    ck_assert_ptr_nonnull(strstr(error.path, "$.fields[0].fields[0].fields[0]"));
    ck_assert_ptr_nonnull(strstr(error.message, "More than 8 structs"));
    free(deepest);
    free(deeper);
}
END_TEST

/* An array of `count` times `element`. */
static char *long_value(const char *type, const char *element, size_t count)
{
    char *json = malloc(256 + count * (strlen(element) + 1));
    size_t size = 0;
    strcpy(json, "{\"provider\":\"P\",\"event\":\"E\",\"fields\":[{\"name\":\"f\",\"type\":\"");
    strcat(json, type);
    strcat(json, "\",\"value\":[");
    size = strlen(json);
    for (size_t i = 0; i < count; i++) {
        if (i > 0) json[size++] = ',';
        memcpy(json + size, element, strlen(element));
        size += strlen(element);
    }
    strcpy(json + size, "]}]}");
    return json;
}

START_TEST(values_and_arrays_end_at_65535)
{
    char *most = long_value("int8[]", "1", 65534), *more = long_value("int8[]", "1", 65536);
    char *text = calloc(1, 70000);
    ck_assert_int_eq(read_json(most), ETWR_OK);
    ck_assert_int_eq(read_json(more), ETWR_E_DATA_TOO_LONG);
    ck_assert_str_eq(error.path, "$.fields[0].value");
    ck_assert_ptr_nonnull(strstr(error.message, "more than 65535 elements"));
    strcpy(text,
           "{\"provider\":\"P\",\"event\":\"E\",\"fields\":[{\"name\":\"f\",\"type\":\"str8\","
           "\"value\":\"");
    memset(text + strlen(text), 'a', 65536);
    strcat(text, "\"}]}");
    ck_assert_int_eq(read_json(text), ETWR_E_DATA_TOO_LONG);
    ck_assert_ptr_nonnull(strstr(error.message, "65536 bytes; at most 65535 fit"));
    free(most);
    free(more);
    free(text);
}
END_TEST

START_TEST(a_provider_name_has_1024_bytes_at_most)
{
    char json[1200] = "{\"event\":\"E\",\"provider\":\"";
    size_t start = strlen(json);
    memset(json + start, 'p', 1024);
    strcpy(json + start + 1024, "\"}");
    ck_assert_int_eq(read_json(json), ETWR_OK);
    ck_assert_uint_eq(strlen(target.provider), 1024);
    strcpy(json + start + 1024, "p\"}");
    ck_assert_int_eq(read_json(json), ETWR_E_BAD_NAME);
}
END_TEST

struct argument {
    const char *text;
    const char *metadata;
    const char *data;
};

static const struct argument arguments[] = {
    {"f:int32=5", F "07", "05000000"},
    {"f:hexint64=0xff", F "15", "ff00000000000000"},
    {"f:int8=-1", F "03", "ff"},
    {"f:str8=a=b:c", F "9723", "0500613d623a63"},
    {"f:str8=", F "9723", "0000"},
    {"f:str16={\"hex\":\"00\"}", F "16", "18007b00220068006500780022003a0022003000300022007d00"},
    {"f:bool32=true", F "0d", "01000000"},
    {"f:bool32=7", F "0d", "07000000"},
    {"f:float64=1.5e0", F "0c", "000000000000f83f"},
    {"f:float32=-Infinity", F "0b", "000080ff"},
    {"f:guid=6ba7b810-9dad-11d1-80b4-00c04fd430c8", F "0f", "10b8a76bad9dd11180b400c04fd430c8"},
    {"f:binary=00ff", F "0e", "020000ff"},
    {"f:sid=S-1-5-18", F "13", "010100000000000512000000"},
    {"f:uint8[]=[1, 2]", F "44", "02000102"},
    {"f:uint8[2]=[1,\"0x2\"]", F "240200", "0102"},
    {"f:str8[]=[\"a\"]", F "d723", "0100010061"},
    {"f:str8[]=[]", F "d723", "0000"},
    {":int8=1", "0003", "01"},
    {"a:b:int8=1",
     "613a6200"
     "03",
     "01"}, /* the last ':' before the first '=' */
};

START_TEST(an_argument_is_a_field)
{
    const struct argument *row = &arguments[_i];
    struct etwr_encoded encoded;
    ck_assert_int_eq(etwr_event_reset(builder, "E", 5, 1), ETWR_OK);
    ck_assert_msg(event_json_add_argument(builder, row->text, &error) == ETWR_OK, "%s: %s: %s",
                  row->text, error.path, error.message);
    ck_assert_int_eq(etwr_event_encode(builder, &encoded), ETWR_OK);
    text_put_hex_bytes(&hex, (const char *)encoded.metadata.data + 5, encoded.metadata.size - 5);
    text_put_char(&hex, '\0');
    ck_assert_str_eq(hex.data, row->metadata);
    text_reset(&hex);
    text_put_hex_bytes(&hex, encoded.data.data, encoded.data.size);
    text_put_char(&hex, '\0');
    ck_assert_str_eq(hex.data, row->data);
}
END_TEST

static const struct refused refused_arguments[] = {
    {"", ETWR_E_BAD_VALUE, "", "NAME:TYPE=VALUE"},
    {"f", ETWR_E_BAD_VALUE, "f", "NAME:TYPE=VALUE"},
    {"f:int32", ETWR_E_BAD_VALUE, "f:int32", "NAME:TYPE=VALUE"},
    {"f=1:int32", ETWR_E_BAD_VALUE, "f", "NAME:TYPE=VALUE"},
    {"f:int23=1", ETWR_E_BAD_TYPE, "f", "nearest is \"int"},
    {"f:struct=1", ETWR_E_BAD_TYPE, "f", "--jsonl"},
    {"f:struct[]=[]", ETWR_E_BAD_TYPE, "f", "--jsonl"},
    {"f:custom=00", ETWR_E_BAD_TYPE, "f", "--jsonl"},
    {"f:int8=128", ETWR_E_BAD_VALUE, "f", "from -128 to 127"},
    {"f:int8=", ETWR_E_BAD_VALUE, "f", "from -128 to 127"},
    {"f:int8= 1", ETWR_E_BAD_VALUE, "f", "from -128 to 127"},
    {"f:float64=1.5x", ETWR_E_BAD_VALUE, "f", "a number"},
    {"f:float64=", ETWR_E_BAD_VALUE, "f", "a number"},
    {"f:float64=1e999", ETWR_E_BAD_VALUE, "f", "too large"},
    {"f:bool32=yes", ETWR_E_BAD_VALUE, "f", "integer"},
    {"f:str8=\xff", ETWR_E_BAD_VALUE, "f", "UTF-8"},
    {"\xff:str8=a", ETWR_E_BAD_NAME, "\xff", ""},
    {"f:int8[]=1", ETWR_E_BAD_VALUE, "f", "an array"},
    {"f:int8[]=[1", ETWR_E_MALFORMED, "f", "column 3"},
    {"f:int8[]=[1,128]", ETWR_E_BAD_VALUE, "f[1]", "127"},
    {"f:str8[]=[\"\\u0000\"]", ETWR_E_BAD_VALUE, "f", "\\u0000"},
    {"f:int8[2]=[1]", ETWR_E_BAD_VALUE, "f", "takes 2 elements"},
};

START_TEST(a_bad_argument_is_refused)
{
    const struct refused *row = &refused_arguments[_i];
    ck_assert_int_eq(etwr_event_reset(builder, "E", 5, 1), ETWR_OK);
    ck_assert_msg(event_json_add_argument(builder, row->json, &error) == row->status, "%s: %s",
                  row->json, error.message);
    ck_assert_int_eq(error.status, row->status);
    ck_assert_str_eq(error.path, row->path);
    ck_assert_msg(strstr(error.message, row->message) != NULL, "%s: %s", row->json, error.message);
    ck_assert_int_ne(etwr_event_status(builder), ETWR_OK);
}
END_TEST

#define COUNT_OF(array) ((int)(sizeof(array) / sizeof((array)[0])))

int main(void)
{
    Suite *suite = suite_create("event_json");
    TCase *tcase = tcase_create("event_json");
    SRunner *runner = srunner_create(suite);
    int failed = 0;
    suite_add_tcase(suite, tcase);
    tcase_set_timeout(tcase, 30);
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_loop_test(tcase, a_bad_event_is_refused_with_status_and_path, 0, COUNT_OF(refused));
    tcase_add_loop_test(tcase, forms_beside_the_vectors_have_their_bytes, 0, COUNT_OF(accepted));
    tcase_add_test(tcase, the_descriptor_and_target_are_read);
    tcase_add_test(tcase, a_bare_event_has_the_defaults);
    tcase_add_test(tcase, nothing_of_an_event_stays_for_the_next);
    tcase_add_test(tcase, structs_nest_as_deep_as_fields_allow);
    tcase_add_test(tcase, structs_in_arrays_of_structs_nest_to_8);
    tcase_add_test(tcase, values_and_arrays_end_at_65535);
    tcase_add_test(tcase, a_provider_name_has_1024_bytes_at_most);
    tcase_add_loop_test(tcase, an_argument_is_a_field, 0, COUNT_OF(arguments));
    tcase_add_loop_test(tcase, a_bad_argument_is_refused, 0, COUNT_OF(refused_arguments));
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
