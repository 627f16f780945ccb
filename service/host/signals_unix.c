/* What is asked of the service on Unix: SIGINT and SIGTERM stop it, SIGHUP has it read its config
 * anew. */
#include <signal.h>
#include <stddef.h>

#include "service/host/host.h"

static struct {
    struct host_requests requests;
    uv_signal_t interrupt, terminate, reload;
} watch;

static void on_stop_signal(uv_signal_t *handle, int number)
{
    (void)handle, (void)number;
    watch.requests.on_stop(watch.requests.context);
}

static void on_reload_signal(uv_signal_t *handle, int number)
{
    (void)handle, (void)number;
    watch.requests.on_reload(watch.requests.context);
}

bool host_watch(uv_loop_t *loop, const struct host_requests *requests)
{
    watch.requests = *requests;
    (void)uv_signal_init(loop, &watch.interrupt);
    (void)uv_signal_init(loop, &watch.terminate);
    (void)uv_signal_init(loop, &watch.reload);
    return uv_signal_start(&watch.interrupt, on_stop_signal, SIGINT) == 0 &&
           uv_signal_start(&watch.terminate, on_stop_signal, SIGTERM) == 0 &&
           uv_signal_start(&watch.reload, on_reload_signal, SIGHUP) == 0;
}

void host_watch_unref(void)
{
    uv_unref((uv_handle_t *)&watch.interrupt);
    uv_unref((uv_handle_t *)&watch.terminate);
    uv_unref((uv_handle_t *)&watch.reload);
}
