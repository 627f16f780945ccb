/*
 * Origin: who sent an event, stamped by the service as a last field `etwrelay`.
 *
 * ETW's own header shows the relay's process and time, so an event would not say where it comes
 * from. The struct's members are the same for all events of a config, in the order of enum
 * config_origin: it is declared once in a schema (origin_declare) and packed for each event into
 * caller's memory (origin_pack), without allocation. pid, user and package are attested by the
 * system; tid, time, claimed_pid and image are the client's word. Where a limit would be passed the
 * event goes unstamped, and the caller counts it. Threads: any.
 */
#ifndef ETWRELAY_ORIGIN_H
#define ETWRELAY_ORIGIN_H

#include <stdbool.h>

#include <etwrelay/event.h>

#include "service/config/config.h"

#define ORIGIN_FIELD_NAME "etwrelay"

#define ORIGIN_TEXT_MAX_BYTES                                                                      \
    1024 /* of user, package and image each; longer ones are cut short                             \
          */
#define ORIGIN_MAX_BYTES (4 + 4 + 8 + 8 + 4 + 3 * (2 + ORIGIN_TEXT_MAX_BYTES))

struct origin_values {
    uint32_t pid; /* of the process that opened the connection */
    uint32_t tid;
    uint64_t time; /* FILETIME */
    uint64_t sequence;
    uint32_t claimed_pid;
    struct etwr_bytes user, package, image; /* UTF-8; borrowed */
};

/*
 * Declare the struct as the last field of `event`, whose template schema_rebuild() made.
 * @param fields  set of enum config_origin; 0: nothing is declared.
 * Returns ETWR_OK, or the builder's error when the event has no room for it (too many fields, too
 * much metadata): the builder keeps it, so rebuild the schema and leave it unstamped.
 */
enum etwr_status origin_declare(unsigned fields, struct etwr_event *event);

/* Bytes that origin_pack() will put for these values. */
size_t origin_size(unsigned fields, const struct origin_values *values);

/* Pack the values of the declared struct. Returns the bytes put; 0, nothing put, when `capacity` is
 * too small (ORIGIN_MAX_BYTES always suffices) or `fields` is 0. */
size_t origin_pack(unsigned fields, const struct origin_values *values, void *buffer,
                   size_t capacity);

/* Does an ETW record which takes `record_bytes` without its origin values still hold them? */
static inline bool origin_fits(size_t record_bytes, size_t origin_bytes)
{
    return record_bytes <= ETWR_RECORD_MAX_BYTES &&
           origin_bytes <= ETWR_RECORD_MAX_BYTES - record_bytes;
}

#endif
