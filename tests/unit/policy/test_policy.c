/* Policy: a negative test for each rule of SECURITY's T15, and which rule decides. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "service/policy/policy.h"

static const struct etwr_guid own_id = {{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}};
static const struct etwr_guid other_id = {{9, 9, 9}};
static const struct etwr_guid own_group = {{7, 7, 7}};

static struct config_provider_rule rules[8];
static struct config config;
static const struct policy_user alice = {"alice", "1000"};

static void start(void)
{
    memset(rules, 0, sizeof rules);
    memset(&config, 0, sizeof config);
    config.rules = rules;
}

static struct config_provider_rule *add_rule(const char *name, bool allow)
{
    struct config_provider_rule *rule = &rules[config.rule_count++];

    rule->name = (char *)(uintptr_t)name;
    rule->allow = allow;
    return rule;
}

static enum etwr_reason ask_as(const struct policy_user *user, const char *name,
                               const struct etwr_guid *id, const struct etwr_guid *group,
                               struct policy_grant *grant)
{
    struct policy_request request = {name, id, group};

    return policy_decide(&config, user, &request, grant);
}

static enum etwr_reason ask(const char *name)
{
    struct policy_grant grant;

    return ask_as(&alice, name, NULL, NULL, &grant);
}

static struct etwr_guid hash_of(const char *name)
{
    struct etwr_guid id;

    ck_assert_int_eq(etwr_provider_id_from_name(name, &id), ETWR_OK);
    return id;
}

static struct etwr_guid guid_of(const char *text)
{
    struct etwr_guid guid;

    ck_assert_int_eq(etwr_guid_parse(text, &guid), ETWR_OK);
    return guid;
}

START_TEST(without_rules_ordinary_names_are_allowed_under_their_hash)
{
    struct policy_grant grant;
    struct etwr_guid hash = hash_of("Contoso.Web");

    ck_assert_int_eq(ask_as(&alice, "Contoso.Web", NULL, NULL, &grant), ETWR_REASON_NONE);
    ck_assert_mem_eq(&grant.id, &hash, sizeof hash);
    ck_assert(!grant.has_group);
    ck_assert_int_eq(ask("Microsoft"), ETWR_REASON_NONE);
    ck_assert_int_eq(ask("MicrosoftX"), ETWR_REASON_NONE);
    ck_assert_int_eq(ask("My.etwrelay"), ETWR_REASON_NONE);
}
END_TEST

START_TEST(without_rules_names_of_microsoft_and_the_relay_are_refused)
{
    static const char *const names[] = {"Microsoft-Windows-Kernel-Process",
                                        "Microsoft-",
                                        "Microsoft.Foo",
                                        "microsoft-x",
                                        "MICROSOFT.X",
                                        "etwrelay",
                                        "ETWRELAY",
                                        "etwrelay.sub",
                                        "EtwRelayX"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        ck_assert_msg(ask(names[i]) == ETWR_REASON_NOT_ALLOWED, "%s", names[i]);
    }
}
END_TEST

START_TEST(letters_whose_upper_case_is_ascii_do_not_get_around_a_reserved_name)
{
    struct etwr_guid real = hash_of("Microsoft-Windows-X");
    struct etwr_guid long_s = hash_of("Micro\xC5\xBFoft-Windows-X");
    struct etwr_guid dotless_i = hash_of("M\xC4\xB1"
                                         "crosoft-Windows-X");

    /* They are the very provider whose name is refused ... */
    ck_assert_mem_eq(&long_s, &real, sizeof real);
    ck_assert_mem_eq(&dotless_i, &real, sizeof real);
    /* ... so they must be, too. */
    ck_assert_int_eq(ask("Micro\xC5\xBFoft-Windows-X"), ETWR_REASON_NOT_ALLOWED);
    ck_assert_int_eq(ask("M\xC4\xB1"
                         "crosoft-Windows-X"),
                     ETWR_REASON_NOT_ALLOWED);
}
END_TEST

