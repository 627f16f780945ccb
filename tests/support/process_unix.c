/*
 * Processes on Unix: fork and exec.
 */
#include "tests/support/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <check.h>

#define ASK_AGAIN_MS 2000

static pid_t asked; /* to stop, last */

const char process_absent_pipe[] = "/nonexistent/relay.sock";

uint64_t process_now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

void process_pause(void)
{
    const struct timespec pause = {0, 2000000};
    nanosleep(&pause, NULL);
}

void scratch_init(struct scratch *scratch)
{
    const char *folder = getenv("TMPDIR");

    if (folder == NULL || strlen(folder) > 30) folder = "/tmp";
    snprintf(scratch->path, sizeof scratch->path, "%s/etwr-test-XXXXXX", folder);
    ck_assert_msg(mkdtemp(scratch->path) != NULL, "mkdtemp: %s", strerror(errno));
}

void scratch_clear(struct scratch *scratch)
{
    const char *const argv[] = {"/bin/rm", "-rf", "--", scratch->path, NULL};
    process_wait(process_start(argv, "/dev/null", "/dev/null"));
}

void scratch_pipe(const struct scratch *scratch, char *buffer)
{
    scratch_file(scratch, "relay.sock", buffer);
}

static void redirect(const char *path, int flags, int target)
{
    int file = open(path, flags, 0600);
    if (file < 0 || dup2(file, target) < 0) _exit(127);
    close(file);
}

pid_t process_start_with(const char *const *argv, const char *in_path, const char *out_path,
                         const char *err_path)
{
    char *arguments[PROCESS_ARGUMENTS_MAX + 1];
    size_t count = 0;
    pid_t pid;

    for (; argv[count] != NULL; count++) {
        ck_assert_uint_lt(count, PROCESS_ARGUMENTS_MAX);
        memcpy(&arguments[count], &argv[count],
               sizeof argv[count]); /* execv() promises not to change them */
    }
    arguments[count] = NULL;
    pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid > 0) return pid;
    redirect(in_path, O_RDONLY, STDIN_FILENO);
    redirect(out_path, O_WRONLY | O_CREAT | O_TRUNC, STDOUT_FILENO);
    redirect(err_path, O_WRONLY | O_CREAT | O_TRUNC, STDERR_FILENO);
    execv(arguments[0], arguments);
    _exit(127);
}

pid_t process_start(const char *const *argv, const char *out_path, const char *err_path)
{
    return process_start_with(argv, "/dev/null", out_path, err_path);
}

/* ThreadSanitizer keeps a signal back until its thread comes by, and now and then for ever. */
static void ask_again(pid_t pid, uint64_t *next_ms)
{
    if (!PROCESS_ASKS_AGAIN || pid != asked || process_now_ms() < *next_ms) return;
    kill(pid, SIGTERM);
    *next_ms = process_now_ms() + ASK_AGAIN_MS;
}

int process_wait(pid_t pid)
{
    uint64_t deadline = process_now_ms() + PROCESS_DEADLINE_MS;
    uint64_t next_ms = process_now_ms() + ASK_AGAIN_MS;
    int status;
    pid_t ended;

    while ((ended = waitpid(pid, &status, WNOHANG)) == 0) {
        if (process_now_ms() > deadline) {
            kill(pid, SIGKILL);
            waitpid(pid, &status, 0);
            ck_abort_msg("a process did not end within %d ms", PROCESS_DEADLINE_MS);
        }
        ask_again(pid, &next_ms);
        process_pause();
    }
    ck_assert_int_eq(ended, pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void process_ask_to_stop(pid_t pid)
{
    asked = pid;
    ck_assert_int_eq(kill(pid, SIGTERM), 0);
}

void process_ask_to_reload(pid_t pid)
{
    ck_assert_int_eq(kill(pid, SIGHUP), 0);
}

void process_suspend(pid_t pid)
{
    ck_assert_int_eq(kill(pid, SIGSTOP), 0);
}

void process_resume(pid_t pid)
{
    ck_assert_int_eq(kill(pid, SIGCONT), 0);
}

void process_kill(pid_t pid)
{
    kill(pid, SIGKILL);
}

/* Open for reading too: then it does not wait for the other side. */
intptr_t process_feed_open(const struct scratch *scratch, char *path)
{
    ck_assert_int_eq(mkfifo(scratch_file(scratch, "feed", path), 0600), 0);
    int feed = open(path, O_RDWR | O_CLOEXEC);
    ck_assert_int_ge(feed, 0);
    return feed;
}

void process_feed_write(intptr_t feed, const char *text)
{
    ck_assert_int_eq(write((int)feed, text, strlen(text)), (int)strlen(text));
}

void process_feed_close(intptr_t feed)
{
    close((int)feed);
}
