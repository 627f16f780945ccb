/*
 * The file calls of file.h on Windows: handles, and an offset with every write, so that no call
 * depends on where the last one left off.
 */
#include "service/sink/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

#include "windows/wide.h"

/* Whoever reads a trace while it grows, or moves it away, is not in the way. */
#define SHARED        (FILE_SHARE_READ | FILE_SHARE_DELETE)
#define WRITE_MAX     (1u << 30)
#define AT_END        0xFFFFFFFFu /* both halves of an offset: wherever the end is by then */
#define CLOSED_HANDLE (-1)        /* INVALID_HANDLE_VALUE as an integer */

/* ERROR_DISK_QUOTA_EXCEEDED, which not every winerror.h has. */
#define DISK_QUOTA_EXCEEDED 1295

static HANDLE handle_of(const struct file *file)
{
    return (HANDLE)file->handle;
}

static enum file_result fail_with(struct file *file, DWORD error)
{
    file->error = (int)error;
    switch (error) {
    case ERROR_DISK_FULL:
    case ERROR_HANDLE_DISK_FULL:
    case DISK_QUOTA_EXCEEDED:
        return FILE_FULL;
    case ERROR_FILE_EXISTS:
    case ERROR_ALREADY_EXISTS:
        return FILE_EXISTS;
    default:
        return FILE_FAILED;
    }
}

static enum file_result fail(struct file *file)
{
    return fail_with(file, GetLastError());
}

static HANDLE open_path(const char *path, DWORD access, DWORD share, DWORD how, DWORD flags)
{
    wchar_t *wide = wide_path(path);
    if (wide == NULL) return INVALID_HANDLE_VALUE;
    HANDLE handle = CreateFileW(wide, access, share, NULL, how, flags, NULL);
    DWORD error = GetLastError();
    free(wide);
    SetLastError(error);
    return handle;
}

static bool read_id(HANDLE handle, struct file_id *id)
{
    BY_HANDLE_FILE_INFORMATION about;
    if (!GetFileInformationByHandle(handle, &about)) return false;
    id->volume = about.dwVolumeSerialNumber;
    id->number = (uint64_t)about.nFileIndexHigh << 32 | about.nFileIndexLow;
    return true;
}

static enum file_result close_and_fail(struct file *file)
{
    enum file_result result = fail(file);
    CloseHandle(handle_of(file));
    file->handle = CLOSED_HANDLE;
    return result;
}

enum file_result file_create(struct file *file, const char *path)
{
    file->is_lent = false;
    /* A link of that name that points nowhere is a file of that name: not to be followed. Who may
     * read the trace is inherited from its folder. */
    file->handle = (intptr_t)open_path(path, GENERIC_WRITE, SHARED, CREATE_NEW,
                                       FILE_ATTRIBUTE_NORMAL | FILE_FLAG_OPEN_REPARSE_POINT);
    if (file->handle == CLOSED_HANDLE) return fail(file);
    return read_id(handle_of(file), &file->id) ? FILE_OK : close_and_fail(file);
}

enum file_result file_open_append(struct file *file, const char *path)
{
    file->is_lent = false;
    file->handle = (intptr_t)open_path(path, GENERIC_WRITE, SHARED | FILE_SHARE_WRITE, OPEN_ALWAYS,
                                       FILE_ATTRIBUTE_NORMAL);
    return file->handle == CLOSED_HANDLE ? fail(file) : FILE_OK;
}

enum file_result file_open_standard_output(struct file *file)
{
    HANDLE output = GetStdHandle(STD_OUTPUT_HANDLE);
    file->is_lent = true;
    file->handle = (intptr_t)output;
    if (output != NULL && output != INVALID_HANDLE_VALUE) return FILE_OK;
    file->handle = CLOSED_HANDLE;
    return fail_with(file, ERROR_INVALID_HANDLE);
}

/* One write of at most WRITE_MAX bytes. Standard output may have been opened for overlapped calls
 * by whoever started us. */
static bool write_some(struct file *file, const void *bytes, size_t size, OVERLAPPED *where,
                       DWORD *written)
{
    DWORD count = size < WRITE_MAX ? (DWORD)size : WRITE_MAX;
    *written = 0;
    if (WriteFile(handle_of(file), bytes, count, written, where)) return true;
    if (where == NULL || GetLastError() != ERROR_IO_PENDING) return false;
    return GetOverlappedResult(handle_of(file), where, written, TRUE) != 0;
}

enum file_result file_write_at(struct file *file, uint64_t offset, const void *bytes, size_t size)
{
    const char *at = bytes;
    while (size > 0) {
        OVERLAPPED where = {.Offset = (DWORD)offset, .OffsetHigh = (DWORD)(offset >> 32)};
        DWORD count;
        if (!write_some(file, at, size, &where, &count)) return fail(file);
        if (count == 0) return fail_with(file, ERROR_DISK_FULL);
        at += count;
        offset += count;
        size -= count;
    }
    return FILE_OK;
}

