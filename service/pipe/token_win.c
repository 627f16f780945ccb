/*
 * Who a client is.
 *
 * token_of_client() is the only place where a thread of this process is somebody else, for exactly
 * one call; the token it brings back is only looked at. Everything must be readable: what cannot be
 * read could have been a reason to refuse.
 */
#include "service/pipe/token_win.h"

#include <sddl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "service/pipe/account_name_win.h"
#include "service/pipe/pipe_calls_win.h"

#define INFORMATION_BYTES 1024 /* of a token; a SID has at most 68 */

static DWORD last_error(void)
{
    DWORD error = GetLastError();
    return error != 0 ? error : ERROR_GEN_FAILURE;
}

DWORD token_of_client(HANDLE pipe, HANDLE *token)
{
    DWORD error = 0;
    if (!pipe_calls->impersonate_client(pipe)) return last_error();
    /* As self: the process may look at the token, whatever the client may. */
    if (!pipe_calls->open_thread_token(GetCurrentThread(), TOKEN_QUERY, TRUE, token))
        error = last_error();
    if (!pipe_calls->revert_to_self()) pipe_calls->end_process();
    return error;
}

bool token_sid_text(PSID sid, char *text, size_t capacity)
{
    LPWSTR wide;
    size_t size = 0;
    if (sid == NULL || !IsValidSid(sid) || !ConvertSidToStringSidW(sid, &wide)) return false;
    while (size < capacity && wide[size] != 0) {
        text[size] = (char)wide[size]; /* ASCII */
        size++;
    }
    LocalFree(wide);
    if (size == capacity) return false;
    text[size] = 0;
    return true;
}

union information { /* aligned for whatever is in it */
    BYTE bytes[INFORMATION_BYTES];
    DWORD number;
    SECURITY_IMPERSONATION_LEVEL level;
    TOKEN_USER user;
    TOKEN_MANDATORY_LABEL label;
    TOKEN_APPCONTAINER_INFORMATION container;
};

static bool read_information(HANDLE token, TOKEN_INFORMATION_CLASS which,
                             union information *information)
{
    DWORD size;
    memset(information, 0, sizeof *information);
    return pipe_calls->get_token_information(token, which, information, sizeof *information,
                                             &size) != 0;
}

static bool is_identified(HANDLE token)
{
    union information information;
    if (!read_information(token, TokenImpersonationLevel, &information)) return false;
    if (information.level >= SecurityIdentification) return true;
    SetLastError(ERROR_BAD_IMPERSONATION_LEVEL);
    return false;
}

static bool read_user(HANDLE token, struct peer *peer)
{
    union information information;
    if (!read_information(token, TokenUser, &information)) return false;
    if (!token_sid_text(information.user.User.Sid, peer->user_id, sizeof peer->user_id))
        return false;
    account_name_find(information.user.User.Sid, peer->user_id, peer->user);
    return true;
}

static bool read_package(HANDLE token, struct peer *peer)
{
    union information information;
    peer->package[0] = 0;
    if (!read_information(token, TokenIsAppContainer, &information)) return false;
    if (information.number == 0) return true;
    if (!read_information(token, TokenAppContainerSid, &information)) return false;
    return token_sid_text(information.container.TokenAppContainer, peer->package,
                          sizeof peer->package);
}

static bool read_integrity(HANDLE token, struct peer *peer)
{
    union information information;
    if (!read_information(token, TokenIntegrityLevel, &information)) return false;
    PSID sid = information.label.Label.Sid;
    if (sid == NULL || !IsValidSid(sid) || *GetSidSubAuthorityCount(sid) == 0) return false;
    peer->integrity = *GetSidSubAuthority(sid, (DWORD)(*GetSidSubAuthorityCount(sid) - 1));
    return true;
}

static bool read_session(HANDLE token, struct peer *peer)
{
    union information information;
    if (!read_information(token, TokenSessionId, &information)) return false;
    peer->session = information.number;
    return true;
}

static INIT_ONCE own_once = INIT_ONCE_STATIC_INIT;
static char own_sid[PEER_USER_BYTES];

static BOOL CALLBACK read_own_sid(PINIT_ONCE once, PVOID parameter, PVOID *context)
{
    union information information;
    HANDLE token;
    (void)once, (void)parameter, (void)context;
    if (!OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token)) return TRUE;
    if (!read_information(token, TokenUser, &information) ||
        !token_sid_text(information.user.User.Sid, own_sid, sizeof own_sid))
        own_sid[0] = 0;
    CloseHandle(token);
    return TRUE;
}

const char *token_own_sid(void)
{
    (void)InitOnceExecuteOnce(&own_once, read_own_sid, NULL, NULL);
    return own_sid;
}

/* Elevated ones: in the token of others the group can only refuse. */
static bool is_administrator(HANDLE token)
{
    SID_IDENTIFIER_AUTHORITY authority = {SECURITY_NT_AUTHORITY};
    PSID administrators;
    BOOL is_member = FALSE;
    if (!AllocateAndInitializeSid(&authority, 2, SECURITY_BUILTIN_DOMAIN_RID,
                                  DOMAIN_ALIAS_RID_ADMINS, 0, 0, 0, 0, 0, 0, &administrators))
        return false;
    if (!CheckTokenMembership(token, administrators, &is_member)) is_member = FALSE;
    FreeSid(administrators);
    return is_member != 0;
}

/* What runs in a sandbox is nobody's operator, whosever it is. */
static bool is_operator(HANDLE token, const struct peer *peer)
{
    if (peer->package[0] != 0 || peer->integrity < SECURITY_MANDATORY_MEDIUM_RID ||
        IsTokenRestricted(token))
        return false;
    return strcmp(peer->user_id, token_own_sid()) == 0 || is_administrator(token);
}

static void make_key(struct peer *peer)
{
    if (peer->package[0] == 0)
        snprintf(peer->user_key, sizeof peer->user_key, "%s", peer->user_id);
    else
        snprintf(peer->user_key, sizeof peer->user_key, "%s %s", peer->user_id, peer->package);
}

bool token_describe(HANDLE token, struct peer *peer, DWORD *error)
{
    SetLastError(0);
    if (!is_identified(token) || !read_user(token, peer) || !read_package(token, peer) ||
        !read_integrity(token, peer) || !read_session(token, peer)) {
        *error = last_error();
        return false;
    }
    make_key(peer);
    peer->is_operator = is_operator(token, peer);
    return true;
}
