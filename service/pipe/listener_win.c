/*
 * The acceptor over a named pipe.
 *
 * A pipe's name lives as long as any instance of it, and whoever makes the first instance says who
 * may do what. So the name is claimed once, without a second try, and never let go of: a number of
 * instances wait for clients at all times, and one with a client is given away only after another
 * has taken its place. What cannot be given away is disconnected and waits again.
 *
 * Connecting is waited for through events, on the system's thread pool, and finished on the loop: a
 * completion port would tie the handle to it, and the worker's loop needs it free.
 */
#include "service/pipe/listener.h"

#include <io.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

#include "service/pipe/descriptor_win.h"
#include "service/pipe/pipe_calls_win.h"
#include "service/support/log.h"
#include "windows/wide.h"

#define SERVICE_PIPE "\\\\.\\pipe\\ProtectedPrefix\\LocalService\\etwrelay"
#define CONSOLE_PIPE "\\\\.\\pipe\\etwrelay-console"
#define PIPE_PREFIX  "\\\\.\\pipe\\"

#define SLOTS          32 /* instances that wait: as many clients may come at the same moment */
#define PATH_MAX_BYTES 256
#define BUFFER_BYTES   65536 /* each way; more waits in the client */
#define BACK_OFF_MS    50

enum slot_state {
    SLOT_BROKEN,   /* its instance does not wait; a new one could not be made yet */
    SLOT_WAITING,  /* for a client */
    SLOT_CONNECTED /* a client is there, or was */
};

struct slot {
    struct listener *listener;
    HANDLE pipe;  /* INVALID_HANDLE_VALUE: none yet */
    HANDLE event; /* resets itself; signalled when connecting has ended */
    HANDLE wait;
    OVERLAPPED overlapped;
    enum slot_state state;
};

struct listener {
    uv_async_t connected;
    uv_timer_t back_off;
    int open_handles;
    struct slot slots[SLOTS];
    wchar_t *name;
    struct pipe_descriptor descriptor;
    listener_callback on_accept;
    void *context;
    struct listener_counters counters;
};

static enum etwr_status fail(char message[LISTENER_MESSAGE_BYTES], enum etwr_status status,
                             const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, LISTENER_MESSAGE_BYTES, format, arguments);
    va_end(arguments);
    return status;
}

static HANDLE make_instance(struct listener *listener, bool is_first)
{
    SECURITY_ATTRIBUTES attributes = {sizeof attributes, listener->descriptor.descriptor, FALSE};
    DWORD open_mode = PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED;
    /* Fails when anybody has an instance of that name. */
    if (is_first) open_mode |= FILE_FLAG_FIRST_PIPE_INSTANCE;
    return pipe_calls->create_named_pipe(
        listener->name, open_mode,
        PIPE_TYPE_BYTE | PIPE_READMODE_BYTE | PIPE_WAIT | PIPE_REJECT_REMOTE_CLIENTS,
        PIPE_UNLIMITED_INSTANCES, BUFFER_BYTES, BUFFER_BYTES, 0, &attributes);
}

static void on_back_off_over(uv_timer_t *timer);

static void break_slot(struct slot *slot)
{
    struct listener *listener = slot->listener;
    slot->state = SLOT_BROKEN;
    listener->counters.errors++;
    if (!uv_is_active((uv_handle_t *)&listener->back_off))
        (void)uv_timer_start(&listener->back_off, on_back_off_over, BACK_OFF_MS, 0);
}

/* Have the slot's instance wait for a client. One may be there already, or have been: it is looked
 * at on the loop's next turn, so that a flood of such gives way to everything else. */
static void start_waiting(struct slot *slot)
{
    DWORD error = ERROR_PIPE_CONNECTED;
    memset(&slot->overlapped, 0, sizeof slot->overlapped);
    slot->overlapped.hEvent = slot->event;
    slot->state = SLOT_WAITING;
    if (!pipe_calls->connect_named_pipe(slot->pipe, &slot->overlapped)) error = GetLastError();
    switch (error) {
    case ERROR_IO_PENDING:
        break;
    case ERROR_PIPE_CONNECTED:
    case ERROR_NO_DATA: /* connected and closed since the instance was made */
        slot->state = SLOT_CONNECTED;
        (void)uv_async_send(&slot->listener->connected);
        break;
    default:
        break_slot(slot);
        break;
    }
}

