/*
 * A disk that fills up: events are dropped and counted, the service lives, and it writes on when
 * space returns.
 *
 * Needs a small file system of its own, so a system that lets it mount one (root, mostly); else it
 * says that it was left out.
 */
#define _GNU_SOURCE    /* unshare(): the mount is seen by this test's processes only and goes with \
                          them */

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <check.h>

#include "tests/flow/flow.h"

static struct service service;
static char small[PROCESS_PATH_MAX];

#define LEFT_OUT 77 /* ctest's SKIP_RETURN_CODE */

static bool mount_small(const char *folder)
{
    return unshare(CLONE_NEWNS) == 0 && mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
           mount("tmpfs", folder, "tmpfs", 0, "size=4m") == 0;
}

static bool can_mount(void)
{
    int status;
    pid_t pid = fork();

    if (pid == 0) _exit(mount_small("/tmp") ? 0 : 1);
    return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

static void start(void)
{
    service_init(&service);
    scratch_file(&service.scratch, "small", small);
    ck_assert_int_eq(mkdir(small, 0700), 0);
    ck_assert(mount_small(small));
}

static void stop(void)
{
    if (service.pid > 0) service_kill(&service);
    umount2(small, MNT_DETACH);
    service_clear(&service);
}

static void fill(const char *name, size_t size)
{
    char *bytes = calloc(1, size);

    ck_assert_ptr_nonnull(bytes);
    scratch_write(&service.scratch, name, bytes, size);
    free(bytes);
}

START_TEST(full_disk_costs_counted_events_only)
{
    char config[1024], path[PROCESS_PATH_MAX];
    struct run run;
    long written, dropped;

    fill("small/filler", 2u << 20);
    snprintf(config, sizeof config,
             "{\"sinks\":[{\"type\":\"etl\",\"path\":\"%s/a.etl\",\"buffers\":8,\"stall_ms\":50}]}",
             small);
    scratch_write(&service.scratch, "etwrelay.json", config, strlen(config));
    const char *const arguments[] = {"--config",
                                     scratch_file(&service.scratch, "etwrelay.json", path), NULL};
    service_start(&service, arguments);

    flow_tool(&run, &service, NULL, "bench", "--pipe", "PIPE", "--events", "30000", NULL);
    ck_assert_msg(run.exit_status == 1, "%s", run.out);
    written = flow_number(run.out, "written");
    dropped = flow_number(run.out, "full");
    if (dropped < 0) dropped = flow_number(run.out, "io");
    ck_assert_msg(written > 0 && dropped > 0, "%s", run.out);
    ck_assert_int_eq(written + dropped, 30000);
    run_clear(&run);

    ck_assert_int_eq(unlink(scratch_file(&service.scratch, "small/filler", path)), 0);
    flow_tool_expect(0, &service, NULL, "send", "--pipe", "PIPE", "--provider", "P", "--event",
                     "Again", NULL);
    service_stop(&service);
    service_check_account(&service);
    ck_assert_uint_eq(service_final(&service, "written"), (uint64_t)written + 1);
    ck_assert_int_ge(
        flow_etl_check(NULL, scratch_file(&service.scratch, "small/a.etl", path), NULL),
        written + 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("disk full");
    TCase *tcase = tcase_create("disk full");
    SRunner *runner = srunner_create(suite);
    int failed;

    if (!can_mount()) {
        puts("left out: no right to mount a small file system");
        return LEFT_OUT;
    }
    suite_add_tcase(suite, tcase);
    tcase_set_timeout(tcase, 60);
    tcase_add_checked_fixture(tcase, start, stop);
    tcase_add_test(tcase, full_disk_costs_counted_events_only);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
