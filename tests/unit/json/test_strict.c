/*
 * The strict parser: what cJSON would let pass is an error here, and the error says where.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/json/json_path.h"
#include "protocol/json/nearest.h"
#include "protocol/json/strict.h"

struct refused {
    const char *json;
    size_t size; /* 0: strlen */
    size_t offset;
    const char *path;
    const char *message; /* a part of it */
};

static const struct refused refused[] = {
    /* what cJSON takes */
    {"{\"a\":\"\xff\"}", 0, 6, "$.a", "0xff is not valid UTF-8"},
    {"\"\xc0\x80\"", 0, 1, "$", "not valid UTF-8"},
    {"\"\xed\xa0\x80\"", 0, 1, "$", "not valid UTF-8"},
    {"\"\xf4\x90\x80\x80\"", 0, 1, "$", "not valid UTF-8"},
    {"\"\xe2\x82\"", 0, 1, "$", "not valid UTF-8"},
    {"\"\x80\"", 0, 1, "$", "not valid UTF-8"},
    {"[\"a\tb\"]", 0, 3, "$[0]", "raw control character 0x09"},
    {"\"a\0b\"", 5, 2, "$", "raw control character 0x00"},
    {"{\"a\":1,\"b\":2,\"a\":3}", 0, 13, "$.a", "already"},
    {"{\"a\":1,\"\\u0061\":3}", 0, 7, "$[\"\\u0061\"]", "already"},
    {"{\"\\ud83d\\ude00\":1,\"\xf0\x9f\x98\x80\":3}", 0, 18, "$[\"\xf0\x9f\x98\x80\"]", "already"},
    {"{\"x\":{\"y\":[0,{\"z\":1,\"z\":1}]}}", 0, 20, "$.x.y[1].z", "already"},
    {"01", 0, 0, "$", "leading zero"},
    {"[-012]", 0, 1, "$[0]", "leading zero"},
    {"{} x", 0, 3, "$", "expected the end of the text, not 'x'"},
    {"{}{}", 0, 2, "$", "the end of the text"},
    {"1 2", 0, 2, "$", "the end of the text"},
    {"{}\0", 3, 2, "$", "not byte 0x00"},
    {"\"a\\u0000b\"", 0, 2, "$", "\\u0000"},
    {"\"\\ud800\"", 0, 1, "$", "surrogate"},
    {"\"\\ud800\\u0041\"", 0, 1, "$", "surrogate"},
    {"\"\\udc00\"", 0, 1, "$", "surrogate"},
    {"\"\\ud800", 0, 1, "$", "surrogate"},
    {"\xef\xbb\xbf{}", 0, 0, "$", "byte order mark"},
    {"\x0b{}", 0, 0, "$", "not byte 0x0b"},
    {"[1\x01]", 0, 2, "$", "not byte 0x01"},
    /* what is no JSON */
    {"", 0, 0, "$", "the text ends"},
    {" \n ", 0, 3, "$", "the text ends"},
    {"{\"a\":}", 0, 5, "$.a", "expected a value"},
    {"{\"a\" 1}", 0, 5, "$.a", "expected ':'"},
    {"{\"a\":1,}", 0, 7, "$", "expected a key in quotes"},
    {"{a:1}", 0, 1, "$", "expected a key in quotes"},
    {"{\"a\":1", 0, 6, "$", "the text ends where ',' or '}'"},
    {"{", 0, 1, "$", "the text ends where a key"},
    {"[1,]", 0, 3, "$[1]", "expected a value"},
    {"[1 2]", 0, 3, "$", "expected ',' or ']'"},
    {"[", 0, 1, "$[0]", "the text ends"},
    {"tru", 0, 0, "$", "expected a value"},
    {"truex", 0, 4, "$", "the end of the text"},
    {"NaN", 0, 0, "$", "expected a value"},
    {"+1", 0, 0, "$", "expected a value"},
    {".5", 0, 0, "$", "expected a value"},
    {"1.", 0, 2, "$", "a digit"},
    {"1.e3", 0, 2, "$", "a digit"},
    {"1e", 0, 2, "$", "a digit"},
    {"1e+", 0, 3, "$", "a digit"},
    {"-", 0, 1, "$", "a digit"},
    {"0x10", 0, 1, "$", "the end of the text"},
    {"\"a\\x41\"", 0, 2, "$", "not an escape"},
    {"\"\\u12g4\"", 0, 1, "$", "not an escape"},
    {"\"\\u12", 0, 1, "$", "not an escape"},
    {"\"abc", 0, 0, "$", "does not end"},
    {"\"abc\\", 0, 0, "$", "does not end"},
    {"'a'", 0, 0, "$", "expected a value"},
    {"[1] // comment", 0, 4, "$", "the end of the text"},
};

