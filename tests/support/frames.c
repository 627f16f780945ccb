/* See the header. */
#include "tests/support/frames.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "protocol/wire/request.h"

bool frames_init(struct frames *frames, size_t capacity)
{
    *frames = (struct frames){.bytes = malloc(capacity), .capacity = capacity};
    return frames->bytes != NULL;
}

void frames_clear(struct frames *frames)
{
    free(frames->bytes);
    *frames = (struct frames){0};
}

void frames_remove(struct frames *frames, size_t size)
{
    ck_assert_uint_le(size, frames->size);
    frames->size -= size;
    memmove(frames->bytes, frames->bytes + size, frames->size);
}

static struct writer writer_of(const struct frames *frames)
{
    struct writer writer;
    writer_init(&writer, frames->bytes + frames->size, frames->capacity - frames->size);
    return writer;
}

static void keep(struct frames *frames, const struct writer *writer)
{
    ck_assert(!writer->failed);
    frames->size += writer_size(writer);
}

void frames_bytes(struct frames *frames, const void *bytes, size_t size)
{
    struct writer writer = writer_of(frames);
    put_bytes(&writer, bytes, size);
    keep(frames, &writer);
}

void frames_frame(struct frames *frames, uint8_t kind, uint8_t flags, uint16_t slot,
                  const void *body, size_t size)
{
    struct writer writer = writer_of(frames);
    frame_put_header(&writer, kind, flags, slot, (uint32_t)size);
    put_bytes(&writer, body, size);
    keep(frames, &writer);
}

void frames_hello(struct frames *frames, uint64_t first_sequence)
{
    struct writer writer = writer_of(frames);
    const struct request_hello hello = {.version_lowest = WIRE_VERSION,
                                        .version_highest = WIRE_VERSION,
                                        .claimed_pid = (uint32_t)uv_os_getpid(),
                                        .instance = {1, 2, 3},
                                        .first_sequence = first_sequence,
                                        .image = {"frames", 6}};
    request_put_hello(&writer, &hello);
    keep(frames, &writer);
}

void frames_open(struct frames *frames, uint16_t slot, const char *name)
{
    struct writer writer = writer_of(frames);
    const struct request_provider_open open = {
        .slot = slot, .generation = slot, .name = {name, strlen(name)}};
    request_put_provider_open(&writer, &open);
    keep(frames, &writer);
}

void frames_metadata(struct frames *frames, uint16_t slot, uint32_t schema_id, const void *metadata,
                     size_t size)
{
    struct writer writer = writer_of(frames);
    const struct request_schema schema = {.slot = slot,
                                          .schema_id = schema_id,
                                          .descriptor = {.channel = 11, .level = 5, .keyword = 1},
                                          .metadata = {metadata, size}};
    request_put_schema(&writer, &schema);
    keep(frames, &writer);
}

void frames_schema(struct frames *frames, uint16_t slot)
{
    static const uint8_t metadata[] = {13, 0, 0, 'N', 'u', 'm', 'b', 'e', 'r', 0, 'n', 0, 8};
    frames_metadata(frames, slot, FRAMES_SCHEMA, metadata, sizeof metadata);
}

void frames_event(struct frames *frames, uint16_t slot, uint32_t schema_id, const void *values,
                  size_t size)
{
    struct writer writer = writer_of(frames);
    const struct request_event event = {.slot = slot,
                                        .schema_id = schema_id,
                                        .time = 134000000000000000u,
                                        .thread_id = 7,
                                        .values = {values, size}};
    request_put_event(&writer, &event);
    keep(frames, &writer);
}

void frames_number(struct frames *frames, uint16_t slot, uint32_t n)
{
    const uint8_t values[4] = {(uint8_t)n, (uint8_t)(n >> 8), (uint8_t)(n >> 16),
                               (uint8_t)(n >> 24)};
    frames_event(frames, slot, FRAMES_SCHEMA, values, sizeof values);
}

void frames_lost(struct frames *frames, uint16_t slot, uint64_t count, uint8_t reason)
{
    struct writer writer = writer_of(frames);
    const struct request_lost lost = {slot, count, reason};
    request_put_lost(&writer, &lost);
    keep(frames, &writer);
}

void frames_flush(struct frames *frames, uint64_t cookie)
{
    struct writer writer = writer_of(frames);
    request_put_flush(&writer, cookie);
    keep(frames, &writer);
}

void frames_status(struct frames *frames, uint64_t cookie)
{
    struct writer writer = writer_of(frames);
    request_put_status(&writer, cookie);
    keep(frames, &writer);
}
