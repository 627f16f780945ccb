/*
 * Kills: clients in the middle of a frame, the service under load, and the config read anew while
 * events flow. What was whole is counted, what was acknowledged is in the files, and nothing is
 * left behind.
 */
#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/flow/flow.h"
#include "tests/flow/numbered.h"
#include "tests/load/load.h"
#include "tests/load/tap.h"

#define CLIENT_KILLS   2000u
#define AT_ONCE        50u
#define WARM_UP        200u
#define WHOLE_EVENTS   10u
#define SERVICE_KILLS  20u
#define RELOADS        100u
#define PATIENT_MS     120000
#define KILL_BYTES     (KILL_FILE_BYTES / 4)
#define RECONNECT_MS   2000u
#define IN_DOUBT_MS    250u
#define SETTLED        100u
#define WAITING        8u
#define WAITING_EVENTS 2000u /* of each: a socket holds them */
#define BUFFERED       500u  /* more than a pipe takes, and less than the sink has buffers for */

static struct service service;
static struct numbered_run run;
static bool has_run;

static void setup(void)
{
    service_init(&service);
    has_run = false;
}

static void teardown(void)
{
    if (has_run) numbered_clear(&run);
    service_clear(&service);
}

/* In a process of its own: some events, and one that never ends. */
static void be_killed(int told)
{
    struct socket_client client;
    if (!socket_client_init(&client)) _exit(1);
    if (!socket_client_join(&client, service.pipe, "Contoso.Killed")) _exit(1);
    for (uint32_t i = 0; i < WHOLE_EVENTS; i++)
        frames_number(&client.out, 1, i);
    frames_bytes(&client.out, "\x40\x00\x00\x00\x05\x00\x01\x00half", 12);
    if (!socket_client_send(&client) || write(told, "x", 1) != 1) _exit(1);
    for (;;)
        pause();
}

static void kill_some(unsigned count)
{
    pid_t pids[AT_ONCE];
    int told[2];
    char word;
    ck_assert_int_eq(pipe(told), 0);
    for (unsigned i = 0; i < count; i++) {
        pids[i] = fork();
        ck_assert_int_ge(pids[i], 0);
        if (pids[i] == 0) be_killed(told[1]);
    }
    close(told[1]);
    for (unsigned i = 0; i < count; i++)
        ck_assert_int_eq(read(told[0], &word, 1), 1);
    close(told[0]);
    for (unsigned i = 0; i < count; i++)
        ck_assert_int_eq(kill(pids[i], SIGKILL), 0);
    for (unsigned i = 0; i < count; i++)
        ck_assert_int_eq(waitpid(pids[i], NULL, 0), pids[i]);
}

START_TEST(clients_killed_in_a_frame_leave_nothing_behind)
{
    unsigned kills = WARM_UP + load_scale(CLIENT_KILLS), done;
    load_start(&service, "null", NULL);
    /* What the first clients bring stays: each worker has to have had its share of them once. */
    for (done = 0; done < WARM_UP; done += AT_ONCE)
        kill_some(AT_ONCE);
    unsigned base = load_settled_descriptors(&service);
    ck_assert_uint_lt(base, AT_ONCE);
    uint64_t before = load_memory_bytes(&service);
    for (; done < kills; done += AT_ONCE)
        kill_some(AT_ONCE);
    ck_assert(load_wait_descriptors(&service, base));
    uint64_t after = load_memory_bytes(&service);
    service_stop(&service);
    service_check_account(&service);
    ck_assert_uint_eq(service_final(&service, "accepted"), (uint64_t)done * WHOLE_EVENTS);
    load_print("client_kills", "\"kills\":%u,\"descriptors\":%u,\"before\":%llu,\"after\":%llu",
               done - WARM_UP, base, (unsigned long long)before, (unsigned long long)after);
    if (!load_memory_is_foreign()) ck_assert_uint_le(after, before * 105 / 100);
}
END_TEST

static const char *file_of_start(unsigned number, char *path)
{
    char name[32];
    snprintf(name, sizeof name, number == 1 ? "kill.etl" : "kill.%04u.etl", number);
    return scratch_file(&service.scratch, name, path);
}

