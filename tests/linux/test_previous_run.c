/*
 * The counters across a crash: a service that is killed under load is told of by the next one, in
 * its log and in the trace, with the figures that it had written down; a stop leaves nothing to
 * tell; and whatever else lies in the state file's place stops nobody.
 */
#include <dirent.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <check.h>

#include "service/state_file.h"
#include "tests/flow/flow.h"

#define ENDED  "ended without a stop"
#define EVENTS "200000000" /* more than there is time for */

static struct service service;
static char sink[PROCESS_PATH_MAX + 8], folder[PROCESS_PATH_MAX];
static const char *const arguments[] = {"--sink", sink, NULL};
static pid_t load;

static void setup(void)
{
    char state[PROCESS_PATH_MAX];
    service_init(&service);
    flow_sink(&service, "jsonl", "out.jsonl", sink);
    scratch_file(&service.scratch, "state", state);
    scratch_file(&service.scratch, "state/etwrelay", folder);
    ck_assert_int_eq(setenv("XDG_STATE_HOME", state, 1), 0);
    ck_assert_int_eq(unsetenv("STATE_DIRECTORY"), 0);
    ck_assert_int_eq(unsetenv("NOTIFY_SOCKET"), 0);
}

static void teardown(void)
{
    if (load > 0) {
        (void)kill(load, SIGKILL);
        process_wait(load);
        load = 0;
    }
    service_clear(&service);
}

/* The only file in the state folder; false: there is none. */
static bool find_state_file(char path[PROCESS_PATH_MAX])
{
    DIR *entries = opendir(folder);
    struct dirent *entry;
    bool found = false;
    while (entries != NULL && (entry = readdir(entries)) != NULL) {
        if (strncmp(entry->d_name, "etwrelayd-", 10) != 0) continue;
        int size = snprintf(path, PROCESS_PATH_MAX, "%.100s/%.60s", folder, entry->d_name);
        ck_assert_int_lt(size, PROCESS_PATH_MAX);
        found = true;
    }
    if (entries != NULL) closedir(entries);
    return found;
}

static enum state_verdict read_state(struct state_record *record)
{
    char path[PROCESS_PATH_MAX];
    size_t size;
    ck_assert(find_state_file(path));
    char *bytes = process_read_file(path, &size);
    enum state_verdict verdict = state_file_read(bytes, size, record);
    free(bytes);
    return verdict;
}

/* Until at least so many events are written down. */
static void wait_for_accepted(uint64_t count)
{
    struct state_record record = {0};
    uint64_t deadline_ms = process_now_ms() + PROCESS_DEADLINE_MS;
    while (read_state(&record) != STATE_GOOD || record.totals.accepted < count) {
        ck_assert_msg(process_now_ms() < deadline_ms, "the state file says %" PRIu64 " events",
                      record.totals.accepted);
        process_pause();
    }
}

static void start_load(void)
{
    char out[PROCESS_PATH_MAX], err[PROCESS_PATH_MAX];
    const char *const argv[] = {ETWRELAY_TOOL_PATH, "bench",     "--pipe",
                                service.pipe,       "--clients", "2",
                                "--events",         EVENTS,      NULL};
    load = process_start(argv, scratch_file(&service.scratch, "load.out", out),
                         scratch_file(&service.scratch, "load.err", err));
}

/* The state file as a killed service leaves it. */
static void leave_state_file(char path[PROCESS_PATH_MAX])
{
    service_start(&service, arguments);
    service_kill(&service);
    ck_assert(find_state_file(path));
}

static bool is_in_log(const char *text)
{
    size_t size;
    char *log = process_read_file(service.log, &size);
    bool found = strstr(log, text) != NULL;
    free(log);
    return found;
}

static void overwrite(const char *path, const void *bytes, size_t size)
{
    FILE *file = fopen(path, "wb");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(bytes, 1, size, file), size);
    ck_assert_int_eq(fclose(file), 0);
}

/* The service's events of a kind in the trace; the last of them is in `line`. */
static unsigned count_told(const char *what, char line[2048])
{
    char path[PROCESS_PATH_MAX];
    unsigned count = 0;
    static char at[65536];
    FILE *file = fopen(scratch_file(&service.scratch, "out.jsonl", path), "rb");
    ck_assert_ptr_nonnull(file);
    while (fgets(at, sizeof at, file) != NULL) {
        if (strstr(at, what) == NULL) continue;
        snprintf(line, 2048, "%.2047s", at);
        count++;
    }
    fclose(file);
    return count;
}

static void check_figures(const struct state_record *record, const char *event)
{
    const struct status_totals *totals = &record->totals;
    char text[256];
    snprintf(text, sizeof text,
             "%" PRIu64 " clients, accepted %" PRIu64 ", written %" PRIu64 ", not enabled %" PRIu64
             ", dropped %" PRIu64 ", pending %" PRIu64 "\n",
             totals->clients, totals->accepted, totals->written, totals->not_enabled,
             totals->dropped, totals->pending);
    ck_assert_msg(is_in_log(text), "the log lacks %s", text);
    snprintf(text, sizeof text,
             "{\"name\":\"accepted\",\"type\":\"uint64\",\"value\":%" PRIu64 "},"
             "{\"name\":\"written\",\"type\":\"uint64\",\"value\":%" PRIu64 "}",
             totals->accepted, totals->written);
    ck_assert_msg(strstr(event, text) != NULL, "%s\nis not in %s", text, event);
}

