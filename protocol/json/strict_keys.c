/*
 * Duplicate keys: sorted once when their object ends, so that an object of many keys costs n log n
 * and not its square.
 *
 * "a" and "\u0061" are one key, hence the comparison reads escapes as it goes; no copy is made.
 */
#include "protocol/json/strict_keys.h"

#include <stdint.h>
#include <stdlib.h>

#include "protocol/json/strict_text.h"

void strict_keys_clear(struct strict_keys *keys)
{
    free(keys->keys);
    keys->keys = NULL;
    keys->count = keys->capacity = 0;
}

bool strict_keys_push(struct strict_keys *keys, const char *text, size_t size)
{
    if (keys->count == keys->capacity) {
        size_t capacity = keys->capacity == 0 ? 32 : keys->capacity * 2;
        struct strict_key *grown = realloc(keys->keys, capacity * sizeof(*grown));
        if (grown == NULL) return false;
        keys->keys = grown;
        keys->capacity = capacity;
    }
    keys->keys[keys->count].text = text;
    keys->keys[keys->count].size = size;
    keys->count++;
    return true;
}

static int compare_text(const struct strict_key *a, const struct strict_key *b)
{
    const char *at_a = a->text, *end_a = a->text + a->size;
    const char *at_b = b->text, *end_b = b->text + b->size;
    while (at_a < end_a && at_b < end_b) {
        uint32_t char_a = strict_text_next(&at_a);
        uint32_t char_b = strict_text_next(&at_b);
        if (char_a != char_b) return char_a < char_b ? -1 : 1;
    }
    return (at_a < end_a) - (at_b < end_b);
}

static int compare_keys(const void *a, const void *b)
{
    const struct strict_key *key_a = a, *key_b = b;
    int order = compare_text(key_a, key_b);
    if (order != 0) return order;
    return (key_a->text > key_b->text) - (key_a->text < key_b->text);
}

const struct strict_key *strict_keys_pop(struct strict_keys *keys, size_t first)
{
    struct strict_key *all = keys->keys;
    const struct strict_key *found = NULL;
    size_t end = keys->count;
    if (end - first > 1) qsort(all + first, end - first, sizeof(*all), compare_keys);
    for (size_t i = first + 1; i < end; i++) {
        if (compare_text(&all[i - 1], &all[i]) != 0) continue;
        if (found == NULL || all[i].text < found->text) found = &all[i];
    }
    keys->count = first;
    return found;
}
