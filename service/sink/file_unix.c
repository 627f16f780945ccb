/*
 * The file calls of file.h on POSIX systems.
 */
#define _FILE_OFFSET_BITS 64

#include "service/sink/file.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Traces hold what programs say about their users: readable by owner and group only. */
#define FILE_MODE (S_IRUSR | S_IWUSR | S_IRGRP)

static enum file_result fail(struct file *file)
{
    file->error = errno;
    switch (errno) {
    case ENOSPC:
    case EDQUOT:
        return FILE_FULL;
    case EEXIST:
        return FILE_EXISTS;
    default:
        return FILE_FAILED;
    }
}

static int open_retrying(const char *path, int flags)
{
    int fd;
    do {
        fd = open(path, flags | O_CLOEXEC | O_NOCTTY, FILE_MODE);
    } while (fd < 0 && errno == EINTR);
    return fd;
}

static struct file_id id_of(const struct stat *status)
{
    return (struct file_id){(uint64_t)status->st_dev, (uint64_t)status->st_ino};
}

enum file_result file_create(struct file *file, const char *path)
{
    struct stat status;
    file->is_lent = false;
    file->handle = open_retrying(path, O_WRONLY | O_CREAT | O_EXCL);
    if (file->handle < 0) return fail(file);
    if (fstat((int)file->handle, &status) < 0) {
        enum file_result result = fail(file);
        file_close(file);
        return result;
    }
    file->id = id_of(&status);
    return FILE_OK;
}

enum file_result file_open_append(struct file *file, const char *path)
{
    /* Not blocking: a FIFO without a reader is an error at start, not a service that hangs. */
    int fd = open_retrying(path, O_WRONLY | O_CREAT | O_APPEND | O_NONBLOCK);
    file->is_lent = false;
    file->handle = fd;
    if (fd < 0) return fail(file);
    int flags = fcntl(fd, F_GETFL);
    if (flags < 0 || fcntl(fd, F_SETFL, flags & ~O_NONBLOCK) < 0) {
        enum file_result result = fail(file);
        file_close(file);
        return result;
    }
    return FILE_OK;
}

enum file_result file_open_standard_output(struct file *file)
{
    file->handle = STDOUT_FILENO;
    file->is_lent = true;
    if (fcntl(STDOUT_FILENO, F_GETFD) < 0) {
        file->handle = -1;
        return fail(file);
    }
    signal(SIGPIPE, SIG_IGN);
    return FILE_OK;
}

enum file_result file_write_at(struct file *file, uint64_t offset, const void *bytes, size_t size)
{
    const char *at = bytes;
    while (size > 0) {
        ssize_t n = pwrite((int)file->handle, at, size, (off_t)offset);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return fail(file);
        at += n;
        offset += (uint64_t)n;
        size -= (size_t)n;
    }
    return FILE_OK;
}

/* Somebody else may have made standard output non-blocking. */
static bool wait_until_writable(int fd)
{
    struct pollfd wanted = {.fd = fd, .events = POLLOUT};
    return poll(&wanted, 1, -1) >= 0 || errno == EINTR;
}

enum file_result file_append(struct file *file, const void *bytes, size_t size, size_t *written)
{
    const char *at = bytes;
    *written = 0;
    while (*written < size) {
        ssize_t n = write((int)file->handle, at + *written, size - *written);
        if (n >= 0) {
            *written += (size_t)n;
            continue;
        }
        if (errno == EINTR) continue;
        if (errno == EAGAIN && wait_until_writable((int)file->handle)) continue;
        return fail(file);
    }
    return FILE_OK;
}

enum file_result file_size(struct file *file, uint64_t *size)
{
    struct stat status;
    if (fstat((int)file->handle, &status) < 0) return fail(file);
    if (!S_ISREG(status.st_mode)) return FILE_FAILED;
    *size = (uint64_t)status.st_size;
    return FILE_OK;
}

enum file_result file_truncate(struct file *file, uint64_t size)
{
    int result;
    do {
        result = ftruncate((int)file->handle, (off_t)size);
    } while (result < 0 && errno == EINTR);
    if (result < 0) return fail(file);
    /* Standard output that was redirected without O_APPEND would go on behind a hole. */
    if (file->is_lent) lseek((int)file->handle, (off_t)size, SEEK_SET);
    return FILE_OK;
}

enum file_result file_close(struct file *file)
{
    int fd = (int)file->handle;
    file->handle = -1;
    if (fd < 0 || file->is_lent) return FILE_OK;
    if (close(fd) < 0 && errno != EINTR) return fail(file); /* Linux closes it all the same */
    return FILE_OK;
}

enum file_result file_remove(const char *path, const struct file_id *id)
{
    struct stat status;
    if (lstat(path, &status) < 0) return errno == ENOENT ? FILE_OK : FILE_FAILED;
    struct file_id found = id_of(&status);
    if (found.volume != id->volume || found.number != id->number) return FILE_OK;
    return unlink(path) == 0 || errno == ENOENT ? FILE_OK : FILE_FAILED;
}

bool file_has_open_end(const char *path)
{
    struct stat status;
    char last = '\n';
    int fd = open_retrying(path, O_RDONLY | O_NONBLOCK);
    if (fd < 0) return false;
    bool is_open = fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && status.st_size > 0 &&
                   pread(fd, &last, 1, status.st_size - 1) == 1 && last != '\n';
    close(fd);
    return is_open;
}

void file_error_text(const struct file *file, char *text, size_t size)
{
    char reason[128];
    if (strerror_r(file->error, reason, sizeof reason) != 0) {
        snprintf(reason, sizeof reason, "system error");
    }
    snprintf(text, size, "%s (%d)", reason, file->error);
}
