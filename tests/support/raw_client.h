/*
 * A client made of bare frames, for saying to a real service what no library would say.
 *
 * What is to be sent is gathered in a buffer (raw_hello() and so on, or any bytes) and sent with
 * raw_send(). Every wait has a deadline and fails the test when it passes.
 */
#ifndef ETWRELAY_TESTS_RAW_CLIENT_H
#define ETWRELAY_TESTS_RAW_CLIENT_H

#include <stdbool.h>

#include "protocol/wire/reply.h"
#include "protocol/wire/request.h"

#define RAW_SCHEMA 1 /* the id that raw_schema() announces: one uint32 field "n" */

struct raw_client {
    intptr_t link;
    uint8_t *out; /* gathered */
    size_t out_size;
    uint8_t *in;             /* received */
    size_t in_size, in_used; /* used: of the frame that was read last */
    struct reply_ack ack;    /* the newest */
    bool has_ack;
};

void raw_connect(struct raw_client *client, const char *path);
void raw_close(struct raw_client *client);

/* Gather. */
void raw_bytes(struct raw_client *client, const void *bytes, size_t size);
void raw_frame(struct raw_client *client, uint8_t kind, uint8_t flags, uint16_t slot,
               const void *body, size_t size);
void raw_hello(struct raw_client *client, uint64_t first_sequence);
void raw_open(struct raw_client *client, uint16_t slot, const char *name);
void raw_schema(struct raw_client *client, uint16_t slot);
void raw_metadata(struct raw_client *client, uint16_t slot, uint32_t schema_id,
                  const void *metadata, size_t size);
void raw_event(struct raw_client *client, uint16_t slot, uint32_t schema_id, const void *values,
               size_t size);
void raw_number(struct raw_client *client, uint16_t slot, uint32_t n); /* of RAW_SCHEMA */
void raw_lost(struct raw_client *client, uint16_t slot, uint64_t count, uint8_t reason);
void raw_flush(struct raw_client *client, uint64_t cookie);

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
/* Events of the newest ACK that were dropped for this reason. */
uint64_t raw_dropped(const struct raw_client *client, enum etwr_reason reason);

#endif
