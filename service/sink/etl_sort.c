/*
 * Sorts records by merging the ascending runs that are there already: a worker's region is made of
 * a few sessions' events, each in order, so there are few. Worst case n log n, whatever times a
 * client claims.
 */
#include "service/sink/etl_sort.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/etl/writer.h"

struct entry {
    uint64_t stamp;
    uint32_t at, size; /* in the region; size with padding */
};

struct etl_sorter {
    struct entry *entries, *spare;
    uint32_t *runs; /* where each ascending run starts */
};

struct etl_sorter *etl_sorter_create(size_t region_bytes)
{
    size_t most = region_bytes / ETL_EVENT_HEADER_BYTES + 1;
    struct etl_sorter *sorter = calloc(1, sizeof *sorter);
    if (!sorter) return NULL;
    sorter->entries = calloc(most, sizeof *sorter->entries);
    sorter->spare = calloc(most, sizeof *sorter->spare);
    sorter->runs = calloc(most + 1, sizeof *sorter->runs);
    if (sorter->entries && sorter->spare && sorter->runs) return sorter;
    etl_sorter_destroy(sorter);
    return NULL;
}

void etl_sorter_destroy(struct etl_sorter *sorter)
{
    if (!sorter) return;
    free(sorter->entries);
    free(sorter->spare);
    free(sorter->runs);
    free(sorter);
}

/* List the records and where their ascending runs start; the end of the last follows. Returns the
 * number of runs. */
static uint32_t list_records(struct etl_sorter *sorter, const uint8_t *from, size_t size)
{
    uint32_t count = 0, runs = 0;
    for (size_t at = 0; at < size; count++) {
        struct entry *entry = &sorter->entries[count];
        entry->at = (uint32_t)at;
        entry->size = (uint32_t)ETL_ALIGN8(etl_record_size(from + at));
        entry->stamp = etl_record_stamp(from + at);
        if (count == 0 || entry->stamp < entry[-1].stamp) sorter->runs[runs++] = count;
        at += entry->size;
    }
    sorter->runs[runs] = count;
    return runs;
}

/* Merge [start, middle) and [middle, end) of `from` into `to`; of equal stamps the left one first.
 */
static void merge(const struct entry *from, struct entry *to, uint32_t start, uint32_t middle,
                  uint32_t end)
{
    uint32_t left = start, right = middle;
    for (uint32_t i = start; i < end; i++) {
        bool take_right = left == middle || (right < end && from[right].stamp < from[left].stamp);
        to[i] = from[take_right ? right++ : left++];
    }
}

/* Merge neighbouring runs in pairs into `spare`, and swap; returns the number of runs left. */
static uint32_t merge_pairs(struct etl_sorter *sorter, uint32_t runs)
{
    uint32_t *starts = sorter->runs, left = 0;
    uint32_t end = starts[runs];
    for (uint32_t i = 0; i < runs; i += 2) {
        uint32_t start = starts[i], middle = starts[i + 1];
        uint32_t pair_end = i + 2 <= runs ? starts[i + 2] : middle;
        merge(sorter->entries, sorter->spare, start, middle, pair_end);
        starts[left++] = start;
    }
    starts[left] = end;
    struct entry *sorted = sorter->spare;
    sorter->spare = sorter->entries;
    sorter->entries = sorted;
    return left;
}

void etl_sort(struct etl_sorter *sorter, const uint8_t *from, size_t size, uint8_t *to)
{
    uint32_t runs = list_records(sorter, from, size);
    while (runs > 1)
        runs = merge_pairs(sorter, runs);
    for (const struct entry *entry = sorter->entries; size > 0; entry++) {
        memcpy(to, from + entry->at, entry->size);
        to += entry->size;
        size -= entry->size;
    }
}

uint64_t etl_clamp(uint8_t *records, size_t size, uint64_t last, uint64_t now)
{
    for (size_t at = 0; at < size; at += ETL_ALIGN8(etl_record_size(records + at))) {
        uint64_t claimed = etl_record_stamp(records + at);
        uint64_t stamp = claimed < now ? claimed : now;
        if (stamp < last) stamp = last;
        if (stamp != claimed) etl_record_set_stamp(records + at, stamp);
        last = stamp;
    }
    return last;
}
