/*
 * Fixed-size values are read here, byte by byte: they lie at any address and in no particular
 * host's order.
 */
#include "protocol/tracelogging/decode_values.h"

#include <string.h>

uint64_t value_unsigned(struct etwr_bytes value)
{
    const uint8_t *bytes = value.data;
    uint64_t number = 0;

    for (size_t i = 0; i < value.size && i < sizeof number; i++)
        number |= (uint64_t)bytes[i] << (8 * i);
    return number;
}

int64_t value_signed(struct etwr_bytes value)
{
    uint64_t number = value_unsigned(value);
    uint64_t sign;

    if (value.size == 0 || value.size > sizeof number) return 0;
    sign = UINT64_C(1) << (8 * value.size - 1);
    /* Sign extension without shifting a negative number; the range fits by construction. */
    number = (number ^ sign) - sign;
    return number <= INT64_MAX ? (int64_t)number : -(int64_t)(UINT64_MAX - number) - 1;
}

float value_float32(struct etwr_bytes value)
{
    uint32_t bits = (uint32_t)value_unsigned(value);
    float number;

    memcpy(&number, &bits, sizeof number);
    return number;
}

double value_float64(struct etwr_bytes value)
{
    uint64_t bits = value_unsigned(value);
    double number;

    memcpy(&number, &bits, sizeof number);
    return number;
}

struct etwr_guid value_guid(struct etwr_bytes value)
{
    struct etwr_guid guid = {{0}};

    if (value.size == sizeof guid.bytes) memcpy(guid.bytes, value.data, sizeof guid.bytes);
    return guid;
}

bool base_is_signed(uint8_t base)
{
    return base == ETWR_IN_INT8 || base == ETWR_IN_INT16 || base == ETWR_IN_INT32 ||
           base == ETWR_IN_INT64;
}

bool base_is_unsigned(uint8_t base)
{
    return base == ETWR_IN_UINT8 || base == ETWR_IN_UINT16 || base == ETWR_IN_UINT32 ||
           base == ETWR_IN_UINT64 || base == ETWR_IN_HEXINT32 || base == ETWR_IN_HEXINT64;
}

bool base_is_string(uint8_t base)
{
    return base == ETWR_IN_ZSTR16 || base == ETWR_IN_ZSTR8 || base == ETWR_IN_STR16 ||
           base == ETWR_IN_STR8;
}
