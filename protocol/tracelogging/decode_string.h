/*
 * Strings as they lie in values, character by character, whatever their encoding and however
 * broken: so text of any kind is put into JSON or a line without a copy in between.
 */
#ifndef ETWRELAY_DECODE_STRING_H
#define ETWRELAY_DECODE_STRING_H

#include <stdbool.h>

#include <etwrelay/types.h>

enum string_kind { STRING_UTF16, STRING_UTF8, STRING_WINDOWS_1252 };

/* What a string type of this out type holds. UTF-8 for utf8, xml and json, else the type's own. */
enum string_kind string_kind_of(uint8_t base, uint8_t out);

struct characters {
    enum string_kind kind;
    const uint8_t *at;
    const uint8_t *end;
};

/* What stands for bytes that are no character: half a surrogate pair, broken UTF-8, an odd last
 * byte. */
#define CHARACTER_INVALID     UINT32_MAX
#define CHARACTER_REPLACEMENT 0xFFFDu
#define CHARACTER_NUL_SYMBOL  0x2400u

void characters_init(struct characters *characters, enum string_kind kind, struct etwr_bytes bytes);

/* The next code point or CHARACTER_INVALID; false at the end. Always moves on. */
bool characters_next(struct characters *characters, uint32_t *code_point);

/*
 * Does text in JSON come back to these bytes and say what they say? Not with a NUL inside, nor when
 * a character is invalid; and JSON text for 8-bit strings is always stored as UTF-8, so
 * Windows-1252 must be all ASCII.
 */
bool string_is_exact(enum string_kind kind, struct etwr_bytes bytes);

#endif
