/*
 * transport.h over named pipes. Overlapped I/O says when something is done, not when it could be:
 * so a stream always has a read under way while somebody waits for one, and what is written is
 * copied, to be under way for as long as it takes.
 *
 * An adopted handle may be synchronous. Of such a handle Windows does one thing after the other,
 * and a read that waits would hold up every write; so its pipe is set not to wait and is asked now
 * and then (PIPE_NOWAIT).
 */
#include "client/transport.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

#include <winternl.h>

#include "client/os.h"
#include "client/os_win.h"
#include "client/pipe_win.h"
#include "client/text_win.h"

#define READ_BYTES    ((DWORD)16 * 1024)
#define WRITE_BYTES   ((DWORD)64 * 1024)
#define POLL_FIRST_MS 1u
#define POLL_MAX_MS   32u
#define TIMER_MAX_MS  32u /* longer waits may be late by a tick of the system's clock */
#define UNITS_A_MS    10000
#define TIMER_OF_HIGH_RESOLUTION                                                                   \
    2u /* CREATE_WAITABLE_TIMER_HIGH_RESOLUTION, not in all headers                                \
        */
#define MODE_INFORMATION  ((FILE_INFORMATION_CLASS)16) /* FileModeInformation */
#define MODE_SYNCHRONOUS  0x30u                        /* FILE_SYNCHRONOUS_IO_[NON]ALERT */
#define NO_PORT_FOR_EVENT 1u

/* One direction. */
struct flow {
    OVERLAPPED overlapped;
    HANDLE event;  /* set when what was under way is done */
    bool is_busy;  /* something is under way */
    bool is_ended; /* by either side, or failed */
    DWORD start;   /* bytes from here ... */
    DWORD end;     /* ... to here are still to be taken, or written */
};

struct stream {
    HANDLE pipe;
    bool is_synchronous;
    bool is_full; /* synchronous: the pipe took nothing the last time */
    struct flow in;
    struct flow out;
    BYTE in_bytes[READ_BYTES];
    BYTE out_bytes[WRITE_BYTES];
};

struct waker {
    HANDLE event; /* resets itself */
    HANDLE timer; /* finer than the system's clock; NULL: there is none */
};

static bool flow_init(struct flow *flow)
{
    flow->event = CreateEventW(NULL, TRUE, FALSE, NULL);
    return flow->event != NULL;
}

static void flow_clear(struct flow *flow)
{
    if (flow->event) CloseHandle(flow->event);
}

/* What it was made of stays open. */
static void stream_free(struct stream *stream)
{
    flow_clear(&stream->in);
    flow_clear(&stream->out);
    free(stream);
}

static struct stream *stream_create(HANDLE pipe, bool is_synchronous)
{
    struct stream *stream = malloc(sizeof *stream);

    if (!stream) return NULL;
    memset(stream, 0, offsetof(struct stream, in_bytes));
    stream->pipe = pipe;
    stream->is_synchronous = is_synchronous;
    if (flow_init(&stream->in) && flow_init(&stream->out)) return stream;
    stream_free(stream);
    return NULL;
}

enum etwr_status stream_connect(const char *path, enum stream_trust trust, struct stream **stream,
                                char *text, size_t capacity)
{
    HANDLE pipe;
    enum etwr_status status = pipe_open(path, trust, &pipe, text, capacity);

    if (status != ETWR_OK) return status;
    *stream = stream_create(pipe, false);
    if (*stream) return ETWR_OK;
    CloseHandle(pipe);
    error_describe(ERROR_NOT_ENOUGH_MEMORY, text, capacity);
    return ETWR_E_NO_MEMORY;
}

/* A pipe that is connected, which may be read and written. (Sockets call themselves pipes, too.) */
static bool is_connected_pipe(HANDLE handle)
{
    const ACCESS_MASK needed = FILE_READ_DATA | FILE_WRITE_DATA;
    PUBLIC_OBJECT_BASIC_INFORMATION object;

    if (!handle || handle == INVALID_HANDLE_VALUE) return false;
    if (GetFileType(handle) != FILE_TYPE_PIPE) return false;
    if (NtQueryObject(handle, ObjectBasicInformation, &object, sizeof object, NULL) < 0)
        return false;
    if ((object.GrantedAccess & needed) != needed) return false;
    return PeekNamedPipe(handle, NULL, 0, NULL, NULL, NULL) != FALSE;
}

