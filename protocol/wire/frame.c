/*
 * First step on the path of received bytes: pieces of a stream become whole frames. The body length
 * is checked as soon as the header is whole, so nobody ever waits for, or makes room for, a frame
 * that would be refused.
 */
#include "protocol/wire/frame.h"

enum frame_result frame_find(const uint8_t *bytes, size_t size, struct frame *frame, size_t *used)
{
    struct reader reader;
    uint32_t body_size;

    *used = WIRE_HEADER_BYTES;
    if (size < WIRE_HEADER_BYTES) return FRAME_PARTIAL;
    reader_init(&reader, bytes, size);
    body_size = read_u32(&reader);
    if (body_size > WIRE_BODY_MAX_BYTES) return FRAME_OVERSIZE;
    *used = WIRE_HEADER_BYTES + (size_t)body_size;
    if (size < *used) return FRAME_PARTIAL;
    frame->kind = read_u8(&reader);
    frame->flags = read_u8(&reader);
    frame->slot = read_u16(&reader);
    frame->body_size = body_size;
    frame->body = read_bytes(&reader, body_size);
    return FRAME_WHOLE;
}

void frame_put_header(struct writer *writer, uint8_t kind, uint8_t flags, uint16_t slot,
                      uint32_t body_size)
{
    if (body_size > WIRE_BODY_MAX_BYTES || writer_left(writer) < WIRE_HEADER_BYTES) {
        writer->failed = true;
        return;
    }
    put_u32(writer, body_size);
    put_u8(writer, kind);
    put_u8(writer, flags);
    put_u16(writer, slot);
}

bool frame_begin(struct writer *writer, uint8_t kind, uint8_t flags, uint16_t slot,
                 size_t body_size)
{
    if (body_size > WIRE_BODY_MAX_BYTES || writer_left(writer) < WIRE_HEADER_BYTES + body_size) {
        writer->failed = true;
        return false;
    }
    frame_put_header(writer, kind, flags, slot, (uint32_t)body_size);
    return !writer->failed;
}
