/* See manager.h. Between fork and exec the child is prepared as systemd would do it. */
#include "tests/linux/manager.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <check.h>

#define FIRST_DESCRIPTOR 3
#define HIGH_DESCRIPTOR  64 /* out of the way of those that the child gets */

void manager_init(struct manager *manager)
{
    memset(manager, 0, sizeof *manager);
    manager->notify_fd = -1;
    scratch_init(&manager->scratch);
    scratch_file(&manager->scratch, "passed.sock", manager->socket_path);
    scratch_file(&manager->scratch, "service.log", manager->log);
}

void manager_clear(struct manager *manager)
{
    if (manager->pid > 0) {
        kill(manager->pid, SIGKILL);
        process_wait(manager->pid);
    }
    if (manager->notify_fd >= 0) close(manager->notify_fd);
    scratch_clear(&manager->scratch);
}

/* '@' stands for the NUL of an address without a file. */
static int bind_socket(int type, const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t size = strlen(path);
    int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
    ck_assert_int_ge(fd, 0);
    ck_assert_uint_lt(size, sizeof address.sun_path);
    memcpy(address.sun_path, path, size);
    if (path[0] == '@') address.sun_path[0] = '\0';
    ck_assert_msg(bind(fd, (const struct sockaddr *)&address,
                       (socklen_t)(offsetof(struct sockaddr_un, sun_path) + size)) == 0,
                  "%s: %s", path, strerror(errno));
    return fd;
}

int manager_listen(const char *path)
{
    int fd = bind_socket(SOCK_STREAM, path);
    ck_assert_int_eq(listen(fd, 128), 0);
    return fd;
}

void manager_open_notify(struct manager *manager, bool has_file)
{
    scratch_file(&manager->scratch, "notify", manager->notify_path);
    if (!has_file) manager->notify_path[0] = '@';
    manager->notify_fd = bind_socket(SOCK_DGRAM, manager->notify_path);
}

static void redirect(const char *path, int flags, int target)
{
    int fd = open(path, flags, 0600);
    if (fd < 0 || dup2(fd, target) < 0) _exit(126);
    if (fd != target) close(fd);
}

static void set(const char *name, const char *value)
{
    if (value == NULL ? unsetenv(name) != 0 : setenv(name, value, 1) != 0) _exit(126);
}

static void set_environment(const struct manager *manager)
{
    char pid[16], count[16];
    snprintf(pid, sizeof pid, "%ld", (long)getpid());
    snprintf(count, sizeof count, "%u", manager->passed_count);
    bool is_passed = manager->passed_count > 0 || manager->listen_fds != NULL;
    set("LISTEN_PID", manager->listen_pid != NULL ? manager->listen_pid : is_passed ? pid : NULL);
    set("LISTEN_FDS", manager->listen_fds != NULL ? manager->listen_fds : is_passed ? count : NULL);
    set("LISTEN_FDNAMES", manager->names);
    set("NOTIFY_SOCKET", manager->notify_fd >= 0 ? manager->notify_path : NULL);
    set("WATCHDOG_USEC", manager->watchdog_usec);
    set("WATCHDOG_PID", manager->watchdog_usec != NULL ? pid : NULL);
    if (manager->extra_name != NULL) set(manager->extra_name, manager->extra_value);
}

/* First all out of the way, then each to its place; the copies pass the exec. */
static void place_descriptors(const struct manager *manager)
{
    for (unsigned i = 0; i < manager->passed_count; i++)
        if (dup2(manager->passed[i], HIGH_DESCRIPTOR + (int)i) < 0) _exit(126);
    for (unsigned i = 0; i < manager->passed_count; i++) {
        if (dup2(HIGH_DESCRIPTOR + (int)i, FIRST_DESCRIPTOR + (int)i) < 0) _exit(126);
        close(HIGH_DESCRIPTOR + (int)i);
    }
    close(FIRST_DESCRIPTOR + (int)manager->passed_count); /* the test's own caller may leave one */
}

static void become_service(const struct manager *manager, const char *const *arguments)
{
    char out[PROCESS_PATH_MAX];
    char *argv[PROCESS_ARGUMENTS_MAX] = {"etwrelayd", "run"};
    for (size_t i = 0; arguments[i] != NULL && i + 3 < PROCESS_ARGUMENTS_MAX; i++)
        argv[i + 2] = (char *)(uintptr_t)arguments[i]; /* execv() promises not to change them */
    snprintf(out, sizeof out, "%s/final.json", manager->scratch.path);
    redirect("/dev/null", O_RDONLY, STDIN_FILENO);
    redirect(out, O_WRONLY | O_CREAT | O_TRUNC, STDOUT_FILENO);
    redirect(manager->log, O_WRONLY | O_CREAT | O_TRUNC, STDERR_FILENO);
    set_environment(manager);
    place_descriptors(manager);
    execv(manager->program != NULL ? manager->program : ETWRELAYD_PATH, argv);
    _exit(127);
}

void manager_start(struct manager *manager, const char *const *arguments)
{
    unlink(manager->log); /* what an earlier one said must not count */
    manager->pid = fork();
    ck_assert_int_ge(manager->pid, 0);
    if (manager->pid == 0) become_service(manager, arguments);
}

void manager_wait_ready(struct manager *manager)
{
    if (process_wait_for_text(manager->log, "ready\n")) return;
    size_t size;
    char *log = process_read_file(manager->log, &size);
    ck_abort_msg("the service is not ready; it said: %s", log);
}

int manager_stop(struct manager *manager)
{
    process_ask_to_stop(manager->pid);
    int status = process_wait(manager->pid);
    manager->pid = 0;
    return status;
}

bool manager_receive(struct manager *manager, int timeout_ms)
{
    struct pollfd entry = {manager->notify_fd, POLLIN, 0};
    if (poll(&entry, 1, timeout_ms) != 1) return false;
    ssize_t size = recv(manager->notify_fd, manager->text, sizeof manager->text - 1, 0);
    ck_assert_int_ge(size, 0);
    manager->text[size] = '\0';
    return true;
}

void manager_wait_for(struct manager *manager, const char *text)
{
    time_t deadline = time(NULL) + PROCESS_DEADLINE_MS / 1000;
    do {
        ck_assert_msg(manager_receive(manager, PROCESS_DEADLINE_MS) && time(NULL) <= deadline,
                      "the service did not tell %s", text);
    } while (strstr(manager->text, text) == NULL);
}
