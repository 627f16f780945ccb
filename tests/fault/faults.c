/* The plan of failures: see the header. Nothing in here allocates, for it runs inside malloc(). */
#include "tests/fault/faults.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define RULES_MAX       8
#define CALL_NAME_BYTES 16

struct rule {
    enum fault_call call;
    uint64_t first, count;
    enum fault_effect effect;
    int error;
};

static const char *const names[FAULT_CALLS] = {
    "allocate", "socket_read", "socket_write", "file_read", "file_write",
    "open",     "accept",      "poll",         "peer",      "user_name"};
static const struct {
    const char *name;
    int number;
} errors[] = {{"EINTR", EINTR},   {"EAGAIN", EAGAIN},   {"ECONNRESET", ECONNRESET},
              {"EPIPE", EPIPE},   {"EMFILE", EMFILE},   {"ENFILE", ENFILE},
              {"ENOSPC", ENOSPC}, {"EIO", EIO},         {"EDQUOT", EDQUOT},
              {"ENOMEM", ENOMEM}, {"ENOBUFS", ENOBUFS}, {"ECONNABORTED", ECONNABORTED}};

static struct rule rules[RULES_MAX];
static size_t rule_count;
static atomic_uint_fast64_t counts[FAULT_CALLS];
static const char *gate;

static void refuse(const char *text)
{
    fprintf(stderr, "ETWR_FAULTS: what is \"%s\"?\n", text);
    _exit(3);
}

static enum fault_call read_call(const char *name, const char *text)
{
    for (int i = 0; i < FAULT_CALLS; i++)
        if (strcmp(names[i], name) == 0) return (enum fault_call)i;
    refuse(text);
    return FAULT_CALLS;
}

static void read_effect(struct rule *rule, const char *name, const char *text)
{
    rule->effect = FAULT_ERROR;
    if (strcmp(name, "short") == 0) rule->effect = FAULT_SHORT;
    if (strcmp(name, "wait") == 0) rule->effect = FAULT_WAIT;
    if (rule->effect != FAULT_ERROR) return;
    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++)
        if (strcmp(errors[i].name, name) == 0) rule->error = errors[i].number;
    if (rule->error == 0) refuse(text);
}

static void read_rule(const char *text)
{
    char call[CALL_NAME_BYTES], effect[CALL_NAME_BYTES];
    struct rule *rule = &rules[rule_count];
    unsigned long long first = 0, count = 0;

    if (rule_count == RULES_MAX ||
        sscanf(text, "%15[^:]:%llu:%llu:%15[^,]", call, &first, &count, effect) != 4)
        refuse(text);
    rule->call = read_call(call, text);
    rule->first = first;
    rule->count = count;
    read_effect(rule, effect, text);
    rule_count++;
}

static void write_counts(void)
{
    const char *path = getenv("ETWR_FAULT_COUNTS");
    FILE *file = path == NULL ? NULL : fopen(path, "w");

    if (file == NULL) return;
    for (int i = 0; i < FAULT_CALLS; i++)
        fprintf(file, "%s %llu\n", names[i], (unsigned long long)atomic_load(&counts[i]));
    fclose(file);
}

/* From here on nothing fails: what sanitizers and gcov still do is not the service. */
static void end(void)
{
    rule_count = 0;
    write_counts();
}

void faults_start(void)
{
    const char *text = getenv("ETWR_FAULTS");

    gate = getenv("ETWR_FAULT_GATE");
    while (text != NULL && *text != 0) {
        read_rule(text);
        text = strchr(text, ',');
        if (text != NULL) text++;
    }
    if (atexit(end) != 0) _exit(3);
}

static void wait_at_gate(void)
{
    const struct timespec pause = {0, 1000000};

    while (gate != NULL && access(gate, F_OK) != 0)
        nanosleep(&pause, NULL);
}

enum fault_effect faults_meet(enum fault_call call, int *error)
{
    uint64_t number = atomic_fetch_add(&counts[call], 1) + 1;

    for (size_t i = 0; i < rule_count; i++) {
        const struct rule *rule = &rules[i];
        if (rule->call != call || number < rule->first) continue;
        if (rule->count != 0 && number - rule->first >= rule->count) continue;
        *error = rule->error;
        if (rule->effect == FAULT_WAIT) wait_at_gate();
        return rule->effect;
    }
    return FAULT_NONE;
}
