/*
 * Schemas: event metadata that came from outside, walked, rebuilt and turned into a checker for
 * packed values.
 *
 * The relay forwards no metadata that it has not understood. schema_rebuild() reads untrusted
 * metadata through a bounded cursor and declares each field anew in a builder: what comes out is
 * canonical, and within all limits of types.h. schema_create() compiles canonical metadata into a
 * compact program which schema_check() runs over each event's values; it accepts exactly the values
 * that decode in full with nothing left over. Both are linear in their input.
 */
#ifndef ETWRELAY_SCHEMA_H
#define ETWRELAY_SCHEMA_H

#include <etwrelay/event.h>

struct schema;

/*
 * Rebuild `metadata` into `event` (reset here with the metadata's name and tag, and with
 * `descriptor`'s level, keyword, id, version, channel, opcode and task). Take the result with
 * etwr_event_encode_template().
 *
 * Refused: sizes that do not agree, names that are not UTF-8 or not ended, unknown in types (0, 16,
 * 26-31), arrays of `binary`, members missing, over 8 structs inside each other within an array of
 * structs, array elements that can take no bytes (T21), and each limit. error_offset (may be NULL):
 * offset in `metadata` of the field that was refused. Returns ETWR_OK; ETWR_E_MALFORMED; or the
 * builder's error.
 */
enum etwr_status schema_rebuild(const void *metadata, size_t size,
                                const struct etwr_descriptor *descriptor, struct etwr_event *event,
                                size_t *error_offset);

/* Compile canonical metadata. The caller owns the schema. ETWR_OK, ETWR_E_MALFORMED,
 * ETWR_E_NO_MEMORY. */
enum etwr_status schema_create(const void *metadata, size_t size, struct schema **schema);
void schema_destroy(struct schema *schema);

/* Does `values` follow the schema, in full and with nothing left over? Allocates nothing. ETWR_OK
 * or ETWR_E_BAD_VALUE. */
enum etwr_status schema_check(const struct schema *schema, const void *values, size_t size);

/* Is a top-level field of this name in the metadata? (The relay refuses clients' own `etwrelay`.)
 */
enum etwr_status schema_has_field(const void *metadata, size_t size, const char *name, int *found);

/* Bytes of memory that the schema holds, for quotas. */
size_t schema_memory_bytes(const struct schema *schema);

#endif
