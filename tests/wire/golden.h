/*
 * Golden frames: tests/wire/golden/NAME.hex holds one whole frame as commented hex. What the
 * decoder must take, the encoder must make, byte for byte.
 */
#ifndef ETWRELAY_TESTS_GOLDEN_H
#define ETWRELAY_TESTS_GOLDEN_H

#include "protocol/wire/frame.h"

#define GOLDEN_MAX_BYTES 4096

struct golden {
    uint8_t bytes[GOLDEN_MAX_BYTES];
    size_t size;
    struct frame frame; /* in `bytes` */
};

/* Every file in tests/wire/golden. */
extern const char *const golden_names[];
extern const size_t golden_count;

/* Append the bytes of one line of commented hex; false: it holds something else. */
bool hex_parse_line(const char *line, uint8_t *bytes, size_t capacity, size_t *size);

/* Fails the test when the file is not there or not one whole frame. */
void golden_load(const char *name, struct golden *golden);

/* One request or reply, read and thrown away. */
typedef enum etwr_status (*golden_read)(const struct frame *frame);
/* One request or reply, put. */
typedef void (*golden_put)(struct writer *writer);

/*
 * The body cut short at every byte, and with one byte too many, must be malformed; but for bodies
 * whose last field runs to the end (whole from `open_from` bytes, SIZE_MAX for none), and for the
 * one shorter size `also_whole` (SIZE_MAX for none) at which a HELLO has no items.
 */
void golden_check_sizes(const struct golden *golden, golden_read read, size_t open_from,
                        size_t also_whole);

/* A flag that is not in `known`, and a slot where there is none or none where there is one. */
void golden_check_header(const struct golden *golden, golden_read read, uint8_t known_flags,
                         bool slot_optional);

/* `put` makes the golden bytes, and with any smaller capacity nothing at all. */
void golden_check_put(const struct golden *golden, golden_put put);

#endif
