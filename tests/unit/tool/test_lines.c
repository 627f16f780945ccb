/* Lines out of a pipe: client/tool/lines.h. */
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <check.h>

#include "client/tool/lines.h"

/* A pipe into which a child writes `bytes`, `piece` at a time. */
static int feed(const char *bytes, size_t size, size_t piece)
{
    int ends[2];

    ck_assert_int_eq(pipe(ends), 0);
    if (fork() == 0) {
        close(ends[0]);
        for (size_t at = 0; at < size; at += piece)
            if (write(ends[1], bytes + at, size - at < piece ? size - at : piece) < 0) _exit(1);
        _exit(0);
    }
    close(ends[1]);
    return ends[0];
}

static void expect_line(struct lines *lines, const char *expected)
{
    const char *line;
    size_t size;

    ck_assert_int_eq(lines_next(lines, &line, &size), LINES_LINE);
    ck_assert_uint_eq(size, strlen(expected));
    ck_assert_mem_eq(line, expected, size);
}

static void expect(struct lines *lines, enum lines_result expected)
{
    const char *line;
    size_t size;
    ck_assert_int_eq(lines_next(lines, &line, &size), expected);
}

static void finish(struct lines *lines)
{
    close(lines->file);
    lines_clear(lines);
    wait(NULL);
}

START_TEST(lines_come_whole_however_the_bytes_are_cut)
{
    static const char text[] = "one\ntwo\r\n\nlast";
    struct lines lines;

    lines_init(&lines, feed(text, sizeof text - 1, (size_t)_i));
    expect_line(&lines, "one");
    expect_line(&lines, "two");
    expect_line(&lines, "");
    ck_assert_uint_eq(lines.number, 3);
    expect_line(&lines, "last");
    expect(&lines, LINES_END);
    expect(&lines, LINES_END);
    ck_assert_uint_eq(lines.number, 4);
    finish(&lines);
}
END_TEST

START_TEST(nul_bytes_are_part_of_a_line)
{
    struct lines lines;
    const char *line;
    size_t size;

    lines_init(&lines, feed("a\0b\n", 4, 4));
    ck_assert_int_eq(lines_next(&lines, &line, &size), LINES_LINE);
    ck_assert_uint_eq(size, 3);
    ck_assert_mem_eq(line, "a\0b", 3);
    finish(&lines);
}
END_TEST

START_TEST(line_is_returned_before_the_writer_goes_on)
{
    struct lines lines;
    int ends[2];

    ck_assert_int_eq(pipe(ends), 0);
    lines_init(&lines, ends[0]);
    ck_assert_int_eq(write(ends[1], "first\nsec", 9), 9);
    expect_line(&lines, "first"); /* the pipe is still open and has no more: this would hang */
    ck_assert_int_eq(write(ends[1], "ond\n", 4), 4);
    expect_line(&lines, "second");
    close(ends[1]);
    finish(&lines);
}
END_TEST

/* A line of `size` bytes and its end, then "next". */
static void expect_long(size_t size, enum lines_result expected)
{
    char *text = malloc(size + 6);
    struct lines lines;

    ck_assert_ptr_nonnull(text);
    memset(text, 'x', size);
    memcpy(text + size, "\nnext\n", 6);
    lines_init(&lines, feed(text, size + 6, 1u << 16));
    expect(&lines, expected);
    ck_assert_uint_eq(lines.number, 1);
    expect_line(&lines, "next");
    expect(&lines, LINES_END);
    ck_assert_uint_le(lines.capacity, 2 * (size_t)LINES_MAX_BYTES);
    finish(&lines);
    free(text);
}

START_TEST(longest_line_is_taken)
{
    expect_long(LINES_MAX_BYTES, LINES_LINE);
}
END_TEST

START_TEST(longer_line_is_refused_and_reading_goes_on_behind_it)
{
    expect_long(LINES_MAX_BYTES + 1, LINES_TOO_LONG);
    expect_long(3 * (size_t)LINES_MAX_BYTES, LINES_TOO_LONG);
}
END_TEST

START_TEST(long_line_without_end_is_refused_once)
{
    size_t size = LINES_MAX_BYTES + 1;
    char *text = malloc(size);
    struct lines lines;

    ck_assert_ptr_nonnull(text);
    memset(text, 'x', size);
    lines_init(&lines, feed(text, size, 1u << 16));
    expect(&lines, LINES_TOO_LONG);
    expect(&lines, LINES_END);
    finish(&lines);
    free(text);
}
END_TEST

START_TEST(what_cannot_be_read_is_an_error)
{
    struct lines lines;

    lines_init(&lines, -1);
    expect(&lines, LINES_READ_ERROR);
    lines_clear(&lines);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("lines");
    TCase *tcase = tcase_create("lines");
    SRunner *runner = srunner_create(suite);
    int failed;

    suite_add_tcase(suite, tcase);
    tcase_add_loop_test(tcase, lines_come_whole_however_the_bytes_are_cut, 1, 16);
    tcase_add_test(tcase, nul_bytes_are_part_of_a_line);
    tcase_add_test(tcase, line_is_returned_before_the_writer_goes_on);
    tcase_add_test(tcase, longest_line_is_taken);
    tcase_add_test(tcase, longer_line_is_refused_and_reading_goes_on_behind_it);
    tcase_add_test(tcase, long_line_without_end_is_refused_once);
    tcase_add_test(tcase, what_cannot_be_read_is_an_error);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
