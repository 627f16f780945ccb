/*
 * A client made of bare frames, for saying to a real service what no library would say.
 *
 * What is to be sent is gathered in `out` (frames.h) and sent with raw_send(). Every wait has a
 * deadline and fails the test when it passes.
 */
#ifndef ETWRELAY_TESTS_RAW_CLIENT_H
#define ETWRELAY_TESTS_RAW_CLIENT_H

#include <stdbool.h>

#include "protocol/wire/reply.h"
#include "protocol/wire/request.h"
#include "tests/support/frames.h"

struct raw_client {
    intptr_t link;
    struct frames out;       /* gathered */
    uint8_t *in;             /* received */
    size_t in_size, in_used; /* used: of the frame that was read last */
    struct reply_ack ack;    /* the newest */
    bool has_ack;
};

void raw_connect(struct raw_client *client, const char *path);
/* The same, with what every client says first gathered: HELLO, a provider in slot 1, its schema. */
void raw_join(struct raw_client *client, const char *path, const char *provider);
void raw_close(struct raw_client *client);

/* Send what was gathered. False: the service has closed its end. */
bool raw_send(struct raw_client *client);
/* Send the first `size` bytes of it; the rest stays gathered. */
bool raw_send_some(struct raw_client *client, size_t size);

/* The next frame of this kind, others are passed over (an ACK is kept). False: the connection ended
 * first. */
bool raw_skip_to(struct raw_client *client, uint8_t kind, struct frame *frame);
/* Flush with a cookie of its own and wait for the answer; client->ack is then of all before it. */
void raw_settle(struct raw_client *client);
/* The reason in the REFUSED or ERROR with which the service ends the connection, which must follow.
 */
enum etwr_reason raw_end_reason(struct raw_client *client);
/* Send what is gathered, and see the connection end for this reason. Closes. */
void raw_expect_end(struct raw_client *client, enum etwr_reason expected);
/* The next PROVIDER_STATE. */
struct reply_provider_state raw_next_state(struct raw_client *client);
/* Events of the newest ACK that were dropped for this reason. */
uint64_t raw_dropped(const struct raw_client *client, enum etwr_reason reason);

#endif
