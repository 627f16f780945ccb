/*
 * Socket activation with a real service: what the manager passes is listened on, and only that.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <check.h>

#include "tests/flow/flow.h"
#include "tests/linux/manager.h"

static struct manager manager;
static const char *const null_sink[] = {"--sink", "null", NULL};

static void setup(void)
{
    manager_init(&manager);
}

static void teardown(void)
{
    manager_clear(&manager);
}

static void pass(int fd)
{
    manager.passed[manager.passed_count++] = fd;
}

/* Send one event as soon as somebody answers there. */
static pid_t start_sender(const char *path)
{
    char out[PROCESS_PATH_MAX], err[PROCESS_PATH_MAX];
    const char *const argv[] = {ETWRELAY_TOOL_PATH, "send",    "--pipe",     path,
                                "--timeout",        "20000",   "--provider", "Contoso.A",
                                "--event",          "Waiting", NULL};
    return process_start(argv, scratch_file(&manager.scratch, "sent.json", out),
                         scratch_file(&manager.scratch, "sent.log", err));
}

static void check_sent(pid_t sender)
{
    char path[PROCESS_PATH_MAX];
    size_t size;
    int status = process_wait(sender);
    char *json = process_read_file(scratch_file(&manager.scratch, "sent.json", path), &size);
    ck_assert_int_eq(status, 0);
    ck_assert_str_eq(json, "{\"sent\":1,\"written\":1,\"not_enabled\":0,\"dropped\":{}}\n");
    free(json);
}

/* It must end by itself with exit status 1, and say this. */
static void expect_refusal(const char *const *arguments, const char *text)
{
    manager_start(&manager, arguments);
    int status = process_wait(manager.pid);
    manager.pid = 0;
    size_t size;
    char *log = process_read_file(manager.log, &size);
    ck_assert_msg(status == 1 && strstr(log, text) != NULL, "exit status %d; it said: %s", status,
                  log);
    ck_assert_ptr_null(strstr(log, "ready\n"));
    free(log);
}

START_TEST(who_connected_before_the_start_is_served)
{
    int fd = manager_listen(manager.socket_path);
    pid_t sender = start_sender(manager.socket_path);
    pass(fd);
    manager_start(&manager, null_sink);
    check_sent(sender);
    ck_assert_int_eq(manager_stop(&manager), 0);
    close(fd);
}
END_TEST

START_TEST(the_socket_outlives_the_service)
{
    struct stat before, after;
    int fd = manager_listen(manager.socket_path);
    ck_assert_int_eq(chmod(manager.socket_path, 0640), 0);
    ck_assert_int_eq(stat(manager.socket_path, &before), 0);
    pass(fd);
    for (int round = 0; round < 2; round++) {
        manager_start(&manager, null_sink);
        manager_wait_ready(&manager);
        check_sent(start_sender(manager.socket_path));
        ck_assert_int_eq(manager_stop(&manager), 0);
        ck_assert_int_eq(stat(manager.socket_path, &after), 0);
        ck_assert_uint_eq(after.st_ino, before.st_ino);
        ck_assert_uint_eq(after.st_mode,
                          before.st_mode); /* the manager's, whatever pipe_mode says */
    }
    close(fd);
}
END_TEST

START_TEST(it_goes_before_the_pipe_of_the_config)
{
    char config[PROCESS_PATH_MAX], other[PROCESS_PATH_MAX], json[512];
    struct stat info;
    int fd = manager_listen(manager.socket_path);
    int size = snprintf(json, sizeof json, "{\"pipe\":\"%s\",\"sinks\":[{\"type\":\"null\"}]}",
                        scratch_file(&manager.scratch, "other.sock", other));
    scratch_write(&manager.scratch, "etwrelay.json", json, (size_t)size);
    const char *const arguments[] = {"--config",
                                     scratch_file(&manager.scratch, "etwrelay.json", config), NULL};
    pass(fd);
    manager_start(&manager, arguments);
    manager_wait_ready(&manager);
    check_sent(start_sender(manager.socket_path));
    ck_assert(stat(other, &info) != 0 && errno == ENOENT);
    ck_assert_int_eq(manager_stop(&manager), 0);
    close(fd);
}
END_TEST

START_TEST(it_and_a_pipe_on_the_command_line_contradict_each_other)
{
    char other[PROCESS_PATH_MAX];
    const char *const arguments[] = {"--sink", "null", "--pipe",
                                     scratch_file(&manager.scratch, "other.sock", other), NULL};
    int fd = manager_listen(manager.socket_path);
    pass(fd);
    expect_refusal(arguments, "--pipe names another");
    close(fd);
}
END_TEST

START_TEST(what_was_passed_to_another_process_is_left_alone)
{
    char other[PROCESS_PATH_MAX];
    const char *const arguments[] = {"--sink", "null", "--pipe",
                                     scratch_file(&manager.scratch, "other.sock", other), NULL};
    int fd = manager_listen(manager.socket_path);
    pass(fd);
    manager.listen_pid = "1";
    manager_start(&manager, arguments);
    manager_wait_ready(&manager);
    check_sent(start_sender(other));
    ck_assert_int_eq(manager_stop(&manager), 0);
    close(fd);
}
END_TEST

