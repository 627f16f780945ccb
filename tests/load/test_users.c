/*
 * Users beside one another: one floods and the other loses nothing; one takes every descriptor
 * there is and the other still gets in. Users are accounts, so this takes the right to be another
 * one: root. Without it the test says that it was left out.
 */
#define _DEFAULT_SOURCE /* setgroups() */

#include <check.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <etwrelay/client.h>

#include "tests/load/load.h"
#include "tests/load/tap.h"

#define LEFT_OUT         77 /* ctest's SKIP_RETURN_CODE */
#define HONEST_USER      64001
#define FLOODING_USER    64002
#define HONEST_A_SECOND  1000u
#define FULL_SECONDS     10u
#define FLOODERS         4
#define FLOOD_BATCH      1000u
#define WRITTEN_HELD     500u /* of the honest user's, while the sink has no room */
#define CHILD_MS         30000
#define DESCRIPTORS_MAX  96
#define FLOOD_HELD       64
#define HONEST_WITHIN_MS 10000u

static struct service service;
static pid_t flooders[FLOODERS];
static pid_t drain;
static int told[2], go_flood[2], go_honest[2]; /* pipes: words of children, and to them */

static void setup(void)
{
    service_init(&service);
    /* Others must reach the socket in the test's folder. */
    ck_assert_int_eq(chmod(service.scratch.path, 0711), 0);
    ck_assert_int_eq(pipe(told), 0);
    ck_assert_int_eq(pipe(go_flood), 0);
    ck_assert_int_eq(pipe(go_honest), 0);
}

static void end_child(pid_t *pid)
{
    if (*pid <= 0) return;
    kill(*pid, SIGKILL);
    waitpid(*pid, NULL, 0);
    *pid = 0;
}

static void stop_flooders(void)
{
    for (int i = 0; i < FLOODERS; i++)
        end_child(&flooders[i]);
}

static void teardown(void)
{
    stop_flooders();
    service_clear(&service);
    end_child(&drain);
}

/* A process of another user, which runs `work` and ends. */
static pid_t start_as(uid_t user, void (*work)(void))
{
    pid_t pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid > 0) return pid;
    if (setgroups(0, NULL) != 0 || setgid((gid_t)user) != 0 || setuid(user) != 0) _exit(2);
    work();
    _exit(0);
}

