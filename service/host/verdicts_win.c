/* One line a point. What cannot be tested counts neither for nor against. */
#include "service/host/verdicts_win.h"

#include <stdio.h>

#include "windows/wide.h"

void verdicts_tell(struct verdicts *verdicts, const char *what, bool holds)
{
    printf("%-15s %s\n", holds ? "holds:" : "does not hold:", what);
    if (holds)
        verdicts->held++;
    else
        verdicts->failed++;
}

void verdicts_tell_optional(struct verdicts *verdicts, const char *what, bool holds)
{
    if (holds)
        verdicts_tell(verdicts, what, true);
    else
        printf("%-15s %s (and need not)\n", "does not hold:", what);
}

void verdicts_tell_untold(struct verdicts *verdicts, const char *what, const char *why)
{
    printf("cannot be tested here: %s: %s\n", what, why);
    verdicts->untold++;
}

void verdicts_tell_error(struct verdicts *verdicts, const char *what, DWORD error)
{
    char words[160], why[192];
    wide_error_text(error, words, sizeof words);
    snprintf(why, sizeof why, "%s (error %lu)", words, error);
    verdicts_tell_untold(verdicts, what, why);
}
