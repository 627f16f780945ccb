/*
 * The service's own log: plain lines on stderr, one event one line.
 *
 *     2026-11-23T11:50:10.123Z warning  sink etl:/var/log/x.etl: no space left on device
 *
 * Text from outside may be an argument, never a format. Whatever it holds, the line stays one line:
 * control characters, characters that turn the reading direction, and bytes that are not UTF-8 are
 * written as \n, \x1b, \u202e.
 *
 * Threads: any, several at once; lines never mix.
 */
#ifndef ETWRELAY_LOG_H
#define ETWRELAY_LOG_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "protocol/json/format.h"

#define LOG_LINE_MAX_BYTES 2048 /* longer ones end in "..." */
#define LOG_REPEAT_MS      60000u

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

/* Until log_init(), lines of LOG_LEVEL_INFO and more urgent ones go to stderr. */
void log_init(enum log_level level);
void log_set_level(enum log_level level);
void log_set_stream(FILE *stream); /* borrowed; NULL: stderr again */
/* Gets the text of each line as well, within the log's lock: it must not log. NULL: nobody. */
void log_set_listener(void (*listener)(enum log_level level, const char *text));
bool log_is_on(enum log_level level);

FORMAT_LIKE(2, 3)
void log_line(enum log_level level, const char *format, ...);

/*
 * One thing that can go wrong again and again. Zeros and a name when new; static, or in the object
 * that it is about. It belongs to the log from its first line until log_forget().
 */
struct log_cause {
    const char *name; /* for the line that tells what was left out at the end: "accept" */
    struct log_cause *next;
    bool is_listed;
    bool has_line; /* line_ms is valid */
    enum log_level level;
    uint64_t line_ms;
    uint64_t suppressed;
};

/* As log_line(), but at most one line a cause in LOG_REPEAT_MS. The next line says how many were
 * left out before it. */
FORMAT_LIKE(3, 4)
void log_repeated(struct log_cause *cause, enum log_level level, const char *format, ...);

/* Say how many lines of `cause` were left out since its last one, if any, and let go of it: before
 * its memory goes. */
void log_forget(struct log_cause *cause);

/* The same for all causes, without letting go: before the process ends. */
void log_finish(void);

/* May a line be written at `now_ms` (monotonic)? If so *suppressed is how many were left out before
 * it, and the count starts again; if not it grows. Pure: the caller holds a lock. */
bool log_cause_take(struct log_cause *cause, uint64_t now_ms, uint64_t *suppressed);

#endif
