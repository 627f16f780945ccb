/*
 * The service's side of the protocol, played by the test's own thread: it accepts, reads frames and
 * answers exactly when the script says so. Every read has a deadline and fails the test when it
 * passes.
 */
#ifndef ETWRELAY_TESTS_FAKE_SERVICE_H
#define ETWRELAY_TESTS_FAKE_SERVICE_H

#include <stdbool.h>

#include "protocol/wire/reply.h"
#include "protocol/wire/request.h"
#include "tests/support/fake_link.h"

struct fake_service {
    char path[FAKE_PATH_BYTES];
    intptr_t listener; /* -1: not listening */
    intptr_t link;     /* the connection; -1: none */
    uint8_t *bytes;    /* received */
    size_t size;       /* of these */
    size_t used;       /* of the frame that was read last */

    /* What the frames so far add up to. */
    uint64_t sequence; /* the next event's */
    uint64_t event_count;
    uint64_t lost_count;
    uint64_t lost_by_reason[ETWR_REASON_DROP_COUNT];
};

/* It listens at a path of its own. */
void fake_service_init(struct fake_service *service);
void fake_service_clear(struct fake_service *service);
void fake_listen(struct fake_service *service);
void fake_stop_listening(struct fake_service *service);
/* Play the service over one end of a connection; returns the other end. */
intptr_t fake_service_init_pair(struct fake_service *service);

void fake_accept(struct fake_service *service);
/* Read HELLO and keep its first sequence. */
void fake_read_hello(struct fake_service *service, struct request_hello *hello);
/* accept, HELLO, WELCOME */
void fake_welcome(struct fake_service *service);
void fake_close(struct fake_service *service);
/* Is there a connection to accept within the time? */
bool fake_is_called(struct fake_service *service, int timeout_ms);
/* Has the client closed its end, once everything it sent is read? Waits for it. */
bool fake_is_closed(struct fake_service *service);

/* The next frame; its body is good until the next read. */
struct frame fake_read(struct fake_service *service);
/* Is there a whole frame already, or within the time? */
bool fake_has_frame(struct fake_service *service, int timeout_ms);
/* The next frame, which must be of this kind. Numbers are kept for EVENT and LOST. */
struct frame fake_expect(struct fake_service *service, uint8_t kind);
/* Pass over frames up to one of this kind; events and losses are counted. */
struct frame fake_skip_to(struct fake_service *service, uint8_t kind);

void fake_send(struct fake_service *service, const void *bytes, size_t size);
void fake_send_state(struct fake_service *service, const struct reply_provider_state *state);
/* The answer to PROVIDER_OPEN: enabled for this level and these keywords. */
void fake_enable(struct fake_service *service, const struct frame *open, uint8_t level,
                 uint64_t any, uint64_t all);
void fake_refuse_provider(struct fake_service *service, const struct frame *open, uint8_t reason);
void fake_send_refused(struct fake_service *service, uint8_t reason, const char *text);
/* Everything up to and including `sequence`: so many written, not enabled, dropped for `reason`. */
void fake_ack(struct fake_service *service, uint64_t sequence, uint64_t written,
              uint64_t not_enabled, uint8_t reason, uint64_t dropped);
void fake_flushed(struct fake_service *service, uint64_t cookie);

#endif