START_TEST(other_descriptors_are_closed)
{
    int ends[2];
    char byte = 0;
    int fd = manager_listen(manager.socket_path);
    ck_assert_int_eq(pipe(ends), 0);
    ck_assert_int_eq(fcntl(ends[0], F_SETFD, FD_CLOEXEC), 0);
    ck_assert_int_eq(fcntl(ends[1], F_SETFD, FD_CLOEXEC), 0);
    pass(ends[1]);
    pass(fd);
    manager_start(&manager, null_sink);
    manager_wait_ready(&manager);
    close(ends[1]);
    ck_assert_int_eq(read(ends[0], &byte, 1), 0); /* the end of file: no writer is left */
    check_sent(start_sender(manager.socket_path));
    ck_assert_int_eq(manager_stop(&manager), 0);
    close(ends[0]);
    close(fd);
}
END_TEST

START_TEST(of_several_sockets_the_one_with_our_name_is_taken)
{
    char first[PROCESS_PATH_MAX], last[PROCESS_PATH_MAX];
    int fds[] = {manager_listen(scratch_file(&manager.scratch, "first.sock", first)),
                 manager_listen(manager.socket_path),
                 manager_listen(scratch_file(&manager.scratch, "last.sock", last))};
    for (size_t i = 0; i < 3; i++)
        pass(fds[i]);
    manager.names = "first:etwrelay:last";
    manager_start(&manager, null_sink);
    manager_wait_ready(&manager);
    check_sent(start_sender(manager.socket_path));
    ck_assert_int_eq(manager_stop(&manager), 0);
    for (size_t i = 0; i < 3; i++)
        close(fds[i]);
}
END_TEST

START_TEST(an_address_without_a_file_will_do)
{
    char address[PROCESS_PATH_MAX];
    scratch_file(&manager.scratch, "none", address);
    address[0] = '@';
    int fd = manager_listen(address);
    pass(fd);
    manager_start(&manager, null_sink);
    manager_wait_ready(&manager);
    ck_assert(process_wait_for_text(manager.log, address));
    ck_assert_int_eq(manager_stop(&manager), 0);
    close(fd);
}
END_TEST

START_TEST(several_sockets_without_our_name_are_refused)
{
    char other[PROCESS_PATH_MAX];
    int fds[] = {manager_listen(manager.socket_path),
                 manager_listen(scratch_file(&manager.scratch, "other.sock", other))};
    pass(fds[0]);
    pass(fds[1]);
    expect_refusal(null_sink, "several sockets");
    manager.names = "etwrelay:etwrelay";
    expect_refusal(null_sink, "several sockets");
    close(fds[0]);
    close(fds[1]);
}
END_TEST

/* Each alone, where one socket to listen on is expected. */
START_TEST(what_cannot_be_listened_on_is_refused)
{
    static const char *const faults[] = {"does not listen", "is not a stream socket",
                                         "is not a Unix socket", "is not a socket"};
    int pair[2], datagrams[2];
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_DGRAM, 0, datagrams), 0);
    const int fds[] = {pair[0], datagrams[0], socket(AF_INET, SOCK_STREAM, 0),
                       open("/dev/null", O_RDWR)};
    for (size_t i = 0; i < sizeof fds / sizeof fds[0]; i++) {
        manager.passed_count = 0;
        pass(fds[i]);
        expect_refusal(null_sink, "passes no socket to listen on");
        ck_assert_msg(process_wait_for_text(manager.log, faults[i]), "%s", faults[i]);
        close(fds[i]);
    }
    close(pair[1]);
    close(datagrams[1]);
}
END_TEST

START_TEST(a_descriptor_that_is_not_open_is_refused)
{
    manager.listen_fds = "1";
    expect_refusal(null_sink, "passes no socket to listen on");
    ck_assert(process_wait_for_text(manager.log, "is not open"));
}
END_TEST

START_TEST(a_count_that_is_no_number_is_refused)
{
    static const char *const counts[] = {"", "-1", "1x", "257", "99999999999999999999"};
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        manager.listen_fds = counts[i];
        expect_refusal(null_sink, "LISTEN_FDS");
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("activation");
    TCase *tcase = tcase_create("activation");
    SRunner *runner = srunner_create(suite);
    int failed;

    suite_add_tcase(suite, tcase);
    tcase_set_timeout(tcase, 60);
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, who_connected_before_the_start_is_served);
    tcase_add_test(tcase, the_socket_outlives_the_service);
    tcase_add_test(tcase, it_goes_before_the_pipe_of_the_config);
    tcase_add_test(tcase, it_and_a_pipe_on_the_command_line_contradict_each_other);
    tcase_add_test(tcase, what_was_passed_to_another_process_is_left_alone);
    tcase_add_test(tcase, other_descriptors_are_closed);
    tcase_add_test(tcase, of_several_sockets_the_one_with_our_name_is_taken);
    tcase_add_test(tcase, an_address_without_a_file_will_do);
    tcase_add_test(tcase, several_sockets_without_our_name_are_refused);
    tcase_add_test(tcase, what_cannot_be_listened_on_is_refused);
    tcase_add_test(tcase, a_descriptor_that_is_not_open_is_refused);
    tcase_add_test(tcase, a_count_that_is_no_number_is_refused);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
