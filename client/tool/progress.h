/*
 * "How far are we" on stderr, and only when that is a terminal: one line, rewritten a few times a
 * second.
 */
#ifndef ETWRELAY_TOOL_PROGRESS_H
#define ETWRELAY_TOOL_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
    const char *what; /* "events sent"; lent for the progress' life */
    bool shown;
    bool line_open; /* the cursor stands behind a line of ours */
    uint64_t next_ns;
};

void progress_init(struct progress *progress, const char *what);
/* Cheap enough to be called for every event. */
void progress_update(struct progress *progress, uint64_t count);
/* Take the line away before something else is printed, and at the end. */
void progress_clear(struct progress *progress);

#endif