START_TEST(what_is_not_strict_json_is_refused_with_its_place)
{
    const struct refused *row = &refused[_i];
    struct strict_error error;
    cJSON *tree = (cJSON *)&error;
    size_t size = row->size != 0 ? row->size : strlen(row->json);
    /* exactly as many bytes as there are, so that ASan sees a read behind them */
    char *copy = malloc(size == 0 ? 1 : size);
    memcpy(copy, row->json, size);
    ck_assert_int_eq(strict_parse(copy, size, &tree, &error), ETWR_E_MALFORMED);
    free(copy);
    ck_assert_ptr_eq(tree, (cJSON *)&error);
    ck_assert_msg(strstr(error.message, row->message) != NULL, "%d: %s", _i, error.message);
    ck_assert_uint_eq(error.offset, row->offset);
    ck_assert_str_eq(error.path, row->path);
    ck_assert_int_eq(error.is_nul, strstr(row->message, "\\u0000") != NULL);
}
END_TEST

static const char *const accepted[] = {
    "null",
    "true",
    "false",
    "0",
    "-0",
    "1e3",
    "1E+3",
    "-1.25e-2",
    "\"\"",
    "[]",
    "{}",
    " [ ] ",
    "\t\r\n{ }\n",
    "{\"a\":{\"a\":[{\"a\":1},{\"a\":2}]},\"b\":1,\"A\":2}", /* keys in other objects, or case,
                                                                differ */
    "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\ud83d\\ude00\"",
    "\"\x7f\xc2\x80\xe2\x82\xac\xf0\x9f\x98\x80\"",
    "123456789012345678901234567890123456789012345678901234567890123",
};

START_TEST(strict_json_is_accepted)
{
    struct strict_error error;
    cJSON *tree = NULL;
    size_t size = strlen(accepted[_i]);
    char *copy = malloc(size);
    memcpy(copy, accepted[_i], size);
    ck_assert_msg(strict_parse(copy, size, &tree, &error) == ETWR_OK, "%s: %s", accepted[_i],
                  error.message);
    ck_assert_ptr_nonnull(tree);
    cJSON_Delete(tree);
    free(copy);
}
END_TEST

static enum etwr_status parse(const char *json, cJSON **tree, struct strict_error *error)
{
    *tree = NULL;
    return strict_parse(json, strlen(json), tree, error);
}

START_TEST(line_and_column_count_from_one)
{
    struct strict_error error;
    cJSON *tree = NULL;
    ck_assert_int_eq(parse("{\n  \"a\": 1,\n  \"b\": x\n}", &tree, &error), ETWR_E_MALFORMED);
    ck_assert_uint_eq(error.line, 3);
    ck_assert_uint_eq(error.column, 8);
    ck_assert_int_eq(parse("x", &tree, &error), ETWR_E_MALFORMED);
    ck_assert_uint_eq(error.line, 1);
    ck_assert_uint_eq(error.column, 1);
}
END_TEST

static char *nested(size_t depth)
{
    char *json = calloc(1, 2 * depth + 1);
    memset(json, '[', depth);
    memset(json + depth, ']', depth);
    return json;
}

