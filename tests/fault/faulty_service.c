/* See the header. The client waits for nothing without end: an answer may be what is failing. */
#include "tests/fault/faulty_service.h"

#include <check.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>

#include "tests/support/socket_client.h"

#define PAUSE_NS          1000000
#define SANITIZER_FAILURE 99
#define LONG_NAME_BYTES   700 /* an event that holds it needs more memory than one at rest has */

bool faulty_is_long(void)
{
    const char *word = getenv("ETWR_LONG");
    return word != NULL && word[0] != 0 && strcmp(word, "0") != 0;
}

/* A finding must not look like an orderly failure. */
static void set_exit_status(const char *name)
{
    const char *before = getenv(name);
    char options[512];
    if (before != NULL && strstr(before, "exitcode=") != NULL) return;
    snprintf(options, sizeof options, "%s:exitcode=%d", before == NULL ? "" : before,
             SANITIZER_FAILURE);
    setenv(name, options, 1);
}

static void set_environment(const struct service *service, const char *faults)
{
    char path[PROCESS_PATH_MAX];
    setenv("ETWR_FAULTS", faults == NULL ? "" : faults, 1);
    setenv("ETWR_FAULT_COUNTS", scratch_file(&service->scratch, "counts", path), 1);
    setenv("ETWR_FAULT_GATE", scratch_file(&service->scratch, "gate", path), 1);
    setenv("XDG_STATE_HOME", service->scratch.path, 1);
    set_exit_status("ASAN_OPTIONS");
    set_exit_status("UBSAN_OPTIONS");
}

static void check_log(const struct service *service)
{
    size_t size;
    char *log = process_read_file(service->log, &size);
    ck_assert_msg(strstr(log, "Sanitizer") == NULL && strstr(log, "runtime error") == NULL, "%s",
                  log);
    free(log);
}

static enum faulty_start check_refusal(struct service *service, const char *faults, int status)
{
    size_t size;
    char *log = process_read_file(service->log, &size);
    bool is_refused = WIFEXITED(status) && WEXITSTATUS(status) == EXIT_FAILURE && size > 0;
    bool is_aborted = WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
    service->pid = 0;
    ck_assert_msg(is_refused || is_aborted, "%s: the service ended with 0x%x: %s", faults,
                  (unsigned)status, log);
    free(log);
    check_log(service);
    return is_refused ? FAULTY_REFUSED : FAULTY_ABORTED;
}

static bool is_ready(const struct service *service)
{
    size_t size;
    char *log = process_read_file(service->log, &size);
    bool found = strstr(log, "ready\n") != NULL;
    free(log);
    return found;
}

static void pause_shortly(void)
{
    const struct timespec pause = {0, PAUSE_NS};
    nanosleep(&pause, NULL);
}

enum faulty_start faulty_start(struct service *service, const char *faults, const char *config)
{
    char path[PROCESS_PATH_MAX], out[PROCESS_PATH_MAX];
    const char *const argv[] = {FAULTY_DAEMON_PATH,
                                "run",
                                "--pipe",
                                service->pipe,
                                "--config",
                                scratch_file(&service->scratch, "c.json", path),
                                NULL};
    int status = 0;
    set_environment(service, faults);
    scratch_write(&service->scratch, "c.json", config, strlen(config));
    scratch_file(&service->scratch, "service.log", service->log);
    scratch_write(&service->scratch, "service.log", "", 0);
    scratch_file(&service->scratch, "final.json", out);
    service->pid = process_start(argv, out, service->log);
    for (int i = 0; i < PROCESS_DEADLINE_MS; i++) {
        pid_t ended = waitpid(service->pid, &status, WNOHANG);
        if (ended == service->pid) return check_refusal(service, faults, status);
        if (is_ready(service)) return FAULTY_READY;
        pause_shortly();
    }
    ck_abort_msg("%s: the service neither started nor ended", faults);
    return FAULTY_REFUSED;
}

static bool has_final(const struct service *service)
{
    char path[PROCESS_PATH_MAX];
    size_t size;
    char *json = process_read_file(scratch_file(&service->scratch, "final.json", path), &size);
    free(json);
    return size > 0;
}

bool faulty_stop(struct service *service, bool can_be_silent)
{
    if (can_be_silent) {
        process_ask_to_stop(service->pid);
        ck_assert_int_eq(process_wait(service->pid), 0);
        service->pid = 0;
        check_log(service);
        return has_final(service);
    }
    service_stop(service);
    check_log(service);
    service_check_account(service);
    return true;
}

unsigned long faulty_count(const struct service *service, const char *call)
{
    char path[PROCESS_PATH_MAX], line[64];
    size_t size;
    char *text = process_read_file(scratch_file(&service->scratch, "counts", path), &size);
    snprintf(line, sizeof line, "%s ", call);
    const char *at = strstr(text, line);
    unsigned long count = at == NULL ? 0 : strtoul(at + strlen(line), NULL, 10);
    free(text);
    return count;
}

void faulty_open_gate(const struct service *service)
{
    scratch_write(&service->scratch, "gate", "", 0);
}

static void read_user(struct socket_client *peer, struct faulty_client *client)
{
    static const char key[] = "\"user\":\"";
    struct frame frame;
    struct reply_status piece;
    frames_status(&peer->out, 7);
    if (!socket_client_send(peer) || !socket_client_skip_to(peer, WIRE_STATUS_REPLY, &frame))
        return;
    ck_assert_int_eq(reply_read_status(&frame, &piece), ETWR_OK);
    char *json = calloc(1, piece.json.size + 1);
    ck_assert_ptr_nonnull(json);
    memcpy(json, piece.json.data, piece.json.size);
    const char *user = strstr(json, key);
    if (user != NULL) sscanf(user + strlen(key), "%63[^\"]", client->user);
    free(json);
}

void faulty_talk(const struct service *service, int patience_ms, struct faulty_client *client)
{
    struct socket_client peer;
    char long_name[LONG_NAME_BYTES + 1] = "Contoso.Fault.";
    memset(long_name + strlen(long_name), 'x', LONG_NAME_BYTES - strlen(long_name));
    memset(client, 0, sizeof *client);
    ck_assert(socket_client_init(&peer));
    peer.patience_ms = patience_ms;
    ck_assert(socket_client_connect(&peer, service->pipe));
    frames_hello(&peer.out, 1);
    frames_open(&peer.out, 1, "Contoso.Fault");
    frames_schema(&peer.out, 1);
    frames_open(&peer.out, 2, long_name);
    frames_lost(&peer.out, 2, 3, ETWR_REASON_QUEUE_FULL); /* told in the trace */
    for (uint32_t i = 0; i < FAULTY_EVENTS; i++)
        frames_number(&peer.out, 1, i);
    if (socket_client_settle(&peer)) {
        client->is_served = true;
        client->written = peer.ack.written;
        client->dropped = socket_client_dropped(&peer);
        ck_assert_uint_eq(client->written + client->dropped, FAULTY_EVENTS);
        read_user(&peer, client);
    } else {
        char byte;
        ssize_t got = recv(peer.fd, &byte, 1, MSG_DONTWAIT | MSG_PEEK);
        client->is_closed = got == 0 || (got < 0 && errno == ECONNRESET);
    }
    socket_client_clear(&peer);
}
