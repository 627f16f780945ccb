/*
 * A word of the configuration that is not known is shown in the error, up to 64 bytes; where the
 * 64th was in the middle of a character, half of it went to the terminal and into the log.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/tracelogging/utf8.h"
#include "service/config/config.h"

static void shift_word_by(size_t letters)
{
    char json[512] = "{\"origin\": [\"";
    struct config *config = NULL;
    struct text errors;

    for (size_t i = 0; i < letters; i++)
        strcat(json, "x");
    for (size_t i = 0; i < 40; i++)
        strcat(json, "\xF0\x9F\x8E\xB5"); /* four bytes a character */
    strcat(json, "\"]}");
    text_init(&errors);
    ck_assert_int_ne(config_parse(json, strlen(json), &config, &errors), ETWR_OK);
    ck_assert_msg(utf8_is_valid(errors.data, errors.size), "%zu letters: half a character",
                  letters);
    text_put_char(&errors, '\0'); /* a text has no end of its own */
    ck_assert_ptr_nonnull(strstr(errors.data, "\xF0\x9F\x8E\xB5\"; the nearest is"));
    text_clear(&errors);
}

START_TEST(error_cuts_no_character_in_two)
{
    for (size_t letters = 0; letters < 4; letters++)
        shift_word_by(letters);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("regress");
    TCase *tcase = tcase_create("errors of the configuration");
    tcase_add_test(tcase, error_cuts_no_character_in_two);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
