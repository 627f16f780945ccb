/*
 * Who may open the pipe, entry by entry.
 *
 * The first entry that speaks about a right decides, so refusals come first. The rest keeps two
 * kinds of identity apart: those that are the service or could become it anyway (everything), and
 * clients (just enough to talk, and never an instance of their own).
 */
#include "service/pipe/descriptor.h"

#include <string.h>

#include "service/config/config_sddl.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

#define CLIENT "(A;;0x12019b;;;"

/* What makes a server of a client, or lets it change who may: see config_sddl.c. */
#define EXCESSIVE                                                                                  \
    (UINT32_C(0x00000004) | UINT32_C(0x00010000) | UINT32_C(0x00040000) | UINT32_C(0x00080000) |   \
     UINT32_C(0x01000000) | UINT32_C(0x02000000) | UINT32_C(0xF0000000))

static void put_header(struct text *sddl, const struct descriptor_owner *owner)
{
    /* Clients look at the owner before they say a word. In a console the owner is the user by
     * default, and another group than his own could not be set. */
    if (owner->is_service) {
        text_put_string(sddl, "O:");
        text_put_string(sddl, owner->sid);
        text_put_string(sddl, "G:SY");
    }
}

static void put_entry(struct text *sddl, const char *beginning, const char *sid)
{
    text_put_string(sddl, beginning);
    text_put_string(sddl, sid);
    text_put_char(sddl, ')');
}

static void put_refusals(struct text *sddl, bool allow_network_logon)
{
    /* Whoever has come over the network, whatever else he is. Remote pipe clients are refused
     * anyhow; this also stops processes here that were started by a remote shell. */
    if (!allow_network_logon) put_entry(sddl, "(D;;FA;;;", "NU");
    /* Without a name there is nobody to count for. */
    put_entry(sddl, "(D;;FA;;;", "AN");
    put_entry(sddl, "(D;;FA;;;", "BG");
}

static void put_servers(struct text *sddl, const struct descriptor_owner *owner)
{
    /* The owner may always change the list, unless an entry for owners says otherwise: this one
     * leaves him reading it. */
    put_entry(sddl, "(A;;RC;;;", "S-1-3-4");
    put_entry(sddl, "(A;;FA;;;", "SY");
    put_entry(sddl, "(A;;FA;;;", "BA");
    /* Each further instance needs FILE_CREATE_PIPE_INSTANCE. */
    put_entry(sddl, "(A;;FA;;;", owner->sid);
}

static void put_clients(struct text *sddl, const struct config_security *security)
{
    put_entry(sddl, CLIENT, "AU"); /* everybody who has logged on */
    if (security->preset == CONFIG_PRESET_PACKAGE) {
        for (size_t i = 0; i < security->package_count; i++)
            put_entry(sddl, CLIENT, security->packages[i]);
    } else {
        /* A restricted token is asked twice, the second time with its restricting list alone: these
         * two stand in such lists only (RESTRICTED, WRITE RESTRICTED). */
        put_entry(sddl, CLIENT, "S-1-5-12");
        put_entry(sddl, CLIENT, "S-1-5-33");
        /* An AppContainer too, with its packages: all, and all less privileged ones. */
        put_entry(sddl, CLIENT, "S-1-15-2-1");
        put_entry(sddl, CLIENT, "S-1-15-2-2");
    }
    /* Without a label, writing would need medium integrity, which sandboxes have not. */
    text_put_string(sddl, "S:(ML;;NW;;;LW)");
}

struct parts { /* of a descriptor's text */
    const char *owner, *group, *list;
    size_t owner_size, group_size;
};

