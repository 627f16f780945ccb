/* Where clients stand, in few words: of one worker, or of all. */
#ifndef ETWRELAY_STATUS_TOTALS_H
#define ETWRELAY_STATUS_TOTALS_H

#include <stdint.h>

struct status_totals {
    uint64_t clients; /* connected */
    uint64_t accepted, written, not_enabled, dropped, pending;
};

#endif
