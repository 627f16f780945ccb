/*
 * The acceptor's path: what it takes over, what it refuses, what it leaves behind; and who it says
 * has connected.
 */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <uv.h>

#include "service/pipe/listener.h"

#define DEADLINE_MS 10000

static uv_loop_t loop;
static struct listener *listener;
static char folder[64], path[128], lock_path[160];
static char message[LISTENER_MESSAGE_BYTES];
static int accepted_fds[64];
static size_t accepted_count;
static struct peer last_peer;
static bool is_known;
static int shed_calls;

/* Not 0: the next connection has gone before it could be accepted, which fails like this. */
static int accept_error;

int __real_accept4(int fd, struct sockaddr *address, socklen_t *size, int flags);
int __wrap_accept4(int fd, struct sockaddr *address, socklen_t *size, int flags);

int __wrap_accept4(int fd, struct sockaddr *address, socklen_t *size, int flags)
{
    int accepted = __real_accept4(fd, address, size, flags);
    if (accepted < 0 || accept_error == 0) return accepted;
    close(accepted);
    errno = accept_error;
    accept_error = 0;
    return -1;
}

static void on_accept(void *context, intptr_t handle, const struct peer *peer)
{
    ck_assert_ptr_eq(context, &loop);
    if (handle == LISTENER_SHED) {
        shed_calls++;
        return;
    }
    ck_assert_uint_lt(accepted_count, 64);
    accepted_fds[accepted_count++] = (int)handle;
    is_known = peer != NULL;
    if (peer != NULL) last_peer = *peer;
}

static void setup(void)
{
    strcpy(folder, "/tmp/etwr-listener-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/relay.sock", folder);
    snprintf(lock_path, sizeof lock_path, "%s.lock", path);
    ck_assert_int_eq(uv_loop_init(&loop), 0);
    listener = NULL;
    accepted_count = 0;
    shed_calls = 0;
    accept_error = 0;
    message[0] = 0;
}

static void stop(void)
{
    if (listener != NULL) listener_close(listener);
    listener = NULL;
    uv_run(&loop, UV_RUN_DEFAULT);
}

static void teardown(void)
{
    stop();
    for (size_t i = 0; i < accepted_count; i++)
        close(accepted_fds[i]);
    ck_assert_int_eq(uv_loop_close(&loop), 0);
    unlink(path);
    unlink(lock_path);
    ck_assert_int_eq(rmdir(folder), 0); /* nothing else was left in it */
}

static enum etwr_status open_at(const char *where)
{
    const struct listener_access access = {.mode = 0666};
    return listener_open(&loop, where, &access, on_accept, &loop, &listener, message);
}

static int connect_to(const char *where)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    ck_assert_int_ge(fd, 0);
    ck_assert_uint_lt(strlen(where), sizeof address.sun_path);
    strcpy(address.sun_path, where);
    if (connect(fd, (const struct sockaddr *)&address, sizeof address) == 0) return fd;
    close(fd);
    return -1;
}

static void wait_for_accepts(size_t count)
{
    uint64_t end = uv_hrtime() / 1000000 + DEADLINE_MS;
    while (accepted_count < count && uv_hrtime() / 1000000 < end)
        uv_run(&loop, UV_RUN_NOWAIT);
    ck_assert_uint_eq(accepted_count, count);
}

/* A socket file that nobody listens on, as a killed service leaves it. */
static void leave_stale_socket(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    strcpy(address.sun_path, path);
    ck_assert_int_eq(bind(fd, (const struct sockaddr *)&address, sizeof address), 0);
    close(fd);
}

START_TEST(a_connection_is_handed_over_with_who_made_it)
{
    ck_assert_int_eq(open_at(path), ETWR_OK);
    int fd = connect_to(path);
    ck_assert_int_ge(fd, 0);
    wait_for_accepts(1);
    ck_assert(is_known);
    ck_assert_uint_eq(last_peer.pid, (uint32_t)getpid());
    ck_assert_uint_eq(strtoul(last_peer.user_key, NULL, 10), getuid());
    ck_assert_uint_gt(strlen(last_peer.user), 0);
    ck_assert_uint_gt(strlen(last_peer.image), 0);
    ck_assert(last_peer.is_operator);
    ck_assert(fcntl(accepted_fds[0], F_GETFL) & O_NONBLOCK);
    ck_assert(fcntl(accepted_fds[0], F_GETFD) & FD_CLOEXEC);
    close(fd);
}
END_TEST

START_TEST(the_socket_has_the_mode_that_was_asked_for)
{
    struct stat info;
    ck_assert_int_eq(open_at(path), ETWR_OK);
    ck_assert_int_eq(lstat(path, &info), 0);
    ck_assert(S_ISSOCK(info.st_mode));
    ck_assert_uint_eq(info.st_mode & 0777, 0666);
}
END_TEST

