/*
 * What the library needs from the operating system besides its connection (transport.h): one lock
 * with its condition, one thread, two clocks, a few names. os_unix.c and os_win.c fill it in side
 * by side; no policy in there.
 */
#ifndef ETWRELAY_CLIENT_OS_H
#define ETWRELAY_CLIENT_OS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OS_NEVER UINT64_MAX /* a deadline that does not come */

/* A lock and the one condition that threads wait for under it. */
struct os_monitor;

struct os_monitor *os_monitor_create(void); /* NULL: no memory */
void os_monitor_destroy(struct os_monitor *monitor);
void os_monitor_lock(struct os_monitor *monitor);
void os_monitor_unlock(struct os_monitor *monitor);
/* Wait, the lock held, until somebody calls wake_all() or os_clock_ms() reaches the deadline. May
 * return early: ask the condition again. */
void os_monitor_wait(struct os_monitor *monitor, uint64_t deadline_ms);
void os_monitor_wake_all(struct os_monitor *monitor);

/* A thread that takes none of the host's signals. */
struct os_thread;

struct os_thread *os_thread_start(void (*run)(void *context), void *context); /* NULL: none */
void os_thread_join(struct os_thread *thread);                                /* frees it */
bool os_thread_is_current(const struct os_thread *thread);

uint64_t os_clock_ms(void);       /* monotonic */
uint64_t os_clock_filetime(void); /* wall clock: 100 ns since 1601-01-01 UTC */
uint32_t os_thread_id(void);      /* as tools show it */
uint32_t os_process_id(void);
bool os_random(void *bytes, size_t size); /* for ids that must not repeat; false: no source */
/* This program's file name without its folder; empty when the system does not say. */
void os_image_name(char *text, size_t capacity);
/*
 * A variable of the environment, in UTF-8. Returns its length, 0 when it is not set or empty. One
 * that has no room with its NUL, or is no text, gives `capacity` or more and nothing in `text`.
 */
size_t os_variable(const char *name, char *text, size_t capacity);

/*
 * Forks seen since the library was loaded, counted in the child: an object made under another count
 * belongs to a parent process. 0 for ever where there is no fork().
 */
extern _Atomic uint32_t os_forks;
static inline uint32_t os_fork_count(void)
{
    return atomic_load_explicit(&os_forks, memory_order_relaxed);
}
bool os_fork_watch(void); /* begin to count; false: no memory. Any number of times, any thread */

#endif
