/*
 * Behind etwr_client_last_error(). Texts come in UTF-8 and stay so when they are cut.
 */
#include "client/words.h"

#include <string.h>

#include "protocol/tracelogging/utf8.h"

#define DIGITS_MAX 10 /* of a u32 */

void words_add(char *text, size_t capacity, const char *words)
{
    size_t said = strlen(text);
    size_t size = utf8_cut(words, strlen(words), capacity - 1 - said);

    memcpy(text + said, words, size);
    text[said + size] = '\0';
}

void words_set(char *text, size_t capacity, const char *words)
{
    text[0] = '\0';
    words_add(text, capacity, words);
}

void words_add_number(char *text, size_t capacity, uint32_t number)
{
    char digits[DIGITS_MAX + 1];
    size_t first = DIGITS_MAX;

    digits[DIGITS_MAX] = '\0';
    do {
        digits[--first] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    words_add(text, capacity, digits + first);
}
