/*
 * Where a client connects: the option; a stream that a broker left open (ETWRELAY_FD);
 * ETWRELAY_PIPE; the user's own socket if it is there; the system's.
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
    char path[TRANSPORT_PATH_MAX_BYTES + 1];
    intptr_t handle;
};

/*
 * Choose by option (NULL: none) and environment. ETWR_OK, or ETWR_E_INVALID_ARGUMENT: a path that
 * is empty or too long, or ETWRELAY_FD is not a number. A variable that is empty counts as not set.
 */
enum etwr_status endpoint_choose(const char *pipe, struct endpoint *endpoint);

/*
 * The handle of the environment can be adopted once in a process: true for the first who asks, and
 * endpoint_choose() then passes the variable over. endpoint_return_handle() takes it back, when the
 * adoption failed.
 */
bool endpoint_take_handle(void);
void endpoint_return_handle(void);

/*
 * The path to try now, into endpoint->path. False, with the reason in `text`: it may not be trusted
 * for where it lies. (A path that somebody named is trusted by being named.)
 */
bool endpoint_find_path(struct endpoint *endpoint, char *text, size_t capacity);

#endif
