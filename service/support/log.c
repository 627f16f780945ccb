/*
 * The log of the service itself.
 *
 * A line is built on the stack, escaped there and written with one call, so that lines of several
 * threads cannot mix and nothing is allocated when memory is what is missing. A mutex guards the
 * causes and the stream.
 */
#include "service/support/log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>

#include <uv.h>

#include "service/support/log_text.h"

static struct {
    uv_once_t once;
    uv_mutex_t mutex;
    atomic_int level;
    FILE *stream; /* NULL: stderr */
    void (*listener)(enum log_level level, const char *text);
    struct log_cause *causes; /* with something suppressed */
} log_state = {.once = UV_ONCE_INIT, .level = LOG_LEVEL_INFO};

static void make_mutex(void)
{
    (void)uv_mutex_init(&log_state.mutex);
}

static void lock(void)
{
    uv_once(&log_state.once, make_mutex);
    uv_mutex_lock(&log_state.mutex);
}

static void unlock(void)
{
    uv_mutex_unlock(&log_state.mutex);
}

void log_init(enum log_level level)
{
    uv_once(&log_state.once, make_mutex);
    log_set_level(level);
}

void log_set_level(enum log_level level)
{
    atomic_store_explicit(&log_state.level, (int)level, memory_order_relaxed);
}

bool log_is_on(enum log_level level)
{
    return (int)level <= atomic_load_explicit(&log_state.level, memory_order_relaxed);
}

void log_set_stream(FILE *stream)
{
    lock();
    log_state.stream = stream;
    unlock();
}

void log_set_listener(void (*listener)(enum log_level level, const char *text))
{
    lock();
    log_state.listener = listener;
    unlock();
}

/* Under the mutex. When stderr itself fails there is nowhere left to say so. */
static void write_line(enum log_level level, uint64_t suppressed, const char *format,
                       va_list arguments)
{
    static const char *const names[] = {"error", "warning", "info", "debug"};
    FILE *stream = log_state.stream != NULL ? log_state.stream : stderr;
    char message[LOG_LINE_MAX_BYTES];
    char line[LOG_LINE_MAX_BYTES + 128];
    char time[LOG_TEXT_TIME_BYTES];
    size_t size = 0;
    uv_timeval64_t now = {0};
    if (vsnprintf(message, sizeof(message), format, arguments) < 0) message[0] = '\0';
    (void)uv_gettimeofday(&now);
    log_text_time(now.tv_sec, (unsigned)now.tv_usec / 1000, time);
    size = (size_t)snprintf(line, sizeof(line), "%s %-7s  ", time, names[level]);
    const char *text = line + size;
    size += log_text_escape(message, line + size, LOG_LINE_MAX_BYTES);
    if (suppressed > 0) {
        size += (size_t)snprintf(line + size, sizeof(line) - size,
                                 " (%llu more like this left out)", (unsigned long long)suppressed);
    }
    line[size] = '\0';
    if (log_state.listener != NULL) log_state.listener(level, text);
    line[size++] = '\n';
    (void)fwrite(line, 1, size, stream);
    (void)fflush(stream);
}

void log_line(enum log_level level, const char *format, ...)
{
    va_list arguments;
    if (!log_is_on(level)) return;
    va_start(arguments, format);
    lock();
    write_line(level, 0, format, arguments);
    unlock();
    va_end(arguments);
}

bool log_cause_take(struct log_cause *cause, uint64_t now_ms, uint64_t *suppressed)
{
    if (cause->has_line && now_ms - cause->line_ms < LOG_REPEAT_MS) {
        cause->suppressed++;
        return false;
    }
    *suppressed = cause->suppressed;
    cause->suppressed = 0;
    cause->has_line = true;
    cause->line_ms = now_ms;
    return true;
}

static void list(struct log_cause *cause)
{
    if (cause->is_listed) return;
    cause->next = log_state.causes;
    cause->is_listed = true;
    log_state.causes = cause;
}

void log_repeated(struct log_cause *cause, enum log_level level, const char *format, ...)
{
    uint64_t suppressed = 0;
    va_list arguments;
    if (!log_is_on(level)) return;
    va_start(arguments, format);
    lock();
    cause->level = level;
    if (log_cause_take(cause, uv_hrtime() / 1000000, &suppressed)) {
        write_line(level, suppressed, format, arguments);
    } else {
        list(cause);
    }
    unlock();
    va_end(arguments);
}

FORMAT_LIKE(2, 3)
static void write_own_line(enum log_level level, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    write_line(level, 0, format, arguments);
    va_end(arguments);
}

static void tell_suppressed(struct log_cause *cause)
{
    if (cause->suppressed == 0) return;
    write_own_line(cause->level, "%s: %llu more like the line before left out", cause->name,
                   (unsigned long long)cause->suppressed);
    cause->suppressed = 0;
}

void log_forget(struct log_cause *cause)
{
    lock();
    tell_suppressed(cause);
    for (struct log_cause **at = &log_state.causes; *at != NULL; at = &(*at)->next) {
        if (*at != cause) continue;
        *at = cause->next;
        break;
    }
    cause->is_listed = false;
    cause->next = NULL;
    unlock();
}

void log_finish(void)
{
    lock();
    for (struct log_cause *at = log_state.causes; at != NULL; at = at->next)
        tell_suppressed(at);
    unlock();
}
