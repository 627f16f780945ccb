/* Texts between Windows and the library: UTF-16 there, UTF-8 here, and the system's words for its
 * errors. */
#ifndef ETWRELAY_CLIENT_TEXT_WIN_H
#define ETWRELAY_CLIENT_TEXT_WIN_H

#include <stdbool.h>
#include <stddef.h>
#include <windows.h>

#include <etwrelay/status.h>

/* False, and an empty text: not well formed, or `capacity` is too small for it and its NUL. */
bool text_to_utf8(const WCHAR *wide, char *text, size_t capacity);
bool text_to_utf16(const char *text, WCHAR *wide, size_t capacity);

/* What a Windows error means to the caller of the library. */
enum etwr_status error_status(DWORD error);
/* The same for people: the system's words and the number. */
void error_describe(DWORD error, char *text, size_t capacity);

#endif
