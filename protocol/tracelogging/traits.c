/*
 * Provider traits: what ETW keeps beside a registered provider, its name above all, and puts into
 * each record.
 */
#include <etwrelay/event.h>

#include <string.h>

#include "protocol/tracelogging/little_endian.h"
#include "protocol/tracelogging/utf8.h"

#define GROUP_TRAIT       1 /* ETW_PROVIDER_TRAIT_TYPE_GROUP */
#define GROUP_TRAIT_BYTES (2 + 1 + sizeof(struct etwr_guid))
#define TRAITS_MAX_BYTES  65535

enum etwr_status etwr_provider_traits(const char *name, const struct etwr_guid *group, void *buffer,
                                      size_t capacity, size_t *size)
{
    if (buffer == NULL || size == NULL) return ETWR_E_INVALID_ARGUMENT;
    size_t length = name == NULL ? 0 : strlen(name);
    if (length == 0 || !utf8_is_valid(name, length)) return ETWR_E_BAD_NAME;
    size_t total = 2 + length + 1 + (group == NULL ? 0 : GROUP_TRAIT_BYTES);
    if (total > TRAITS_MAX_BYTES || total > capacity) return ETWR_E_LIMIT;

    uint8_t *at = buffer;
    store_u16(at, (uint16_t)total);
    memcpy(at + 2, name, length + 1);
    if (group != NULL) {
        at += 2 + length + 1;
        store_u16(at, (uint16_t)GROUP_TRAIT_BYTES);
        at[2] = GROUP_TRAIT;
        memcpy(at + 3, group->bytes, sizeof group->bytes);
    }
    *size = total;
    return ETWR_OK;
}
