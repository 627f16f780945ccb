/*
 * The names of a run's .etl files: NAME.etl, NAME.0002.etl, NAME.0003.etl ...
 */
#ifndef ETWRELAY_ETL_NAME_H
#define ETWRELAY_ETL_NAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ETL_NAME_NUMBER_MAX 999999u
#define ETL_NAME_MAX_BYTES  4096u

/* Put the name of file `number` (from 1; the first is `path` itself) into `name`; false: longer
 * than `size` allows. The number goes in front of the last component's extension, if it has one. */
bool etl_name(const char *path, uint32_t number, char *name, size_t size);

#endif