/* Whoever is connected is dropped, and the same instance waits again. */
static void recycle(struct slot *slot)
{
    if (pipe_calls->disconnect_named_pipe(slot->pipe))
        start_waiting(slot);
    else
        break_slot(slot);
}

/* Another instance in place of a broken one, which goes only when the new one is there. */
static void repair(struct slot *slot)
{
    HANDLE next = make_instance(slot->listener, false);
    if (next == INVALID_HANDLE_VALUE) {
        break_slot(slot);
        return;
    }
    if (slot->pipe != INVALID_HANDLE_VALUE) CloseHandle(slot->pipe);
    slot->pipe = next;
    start_waiting(slot);
}

static void on_back_off_over(uv_timer_t *timer)
{
    struct listener *listener = timer->data;
    for (size_t i = 0; i < SLOTS; i++)
        if (listener->slots[i].state == SLOT_BROKEN) repair(&listener->slots[i]);
}

static void shed(struct listener *listener)
{
    listener->counters.shed++;
    listener->on_accept(listener->context, LISTENER_SHED, NULL);
}

/* The C library's table of descriptors is the limit: what finds no place in it is closed. */
static void hand_over(struct listener *listener, HANDLE pipe)
{
    struct peer peer;
    int descriptor = pipe_calls->open_descriptor(pipe);
    if (descriptor < 0) {
        CloseHandle(pipe);
        shed(listener);
        return;
    }
    enum etwr_status status = peer_read(descriptor, &peer);
    if (status == ETWR_E_DISCONNECTED) {
        _close(descriptor);
        return;
    }
    listener->counters.accepted++;
    listener->on_accept(listener->context, descriptor, status == ETWR_OK ? &peer : NULL);
}

/* Somebody who connected and left again without a word: an everyday thing. */
static bool has_left(HANDLE pipe)
{
    if (PeekNamedPipe(pipe, NULL, 0, NULL, NULL, NULL)) return false;
    DWORD error = GetLastError();
    return error == ERROR_BROKEN_PIPE || error == ERROR_NO_DATA ||
           error == ERROR_PIPE_NOT_CONNECTED;
}

static void accept_slot(struct slot *slot)
{
    struct listener *listener = slot->listener;
    HANDLE connected = slot->pipe;
    if (has_left(connected)) {
        recycle(slot);
        return;
    }
    HANDLE next = make_instance(listener, false);
    if (next == INVALID_HANDLE_VALUE) {
        /* Without another, this one is needed to hold the name. */
        listener->counters.errors++;
        recycle(slot);
        shed(listener);
        return;
    }
    slot->pipe = next;
    start_waiting(slot);
    hand_over(listener, connected);
}

/* Has waiting come to an end? */
static void look_at(struct slot *slot)
{
    DWORD bytes;
    if (slot->state != SLOT_WAITING || !HasOverlappedIoCompleted(&slot->overlapped)) return;
    if (GetOverlappedResult(slot->pipe, &slot->overlapped, &bytes, FALSE))
        slot->state = SLOT_CONNECTED;
    else
        recycle(slot);
}

/* False: nobody was there. */
static bool accept_all(struct listener *listener)
{
    bool any = false;
    for (size_t i = 0; i < SLOTS; i++) {
        look_at(&listener->slots[i]);
        if (listener->slots[i].state != SLOT_CONNECTED) continue;
        any = true;
        accept_slot(&listener->slots[i]);
    }
    return any;
}

static void on_connected(uv_async_t *async)
{
    (void)accept_all(async->data);
}

void listener_accept_waiting(struct listener *listener)
{
    for (int i = 0; i < SLOTS && accept_all(listener); i++) {
    }
}

/* On a thread of the system's. */
static void CALLBACK on_event(PVOID context, BOOLEAN is_timeout)
{
    struct slot *slot = context;
    (void)is_timeout;
    (void)uv_async_send(&slot->listener->connected);
}

