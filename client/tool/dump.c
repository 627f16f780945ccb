/*
 * `etwrelay dump`: the events of .etl files, ours or Windows', as lines for people or as JSON that
 * `send --jsonl` takes.
 *
 * Files are read a buffer at a time, so their size does not matter. A damaged file is told where it
 * is damaged and read on behind that: whoever looks at a trace after a crash wants what there is.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "client/tool/command.h"
#include "client/tool/options.h"
#include "client/tool/progress.h"
#include "client/tool/system.h"
#include "protocol/etl/trace.h"

#define DAMAGES_TOLD_MAX 100u /* of one file */

static const char help[] =
    "usage: etwrelay dump [--json] FILE.etl...\n\n"
    "Print the TraceLogging events of Event Trace Log files, made by etwrelayd or by Windows:\n"
    "one event a line, in the order of the file. Where a file is damaged, the offset is told\n"
    "on stderr, what can be read is printed, and the exit status is 1.\n\n"
    "  --json   one JSON object a line, which `etwrelay send --jsonl` takes: a trace is\n"
    "           replayed by `etwrelay dump --json FILE.etl | etwrelay send --jsonl -`\n";

static const struct option_name names[] = {{"--json", 0, false}, {NULL, 0, false}};

struct dump {
    bool as_json, many_files;
    const char *path; /* of the file being read */
    int file;
    struct text text;
    struct progress progress;
    uint64_t events;  /* of all files */
    uint64_t damages; /* of this file */
};

static enum etwr_status read_at(void *context, uint64_t offset, void *bytes, size_t size,
                                size_t *got)
{
    struct dump *dump = context;
    ptrdiff_t result = system_read_at(dump->file, offset, bytes, size);

    if (result < 0) return ETWR_E_IO;
    *got = (size_t)result;
    return ETWR_OK;
}

static void tell_damage(struct dump *dump, uint64_t offset, const char *message)
{
    progress_clear(&dump->progress);
    if (++dump->damages <= DAMAGES_TOLD_MAX)
        fprintf(stderr, "etwrelay dump: %s: offset 0x%" PRIx64 ": %s\n", dump->path, offset,
                message);
}

static enum etwr_status tell_failure(struct dump *dump, enum etwr_status status)
{
    const char *reason = status == ETWR_E_IO ? strerror(errno) : etwr_status_text(status);

    progress_clear(&dump->progress);
    fprintf(stderr, "etwrelay dump: %s: %s\n", dump->path, reason);
    return status;
}

static enum etwr_status print_event(struct dump *dump, struct etl_event *event)
{
    enum etwr_status status;

    text_reset(&dump->text);
    if (dump->many_files) event->record.file = dump->path;
    status = dump->as_json ? decode_json(&event->record, &dump->text)
                           : decode_line(&event->record, &dump->text);
    text_put_char(&dump->text, '\n');
    if (status == ETWR_E_NO_MEMORY || dump->text.failed)
        return tell_failure(dump, ETWR_E_NO_MEMORY);
    fwrite(dump->text.data, 1, dump->text.size, stdout);
    if (status != ETWR_OK)
        tell_damage(dump, event->offset, "the event's data do not follow its metadata");
    dump->events++;
    progress_update(&dump->progress, dump->events);
    return ETWR_OK;
}

static enum etwr_status print_events(struct dump *dump, struct etl_trace *trace)
{
    struct etl_event event;
    struct etl_damage damage;
    enum etl_item item;

    while ((item = etl_trace_next(trace, &event, &damage)) != ETL_END) {
        if (ferror(stdout)) return ETWR_E_IO; /* told at the end, once */
        if (item == ETL_DAMAGE)
            tell_damage(dump, damage.offset, damage.message);
        else if (print_event(dump, &event) != ETWR_OK)
            return ETWR_E_NO_MEMORY;
    }
    return trace->status == ETWR_OK ? ETWR_OK : tell_failure(dump, trace->status);
}

static int dump_open_file(struct dump *dump)
{
    struct etl_trace trace;
    struct etl_damage damage;
    enum etwr_status status = etl_trace_open(&trace, read_at, dump, &damage);

    dump->damages = 0;
    if (status == ETWR_OK)
        status = print_events(dump, &trace);
    else if (status == ETWR_E_MALFORMED || status == ETWR_E_UNSUPPORTED)
        tell_damage(dump, damage.offset, damage.message);
    else
        tell_failure(dump, status);
    etl_trace_close(&trace);
    if (dump->damages > DAMAGES_TOLD_MAX)
        fprintf(stderr, "etwrelay dump: %s: and %" PRIu64 " more places\n", dump->path,
                dump->damages - DAMAGES_TOLD_MAX);
    return status == ETWR_OK && dump->damages == 0 ? COMMAND_DONE : COMMAND_FAILED;
}

static int dump_file(struct dump *dump, const char *path)
{
    int result;

    dump->path = path;
    dump->file = system_open(path);
    if (dump->file < 0) {
        tell_failure(dump, ETWR_E_IO);
        return COMMAND_FAILED;
    }
    result = dump_open_file(dump);
    system_close(dump->file);
    return result;
}

/* All of argv that are operands; parsed once before, so nothing here can be wrong. */
static int dump_files(struct dump *dump, int argc, char **argv)
{
    struct options options;
    int option, result = COMMAND_DONE;

    text_init(&dump->text);
    progress_init(&dump->progress, "events printed");
    if (system_stdout_is_terminal()) dump->progress.shown = false;
    options_init(&options, "dump", names, argc, argv);
    while ((option = options_next(&options)) != OPTIONS_END)
        if (option == OPTIONS_OPERAND && dump_file(dump, options.value) != COMMAND_DONE)
            result = COMMAND_FAILED;
    progress_clear(&dump->progress);
    text_clear(&dump->text);
    return result;
}

int command_dump(int argc, char **argv)
{
    struct dump dump = {0};
    struct options options;
    int option, files = 0;

    options_init(&options, "dump", names, argc, argv);
    while ((option = options_next(&options)) != OPTIONS_END) {
        if (option == OPTIONS_WRONG) return COMMAND_USAGE;
        if (option == OPTIONS_HELP) {
            fputs(help, stdout);
            return command_finish_output("dump", COMMAND_DONE);
        }
        if (option == OPTIONS_OPERAND)
            files++;
        else
            dump.as_json = true;
    }
    if (files == 0) return options_refuse("dump", "needs at least one .etl file");
    dump.many_files = files > 1;
    return command_finish_output("dump", dump_files(&dump, argc, argv));
}
