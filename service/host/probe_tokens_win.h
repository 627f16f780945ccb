/*
 * As whom `verify` tries the pipe: tokens made out of our own or the service's, to act under for
 * the length of one call. No account or process is made for it.
 */
#ifndef ETWRELAY_PROBE_TOKENS_WIN_H
#define ETWRELAY_PROBE_TOKENS_WIN_H

#include <stdbool.h>
#include <windows.h>

enum probe_identity {
    PROBE_SELF,
    PROBE_USER,              /* ourselves without the administrators' rights, medium integrity */
    PROBE_LOW,               /* the same at low integrity */
    PROBE_APP_CONTAINER,     /* the same in an AppContainer without capabilities */
    PROBE_RESTRICTED_SERVICE /* the service, had it a restricted SID */
};

/* A token to impersonate, which the caller closes; `service_pid` counts for the last identity only.
 * False: GetLastError(). Not for PROBE_SELF. */
bool probe_token_make(enum probe_identity identity, DWORD service_pid, HANDLE *token);

#endif
