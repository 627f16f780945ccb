/* The state file on disk, through libuv's calls for files, which are the same on every system. They
 * block, as writing 128 bytes once a second may. */
#include "service/state.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define FNV_BASIS 2166136261u
#define FNV_PRIME 16777619u
#define MODE      0600

static uint32_t hash(const char *text)
{
    uint32_t sum = FNV_BASIS;
    for (; *text != 0; text++)
        sum = (sum ^ (uint8_t)*text) * FNV_PRIME;
    return sum;
}

static enum etwr_status fail(const struct state *state, const char *what, ssize_t error,
                             char message[STATE_MESSAGE_BYTES])
{
    char reason[64]; /* uv_strerror() would leak the text of a number that libuv does not know */
    snprintf(message, STATE_MESSAGE_BYTES, "cannot %s the state file %.256s: %s (%d)", what,
             state->path, uv_strerror_r((int)error, reason, sizeof reason), (int)-error);
    return ETWR_E_IO;
}

/* Never through a link, and never waiting for the other end of a FIFO. */
static ssize_t open_file(struct state *state)
{
    uv_fs_t request;
    int flags = UV_FS_O_RDWR | UV_FS_O_CREAT | UV_FS_O_NOFOLLOW | UV_FS_O_NONBLOCK;
    ssize_t file = uv_fs_open(NULL, &request, state->path, flags, MODE, NULL);
    uv_fs_req_cleanup(&request);
    if (file >= 0) state->file = (uv_file)file;
    return file;
}

static bool is_regular(uv_file file)
{
    uv_fs_t request;
    bool regular = uv_fs_fstat(NULL, &request, file, NULL) == 0 &&
                   (request.statbuf.st_mode & S_IFMT) == S_IFREG;
    uv_fs_req_cleanup(&request);
    return regular;
}

/* Up to `capacity` bytes from the start of the file: how many, or a negative error. */
static ssize_t read_all(uv_file file, uint8_t *bytes, unsigned capacity)
{
    unsigned size = 0;
    while (size < capacity) {
        uv_fs_t request;
        uv_buf_t buffer = uv_buf_init((char *)bytes + size, capacity - size);
        ssize_t count = uv_fs_read(NULL, &request, file, &buffer, 1, size, NULL);
        uv_fs_req_cleanup(&request);
        if (count < 0) return count;
        if (count == 0) break;
        size += (unsigned)count;
    }
    return (ssize_t)size;
}

static ssize_t write_all(uv_file file, uint8_t *bytes, unsigned size, size_t offset)
{
    unsigned done = 0;
    while (done < size) {
        uv_fs_t request;
        uv_buf_t buffer = uv_buf_init((char *)bytes + done, size - done);
        ssize_t count =
            uv_fs_write(NULL, &request, file, &buffer, 1, (int64_t)(offset + done), NULL);
        uv_fs_req_cleanup(&request);
        if (count < 0) return count;
        if (count == 0) return UV_EIO;
        done += (unsigned)count;
    }
    return 0;
}

enum etwr_status state_open(struct state *state, const char *folder, const char *pipe,
                            char message[STATE_MESSAGE_BYTES])
{
    uint8_t bytes[STATE_FILE_BYTES + 1];
    memset(state, 0, sizeof *state);
    state->file = -1;
    int size = snprintf(state->path, sizeof state->path, "%s/etwrelayd-%08" PRIx32 ".state", folder,
                        hash(pipe));
    if (size < 0 || (size_t)size >= sizeof state->path)
        return fail(state, "open", UV_ENAMETOOLONG, message);
    ssize_t result = open_file(state);
    if (result < 0) return fail(state, "open", result, message);
    if (!is_regular(state->file)) {
        state_close(state);
        snprintf(message, STATE_MESSAGE_BYTES, "the state file %.256s is no regular file",
                 state->path);
        return ETWR_E_IO;
    }
    result = read_all(state->file, bytes, sizeof bytes);
    if (result < 0) {
        state_close(state);
        return fail(state, "read", result, message);
    }
    state->verdict = state_file_read(bytes, (size_t)result, &state->found);
    if (state->verdict == STATE_GOOD) state->generation = state->found.generation;
    if (state->verdict == STATE_FOREIGN) state_close(state);
    return ETWR_OK;
}

enum etwr_status state_write(struct state *state, const struct state_record *record,
                             char message[STATE_MESSAGE_BYTES])
{
    uint8_t slot[STATE_SLOT_BYTES];
    if (state->file < 0) return ETWR_OK;
    struct state_record next = *record;
    next.generation = state->generation + 1;
    state_file_put(&next, slot);
    ssize_t result = write_all(state->file, slot, sizeof slot, state_file_offset(next.generation));
    state->has_failed = result < 0;
    /* The slot is then nobody's; the next attempt goes to the same one. */
    if (result < 0) return fail(state, "write", result, message);
    state->generation = next.generation;
    state->written = next;
    return ETWR_OK;
}

void state_close(struct state *state)
{
    uv_fs_t request;
    if (state->file < 0) return;
    (void)uv_fs_close(NULL, &request, state->file, NULL);
    uv_fs_req_cleanup(&request);
    state->file = -1;
}

void state_remove(struct state *state)
{
    uv_fs_t request;
    if (state->file < 0) return;
    state_close(state);
    (void)uv_fs_unlink(NULL, &request, state->path, NULL);
    uv_fs_req_cleanup(&request);
}