static bool has_synchronous_mode(HANDLE pipe)
{
    IO_STATUS_BLOCK block;
    ULONG mode = 0;

    return NtQueryInformationFile(pipe, &block, &mode, sizeof mode, MODE_INFORMATION) >= 0 &&
           (mode & MODE_SYNCHRONOUS) != 0;
}

static bool set_waiting(HANDLE pipe, bool waits)
{
    DWORD mode = PIPE_READMODE_BYTE | (waits ? PIPE_WAIT : PIPE_NOWAIT);

    return SetNamedPipeHandleState(pipe, &mode, NULL, NULL) != FALSE;
}

enum etwr_status stream_adopt(intptr_t handle, struct stream **stream)
{
    HANDLE pipe = (HANDLE)handle;
    bool is_slow;

    if (!is_connected_pipe(pipe)) return ETWR_E_INVALID_ARGUMENT;
    is_slow = has_synchronous_mode(pipe);
    if (!SetHandleInformation(pipe, HANDLE_FLAG_INHERIT, 0)) return ETWR_E_INVALID_ARGUMENT;
    if (is_slow && !set_waiting(pipe, false)) return ETWR_E_INVALID_ARGUMENT;
    *stream = stream_create(pipe, is_slow);
    if (*stream) return ETWR_OK;
    if (is_slow) set_waiting(pipe, true);
    return ETWR_E_NO_MEMORY;
}

intptr_t stream_release(struct stream *stream)
{
    HANDLE pipe = stream->pipe;

    if (stream->is_synchronous) set_waiting(pipe, true);
    stream_free(stream);
    return (intptr_t)pipe;
}

/* The system writes into `flow` until it says that it is done. */
static void stop_flow(struct stream *stream, struct flow *flow)
{
    DWORD moved;

    if (!flow->is_busy) return;
    CancelIoEx(stream->pipe, &flow->overlapped);
    GetOverlappedResult(stream->pipe, &flow->overlapped, &moved, TRUE);
}

void stream_close(struct stream *stream)
{
    if (!stream) return;
    stop_flow(stream, &stream->in);
    stop_flow(stream, &stream->out);
    CloseHandle(stream->pipe);
    stream_free(stream);
}

/* The lowest bit keeps the end of it from a completion port that an adopted handle may be tied to.
 */
static OVERLAPPED *begin(struct flow *flow)
{
    memset(&flow->overlapped, 0, sizeof flow->overlapped);
    flow->overlapped.hEvent = (HANDLE)((uintptr_t)flow->event | NO_PORT_FOR_EVENT);
    return &flow->overlapped;
}

/* Is it under way, or done already? Either way its result is to be fetched. A message that is
 * longer than the read was asked for is read in pieces, like any bytes. */
static void begun(struct flow *flow, BOOL is_done)
{
    DWORD error = is_done ? ERROR_SUCCESS : GetLastError();

    flow->is_busy = is_done || error == ERROR_IO_PENDING || error == ERROR_MORE_DATA;
    flow->is_ended = !flow->is_busy;
}

/* Fetch the result, if it is there: true, and the bytes that it moved. */
static bool fetch(struct stream *stream, struct flow *flow, DWORD *moved)
{
    DWORD error = ERROR_SUCCESS;

    if (!flow->is_busy) return false;
    if (!GetOverlappedResult(stream->pipe, &flow->overlapped, moved, FALSE)) error = GetLastError();
    if (error == ERROR_IO_INCOMPLETE) return false;
    flow->is_busy = false;
    flow->is_ended = error != ERROR_SUCCESS && error != ERROR_MORE_DATA;
    return !flow->is_ended;
}

static void fetch_read(struct stream *stream)
{
    DWORD moved;

    if (!fetch(stream, &stream->in, &moved)) return;
    stream->in.start = 0;
    stream->in.end = moved;
}

