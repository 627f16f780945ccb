/*
 * A JSON path while a tree is walked: "$.sinks[0].level". Fixed size; what does not fit ends in
 * "...".
 */
#ifndef ETWRELAY_JSON_PATH_H
#define ETWRELAY_JSON_PATH_H

#include <stddef.h>

#define JSON_PATH_BYTES 256

struct json_path {
    char text[JSON_PATH_BYTES]; /* always NUL-terminated */
    size_t size;
};

void json_path_init(struct json_path *path); /* "$" */
void json_path_init_root(struct json_path *path,
                         const char *root); /* another root, control characters as '?' */

/* Go down to a member or an element; the result is for json_path_back(). `key` may be what stands
 * between the quotes of a JSON text: it is put as ["key"] when it is not a plain word, control
 * characters as '?'. */
size_t json_path_key(struct json_path *path, const char *key, size_t size);
size_t json_path_index(struct json_path *path, size_t index);
void json_path_back(struct json_path *path, size_t mark);

#endif