START_TEST(deny_rule_holds_for_every_case_of_a_name)
{
    add_rule("Gr\xC3\xB6\xC3\x9F"
             "e.*",
             false);
    add_rule("*", true);
    ck_assert_int_eq(ask("Gr\xC3\xB6\xC3\x9F"
                         "e.a"),
                     ETWR_REASON_NOT_ALLOWED);
    ck_assert_int_eq(ask("GR\xC3\x96\xC3\x9F"
                         "E.a"),
                     ETWR_REASON_NOT_ALLOWED);
    ck_assert_int_eq(ask("Gro\xC3\x9F"
                         "e.a"),
                     ETWR_REASON_NONE);
}
END_TEST

START_TEST(first_rule_that_matches_decides)
{
    add_rule("Contoso.Internal.*", false);
    add_rule("Contoso.*", true);
    add_rule("Contoso.Public", false);
    add_rule("*", false);
    ck_assert_int_eq(ask("Contoso.Public"), ETWR_REASON_NONE);
    ck_assert_int_eq(ask("Contoso.Internal.A"), ETWR_REASON_NOT_ALLOWED);
    ck_assert_int_eq(ask("Fabrikam"), ETWR_REASON_NOT_ALLOWED);
}
END_TEST

START_TEST(name_that_no_rule_matches_is_decided_as_without_rules)
{
    add_rule("Contoso.*", false);
    ck_assert_int_eq(ask("Fabrikam"), ETWR_REASON_NONE);
    ck_assert_int_eq(ask("Microsoft-X"), ETWR_REASON_NOT_ALLOWED);
}
END_TEST

START_TEST(rule_can_allow_a_reserved_name)
{
    add_rule("Microsoft-Contoso-*", true);
    ck_assert_int_eq(ask("Microsoft-Contoso-App"), ETWR_REASON_NONE);
    ck_assert_int_eq(ask("Microsoft-Windows-X"), ETWR_REASON_NOT_ALLOWED);
}
END_TEST

START_TEST(rule_with_users_is_about_these_alone)
{
    static char services[] = "svc-*";
    static char one_user[] = "1000";
    static char *users[] = {services, one_user};
    struct config_provider_rule *rule = add_rule("Contoso.*", true);
    struct policy_user service = {"svc-web", "977"};
    struct policy_user bob = {"bob", "1001"};
    struct policy_user nameless = {NULL, "1000"};
    struct policy_user unknown = {NULL, NULL};
    struct policy_grant grant;

    rule->users = users;
    rule->user_count = 2;
    add_rule("*", false);
    ck_assert_int_eq(ask_as(&alice, "Contoso.A", NULL, NULL, &grant), ETWR_REASON_NONE);
    ck_assert_int_eq(ask_as(&service, "Contoso.A", NULL, NULL, &grant), ETWR_REASON_NONE);
    ck_assert_int_eq(ask_as(&nameless, "Contoso.A", NULL, NULL, &grant), ETWR_REASON_NONE);
    ck_assert_int_eq(ask_as(&bob, "Contoso.A", NULL, NULL, &grant), ETWR_REASON_NOT_ALLOWED);
    ck_assert_int_eq(ask_as(&unknown, "Contoso.A", NULL, NULL, &grant), ETWR_REASON_NOT_ALLOWED);
}
END_TEST

START_TEST(explicit_id_that_is_the_hash_is_allowed)
{
    struct etwr_guid hash = hash_of("Contoso.Web");
    struct policy_grant grant;

    ck_assert_int_eq(ask_as(&alice, "CONTOSO.web", &hash, NULL, &grant), ETWR_REASON_NONE);
    ck_assert_mem_eq(&grant.id, &hash, sizeof hash);
}
END_TEST

START_TEST(explicit_id_needs_the_words_of_the_rule_that_decides)
{
    struct config_provider_rule *rule;
    struct policy_grant grant;

    ck_assert_int_eq(ask_as(&alice, "Contoso.Web", &own_id, NULL, &grant), ETWR_REASON_NOT_ALLOWED);
    rule = add_rule("Contoso.*", true);
    ck_assert_int_eq(ask_as(&alice, "Contoso.Web", &own_id, NULL, &grant), ETWR_REASON_NOT_ALLOWED);
    rule->has_id = true;
    rule->id = own_id;
    ck_assert_int_eq(ask_as(&alice, "Contoso.Web", &own_id, NULL, &grant), ETWR_REASON_NONE);
    ck_assert_mem_eq(&grant.id, &own_id, sizeof own_id);
    ck_assert_int_eq(ask_as(&alice, "Contoso.Web", &other_id, NULL, &grant),
                     ETWR_REASON_NOT_ALLOWED);
    ck_assert_int_eq(ask_as(&alice, "Fabrikam", &own_id, NULL, &grant), ETWR_REASON_NOT_ALLOWED);
}
END_TEST

