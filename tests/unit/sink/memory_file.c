/* See memory_file.h. */
#include "tests/unit/sink/memory_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "service/sink/file.h"

#define FILES_MAX   16
#define DEADLINE_NS (20 * UINT64_C(1000000000))

enum { NUMBER_FULL = 28, NUMBER_IO = 5, NUMBER_EXISTS = 17 };

struct memory_file {
    bool exists, is_open;
    char path[128];
    uint8_t *bytes;
    size_t size, capacity;
};

static uv_once_t once = UV_ONCE_INIT;
static uv_mutex_t lock;
static uv_cond_t changed;
static struct memory_file files[FILES_MAX];
static size_t space;
static unsigned skip_writes, fail_writes, blocked_writes;
static bool is_blocked, truncate_fails;

static void make_lock(void)
{
    if (uv_mutex_init(&lock) != 0 || uv_cond_init(&changed) != 0) abort();
}

static void enter(void)
{
    uv_once(&once, make_lock);
    uv_mutex_lock(&lock);
}

static void leave(void)
{
    uv_mutex_unlock(&lock);
}

void memory_file_reset(void)
{
    enter();
    for (int i = 0; i < FILES_MAX; i++)
        free(files[i].bytes);
    memset(files, 0, sizeof files);
    space = SIZE_MAX;
    skip_writes = fail_writes = blocked_writes = 0;
    is_blocked = truncate_fails = false;
    leave();
}

static struct memory_file *find(const char *path)
{
    for (int i = 0; i < FILES_MAX; i++) {
        if (files[i].exists && strcmp(files[i].path, path) == 0) return &files[i];
    }
    return NULL;
}

static size_t used(void)
{
    size_t sum = 0;
    for (int i = 0; i < FILES_MAX; i++)
        sum += files[i].exists ? files[i].size : 0;
    return sum;
}

const uint8_t *memory_file_bytes(const char *path, size_t *size)
{
    enter();
    struct memory_file *file = find(path);
    if (file) *size = file->size;
    leave();
    return file ? file->bytes : NULL;
}

enum etwr_status memory_file_read_at(void *path, uint64_t offset, void *bytes, size_t size,
                                     size_t *got)
{
    enter();
    struct memory_file *file = find(path);
    *got = 0;
    if (file && offset < file->size) {
        size_t left = file->size - (size_t)offset;
        *got = left < size ? left : size;
        memcpy(bytes, file->bytes + offset, *got);
    }
    leave();
    return file ? ETWR_OK : ETWR_E_NOT_FOUND;
}

void memory_file_set_space(size_t bytes)
{
    enter();
    space = bytes;
    leave();
}

size_t memory_file_used(void)
{
    enter();
    size_t sum = used();
    leave();
    return sum;
}

void memory_file_fail_writes(unsigned skip, unsigned count)
{
    enter();
    skip_writes = skip;
    fail_writes = count;
    leave();
}

void memory_file_fail_truncate(bool fails)
{
    enter();
    truncate_fails = fails;
    leave();
}

void memory_file_block(bool blocked)
{
    enter();
    is_blocked = blocked;
    uv_cond_broadcast(&changed);
    leave();
}

bool memory_file_wait_until_blocked(void)
{
    uint64_t end = uv_hrtime() + DEADLINE_NS;
    enter();
    while (blocked_writes == 0 && uv_hrtime() < end) {
        uv_cond_timedwait(&changed, &lock, DEADLINE_NS / 10);
    }
    bool result = blocked_writes != 0;
    leave();
    return result;
}

bool memory_file_any_open(void)
{
    bool result = false;
    enter();
    for (int i = 0; i < FILES_MAX; i++)
        result = result || files[i].is_open;
    leave();
    return result;
}

static enum file_result fail(struct file *file, enum file_result result, int number)
{
    file->error = number;
    return result;
}

static struct memory_file *add(const char *path)
{
    for (int i = 0; i < FILES_MAX; i++) {
        if (files[i].exists || files[i].is_open) continue;
        files[i].exists = true;
        snprintf(files[i].path, sizeof files[i].path, "%s", path);
        files[i].size = 0;
        return &files[i];
    }
    abort();
}

