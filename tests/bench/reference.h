/*
 * The reference event that every figure of this project is about: RequestDone, six fields, 65 bytes
 * of values. The same as `etwrelay bench` sends.
 */
#ifndef ETWRELAY_BENCH_REFERENCE_H
#define ETWRELAY_BENCH_REFERENCE_H

#include <etwrelay/client.h>

#define REFERENCE_PROVIDER       "RelayBench"
#define REFERENCE_KEYWORD        0x21
#define REFERENCE_VALUES_BYTES   128 /* room for the values of one */
#define REFERENCE_PATH_MAX_BYTES 4096

/* Reset the builder and add all fields. `count` makes each event's values differ. */
enum etwr_status reference_build(struct etwr_event *builder, uint8_t level, uint32_t count);

/* The values alone, as a prepared event takes them. */
void reference_put(struct etwr_values *values, void *memory, size_t capacity, uint32_t count);

/* As reference_put(), with a path of `path_size` characters, for events of other sizes. */
void reference_put_sized(struct etwr_values *values, void *memory, size_t capacity, uint32_t count,
                         size_t path_size);

#endif
