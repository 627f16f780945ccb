/* Names of accounts: see the header. */
#include "service/pipe/account_name_win.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "windows/wide.h"

#define NAMES_KEPT 64
#define PART_CHARS 256 /* an account's name has at most 256 characters, and a domain's */

static SRWLOCK lock = SRWLOCK_INIT;
static struct {
    char sid[PEER_USER_BYTES]; /* "": a free place */
    char name[PEER_USER_BYTES];
} names[NAMES_KEPT];

/* Accounts of one domain differ in the last number. */
static size_t place_of(PSID sid)
{
    UCHAR count = *GetSidSubAuthorityCount(sid);
    return count == 0 ? 0 : *GetSidSubAuthority(sid, (DWORD)(count - 1)) % NAMES_KEPT;
}

static bool is_printable(const char *text)
{
    for (; *text != 0; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7F) return false;
    return true;
}

static bool look_up(PSID sid, char name[PEER_USER_BYTES])
{
    wchar_t account[PART_CHARS + 1], domain[PART_CHARS + 1];
    wchar_t whole[2 * PART_CHARS + 2];
    DWORD account_size = PART_CHARS + 1, domain_size = PART_CHARS + 1;
    SID_NAME_USE use;
    if (!LookupAccountSidW(NULL, sid, account, &account_size, domain, &domain_size, &use) ||
        account[0] == 0)
        return false;
    whole[0] = 0;
    if (domain[0] != 0) {
        wcscat(whole, domain);
        wcscat(whole, L"\\");
    }
    wcscat(whole, account);
    char *utf8 = wide_to_utf8(whole);
    bool good = utf8 != NULL && strlen(utf8) < PEER_USER_BYTES && is_printable(utf8);
    if (good) memcpy(name, utf8, strlen(utf8) + 1);
    free(utf8);
    return good;
}

static bool find_kept(size_t place, const char *sid_text, char name[PEER_USER_BYTES])
{
    AcquireSRWLockShared(&lock);
    bool found = strcmp(names[place].sid, sid_text) == 0;
    if (found) memcpy(name, names[place].name, PEER_USER_BYTES);
    ReleaseSRWLockShared(&lock);
    return found;
}

static void keep(size_t place, const char *sid_text, const char name[PEER_USER_BYTES])
{
    AcquireSRWLockExclusive(&lock);
    snprintf(names[place].sid, sizeof names[place].sid, "%s", sid_text);
    memcpy(names[place].name, name, PEER_USER_BYTES);
    ReleaseSRWLockExclusive(&lock);
}

void account_name_find(PSID sid, const char *sid_text, char name[PEER_USER_BYTES])
{
    size_t place = place_of(sid);
    if (find_kept(place, sid_text, name)) return;
    memset(name, 0, PEER_USER_BYTES);
    if (!look_up(sid, name)) snprintf(name, PEER_USER_BYTES, "%s", sid_text);
    keep(place, sid_text, name);
}
