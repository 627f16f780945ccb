/*
 * JSON numbers: their grammar, and what a double loses of them.
 */
#ifndef ETWRELAY_STRICT_NUMBER_H
#define ETWRELAY_STRICT_NUMBER_H

#include <stdbool.h>
#include <stddef.h>

#define STRICT_NUMBER_MAX_BYTES 63 /* cJSON cuts longer ones */

enum strict_number_fault {
    STRICT_NUMBER_OK,
    STRICT_NUMBER_LEADING_ZERO, /* 01 */
    STRICT_NUMBER_GRAMMAR,      /* +1, .5, 1., 1e, - */
    STRICT_NUMBER_TOO_LONG
};

/* Check the number at *at; *at is left behind it, or on what is at fault. */
enum strict_number_fault strict_number_check(const char **at, const char *end);

/* Does this checked number have a fraction which the nearest double does not show
 * (0.99999999999999999999)? */
bool strict_number_loses_fraction(const char *text, size_t size);

#endif