START_TEST(rule_with_id_and_group_gives_them_to_who_asks_for_none)
{
    struct config_provider_rule *rule = add_rule("Contoso.Web", true);
    struct policy_grant grant;

    rule->has_id = rule->has_group = true;
    rule->id = own_id;
    rule->group = own_group;
    ck_assert_int_eq(ask_as(&alice, "Contoso.Web", NULL, NULL, &grant), ETWR_REASON_NONE);
    ck_assert_mem_eq(&grant.id, &own_id, sizeof own_id);
    ck_assert(grant.has_group);
    ck_assert_mem_eq(&grant.group, &own_group, sizeof own_group);
}
END_TEST

START_TEST(group_needs_the_words_of_the_rule_that_decides)
{
    struct config_provider_rule *rule;
    struct policy_grant grant;

    ck_assert_int_eq(ask_as(&alice, "Contoso.Web", NULL, &own_group, &grant),
                     ETWR_REASON_NOT_ALLOWED);
    rule = add_rule("Contoso.*", true);
    ck_assert_int_eq(ask_as(&alice, "Contoso.Web", NULL, &own_group, &grant),
                     ETWR_REASON_NOT_ALLOWED);
    rule->has_group = true;
    rule->group = own_group;
    ck_assert_int_eq(ask_as(&alice, "Contoso.Web", NULL, &own_group, &grant), ETWR_REASON_NONE);
    ck_assert(grant.has_group);
    ck_assert_mem_eq(&grant.group, &own_group, sizeof own_group);
    ck_assert_int_eq(ask_as(&alice, "Contoso.Web", NULL, &other_id, &grant),
                     ETWR_REASON_NOT_ALLOWED);
}
END_TEST

START_TEST(allow_any_provider_lifts_names_ids_and_groups)
{
    struct policy_grant grant;

    add_rule("Contoso.*", false)->has_id = true;
    config.allow_any_provider = true;
    ck_assert_int_eq(ask("Microsoft-Windows-X"), ETWR_REASON_NONE);
    ck_assert_int_eq(ask_as(&alice, "Contoso.Web", NULL, NULL, &grant), ETWR_REASON_NONE);
    ck_assert_int_eq(memcmp(&grant.id, &(struct etwr_guid){{0}}, sizeof grant.id) != 0, 1);
    ck_assert_int_eq(ask_as(&alice, "Contoso.Web", &own_id, &own_group, &grant), ETWR_REASON_NONE);
    ck_assert_mem_eq(&grant.id, &own_id, sizeof own_id);
    ck_assert_mem_eq(&grant.group, &own_group, sizeof own_group);
}
END_TEST

START_TEST(telemetry_groups_are_refused_whatever_is_allowed)
{
    static const char *const groups[] = {"4f50731a-89cf-4782-b3e0-dce8c90476ba",
                                         "c7de053a-0c2e-4a44-91a2-5222ec2ecdf1"};
    struct config_provider_rule *rule = add_rule("*", true);

    for (size_t i = 0; i < 2; i++) {
        struct etwr_guid group = guid_of(groups[i]);
        struct policy_grant grant;

        rule->has_group = true;
        rule->group = group;
        config.allow_any_provider = false;
        ck_assert_int_eq(ask_as(&alice, "A", NULL, &group, &grant), ETWR_REASON_NOT_ALLOWED);
        ck_assert_int_eq(ask_as(&alice, "A", NULL, NULL, &grant), ETWR_REASON_NOT_ALLOWED);
        config.allow_any_provider = true;
        ck_assert_int_eq(ask_as(&alice, "A", NULL, &group, &grant), ETWR_REASON_NOT_ALLOWED);
        rule->has_group = false;
        ck_assert_int_eq(ask_as(&alice, "A", NULL, &group, &grant), ETWR_REASON_NOT_ALLOWED);
    }
}
END_TEST

