/*
 * Several processes with one start line: forked, each tied to its parent by a socket pair.
 *
 * A child says one byte when it is prepared, waits for one byte, works, sends its result. A child
 * that dies closes its end, which the parent reads as failure: nothing here can wait for ever on a
 * dead process.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client/tool/system.h"

struct child {
    pid_t pid;
    int channel;
};

static bool send_all(int channel, const void *bytes, size_t size)
{
    const char *at = bytes;
    while (size > 0) {
        ssize_t done = send(channel, at, size, MSG_NOSIGNAL);
        if (done < 0 && errno == EINTR) continue;
        if (done <= 0) return false;
        at += done;
        size -= (size_t)done;
    }
    return true;
}

static bool receive_all(int channel, void *bytes, size_t size)
{
    char *at = bytes;
    while (size > 0) {
        ptrdiff_t got = system_read(channel, at, size);
        if (got <= 0) return false;
        at += got;
        size -= (size_t)got;
    }
    return true;
}

static bool child_work(int channel, unsigned index, processes_prepare prepare, processes_work run,
                       void *context, size_t result_size)
{
    char go = 1;
    void *result = calloc(1, result_size);
    bool done = result != NULL && prepare(context, index) && send_all(channel, &go, 1) &&
                receive_all(channel, &go, 1) && run(context, index, result) &&
                send_all(channel, result, result_size);
    free(result);
    return done;
}

static bool start_child(struct child *children, unsigned index, processes_prepare prepare,
                        processes_work run, void *context, size_t result_size)
{
    struct child *child = &children[index];
    int ends[2];

    if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) return false;
    fflush(NULL); /* or the child prints the parent's buffered output again */
    child->pid = fork();
    if (child->pid == 0) {
        close(ends[0]);
        for (unsigned i = 0; i < index;
             i++) /* or a brother would keep these open behind the parent */
            close(children[i].channel);
        bool done = child_work(ends[1], index, prepare, run, context, result_size);
        fflush(NULL);
        _exit(done ? 0 : 1);
    }
    close(ends[1]);
    child->channel = ends[0];
    if (child->pid > 0) return true;
    close(ends[0]);
    return false;
}

/* When the job has failed, nobody waits for the rest of this child's work. */
static bool end_child(const struct child *child, bool failed)
{
    int status = 0;
    close(child->channel);
    if (failed) kill(child->pid, SIGTERM);
    while (waitpid(child->pid, &status, 0) < 0)
        if (errno != EINTR) return false;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static bool drive(const struct child *children, unsigned count, void *results, size_t result_size)
{
    char byte;
    for (unsigned i = 0; i < count; i++)
        if (!receive_all(children[i].channel, &byte, 1)) return false;
    for (unsigned i = 0; i < count; i++)
        if (!send_all(children[i].channel, &byte, 1)) return false;
    for (unsigned i = 0; i < count; i++)
        if (!receive_all(children[i].channel, (char *)results + i * result_size, result_size))
            return false;
    return true;
}

bool processes_run(unsigned count, processes_prepare prepare, processes_work run, void *context,
                   void *results, size_t result_size)
{
    struct child *children = calloc(count, sizeof *children);
    unsigned started = 0;
    bool done = children != NULL;

    while (done && started < count) {
        done = start_child(children, started, prepare, run, context, result_size);
        if (done)
            started++;
        else
            fprintf(stderr, "etwrelay: cannot start a process: %s\n", strerror(errno));
    }
    done = done && drive(children, count, results, result_size);
    for (unsigned i = 0; i < started; i++)
        done = end_child(&children[i], !done) && done;
    free(children);
    return done;
}
