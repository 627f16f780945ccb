/*
 * EventBuilder: values that are measured by their adders, on the plain path (plain_field.h) if they
 * can take it.
 */
#include "protocol/tracelogging/plain_field.h"

#include "protocol/tracelogging/little_endian.h"

uint8_t *builder_add_value(struct etwr_event *event, const char *name, unsigned in, unsigned out,
                           uint32_t tag, size_t size)
{
    uint8_t *value;
    if (!add_plain_field(event, name, in, out, tag, size, &value))
        return builder_add_unusual_value(event, name, in, out, tag, size);
    return value;
}

uint8_t *builder_add_elements(struct etwr_event *event, const char *name, unsigned in, size_t count,
                              unsigned out, uint32_t tag, size_t size)
{
    struct placed placed;
    struct field field = {.name = name, .in = (uint8_t)in, .out = out, .tag = tag};
    bool is_constant = in_is_constant_array(in);
    if (count > COUNT_MAX || (is_constant && count == 0)) {
        builder_fail(event, count == 0 ? ETWR_E_BAD_VALUE : ETWR_E_DATA_TOO_LONG);
        return NULL;
    }
    if (is_constant) {
        field.count = count;
        return builder_add_field(event, &field, FIELD_VALUE, size, &placed) ? placed.data : NULL;
    }
    uint8_t *at = builder_add_value(event, name, in, out, tag, sizeof(uint16_t) + size);
    if (at == NULL) return NULL;
    store_u16(at, (uint16_t)count);
    return at + sizeof(uint16_t);
}
