/*
 * Windows' Event Log, source `etwrelay`, log Application: what an operator is to find there.
 *
 * The message table is in the program's resources; `install` names the program as the source's
 * message file. Numbers stay as they are: people filter by them.
 */
#ifndef ETWRELAY_EVENT_LOG_WIN_H
#define ETWRELAY_EVENT_LOG_WIN_H

#include "service/support/log.h"

#define EVENT_LOG_SOURCE L"etwrelay"

enum event_log_entry { /* messages.mc has the same numbers */
                       EVENT_LOG_STARTED = 1,
                       EVENT_LOG_STOPPED = 2, /* with the last counters */
                       EVENT_LOG_WARNING = 3,
                       EVENT_LOG_ERROR = 4,
                       EVENT_LOG_CONFIG_ERROR = 5,
                       EVENT_LOG_PIPE_REFUSED = 6,
                       EVENT_LOG_START_REFUSED = 7,
};

/* `text` is UTF-8. Threads: any. What the log does not take is lost: there is nowhere to say so. */
void event_log_write(enum event_log_entry entry, const char *text);

/* A line of our own log, when it is a warning or an error. */
void event_log_on_line(enum log_level level, const char *text);

#endif
