/*
 * Fork safety. A child gets copies of the parent's descriptors and memory, but not its background
 * thread: it must neither write into the shared connection nor keep it open. One handler, run in
 * the child before fork() returns, counts the fork (each call compares that count with its
 * client's, which costs no system call) and closes the copies.
 */
#include "client/fork_unix.h"

#include <pthread.h>
#include <unistd.h>

#include "client/os.h"
#include "client/os_unix.h"

_Atomic uint32_t os_forks;

static pthread_mutex_t guards_lock = PTHREAD_MUTEX_INITIALIZER;
static struct fork_guard *guards;
static pthread_once_t watch_once = PTHREAD_ONCE_INIT;
static bool is_watching;

/* Held over the fork, so that the child finds a whole list. */
static void before_fork(void)
{
    pthread_mutex_lock(&guards_lock);
}

static void after_fork_parent(void)
{
    pthread_mutex_unlock(&guards_lock);
}

static void after_fork_child(void)
{
    atomic_fetch_add_explicit(&os_forks, 1, memory_order_relaxed);
    os_forget_thread_id();
    for (struct fork_guard *guard = guards; guard; guard = guard->next)
        close(guard->fd);
    guards = NULL;
    pthread_mutex_unlock(&guards_lock);
}

static void watch(void)
{
    is_watching = pthread_atfork(before_fork, after_fork_parent, after_fork_child) == 0;
}

bool os_fork_watch(void)
{
    return pthread_once(&watch_once, watch) == 0 && is_watching;
}

void fork_guard_add(struct fork_guard *guard, int fd)
{
    pthread_mutex_lock(&guards_lock);
    guard->fd = fd;
    guard->previous = NULL;
    guard->next = guards;
    if (guards) guards->previous = guard;
    guards = guard;
    pthread_mutex_unlock(&guards_lock);
}

void fork_guard_remove(struct fork_guard *guard)
{
    pthread_mutex_lock(&guards_lock);
    if (guard->next) guard->next->previous = guard->previous;
    if (guard->previous)
        guard->previous->next = guard->next;
    else
        guards = guard->next;
    pthread_mutex_unlock(&guards_lock);
}