START_TEST(nesting_ends_at_64)
{
    struct strict_error error;
    cJSON *tree = NULL;
    char *deepest = nested(64), *deeper = nested(65), *absurd = nested(1000000);
    ck_assert_int_eq(parse(deepest, &tree, &error), ETWR_OK);
    cJSON_Delete(tree);
    ck_assert_int_eq(parse(deeper, &tree, &error), ETWR_E_MALFORMED);
    ck_assert_ptr_nonnull(strstr(error.message, "deeper than 64"));
    ck_assert_int_eq(parse(absurd, &tree, &error), ETWR_E_MALFORMED);
    free(deepest);
    free(deeper);
    free(absurd);
}
END_TEST

START_TEST(numbers_longer_than_cjson_reads_are_refused)
{
    struct strict_error error;
    cJSON *tree = NULL;
    char json[80] = "[";
    memset(json + 1, '1', 64);
    json[65] = ']';
    ck_assert_int_eq(parse(json, &tree, &error), ETWR_E_MALFORMED);
    ck_assert_ptr_nonnull(strstr(error.message, "more than 63"));
}
END_TEST

START_TEST(the_first_of_many_duplicates_is_named)
{
    struct strict_error error;
    cJSON *tree = NULL;
    ck_assert_int_eq(parse("{\"c\":0,\"b\":0,\"a\":0,\"b\":1,\"a\":1,\"c\":1}", &tree, &error),
                     ETWR_E_MALFORMED);
    ck_assert_str_eq(error.path, "$.b");
    ck_assert_uint_eq(error.offset, 19);
}
END_TEST

START_TEST(long_and_odd_keys_still_make_a_path)
{
    struct strict_error error;
    cJSON *tree = NULL;
    char json[1024];
    memset(json, 'k', sizeof(json));
    memcpy(json, "{\"", 2);
    strcpy(json + 900, "\": x}");
    ck_assert_int_eq(parse(json, &tree, &error), ETWR_E_MALFORMED);
    ck_assert_str_eq(error.path, "$...");
    ck_assert_int_eq(parse("{\"a b\":{\"\":{\"7\":[x]}}}", &tree, &error), ETWR_E_MALFORMED);
    ck_assert_str_eq(error.path, "$[\"a b\"][\"\"][\"7\"][0]");
}
END_TEST

START_TEST(a_path_that_is_full_is_elided_and_comes_back)
{
    struct json_path path;
    size_t mark = 0;
    json_path_init(&path);
    for (int i = 0; i < 200; i++)
        (void)json_path_key(&path, "abc", 3);
    ck_assert_uint_lt(strlen(path.text), sizeof(path.text));
    ck_assert_str_eq(path.text + path.size - 3, "...");
    json_path_init(&path);
    mark = json_path_index(&path, 12);
    (void)json_path_key(&path, "x\ny", 3);
    ck_assert_str_eq(path.text, "$[12][\"x?y\"]");
    json_path_back(&path, mark);
    ck_assert_str_eq(path.text, "$");
}
END_TEST

struct integer {
    const char *json;
    int is_u64, is_i64;
    uint64_t u64;
    int64_t i64;
};

