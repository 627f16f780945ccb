/* What `verify` prints, point by point, and the sum of it. */
#ifndef ETWRELAY_VERDICTS_WIN_H
#define ETWRELAY_VERDICTS_WIN_H

#include <stdbool.h>
#include <windows.h>

struct verdicts { /* zeros when new */
    unsigned held, failed, untold;
};

void verdicts_tell(struct verdicts *verdicts, const char *what, bool holds);
/* It does not hold, and that is no fault. */
void verdicts_tell_optional(struct verdicts *verdicts, const char *what, bool holds);
void verdicts_tell_untold(struct verdicts *verdicts, const char *what, const char *why);
/* The reason is one of Windows' errors. */
void verdicts_tell_error(struct verdicts *verdicts, const char *what, DWORD error);

#endif