START_TEST(killed_under_load_the_next_start_tells_how_it_stood)
{
    struct state_record record;
    char event[2048];
    service_start(&service, arguments);
    ck_assert(!is_in_log(ENDED));
    start_load();
    wait_for_accepted(1000);
    pid_t killed = service.pid;
    service_kill(&service);
    (void)kill(load, SIGKILL);
    process_wait(load);
    load = 0;
    ck_assert_int_eq(read_state(&record), STATE_GOOD);
    ck_assert_uint_eq(record.pid, (uint32_t)killed);
    ck_assert_uint_eq(record.totals.accepted, record.totals.written + record.totals.not_enabled +
                                                  record.totals.dropped + record.totals.pending);
    service_start(&service, arguments);
    ck_assert(is_in_log(ENDED));
    service_stop(&service);
    ck_assert_uint_eq(count_told("\"event\":\"PreviousRunEnded\"", event), 1);
    check_figures(&record, event);
    ck_assert_uint_ge(service_final(&service, "own.written"), 1); /* the load may have lost some */
}
END_TEST

START_TEST(a_bad_end_without_a_single_event_is_told_too)
{
    char path[PROCESS_PATH_MAX];
    leave_state_file(path);
    service_start(&service, arguments);
    ck_assert(is_in_log(ENDED));
    service_stop(&service);
}
END_TEST

START_TEST(after_a_stop_there_is_nothing_to_tell)
{
    char path[PROCESS_PATH_MAX], event[2048];
    leave_state_file(path);
    service_start(&service, arguments);
    service_stop(&service);
    ck_assert_msg(!find_state_file(path), "%s is left", path);
    service_start(&service, arguments);
    ck_assert(!is_in_log(ENDED));
    service_stop(&service);
    ck_assert_uint_eq(count_told("\"event\":\"PreviousRunEnded\"", event), 1);
}
END_TEST

START_TEST(under_a_service_manager_the_last_counters_stay)
{
    struct state_record record;
    ck_assert_int_eq(setenv("NOTIFY_SOCKET", "/nobody/listens", 1), 0);
    service_start(&service, arguments);
    flow_tool_expect(0, &service, NULL, "send", "--pipe", "PIPE", "--provider", "Contoso.A",
                     "--event", "A", NULL);
    service_stop(&service);
    ck_assert_int_eq(read_state(&record), STATE_GOOD);
    ck_assert(record.is_clean);
    ck_assert_uint_eq(record.totals.written, 1);
    service_start(&service, arguments);
    ck_assert(!is_in_log(ENDED));
    service_stop(&service);
}
END_TEST

START_TEST(a_damaged_file_is_told_and_written_anew)
{
    char path[PROCESS_PATH_MAX];
    size_t size;
    leave_state_file(path);
    char *bytes = process_read_file(path, &size);
    ck_assert_uint_eq(size, STATE_FILE_BYTES);
    bytes[STATE_FILE_BYTES - 1] ^= 1;
    overwrite(path, bytes, size);
    free(bytes);
    service_start(&service, arguments);
    ck_assert(is_in_log("is damaged"));
    ck_assert(!is_in_log(ENDED));
    service_kill(&service);
    service_start(&service, arguments);
    ck_assert(is_in_log(ENDED));
    service_stop(&service);
}
END_TEST

START_TEST(a_short_file_is_told)
{
    char path[PROCESS_PATH_MAX];
    leave_state_file(path);
    overwrite(path, "ETWRSTA1", 8);
    service_start(&service, arguments);
    ck_assert(is_in_log("is damaged"));
    service_stop(&service);
}
END_TEST

START_TEST(a_foreign_file_is_told_and_left_alone)
{
    char path[PROCESS_PATH_MAX];
    size_t size;
    leave_state_file(path);
    overwrite(path, "my shopping list", 16);
    service_start(&service, arguments);
    ck_assert(is_in_log("is left alone"));
    service_stop(&service);
    char *bytes = process_read_file(path, &size);
    ck_assert_uint_eq(size, 16);
    ck_assert_str_eq(bytes, "my shopping list");
    free(bytes);
}
END_TEST

START_TEST(a_link_or_a_fifo_in_its_place_is_not_opened)
{
    char path[PROCESS_PATH_MAX], target[PROCESS_PATH_MAX];
    leave_state_file(path);
    scratch_write(&service.scratch, "target", "", 0);
    ck_assert_int_eq(unlink(path), 0);
    ck_assert_int_eq(symlink(scratch_file(&service.scratch, "target", target), path), 0);
    service_start(&service, arguments);
    ck_assert(is_in_log("cannot open the state file"));
    service_stop(&service);
    ck_assert_int_eq(unlink(path), 0);
    ck_assert_int_eq(mkfifo(path, 0600), 0);
    service_start(&service, arguments);
    ck_assert(is_in_log("is no regular file"));
    service_stop(&service);
}
END_TEST

START_TEST(without_a_state_folder_the_service_serves)
{
    ck_assert_int_eq(setenv("XDG_STATE_HOME", "/dev/null/nowhere", 1), 0);
    service_start(&service, arguments);
    ck_assert(is_in_log("there is no state folder"));
    service_stop(&service);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("previous_run");
    TCase *tc = tcase_create("previous_run");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_set_timeout(tc, 100);
    tcase_add_test(tc, killed_under_load_the_next_start_tells_how_it_stood);
    tcase_add_test(tc, a_bad_end_without_a_single_event_is_told_too);
    tcase_add_test(tc, after_a_stop_there_is_nothing_to_tell);
    tcase_add_test(tc, under_a_service_manager_the_last_counters_stay);
    tcase_add_test(tc, a_damaged_file_is_told_and_written_anew);
    tcase_add_test(tc, a_short_file_is_told);
    tcase_add_test(tc, a_foreign_file_is_told_and_left_alone);
    tcase_add_test(tc, a_link_or_a_fifo_in_its_place_is_not_opened);
    tcase_add_test(tc, without_a_state_folder_the_service_serves);
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
