/*
 * EventBuilder: fields without values, for prepared events, for the members of arrays of structs,
 * and for the service, which rebuilds a client's metadata through these functions and so lets
 * nothing through that an add would refuse.
 */
#include "protocol/tracelogging/builder.h"
#include "protocol/tracelogging/packed.h"

/* Constant arrays say their count, 1 to 65,535 (with 0 an element would take no bytes); nothing
 * else has one. */
bool builder_is_count(unsigned in, size_t count)
{
    if (in_is_constant_array(in)) return count >= 1 && count <= COUNT_MAX;
    return count == 0;
}

enum etwr_status etwr_event_declare(struct etwr_event *event, const char *name, uint8_t in,
                                    size_t count, enum etwr_out out, uint32_t tag)
{
    struct placed placed;
    const struct field field = {.name = name, .in = in, .out = out, .tag = tag, .count = count};
    if (!packed_is_type(in)) return builder_fail(event, ETWR_E_BAD_TYPE);
    if (!builder_is_count(in, count)) return builder_fail(event, ETWR_E_BAD_VALUE);
    if (!builder_add_field(event, &field, FIELD_DECLARED, 0, &placed)) return builder_status(event);
    return ETWR_OK;
}

enum etwr_status etwr_event_declare_custom(struct etwr_event *event, const char *name, uint8_t in,
                                           const void *type_info, size_t type_info_size,
                                           enum etwr_out out, uint32_t tag)
{
    struct placed placed;
    struct field field;
    enum etwr_status status =
        builder_init_custom(&field, name, in, type_info, type_info_size, out, tag);
    if (status != ETWR_OK) return builder_fail(event, status);
    if (!builder_add_field(event, &field, FIELD_DECLARED, 0, &placed)) return builder_status(event);
    return ETWR_OK;
}
