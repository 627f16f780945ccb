/*
 * JSON paths for error messages, kept while the scanner, the event reader or the configuration
 * reader walks.
 *
 * A path must never be the reason for a second error, so it cannot fail: a step that does not fit
 * is shown as "...".
 */
#include "protocol/json/json_path.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static const char elided[] = "...";

void json_path_init(struct json_path *path)
{
    path->text[0] = '$';
    path->text[1] = '\0';
    path->size = 1;
}

static bool is_elided(const struct json_path *path)
{
    size_t tail = sizeof(elided) - 1;
    return path->size >= tail && memcmp(path->text + path->size - tail, elided, tail) == 0;
}

/* Room for "..." is kept back, so that it always fits. */
static void append(struct json_path *path, const char *bytes, size_t size)
{
    if (is_elided(path)) return;
    if (size > sizeof(path->text) - sizeof(elided) - path->size) {
        bytes = elided;
        size = sizeof(elided) - 1;
    }
    memcpy(path->text + path->size, bytes, size);
    path->size += size;
    path->text[path->size] = '\0';
}

static bool is_word_char(char c, bool first)
{
    bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    return letter || (!first && c >= '0' && c <= '9');
}

static bool is_word(const char *key, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (!is_word_char(key[i], i == 0)) return false;
    }
    return size > 0;
}

static void append_quoted(struct json_path *path, const char *key, size_t size)
{
    char step[JSON_PATH_BYTES];
    size_t used = 2;
    memcpy(step, "[\"", 2);
    for (size_t i = 0; i < size && used < sizeof(step) - 2; i++, used++) {
        unsigned char c = (unsigned char)key[i];
        step[used] = key[i];
        if (c < 0x20 || c == 0x7f) step[used] = '?';
    }
    memcpy(step + used, "\"]", 2);
    append(path, step, used + 2);
}

void json_path_init_root(struct json_path *path, const char *root)
{
    size_t size = strlen(root);
    path->size = 0;
    path->text[0] = '\0';
    append(path, root, size);
    for (size_t i = 0; i < path->size; i++) {
        unsigned char c = (unsigned char)path->text[i];
        if (c < 0x20 || c == 0x7f) path->text[i] = '?';
    }
}

size_t json_path_key(struct json_path *path, const char *key, size_t size)
{
    char step[JSON_PATH_BYTES];
    size_t mark = path->size;
    if (size >= sizeof(step) - 1) {
        append(path, key, size); /* cannot fit: elided */
    } else if (is_word(key, size)) {
        step[0] = '.';
        memcpy(step + 1, key, size);
        append(path, step, size + 1);
    } else {
        append_quoted(path, key, size);
    }
    return mark;
}

size_t json_path_index(struct json_path *path, size_t index)
{
    char step[32];
    size_t mark = path->size;
    int size = snprintf(step, sizeof(step), "[%zu]", index);
    append(path, step, (size_t)size);
    return mark;
}

void json_path_back(struct json_path *path, size_t mark)
{
    path->size = mark;
    path->text[mark] = '\0';
}
