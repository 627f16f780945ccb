/*
 * The keys of the objects that the strict scanner has open, to find those that are given twice.
 */
#ifndef ETWRELAY_STRICT_KEYS_H
#define ETWRELAY_STRICT_KEYS_H

#include <stdbool.h>
#include <stddef.h>

struct strict_key { /* borrowed: the text between the quotes, escapes and all; checked already */
    const char *text;
    size_t size;
};

struct strict_keys { /* a stack: an inner object's keys lie above those of the objects around it */
    struct strict_key *keys;
    size_t count, capacity;
};

void strict_keys_clear(struct strict_keys *keys);

/* False when there is no memory. */
bool strict_keys_push(struct strict_keys *keys, const char *text, size_t size);

/* Take the keys from `first` on off the stack. Returns the first one, in the text's order, that
 * repeats an earlier one once escapes are read; NULL when all differ. Lent until the next push. */
const struct strict_key *strict_keys_pop(struct strict_keys *keys, size_t first);

#endif
