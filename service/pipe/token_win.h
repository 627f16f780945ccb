/*
 * Tokens: who a process or a pipe's client is, as Windows says it.
 */
#ifndef ETWRELAY_TOKEN_WIN_H
#define ETWRELAY_TOKEN_WIN_H

#include <stdbool.h>
#include <windows.h>

#include "service/pipe/peer.h"

/*
 * The token of whoever sent the bytes read last, for queries; the caller closes it. Returns 0 or
 * the system's error: ERROR_CANNOT_IMPERSONATE means that nothing has been read yet. The calling
 * thread is that client for the time of one call, and ends the process if it cannot become itself
 * again.
 */
DWORD token_of_client(HANDLE pipe, HANDLE *token);

/*
 * Fill in all but the process and its image: user, package, integrity, session, key, operator.
 * False, and *error says why: a token below identification level, or one that cannot be read in
 * full.
 */
bool token_describe(HANDLE token, struct peer *peer, DWORD *error);

/* This process's user, as a SID's text; "" when the system would not say. Lent for ever. */
const char *token_own_sid(void);

/* A SID as text. False: no SID, or no room. */
bool token_sid_text(PSID sid, char *text, size_t capacity);

#endif
