/*
 * Frames for a service, gathered one behind the other until somebody sends them: whole ones, and
 * any bytes that a test wants to be there instead. A frame that has no room fails the test.
 */
#ifndef ETWRELAY_TESTS_FRAMES_H
#define ETWRELAY_TESTS_FRAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FRAMES_SCHEMA 1 /* the id that frames_schema() announces: one uint32 field "n" */

struct frames {
    uint8_t *bytes;
    size_t size, capacity;
};

/* Memory only. False: there is none. */
bool frames_init(struct frames *frames, size_t capacity);
void frames_clear(struct frames *frames);
/* The first `size` bytes have left. */
void frames_remove(struct frames *frames, size_t size);

void frames_bytes(struct frames *frames, const void *bytes, size_t size);
void frames_frame(struct frames *frames, uint8_t kind, uint8_t flags, uint16_t slot,
                  const void *body, size_t size);
void frames_hello(struct frames *frames, uint64_t first_sequence); /* in this process's name */
void frames_open(struct frames *frames, uint16_t slot, const char *name);
void frames_schema(struct frames *frames, uint16_t slot);
void frames_metadata(struct frames *frames, uint16_t slot, uint32_t schema_id, const void *metadata,
                     size_t size);
void frames_event(struct frames *frames, uint16_t slot, uint32_t schema_id, const void *values,
                  size_t size);
void frames_number(struct frames *frames, uint16_t slot, uint32_t n); /* of FRAMES_SCHEMA */
void frames_lost(struct frames *frames, uint16_t slot, uint64_t count, uint8_t reason);
void frames_flush(struct frames *frames, uint64_t cookie);
void frames_status(struct frames *frames, uint64_t cookie);

#endif
