/*
 * Patterns: against a plain recursive matcher on all short names, and on names that make careless
 * matchers slow.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "service/config/config.h"

struct example {
    const char *pattern;
    const char *name;
    bool matches;
};

static const struct example examples[] = {
    {"*", "", true},
    {"*", "Contoso", true},
    {"Contoso", "contoso", true},
    {"CONTOSO.*", "contoso.Web", true},
    {"Contoso.*", "Contoso", false},
    {"Contoso.*", "Contoso.", true},
    {"*.Web", "Contoso.Web", true},
    {"*.Web", ".web", true},
    {"*.Web", "Web", false},
    {"A*A", "A", false}, /* the ends may not overlap */
    {"A*A", "AA", true},
    {"A*b*C", "aXbYbZc", true},
    {"A*b*C", "aXc", false},
    {"*ab*ab*", "ab", false},
    {"*ab*ab*", "aab_ab", true},
    {"*a?c*", "xxabbabc!", true},
    {"*a?c", "abcac", false},
    {"???", "abc", true},
    {"???", "ab", false},
    {"?", "", false},
    {"a?", "a\xc3\xa9", true}, /* one character, two bytes */
    {"?b",
     "\xf0\x9f\x98\x80"
     "b",
     true},
    {"*?\xc3\xa9*", "\xe2\x82\xac\xc3\xa9", true},
    {"*x?y*", "..x\xe2\x82\xacy", true},
    {"*x?*", "x\xe2\x82\xac", true},
    {"*x??*", "x\xe2\x82\xac", false},
    {"*?*?", "\xc3\xa9", false},     /* one character is not two */
    {"\xc3\xa9", "\xc3\x89", false}, /* case is ASCII's */
    {"[ab]*", "[AB]c", true},        /* no classes */
    {"a.c", "abc", false},
    {"", "", true},
    {"", "a", false},
    {"*aab*", "aaaab", true},
    {"*a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaac", false},
};

START_TEST(patterns_match_as_documented)
{
    const struct example *row = &examples[_i];
    ck_assert_msg(config_pattern_matches(row->pattern, row->name) == row->matches, "%s on %s",
                  row->pattern, row->name);
}
END_TEST

static bool slow_matches(const char *pattern, const char *name)
{
    if (*pattern == '\0') return *name == '\0';
    if (*pattern == '*') {
        return slow_matches(pattern + 1, name) ||
               (*name != '\0' && slow_matches(pattern, name + 1));
    }
    return *name != '\0' && (*pattern == '?' || *pattern == *name) &&
           slow_matches(pattern + 1, name + 1);
}

/* The `index`-th word over `letters`, shorter ones first. */
static void make_word(unsigned index, const char *letters, char word[8])
{
    unsigned base = (unsigned)strlen(letters);
    size_t size = 0;
    for (; index > 0; index = (index - 1) / base)
        word[size++] = letters[(index - 1) % base];
    word[size] = '\0';
}

START_TEST(all_short_patterns_agree_with_a_plain_matcher)
{
    char pattern[8], name[8];
    for (unsigned p = 0; p < 5461; p++) { /* up to six of "ab*?" */
        make_word(p, "ab*?", pattern);
        for (unsigned n = 0; n < 127; n++) { /* up to six of "ab" */
            make_word(n, "ab", name);
            ck_assert_msg(config_pattern_matches(pattern, name) == slow_matches(pattern, name),
                          "%s on %s", pattern, name);
        }
    }
}
END_TEST

START_TEST(a_floating_text_over_64_bytes_still_matches)
{
    char pattern[256] = "*", name[512] = "";
    for (int i = 0; i < 50; i++)
        strcat(pattern, "\xe2\x82\xac"); /* 150 bytes: 64 cuts one */
    strcat(pattern, "?z*");
    strcat(name, "ab");
    for (int i = 0; i < 60; i++)
        strcat(name, "\xe2\x82\xac");
    ck_assert(!config_pattern_matches(pattern, name));
    strcat(name, "yz");
    ck_assert(config_pattern_matches(pattern, name));
    ck_assert_ptr_nonnull(config_pattern_fault(pattern));
}
END_TEST

START_TEST(bytes_that_are_no_utf8_do_no_harm)
{
    char pattern[128] = "*", name[128] = "";
    memset(pattern + 1, 0xb6, 77);
    strcat(pattern, "*");
    memset(name, 0xb6, 100);
    (void)config_pattern_matches(pattern, name); /* no promise but to stay within the bytes */
    ck_assert(!config_pattern_matches(pattern, "\xb6"));
    ck_assert(config_pattern_matches("\xff?*?", "\xff\xff\x80\xff"));
}
END_TEST

START_TEST(no_name_makes_matching_slow)
{
    /* 1 MiB of name: one step a byte is a moment, a step a byte of pattern and restart would run
     * into the time limit */
    static const char *const patterns[] = {"*aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab*",
                                           "*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*ab", "*a?a?a?a?a?b*?c*"};
    size_t size = 1 << 20;
    char *name = malloc(size + 1);
    memset(name, 'a', size);
    name[size] = '\0';
    for (size_t i = 0; i < 3; i++) {
        for (int round = 0; round < 20; round++) {
            ck_assert(!config_pattern_matches(patterns[i], name));
        }
    }
    free(name);
}
END_TEST

START_TEST(bad_patterns_are_named)
{
    char longest[CONFIG_PATTERN_MAX_BYTES + 2], floating[80] = "*";
    memset(longest, 'a', sizeof(longest) - 1);
    longest[sizeof(longest) - 1] = '\0';
    ck_assert_ptr_nonnull(strstr(config_pattern_fault(longest), "1024"));
    longest[sizeof(longest) - 2] = '\0';
    ck_assert_ptr_null(config_pattern_fault(longest)); /* nothing floats */
    memset(floating + 1, 'a', 65);
    floating[66] = '*';
    ck_assert_ptr_nonnull(strstr(config_pattern_fault(floating), "64"));
    floating[0] = 'x';
    ck_assert_ptr_null(config_pattern_fault(floating));
    floating[0] = '*';
    floating[65] = '*';
    floating[66] = '\0';
    ck_assert_ptr_null(config_pattern_fault(floating));
    ck_assert_ptr_nonnull(config_pattern_fault(""));
    ck_assert_ptr_nonnull(config_pattern_fault("a**"));
    ck_assert_ptr_nonnull(config_pattern_fault("\xff"));
    ck_assert_ptr_nonnull(config_pattern_fault("a\x7f"));
    ck_assert_ptr_null(config_pattern_fault("Contoso.*"));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("pattern");
    TCase *tcase = tcase_create("pattern");
    SRunner *runner = srunner_create(suite);
    int failed = 0;
    suite_add_tcase(suite, tcase);
    tcase_set_timeout(tcase, 30);
    tcase_add_loop_test(tcase, patterns_match_as_documented, 0,
                        (int)(sizeof(examples) / sizeof(examples[0])));
    tcase_add_test(tcase, all_short_patterns_agree_with_a_plain_matcher);
    tcase_add_test(tcase, a_floating_text_over_64_bytes_still_matches);
    tcase_add_test(tcase, bytes_that_are_no_utf8_do_no_harm);
    tcase_add_test(tcase, no_name_makes_matching_slow);
    tcase_add_test(tcase, bad_patterns_are_named);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
