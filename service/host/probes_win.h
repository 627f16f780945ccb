/*
 * Trying the pipe as others would: who must get in gets in, who must not does not. Only a real
 * Windows can answer.
 */
#ifndef ETWRELAY_PROBES_WIN_H
#define ETWRELAY_PROBES_WIN_H

#include "service/host/verdicts_win.h"

struct probes_target {
    const wchar_t *pipe; /* the running service's */
    DWORD pid;           /* its process */
    bool serves_users;   /* the configuration lets every user in */
    const char *why_not; /* why nothing of this can be tested here; NULL: it can */
};

void probes_run(struct verdicts *verdicts, const struct probes_target *target);

#endif
