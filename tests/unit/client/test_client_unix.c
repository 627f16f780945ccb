/* Streams that are none, and copies of clients in forked children. */
#include <check.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/client/fixture.h"

static struct fixture f;

static void setup(void)
{
    fixture_init(&f);
}

START_TEST(what_is_no_stream_is_not_adopted_and_stays_open)
{
    struct etwr_client *client;
    int ends[2];

    ck_assert_int_eq(pipe(ends), 0);
    ck_assert_int_eq(etwr_client_adopt(NULL, ends[1], &client), ETWR_E_INVALID_ARGUMENT);
    ck_assert_int_ge(fcntl(ends[1], F_GETFD), 0);
    ends[0] = socket(AF_UNIX, SOCK_STREAM, 0); /* not connected */
    ck_assert_int_eq(etwr_client_adopt(NULL, ends[0], &client), ETWR_E_INVALID_ARGUMENT);
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_DGRAM, 0, ends), 0);
    ck_assert_int_eq(etwr_client_adopt(NULL, ends[1], &client), ETWR_E_INVALID_ARGUMENT);
    ck_assert_int_ge(fcntl(ends[1], F_GETFD), 0);
}
END_TEST

/* The descriptor that came with one byte over a socket. */
static int receive_descriptor(int channel)
{
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))];
    char byte;
    int fd = -1;
    struct iovec content = {.iov_base = &byte, .iov_len = 1};
    struct msghdr message = {.msg_iov = &content,
                             .msg_iovlen = 1,
                             .msg_control = control,
                             .msg_controllen = sizeof control};
    struct cmsghdr *header;

    ck_assert_int_eq(recvmsg(channel, &message, 0), 1);
    header = CMSG_FIRSTHDR(&message);
    ck_assert_ptr_nonnull(header);
    ck_assert_int_eq(header->cmsg_type, SCM_RIGHTS);
    memcpy(&fd, CMSG_DATA(header), sizeof fd);
    return fd;
}

START_TEST(a_stream_given_by_a_broker_arrives_and_is_adopted)
{
    struct request_hello hello;
    char text[256] = "x";
    intptr_t handle, given = 0;
    int channel[2];

    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, channel), 0);
    ck_assert_int_eq(etwr_broker_open(f.service.path, &handle, text, sizeof text), ETWR_OK);
    ck_assert_str_eq(text, "");
    ck_assert(!fake_link_is_inherited(handle));
    fake_accept(&f.service);
    ck_assert(!fake_has_frame(&f.service, 30)); /* nothing is said yet */
    ck_assert_int_eq(etwr_broker_give(handle, channel[0], &given), ETWR_OK);
    ck_assert_int_eq(given, -1);
    ck_assert(!fake_link_is_open(handle));
    ck_assert_int_eq(etwr_client_adopt(NULL, receive_descriptor(channel[1]), &f.client), ETWR_OK);
    fake_read_hello(&f.service, &hello);
    ck_assert_uint_eq(hello.first_sequence, 1);
    close(channel[0]);
    close(channel[1]);
    fixture_clear(&f);
}
END_TEST

START_TEST(what_cannot_be_given_stays_the_brokers)
{
    char text[256];
    intptr_t handle;

    ck_assert_int_eq(etwr_broker_open(f.service.path, &handle, NULL, 0), ETWR_OK);
    ck_assert_int_eq(etwr_broker_give(handle, -1, NULL), ETWR_E_INVALID_ARGUMENT);
    ck_assert_int_eq(etwr_broker_give(handle, STDERR_FILENO, NULL), ETWR_E_INVALID_ARGUMENT);
    ck_assert(fake_link_is_open(handle));
    close((int)handle);
    fake_stop_listening(&f.service);
    ck_assert_int_eq(etwr_broker_open(f.service.path, &handle, text, sizeof text),
                     ETWR_E_NOT_FOUND);
    ck_assert_msg(strstr(text, f.service.path) && strstr(text, "No such file"), "%s", text);
    ck_assert_int_eq(etwr_broker_open("", &handle, text, sizeof text), ETWR_E_INVALID_ARGUMENT);
    ck_assert_int_eq(etwr_broker_open(f.service.path, NULL, text, sizeof text),
                     ETWR_E_INVALID_ARGUMENT);
    fixture_clear(&f);
}
END_TEST

