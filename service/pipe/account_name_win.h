/* Names of accounts, for people and for the policy's patterns. */
#ifndef ETWRELAY_ACCOUNT_NAME_WIN_H
#define ETWRELAY_ACCOUNT_NAME_WIN_H

#include <windows.h>

#include "service/pipe/peer.h"

/*
 * "DOMAIN\name" in UTF-8; the SID's own text when the account has no name, or none that could be
 * printed. The domain may be far away, so the last few answers are kept. Threads: any.
 */
void account_name_find(PSID sid, const char *sid_text, char name[PEER_USER_BYTES]);

#endif
