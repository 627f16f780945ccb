/* What a worker is told by other threads: a list under a mutex, read between two events. */
#include <stdlib.h>

#include "service/lost_events.h"
#include "service/previous_run.h"
#include "service/relay.h"
#include "service/status.h"
#include "service/worker.h"

struct worker_message *worker_message_create(enum worker_message_kind kind)
{
    struct worker_message *message = calloc(1, sizeof *message);
    if (message != NULL) message->kind = kind;
    return message;
}

/* Under the mutex, so that the handle cannot be closed meanwhile. */
static void wake(struct worker *worker)
{
    if (!worker->is_deaf) (void)uv_async_send(&worker->wake);
}

void worker_post(struct worker *worker, struct worker_message *message)
{
    message->next = NULL;
    uv_mutex_lock(&worker->inbox_mutex);
    *worker->inbox_end = message;
    worker->inbox_end = &message->next;
    wake(worker);
    uv_mutex_unlock(&worker->inbox_mutex);
}

void worker_wake(struct worker *worker)
{
    uv_mutex_lock(&worker->inbox_mutex);
    wake(worker);
    uv_mutex_unlock(&worker->inbox_mutex);
}

void worker_notice_settled(struct worker *worker)
{
    atomic_store_explicit(&worker->has_settled, true, memory_order_release);
    worker_wake(worker);
}

static struct worker_message *take_all(struct worker *worker)
{
    uv_mutex_lock(&worker->inbox_mutex);
    struct worker_message *first = worker->inbox;
    worker->inbox = NULL;
    worker->inbox_end = &worker->inbox;
    uv_mutex_unlock(&worker->inbox_mutex);
    return first;
}

void worker_drop_message(struct worker *worker, struct worker_message *message)
{
    switch (message->kind) {
    case WORKER_ACCEPT:
        listener_refuse(message->handle, NULL, 0);
        quota_disconnect(worker->relay->quota, message->user, false, relay_now_ms());
        break;
    case WORKER_SETTINGS:
        settings_unref(message->settings);
        break;
    case WORKER_STATUS:
    case WORKER_STATUS_READY:
        status_drop(message->request);
        break;
    case WORKER_PREVIOUS_RUN:
    case WORKER_STOP:
        break;
    }
    free(message);
}

/* New settings, between two events. Sessions learn at once what changed for them. */
static void adopt(struct worker *worker, struct settings *settings)
{
    struct session *session = worker->sessions;
    settings_unref(worker->settings);
    worker->settings = settings;
    while (session != NULL) {
        struct session *next = session->next;
        if (session->state == SESSION_OPEN) relay_refresh_slots(session);
        session = next;
    }
    lost_events_tell_all(worker);
}

static void handle(struct worker *worker, struct worker_message *message)
{
    switch (message->kind) {
    case WORKER_ACCEPT:
        session_open(worker, message->handle, &message->peer, message->user, message->client_id);
        break;
    case WORKER_SETTINGS:
        adopt(worker, message->settings);
        break;
    case WORKER_STATUS:
        status_add_worker(message->request, worker);
        break;
    case WORKER_STATUS_READY:
        status_answer(message->request, worker);
        break;
    case WORKER_PREVIOUS_RUN:
        (void)previous_run_tell(worker, message->previous); /* without memory the log has it */
        break;
    case WORKER_STOP:
        worker_begin_stop(worker);
        break;
    }
    free(message);
}

void worker_read_inbox(struct worker *worker)
{
    struct worker_message *message = take_all(worker);
    while (message != NULL) {
        struct worker_message *next = message->next;
        handle(worker, message);
        message = next;
    }
}
