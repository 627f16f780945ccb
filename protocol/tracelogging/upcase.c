/*
 * Unicode simple upper-casing, by binary search in a table made from Unicode's data
 * (make_upcase_table.py).
 *
 * "Simple" leaves alone what full upper-casing would make longer: a sharp s stays what it is.
 */
#include "protocol/tracelogging/upcase.h"

#include <stddef.h>

#include "protocol/tracelogging/upcase_table.h"

#define ROWS (sizeof UPCASE_ROWS / sizeof UPCASE_ROWS[0])

/* The row that `code_point` could be in: the last that does not start behind it. */
static const struct upcase_row *find_row(uint32_t code_point)
{
    size_t low = 0, high = ROWS;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (UPCASE_ROWS[middle].first <= code_point)
            low = middle + 1;
        else
            high = middle;
    }
    return low == 0 ? NULL : &UPCASE_ROWS[low - 1];
}

uint32_t upcase(uint32_t code_point)
{
    const struct upcase_row *row = find_row(code_point);
    if (row == NULL || code_point > row->last || (code_point - row->first) % row->step != 0)
        return code_point;
    return code_point + (uint32_t)row->distance;
}
