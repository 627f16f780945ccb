/*
 * Where a client connects: the option; a stream that a broker left open (ETWRELAY_FD,
 * ETWRELAY_HANDLE); ETWRELAY_PIPE; the user's own service if it is there; the system's.
 */
#ifndef ETWRELAY_CLIENT_ENDPOINT_H
#define ETWRELAY_CLIENT_ENDPOINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <etwrelay/status.h>

#include "client/transport.h"

enum endpoint_kind {
    ENDPOINT_PATH,   /* named by the option or ETWRELAY_PIPE: taken as it is */
    ENDPOINT_HANDLE, /* `handle` is a stream to adopt */
    ENDPOINT_SEARCH  /* the user's own or the system's, looked for at each attempt */
};

struct endpoint {
    enum endpoint_kind kind;
    char path[TRANSPORT_PATH_ROOM_BYTES]; /* once it is known, or was tried */
    intptr_t handle;
};

/*
 * Choose by option (NULL: none) and environment. ETWR_OK, or ETWR_E_INVALID_ARGUMENT: a path that
 * is not valid, or ETWRELAY_FD is not a number. A variable that is empty counts as not set.
 */
enum etwr_status endpoint_choose(const char *pipe, struct endpoint *endpoint);
/* The same for whoever must open a stream of its own: an open one is passed over. */
enum etwr_status endpoint_choose_path(const char *pipe, struct endpoint *endpoint);

/*
 * The handle of the environment can be adopted once in a process: true for the first who asks, and
 * endpoint_choose() then passes the variable over. endpoint_return_handle() takes it back, when the
 * adoption failed.
 */
bool endpoint_take_handle(void);
void endpoint_return_handle(void);

/*
 * One attempt, at a path that was named or that is found now; endpoint->path is the last one tried.
 * On failure `text` says of each what was wrong. Results as stream_connect().
 */
enum etwr_status endpoint_connect(struct endpoint *endpoint, struct stream **stream, char *text,
                                  size_t capacity);

#endif
