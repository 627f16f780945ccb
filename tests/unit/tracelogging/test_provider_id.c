/*
 * Provider ids: those of the reference encoder, and upper-casing where "simple" differs from what
 * libraries do.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <etwrelay/types.h>

#include "protocol/tracelogging/sha1.h"
#include "protocol/tracelogging/upcase.h"

static void provider_id_text(const char *name, char text[ETWR_GUID_TEXT_BYTES])
{
    struct etwr_guid id;
    ck_assert_int_eq(etwr_provider_id_from_name(name, &id), ETWR_OK);
    etwr_guid_format(&id, text);
}

/* The string after `key` in a line of the vectors, which have no escapes in them. */
static void read_string(const char *line, const char *key, char *value, size_t capacity)
{
    const char *start = strstr(line, key);
    ck_assert_ptr_nonnull(start);
    start += strlen(key);
    const char *end = strchr(start, '"');
    ck_assert_ptr_nonnull(end);
    ck_assert_uint_lt((size_t)(end - start), capacity);
    ck_assert_ptr_null(memchr(start, '\\', (size_t)(end - start)));
    memcpy(value, start, (size_t)(end - start));
    value[end - start] = '\0';
}

START_TEST(ids_are_those_of_the_reference_encoder)
{
    char line[512], name[256], expected[64], got[ETWR_GUID_TEXT_BYTES];
    int lines = 0;
    FILE *vectors = fopen("tests/vectors/provider-ids.jsonl", "r");
    ck_assert_msg(vectors != NULL, "run from the root of the source tree");
    while (fgets(line, sizeof line, vectors) != NULL) {
        read_string(line, "\"name\": \"", name, sizeof name);
        read_string(line, "\"provider_id\": \"", expected, sizeof expected);
        provider_id_text(name, got);
        ck_assert_msg(strcmp(got, expected) == 0, "%s: %s, not %s", name, got, expected);
        lines++;
    }
    fclose(vectors);
    ck_assert_int_ge(lines, 19);
}
END_TEST

static const struct {
    const char *what;
    const char *one;
    const char *other;
    int is_same;
} pairs[] = {
    {"ASCII", "contoso.web-1", "CONTOSO.Web-1", 1},
    {"Latin 1", "\xC3\xA9\xC3\xBC", "\xC3\x89\xC3\x9C", 1},
    {"y with diaeresis is beyond Latin 1", "\xC3\xBF", "\xC5\xB8", 1},
    {"micro sign is a mu", "\xC2\xB5", "\xCE\x9C", 1},
    {"dotless i is an I", "\xC4\xB1", "I", 1},
    {"dotted I is none", "\xC4\xB0", "I", 0},
    {"long s is an S", "\xC5\xBF", "S", 1},
    {"final sigma is a sigma", "\xCF\x82", "\xCE\xA3", 1},
    {"sigma", "\xCF\x83", "\xCE\xA3", 1},
    {"dz with caron, title case", "\xC7\x85", "\xC7\x84", 1},
    {"Georgian", "\xE1\x83\x90", "\xE1\xB2\x90", 1},
    {"Cherokee", "\xEA\xAD\xB0", "\xE1\x8E\xA0", 1},
    {"Deseret, beyond 16 bits", "\xF0\x90\x90\xA8", "\xF0\x90\x90\x80", 1},
    {"Adlam, beyond 16 bits", "\xF0\x9E\xA4\xA2", "\xF0\x9E\xA4\x80", 1},
    {"sharp s is not SS",
     "stra\xC3\x9F"
     "e",
     "STRASSE", 0},
    {"sharp s is not the capital one", "\xC3\x9F", "\xE1\xBA\x9E", 0},
    {"ff ligature is not FF", "\xEF\xAC\x80", "FF", 0},
    {"n with apostrophe stays", "\xC5\x89", "\xCA\xBCN", 0},
    {"a composed letter is not its parts", "\xC3\xA9", "e\xCC\x81", 0},
};

START_TEST(case_does_not_matter_where_unicode_maps_one_to_one)
{
    char one[ETWR_GUID_TEXT_BYTES], other[ETWR_GUID_TEXT_BYTES];
    provider_id_text(pairs[_i].one, one);
    provider_id_text(pairs[_i].other, other);
    ck_assert_msg((strcmp(one, other) == 0) == (pairs[_i].is_same != 0), "%s: %s, %s",
                  pairs[_i].what, one, other);
}
END_TEST

