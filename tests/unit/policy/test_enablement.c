/* Enablement: ETW's rule as a truth table, and the merge as a superset of its listeners. */
#include <check.h>
#include <stdlib.h>

#include "service/provider/enablement.h"

#define ALL UINT64_MAX

START_TEST(event_passes_by_level_and_keyword)
{
    static const struct {
        uint8_t listener_level;
        uint64_t any, all;
        uint8_t level;
        uint64_t keyword;
        bool passes;
    } cases[] = {
        /* level */
        {4, ALL, 0, 0, 1, true},
        {4, ALL, 0, 4, 1, true},
        {4, ALL, 0, 5, 1, false},
        {0, ALL, 0, 5, 1, true},
        {0, ALL, 0, 255, 1, true},
        {255, ALL, 0, 255, 1, true},
        {254, ALL, 0, 255, 1, false},
        {1, ALL, 0, 2, 0, false}, /* keyword 0 passes masks, not levels */
        /* any */
        {5, 0x6, 0, 5, 0x2, true},
        {5, 0x6, 0, 5, 0x1, false},
        {5, 0x6, 0, 5, 0x9, false},
        {5, 0x6, 0, 5, 0xC, true},
        {5, 0x8000000000000000, 0, 5, 0x8000000000000000, true},
        /* all */
        {5, 0x6, 0x6, 5, 0x6, true},
        {5, 0x6, 0x6, 5, 0x7, true},
        {5, 0x6, 0x6, 5, 0x2, false},
        {5, 0x6, 0x8, 5, 0x6, false},
        {5, 0x6, 0x8, 5, 0xA, true},
        {5, ALL, 0x8, 5, 0x7, false},
        /* keyword 0 passes every mask */
        {5, 0x6, 0x6, 5, 0, true},
        {5, ALL, ALL, 5, 0, true},
        /* any 0: all keywords, and all is ignored */
        {5, 0, 0, 5, 0x1, true},
        {5, 0, 0x8, 5, 0x1, true},
        {5, 0, ALL, 5, 0x1, true},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct enablement listener =
            enablement_normalise(cases[i].listener_level, cases[i].any, cases[i].all);

        ck_assert_msg(enablement_passes(&listener, cases[i].level, cases[i].keyword) ==
                          cases[i].passes,
                      "case %zu", i);
    }
}
END_TEST

START_TEST(nothing_passes_while_nobody_listens)
{
    struct enablement none = {0};

    ck_assert(!enablement_passes(&none, 0, 0));
    ck_assert(!enablement_passes(&none, 1, ALL));
}
END_TEST

START_TEST(normal_form_has_no_zero_that_means_all)
{
    struct enablement e = enablement_normalise(0, 0, 0xFF);

    ck_assert(e.enabled);
    ck_assert_uint_eq(e.level, 255);
    ck_assert_uint_eq(e.match_any, ALL);
    ck_assert_uint_eq(e.match_all, 0);
    e = enablement_normalise(3, 0x10, 0x30);
    ck_assert_uint_eq(e.level, 3);
    ck_assert_uint_eq(e.match_any, 0x10);
    ck_assert_uint_eq(e.match_all, 0x30);
}
END_TEST

START_TEST(merge_is_highest_level_or_of_any_and_of_all)
{
    struct enablement merged = {0};
    struct enablement none = {0};
    struct enablement a = enablement_normalise(3, 0x0F, 0x07);
    struct enablement b = enablement_normalise(5, 0x30, 0x05);

    enablement_merge(&merged, &none);
    ck_assert(!merged.enabled);
    enablement_merge(&merged, &a);
    ck_assert(enablement_is_equal(&merged, &a));
    enablement_merge(&merged, &b);
    enablement_merge(&merged, &none);
    ck_assert(merged.enabled);
    ck_assert_uint_eq(merged.level, 5);
    ck_assert_uint_eq(merged.match_any, 0x3F);
    ck_assert_uint_eq(merged.match_all, 0x05);
}
END_TEST

/* Small masks and levels, all combinations of two listeners and an event. */
START_TEST(what_passes_a_listener_passes_the_merge)
{
    for (unsigned bits = 0; bits < 1u << 15; bits++) {
        struct enablement a =
            enablement_normalise((uint8_t)(bits & 3), bits >> 2 & 7, bits >> 5 & 7);
        struct enablement b = enablement_normalise(2, bits >> 8 & 7, bits >> 11 & 7);
        uint64_t keyword = (bits >> 14 & 1) ? 5 : 2;
        struct enablement merged = {0};

        enablement_merge(&merged, &a);
        enablement_merge(&merged, &b);
        for (uint8_t level = 0; level < 4; level++) {
            bool wanted =
                enablement_passes(&a, level, keyword) || enablement_passes(&b, level, keyword);

            ck_assert(!wanted || enablement_passes(&merged, level, keyword));
        }
    }
}
END_TEST

