/*
 * A second opinion on packed values, for fuzzing: a naive walk over metadata and values together,
 * written down from the format and from nothing that the product is made of.
 */
#ifndef ETWRELAY_TESTS_FUZZ_ORACLE_H
#define ETWRELAY_TESTS_FUZZ_ORACLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum oracle_answer {
    ORACLE_FITS,
    ORACLE_HALF_UNIT, /* fits, but that counted UTF-16 somewhere ends in half a unit */
    ORACLE_MISFIT     /* too short, bytes left over, or a SID of impossible size */
};

/* `metadata` is well-formed; anything else ends the process. */
enum oracle_answer oracle_check(const uint8_t *metadata, size_t metadata_size,
                                const uint8_t *values, size_t values_size);

#endif