START_TEST(names_that_are_none_are_refused_and_change_nothing)
{
    struct etwr_guid id = {{7}};
    const struct etwr_guid before = id;
    ck_assert_int_eq(etwr_provider_id_from_name("", &id), ETWR_E_BAD_NAME);
    ck_assert_int_eq(etwr_provider_id_from_name("a\xFF", &id), ETWR_E_BAD_NAME);
    ck_assert_int_eq(etwr_provider_id_from_name("\xED\xA0\x80", &id), ETWR_E_BAD_NAME);
    ck_assert_int_eq(etwr_provider_id_from_name(NULL, &id), ETWR_E_INVALID_ARGUMENT);
    ck_assert_int_eq(etwr_provider_id_from_name("a", NULL), ETWR_E_INVALID_ARGUMENT);
    ck_assert_mem_eq(&id, &before, sizeof id);
}
END_TEST

static void sha1_text(const void *bytes, size_t size, char text[2 * SHA1_BYTES + 1])
{
    struct sha1 sha1;
    uint8_t digest[SHA1_BYTES];
    sha1_init(&sha1);
    sha1_put(&sha1, bytes, size);
    sha1_finish(&sha1, digest);
    for (size_t i = 0; i < SHA1_BYTES; i++)
        snprintf(text + 2 * i, 3, "%02x", digest[i]);
}

START_TEST(sha1_is_right_around_the_ends_of_blocks)
{
    static const struct {
        size_t size;
        const char *digest;
    } cases[] = {
        {0, "da39a3ee5e6b4b0d3255bfef95601890afd80709"},
        {55, "c1c8bbdc22796e28c0e15163d20899b65621d65a"},
        {56, "c2db330f6083854c99d4b5bfb6e8f29f201be699"},
        {63, "03f09f5b158a7a8cdad920bddc29b81c18a551f5"},
        {64, "0098ba824b5c16427bd7a1122a5a442a25ec644d"},
        {65, "11655326c708d70319be2610e8a57d9a5b959d3b"},
        {1000, "291e9a6c66994949b57ba5e650361e98fc36b1ba"},
    };
    char bytes[1000], text[2 * SHA1_BYTES + 1];
    memset(bytes, 'a', sizeof bytes);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        sha1_text(bytes, cases[i].size, text);
        ck_assert_str_eq(text, cases[i].digest);
    }
    sha1_text("abc", 3, text);
    ck_assert_str_eq(text, "a9993e364706816aba3e25717850c26c9cd0d89d");
}
END_TEST

static void put_u32(struct sha1 *sha1, uint32_t value)
{
    const uint8_t bytes[4] = {(uint8_t)value, (uint8_t)(value >> 8), (uint8_t)(value >> 16),
                              (uint8_t)(value >> 24)};
    sha1_put(sha1, bytes, sizeof bytes);
}

/* All mappings of UnicodeData.txt 15.0.0, as pairs of u32 in order, have this digest (made apart,
 * with Python). */
START_TEST(the_table_holds_all_simple_mappings_of_unicode_15)
{
    struct sha1 sha1;
    uint8_t digest[SHA1_BYTES];
    char text[2 * SHA1_BYTES + 1];
    int mapped = 0;
    sha1_init(&sha1);
    for (uint32_t code_point = 0; code_point <= 0x10FFFF; code_point++) {
        const uint32_t upper = upcase(code_point);
        if (upper == code_point) continue;
        mapped++;
        put_u32(&sha1, code_point);
        put_u32(&sha1, upper);
    }
    sha1_finish(&sha1, digest);
    for (size_t i = 0; i < SHA1_BYTES; i++)
        snprintf(text + 2 * i, 3, "%02x", digest[i]);
    ck_assert_int_eq(mapped, 1450);
    ck_assert_str_eq(text, "290b061198c911025de97812e8d5b24f66b0ccda");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("provider id");
    TCase *tests = tcase_create("provider id");
    tcase_add_test(tests, ids_are_those_of_the_reference_encoder);
    tcase_add_loop_test(tests, case_does_not_matter_where_unicode_maps_one_to_one, 0,
                        (int)(sizeof pairs / sizeof pairs[0]));
    tcase_add_test(tests, names_that_are_none_are_refused_and_change_nothing);
    tcase_add_test(tests, sha1_is_right_around_the_ends_of_blocks);
    tcase_add_test(tests, the_table_holds_all_simple_mappings_of_unicode_15);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
