/*
 * Replies, service to client; conventions as in request.h.
 *
 * A client must live with a newer service that grew: unknown items of WELCOME and REFUSED are
 * skipped, and reasons that it does not know are kept as numbers.
 */
#ifndef ETWRELAY_REPLY_H
#define ETWRELAY_REPLY_H

#include <etwrelay/types.h>

#include "protocol/wire/frame.h"

struct reply_welcome {
    uint16_t version;
    uint32_t features;
    uint32_t body_max_bytes;
    uint32_t schemas_max;
    uint32_t providers_max;
};

struct reply_refused {
    uint8_t reason;         /* ETWR_REASON_* from 64 */
    struct etwr_bytes text; /* UTF-8, for people */
};

struct reply_provider_state {
    uint16_t slot;
    uint32_t generation;
    uint8_t result;     /* 0, or the reason for which the provider was refused (1 to 63: its events
                           will be dropped with it) */
    uint8_t control;    /* enum wire_control */
    uint8_t level;      /* normalised: 255 for a listener's 0; meaningless while disabled */
    uint64_t match_any; /* normalised: all ones for a listener's 0 */
    uint64_t match_all;
};

/* Counters of everything settled on this connection up to and including `sequence`; cumulative. */
struct reply_ack {
    uint64_t sequence; /* highest settled; first_sequence - 1 while nothing is */
    uint64_t written;
    uint64_t not_enabled;
    size_t dropped_count;
    struct {
        uint8_t reason; /* 1 to 63, each once, in rising order */
        uint64_t count;
    } dropped[WIRE_REASONS_MAX];
};

struct reply_error {
    uint64_t sequence; /* the event it is about, or the next one expected */
    uint8_t reason;    /* not 0 */
    struct etwr_bytes text;
};

struct reply_status {
    uint64_t cookie;
    bool last;
    struct etwr_bytes json; /* a piece of UTF-8 text: pieces are joined in order */
};

/* The longest piece of text that one STATUS_REPLY takes. */
#define REPLY_STATUS_PIECE_MAX_BYTES (WIRE_BODY_MAX_BYTES - 8)

enum etwr_status reply_read_welcome(const struct frame *frame, struct reply_welcome *welcome);
enum etwr_status reply_read_refused(const struct frame *frame, struct reply_refused *refused);
enum etwr_status reply_read_provider_state(const struct frame *frame,
                                           struct reply_provider_state *state);
enum etwr_status reply_read_ack(const struct frame *frame, struct reply_ack *ack);
enum etwr_status reply_read_flushed(const struct frame *frame, uint64_t *cookie);
enum etwr_status reply_read_error(const struct frame *frame, struct reply_error *error);
enum etwr_status reply_read_status(const struct frame *frame, struct reply_status *status);

void reply_put_welcome(struct writer *writer, const struct reply_welcome *welcome);
void reply_put_refused(struct writer *writer, const struct reply_refused *refused);
void reply_put_provider_state(struct writer *writer, const struct reply_provider_state *state);
void reply_put_ack(struct writer *writer, const struct reply_ack *ack);
void reply_put_flushed(struct writer *writer, uint64_t cookie);
void reply_put_error(struct writer *writer, const struct reply_error *error);
void reply_put_status(struct writer *writer, const struct reply_status *status);

#endif