START_TEST(closing_leaves_nothing_behind)
{
    ck_assert_int_eq(open_at(path), ETWR_OK);
    ck_assert_int_eq(access(lock_path, F_OK), 0);
    stop();
    ck_assert_int_ne(access(path, F_OK), 0);
    ck_assert_int_ne(access(lock_path, F_OK), 0);
}
END_TEST

START_TEST(closing_does_not_take_away_another_ones_socket)
{
    ck_assert_int_eq(open_at(path), ETWR_OK);
    ck_assert_int_eq(unlink(path), 0);
    leave_stale_socket();
    stop();
    ck_assert_int_eq(access(path, F_OK), 0);
}
END_TEST

START_TEST(a_stale_socket_of_our_own_is_taken_over)
{
    leave_stale_socket();
    ck_assert_int_eq(open_at(path), ETWR_OK);
    int fd = connect_to(path);
    ck_assert_int_ge(fd, 0);
    wait_for_accepts(1);
    close(fd);
}
END_TEST

START_TEST(a_path_that_is_served_already_is_refused)
{
    struct listener *second = NULL;
    ck_assert_int_eq(open_at(path), ETWR_OK);
    const struct listener_access access = {.mode = 0666};
    ck_assert_int_eq(listener_open(&loop, path, &access, on_accept, &loop, &second, message),
                     ETWR_E_LIMIT);
    ck_assert_ptr_nonnull(strstr(message, path));
    ck_assert_ptr_null(second);
    /* The first one still serves it. */
    int fd = connect_to(path);
    ck_assert_int_ge(fd, 0);
    wait_for_accepts(1);
    close(fd);
}
END_TEST

START_TEST(a_file_that_is_no_socket_is_refused_and_kept)
{
    int fd = open(path, O_CREAT | O_WRONLY, 0600);
    ck_assert_int_eq(write(fd, "mine", 4), 4);
    close(fd);
    ck_assert_int_eq(open_at(path), ETWR_E_ACCESS_DENIED);
    ck_assert_ptr_nonnull(strstr(message, "not a socket"));
    struct stat info;
    ck_assert_int_eq(stat(path, &info), 0);
    ck_assert_int_eq(info.st_size, 4);
}
END_TEST

START_TEST(a_symbolic_link_is_refused_wherever_it_points)
{
    char target[160];
    snprintf(target, sizeof target, "%s/elsewhere", folder);
    ck_assert_int_eq(symlink(target, path), 0);
    ck_assert_int_eq(open_at(path), ETWR_E_ACCESS_DENIED);
    ck_assert_int_ne(access(target, F_OK), 0);
}
END_TEST

START_TEST(a_lock_file_that_is_a_link_is_refused)
{
    char target[160];
    snprintf(target, sizeof target, "%s/elsewhere", folder);
    ck_assert_int_eq(symlink(target, lock_path), 0);
    ck_assert_int_ne(open_at(path), ETWR_OK);
    ck_assert_int_ne(access(target, F_OK), 0);
}
END_TEST

START_TEST(a_socket_of_another_user_is_refused_and_kept)
{
    if (geteuid() != 0) return; /* only root can make one */
    leave_stale_socket();
    ck_assert_int_eq(lchown(path, 12345, 12345), 0);
    ck_assert_int_eq(open_at(path), ETWR_E_ACCESS_DENIED);
    ck_assert_ptr_nonnull(strstr(message, "12345"));
    ck_assert_int_eq(access(path, F_OK), 0);
}
END_TEST

START_TEST(a_folder_of_another_user_is_refused)
{
    if (geteuid() != 0) return;
    ck_assert_int_eq(chown(folder, 12345, 12345), 0);
    ck_assert_int_eq(open_at(path), ETWR_E_ACCESS_DENIED);
    ck_assert_ptr_nonnull(strstr(message, "12345"));
}
END_TEST

START_TEST(a_folder_that_everybody_may_write_to_is_refused)
{
    ck_assert_int_eq(chmod(folder, 0777), 0);
    ck_assert_int_eq(open_at(path), ETWR_E_ACCESS_DENIED);
    ck_assert_int_eq(chmod(folder, 01777), 0); /* as /tmp: only owners remove */
    ck_assert_int_eq(open_at(path), ETWR_OK);
}
END_TEST

START_TEST(a_missing_folder_is_made_for_everybody_to_enter)
{
    char deep[160], where[200];
    struct stat info;
    snprintf(deep, sizeof deep, "%s/run", folder);
    snprintf(where, sizeof where, "%s/relay.sock", deep);
    mode_t before = umask(077);
    ck_assert_int_eq(open_at(where), ETWR_OK);
    umask(before);
    ck_assert_int_eq(stat(deep, &info), 0);
    ck_assert_uint_eq(info.st_mode & 07777, 0755);
    stop();
    ck_assert_int_eq(rmdir(deep), 0);
}
END_TEST