static bool has_input(const struct flow *in)
{
    return in->is_ended || in->start < in->end;
}

/* See that a read is under way unless there is something to read. */
static void keep_reading(struct stream *stream)
{
    struct flow *in = &stream->in;

    fetch_read(stream);
    if (has_input(in) || in->is_busy) return;
    begun(in, ReadFile(stream->pipe, stream->in_bytes, READ_BYTES, NULL, begin(in)));
    fetch_read(stream);
}

static void start_write(struct stream *stream)
{
    struct flow *out = &stream->out;

    begun(out, WriteFile(stream->pipe, stream->out_bytes + out->start, out->end - out->start, NULL,
                         begin(out)));
}

/* See that what was taken goes on being written. */
static void keep_writing(struct stream *stream)
{
    struct flow *out = &stream->out;
    DWORD moved;

    if (!fetch(stream, out, &moved)) return;
    out->start += moved;
    if (out->start < out->end) start_write(stream);
}

static enum stream_result read_now(struct stream *stream, void *bytes, size_t size, size_t *count)
{
    DWORD moved = 0;
    DWORD wanted = size < READ_BYTES ? (DWORD)size : READ_BYTES;

    if (!ReadFile(stream->pipe, bytes, wanted, &moved, NULL)) {
        DWORD error = GetLastError();

        if (error == ERROR_NO_DATA) return STREAM_AGAIN;
        if (error != ERROR_MORE_DATA) return STREAM_ENDED;
    }
    if (moved == 0) return STREAM_AGAIN;
    *count = moved;
    return STREAM_DONE;
}

enum stream_result stream_read(struct stream *stream, void *bytes, size_t size, size_t *count)
{
    struct flow *in = &stream->in;
    size_t left;

    if (stream->is_synchronous) return read_now(stream, bytes, size, count);
    keep_reading(stream);
    left = in->end - in->start;
    if (left == 0) return in->is_ended ? STREAM_ENDED : STREAM_AGAIN;
    *count = left < size ? left : size;
    memcpy(bytes, stream->in_bytes + in->start, *count);
    in->start += (DWORD)*count;
    return STREAM_DONE;
}

/* A pipe that does not wait takes all of it or nothing: so ask for less and less. */
static enum stream_result write_now(struct stream *stream, const void *bytes, size_t size,
                                    size_t *count)
{
    DWORD wanted = size < WRITE_BYTES ? (DWORD)size : WRITE_BYTES;
    DWORD moved = 0;

    for (; wanted > 0; wanted /= 2) {
        if (!WriteFile(stream->pipe, bytes, wanted, &moved, NULL)) return STREAM_ENDED;
        if (moved == 0) continue;
        *count = moved;
        return STREAM_DONE;
    }
    stream->is_full = true;
    return STREAM_AGAIN;
}

enum stream_result stream_write(struct stream *stream, const void *bytes, size_t size,
                                size_t *count)
{
    struct flow *out = &stream->out;

    if (stream->is_synchronous) return write_now(stream, bytes, size, count);
    keep_writing(stream);
    if (out->is_ended) return STREAM_ENDED;
    if (out->is_busy) return STREAM_AGAIN;
    out->start = 0;
    out->end = size < WRITE_BYTES ? (DWORD)size : WRITE_BYTES;
    memcpy(stream->out_bytes, bytes, out->end);
    start_write(stream);
    if (out->is_ended) return STREAM_ENDED;
    *count = out->end;
    return STREAM_DONE;
}

struct waker *waker_create(void)
{
    struct waker *waker = malloc(sizeof *waker);

    if (!waker) return NULL;
    waker->event = CreateEventW(NULL, FALSE, FALSE, NULL);
    if (!waker->event) {
        free(waker);
        return NULL;
    }
    /* Since Windows 10 1803. */
    waker->timer = CreateWaitableTimerExW(NULL, NULL, TIMER_OF_HIGH_RESOLUTION,
                                          TIMER_MODIFY_STATE | SYNCHRONIZE);
    return waker;
}

void waker_destroy(struct waker *waker)
{
    if (!waker) return;
    if (waker->timer) CloseHandle(waker->timer);
    CloseHandle(waker->event);
    free(waker);
}

