/*
 * What the two forms of `etwrelay send` share.
 */
#ifndef ETWRELAY_TOOL_SEND_H
#define ETWRELAY_TOOL_SEND_H

#include <stdbool.h>

#include "client/tool/progress.h"
#include "client/tool/provider_table.h"

/* From good to bad. All but the first were said on stderr. */
enum send_result {
    SEND_OK,       /* handed over, or counted as not enabled or lost */
    SEND_REFUSED,  /* this event cannot be sent; the next one may */
    SEND_NO_INPUT, /* the input cannot be read further; what was sent is still to be settled */
    SEND_STUCK     /* nothing more can be sent or settled */
};

struct sender {
    struct etwr_event *event; /* builder */
    struct provider_table table;
    struct progress progress;
    uint32_t timeout_ms;
};

/* Write sender->event to the provider that `target` names. `where` starts the message of an event
 * that is refused. */
enum send_result sender_write(struct sender *sender, const struct event_json *target,
                              const char *where);

/* One event a line out of `file`, which is called `name` in messages, until its end or, unless
 * keep_going, the first bad line. Returns the worst that happened. */
enum send_result send_lines(struct sender *sender, int file, const char *name, bool keep_going);

#endif
