/*
 * The null sink: takes everything, keeps nothing. For measuring, and for a service that shall only
 * count.
 */
#include <stdlib.h>

#include "service/sink/sink.h"

static enum etwr_status null_start(struct sink *sink, unsigned worker_count, char message[512])
{
    (void)sink, (void)worker_count, (void)message;
    return ETWR_OK;
}

static bool null_ready(struct sink *sink, unsigned worker, uint64_t now_ms)
{
    (void)sink, (void)worker, (void)now_ms;
    return true;
}

static enum sink_result null_write(struct sink *sink, unsigned worker,
                                   const struct sink_event *event, struct sink_batch **batch,
                                   enum etwr_reason *reason)
{
    (void)sink, (void)worker, (void)event, (void)batch, (void)reason;
    return SINK_WRITTEN;
}

static void null_flush(struct sink *sink, unsigned worker)
{
    (void)sink, (void)worker;
}

static struct sink_batch *null_take_settled(struct sink *sink, unsigned worker)
{
    (void)sink, (void)worker;
    return NULL;
}

static void null_release_batch(struct sink *sink, unsigned worker, struct sink_batch *batch)
{
    (void)sink, (void)worker, (void)batch;
}

static void null_stop(struct sink *sink)
{
    (void)sink;
}

static void null_destroy(struct sink *sink)
{
    free(sink);
}

static const struct sink_ops null_ops = {
    .start = null_start,
    .ready = null_ready,
    .write = null_write,
    .flush = null_flush,
    .take_settled = null_take_settled,
    .release_batch = null_release_batch,
    .stop = null_stop,
    .destroy = null_destroy,
};

struct sink *sink_null_create(const struct sink_callbacks *callbacks)
{
    struct sink *sink = calloc(1, sizeof *sink);
    if (!sink) return NULL;
    *sink = (struct sink){.ops = &null_ops, .type = "null", .target = "", .callbacks = *callbacks};
    return sink;
}
