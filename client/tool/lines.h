/*
 * Lines of a file or pipe, each as soon as it has come, in memory that is bounded.
 */
#ifndef ETWRELAY_TOOL_LINES_H
#define ETWRELAY_TOOL_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The largest event's data (64 KiB), where each byte is an element that JSON can only give as
 * {"hex": ..., "text": ...}. */
#define LINES_MAX_BYTES (4u << 20)

enum lines_result {
    LINES_LINE,
    LINES_END,
    LINES_TOO_LONG, /* over LINES_MAX_BYTES; the next call goes on behind it */
    LINES_NO_MEMORY,
    LINES_READ_ERROR /* errno says why */
};

struct lines {
    int file;
    char *data;
    size_t start, end, capacity; /* unread bytes are data[start..end) */
    bool ended;
    uint64_t number; /* of the line last returned, from 1 */
};

void lines_init(struct lines *lines, int file); /* `file` is borrowed */
void lines_clear(struct lines *lines);

/* The next line without its line end ("\n" or "\r\n"); lent until the next call. The last line may
 * lack one. */
enum lines_result lines_next(struct lines *lines, const char **line, size_t *size);

#endif
