/*
 * Frames: the 8-byte header, and finding whole frames in a stream that comes in any pieces.
 */
#ifndef ETWRELAY_FRAME_H
#define ETWRELAY_FRAME_H

#include <etwrelay/status.h>

#include "protocol/wire/reader.h"
#include "protocol/wire/wire.h"
#include "protocol/wire/writer.h"

struct frame {
    uint8_t kind;
    uint8_t flags;
    uint16_t slot;
    const uint8_t *body; /* lent as long as the bytes it was found in; never NULL */
    uint32_t body_size;
};

enum frame_result {
    FRAME_WHOLE,   /* *frame is one whole frame, *used its bytes */
    FRAME_PARTIAL, /* more bytes are needed: *used is how many this frame takes in all, or 8 while
                      its header is not whole; *frame is untouched */
    FRAME_OVERSIZE /* the body length is over WIRE_BODY_MAX_BYTES: end the connection */
};

/* Look at the first frame in `bytes` (may be NULL when `size` is 0). Copies nothing. */
enum frame_result frame_find(const uint8_t *bytes, size_t size, struct frame *frame, size_t *used);

/* The header alone; the caller puts `body_size` bytes behind it. */
void frame_put_header(struct writer *writer, uint8_t kind, uint8_t flags, uint16_t slot,
                      uint32_t body_size);

/* The header of a frame which is put here in full: fails, and puts nothing at all, unless the body
 * keeps the limit and has room too. So a writer never holds half a frame. */
bool frame_begin(struct writer *writer, uint8_t kind, uint8_t flags, uint16_t slot,
                 size_t body_size);

#endif
