/* See the header. */
#include "tokens.h"

#include "service/pipe/descriptor.h"

#define EVERYONE      "S-1-1-0"
#define AUTHENTICATED "S-1-5-11"
#define USERS         "S-1-5-32-545"
#define ADMINS        "S-1-5-32-544"
#define GUESTS        "S-1-5-32-546"
#define INTERACTIVE   "S-1-5-4"
#define SERVICE       "S-1-5-6"
#define NETWORK       "S-1-5-2"
#define LOGON         "S-1-5-5-0-4711"
#define LOCAL_SERVICE "S-1-5-19"
#define RESTRICTED    "S-1-5-12"
#define WRITE_LIST    "S-1-5-33"

#define PEOPLE TOKEN_ALICE, EVERYONE, AUTHENTICATED, USERS, INTERACTIVE, LOGON

const struct model_token tokens[TOKEN_KINDS] = {
    [TOKEN_USER] = {.name = "user", .sids = {PEOPLE}, .integrity = MODEL_MEDIUM},
    [TOKEN_LOW] = {.name = "low", .sids = {PEOPLE}, .integrity = MODEL_LOW},
    [TOKEN_APPCONTAINER] = {.name = "AppContainer",
                            .sids = {PEOPLE},
                            .packages = {TOKEN_PACKAGE, "S-1-15-2-1", "S-1-15-2-2", "S-1-15-3-1"},
                            .integrity = MODEL_LOW},
    [TOKEN_APPCONTAINER_8] = {.name = "AppContainer of Windows 8",
                              .sids = {PEOPLE},
                              .packages = {TOKEN_PACKAGE, "S-1-15-2-1", "S-1-15-3-1"},
                              .integrity = MODEL_LOW},
    [TOKEN_LPAC] = {.name = "less privileged AppContainer",
                    .sids = {PEOPLE},
                    .packages = {TOKEN_PACKAGE, "S-1-15-2-2", "S-1-15-3-1"},
                    .integrity = MODEL_LOW},
    [TOKEN_RESTRICTED] = {.name = "restricted",
                          .sids = {PEOPLE},
                          .restricting = {USERS, EVERYONE, LOGON, RESTRICTED},
                          .integrity = MODEL_LOW},
    [TOKEN_WRITE_RESTRICTED] = {.name = "write-restricted",
                                .sids = {PEOPLE},
                                .restricting = {LOGON, WRITE_LIST},
                                .is_write_restricted = true,
                                .integrity = MODEL_MEDIUM},
    [TOKEN_LOCKED_DOWN] = {.name = "locked down",
                           .sids = {LOGON},
                           .deny_only = {TOKEN_ALICE, EVERYONE, AUTHENTICATED, USERS, INTERACTIVE},
                           .restricting = {"S-1-0-0"},
                           .integrity = MODEL_UNTRUSTED},
    [TOKEN_ANONYMOUS] = {.name = "anonymous",
                         .sids = {"S-1-5-7", EVERYONE, NETWORK},
                         .integrity = MODEL_UNTRUSTED},
    [TOKEN_ANONYMOUS_LISTED] = {.name = "anonymous, among the authenticated",
                                .sids = {"S-1-5-7", EVERYONE, AUTHENTICATED},
                                .integrity = MODEL_LOW},
    [TOKEN_GUEST] = {.name = "guest",
                     .sids = {"S-1-5-21-1-2-3-501", EVERYONE, AUTHENTICATED, GUESTS, INTERACTIVE},
                     .integrity = MODEL_MEDIUM},
    [TOKEN_NETWORK] = {.name = "network logon",
                       .sids = {TOKEN_ALICE, EVERYONE, AUTHENTICATED, USERS, ADMINS, NETWORK},
                       .integrity = MODEL_HIGH},
    [TOKEN_FILTERED_ADMINISTRATOR] = {.name = "administrator, not elevated",
                                      .sids = {PEOPLE},
                                      .deny_only = {ADMINS},
                                      .integrity = MODEL_MEDIUM},
    [TOKEN_ADMINISTRATOR] = {.name = "administrator",
                             .sids = {PEOPLE, ADMINS},
                             .integrity = MODEL_HIGH},
    [TOKEN_SYSTEM] = {.name = "SYSTEM",
                      .sids = {"S-1-5-18", ADMINS, EVERYONE, AUTHENTICATED},
                      .integrity = MODEL_SYSTEM},
    [TOKEN_SERVICE] = {.name = "the service",
                       .sids = {LOCAL_SERVICE, EVERYONE, AUTHENTICATED, USERS, SERVICE, LOGON,
                                DESCRIPTOR_SERVICE_SID},
                       .integrity = MODEL_SYSTEM},
    [TOKEN_SERVICE_WRITE_RESTRICTED] = {.name = "the service with a restricted SID",
                                        .sids = {LOCAL_SERVICE, EVERYONE, AUTHENTICATED, USERS,
                                                 SERVICE, LOGON, DESCRIPTOR_SERVICE_SID},
                                        .restricting = {DESCRIPTOR_SERVICE_SID, EVERYONE, LOGON,
                                                        WRITE_LIST},
                                        .is_write_restricted = true,
                                        .integrity = MODEL_SYSTEM},
    [TOKEN_OTHER_LOCAL_SERVICE] = {.name = "another service of LocalService",
                                   .sids = {LOCAL_SERVICE, EVERYONE, AUTHENTICATED, USERS, SERVICE,
                                            LOGON, "S-1-5-80-1-2-3-4-5"},
                                   .integrity = MODEL_SYSTEM},
};
