/*
 * Requests, client to service: one struct a frame kind, read from a body and put as a whole frame.
 *
 * request_read_*: body to struct, written on success only; pointers in the struct are lent as long
 * as the body. Returns ETWR_OK or ETWR_E_MALFORMED (too short, left-over bytes, name not UTF-8 or
 * too long, flag unknown, slot 0 where one is needed or set where none is); request_refusal() then
 * says with which reason the connection ends. Unknown items of HELLO are skipped.
 * request_put_*: a whole frame, header included; the writer fails, and holds nothing of it, when
 * there is no room or the struct breaks a limit.
 */
#ifndef ETWRELAY_REQUEST_H
#define ETWRELAY_REQUEST_H

#include <etwrelay/types.h>

#include "protocol/wire/frame.h"

struct request_in_doubt {
    uint64_t first;
    uint64_t count;
};

#define REQUEST_IN_DOUBT_MAX WIRE_IN_DOUBT_MAX

struct request_hello {
    uint16_t version_lowest;
    uint16_t version_highest;
    uint32_t features; /* none exist in version 1: 0 is sent, all ignored */
    uint32_t claimed_pid;
    uint8_t instance[WIRE_INSTANCE_BYTES];
    uint64_t first_sequence; /* of the first event on this connection; sequences start at 1 */
    struct etwr_bytes image; /* process image name, UTF-8, a label only; may be empty */
    /* Of earlier connections, not yet reported; all below first_sequence. */
    struct request_in_doubt in_doubt[REQUEST_IN_DOUBT_MAX];
    size_t in_doubt_count;
};

struct request_provider_open {
    uint16_t slot; /* 1 to 65,535, from the frame header */
    uint32_t generation;
    struct etwr_bytes name; /* UTF-8, 1 to WIRE_NAME_MAX_BYTES, no NUL */
    bool has_id, has_group;
    struct etwr_guid id, group;
};

struct request_schema {
    uint16_t slot;
    uint32_t schema_id;
    struct etwr_descriptor descriptor;
    struct etwr_bytes metadata; /* untrusted: schema_rebuild() */
};

struct request_event {
    uint16_t slot;
    uint32_t schema_id;
    uint64_t time; /* FILETIME by the client's clock */
    uint32_t thread_id;
    const struct etwr_guid *activity_id;         /* into the body; NULL for none */
    const struct etwr_guid *related_activity_id; /* into the body; NULL for none */
    struct etwr_bytes values;
};

struct request_lost {
    uint16_t slot;  /* 0: before any provider was known */
    uint64_t count; /* 1 to WIRE_SEQUENCE_MAX; the sum is the session's to check */
    uint8_t reason; /* ETWR_REASON_*, 1 to 63; others are malformed */
};

enum etwr_status request_read_hello(const struct frame *frame, struct request_hello *hello);
enum etwr_status request_read_provider_open(const struct frame *frame,
                                            struct request_provider_open *open);
enum etwr_status request_read_provider_close(const struct frame *frame, uint16_t *slot);
enum etwr_status request_read_schema(const struct frame *frame, struct request_schema *schema);
enum etwr_status request_read_event(const struct frame *frame, struct request_event *event);
enum etwr_status request_read_lost(const struct frame *frame, struct request_lost *lost);
enum etwr_status request_read_flush(const struct frame *frame, uint64_t *cookie);
enum etwr_status request_read_status(const struct frame *frame, uint64_t *cookie);

/* Why a frame that no request_read_* took ends its connection: ETWR_REASON_UNKNOWN_KIND (not a
 * kind that clients send, or an unknown flag), ETWR_REASON_BAD_MAGIC (HELLO), else
 * ETWR_REASON_MALFORMED. Kinds from WIRE_KIND_SKIPPABLE are not refused but skipped. */
enum etwr_reason request_refusal(const struct frame *frame);

void request_put_hello(struct writer *writer, const struct request_hello *hello);
void request_put_provider_open(struct writer *writer, const struct request_provider_open *open);
void request_put_provider_close(struct writer *writer, uint16_t slot);
void request_put_schema(struct writer *writer, const struct request_schema *schema);
void request_put_event(struct writer *writer, const struct request_event *event);
void request_put_lost(struct writer *writer, const struct request_lost *lost);
void request_put_flush(struct writer *writer, uint64_t cookie);
void request_put_status(struct writer *writer, uint64_t cookie);

/* EVENT_DESCRIPTOR as 16 bytes in ETW's order, here and in files. */
void put_descriptor(struct writer *writer, const struct etwr_descriptor *descriptor);
struct etwr_descriptor read_descriptor(struct reader *reader);

#endif