/* Producers that have come to their end. */
static unsigned count_done(void)
{
    char path[PROCESS_PATH_MAX], name[32];
    struct stat about;
    unsigned done = 0;
    for (int i = 0; i < NUMBERED_PRODUCERS; i++) {
        snprintf(name, sizeof name, "producer%d.out", i);
        if (stat(scratch_file(&service.scratch, name, path), &about) == 0 && about.st_size > 0)
            done++;
    }
    return done;
}

static bool is_all_done(void)
{
    return count_done() == NUMBERED_PRODUCERS;
}

/* False: there is no more load to kill in. */
static bool wait_for_growth(unsigned number)
{
    char path[PROCESS_PATH_MAX];
    struct stat about;
    file_of_start(number, path);
    for (uint64_t until = load_now_ms() + PROCESS_DEADLINE_MS; load_now_ms() < until;
         load_pause()) {
        if (stat(path, &about) == 0 && about.st_size >= KILL_BYTES) return true;
        if (is_all_done()) return false;
    }
    ck_abort_msg("%s does not grow", path);
    return false;
}

/* What the service says to all before this has been said when the second answer is there: the first
 * may be made in the turn in which the question was read. */
static void hear_out(struct socket_client *client)
{
    struct frame frame;
    for (int i = 0; i < 2; i++) {
        frames_status(&client->out, 1);
        ck_assert(socket_client_send(client));
        ck_assert(socket_client_skip_to(client, WIRE_STATUS_REPLY, &frame));
    }
}

/* Whole lines of the client's events. */
static unsigned count_lines(const struct tap *tap)
{
    static char bytes[1 << 20];
    size_t size = 0;
    unsigned count = 0;
    for (size_t got; (got = tap_read(tap, bytes + size, sizeof bytes - 1 - size)) > 0;)
        size += got;
    for (char *line = bytes, *end; (end = strchr(line, '\n')) != NULL; line = end + 1) {
        *end = 0;
        if (strstr(line, "\"Contoso.Buffered\"") != NULL) count++;
    }
    return count;
}

/* The file takes a few of the events only, the service has read them all, and dies. */
START_TEST(a_killed_service_has_acknowledged_nothing_that_was_only_in_its_buffers)
{
    struct tap tap;
    struct socket_client *client = load_make_clients(1);
    tap_open(&tap, &service.scratch, "");
    load_start(&service, NULL, tap.config);
    ck_assert(socket_client_join(client, service.pipe, "Contoso.Buffered"));
    for (uint32_t i = 0; i < SETTLED; i++)
        frames_number(&client->out, 1, i);
    ck_assert(socket_client_settle(client));
    ck_assert_uint_eq(client->ack.written, SETTLED);
    for (uint32_t i = 0; i < BUFFERED; i++)
        frames_number(&client->out, 1, i);
    ck_assert(socket_client_send(client));
    ck_assert(tap_wait_full(&tap));
    frames_flush(&client->out, 1); /* so that what is settled is told at once */
    hear_out(client);
    service_kill(&service);
    unsigned lines = count_lines(&tap);
    load_print("killed_with_buffers", "\"sent\":%u,\"acknowledged\":%llu,\"lines\":%u",
               SETTLED + BUFFERED, (unsigned long long)client->ack.written, lines);
    ck_assert_uint_lt(lines, SETTLED + BUFFERED); /* else nothing was tried */
    ck_assert_uint_ge(client->ack.written, SETTLED);
    ck_assert_uint_le(client->ack.written, lines);
    ck_assert_uint_eq(socket_client_dropped(client), 0);
    load_free_clients(client, 1);
    tap_close(&tap);
}
END_TEST

