/*
 * A client in the world: what it says is gathered, sent in any pieces, and what it hears is held
 * against what it said.
 */
#ifndef ETWRELAY_TESTS_FUZZ_WORLD_CLIENT_H
#define ETWRELAY_TESTS_FUZZ_WORLD_CLIENT_H

#include "protocol/wire/request.h"
#include "tests/fuzz/fuzz.h"

#define WORLD_OUT_BYTES ((size_t)256 * 1024)
#define WORLD_IN_BYTES  ((size_t)512 * 1024)

struct world_client {
    int fd;       /* -1: not connected */
    bool is_over; /* the service has closed it */
    bool is_odd;  /* said something that no library would say: its numbers are not checked */
    uint8_t *out;
    size_t out_size;
    uint8_t *in;
    size_t in_size;
    uint64_t first_sequence;
    uint64_t events, lost; /* said */
    uint64_t settled;      /* highest sequence acknowledged */
    uint64_t acked;        /* events acknowledged, by whatever outcome */
    uint64_t flushes_asked, flushed;
};

void world_client_init(struct world_client *client);
void world_client_clear(struct world_client *client);
/* The service's end of a new connection. */
int world_client_connect(struct world_client *client);
void world_client_close(struct world_client *client);
/* Say one thing; `reader` picks what. */
void world_client_say(struct world_client *client, struct reader *reader);
void world_client_say_hello(struct world_client *client, uint64_t first_sequence);
/* Provider, schema and an event, as every real client begins. */
void world_client_say_usual(struct world_client *client);
/* Send at most so much of what was said. */
void world_client_send(struct world_client *client, size_t max_bytes);
/* Hear what there is; an answer that breaks the protocol ends the process. */
void world_client_hear(struct world_client *client);

#endif