/* What a forked child may do with its copy; its exit status says which check failed. */
static int use_copy(void)
{
    struct etwr_counters counters;
    struct etwr_provider *provider;
    struct etwr_client *own;
    char text[8] = "x";

    if (write_number(&f, 1) != ETWR_E_CLOSED) return 1;
    if (etwr_client_flush(f.client, LONG_MS) != ETWR_E_CLOSED) return 2;
    if (etwr_client_wait_connected(f.client, LONG_MS) != ETWR_E_CLOSED) return 3;
    if (etwr_provider_open(f.client, "X", NULL, &provider) != ETWR_E_CLOSED) return 4;
    etwr_client_counters(f.client, &counters);
    if (counters.produced != 0) return 5;
    etwr_client_last_error(f.client, text, sizeof text);
    if (text[0] != '\0') return 6;
    etwr_provider_close(f.provider);
    etwr_client_destroy(f.client, LONG_MS, &counters);
    if (etwr_client_create(&f.options, &own) != ETWR_OK) return 7;
    if (etwr_client_wait_connected(own, LONG_MS) != ETWR_OK) return 8;
    etwr_client_destroy(own, 0, NULL);
    return 0;
}

START_TEST(a_forked_childs_copy_is_dead_and_the_parent_goes_on)
{
    struct fake_service childs;
    struct etwr_counters counters;
    int status;
    pid_t child;

    fixture_connect(&f);
    ck_assert_int_eq(write_number(&f, 1), ETWR_OK);
    fake_skip_to(&f.service, WIRE_EVENT);
    child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) _exit(use_copy());
    /* The child's own client comes over the same listener. */
    childs = f.service;
    childs.bytes = malloc((size_t)4 * 1024 * 1024);
    childs.link = -1;
    fake_welcome(&childs);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "check %d failed",
                  WEXITSTATUS(status));
    fake_close(&childs);
    free(childs.bytes);
    ck_assert_int_eq(write_number(&f, 2), ETWR_OK);
    ck_assert_uint_eq(read_number(&f.service), 2);
    fake_ack(&f.service, 2, 2, 0, 0, 0);
    counters = wait_pending(f.client, 0);
    ck_assert_uint_eq(counters.connects, 1);
    fixture_clear(&f);
}
END_TEST

START_TEST(a_forked_child_does_not_keep_the_connection_open)
{
    int hold[2];
    char byte;
    pid_t child;

    fixture_connect(&f);
    ck_assert_int_eq(pipe(hold), 0);
    child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        close(hold[1]);
        _exit(read(hold[0], &byte, 1) == 0 ? 0 : 1); /* lives until the parent says so */
    }
    close(hold[0]);
    etwr_client_destroy(f.client, 0, NULL);
    ck_assert(fake_is_closed(&f.service));
    close(hold[1]);
    ck_assert_int_eq(waitpid(child, NULL, 0), child);
    f.client = NULL;
    fixture_clear(&f);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("client_unix");
    TCase *tcase = tcase_create("unix");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_set_timeout(tcase, 50);
    tcase_add_checked_fixture(tcase, setup, NULL);
    tcase_add_test(tcase, what_is_no_stream_is_not_adopted_and_stays_open);
    tcase_add_test(tcase, a_stream_given_by_a_broker_arrives_and_is_adopted);
    tcase_add_test(tcase, what_cannot_be_given_stays_the_brokers);
    tcase_add_test(tcase, a_forked_childs_copy_is_dead_and_the_parent_goes_on);
    tcase_add_test(tcase, a_forked_child_does_not_keep_the_connection_open);
    suite_add_tcase(suite, tcase);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
