/*
 * os.h on Windows: thin wrappers of slim locks, condition variables and clocks. There is no fork(),
 * so the count of forks never moves.
 */
#include "client/os.h"

#include <limits.h>
#include <process.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

#include <bcrypt.h>

#include "client/os_win.h"
#include "client/text_win.h"

#define MS_A_SECOND 1000u

_Atomic uint32_t os_forks;

bool os_fork_watch(void)
{
    return true;
}

struct os_monitor {
    SRWLOCK lock;
    CONDITION_VARIABLE condition;
};

struct os_monitor *os_monitor_create(void)
{
    struct os_monitor *monitor = malloc(sizeof *monitor);

    if (!monitor) return NULL;
    InitializeSRWLock(&monitor->lock);
    InitializeConditionVariable(&monitor->condition);
    return monitor;
}

void os_monitor_destroy(struct os_monitor *monitor)
{
    free(monitor); /* neither of the two owns anything */
}

void os_monitor_lock(struct os_monitor *monitor)
{
    AcquireSRWLockExclusive(&monitor->lock);
}

void os_monitor_unlock(struct os_monitor *monitor)
{
    ReleaseSRWLockExclusive(&monitor->lock);
}

uint32_t os_ms_until(uint64_t deadline_ms)
{
    uint64_t now = os_clock_ms();

    if (deadline_ms == OS_NEVER) return INFINITE;
    if (deadline_ms <= now) return 0;
    return deadline_ms - now >= INFINITE ? INFINITE - 1 : (uint32_t)(deadline_ms - now);
}

void os_monitor_wait(struct os_monitor *monitor, uint64_t deadline_ms)
{
    SleepConditionVariableSRW(&monitor->condition, &monitor->lock, os_ms_until(deadline_ms), 0);
}

void os_monitor_wake_all(struct os_monitor *monitor)
{
    WakeAllConditionVariable(&monitor->condition);
}

struct os_thread {
    HANDLE handle;
    unsigned id;
    void (*run)(void *context);
    void *context;
};

static unsigned __stdcall run_thread(void *argument)
{
    struct os_thread *thread = argument;

    thread->run(thread->context);
    return 0;
}

struct os_thread *os_thread_start(void (*run)(void *context), void *context)
{
    struct os_thread *thread = malloc(sizeof *thread);
    uintptr_t handle;

    if (!thread) return NULL;
    thread->run = run;
    thread->context = context;
    /* By the C library, whose functions it will call. */
    handle = _beginthreadex(NULL, 0, run_thread, thread, 0, &thread->id);
    if (handle == 0) {
        free(thread);
        return NULL;
    }
    thread->handle = (HANDLE)handle;
    return thread;
}

void os_thread_join(struct os_thread *thread)
{
    WaitForSingleObject(thread->handle, INFINITE);
    CloseHandle(thread->handle);
    free(thread);
}

bool os_thread_is_current(const struct os_thread *thread)
{
    return GetCurrentThreadId() == thread->id;
}

/* GetTickCount64() moves in steps of up to 16 ms, longer than events are held back. */
uint64_t os_clock_ms(void)
{
    LARGE_INTEGER now, a_second;
    uint64_t ticks, frequency;

    QueryPerformanceCounter(&now);
    QueryPerformanceFrequency(&a_second);
    ticks = (uint64_t)now.QuadPart;
    frequency = (uint64_t)a_second.QuadPart;
    return ticks / frequency * MS_A_SECOND + ticks % frequency * MS_A_SECOND / frequency;
}

uint64_t os_clock_filetime(void)
{
    FILETIME now;

    GetSystemTimePreciseAsFileTime(&now);
    return (uint64_t)now.dwHighDateTime << 32 | now.dwLowDateTime;
}

uint32_t os_thread_id(void)
{
    return GetCurrentThreadId();
}

uint32_t os_process_id(void)
{
    return GetCurrentProcessId();
}

bool os_random(void *bytes, size_t size)
{
    if (size > ULONG_MAX) return false;
    return BCryptGenRandom(NULL, bytes, (ULONG)size, BCRYPT_USE_SYSTEM_PREFERRED_RNG) >= 0;
}

void os_image_name(char *text, size_t capacity)
{
    WCHAR path[1024];
    DWORD length = GetModuleFileNameW(NULL, path, ARRAYSIZE(path));
    const WCHAR *name;

    if (capacity == 0) return;
    text[0] = '\0';
    if (length == 0 || length == ARRAYSIZE(path)) return;
    name = wcsrchr(path, L'\\');
    text_to_utf8(name ? name + 1 : path, text, capacity);
}

/* Not getenv(): that is in the code page, and in a copy that other modules' changes do not reach.
 */
size_t os_variable(const char *name, char *text, size_t capacity)
{
    WCHAR wide_name[64];
    WCHAR value[1024];
    DWORD length;

    if (!text_to_utf16(name, wide_name, ARRAYSIZE(wide_name))) return 0;
    length = GetEnvironmentVariableW(wide_name, value, ARRAYSIZE(value));
    if (length == 0) return 0;
    if (length >= ARRAYSIZE(value) || !text_to_utf8(value, text, capacity)) return capacity;
    return strlen(text);
}
