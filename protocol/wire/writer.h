/*
 * The bounded pen: puts little-endian fields into caller's memory; a put that would pass the end sets `failed`, writes
 * nothing, and so do all puts after it.
 */
#ifndef ETWRELAY_WRITER_H
#define ETWRELAY_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct writer {
    uint8_t *start;
    uint8_t *at;
    uint8_t *end;
    bool failed;
};

void writer_init(struct writer *writer, void *bytes, size_t capacity);
static inline size_t writer_size(const struct writer *writer) { return (size_t)(writer->at - writer->start); }
void put_u8(struct writer *writer, uint8_t value);
void put_u16(struct writer *writer, uint16_t value);
void put_u32(struct writer *writer, uint32_t value);
void put_u64(struct writer *writer, uint64_t value);
void put_bytes(struct writer *writer, const void *bytes, size_t size);
void put_zeros(struct writer *writer, size_t size);

#endif
