/*
 * The one place where Windows' error numbers become statuses and words; the number stays in the
 * words, because that is what people search for.
 */
#include "client/text_win.h"

#include <limits.h>

#include "client/words.h"

bool text_to_utf8(const WCHAR *wide, char *text, size_t capacity)
{
    int room = capacity > INT_MAX ? INT_MAX : (int)capacity;

    if (capacity == 0) return false;
    if (WideCharToMultiByte(CP_UTF8, WC_ERR_INVALID_CHARS, wide, -1, text, room, NULL, NULL) > 0)
        return true;
    text[0] = '\0';
    return false;
}

bool text_to_utf16(const char *text, WCHAR *wide, size_t capacity)
{
    int room = capacity > INT_MAX ? INT_MAX : (int)capacity;

    if (capacity == 0) return false;
    if (MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, text, -1, wide, room) > 0) return true;
    wide[0] = L'\0';
    return false;
}

enum etwr_status error_status(DWORD error)
{
    switch (error) {
    case ERROR_FILE_NOT_FOUND:
    case ERROR_PATH_NOT_FOUND:
    case ERROR_INVALID_NAME:
        return ETWR_E_NOT_FOUND;
    case ERROR_ACCESS_DENIED:
    case ERROR_PRIVILEGE_NOT_HELD:
        return ETWR_E_ACCESS_DENIED;
    case ERROR_INVALID_HANDLE:
    case ERROR_INVALID_PARAMETER:
        return ETWR_E_INVALID_ARGUMENT;
    case ERROR_NOT_ENOUGH_MEMORY:
    case ERROR_OUTOFMEMORY:
    case ERROR_NOT_ENOUGH_QUOTA:
    case ERROR_NO_SYSTEM_RESOURCES:
    case ERROR_COMMITMENT_LIMIT:
        return ETWR_E_NO_MEMORY;
    default:
        return ETWR_E_IO;
    }
}

void error_describe(DWORD error, char *text, size_t capacity)
{
    const DWORD flags = FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS |
                        FORMAT_MESSAGE_MAX_WIDTH_MASK; /* in one line */
    WCHAR wide[200];
    char words[600];
    DWORD length = FormatMessageW(flags, NULL, error, 0, wide, ARRAYSIZE(wide), NULL);

    while (length > 0 && (wide[length - 1] <= L' ' || wide[length - 1] == L'.'))
        length--;
    wide[length] = L'\0';
    text[0] = '\0';
    if (length > 0 && text_to_utf8(wide, words, sizeof words)) {
        words_add(text, capacity, words);
        words_add(text, capacity, ", ");
    }
    words_add(text, capacity, "error ");
    words_add_number(text, capacity, error);
}
