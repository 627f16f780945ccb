/*
 * Provider ids from names. TraceLogging and EventSource hash a fixed namespace and the upper-cased
 * name, so that a name alone finds its provider; both sides of a trace must therefore case it
 * alike, character for character.
 */
#include <etwrelay/types.h>

#include <string.h>

#include "protocol/tracelogging/sha1.h"
#include "protocol/tracelogging/upcase.h"
#include "protocol/tracelogging/utf8.h"

#define VERSION_BYTE 7 /* its high nibble says "version 5", a GUID made by SHA-1 */

static const uint8_t NAMESPACE[16] = {0x48, 0x2C, 0x2D, 0xB2, 0xC3, 0x90, 0x47, 0xC8,
                                      0x87, 0xF8, 0x1A, 0x15, 0xBF, 0xC1, 0x30, 0xFB};

static void put_unit(struct sha1 *sha1, uint32_t unit)
{
    const uint8_t big_endian[2] = {(uint8_t)(unit >> 8), (uint8_t)unit};
    sha1_put(sha1, big_endian, sizeof big_endian);
}

static void put_code_point(struct sha1 *sha1, uint32_t code_point)
{
    if (code_point < 0x10000) {
        put_unit(sha1, code_point);
        return;
    }
    put_unit(sha1, 0xD7C0 + (code_point >> 10));
    put_unit(sha1, 0xDC00 | (code_point & 0x3FF));
}

enum etwr_status etwr_provider_id_from_name(const char *name, struct etwr_guid *id)
{
    struct sha1 sha1;
    uint8_t digest[SHA1_BYTES];
    if (name == NULL || id == NULL) return ETWR_E_INVALID_ARGUMENT;
    size_t length = strlen(name);
    if (length == 0 || !utf8_is_valid(name, length)) return ETWR_E_BAD_NAME;

    sha1_init(&sha1);
    sha1_put(&sha1, NAMESPACE, sizeof NAMESPACE);
    for (const char *end = name + length; name < end;)
        put_code_point(&sha1, upcase(utf8_next(&name)));
    sha1_finish(&sha1, digest);
    memcpy(id->bytes, digest, sizeof id->bytes);
    id->bytes[VERSION_BYTE] = (uint8_t)(0x50 | (id->bytes[VERSION_BYTE] & 0x0F));
    return ETWR_OK;
}