static const struct integer integers[] = {
    {"0", 1, 1, 0, 0},
    {"-0", 1, 1, 0, 0},
    {"\"-0\"", 1, 1, 0, 0},
    {"1e3", 1, 1, 1000, 1000},
    {"1.50e1", 1, 1, 15, 15},
    {"100e-2", 1, 1, 1, 1},
    {"-1", 0, 1, 0, -1},
    {"9007199254740991", 1, 1, 9007199254740991, 9007199254740991},
    {"-9007199254740991", 0, 1, 0, -9007199254740991},
    {"9007199254740992", 0, 0, 0, 0}, /* 2^53 */
    {"9007199254740993", 0, 0, 0, 0}, /* would become 2^53 */
    {"-9007199254740992", 0, 0, 0, 0},
    {"1e16", 0, 0, 0, 0},
    {"1e999", 0, 0, 0, 0},
    {"1.5", 0, 0, 0, 0},
    {"4503599627370497.5", 0, 0, 0, 0}, /* the double has no fraction any more */
    {"0.99999999999999999999", 0, 0, 0, 0},
    {"1e-400", 0, 0, 0, 0},
    {"\"18446744073709551615\"", 1, 0, UINT64_MAX, 0},
    {"\"18446744073709551616\"", 0, 0, 0, 0},
    {"\"0xffffffffffffffff\"", 1, 0, UINT64_MAX, 0},
    {"\"0x10000000000000000\"", 0, 0, 0, 0},
    {"\"0xAb\"", 1, 1, 0xab, 0xab},
    {"\"-0x10\"", 0, 1, 0, -16},
    {"\"9223372036854775807\"", 1, 1, INT64_MAX, INT64_MAX},
    {"\"9223372036854775808\"", 1, 0, UINT64_C(1) << 63, 0},
    {"\"-9223372036854775808\"", 0, 1, 0, INT64_MIN},
    {"\"-9223372036854775809\"", 0, 0, 0, 0},
    {"\"\"", 0, 0, 0, 0},
    {"\"-\"", 0, 0, 0, 0},
    {"\"0x\"", 0, 0, 0, 0},
    {"\"+1\"", 0, 0, 0, 0},
    {"\" 1\"", 0, 0, 0, 0},
    {"\"1 \"", 0, 0, 0, 0},
    {"\"1e3\"", 0, 0, 0, 0},
    {"\"1.0\"", 0, 0, 0, 0},
    {"\"12a\"", 0, 0, 0, 0},
    {"\"0xg\"", 0, 0, 0, 0},
    {"true", 0, 0, 0, 0},
    {"null", 0, 0, 0, 0},
    {"[1]", 0, 0, 0, 0},
};

START_TEST(integers_are_exact_or_refused)
{
    const struct integer *row = &integers[_i];
    struct strict_error error;
    cJSON *tree = NULL;
    uint64_t u64 = 77;
    int64_t i64 = 77;
    ck_assert_int_eq(parse(row->json, &tree, &error), ETWR_OK);
    ck_assert_msg((strict_get_u64(tree, UINT64_MAX, &u64) == ETWR_OK) == row->is_u64, "%s",
                  row->json);
    ck_assert_msg((strict_get_i64(tree, INT64_MIN, INT64_MAX, &i64) == ETWR_OK) == row->is_i64,
                  "%s", row->json);
    ck_assert_uint_eq(u64, row->is_u64 ? row->u64 : 77);
    ck_assert_int_eq(i64, row->is_i64 ? row->i64 : 77);
    cJSON_Delete(tree);
}
END_TEST

START_TEST(integers_out_of_range_are_refused)
{
    cJSON *item = cJSON_CreateNumber(256);
    uint64_t u64 = 0;
    int64_t i64 = 0;
    ck_assert_int_eq(strict_get_u64(item, 255, &u64), ETWR_E_BAD_VALUE);
    ck_assert_int_eq(strict_get_u64(item, 256, &u64), ETWR_OK);
    ck_assert_int_eq(strict_get_i64(item, -128, 127, &i64), ETWR_E_BAD_VALUE);
    ck_assert_int_eq(strict_get_i64(item, 257, 300, &i64), ETWR_E_BAD_VALUE);
    ck_assert_str_eq(strict_integer_fault(item), "out of range");
    cJSON_Delete(item);
}
END_TEST

