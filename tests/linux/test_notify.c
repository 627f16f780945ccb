/*
 * What the service tells its manager: when it accepts, reloads and stops, how it stands, and that
 * it is alive; the last only as long as every worker is.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <check.h>

#include "service/host/watchdog.h"
#include "tests/flow/flow.h"
#include "tests/linux/manager.h"
#include "tests/support/raw_client.h"

#define BEATS_WITHOUT_SIGN 8
#define BEAT_MS            50 /* a quarter of WATCHDOG_USEC */
#define WATCHDOG_USEC      "200000"

static struct manager manager;
static char pipe_path[PROCESS_PATH_MAX];
static const char *arguments[] = {"--pipe", pipe_path, "--sink", "null", "--workers", "2", NULL};

static void setup(void)
{
    manager_init(&manager);
    manager_open_notify(&manager, true);
    scratch_file(&manager.scratch, "relay.sock", pipe_path);
}

static void teardown(void)
{
    manager_clear(&manager);
}

static long long monotonic_us(void)
{
    struct timespec now;
    ck_assert_int_eq(clock_gettime(CLOCK_MONOTONIC, &now), 0);
    return (long long)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void send_events(const char *lines)
{
    struct run run;
    const char *const argv[] = {ETWRELAY_TOOL_PATH, "send", "--pipe", pipe_path,
                                "--jsonl",          "-",    NULL};
    run_program(&run, argv, lines);
    ck_assert_msg(run.exit_status == 0, "%s", run.err);
    run_clear(&run);
}

START_TEST(ready_is_told_when_it_accepts_and_stopping_before_it_ends)
{
    struct raw_client client;
    manager_start(&manager, arguments);
    ck_assert(manager_receive(&manager, PROCESS_DEADLINE_MS));
    ck_assert_str_eq(manager.text, "READY=1\nSTATUS=accepting connections");
    raw_connect(&client, pipe_path);
    raw_close(&client);
    ck_assert_int_eq(manager_stop(&manager), 0);
    manager_wait_for(&manager, "STOPPING=1\n");
    ck_assert(!manager_receive(&manager, 0));
}
END_TEST

START_TEST(an_address_without_a_file_is_told_too)
{
    close(manager.notify_fd);
    manager_open_notify(&manager, false);
    manager_start(&manager, arguments);
    manager_wait_for(&manager, "READY=1\n");
    ck_assert_int_eq(manager_stop(&manager), 0);
    manager_wait_for(&manager, "STOPPING=1\n");
}
END_TEST

START_TEST(a_reload_is_told_with_its_time_and_its_end)
{
    long long before = monotonic_us(), told;
    manager_start(&manager, arguments);
    manager_wait_for(&manager, "READY=1\n");
    ck_assert_int_eq(kill(manager.pid, SIGHUP), 0);
    manager_wait_for(&manager, "RELOADING=1\nMONOTONIC_USEC=");
    told = strtoll(strchr(strchr(manager.text, '\n'), '=') + 1, NULL, 10);
    ck_assert_int_ge(told, before);
    ck_assert_int_le(told, monotonic_us());
    manager_wait_for(&manager, "READY=1\n");
    ck_assert_int_eq(manager_stop(&manager), 0);
}
END_TEST

START_TEST(the_watchdog_is_told_with_the_counters)
{
    manager.watchdog_usec = WATCHDOG_USEC;
    manager_start(&manager, arguments);
    manager_wait_for(&manager, "READY=1\n");
    for (int i = 0; i < 3; i++)
        manager_wait_for(&manager, "WATCHDOG=1\nSTATUS=0 clients; accepted 0,");
    send_events("{\"provider\":\"Contoso.A\",\"event\":\"A\"}\n"
                "{\"provider\":\"Contoso.A\",\"event\":\"B\"}\n");
    manager_wait_for(&manager, "accepted 2, written 2, not enabled 0, dropped 0, pending 0");
    ck_assert_int_eq(manager_stop(&manager), 0);
}
END_TEST

START_TEST(connected_clients_are_counted)
{
    struct raw_client client;
    manager.watchdog_usec = WATCHDOG_USEC;
    manager_start(&manager, arguments);
    manager_wait_for(&manager, "READY=1\n");
    raw_connect(&client, pipe_path);
    frames_hello(&client.out, 1);
    ck_assert(raw_send(&client));
    manager_wait_for(&manager, "STATUS=1 clients;");
    raw_close(&client);
    manager_wait_for(&manager, "STATUS=0 clients;");
    ck_assert_int_eq(manager_stop(&manager), 0);
}
END_TEST

/* The main thread goes on, as its answers to SIGHUP show, but never says that all is well. */
static void check_silence(void)
{
    for (int i = 0; i < BEATS_WITHOUT_SIGN; i++) {
        ck_assert_int_eq(kill(manager.pid, SIGHUP), 0);
        do {
            ck_assert_msg(manager_receive(&manager, PROCESS_DEADLINE_MS), "the main thread hangs");
            ck_assert_ptr_null(strstr(manager.text, "WATCHDOG=1"));
        } while (strstr(manager.text, "READY=1\n") == NULL);
        bool is_told = manager_receive(&manager, BEAT_MS);
        ck_assert(!is_told || strstr(manager.text, "WATCHDOG=1") == NULL);
    }
}

START_TEST(the_watchdog_is_not_told_while_a_worker_hangs)
{
    char fifo[PROCESS_PATH_MAX];
    struct raw_client client;
    scratch_file(&manager.scratch, "fifo", fifo);
    ck_assert_int_eq(mkfifo(fifo, 0600), 0);
    manager.extra_name = "STUCK_UNTIL_WRITTEN";
    manager.extra_value = fifo;
    manager.program = STUCK_SERVICE_PATH;
    manager.watchdog_usec = WATCHDOG_USEC;
    manager_start(&manager, arguments);
    manager_wait_for(&manager, "WATCHDOG=1\n");
    raw_connect(&client, pipe_path);
    frames_hello(&client.out, 1);
    ck_assert(raw_send(&client));
    manager_wait_for(&manager, "does not answer");
    ck_assert_ptr_null(strstr(manager.text, "WATCHDOG=1"));
    check_silence();
    close(open(fifo, O_WRONLY)); /* the worker goes on */
    manager_wait_for(&manager, "WATCHDOG=1\nSTATUS=1 clients;");
    ck_assert(process_wait_for_text(manager.log, "all workers answer again"));
    raw_close(&client);
    ck_assert_int_eq(manager_stop(&manager), 0);
}
END_TEST

static void set(const char *name, const char *value)
{
    ck_assert_int_eq(value == NULL ? unsetenv(name) : setenv(name, value, 1), 0);
}

START_TEST(the_interval_is_a_quarter_of_what_the_manager_asks_for)
{
    char own[16];
    snprintf(own, sizeof own, "%ld", (long)getpid());
    set("NOTIFY_SOCKET", manager.notify_path);
    set("WATCHDOG_USEC", "4000000");
    set("WATCHDOG_PID", NULL);
    ck_assert_uint_eq(watchdog_interval_ms(), 1000);
    set("WATCHDOG_PID", own);
    ck_assert_uint_eq(watchdog_interval_ms(), 1000);
    set("WATCHDOG_USEC", "60000000");
    ck_assert_uint_eq(watchdog_interval_ms(), 5000);
    set("WATCHDOG_USEC", "1");
    ck_assert_uint_eq(watchdog_interval_ms(), 1);
    set("NOTIFY_SOCKET", NULL);
    ck_assert_uint_eq(watchdog_interval_ms(), 0);
}
END_TEST

START_TEST(without_a_watchdog_of_ours_only_the_status_is_told)
{
    static const char *const useless[] = {NULL, "", "0", "-5", "12x", "99999999999999999999"};
    set("NOTIFY_SOCKET", manager.notify_path);
    set("WATCHDOG_PID", NULL);
    for (size_t i = 0; i < sizeof useless / sizeof useless[0]; i++) {
        set("WATCHDOG_USEC", useless[i]);
        ck_assert_uint_eq(watchdog_interval_ms(), 5000);
        watchdog_tell(true, "well");
        ck_assert(manager_receive(&manager, 0));
        ck_assert_str_eq(manager.text, "STATUS=well");
    }
    set("WATCHDOG_USEC", WATCHDOG_USEC);
    set("WATCHDOG_PID", "1"); /* another process's */
    watchdog_tell(true, "well");
    ck_assert(manager_receive(&manager, 0));
    ck_assert_str_eq(manager.text, "STATUS=well");
}
END_TEST

START_TEST(a_manager_that_does_not_listen_is_no_error)
{
    set("NOTIFY_SOCKET", "/nonexistent/notify");
    set("WATCHDOG_USEC", WATCHDOG_USEC);
    set("WATCHDOG_PID", NULL);
    watchdog_tell(true, "well");
    set("NOTIFY_SOCKET", "vsock:2:1");
    watchdog_tell(true, "well");
    ck_assert(!manager_receive(&manager, 0));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("notify");
    TCase *tcase = tcase_create("notify");
    SRunner *runner = srunner_create(suite);
    int failed;

    suite_add_tcase(suite, tcase);
    tcase_set_timeout(tcase, 60);
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, ready_is_told_when_it_accepts_and_stopping_before_it_ends);
    tcase_add_test(tcase, an_address_without_a_file_is_told_too);
    tcase_add_test(tcase, a_reload_is_told_with_its_time_and_its_end);
    tcase_add_test(tcase, the_watchdog_is_told_with_the_counters);
    tcase_add_test(tcase, connected_clients_are_counted);
    tcase_add_test(tcase, the_watchdog_is_not_told_while_a_worker_hangs);
    tcase_add_test(tcase, the_interval_is_a_quarter_of_what_the_manager_asks_for);
    tcase_add_test(tcase, without_a_watchdog_of_ours_only_the_status_is_told);
    tcase_add_test(tcase, a_manager_that_does_not_listen_is_no_error);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
