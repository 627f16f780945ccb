/*
 * Text between this tree, where it is UTF-8 in char, and Windows, where it is UTF-16 in wchar_t.
 *
 * Only UTF-16 functions of Windows are called: the others would read a path in whatever code page
 * the machine is set to. Threads: any.
 */
#ifndef ETWRELAY_WIDE_H
#define ETWRELAY_WIDE_H

#include <stddef.h>
#include <wchar.h>

/* A copy as UTF-16, which the caller frees. NULL, and GetLastError() says why: no memory, or no
 * valid UTF-8 (ERROR_NO_UNICODE_TRANSLATION). */
wchar_t *wide_from_utf8(const char *text);

/*
 * The same for a path. One that is too long for Windows' old limit becomes absolute and gets the
 * prefix that lifts the limit, whatever the machine's settings and the program's manifest say.
 */
wchar_t *wide_path(const char *path);

/* A copy as UTF-8, which the caller frees; NULL: no memory. A lone surrogate becomes U+FFFD. */
char *wide_to_utf8(const wchar_t *wide);

/* The system's words for an error, without a full stop or line end, as far as they fit; always
 * terminated. "error" when it has none. */
void wide_error_text(unsigned long error, char *text, size_t capacity);

#endif
