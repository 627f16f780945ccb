/*
 * Socket activation: a pipe that the service manager opened before it started the service.
 *
 * Clients may connect from then on, also while the service is down: they wait in the socket's
 * queue. One file a platform; only systemd's way of passing descriptors exists.
 */
#ifndef ETWRELAY_ACTIVATION_H
#define ETWRELAY_ACTIVATION_H

#include <stdint.h>

#include <etwrelay/status.h>

#include "service/host/host.h"

#define ACTIVATION_NAME_BYTES 108

struct activation {
    intptr_t handle;                  /* the caller's from now on; 0: nothing was passed */
    char name[ACTIVATION_NAME_BYTES]; /* where it listens, for messages */
};

/*
 * Take what was passed to this process; for once, at the start. Of all descriptors one is kept, a
 * Unix stream socket that listens; the others are closed. With several such sockets it is the one
 * that the manager calls "etwrelay".
 *
 * Returns ETWR_OK, also with nothing passed; ETWR_E_INVALID_ARGUMENT when something was passed but
 * no such socket, or it cannot be said which one: `message` says what to change.
 */
enum etwr_status activation_take(struct activation *activation, char message[HOST_MESSAGE_BYTES]);

#endif
