/*
 * Time order of event records: within a region by sorting, from region to region by clamping.
 * Readers of .etl files expect that time never runs backwards in what one processor wrote.
 */
#ifndef ETWRELAY_ETL_SORT_H
#define ETWRELAY_ETL_SORT_H

#include <stddef.h>
#include <stdint.h>

struct etl_sorter;

/* For regions of up to `region_bytes`. NULL: no memory. */
struct etl_sorter *etl_sorter_create(size_t region_bytes);
void etl_sorter_destroy(struct etl_sorter *sorter); /* NULL allowed */

/* Copy the records of `from` (whole ones, 8-aligned, `size` bytes in all) to `to` in the order of
 * their stamps; those of one stamp keep theirs. Allocates nothing. */
void etl_sort(struct etl_sorter *sorter, const uint8_t *from, size_t size, uint8_t *to);

/* Raise and lower stamps so that none is above `now` and then none below its predecessor's, the
 * first one's being `last`; returns the last record's. */
uint64_t etl_clamp(uint8_t *records, size_t size, uint64_t last, uint64_t now);

#endif