START_TEST(name_that_is_no_name_is_refused_even_when_any_is_allowed)
{
    static char longest[8192];

    memset(longest, 'a', sizeof longest - 1);
    config.allow_any_provider = true;
    ck_assert_int_eq(ask(""), ETWR_REASON_NOT_ALLOWED);
    ck_assert_int_eq(ask("a\xFF"), ETWR_REASON_NOT_ALLOWED);
    ck_assert_int_eq(ask(longest), ETWR_REASON_NOT_ALLOWED);
}
END_TEST

START_TEST(longest_name_that_grows_in_upper_case_is_decided)
{
    static char name[1025];

    for (size_t i = 0; i + 1 < sizeof name; i += 2) {
        memcpy(name + i, "\xC9\x90", 2); /* U+0250, whose upper case U+2C6F takes three bytes */
    }
    ck_assert_int_eq(ask(name), ETWR_REASON_NONE);
    add_rule(name, false);
    ck_assert_int_eq(ask(name), ETWR_REASON_NOT_ALLOWED);
}
END_TEST

START_TEST(refusal_writes_no_grant)
{
    struct policy_grant grant = {.id = other_id};

    ck_assert_int_eq(ask_as(&alice, "Microsoft-X", NULL, NULL, &grant), ETWR_REASON_NOT_ALLOWED);
    ck_assert_mem_eq(&grant.id, &other_id, sizeof other_id);
}
END_TEST

START_TEST(rule_opens_at_start_only_one_allowed_name)
{
    static char pattern[] = "Contoso.*";
    struct config_provider_rule *rule = add_rule("Contoso.Web", true);
    struct etwr_guid hash = hash_of("Contoso.Web");
    struct policy_grant grant;

    ck_assert(!policy_grant_at_start(rule, &grant));
    rule->open_at_start = true;
    ck_assert(policy_grant_at_start(rule, &grant));
    ck_assert_mem_eq(&grant.id, &hash, sizeof hash);
    rule->has_group = true;
    rule->group = guid_of("4f50731a-89cf-4782-b3e0-dce8c90476ba");
    ck_assert(!policy_grant_at_start(rule, &grant));
    rule->has_group = false;
    rule->allow = false;
    ck_assert(!policy_grant_at_start(rule, &grant));
    rule->allow = true;
    rule->name = pattern;
    ck_assert(!policy_grant_at_start(rule, &grant));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("policy");
    TCase *tcase = tcase_create("policy");
    SRunner *runner;
    int failed;

    tcase_add_checked_fixture(tcase, start, NULL);
    tcase_add_test(tcase, without_rules_ordinary_names_are_allowed_under_their_hash);
    tcase_add_test(tcase, without_rules_names_of_microsoft_and_the_relay_are_refused);
    tcase_add_test(tcase, letters_whose_upper_case_is_ascii_do_not_get_around_a_reserved_name);
    tcase_add_test(tcase, deny_rule_holds_for_every_case_of_a_name);
    tcase_add_test(tcase, first_rule_that_matches_decides);
    tcase_add_test(tcase, name_that_no_rule_matches_is_decided_as_without_rules);
    tcase_add_test(tcase, rule_can_allow_a_reserved_name);
    tcase_add_test(tcase, rule_with_users_is_about_these_alone);
    tcase_add_test(tcase, explicit_id_that_is_the_hash_is_allowed);
    tcase_add_test(tcase, explicit_id_needs_the_words_of_the_rule_that_decides);
    tcase_add_test(tcase, rule_with_id_and_group_gives_them_to_who_asks_for_none);
    tcase_add_test(tcase, group_needs_the_words_of_the_rule_that_decides);
    tcase_add_test(tcase, allow_any_provider_lifts_names_ids_and_groups);
    tcase_add_test(tcase, telemetry_groups_are_refused_whatever_is_allowed);
    tcase_add_test(tcase, name_that_is_no_name_is_refused_even_when_any_is_allowed);
    tcase_add_test(tcase, longest_name_that_grows_in_upper_case_is_decided);
    tcase_add_test(tcase, refusal_writes_no_grant);
    tcase_add_test(tcase, rule_opens_at_start_only_one_allowed_name);
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
