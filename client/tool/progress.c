/*
 * Progress on a terminal. Scripts and files never see it: whoever reads our stderr as text gets
 * messages only.
 */
#include "client/tool/progress.h"

#include <inttypes.h>
#include <stdio.h>

#include "client/tool/system.h"

#define FIRST_AFTER_NS 500000000u /* short work shows nothing */
#define INTERVAL_NS    200000000u

void progress_init(struct progress *progress, const char *what)
{
    progress->what = what;
    progress->line_open = false;
    progress->shown = system_stderr_is_terminal();
    progress->next_ns = progress->shown ? system_now_ns() + FIRST_AFTER_NS : 0;
}

void progress_update(struct progress *progress, uint64_t count)
{
    uint64_t now;
    if (!progress->shown || (now = system_now_ns()) < progress->next_ns) return;
    progress->next_ns = now + INTERVAL_NS;
    progress->line_open = true;
    fprintf(stderr, "\r%" PRIu64 " %s", count, progress->what);
    fflush(stderr);
}

void progress_clear(struct progress *progress)
{
    if (!progress->line_open) return;
    progress->line_open = false;
    fputs("\r\033[K", stderr);
    fflush(stderr);
}