/* What had arrived lies in the sockets, unread, for want of room; the stop comes, and then room. */
START_TEST(a_stop_hears_out_who_waits_for_room)
{
    struct tap tap;
    struct socket_client *clients = load_make_clients(WAITING);
    tap_open(&tap, &service.scratch, "\"drain_ms\":60000");
    load_start(&service, NULL, tap.config);
    for (unsigned i = 0; i < WAITING; i++)
        ck_assert(socket_client_join(&clients[i], service.pipe, "Contoso.Waiting"));
    for (unsigned i = 0; i < WAITING; i++) {
        for (uint32_t n = 0; n < WAITING_EVENTS; n++)
            frames_number(&clients[i].out, 1, n);
        ck_assert(socket_client_send(&clients[i]));
    }
    ck_assert(tap_wait_full(&tap));
    process_ask_to_stop(service.pid);
    ck_assert(process_wait_for_text(service.log, "stopping"));
    pid_t reader = tap_drain(&tap);
    service_end(&service);
    ck_assert_int_eq(kill(reader, SIGKILL), 0);
    ck_assert_int_eq(waitpid(reader, NULL, 0), reader);
    service_check_account(&service);
    ck_assert_uint_eq(service_final(&service, "dropped.shutdown"), 0);
    ck_assert_uint_eq(service_final(&service, "written"), WAITING * WAITING_EVENTS);
    load_free_clients(clients, WAITING);
    tap_close(&tap);
}
END_TEST

/* How long each producer took to be there again, from the start's `ready` on. */
static uint64_t reconnects_ms[SERVICE_KILLS * NUMBERED_PRODUCERS];
static size_t reconnect_count;

/* Wait until all producers that go on are there again. */
static void wait_for_reconnect(unsigned base)
{
    uint64_t began = load_now_ms(), now = began;
    unsigned seen = 0;
    while (seen < NUMBERED_PRODUCERS - count_done() && now - began < PROCESS_DEADLINE_MS) {
        unsigned open = load_descriptors(&service);
        now = load_now_ms();
        for (; base + seen < open && seen < NUMBERED_PRODUCERS; seen++)
            reconnects_ms[reconnect_count++] = now - began;
        load_pause();
    }
}

static int compare_ms(const void *a, const void *b)
{
    uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
    return left < right ? -1 : left > right;
}

static uint64_t reconnect_percentile(unsigned percent)
{
    ck_assert_uint_gt(reconnect_count, 0);
    qsort(reconnects_ms, reconnect_count, sizeof *reconnects_ms, compare_ms);
    return reconnects_ms[(reconnect_count - 1) * percent / 100];
}

/* One file a start, however large. */
static void start_on_files(const char *name)
{
    char config[PROCESS_PATH_MAX + 128], path[PROCESS_PATH_MAX];
    snprintf(config, sizeof config, "{\"sinks\":[{\"type\":\"etl\",\"path\":\"%s\",\"max_mb\":0}]}",
             scratch_file(&service.scratch, name, path));
    load_start(&service, NULL, config);
}

/* What all producers together sent in 250 ms, on an average that counts the dead time, too: so much
 * may be in doubt after a kill. */
static uint64_t carried_in_doubt_window(uint64_t run_ms)
{
    return run.count * NUMBERED_PRODUCERS * IN_DOUBT_MS / run_ms;
}

START_TEST(a_service_killed_under_load_loses_no_acknowledged_event)
{
    unsigned wanted = load_scale(SERVICE_KILLS), kills = 0;
    uint64_t in_doubt = 0, dropped = 0;
    char path[PROCESS_PATH_MAX];
    start_on_files("kill.etl");
    unsigned base = load_descriptors(&service);
    numbered_start(&run, &service, FLOOD_EVENTS * (load_is_full() ? 18u : 2u), PATIENT_MS);
    has_run = true;
    uint64_t began = load_now_ms();
    while (kills < wanted && wait_for_growth(kills + 1)) {
        service_kill(&service);
        kills++;
        start_on_files("kill.etl");
        wait_for_reconnect(base);
    }
    numbered_wait(&run, &service);
    uint64_t carried = carried_in_doubt_window(load_now_ms() - began);
    service_stop(&service);
    service_check_account(&service);
    for (unsigned i = 1; i <= kills + 1; i++)
        numbered_read(&run, file_of_start(i, path), i <= kills);
    numbered_check(&run);
    for (int i = 0; i < NUMBERED_PRODUCERS; i++) {
        in_doubt += run.producers[i].in_doubt;
        dropped += run.producers[i].dropped;
    }
    load_print("service_kills",
               "\"kills\":%u,\"clients\":%d,\"reconnects\":%zu,\"reconnect_p50_ms\":%llu,"
               "\"reconnect_p99_ms\":%llu,\"reconnect_worst_ms\":%llu,\"in_doubt\":%llu,"
               "\"in_doubt_most\":%llu,\"dropped\":%llu",
               kills, NUMBERED_PRODUCERS, reconnect_count,
               (unsigned long long)reconnect_percentile(50),
               (unsigned long long)reconnect_percentile(99),
               (unsigned long long)reconnect_percentile(100), (unsigned long long)in_doubt,
               (unsigned long long)carried * kills, (unsigned long long)dropped);
    ck_assert_uint_eq(kills, wanted);
    if (!load_is_full()) return;
    ck_assert_uint_le(reconnect_percentile(99), RECONNECT_MS);
    ck_assert_uint_le(in_doubt, carried * kills);
}
END_TEST

