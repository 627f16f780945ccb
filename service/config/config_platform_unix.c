/*
 * Configuration files and paths on Unix.
 *
 * The file is opened once and judged by its descriptor: a check by path would be of a file that
 * somebody can swap before it is opened. O_NONBLOCK keeps a FIFO from holding up the start; it
 * changes nothing for a regular file.
 */
#include "service/config/config_platform.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MESSAGE_BYTES    CONFIG_PLATFORM_MESSAGE_BYTES
#define SOCKET_MAX_BYTES 107 /* sockaddr_un's path and its NUL; libuv would cut a longer one */

bool config_platform_has_etw(void)
{
    return false;
}

const char *config_platform_pipe_fault(const char *pipe)
{
    if (pipe[0] == '\0') return "a socket path is not empty";
    if (strlen(pipe) > SOCKET_MAX_BYTES) return "a socket path has at most 107 bytes";
    return NULL;
}

static enum etwr_status status_of_errno(int error)
{
    if (error == ENOENT || error == ENOTDIR) return ETWR_E_NOT_FOUND;
    if (error == EACCES || error == EPERM) return ETWR_E_ACCESS_DENIED;
    if (error == ENOMEM) return ETWR_E_NO_MEMORY;
    return ETWR_E_IO;
}

static enum etwr_status fail_errno(const char *what, int error, char message[MESSAGE_BYTES])
{
    (void)snprintf(message, MESSAGE_BYTES, "cannot %s: %s (errno %d)", what, strerror(error),
                   error);
    return status_of_errno(error);
}

static enum etwr_status refuse(enum etwr_status status, const char *why,
                               char message[MESSAGE_BYTES])
{
    (void)snprintf(message, MESSAGE_BYTES, "%s", why);
    return status;
}

/* Whoever can write this file decides who may write to which provider, so nobody else may. */
static enum etwr_status check(int fd, size_t max, char message[MESSAGE_BYTES])
{
    struct stat file;
    if (fstat(fd, &file) != 0) return fail_errno("look at it", errno, message);
    if (!S_ISREG(file.st_mode))
        return refuse(ETWR_E_ACCESS_DENIED, "is not a regular file", message);
    if (file.st_uid != 0 && file.st_uid != geteuid()) {
        return refuse(ETWR_E_ACCESS_DENIED,
                      "belongs to another user; it must be owned by root or by the user of this "
                      "process (chown)",
                      message);
    }
    if ((file.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
        return refuse(ETWR_E_ACCESS_DENIED,
                      "can be written by its group or by others; take that away (chmod go-w)",
                      message);
    }
    if (file.st_size > (off_t)max) return refuse(ETWR_E_LIMIT, "is larger than 1 MiB", message);
    return ETWR_OK;
}

/* Up to `capacity` bytes; the file may grow or shrink meanwhile. */
static enum etwr_status read_all(int fd, char *bytes, size_t capacity, size_t *size,
                                 char message[MESSAGE_BYTES])
{
    size_t used = 0;
    while (used < capacity) {
        ssize_t got = read(fd, bytes + used, capacity - used);
        if (got == 0) break;
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return fail_errno("read it", errno, message);
        used += (size_t)got;
    }
    *size = used;
    return ETWR_OK;
}

static enum etwr_status read_checked(int fd, size_t max, char **bytes, size_t *size,
                                     char message[MESSAGE_BYTES])
{
    enum etwr_status status = check(fd, max, message);
    char *buffer = NULL;
    if (status != ETWR_OK) return status;
    buffer = malloc(max + 1);
    if (buffer == NULL) return refuse(ETWR_E_NO_MEMORY, "not enough memory to read it", message);
    status = read_all(fd, buffer, max + 1, size, message);
    if (status == ETWR_OK && *size > max) {
        status = refuse(ETWR_E_LIMIT, "is larger than 1 MiB", message);
    }
    if (status != ETWR_OK) {
        free(buffer);
        return status;
    }
    buffer[*size] = '\0';
    *bytes = buffer;
    return ETWR_OK;
}

enum etwr_status config_platform_read_file(const char *path, size_t max, char **bytes, size_t *size,
                                           char message[MESSAGE_BYTES])
{
    enum etwr_status status = ETWR_OK;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0) return fail_errno("open it", errno, message);
    status = read_checked(fd, max, bytes, size, message);
    (void)close(fd); /* only read from */
    return status;
}