START_TEST(a_path_of_107_bytes_works_and_one_of_108_is_refused)
{
    char longest[256];
    size_t size = strlen(folder);
    memcpy(longest, folder, size);
    longest[size++] = '/';
    memset(longest + size, 'x', sizeof longest - size);
    longest[108] = 0;
    ck_assert_int_eq(open_at(longest), ETWR_E_INVALID_ARGUMENT);
    ck_assert_ptr_nonnull(strstr(message, "108"));
    longest[107] = 0;
    ck_assert_int_eq(open_at(longest), ETWR_OK);
    int fd = connect_to(longest);
    ck_assert_int_ge(fd, 0);
    wait_for_accepts(1);
    close(fd);
    stop();
    ck_assert_int_eq(open_at(""), ETWR_E_INVALID_ARGUMENT);
}
END_TEST

START_TEST(a_client_that_leaves_at_once_is_an_everyday_thing)
{
    ck_assert_int_eq(open_at(path), ETWR_OK);
    for (int i = 0; i < 2000; i++) {
        int fd = connect_to(path);
        ck_assert_int_ge(fd, 0);
        close(fd);
        uv_run(&loop, UV_RUN_NOWAIT);
        while (accepted_count > 0)
            close(accepted_fds[--accepted_count]);
    }
    int fd = connect_to(path);
    ck_assert_int_ge(fd, 0);
    wait_for_accepts(1);
    close(fd);
    ck_assert_uint_eq(listener_counters(listener)->errors, 0);
}
END_TEST

/* As some systems say it. Whoever waits behind is accepted in the same turn of the loop, not after
 * a pause as after an error. */
START_TEST(what_accepting_says_of_a_client_that_has_gone_is_no_error)
{
    static const int told[] = {ECONNABORTED, EPROTO, EINTR};
    ck_assert_int_eq(open_at(path), ETWR_OK);
    for (size_t i = 0; i < sizeof told / sizeof *told; i++) {
        int gone = connect_to(path), here = connect_to(path);
        accept_error = told[i];
        uv_run(&loop, UV_RUN_ONCE);
        ck_assert_int_eq(accept_error, 0);
        ck_assert_uint_eq(listener_counters(listener)->errors, 0);
        ck_assert_uint_eq(accepted_count, 1);
        close(accepted_fds[--accepted_count]);
        close(gone);
        close(here);
    }
}
END_TEST

START_TEST(a_lack_of_descriptors_sheds_connections_and_passes)
{
    int fds[16];
    struct rlimit before, limit;
    ck_assert_int_eq(open_at(path), ETWR_OK);
    for (size_t i = 0; i < 16; i++)
        ck_assert_int_ge(fds[i] = connect_to(path), 0);
    /* From here on no further descriptor can be opened. */
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
    limit = before;
    limit.rlim_cur = (rlim_t)fds[15] + 1;
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
    uint64_t end = uv_hrtime() / 1000000 + DEADLINE_MS;
    while (listener_counters(listener)->shed < 16 && uv_hrtime() / 1000000 < end)
        uv_run(&loop, UV_RUN_NOWAIT);
    ck_assert_uint_eq(listener_counters(listener)->shed, 16);
    ck_assert_int_ge(shed_calls, 1);
    ck_assert_uint_eq(accepted_count, 0);
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
    /* An honest one still gets in. */
    int fd = connect_to(path);
    ck_assert_int_ge(fd, 0);
    wait_for_accepts(1);
    close(fd);
    for (size_t i = 0; i < 16; i++)
        close(fds[i]);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("listener");
    TCase *tc = tcase_create("listener");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, a_connection_is_handed_over_with_who_made_it);
    tcase_add_test(tc, the_socket_has_the_mode_that_was_asked_for);
    tcase_add_test(tc, closing_leaves_nothing_behind);
    tcase_add_test(tc, closing_does_not_take_away_another_ones_socket);
    tcase_add_test(tc, a_stale_socket_of_our_own_is_taken_over);
    tcase_add_test(tc, a_path_that_is_served_already_is_refused);
    tcase_add_test(tc, a_file_that_is_no_socket_is_refused_and_kept);
    tcase_add_test(tc, a_symbolic_link_is_refused_wherever_it_points);
    tcase_add_test(tc, a_lock_file_that_is_a_link_is_refused);
    tcase_add_test(tc, a_socket_of_another_user_is_refused_and_kept);
    tcase_add_test(tc, a_folder_of_another_user_is_refused);
    tcase_add_test(tc, a_folder_that_everybody_may_write_to_is_refused);
    tcase_add_test(tc, a_missing_folder_is_made_for_everybody_to_enter);
    tcase_add_test(tc, a_path_of_107_bytes_works_and_one_of_108_is_refused);
    tcase_add_test(tc, a_client_that_leaves_at_once_is_an_everyday_thing);
    tcase_add_test(tc, what_accepting_says_of_a_client_that_has_gone_is_no_error);
    tcase_add_test(tc, a_lack_of_descriptors_sheds_connections_and_passes);
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
