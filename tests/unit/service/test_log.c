/*
 * The service's log: one line an entry whatever it holds, and no cause that floods it.
 */
#include <check.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "service/support/log.h"
#include "service/support/log_text.h"

static FILE *stream;
static char written[1 << 20];

static void set_up(void)
{
    stream = tmpfile();
    ck_assert_ptr_nonnull(stream);
    log_set_stream(stream);
    log_init(LOG_LEVEL_INFO);
}

static void tear_down(void)
{
    log_set_stream(NULL);
    ck_assert_int_eq(fclose(stream), 0);
}

/* All that was written so far. */
static const char *text(void)
{
    size_t size = 0;
    rewind(stream);
    size = fread(written, 1, sizeof(written) - 1, stream);
    written[size] = '\0';
    return written;
}

static size_t count_lines(const char *lines)
{
    size_t count = 0;
    for (; *lines != '\0'; lines++)
        count += *lines == '\n';
    return count;
}

START_TEST(a_line_has_time_level_and_message)
{
    log_line(LOG_LEVEL_WARNING, "%s has %d", "x", 7);
    const char *line = text();
    ck_assert_uint_eq(strlen(line), strlen("2026-11-23T11:50:10.123Z warning  x has 7\n"));
    ck_assert_str_eq(line + 24, " warning  x has 7\n");
    ck_assert_int_eq(line[10], 'T');
    ck_assert_int_eq(line[23], 'Z');
}
END_TEST

START_TEST(less_urgent_lines_are_left_out)
{
    log_line(LOG_LEVEL_DEBUG, "no");
    log_set_level(LOG_LEVEL_ERROR);
    log_line(LOG_LEVEL_WARNING, "no");
    ck_assert(!log_is_on(LOG_LEVEL_WARNING));
    ck_assert_str_eq(text(), "");
    log_set_level(LOG_LEVEL_DEBUG);
    log_line(LOG_LEVEL_DEBUG, "yes");
    ck_assert_uint_eq(count_lines(text()), 1);
}
END_TEST

START_TEST(text_from_outside_cannot_forge_a_line)
{
    log_line(LOG_LEVEL_ERROR, "image %s", "a\n2026 error  forged\r\x1b[2J%n%s");
    ck_assert_uint_eq(count_lines(text()), 1);
    ck_assert_ptr_nonnull(strstr(text(), "image a\\n2026 error  forged\\r\\x1b[2J%n%s\n"));
}
END_TEST

struct escaped {
    const char *text;
    const char *line;
};

static const struct escaped escaped[] = {
    {"plain \xc3\xa9 \xf0\x9f\x98\x80", "plain \xc3\xa9 \xf0\x9f\x98\x80"},
    {"\t\x01\x7f", "\\t\\x01\\x7f"},
    {"\xc2\x85", "\\x85"}, /* C1: next line */
    {"\xe2\x80\xa8\xe2\x80\xae\xe2\x81\xa6\xef\xbb\xbf", "\\u2028\\u202e\\u2066\\ufeff"},
    {"\xff\xe2\x82", "\\xff\\xe2\\x82"},
    {"\xed\xa0\x80", "\\xed\\xa0\\x80"},
    {"", ""},
};

START_TEST(what_is_not_printable_is_escaped)
{
    char line[128];
    size_t size = log_text_escape(escaped[_i].text, line, sizeof(line) - 1);
    line[size] = '\0';
    ck_assert_str_eq(line, escaped[_i].line);
}
END_TEST

START_TEST(a_long_line_is_cut_and_says_so)
{
    char *longest = malloc(10001);
    memset(longest, '\x01', 10000);
    longest[10000] = '\0';
    log_line(LOG_LEVEL_ERROR, "%s", longest);
    const char *line = text();
    ck_assert_uint_eq(count_lines(line), 1);
    ck_assert_uint_lt(strlen(line), LOG_LINE_MAX_BYTES + 128);
    ck_assert_str_eq(line + strlen(line) - 4, "...\n");
    free(longest);
}
END_TEST

