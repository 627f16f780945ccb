/*
 * `etwrelay send --jsonl`: each line is checked in full before anything of it is sent, and sent
 * before the next is read, so that a slow writer's events are not held back and a bad line stops
 * nothing that came before it.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "client/tool/lines.h"
#include "client/tool/send.h"

static bool is_blank(const char *line, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (line[i] != ' ' && line[i] != '\t') return false;
    return true;
}

static enum send_result send_line(struct sender *sender, const char *name, uint64_t number,
                                  const char *line, size_t size)
{
    struct event_json target;
    struct event_json_error error;
    char where[300];
    enum etwr_status status = event_json_read(line, size, sender->event, &target, &error);

    snprintf(where, sizeof where, "%.200s line %" PRIu64 ": ", name, number);
    if (status == ETWR_OK) return sender_write(sender, &target, where);
    progress_clear(&sender->progress);
    fprintf(stderr, "etwrelay send: %s%s: %s (%s)\n", where, error.path, error.message,
            etwr_status_name(status));
    return status == ETWR_E_NO_MEMORY ? SEND_STUCK : SEND_REFUSED;
}

/* What lines_next() says besides a line and the end. */
static enum send_result report_input(struct sender *sender, const char *name,
                                     const struct lines *lines, enum lines_result result)
{
    int error = errno;

    progress_clear(&sender->progress);
    switch (result) {
    case LINES_TOO_LONG:
        fprintf(stderr,
                "etwrelay send: %s line %" PRIu64 ": longer than %u bytes, which no event needs\n",
                name, lines->number, LINES_MAX_BYTES);
        return SEND_REFUSED;
    case LINES_NO_MEMORY:
        fprintf(stderr, "etwrelay send: %s line %" PRIu64 ": no memory\n", name, lines->number + 1);
        return SEND_NO_INPUT;
    default:
        fprintf(stderr, "etwrelay send: cannot read %s: %s\n", name, strerror(error));
        return SEND_NO_INPUT;
    }
}

enum send_result send_lines(struct sender *sender, int file, const char *name, bool keep_going)
{
    struct lines lines;
    enum send_result worst = SEND_OK, sent = SEND_OK;
    enum lines_result got;
    const char *line;
    size_t size;

    if (strcmp(name, "-") == 0) name = "standard input";
    lines_init(&lines, file);
    while ((sent == SEND_OK || (sent == SEND_REFUSED && keep_going)) &&
           (got = lines_next(&lines, &line, &size)) != LINES_END) {
        progress_update(&sender->progress, lines.number);
        if (got == LINES_LINE && is_blank(line, size))
            sent = SEND_OK;
        else if (got == LINES_LINE)
            sent = send_line(sender, name, lines.number, line, size);
        else
            sent = report_input(sender, name, &lines, got);
        if (sent > worst) worst = sent;
    }
    progress_clear(&sender->progress);
    lines_clear(&lines);
    return worst;
}
