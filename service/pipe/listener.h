/*
 * The acceptor: yields connected pipes and who opened them, on the loop that it was opened on.
 *
 * One file a platform, each thin: no policy in here. What goes wrong in an accept is counted and
 * waited out; a flood that takes all descriptors costs the flooders their connections and everybody
 * else a moment.
 */
#ifndef ETWRELAY_LISTENER_H
#define ETWRELAY_LISTENER_H

#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include <etwrelay/status.h>

#include "service/config/config.h"
#include "service/pipe/peer.h"

#define LISTENER_MESSAGE_BYTES 512

struct listener;

/* `handle` is the callee's from now on. `peer` is lent; NULL when the system would not say who it
 * is. LISTENER_SHED instead of a handle: connections had to be closed, because the process has no
 * descriptor left for them. */
#define LISTENER_SHED ((intptr_t)-1)
typedef void (*listener_callback)(void *context, intptr_t handle, const struct peer *peer);

struct listener_counters {
    uint64_t accepted;
    uint64_t shed;   /* closed at once: no descriptor left */
    uint64_t errors; /* other failures of accept() */
};

struct listener_access {                    /* who may connect */
    uint32_t mode;                          /* Unix: of the socket */
    const struct config_security *security; /* Windows: what its descriptor is made of; borrowed */
    bool is_service;                        /* Windows: the service's SID owns the pipe */
    intptr_t
        passed; /* Unix: a socket that listens already, taken; its path is left alone. 0: none */
};

/*
 * Make the pipe and listen. `path` is copied. `message` says on failure what is wrong, where, and
 * what to do: ETWR_E_INVALID_ARGUMENT (path too long, no folder, a descriptor that would not do),
 * ETWR_E_ACCESS_DENIED (the path is not our own socket, or the folder is not safe; the pipe's name
 * is taken), ETWR_E_LIMIT (another service serves it), ETWR_E_IO, ETWR_E_NO_MEMORY.
 */
enum etwr_status listener_open(uv_loop_t *loop, const char *path,
                               const struct listener_access *access, listener_callback on_accept,
                               void *context, struct listener **listener,
                               char message[LISTENER_MESSAGE_BYTES]);

const struct listener_counters *listener_counters(const struct listener *listener);

/* Before a stop: hand over the connections that were made already and wait to be accepted. */
void listener_accept_waiting(struct listener *listener);

/* Stop accepting, take the path away, free. The memory goes in a callback of the loop, which must
 * run on. */
void listener_close(struct listener *listener);

/* Send a few last bytes to a connection that is not wanted, without waiting, and close it. */
void listener_refuse(intptr_t handle, const void *bytes, size_t size);

/* The pipe when nobody said which one: writes at most `capacity` bytes with the NUL. ETWR_OK,
 * ETWR_E_NOT_FOUND (no place is known for this user), ETWR_E_LIMIT. */
enum etwr_status listener_default_path(bool is_service, char *path, size_t capacity);

/* What to do when connections were shed. */
const char *listener_shed_advice(void);

#endif