START_TEST(times_are_utc)
{
    char time[LOG_TEXT_TIME_BYTES];
    log_text_time(0, 0, time);
    ck_assert_str_eq(time, "1970-01-01T00:00:00.000Z");
    log_text_time(951782399, 999, time);
    ck_assert_str_eq(time, "2000-02-28T23:59:59.999Z");
    log_text_time(951782400, 1, time);
    ck_assert_str_eq(time, "2000-02-29T00:00:00.001Z");
    log_text_time(1795434610, 123, time);
    ck_assert_str_eq(time, "2026-11-23T11:50:10.123Z");
    log_text_time(253402300799, 0, time);
    ck_assert_str_eq(time, "9999-12-31T23:59:59.000Z");
    log_text_time(INT64_MAX, 0, time);
    ck_assert_str_eq(time, "1970-01-01T00:00:00.000Z");
}
END_TEST

START_TEST(a_cause_has_one_line_a_minute)
{
    struct log_cause cause = {.name = "accept"};
    uint64_t suppressed = 77;
    ck_assert(log_cause_take(&cause, 5, &suppressed));
    ck_assert_uint_eq(suppressed, 0);
    for (int i = 0; i < 10; i++)
        ck_assert(!log_cause_take(&cause, 5 + LOG_REPEAT_MS - 1, &suppressed));
    ck_assert(log_cause_take(&cause, 5 + LOG_REPEAT_MS, &suppressed));
    ck_assert_uint_eq(suppressed, 10);
    ck_assert(!log_cause_take(&cause, 5 + LOG_REPEAT_MS + 1, &suppressed));
    ck_assert(log_cause_take(&cause, 5 + 2 * LOG_REPEAT_MS, &suppressed));
    ck_assert_uint_eq(suppressed, 1);
}
END_TEST

START_TEST(repeated_lines_are_counted_and_told_at_the_end)
{
    struct log_cause accept = {.name = "accept"}, disk = {.name = "disk"};
    for (int i = 0; i < 1000; i++)
        log_repeated(&accept, LOG_LEVEL_ERROR, "cannot accept");
    for (int i = 0; i < 3; i++)
        log_repeated(&disk, LOG_LEVEL_WARNING, "disk full");
    ck_assert_uint_eq(count_lines(text()), 2);
    log_finish();
    ck_assert_uint_eq(count_lines(text()), 4);
    ck_assert_ptr_nonnull(strstr(text(), "accept: 999 more"));
    ck_assert_ptr_nonnull(strstr(text(), "disk: 2 more"));
    log_finish();
    ck_assert_uint_eq(count_lines(text()), 4);
    log_repeated(&disk, LOG_LEVEL_WARNING, "disk full");
    log_forget(&disk);
    log_forget(&accept);
    log_forget(&accept);
    ck_assert_ptr_nonnull(strstr(text(), "disk: 1 more"));
    ck_assert_uint_eq(count_lines(text()), 5);
    log_finish();
    ck_assert_uint_eq(count_lines(text()), 5);
}
END_TEST

static struct log_cause shared = {.name = "shared"};

static void *write_many(void *unused)
{
    (void)unused;
    for (int i = 0; i < 1000; i++) {
        log_line(LOG_LEVEL_INFO, "%s", "0123456789012345678901234567890123456789");
        log_repeated(&shared, LOG_LEVEL_INFO, "often");
    }
    return NULL;
}

START_TEST(lines_of_several_threads_do_not_mix)
{
    pthread_t threads[4];
    const char *line = NULL;
    for (int i = 0; i < 4; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, write_many, NULL), 0);
    for (int i = 0; i < 4; i++)
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
    log_forget(&shared);
    line = text();
    ck_assert_uint_eq(count_lines(line), 4002);
    ck_assert_ptr_nonnull(strstr(line, "shared: 3999 more"));
    for (; *line != '\0'; line = strchr(line, '\n') + 1)
        ck_assert_int_eq(line[23], 'Z');
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("log");
    TCase *tcase = tcase_create("log");
    SRunner *runner = srunner_create(suite);
    int failed = 0;
    suite_add_tcase(suite, tcase);
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, a_line_has_time_level_and_message);
    tcase_add_test(tcase, less_urgent_lines_are_left_out);
    tcase_add_test(tcase, text_from_outside_cannot_forge_a_line);
    tcase_add_loop_test(tcase, what_is_not_printable_is_escaped, 0,
                        (int)(sizeof(escaped) / sizeof(escaped[0])));
    tcase_add_test(tcase, a_long_line_is_cut_and_says_so);
    tcase_add_test(tcase, times_are_utc);
    tcase_add_test(tcase, a_cause_has_one_line_a_minute);
    tcase_add_test(tcase, repeated_lines_are_counted_and_told_at_the_end);
    tcase_add_test(tcase, lines_of_several_threads_do_not_mix);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
