/*
 * A client of bare frames that takes what comes: for tests in which the service refuses, breaks, or
 * is killed, and in which there are a thousand of them. (raw_client.h is for one that must get its
 * answers.) Nothing here fails a test or waits without end.
 */
#ifndef ETWRELAY_TESTS_SOCKET_CLIENT_H
#define ETWRELAY_TESTS_SOCKET_CLIENT_H

#include <stdbool.h>

#include "protocol/wire/reply.h"
#include "protocol/wire/request.h"
#include "tests/support/frames.h"

#define SOCKET_CLIENT_OUT_BYTES 131072
#define SOCKET_CLIENT_IN_BYTES  131072

struct socket_client {
    int fd;            /* -1: not connected */
    struct frames out; /* gathered */
    uint8_t *in;
    size_t in_size, in_used; /* used: of the frame that was read last */
    struct reply_ack ack;    /* the newest; all zeros before the first */
    enum etwr_reason end;    /* the reason of a REFUSED or ERROR */
    int patience_ms;         /* for each wait; socket_client_init() sets 20,000 */
};

/* Memory only. False: there is none. */
bool socket_client_init(struct socket_client *client);
void socket_client_clear(struct socket_client *client);

bool socket_client_connect(struct socket_client *client, const char *path);
void socket_client_close(struct socket_client *client);

/* Send all that is gathered. False: the connection is broken, or the service reads no more. */
bool socket_client_send(struct socket_client *client);
/* The next frame of this kind; others are passed over, ACK and the reason of the end are noted.
 * False: the connection ended, or nothing came in time. */
bool socket_client_skip_to(struct socket_client *client, uint8_t kind, struct frame *frame);
/* HELLO, the provider in slot 1, its schema; sent, and welcomed. */
bool socket_client_join(struct socket_client *client, const char *path, const char *provider);
/* Flush, and wait for the answer: client->ack is of all before. */
bool socket_client_settle(struct socket_client *client);
uint64_t socket_client_dropped(const struct socket_client *client);

#endif
