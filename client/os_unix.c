/*
 * os.h on Unix: thin wrappers of pthreads and clocks. The condition waits on the monotonic clock,
 * so that nobody who sets the wall clock can stretch a timeout.
 */
#include "client/os.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "client/os_unix.h"

#define FILETIME_OF_1970  UINT64_C(116444736000000000)
#define FILETIME_A_SECOND UINT64_C(10000000)

struct os_monitor {
    pthread_mutex_t mutex;
    pthread_cond_t condition;
};

struct os_monitor *os_monitor_create(void)
{
    struct os_monitor *monitor = malloc(sizeof *monitor);
    pthread_condattr_t attributes;
    int failed;

    if (!monitor) return NULL;
    if (pthread_mutex_init(&monitor->mutex, NULL) != 0) goto free_monitor;
    if (pthread_condattr_init(&attributes) != 0) goto destroy_mutex;
    failed = pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    if (!failed) failed = pthread_cond_init(&monitor->condition, &attributes);
    pthread_condattr_destroy(&attributes);
    if (!failed) return monitor;
destroy_mutex:
    pthread_mutex_destroy(&monitor->mutex);
free_monitor:
    free(monitor);
    return NULL;
}

void os_monitor_destroy(struct os_monitor *monitor)
{
    if (!monitor) return;
    pthread_cond_destroy(&monitor->condition);
    pthread_mutex_destroy(&monitor->mutex);
    free(monitor);
}

void os_monitor_lock(struct os_monitor *monitor)
{
    pthread_mutex_lock(&monitor->mutex);
}

void os_monitor_unlock(struct os_monitor *monitor)
{
    pthread_mutex_unlock(&monitor->mutex);
}

void os_monitor_wait(struct os_monitor *monitor, uint64_t deadline_ms)
{
    struct timespec until;

    if (deadline_ms == OS_NEVER) {
        pthread_cond_wait(&monitor->condition, &monitor->mutex);
        return;
    }
    until.tv_sec = (time_t)(deadline_ms / 1000);
    until.tv_nsec = (long)(deadline_ms % 1000) * 1000000;
    pthread_cond_timedwait(&monitor->condition, &monitor->mutex, &until);
}

void os_monitor_wake_all(struct os_monitor *monitor)
{
    pthread_cond_broadcast(&monitor->condition);
}

struct os_thread {
    pthread_t handle;
    void (*run)(void *context);
    void *context;
};

static void *run_thread(void *argument)
{
    struct os_thread *thread = argument;

    thread->run(thread->context);
    return NULL;
}

struct os_thread *os_thread_start(void (*run)(void *context), void *context)
{
    struct os_thread *thread = malloc(sizeof *thread);
    sigset_t all, before;
    int failed;

    if (!thread) return NULL;
    thread->run = run;
    thread->context = context;
    /* The host's handlers run on the host's threads. */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    failed = pthread_create(&thread->handle, NULL, run_thread, thread);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (!failed) return thread;
    free(thread);
    return NULL;
}

void os_thread_join(struct os_thread *thread)
{
    pthread_join(thread->handle, NULL);
    free(thread);
}

bool os_thread_is_current(const struct os_thread *thread)
{
    return pthread_equal(pthread_self(), thread->handle) != 0;
}

uint64_t os_clock_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

uint64_t os_clock_filetime(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return FILETIME_OF_1970 + (uint64_t)now.tv_sec * FILETIME_A_SECOND +
           (uint64_t)now.tv_nsec / 100;
}

uint32_t os_process_id(void)
{
    return (uint32_t)getpid();
}

static bool read_urandom(uint8_t *at, size_t left)
{
    int fd = open("/dev/urandom", O_RDONLY | O_CLOEXEC);

    if (fd < 0) return false;
    while (left > 0) {
        ssize_t count = read(fd, at, left);

        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) break;
        at += count;
        left -= (size_t)count;
    }
    close(fd);
    return left == 0;
}

bool os_random(void *bytes, size_t size)
{
    uint8_t *at = bytes;
    size_t left = size;

    while (left > 0) {
        ssize_t count = getrandom(at, left, 0);

        if (count < 0 && errno == EINTR) continue;
        /* A sandbox may not know the call. */
        if (count <= 0) return read_urandom(at, left);
        at += count;
        left -= (size_t)count;
    }
    return true;
}

size_t os_variable(const char *name, char *text, size_t capacity)
{
    const char *value = getenv(name);
    size_t length = value ? strlen(value) : 0;

    if (length < capacity) memcpy(text, value ? value : "", length + 1);
    return length;
}

void os_image_name(char *text, size_t capacity)
{
    char path[4096];
    ssize_t size = readlink("/proc/self/exe", path, sizeof path - 1);
    const char *name;
    size_t length;

    if (capacity == 0) return;
    text[0] = '\0';
    if (size <= 0) return;
    path[size] = '\0';
    name = strrchr(path, '/');
    name = name ? name + 1 : path;
    length = strlen(name);
    if (length >= capacity) return;
    memcpy(text, name, length + 1);
}