/* The first is kept exactly; the second decides itself where one mask cannot say both. */
START_TEST(intersection_loses_nothing_and_keeps_the_first_exactly)
{
    for (unsigned bits = 0; bits < 1u << 16; bits++) {
        struct enablement a =
            enablement_normalise((uint8_t)(bits & 3), bits >> 2 & 7, bits >> 5 & 7);
        struct enablement b =
            enablement_normalise((uint8_t)(bits >> 8 & 3), bits >> 10 & 7, bits >> 13 & 7);
        struct enablement both = enablement_intersect(&a, &b);

        for (unsigned event = 0; event < 32; event++) {
            uint8_t level = (uint8_t)(event & 3);
            uint64_t keyword = event >> 2;
            bool passes_a = enablement_passes(&a, level, keyword);
            bool passes_b = enablement_passes(&b, level, keyword);
            bool passes = enablement_passes(&both, level, keyword);

            if (passes != (passes_a && passes_b) && !(passes && passes_a))
                ck_abort_msg("listeners 0x%x, event 0x%x", bits, event);
        }
    }
}
END_TEST

START_TEST(narrower_keywords_are_what_is_pushed)
{
    struct enablement wide = enablement_normalise(0, 0, 0);
    struct enablement narrow = enablement_normalise(3, 0x4, 0x4);
    struct enablement other = enablement_normalise(5, 0x6, 0x2);
    struct enablement both = enablement_intersect(&wide, &narrow);

    ck_assert(enablement_is_equal(&both, &narrow));
    both = enablement_intersect(&narrow, &wide);
    ck_assert(enablement_is_equal(&both, &narrow));
    both = enablement_intersect(&other, &narrow);
    ck_assert_uint_eq(both.level, 3);
    ck_assert_uint_eq(both.match_any, 0x4);
    ck_assert_uint_eq(both.match_all, 0x6);
}
END_TEST

START_TEST(nothing_passes_where_one_does_not_listen)
{
    struct enablement listener = enablement_normalise(0, 0, 0);
    struct enablement none = {0};

    ck_assert(!enablement_intersect(&listener, &none).enabled);
    ck_assert(!enablement_intersect(&none, &listener).enabled);
}
END_TEST

START_TEST(equality_looks_at_every_part)
{
    struct enablement a = enablement_normalise(3, 1, 2);
    struct enablement b = a;

    ck_assert(enablement_is_equal(&a, &b));
    b.level = 4;
    ck_assert(!enablement_is_equal(&a, &b));
    b = a;
    b.match_any = 3;
    ck_assert(!enablement_is_equal(&a, &b));
    b = a;
    b.match_all = 3;
    ck_assert(!enablement_is_equal(&a, &b));
    b = a;
    b.enabled = false;
    ck_assert(!enablement_is_equal(&a, &b));
}
END_TEST

START_TEST(filter_wants_the_providers_it_names)
{
    static char any_contoso[] = "Contoso.*";
    static char fabrikam[] = "Fabrikam";
    static char *patterns[] = {any_contoso, fabrikam};
    struct config_filter filter = {patterns, 2, 4, 0xF0, 0x10};
    struct enablement e = enablement_of_filter(&filter, "contoso.web");

    ck_assert(e.enabled);
    ck_assert_uint_eq(e.level, 4);
    ck_assert_uint_eq(e.match_any, 0xF0);
    ck_assert_uint_eq(e.match_all, 0x10);
    ck_assert(enablement_of_filter(&filter, "Fabrikam").enabled);
    ck_assert(!enablement_of_filter(&filter, "Fabrikam.Web").enabled);
    filter.provider_count = 0;
    e = enablement_of_filter(&filter, "Fabrikam");
    ck_assert(!e.enabled);
    ck_assert_uint_eq(e.level, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("enablement");
    TCase *tcase = tcase_create("enablement");
    SRunner *runner;
    int failed;

    tcase_add_test(tcase, event_passes_by_level_and_keyword);
    tcase_add_test(tcase, nothing_passes_while_nobody_listens);
    tcase_add_test(tcase, normal_form_has_no_zero_that_means_all);
    tcase_add_test(tcase, merge_is_highest_level_or_of_any_and_of_all);
    tcase_add_test(tcase, what_passes_a_listener_passes_the_merge);
    tcase_add_test(tcase, intersection_loses_nothing_and_keeps_the_first_exactly);
    tcase_add_test(tcase, narrower_keywords_are_what_is_pushed);
    tcase_add_test(tcase, nothing_passes_where_one_does_not_listen);
    tcase_add_test(tcase, equality_looks_at_every_part);
    tcase_add_test(tcase, filter_wants_the_providers_it_names);
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
