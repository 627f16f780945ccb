/*
 * Lines for people, put together in memory of a fixed size: what does not fit is left off, between
 * two characters. (printf() alone is larger than half of the library where it is linked in.)
 */
#ifndef ETWRELAY_CLIENT_WORDS_H
#define ETWRELAY_CLIENT_WORDS_H

#include <stddef.h>
#include <stdint.h>

/* Replace what is in `text`, which has room for `capacity` bytes with the NUL, at least 1. */
void words_set(char *text, size_t capacity, const char *words);
/* Go on behind what is there. */
void words_add(char *text, size_t capacity, const char *words);
void words_add_number(char *text, size_t capacity, uint32_t number);

#endif