static void on_handle_closed(uv_handle_t *handle)
{
    struct listener *listener = handle->data;
    if (--listener->open_handles == 0) free(listener);
}

/* The event may have been taken by the pool's wait already, so that wait ends first. */
static void close_slot(struct slot *slot)
{
    DWORD bytes;
    if (slot->wait != NULL) (void)UnregisterWaitEx(slot->wait, INVALID_HANDLE_VALUE);
    if (slot->pipe != INVALID_HANDLE_VALUE) {
        if (slot->state == SLOT_WAITING) {
            (void)CancelIoEx(slot->pipe, &slot->overlapped);
            (void)GetOverlappedResult(slot->pipe, &slot->overlapped, &bytes, TRUE);
        }
        CloseHandle(slot->pipe);
    }
    if (slot->event != NULL) CloseHandle(slot->event);
}

static void close_pipe(struct listener *listener)
{
    for (size_t i = 0; i < SLOTS; i++)
        close_slot(&listener->slots[i]);
    pipe_descriptor_clear(&listener->descriptor);
    free(listener->name);
    listener->name = NULL;
}

static const char *advice_for(DWORD error)
{
    switch (error) {
    case ERROR_ACCESS_DENIED:
    case ERROR_PIPE_BUSY:
        return ". Either another program has a pipe of this name (another etwrelayd, or one that "
               "wants to pose as it: look for the process that holds it, with Sysinternals' "
               "handle or PowerShell's Get-ChildItem \\\\.\\pipe\\), or this account may not make "
               "it (ProtectedPrefix\\LocalService is for LocalService alone). It is not tried "
               "again";
    case ERROR_INVALID_OWNER:
        return ". The service's SID is missing from its token: \"etwrelayd verify\" says more";
    default:
        return "";
    }
}

static enum etwr_status fail_create(const char *path, char message[LISTENER_MESSAGE_BYTES])
{
    DWORD error = GetLastError();
    char words[128];
    enum etwr_status status = ETWR_E_IO;
    wide_error_text(error, words, sizeof words);
    if (error == ERROR_ACCESS_DENIED || error == ERROR_PIPE_BUSY || error == ERROR_INVALID_OWNER)
        status = ETWR_E_ACCESS_DENIED;
    if (error == ERROR_INVALID_NAME || error == ERROR_BAD_PATHNAME)
        status = ETWR_E_INVALID_ARGUMENT;
    return fail(message, status, "cannot make the pipe %s: %s (error %lu)%s", path, words, error,
                advice_for(error));
}

static enum etwr_status claim_name(struct listener *listener, const char *path,
                                   char message[LISTENER_MESSAGE_BYTES])
{
    HANDLE first;
    listener->name = wide_from_utf8(path);
    if (listener->name == NULL)
        return fail(message, ETWR_E_INVALID_ARGUMENT, "the pipe's name is no valid UTF-8");
    first = make_instance(listener, true);
    if (first == INVALID_HANDLE_VALUE) return fail_create(path, message);
    listener->slots[0].pipe = first;
    return pipe_descriptor_verify(&listener->descriptor, first, message);
}

static enum etwr_status start_slot(struct slot *slot, char message[LISTENER_MESSAGE_BYTES])
{
    slot->event = CreateEventW(NULL, FALSE, FALSE, NULL);
    if (slot->event == NULL || !RegisterWaitForSingleObject(&slot->wait, slot->event, on_event,
                                                            slot, INFINITE, WT_EXECUTEDEFAULT)) {
        slot->wait = NULL;
        return fail(message, ETWR_E_IO, "cannot wait for clients (error %lu)", GetLastError());
    }
    if (slot->pipe == INVALID_HANDLE_VALUE) slot->pipe = make_instance(slot->listener, false);
    if (slot->pipe == INVALID_HANDLE_VALUE)
        return fail(message, ETWR_E_IO,
                    "cannot make another instance of the pipe (error %lu): does the config's "
                    "descriptor let the service do it?",
                    GetLastError());
    start_waiting(slot);
    return ETWR_OK;
}

