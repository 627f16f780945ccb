/*
 * Lines out of raw reads. The buffer doubles up to a limit, so that an endless line costs a message
 * and not the machine; a line is looked for only in bytes that are new, so that long lines cost
 * linear time.
 */
#include "client/tool/lines.h"

#include <stdlib.h>
#include <string.h>

#include "client/tool/system.h"

#define FIRST_CAPACITY (64u << 10)

void lines_init(struct lines *lines, int file)
{
    memset(lines, 0, sizeof *lines);
    lines->file = file;
}

void lines_clear(struct lines *lines)
{
    free(lines->data);
    lines->data = NULL;
}

static enum lines_result make_room(struct lines *lines)
{
    size_t unread = lines->end - lines->start;

    if (lines->start > 0 && unread <= lines->capacity / 2) {
        memmove(lines->data, lines->data + lines->start, unread);
        lines->start = 0;
        lines->end = unread;
    }
    if (lines->end == lines->capacity) {
        size_t capacity = lines->capacity == 0 ? FIRST_CAPACITY : lines->capacity * 2;
        char *data = realloc(lines->data, capacity);
        if (data == NULL) return LINES_NO_MEMORY;
        lines->data = data;
        lines->capacity = capacity;
    }
    return LINES_LINE;
}

static enum lines_result read_more(struct lines *lines)
{
    enum lines_result result = make_room(lines);
    ptrdiff_t got;

    if (result != LINES_LINE) return result;
    got = system_read(lines->file, lines->data + lines->end, lines->capacity - lines->end);
    if (got < 0) return LINES_READ_ERROR;
    if (got == 0) lines->ended = true;
    lines->end += (size_t)got;
    return LINES_LINE;
}

/* Give out data[start .. start + size); `taken` also counts the line end. */
static enum lines_result take(struct lines *lines, size_t size, size_t taken, const char **line,
                              size_t *line_size)
{
    const char *first = lines->data + lines->start;

    lines->start += taken;
    lines->number++;
    if (size > 0 && first[size - 1] == '\r') size--;
    *line = first;
    *line_size = size;
    return LINES_LINE;
}

static enum lines_result skip_rest(struct lines *lines)
{
    for (;;) {
        char *first = lines->data + lines->start;
        char *end = memchr(first, '\n', lines->end - lines->start);
        enum lines_result result;
        if (end != NULL) {
            lines->start += (size_t)(end - first) + 1;
            break;
        }
        lines->start = lines->end = 0;
        if (lines->ended) break;
        result = read_more(lines);
        if (result != LINES_LINE) return result;
    }
    lines->number++;
    return LINES_TOO_LONG;
}

enum lines_result lines_next(struct lines *lines, const char **line, size_t *size)
{
    size_t searched = 0;

    for (;;) {
        size_t unread = lines->end - lines->start;
        char *first = unread > 0 ? lines->data + lines->start : NULL;
        char *end = unread > searched ? memchr(first + searched, '\n', unread - searched) : NULL;
        enum lines_result result;

        if (end != NULL && (size_t)(end - first) <= LINES_MAX_BYTES)
            return take(lines, (size_t)(end - first), (size_t)(end - first) + 1, line, size);
        if (unread > LINES_MAX_BYTES) return skip_rest(lines);
        if (lines->ended && unread == 0) return LINES_END;
        if (lines->ended) return take(lines, unread, unread, line, size);
        searched = unread;
        result = read_more(lines);
        if (result != LINES_LINE) return result;
    }
}
