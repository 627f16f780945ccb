/* The kinds of token that knock at the pipe (SECURITY: T2, T7). */
#ifndef ETWRELAY_TEST_TOKENS_H
#define ETWRELAY_TEST_TOKENS_H

#include "access_model.h"

#define TOKEN_ALICE   "S-1-5-21-1-2-3-1001"
#define TOKEN_PACKAGE "S-1-15-2-11-22-33-44-55-66-77"

enum token_kind {
    TOKEN_USER,
    TOKEN_LOW,
    TOKEN_APPCONTAINER,
    TOKEN_APPCONTAINER_8, /* of a Windows that knows no less privileged ones */
    TOKEN_LPAC,
    TOKEN_RESTRICTED,
    TOKEN_WRITE_RESTRICTED,
    TOKEN_LOCKED_DOWN, /* a browser's renderer: restricted to nothing, untrusted */
    TOKEN_ANONYMOUS,
    TOKEN_ANONYMOUS_LISTED, /* had it, by some setting, the group that lets users in */
    TOKEN_GUEST,
    TOKEN_NETWORK,
    TOKEN_FILTERED_ADMINISTRATOR, /* not elevated: the group is there to be refused only */
    TOKEN_ADMINISTRATOR,
    TOKEN_SYSTEM,
    TOKEN_SERVICE,                  /* ours: LocalService with the service's SID */
    TOKEN_SERVICE_WRITE_RESTRICTED, /* ours, had it a SID of the restricted type */
    TOKEN_OTHER_LOCAL_SERVICE,
    TOKEN_KINDS
};

extern const struct model_token tokens[TOKEN_KINDS];

#endif