static enum etwr_status start(struct listener *listener, uv_loop_t *loop,
                              char message[LISTENER_MESSAGE_BYTES])
{
    enum etwr_status status = ETWR_OK;
    (void)uv_timer_init(loop, &listener->back_off);
    listener->back_off.data = listener;
    listener->open_handles = 1;
    if (uv_async_init(loop, &listener->connected, on_connected) != 0)
        return fail(message, ETWR_E_IO, "cannot wake the event loop");
    listener->connected.data = listener;
    listener->open_handles = 2;
    for (size_t i = 0; i < SLOTS && status == ETWR_OK; i++)
        status = start_slot(&listener->slots[i], message);
    return status;
}

static struct listener *allocate(listener_callback on_accept, void *context)
{
    struct listener *listener = calloc(1, sizeof *listener);
    if (listener == NULL) return NULL;
    listener->on_accept = on_accept;
    listener->context = context;
    for (size_t i = 0; i < SLOTS; i++) {
        listener->slots[i].listener = listener;
        listener->slots[i].pipe = INVALID_HANDLE_VALUE;
    }
    return listener;
}

enum etwr_status listener_open(uv_loop_t *loop, const char *path,
                               const struct listener_access *access, listener_callback on_accept,
                               void *context, struct listener **result,
                               char message[LISTENER_MESSAGE_BYTES])
{
    if (strlen(path) > PATH_MAX_BYTES || _strnicmp(path, PIPE_PREFIX, strlen(PIPE_PREFIX)) != 0)
        return fail(message, ETWR_E_INVALID_ARGUMENT,
                    "a pipe's name is " PIPE_PREFIX "NAME, of at most %d bytes: %.128s",
                    PATH_MAX_BYTES, path);
    struct listener *listener = allocate(on_accept, context);
    if (listener == NULL) return fail(message, ETWR_E_NO_MEMORY, "no memory for the listener");
    enum etwr_status status = pipe_descriptor_init(access, &listener->descriptor, message);
    if (status == ETWR_OK) status = claim_name(listener, path, message);
    if (status == ETWR_OK) status = start(listener, loop, message);
    if (status == ETWR_OK) {
        *result = listener;
        return ETWR_OK;
    }
    if (listener->open_handles == 0) {
        close_pipe(listener);
        free(listener);
        return status;
    }
    listener_close(listener);
    return status;
}

const struct listener_counters *listener_counters(const struct listener *listener)
{
    return &listener->counters;
}

void listener_close(struct listener *listener)
{
    close_pipe(listener); /* from here on no other thread wakes the loop */
    uv_close((uv_handle_t *)&listener->back_off, on_handle_closed);
    if (listener->open_handles == 2)
        uv_close((uv_handle_t *)&listener->connected, on_handle_closed);
}

/* What an empty pipe takes goes at once; anything else is given up. The client still reads it after
 * our end is closed. */
static void write_at_once(HANDLE pipe, const void *bytes, size_t size)
{
    OVERLAPPED overlapped;
    DWORD written;
    memset(&overlapped, 0, sizeof overlapped);
    overlapped.hEvent = CreateEventW(NULL, TRUE, FALSE, NULL);
    if (overlapped.hEvent == NULL) return;
    if (!WriteFile(pipe, bytes, (DWORD)size, NULL, &overlapped) &&
        GetLastError() == ERROR_IO_PENDING) {
        (void)CancelIoEx(pipe, &overlapped);
        (void)GetOverlappedResult(pipe, &overlapped, &written, TRUE);
    }
    CloseHandle(overlapped.hEvent);
}

void listener_refuse(intptr_t handle, const void *bytes, size_t size)
{
    if (size > 0) write_at_once(uv_get_osfhandle((int)handle), bytes, size);
    _close((int)handle);
}

enum etwr_status listener_default_path(bool is_service, char *path, size_t capacity)
{
    const char *name = is_service ? SERVICE_PIPE : CONSOLE_PIPE;
    if (strlen(name) >= capacity) return ETWR_E_LIMIT;
    memcpy(path, name, strlen(name) + 1);
    return ETWR_OK;
}

const char *listener_shed_advice(void)
{
    return "the C library has 2,048 of them, which is the most clients there can be at a time";
}