static void open_it(struct file *file, struct memory_file *memory)
{
    memory->is_open = true;
    file->handle = memory - files;
    file->id.number = (uint64_t)(memory - files);
    file->is_lent = false;
}

enum file_result file_create(struct file *file, const char *path)
{
    enum file_result result = FILE_OK;
    enter();
    if (find(path))
        result = fail(file, FILE_EXISTS, NUMBER_EXISTS);
    else
        open_it(file, add(path));
    leave();
    return result;
}

enum file_result file_open_append(struct file *file, const char *path)
{
    enter();
    struct memory_file *memory = find(path);
    open_it(file, memory ? memory : add(path));
    leave();
    return FILE_OK;
}

enum file_result file_open_standard_output(struct file *file)
{
    return file_open_append(file, "-");
}

static void wait_until_let_go(void)
{
    blocked_writes++;
    uv_cond_broadcast(&changed);
    while (is_blocked)
        uv_cond_wait(&changed, &lock);
    blocked_writes--;
}

/* How many of `size` bytes at `offset` the faults let through. */
static size_t allow(struct file *file, struct memory_file *memory, size_t offset, size_t size,
                    enum file_result *result)
{
    if (skip_writes > 0) {
        skip_writes--;
    } else if (fail_writes > 0) {
        fail_writes--;
        *result = fail(file, FILE_FAILED, NUMBER_IO);
        return size / 2;
    }
    size_t sum = used();
    size_t most = memory->size + (space > sum ? space - sum : 0);
    if (space == SIZE_MAX || offset + size <= most) return size;
    *result = fail(file, FILE_FULL, NUMBER_FULL);
    return offset < most ? most - offset : 0;
}

static void grow(struct memory_file *memory, size_t size)
{
    if (size > memory->capacity) {
        memory->capacity = size * 2;
        memory->bytes = realloc(memory->bytes, memory->capacity);
        if (!memory->bytes) abort();
    }
    if (size > memory->size) memset(memory->bytes + memory->size, 0, size - memory->size);
    if (size > memory->size) memory->size = size;
}

static enum file_result write_some(struct file *file, size_t offset, const void *bytes, size_t size,
                                   size_t *written)
{
    enum file_result result = FILE_OK;
    struct memory_file *memory = &files[file->handle];
    if (!memory->is_open) abort();
    if (is_blocked) wait_until_let_go();
    *written = allow(file, memory, offset, size, &result);
    if (*written == 0) return result;
    grow(memory, offset + *written);
    memcpy(memory->bytes + offset, bytes, *written);
    return result;
}

enum file_result file_write_at(struct file *file, uint64_t offset, const void *bytes, size_t size)
{
    size_t written;
    enter();
    enum file_result result = write_some(file, (size_t)offset, bytes, size, &written);
    leave();
    return result;
}

enum file_result file_append(struct file *file, const void *bytes, size_t size, size_t *written)
{
    enter();
    enum file_result result = write_some(file, files[file->handle].size, bytes, size, written);
    leave();
    return result;
}

enum file_result file_size(struct file *file, uint64_t *size)
{
    enter();
    *size = files[file->handle].size;
    leave();
    return FILE_OK;
}

enum file_result file_truncate(struct file *file, uint64_t size)
{
    enum file_result result = FILE_OK;
    enter();
    struct memory_file *memory = &files[file->handle];
    if (truncate_fails)
        result = fail(file, FILE_FAILED, NUMBER_IO);
    else if (size < memory->size)
        memory->size = (size_t)size;
    else
        grow(memory, (size_t)size);
    leave();
    return result;
}

enum file_result file_close(struct file *file)
{
    enter();
    files[file->handle].is_open = false;
    file->handle = -1;
    leave();
    return FILE_OK;
}

enum file_result file_remove(const char *path, const struct file_id *id)
{
    enter();
    struct memory_file *memory = find(path);
    if (memory && (uint64_t)(memory - files) == id->number) memory->exists = false;
    leave();
    return FILE_OK;
}

bool file_has_open_end(const char *path)
{
    enter();
    struct memory_file *memory = find(path);
    bool result = memory && memory->size > 0 && memory->bytes[memory->size - 1] != '\n';
    leave();
    return result;
}

void file_error_text(const struct file *file, char *text, size_t size)
{
    snprintf(text, size, "fault %d", file->error);
}