static void write_config(unsigned number)
{
    char config[512], sinks[PROCESS_PATH_MAX + 64], path[PROCESS_PATH_MAX];
    const char *const forms[] = {
        "\"origin\":[\"pid\",\"user\"],\"limits\":{\"burst_seconds\":7}",
        "\"origin\":[\"pid\",\"tid\",\"time\",\"sequence\"]",
        "\"limits\":{\"burst_seconds\":\"many\"}", /* the third is bad */
    };
    snprintf(sinks, sizeof sinks, "\"sinks\":[{\"type\":\"etl\",\"path\":\"%s\",\"max_mb\":0}]",
             scratch_file(&service.scratch, "reload.etl", path));
    snprintf(config, sizeof config, "{%s,%s}", sinks, forms[number % 3]);
    scratch_write(&service.scratch, "config.json", config, strlen(config));
}

static size_t count_in_log(const char *text)
{
    size_t size, count = 0;
    char *log = process_read_file(service.log, &size);
    for (const char *at = log; (at = strstr(at, text)) != NULL; at++)
        count++;
    free(log);
    return count;
}

static void reload(unsigned number)
{
    const char *said = number % 3 == 2 ? "the old one stays in force" : "the config was read anew";
    size_t before = count_in_log(said);
    write_config(number);
    ck_assert_int_eq(kill(service.pid, SIGHUP), 0);
    for (uint64_t until = load_now_ms() + PROCESS_DEADLINE_MS; count_in_log(said) == before;
         load_pause())
        ck_assert_uint_lt(load_now_ms(), until);
}

START_TEST(reloads_under_load_lose_nothing)
{
    unsigned reloads = load_scale(RELOADS), under_load = 0;
    char path[PROCESS_PATH_MAX];
    start_on_files("reload.etl");
    numbered_start(&run, &service, FLOOD_EVENTS * (load_is_full() ? 5u : 1u), PATIENT_MS);
    has_run = true;
    for (unsigned i = 0; i < reloads; i++) {
        if (!is_all_done()) under_load++;
        reload(i);
    }
    numbered_wait(&run, &service);
    service_stop(&service);
    service_check_account(&service);
    numbered_read(&run, scratch_file(&service.scratch, "reload.etl", path), false);
    numbered_check(&run);
    for (int i = 0; i < NUMBERED_PRODUCERS; i++) {
        ck_assert_uint_eq(run.producers[i].written, run.count);
        ck_assert_uint_eq(run.producers[i].connects, 1);
    }
    load_print("reloads", "\"reloads\":%u,\"under_load\":%u,\"events\":%llu", reloads, under_load,
               (unsigned long long)run.count * NUMBERED_PRODUCERS);
    ck_assert_uint_gt(under_load, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("kills");
    TCase *tcase = tcase_create("kills");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_set_timeout(tcase, 600);
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, a_killed_service_has_acknowledged_nothing_that_was_only_in_its_buffers);
    tcase_add_test(tcase, a_stop_hears_out_who_waits_for_room);
    tcase_add_test(tcase, clients_killed_in_a_frame_leave_nothing_behind);
    tcase_add_test(tcase, a_service_killed_under_load_loses_no_acknowledged_event);
    tcase_add_test(tcase, reloads_under_load_lose_nothing);
    suite_add_tcase(suite, tcase);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
