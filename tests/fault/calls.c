/*
 * The calls themselves, in place of the C library's: for the service and for libuv, which finds
 * them in the program before it looks into the library. Memory is the exception: it is wrapped by
 * the linker and handed to libuv and cJSON, so that sanitizers keep theirs.
 */
#define _GNU_SOURCE
#define _FILE_OFFSET_BITS 64

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cjson/cJSON.h>
#include <uv.h>

#include "tests/fault/faults.h"

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);

static bool may_allocate(void)
{
    int error = 0;
    if (faults_meet(FAULT_ALLOCATE, &error) == FAULT_NONE) return true;
    errno = ENOMEM;
    return false;
}

void *__wrap_malloc(size_t size)
{
    return may_allocate() ? __real_malloc(size) : NULL;
}

void *__wrap_calloc(size_t count, size_t size)
{
    return may_allocate() ? __real_calloc(count, size) : NULL;
}

void *__wrap_realloc(void *memory, size_t size)
{
    return may_allocate() ? __real_realloc(memory, size) : NULL;
}

/* A function of the library behind this program. (C has no cast from an object's pointer.) */
void faults_find_next(void *function, const char *name)
{
    void *found = dlsym(RTLD_NEXT, name);
    if (found == NULL) abort();
    memcpy(function, &found, sizeof found);
}

static ssize_t (*next_read)(int, void *, size_t);
static ssize_t (*next_write)(int, const void *, size_t);
static ssize_t (*next_writev)(int, const struct iovec *, int);
static ssize_t (*next_pwrite)(int, const void *, size_t, off_t);
static int (*next_open)(const char *, int, ...);
static int (*next_epoll_wait)(int, struct epoll_event *, int, int);
static int (*next_getsockopt)(int, int, int, void *, socklen_t *);
static int (*next_getpwuid_r)(uid_t, struct passwd *, char *, size_t, struct passwd **);

/* A sanitizer may call before there is a main(). */
static void find_all(void)
{
    if (next_getpwuid_r != NULL) return;
    faults_find_next(&next_read, "read");
    faults_find_next(&next_write, "write");
    faults_find_next(&next_writev, "writev");
    faults_find_next(&next_pwrite, "pwrite64");
    faults_find_next(&next_open, "open64");
    faults_find_next(&next_epoll_wait, "epoll_wait");
    faults_find_next(&next_getsockopt, "getsockopt");
    faults_find_next(&next_getpwuid_r, "getpwuid_r");
}

static enum fault_effect meet_file(int fd, enum fault_call socket, enum fault_call file)
{
    struct stat about;
    int error = 0;
    find_all();
    if (fstat(fd, &about) != 0) return FAULT_NONE;
    if (!S_ISSOCK(about.st_mode) && !S_ISREG(about.st_mode)) return FAULT_NONE;
    /* Its own output is neither the network nor the disk. */
    if (fd <= STDERR_FILENO) return FAULT_NONE;
    enum fault_effect effect = faults_meet(S_ISSOCK(about.st_mode) ? socket : file, &error);
    if (effect == FAULT_ERROR) errno = error;
    return effect;
}

static bool fails(enum fault_call call)
{
    int error = 0;
    find_all();
    if (faults_meet(call, &error) != FAULT_ERROR) return false;
    errno = error;
    return true;
}

static size_t shorten(enum fault_effect effect, size_t size)
{
    return effect == FAULT_SHORT && size > 1 ? 1 : size;
}

ssize_t read(int fd, void *bytes, size_t size)
{
    enum fault_effect effect = meet_file(fd, FAULT_SOCKET_READ, FAULT_FILE_READ);
    return effect == FAULT_ERROR ? -1 : next_read(fd, bytes, shorten(effect, size));
}

ssize_t write(int fd, const void *bytes, size_t size)
{
    enum fault_effect effect = meet_file(fd, FAULT_SOCKET_WRITE, FAULT_FILE_WRITE);
    return effect == FAULT_ERROR ? -1 : next_write(fd, bytes, shorten(effect, size));
}

ssize_t writev(int fd, const struct iovec *pieces, int count)
{
    enum fault_effect effect = meet_file(fd, FAULT_SOCKET_WRITE, FAULT_FILE_WRITE);
    if (effect == FAULT_ERROR) return -1;
    if (effect == FAULT_SHORT && count > 0) return next_write(fd, pieces[0].iov_base, 1);
    return next_writev(fd, pieces, count);
}

ssize_t pwrite(int fd, const void *bytes, size_t size, off_t offset)
{
    enum fault_effect effect = meet_file(fd, FAULT_SOCKET_WRITE, FAULT_FILE_WRITE);
    return effect == FAULT_ERROR ? -1 : next_pwrite(fd, bytes, shorten(effect, size), offset);
}

int open(const char *path, int flags, ...)
{
    va_list arguments;
    if (fails(FAULT_OPEN)) return -1;
    va_start(arguments, flags);
    mode_t mode = (flags & O_CREAT) != 0 ? va_arg(arguments, mode_t) : 0;
    va_end(arguments);
    return next_open(path, flags, mode);
}

int epoll_wait(int fd, struct epoll_event *events, int count, int timeout)
{
    return fails(FAULT_POLL) ? -1 : next_epoll_wait(fd, events, count, timeout);
}

int getsockopt(int fd, int level, int option, void *value, socklen_t *size)
{
    find_all();
    if (option == SO_PEERCRED && fails(FAULT_PEER)) return -1;
    return next_getsockopt(fd, level, option, value, size);
}

int getpwuid_r(uid_t uid, struct passwd *entry, char *buffer, size_t size, struct passwd **found)
{
    if (!fails(FAULT_USER_NAME)) return next_getpwuid_r(uid, entry, buffer, size, found);
    *found = NULL;
    return errno;
}

int __real_main(int argc, char *argv[]);
int __wrap_main(int argc, char *argv[]);

int __wrap_main(int argc, char *argv[])
{
    static cJSON_Hooks hooks = {__wrap_malloc, free};
    find_all();
    faults_start();
    cJSON_InitHooks(&hooks);
    if (uv_replace_allocator(__wrap_malloc, __wrap_realloc, __wrap_calloc, free) != 0) return 3;
    return __real_main(argc, argv);
}
