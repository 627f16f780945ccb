/*
 * Wire protocol 1: the numbers. PROTOCOL.md says what they mean, byte by byte.
 */
#ifndef ETWRELAY_WIRE_H
#define ETWRELAY_WIRE_H

#include <stdint.h>

#define WIRE_MAGIC             0x52575445u /* "ETWR" */
#define WIRE_VERSION           1
#define WIRE_HEADER_BYTES      8
#define WIRE_BODY_MAX_BYTES    65535u
#define WIRE_FRAME_MAX_BYTES   (WIRE_HEADER_BYTES + WIRE_BODY_MAX_BYTES)
#define WIRE_EVENT_FIXED_BYTES 16 /* schema id, time, thread id: before ids and values */
#define WIRE_INSTANCE_BYTES    16
#define WIRE_DESCRIPTOR_BYTES  16
#define WIRE_NAME_MAX_BYTES    1024                /* provider names and process image names */
#define WIRE_TEXT_MAX_BYTES    1024                /* messages in REFUSED and ERROR */
#define WIRE_REASONS_MAX       64                  /* counters in one ACK */
#define WIRE_IN_DOUBT_MAX      16                  /* in-doubt items in one HELLO */
#define WIRE_SEQUENCE_MAX      0x7FFFFFFFFFFFFFFFu /* no event's sequence passes it */
#define WIRE_KIND_SKIPPABLE    0x80                /* unknown kinds from here on are skipped */

enum wire_kind {
    /* client to service */
    WIRE_HELLO = 0x01,
    WIRE_PROVIDER_OPEN = 0x02,
    WIRE_PROVIDER_CLOSE = 0x03,
    WIRE_SCHEMA = 0x04,
    WIRE_EVENT = 0x05,
    WIRE_LOST = 0x06,
    WIRE_FLUSH = 0x07,
    WIRE_STATUS = 0x08,
    WIRE_TAIL = 0x09, /* reserved */
    /* service to client */
    WIRE_WELCOME = 0x41,
    WIRE_REFUSED = 0x42,
    WIRE_PROVIDER_STATE = 0x43,
    WIRE_ACK = 0x44,
    WIRE_FLUSHED = 0x45,
    WIRE_ERROR = 0x46,
    WIRE_STATUS_REPLY = 0x47,
    WIRE_TAIL_EVENT = 0x48 /* reserved */
};

/* Frame flags, by kind. */
#define WIRE_EVENT_HAS_ACTIVITY 0x01
#define WIRE_EVENT_HAS_RELATED  0x02
#define WIRE_OPEN_HAS_ID        0x01
#define WIRE_OPEN_HAS_GROUP     0x02
#define WIRE_STATUS_LAST        0x01 /* STATUS_REPLY: the last piece */

/* Items that may follow HELLO's, WELCOME's and REFUSED's fixed part. */
enum wire_item {
    WIRE_ITEM_IN_DOUBT = 1 /* HELLO: u64 first sequence, u64 count; may be given several times */
};

enum wire_control {
    WIRE_CONTROL_DISABLE = 0,
    WIRE_CONTROL_ENABLE = 1,
    WIRE_CONTROL_CAPTURE_STATE = 2
};

#endif
