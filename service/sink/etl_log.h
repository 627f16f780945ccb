/*
 * A run's .etl files, one after another: their names, when the next begins, which is deleted; and
 * each worker's place in the one that is open. On the writer thread, but for etl_log_count_lost().
 */
#ifndef ETWRELAY_ETL_LOG_H
#define ETWRELAY_ETL_LOG_H

#include "service/sink/file_writer.h"
#include "service/sink/report.h"

struct etl_log;

struct etl_log_options {
    const char *path; /* copied */
    uint32_t max_mb, max_files;
    unsigned worker_count;
    uint64_t epoch;             /* FILETIME of stamp 0 */
    struct sink_report *report; /* borrowed until etl_log_destroy() */
};

/* Create the first file. ETWR_OK; ETWR_E_NO_MEMORY; ETWR_E_INVALID_ARGUMENT: the path is too long
 * or there are too many workers; ETWR_E_IO: `message` says what the system said. */
enum etwr_status etl_log_start(const struct etl_log_options *options, struct etl_log **log,
                               char message[512]);

/* As file_writer_options.write; `log` is the context. */
enum etwr_reason etl_log_write(void *log, struct writer_batch *batch);

/* So many events were dropped before they came into a batch; the file's header counts them. Any
 * thread. */
void etl_log_count_lost(struct etl_log *log, uint64_t count);

/* Finalise the open file. */
void etl_log_stop(struct etl_log *log);

void etl_log_destroy(struct etl_log *log); /* NULL allowed */

#endif
