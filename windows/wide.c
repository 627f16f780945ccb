/*
 * UTF-8 to UTF-16 and back, through Windows' own conversion; paths with and without the old limit.
 */
#include "windows/wide.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

#include "protocol/tracelogging/utf8.h"

/* CreateDirectoryW() needs room for a name of the 8.3 form behind a path of MAX_PATH. */
#define SHORT_PATH_MAX 247

wchar_t *wide_from_utf8(const char *text)
{
    int size = MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, text, -1, NULL, 0);
    wchar_t *wide = NULL;
    if (size <= 0) return NULL;
    wide = malloc((size_t)size * sizeof *wide);
    if (wide == NULL) {
        SetLastError(ERROR_NOT_ENOUGH_MEMORY);
        return NULL;
    }
    MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, text, -1, wide, size);
    return wide;
}

char *wide_to_utf8(const wchar_t *wide)
{
    int size = WideCharToMultiByte(CP_UTF8, 0, wide, -1, NULL, 0, NULL, NULL);
    char *text = size > 0 ? malloc((size_t)size) : NULL;
    if (text == NULL) {
        SetLastError(ERROR_NOT_ENOUGH_MEMORY);
        return NULL;
    }
    WideCharToMultiByte(CP_UTF8, 0, wide, -1, text, size, NULL, NULL);
    return text;
}

static bool is_device_path(const wchar_t *path)
{
    return wcsncmp(path, L"\\\\?\\", 4) == 0 || wcsncmp(path, L"\\\\.\\", 4) == 0;
}

/* Behind this prefix Windows takes a path as it is: it must be absolute, with backslashes only. */
static wchar_t *lift_limit(const wchar_t *path)
{
    static const wchar_t prefix[] = L"\\\\?\\", unc_prefix[] = L"\\\\?\\UNC";
    DWORD size = GetFullPathNameW(path, 0, NULL, NULL);
    wchar_t *full = size > 0 ? malloc((size + wcslen(unc_prefix)) * sizeof *full) : NULL;
    if (full == NULL) {
        if (size > 0) SetLastError(ERROR_NOT_ENOUGH_MEMORY);
        return NULL;
    }
    wchar_t *body = full + wcslen(unc_prefix);
    DWORD length = GetFullPathNameW(path, size, body, NULL);
    if (length == 0 || length >= size) { /* another thread changed the current folder */
        free(full);
        SetLastError(ERROR_FILENAME_EXCED_RANGE);
        return NULL;
    }
    bool is_unc = wcsncmp(body, L"\\\\", 2) == 0;
    const wchar_t *front = is_unc ? unc_prefix : prefix;
    const wchar_t *rest = is_unc ? body + 1 : body;
    memmove(full + wcslen(front), rest, (wcslen(rest) + 1) * sizeof *full);
    memcpy(full, front, wcslen(front) * sizeof *full);
    return full;
}

wchar_t *wide_path(const char *path)
{
    wchar_t *wide = wide_from_utf8(path);
    if (wide == NULL || wcslen(wide) <= SHORT_PATH_MAX || is_device_path(wide)) return wide;
    wchar_t *lifted = lift_limit(wide);
    free(wide);
    return lifted;
}

void wide_error_text(unsigned long error, char *text, size_t capacity)
{
    wchar_t words[512];
    DWORD size = FormatMessageW(
        FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS | FORMAT_MESSAGE_MAX_WIDTH_MASK,
        NULL, error, 0, words, (DWORD)(sizeof words / sizeof words[0]) - 1, NULL);
    char *utf8 = NULL;
    if (capacity == 0) return;
    while (size > 0 && (words[size - 1] == L' ' || words[size - 1] == L'.'))
        size--;
    words[size] = 0;
    utf8 = size > 0 ? wide_to_utf8(words) : NULL;
    const char *from = utf8 != NULL ? utf8 : "error";
    size_t length = utf8_cut(from, strlen(from), capacity - 1);
    memcpy(text, from, length);
    text[length] = '\0';
    free(utf8);
}
