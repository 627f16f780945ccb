/*
 * What is asked of the service on Windows: Ctrl-C, Ctrl-Break, closing the console, logging off;
 * and whatever the service control manager's thread passes on through requests_win.h.
 *
 * Such requests come on threads of their own: they set a flag and wake the loop.
 */
#include <stdatomic.h>
#include <windows.h>

#include "service/host/host.h"
#include "service/host/request_events_win.h"
#include "service/host/requests_win.h"

static struct {
    struct host_requests requests;
    uv_async_t wake;
    SRWLOCK lock; /* is_open, against waking a loop that is gone */
    bool is_open;
    atomic_bool stop, reload;
} watch = {.lock = SRWLOCK_INIT};

static void ask(atomic_bool *what)
{
    atomic_store(what, true);
    AcquireSRWLockShared(&watch.lock);
    if (watch.is_open) (void)uv_async_send(&watch.wake);
    ReleaseSRWLockShared(&watch.lock);
}

void host_request_stop(void)
{
    ask(&watch.stop);
}

void host_request_reload(void)
{
    ask(&watch.reload);
}

static void on_wake(uv_async_t *async)
{
    (void)async;
    if (atomic_exchange(&watch.stop, false)) watch.requests.on_stop(watch.requests.context);
    if (atomic_exchange(&watch.reload, false)) watch.requests.on_reload(watch.requests.context);
}

static BOOL WINAPI on_control(DWORD event)
{
    switch (event) {
    case CTRL_C_EVENT:
    case CTRL_BREAK_EVENT:
        host_request_stop();
        return TRUE;
    case CTRL_LOGOFF_EVENT: /* services hear of everybody's */
        if (host_is_service()) return FALSE;
        break;
    case CTRL_CLOSE_EVENT:
    case CTRL_SHUTDOWN_EVENT:
        break;
    default:
        return FALSE;
    }
    host_request_stop();
    /* The process is ended when this returns, or some seconds later; it is to drain until then. Its
     * own end ends this thread. */
    Sleep(INFINITE);
    return TRUE;
}

bool host_watch(uv_loop_t *loop, const struct host_requests *requests)
{
    watch.requests = *requests;
    if (uv_async_init(loop, &watch.wake, on_wake) != 0) return false;
    AcquireSRWLockExclusive(&watch.lock);
    watch.is_open = true;
    ReleaseSRWLockExclusive(&watch.lock);
    /* A service manager may have asked already. */
    (void)uv_async_send(&watch.wake);
    if (!host_is_service()) request_events_open();
    return SetConsoleCtrlHandler(on_control, TRUE) != 0;
}

void host_watch_unref(void)
{
    AcquireSRWLockExclusive(&watch.lock);
    watch.is_open = false; /* it is stopping: there is nothing more to ask for */
    ReleaseSRWLockExclusive(&watch.lock);
    uv_unref((uv_handle_t *)&watch.wake);
}
