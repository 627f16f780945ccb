/*
 * "Did you mean": the known word that is nearest to an unknown one.
 */
#ifndef ETWRELAY_NEAREST_H
#define ETWRELAY_NEAREST_H

#include <stddef.h>

/* By edit distance (insert, delete, replace, swap of neighbours), ASCII case ignored; the first of
 * equals. `words` holds `count` words of at most 63 bytes. NULL when count is 0. */
const char *nearest_word(const char *word, const char *const *words, size_t count);

#endif