void waker_wake(struct waker *waker)
{
    SetEvent(waker->event);
}

static bool set_timer(struct waker *waker, DWORD ms)
{
    LARGE_INTEGER due = {.QuadPart = -(LONGLONG)ms * UNITS_A_MS};

    return waker->timer && SetWaitableTimer(waker->timer, &due, 0, NULL, NULL, FALSE);
}

/* Sleep until `waker` was woken (true), one of the handles is set, or the time is over. `handles`
 * has room for two more. */
static bool sleep_for(struct waker *waker, HANDLE *handles, DWORD count, DWORD ms)
{
    DWORD first;

    memmove(handles + 1, handles, count * sizeof *handles);
    handles[0] = waker->event;
    count++;
    if (ms > 0 && ms <= TIMER_MAX_MS && set_timer(waker, ms)) {
        handles[count++] = waker->timer;
        ms = INFINITE;
    }
    first = WaitForMultipleObjects(count, handles, FALSE, ms);
    return first == WAIT_OBJECT_0;
}

static struct transport_events wait_overlapped(struct waker *waker, struct stream *stream,
                                               bool want_read, bool want_write,
                                               uint64_t deadline_ms)
{
    struct transport_events events = {false, false};
    HANDLE handles[4];
    DWORD count = 0;

    if (want_read) keep_reading(stream);
    keep_writing(stream);
    if (want_read && stream->in.is_busy) handles[count++] = stream->in.event;
    if (stream->out.is_busy) handles[count++] = stream->out.event;
    events.readable = want_read && has_input(&stream->in);
    events.writable = want_write && !stream->out.is_busy;
    if (events.readable || events.writable) return events;
    sleep_for(waker, handles, count, os_ms_until(deadline_ms));
    fetch_read(stream);
    keep_writing(stream);
    events.readable = want_read && has_input(&stream->in);
    events.writable = want_write && !stream->out.is_busy;
    return events;
}

static bool has_input_now(struct stream *stream)
{
    DWORD available = 0;

    return !PeekNamedPipe(stream->pipe, NULL, 0, NULL, &available, NULL) || available > 0;
}

/* Looked at often at first, then less and less. */
static struct transport_events wait_synchronous(struct waker *waker, struct stream *stream,
                                                bool want_read, bool want_write,
                                                uint64_t deadline_ms)
{
    struct transport_events events = {false, false};
    DWORD pause = POLL_FIRST_MS;

    for (;;) {
        DWORD left = os_ms_until(deadline_ms);
        HANDLE handles[2];

        events.readable = want_read && has_input_now(stream);
        events.writable = want_write && !stream->is_full;
        if (events.readable || events.writable || left == 0) return events;
        if (sleep_for(waker, handles, 0, pause < left ? pause : left)) return events;
        stream->is_full = false;
        if (pause < POLL_MAX_MS) pause *= 2;
    }
}

struct transport_events transport_wait(struct waker *waker, struct stream *stream, bool want_read,
                                       bool want_write, uint64_t deadline_ms)
{
    struct transport_events nothing = {false, false};
    HANDLE handles[2];

    if (stream && stream->is_synchronous && (want_read || want_write))
        return wait_synchronous(waker, stream, want_read, want_write, deadline_ms);
    if (stream && (want_read || want_write))
        return wait_overlapped(waker, stream, want_read, want_write, deadline_ms);
    sleep_for(waker, handles, 0, os_ms_until(deadline_ms));
    return nothing;
}

void transport_discard(intptr_t handle)
{
    CloseHandle((HANDLE)handle);
}

/* Not DUPLICATE_CLOSE_SOURCE: that closes ours even when the rest fails. */
enum etwr_status transport_give(intptr_t handle, intptr_t to, intptr_t *given)
{
    HANDLE copy;

    if (!DuplicateHandle(GetCurrentProcess(), (HANDLE)handle, (HANDLE)to, &copy,
                         PIPE_ADOPTED_RIGHTS, FALSE, 0))
        return error_status(GetLastError());
    CloseHandle((HANDLE)handle);
    *given = (intptr_t)copy;
    return ETWR_OK;
}
