/*
 * What stands between the quotes of a JSON string: checked, and read escape by escape.
 */
#ifndef ETWRELAY_STRICT_TEXT_H
#define ETWRELAY_STRICT_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum strict_text_fault {
    STRICT_TEXT_OK,
    STRICT_TEXT_OPEN,      /* the text ends inside the string */
    STRICT_TEXT_CONTROL,   /* a raw control character */
    STRICT_TEXT_UTF8,      /* not valid UTF-8 */
    STRICT_TEXT_ESCAPE,    /* an escape that JSON does not have */
    STRICT_TEXT_SURROGATE, /* half a surrogate pair */
    STRICT_TEXT_NUL        /* \u0000 */
};

/* Check the characters from *at (behind the opening quote) to the closing quote. *at is left on the
 * closing quote, or on what is at fault. */
enum strict_text_fault strict_text_check(const char **at, const char *end);

/* The next code point of a checked string; moves *at past it. */
uint32_t strict_text_next(const char **at);

#endif
