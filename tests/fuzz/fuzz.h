/*
 * What every fuzz target is: one function that takes any bytes, and ends the process when a promise
 * is broken.
 *
 * The function is called by libFuzzer in a build with -DETWR_FUZZ=ON, and by replay.c in every
 * other one. It depends on nothing but its bytes: no clock, no random number, no state that
 * outlives the call.
 */
#ifndef ETWRELAY_TESTS_FUZZ_H
#define ETWRELAY_TESTS_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol/wire/reader.h"

/* libFuzzer's name for it. Always 0. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

/* In every build, also where NDEBUG takes assert() away. */
#define FUZZ_CHECK(condition) ((condition) ? (void)0 : fuzz_fail(#condition, __FILE__, __LINE__))

void fuzz_fail(const char *condition, const char *file, int line);

/* A copy in memory of exactly its size, so that a sanitizer sees every read past the end. Never
 * NULL. */
uint8_t *fuzz_copy(const void *bytes, size_t size);

/* A NUL-terminated copy. */
char *fuzz_copy_text(const void *bytes, size_t size);

/* What is left under the cursor, passed over. */
struct etwr_bytes fuzz_take_rest(struct reader *reader);
/* At most `max` bytes, passed over. */
struct etwr_bytes fuzz_take(struct reader *reader, size_t max);

/* Is this UTF-8 without control characters? For whatever goes to a log or a terminal. */
bool fuzz_is_printable(const char *text, size_t size);

#endif