START_TEST(the_number_that_lost_a_fraction_is_found_among_many)
{
    struct strict_error error;
    cJSON *tree = NULL, *item = NULL;
    uint64_t value = 0;
    ck_assert_int_eq(parse("{\"a\":[1,{\"b\":2,\"c\":[]},1.00000000000000000001],\"d\":"
                           "[[3],0.99999999999999999999,4]}",
                           &tree, &error),
                     ETWR_OK);
    item = cJSON_GetArrayItem(cJSON_GetObjectItem(tree, "a"), 2);
    ck_assert_int_eq(strict_get_u64(item, 9, &value), ETWR_E_BAD_VALUE);
    ck_assert_str_eq(strict_integer_fault(item), "an integer has no fraction");
    ck_assert(item->valuedouble == 1.0);
    item = cJSON_GetArrayItem(cJSON_GetObjectItem(tree, "d"), 1);
    ck_assert_int_eq(strict_get_u64(item, 9, &value), ETWR_E_BAD_VALUE);
    ck_assert_int_eq(strict_get_u64(item->next, 9, &value), ETWR_OK);
    ck_assert_int_eq(strict_get_u64(cJSON_GetObjectItem(tree, "a")->child, 9, &value), ETWR_OK);
    cJSON_Delete(tree);
}
END_TEST

START_TEST(many_keys_cost_no_square)
{
    /* 200,000 keys: pairs would be 2 x 10^10 comparisons, and the test would run into its time
     * limit */
    struct strict_error error;
    cJSON *tree = NULL;
    size_t size = 0, count = 200000;
    char *json = malloc(count * 16 + 2);
    for (size_t i = 0; i < count; i++) {
        size += (size_t)sprintf(json + size, "%c\"%06zu\":0", i == 0 ? '{' : ',', i);
    }
    json[size++] = '}';
    ck_assert_int_eq(strict_parse(json, size, &tree, &error), ETWR_OK);
    cJSON_Delete(tree);
    memcpy(json + size - 10, "\"000000\"", 8);
    ck_assert_int_eq(strict_parse(json, size, &tree, &error), ETWR_E_MALFORMED);
    free(json);
}
END_TEST

START_TEST(the_nearest_word_is_by_edits)
{
    static const char *const words[] = {"level", "match_any", "match_all", "path"};
    ck_assert_str_eq(nearest_word("levle", words, 4), "level");
    ck_assert_str_eq(nearest_word("LEVEL", words, 4), "level");
    ck_assert_str_eq(nearest_word("matchall", words, 4), "match_all");
    ck_assert_str_eq(nearest_word("pth", words, 4), "path");
    ck_assert_str_eq(nearest_word("", words, 4), "path");
    ck_assert_ptr_null(nearest_word("x", words, 0));
    ck_assert_ptr_nonnull(nearest_word("a very long word, which comes from outside and is far "
                                       "longer than any known one can be",
                                       words, 4));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("strict");
    TCase *tcase = tcase_create("strict");
    SRunner *runner = srunner_create(suite);
    int failed = 0;
    suite_add_tcase(suite, tcase);
    tcase_set_timeout(tcase, 30);
    tcase_add_loop_test(tcase, what_is_not_strict_json_is_refused_with_its_place, 0,
                        (int)(sizeof(refused) / sizeof(refused[0])));
    tcase_add_loop_test(tcase, strict_json_is_accepted, 0,
                        (int)(sizeof(accepted) / sizeof(accepted[0])));
    tcase_add_test(tcase, line_and_column_count_from_one);
    tcase_add_test(tcase, nesting_ends_at_64);
    tcase_add_test(tcase, numbers_longer_than_cjson_reads_are_refused);
    tcase_add_test(tcase, the_first_of_many_duplicates_is_named);
    tcase_add_test(tcase, long_and_odd_keys_still_make_a_path);
    tcase_add_test(tcase, a_path_that_is_full_is_elided_and_comes_back);
    tcase_add_loop_test(tcase, integers_are_exact_or_refused, 0,
                        (int)(sizeof(integers) / sizeof(integers[0])));
    tcase_add_test(tcase, integers_out_of_range_are_refused);
    tcase_add_test(tcase, the_number_that_lost_a_fraction_is_found_among_many);
    tcase_add_test(tcase, many_keys_cost_no_square);
    tcase_add_test(tcase, the_nearest_word_is_by_edits);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
