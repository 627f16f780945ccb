/*
 * Descriptors that a forked child must not keep: it would hold its parent's connection open after
 * the parent has gone. Used by transport_unix.c only.
 */
#ifndef ETWRELAY_CLIENT_FORK_UNIX_H
#define ETWRELAY_CLIENT_FORK_UNIX_H

/* Embedded in whatever owns the descriptor. */
struct fork_guard {
    int fd;
    struct fork_guard *next;
    struct fork_guard *previous;
};

/* From now on a child closes `fd`. */
void fork_guard_add(struct fork_guard *guard, int fd);
/* Not any more: call it before the descriptor is closed, so that no child closes a number that
 * means something else by then. */
void fork_guard_remove(struct fork_guard *guard);

#endif
