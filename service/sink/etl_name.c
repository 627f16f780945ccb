/* See etl_name.h. */
#include "service/sink/etl_name.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Where the extension starts, or the end of the path. A dot at the front of a name starts none. */
static size_t stem_length(const char *path)
{
    size_t start = 0, length = strlen(path);
    for (size_t i = 0; i < length; i++) {
        if (path[i] == '/' || path[i] == '\\') start = i + 1;
    }
    const char *dot = strrchr(path + start, '.');
    return dot && dot != path + start ? (size_t)(dot - path) : length;
}

bool etl_name(const char *path, uint32_t number, char *name, size_t size)
{
    int length;
    size_t stem = stem_length(path);
    if (stem > ETL_NAME_MAX_BYTES) return false;
    if (number == 1) {
        length = snprintf(name, size, "%s", path);
    } else {
        length = snprintf(name, size, "%.*s.%04" PRIu32 "%s", (int)stem, path, number, path + stem);
    }
    return length >= 0 && (size_t)length < size;
}
