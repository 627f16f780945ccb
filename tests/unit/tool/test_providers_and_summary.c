/* client/tool/provider_table.h and summary.h, with a client that never connects. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "client/tool/provider_table.h"
#include "client/tool/summary.h"
#include "tests/support/process.h"

static struct etwr_client *client;
static struct provider_table table;

static void start(void)
{
    struct etwr_client_options options;

    etwr_client_options_init(&options);
    options.pipe = process_absent_pipe;
    ck_assert_int_eq(etwr_client_create(&options, &client), ETWR_OK);
    provider_table_init(&table, client);
}

static void stop(void)
{
    etwr_client_destroy(client, 0, NULL);
}

static struct event_json target_of(const char *name)
{
    struct event_json target;

    memset(&target, 0, sizeof target);

    snprintf(target.provider, sizeof target.provider, "%s", name);
    ck_assert_int_eq(etwr_provider_id_from_name(name, &target.provider_id), ETWR_OK);
    return target;
}

static struct etwr_provider *get(const struct event_json *target)
{
    struct etwr_provider *provider = NULL;
    ck_assert_int_eq(provider_table_get(&table, target, &provider), ETWR_OK);
    return provider;
}

static struct etwr_provider *get_numbered(int number)
{
    char name[32];
    struct event_json target;

    snprintf(name, sizeof name, "Contoso.P%d", number);
    target = target_of(name);
    return get(&target);
}

START_TEST(provider_is_opened_once_and_kept)
{
    struct event_json a = target_of("Contoso.A"), b = target_of("Contoso.B");
    struct etwr_provider *first = get(&a), *second = get(&b);

    ck_assert_ptr_ne(first, second);
    ck_assert_ptr_eq(get(&a), first);
    ck_assert_ptr_eq(get(&b), second);
    ck_assert_ptr_eq(get(&b), second);
}
END_TEST

START_TEST(name_id_and_group_together_make_a_provider)
{
    struct event_json plain = target_of("Contoso.A"), grouped = plain, foreign = plain,
                      renamed = plain;
    struct etwr_provider *providers[4];

    grouped.has_group_id = 1;
    foreign.has_provider_id = 1;
    foreign.provider_id.bytes[0] ^= 1;
    snprintf(renamed.provider, sizeof renamed.provider, "contoso.a");
    providers[0] = get(&plain);
    providers[1] = get(&grouped);
    providers[2] = get(&foreign);
    providers[3] = get(&renamed);
    for (int i = 0; i < 4; i++)
        for (int k = 0; k < i; k++)
            ck_assert_ptr_ne(providers[i], providers[k]);
}
END_TEST

static int count_open(void)
{
    int count = 0;
    for (size_t i = 0; i < PROVIDER_TABLE_SIZE; i++)
        if (table.entries[i].provider != NULL) count++;
    return count;
}

START_TEST(the_one_unused_for_longest_makes_room)
{
    struct etwr_provider *kept = get_numbered(0);

    for (int i = 1; i < PROVIDER_TABLE_SIZE; i++)
        get_numbered(i);
    ck_assert_ptr_eq(get_numbered(0), kept); /* now the youngest: number 1 is the oldest */
    get_numbered(PROVIDER_TABLE_SIZE);
    ck_assert_int_eq(count_open(), PROVIDER_TABLE_SIZE);
    ck_assert_ptr_eq(get_numbered(0), kept);
    for (size_t i = 0; i < PROVIDER_TABLE_SIZE; i++)
        ck_assert_str_ne(table.entries[i].name, "Contoso.P1");
}
END_TEST

START_TEST(summary_counts_every_event_once)
{
    struct etwr_counters counters = {0};
    struct summary summary = {0};
    struct text text;

    counters.produced = 21;
    counters.settled_written = 1;
    counters.not_enabled = 2;
    counters.settled_not_enabled = 3;
    counters.dropped[ETWR_REASON_QUEUE_FULL] = 4;
    counters.dropped[ETWR_REASON_TOO_LARGE] = 1;
    counters.settled_dropped[ETWR_REASON_TOO_LARGE] = 5;
    counters.in_doubt = 5;
    summary_add(&summary, &counters);
    ck_assert_uint_eq(summary_lost(&summary), 15);
    text_init(&text);
    summary_put(&summary, &text);
    text_put_char(&text, '\0');
    ck_assert_str_eq(text.data, "\"written\":1,\"not_enabled\":5,\"dropped\":{\"queue_full\":4,"
                                "\"too_large\":6,\"in_doubt\":5}");
    text_clear(&text);
    ck_assert_uint_eq(summary.sent, summary.written + summary.not_enabled + summary_lost(&summary));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("providers and summary");
    TCase *tcase = tcase_create("providers"), *summary = tcase_create("summary");
    SRunner *runner = srunner_create(suite);
    int failed;

    suite_add_tcase(suite, tcase);
    tcase_add_checked_fixture(tcase, start, stop);
    tcase_add_test(tcase, provider_is_opened_once_and_kept);
    tcase_add_test(tcase, name_id_and_group_together_make_a_provider);
    tcase_add_test(tcase, the_one_unused_for_longest_makes_room);
    suite_add_tcase(suite, summary);
    tcase_add_test(summary, summary_counts_every_event_once);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