static int wait_status(pid_t pid)
{
    int status = -1;
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

/* A child has come so far. */
static void tell(void)
{
    if (write(told[1], "x", 1) != 1) _exit(5);
}

static void await_go(int go)
{
    char word;
    if (read(go, &word, 1) != 1) _exit(5);
}

static void await_told(int count)
{
    struct pollfd wanted = {.fd = told[0], .events = POLLIN};
    char word;
    for (int i = 0; i < count; i++) {
        ck_assert_int_eq(poll(&wanted, 1, CHILD_MS), 1);
        ck_assert_int_eq(read(told[0], &word, 1), 1);
    }
}

static void give_go(const int go[2], int count)
{
    for (int i = 0; i < count; i++)
        ck_assert_int_eq(write(go[1], "x", 1), 1);
}

/* As much as the service takes, without waiting for any answer; but each is read, for who does not
 * read is closed. */
static void flood_events(void)
{
    struct socket_client client;
    size_t at = 0;
    if (!socket_client_init(&client)) _exit(1);
    if (!socket_client_join(&client, service.pipe, "Contoso.Flood")) _exit(1);
    tell();
    await_go(go_flood[0]);
    for (uint32_t i = 0; i < FLOOD_BATCH; i++)
        frames_number(&client.out, 1, i);
    for (;;) {
        struct pollfd wanted = {.fd = client.fd, .events = POLLIN | POLLOUT};
        if (poll(&wanted, 1, -1) < 0) _exit(1);
        if ((wanted.revents & ~POLLOUT) != 0 &&
            recv(client.fd, client.in, SOCKET_CLIENT_IN_BYTES, MSG_DONTWAIT) == 0)
            _exit(0);
        ssize_t sent = send(client.fd, client.out.bytes + at, client.out.size - at,
                            MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent > 0) at = (at + (size_t)sent) % client.out.size;
    }
}

static void start_flooders(void)
{
    for (int i = 0; i < FLOODERS; i++)
        flooders[i] = start_as(FLOODING_USER, flood_events);
    await_told(FLOODERS);
}

static unsigned honest_seconds(void)
{
    return load_is_full() ? FULL_SECONDS : 1;
}

/* So many events a second through the library, which drops when its queue is full: 0 if none was
 * lost. It tells when it is connected, and when it has written WRITTEN_HELD. */
static void write_honestly(void)
{
    struct etwr_client_options options;
    struct etwr_client *client;
    struct etwr_provider *provider;
    struct etwr_event *event;
    struct etwr_counters counters;
    uint64_t began, count = (uint64_t)honest_seconds() * HONEST_A_SECOND;
    etwr_client_options_init(&options);
    options.pipe = service.pipe;
    if (etwr_client_create(&options, &client) != ETWR_OK ||
        etwr_provider_open(client, "Contoso.Honest", NULL, &provider) != ETWR_OK ||
        etwr_event_create(&event) != ETWR_OK ||
        etwr_client_wait_connected(client, 20000) != ETWR_OK)
        _exit(3);
    tell();
    await_go(go_honest[0]);
    began = load_now_ms();
    for (uint64_t n = 0; n < count; n++) {
        if (n == WRITTEN_HELD) tell();
        while ((load_now_ms() - began) * HONEST_A_SECOND / 1000 < n)
            load_pause();
        etwr_event_reset(event, "Honest", 5, 1);
        etwr_event_add_uint64(event, "n", n, ETWR_OUT_NULL, 0);
        etwr_provider_write(provider, event);
    }
    if (etwr_client_flush(client, 20000) != ETWR_OK) _exit(4);
    etwr_event_destroy(event);
    etwr_client_destroy(client, 20000, &counters);
    _exit(counters.settled_written == count ? 0 : 1);
}

/* First the sink stands still, and the flood takes all room there is: what the honest user writes
 * then waits, and is not dropped. Then there is room for both. The flooding user has as many
 * connections as a user may have, which is no limit of the other's. */
START_TEST(who_floods_costs_another_user_nothing)
{
    struct tap tap;
    tap_open(&tap, &service.scratch, "\"clients_per_user\":4");
    load_start(&service, NULL, tap.config);
    start_flooders();
    pid_t honest_pid = start_as(HONEST_USER, write_honestly);
    await_told(1);
    give_go(go_flood, FLOODERS);
    ck_assert(tap_wait_full(&tap));
    give_go(go_honest, 1);
    await_told(1);
    drain = tap_drain(&tap);
    ck_assert_int_eq(wait_status(honest_pid), 0);
    stop_flooders();
    service_stop(&service);
    service_check_account(&service);
    uint64_t honest = (uint64_t)honest_seconds() * HONEST_A_SECOND;
    uint64_t flooded = service_final(&service, "accepted") - honest;
    load_print("flooding_user", "\"honest\":%llu,\"honest_lost\":0,\"flooded\":%llu",
               (unsigned long long)honest, (unsigned long long)flooded);
    ck_assert_uint_gt(flooded, honest);
    tap_close(&tap);
}
END_TEST

START_TEST(a_rate_cuts_the_flood_and_nobody_else)
{
    load_start(&service, "null",
               "{\"limits\":{\"events_per_second_per_user\":2000,\"burst_seconds\":1}}");
    start_flooders();
    give_go(go_flood, FLOODERS);
    give_go(go_honest, 1);
    ck_assert_int_eq(wait_status(start_as(HONEST_USER, write_honestly)), 0);
    stop_flooders();
    service_stop(&service);
    service_check_account(&service);
    load_print("flooding_user_with_rate", "\"written\":%llu,\"dropped_for_rate\":%llu",
               (unsigned long long)service_final(&service, "written"),
               (unsigned long long)service_final(&service, "dropped.rate"));
    ck_assert_uint_gt(service_final(&service, "dropped.rate"), 0);
}
END_TEST

/* Hold as many as can be had, say nothing, and come again when thrown out. */
static void flood_connections(void)
{
    static struct socket_client held[FLOOD_HELD];
    for (unsigned i = 0;; i = (i + 1) % FLOOD_HELD) {
        socket_client_close(&held[i]);
        held[i].fd = -1;
        (void)socket_client_connect(&held[i], service.pipe);
        if (i == 0) load_pause();
    }
}

/* For this test's process and all that it starts: to raise it again takes a right of its own. */
static void limit_descriptors(rlim_t most)
{
    struct rlimit limit = {most, most};
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

START_TEST(who_takes_all_descriptors_keeps_nobody_out)
{
    struct socket_client honest;
    unsigned attempts = 0;
    limit_descriptors(DESCRIPTORS_MAX);
    load_start(&service, "null", NULL);
    for (int i = 0; i < FLOODERS; i++)
        flooders[i] = start_as(FLOODING_USER, flood_connections);
    ck_assert(socket_client_init(&honest));
    ck_assert(process_wait_for_text(service.log, "no descriptor is left"));
    uint64_t began = load_now_ms();
    do {
        attempts++;
        ck_assert_uint_lt(load_now_ms() - began, HONEST_WITHIN_MS);
    } while (!socket_client_join(&honest, service.pipe, "Contoso.Honest"));
    uint64_t took = load_now_ms() - began;
    frames_number(&honest.out, 1, 1);
    ck_assert(socket_client_settle(&honest));
    ck_assert_uint_eq(honest.ack.written, 1);
    load_print("descriptor_flood", "\"descriptors\":%d,\"attempts\":%u,\"honest_in_ms\":%llu",
               DESCRIPTORS_MAX, attempts, (unsigned long long)took);
    socket_client_clear(&honest);
    stop_flooders();
    service_stop(&service);
    service_check_account(&service);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("users");
    TCase *tcase = tcase_create("users");
    SRunner *runner = srunner_create(suite);
    int failed;

    if (geteuid() != 0) {
        puts("left out: only root can be two other users");
        return LEFT_OUT;
    }
    tcase_set_timeout(tcase, 120);
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, who_floods_costs_another_user_nothing);
    tcase_add_test(tcase, a_rate_cuts_the_flood_and_nobody_else);
    tcase_add_test(tcase, who_takes_all_descriptors_keeps_nobody_out);
    suite_add_tcase(suite, tcase);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
