/*
 * The nearest known word, for messages about keys, types and out types that nobody knows.
 *
 * Only the first 63 bytes of what was written are compared: it comes from outside, and the known
 * words are shorter.
 */
#include "protocol/json/nearest.h"

#include <string.h>

#define WORD_MAX 63

static char fold(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static size_t bounded_length(const char *word)
{
    size_t length = strlen(word);
    return length < WORD_MAX ? length : WORD_MAX;
}

static unsigned smaller(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

/* Cost of making a[0..i] of b[0..j] out of the three rows before. */
static unsigned cell(unsigned rows[3][WORD_MAX + 1], const char *a, const char *b, size_t i,
                     size_t j)
{
    unsigned differs = fold(a[i - 1]) != fold(b[j - 1]);
    unsigned best = smaller(rows[1][j] + 1, rows[2][j - 1] + 1);
    best = smaller(best, rows[1][j - 1] + differs);
    if (i > 1 && j > 1 && fold(a[i - 1]) == fold(b[j - 2]) && fold(a[i - 2]) == fold(b[j - 1])) {
        best = smaller(best, rows[0][j - 2] + 1);
    }
    return best;
}

static unsigned distance(const char *a, const char *b)
{
    unsigned rows[3][WORD_MAX + 1]; /* before last, last, this one */
    size_t a_length = bounded_length(a);
    size_t b_length = bounded_length(b);
    memset(rows, 0, sizeof(rows));
    for (size_t j = 0; j <= b_length; j++)
        rows[2][j] = (unsigned)j;
    for (size_t i = 1; i <= a_length; i++) {
        memcpy(rows[0], rows[1], sizeof(rows[0]));
        memcpy(rows[1], rows[2], sizeof(rows[1]));
        rows[2][0] = (unsigned)i;
        for (size_t j = 1; j <= b_length; j++)
            rows[2][j] = cell(rows, a, b, i, j);
    }
    return rows[2][b_length];
}

const char *nearest_word(const char *word, const char *const *words, size_t count)
{
    const char *nearest = NULL;
    unsigned best = 0;
    for (size_t i = 0; i < count; i++) {
        unsigned d = distance(word, words[i]);
        if (nearest == NULL || d < best) {
            nearest = words[i];
            best = d;
        }
    }
    return nearest;
}
