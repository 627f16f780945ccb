/*
 * The bounded pen: puts little-endian fields into caller's memory; a put that would pass the end
 * sets `failed`, writes nothing, and so do all puts after it.
 */
#ifndef ETWRELAY_WRITER_H
#define ETWRELAY_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <etwrelay/types.h>

struct writer {
    uint8_t *start;
    uint8_t *at;
    uint8_t *end;
    bool failed;
};

/* Borrows `bytes` until the last put; not NULL. */
static inline void writer_init(struct writer *writer, void *bytes, size_t capacity)
{
    writer->start = bytes;
    writer->at = writer->start;
    writer->end = writer->start + capacity;
    writer->failed = false;
}

/* Bytes put so far. */
static inline size_t writer_size(const struct writer *writer)
{
    return (size_t)(writer->at - writer->start);
}

static inline size_t writer_left(const struct writer *writer)
{
    return (size_t)(writer->end - writer->at);
}

/* Room for `size` bytes, passed over: the caller fills it. NULL on failure. */
static inline uint8_t *put_room(struct writer *writer, size_t size)
{
    uint8_t *room = writer->at;

    if (writer->failed || size > writer_left(writer)) {
        writer->failed = true;
        return NULL;
    }
    writer->at += size;
    return room;
}

static inline void put_u8(struct writer *writer, uint8_t value)
{
    uint8_t *b = put_room(writer, 1);

    if (b) b[0] = value;
}

static inline void put_u16(struct writer *writer, uint16_t value)
{
    uint8_t *b = put_room(writer, 2);

    if (!b) return;
    b[0] = (uint8_t)value;
    b[1] = (uint8_t)(value >> 8);
}

static inline void put_u32(struct writer *writer, uint32_t value)
{
    uint8_t *b = put_room(writer, 4);

    if (!b) return;
    b[0] = (uint8_t)value;
    b[1] = (uint8_t)(value >> 8);
    b[2] = (uint8_t)(value >> 16);
    b[3] = (uint8_t)(value >> 24);
}

static inline void put_u64(struct writer *writer, uint64_t value)
{
    uint8_t *b = put_room(writer, 8);

    if (!b) return;
    b[0] = (uint8_t)value;
    b[1] = (uint8_t)(value >> 8);
    b[2] = (uint8_t)(value >> 16);
    b[3] = (uint8_t)(value >> 24);
    b[4] = (uint8_t)(value >> 32);
    b[5] = (uint8_t)(value >> 40);
    b[6] = (uint8_t)(value >> 48);
    b[7] = (uint8_t)(value >> 56);
}

/* `bytes` may be NULL when `size` is 0. */
static inline void put_bytes(struct writer *writer, const void *bytes, size_t size)
{
    uint8_t *b = put_room(writer, size);

    if (b && size > 0) memcpy(b, bytes, size);
}

void put_zeros(struct writer *writer, size_t size);

/* A u16 byte count and the bytes; fails when they are more than `max_bytes` or 65,535. */
void put_text(struct writer *writer, struct etwr_bytes text, size_t max_bytes);

#endif