/* "O:SIDG:SIDD:..."; the SID ends before the next letter with a colon. */
static void find_parts(const char *sddl, struct parts *parts)
{
    memset(parts, 0, sizeof *parts);
    while (sddl[0] == 'O' || sddl[0] == 'G') {
        const char *sid = sddl + 2;
        const char *end = sid;
        while (*end != '\0' && end[1] != ':')
            end++;
        if (sddl[0] == 'O') {
            parts->owner = sid;
            parts->owner_size = (size_t)(end - sid);
        } else {
            parts->group = sid;
            parts->group_size = (size_t)(end - sid);
        }
        sddl = end;
    }
    parts->list = sddl;
}

static const char *verbatim_fault(const char *text, const struct descriptor_owner *owner)
{
    struct parts parts;
    const char *fault = text == NULL ? "is missing" : config_sddl_fault(text);
    if (fault != NULL) return fault;
    find_parts(text, &parts);
    if (parts.owner == NULL) return NULL;
    if (strlen(owner->sid) == parts.owner_size &&
        memcmp(owner->sid, parts.owner, parts.owner_size) == 0)
        return NULL;
    return "names another owner (O:) than the service, who could change the list: leave it out";
}

/* Is this entry in the list of entries that allow everything, before any that denies? */
static bool has_own_entry(const char *entries, const char *sid)
{
    const char beginning[] = "(A;;FA;;;";
    size_t size = strlen(sid);
    return strncmp(entries, beginning, sizeof beginning - 1) == 0 &&
           strncmp(entries + sizeof beginning - 1, sid, size) == 0 &&
           entries[sizeof beginning - 1 + size] == ')';
}

static void put_verbatim(struct text *sddl, const char *text, const struct descriptor_owner *owner)
{
    struct parts parts;
    find_parts(text, &parts);
    const char *entries = strchr(parts.list, '(');
    if (owner->is_service) {
        text_put_string(sddl, "O:");
        text_put_string(sddl, owner->sid);
    }
    if (parts.group != NULL || owner->is_service) {
        text_put_string(sddl, "G:");
        text_put(sddl, parts.group == NULL ? "SY" : parts.group,
                 parts.group == NULL ? 2 : parts.group_size);
    }
    text_put(sddl, parts.list, (size_t)(entries - parts.list));
    if (!has_own_entry(entries, owner->sid)) put_entry(sddl, "(A;;FA;;;", owner->sid);
    text_put_string(sddl, entries);
}

enum etwr_status descriptor_build(const struct config_security *security,
                                  const struct descriptor_owner *owner, struct text *sddl,
                                  const char **fault)
{
    *fault = NULL;
    if (security->preset == CONFIG_PRESET_SDDL) {
        *fault = verbatim_fault(security->sddl, owner);
        if (*fault != NULL) return ETWR_E_INVALID_ARGUMENT;
        put_verbatim(sddl, security->sddl, owner);
        return sddl->failed ? ETWR_E_NO_MEMORY : ETWR_OK;
    }
    put_header(sddl, owner);
    text_put_string(sddl, "D:P"); /* nothing is inherited */
    put_refusals(sddl, security->allow_network_logon);
    put_servers(sddl, owner);
    if (security->preset != CONFIG_PRESET_ADMINISTRATORS) put_clients(sddl, security);
    return sddl->failed ? ETWR_E_NO_MEMORY : ETWR_OK;
}

bool descriptor_is_excessive(uint32_t mask, const char *sid, const struct descriptor_owner *owner)
{
    static const char *const trusted[] = {"S-1-5-18", "S-1-5-32-544", DESCRIPTOR_SERVICE_SID};
    if ((mask & EXCESSIVE) == 0 || strcmp(sid, owner->sid) == 0) return false;
    for (size_t i = 0; i < COUNT_OF(trusted); i++)
        if (strcmp(sid, trusted[i]) == 0) return false;
    return true;
}

bool descriptor_admits_package(const struct config_security *security, const char *package)
{
    if (security->preset != CONFIG_PRESET_PACKAGE) return true;
    for (size_t i = 0; i < security->package_count; i++)
        if (strcmp(security->packages[i], package) == 0) return true;
    return false;
}