/* A file that standard output was sent to has a position, shared with whoever else writes to it. */
static bool has_position(const struct file *file)
{
    return file->is_lent && GetFileType(handle_of(file)) == FILE_TYPE_DISK;
}

enum file_result file_append(struct file *file, const void *bytes, size_t size, size_t *written)
{
    const char *at = bytes;
    bool is_positioned = has_position(file);
    *written = 0;
    while (*written < size) {
        OVERLAPPED end = {.Offset = AT_END, .OffsetHigh = AT_END};
        DWORD count;
        if (!write_some(file, at + *written, size - *written, is_positioned ? NULL : &end, &count))
            return fail(file);
        if (count == 0) return fail_with(file, ERROR_DISK_FULL);
        *written += count;
    }
    return FILE_OK;
}

enum file_result file_size(struct file *file, uint64_t *size)
{
    LARGE_INTEGER bytes;
    if (GetFileType(handle_of(file)) != FILE_TYPE_DISK) return FILE_FAILED;
    if (!GetFileSizeEx(handle_of(file), &bytes)) return fail(file);
    *size = (uint64_t)bytes.QuadPart;
    return FILE_OK;
}

enum file_result file_truncate(struct file *file, uint64_t size)
{
    FILE_END_OF_FILE_INFO end = {.EndOfFile.QuadPart = (LONGLONG)size};
    if (!SetFileInformationByHandle(handle_of(file), FileEndOfFileInfo, &end, sizeof end))
        return fail(file);
    /* Standard output would go on behind a hole. */
    if (file->is_lent) SetFilePointerEx(handle_of(file), end.EndOfFile, NULL, FILE_BEGIN);
    return FILE_OK;
}

enum file_result file_close(struct file *file)
{
    HANDLE handle = handle_of(file);
    file->handle = CLOSED_HANDLE;
    if (handle == INVALID_HANDLE_VALUE || file->is_lent) return FILE_OK;
    return CloseHandle(handle) ? FILE_OK : fail(file);
}

/* Judged and deleted by one handle: what the name stands for may change in between. */
static enum file_result remove_if(HANDLE handle, const struct file_id *id)
{
    FILE_DISPOSITION_INFO gone = {.DeleteFile = TRUE};
    struct file_id found;
    if (!read_id(handle, &found)) return FILE_FAILED;
    if (found.volume != id->volume || found.number != id->number) return FILE_OK;
    return SetFileInformationByHandle(handle, FileDispositionInfo, &gone, sizeof gone)
               ? FILE_OK
               : FILE_FAILED;
}

enum file_result file_remove(const char *path, const struct file_id *id)
{
    HANDLE handle =
        open_path(path, DELETE | FILE_READ_ATTRIBUTES, SHARED | FILE_SHARE_WRITE, OPEN_EXISTING,
                  FILE_FLAG_OPEN_REPARSE_POINT | FILE_FLAG_BACKUP_SEMANTICS);
    if (handle == INVALID_HANDLE_VALUE) {
        DWORD error = GetLastError();
        bool is_gone = error == ERROR_FILE_NOT_FOUND || error == ERROR_PATH_NOT_FOUND;
        return is_gone ? FILE_OK : FILE_FAILED;
    }
    enum file_result result = remove_if(handle, id);
    CloseHandle(handle);
    return result;
}

static bool last_byte_is_open(HANDLE handle)
{
    LARGE_INTEGER size;
    char last = '\n';
    DWORD count;
    if (GetFileType(handle) != FILE_TYPE_DISK || !GetFileSizeEx(handle, &size)) return false;
    if (size.QuadPart == 0) return false;
    uint64_t at = (uint64_t)size.QuadPart - 1;
    OVERLAPPED where = {.Offset = (DWORD)at, .OffsetHigh = (DWORD)(at >> 32)};
    return ReadFile(handle, &last, 1, &count, &where) && count == 1 && last != '\n';
}

bool file_has_open_end(const char *path)
{
    HANDLE handle = open_path(path, GENERIC_READ, SHARED | FILE_SHARE_WRITE, OPEN_EXISTING,
                              FILE_ATTRIBUTE_NORMAL);
    if (handle == INVALID_HANDLE_VALUE) return false;
    bool is_open = last_byte_is_open(handle);
    CloseHandle(handle);
    return is_open;
}

void file_error_text(const struct file *file, char *text, size_t size)
{
    char reason[256];
    wide_error_text((DWORD)file->error, reason, sizeof reason);
    snprintf(text, size, "%s (%d)", reason, file->error);
}
