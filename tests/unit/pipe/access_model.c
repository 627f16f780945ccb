/* See the header. Rights are looked at one bit at a time: that is slow and easy to believe. */
#include "access_model.h"

#include <stdlib.h>
#include <string.h>

#define ENTRIES_MAX 64
#define SID_BYTES   192

#define FILE_ALL     UINT32_C(0x001F01FF)
#define FILE_READ    UINT32_C(0x00120089)
#define FILE_WRITE   UINT32_C(0x00120116)
#define FILE_EXECUTE UINT32_C(0x001200A0)
#define READ_CONTROL UINT32_C(0x00020000)
#define WRITE_DAC    UINT32_C(0x00040000)

#define OWNER_RIGHTS "S-1-3-4"

struct entry {
    bool is_allowing;
    uint32_t mask;
    char sid[SID_BYTES];
};

struct model_descriptor {
    char owner[SID_BYTES];
    struct entry entries[ENTRIES_MAX];
    size_t count;
    enum model_integrity label;
};

static const char *const aliases[][2] = {
    {"SY", "S-1-5-18"},    {"BA", "S-1-5-32-544"}, {"AU", "S-1-5-11"}, {"NU", "S-1-5-2"},
    {"AN", "S-1-5-7"},     {"BG", "S-1-5-32-546"}, {"LS", "S-1-5-19"}, {"WD", "S-1-1-0"},
    {"LW", "S-1-16-4096"}, {"ME", "S-1-16-8192"},
};

static const struct {
    const char *name;
    uint32_t mask;
} words[] = {{"FA", FILE_ALL}, {"RC", READ_CONTROL}, {"FR", FILE_READ}, {"FW", FILE_WRITE}};

/* Up to one of `ends`; false: none, or too long. */
static bool read_field(const char **at, const char *ends, char *field, size_t capacity)
{
    size_t size = strcspn(*at, ends);
    if ((*at)[size] == 0 || size >= capacity) return false;
    memcpy(field, *at, size);
    field[size] = 0;
    *at += size + 1;
    return true;
}

static void expand(char sid[SID_BYTES])
{
    for (size_t i = 0; i < sizeof aliases / sizeof *aliases; i++)
        if (strcmp(sid, aliases[i][0]) == 0) strcpy(sid, aliases[i][1]);
}

static bool read_mask(const char *text, uint32_t *mask)
{
    char *end;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(text, words[i].name) == 0) {
            *mask = words[i].mask;
            return true;
        }
    *mask = (uint32_t)strtoul(text, &end, 0);
    return text[0] != 0 && *end == 0;
}

/* "(A;;FA;;;SY)" */
static bool read_entry(const char **at, char type[8], char rights[32], char sid[SID_BYTES])
{
    char flags[8], object[8], inherited[8];
    (*at)++;
    bool good = read_field(at, ";", type, 8) && read_field(at, ";", flags, sizeof flags) &&
                read_field(at, ";", rights, 32) && read_field(at, ";", object, sizeof object) &&
                read_field(at, ";", inherited, sizeof inherited) &&
                read_field(at, ")", sid, SID_BYTES);
    expand(sid);
    return good && flags[0] == 0 && object[0] == 0 && inherited[0] == 0;
}

static bool read_list(const char **at, struct model_descriptor *descriptor)
{
    char type[8], rights[32];
    while (**at == '(') {
        if (descriptor->count == ENTRIES_MAX) return false;
        struct entry *entry = &descriptor->entries[descriptor->count++];
        if (!read_entry(at, type, rights, entry->sid)) return false;
        if (!read_mask(rights, &entry->mask)) return false;
        entry->is_allowing = strcmp(type, "A") == 0;
        if (!entry->is_allowing && strcmp(type, "D") != 0) return false;
    }
    return true;
}

static bool read_label(const char **at, struct model_descriptor *descriptor)
{
    char type[8], rights[32], sid[SID_BYTES];
    if (**at != '(' || !read_entry(at, type, rights, sid)) return false;
    if (strcmp(type, "ML") != 0 || strcmp(rights, "NW") != 0) return false;
    if (strncmp(sid, "S-1-16-", 7) != 0) return false;
    descriptor->label = (enum model_integrity)strtoul(sid + 7, NULL, 10);
    return true;
}

static void read_sid(const char **at, char sid[SID_BYTES])
{
    size_t size = 0;
    while ((*at)[size] != 0 && (*at)[size + 1] != ':')
        size++;
    memcpy(sid, *at, size);
    sid[size] = 0;
    *at += size;
    expand(sid);
}

static bool read_descriptor(const char *at, struct model_descriptor *descriptor)
{
    char group[SID_BYTES];
    bool has_list = false;
    while (*at != 0) {
        char part = *at;
        if (at[1] != ':') return false;
        at += 2;
        if (part == 'O') {
            read_sid(&at, descriptor->owner);
        } else if (part == 'G') {
            read_sid(&at, group);
        } else if (part == 'D') {
            at += strspn(at, "PAI");
            has_list = read_list(&at, descriptor);
            if (!has_list) return false;
        } else if (part != 'S' || !read_label(&at, descriptor)) {
            return false;
        }
    }
    return has_list;
}

struct model_descriptor *model_read(const char *sddl)
{
    struct model_descriptor *descriptor = calloc(1, sizeof *descriptor);
    if (descriptor == NULL) return NULL;
    descriptor->label = MODEL_MEDIUM;
    if (read_descriptor(sddl, descriptor)) return descriptor;
    free(descriptor);
    return NULL;
}

void model_free(struct model_descriptor *descriptor)
{
    free(descriptor);
}

size_t model_entry_count(const struct model_descriptor *descriptor)
{
    return descriptor->count;
}

static bool has(const char *const *sids, const char *sid)
{
    for (size_t i = 0; i < MODEL_SIDS_MAX && sids[i] != NULL; i++)
        if (strcmp(sids[i], sid) == 0) return true;
    return false;
}

static bool is_among(const struct model_descriptor *descriptor, const char *const *sids,
                     const char *sid)
{
    /* OWNER RIGHTS stands for whoever is the owner. */
    if (strcmp(sid, OWNER_RIGHTS) == 0)
        return descriptor->owner[0] != 0 && has(sids, descriptor->owner);
    return has(sids, sid);
}

/* Down the list with one set of identities: does the first entry about this bit allow it? */
static bool list_allows(const struct model_descriptor *descriptor, const char *const *sids,
                        const char *const *deny_only, uint32_t bit)
{
    for (size_t i = 0; i < descriptor->count; i++) {
        const struct entry *entry = &descriptor->entries[i];
        if ((entry->mask & bit) == 0) continue;
        if (is_among(descriptor, sids, entry->sid)) return entry->is_allowing;
        if (!entry->is_allowing && deny_only != NULL && has(deny_only, entry->sid)) return false;
    }
    return false;
}

static bool has_owner_entry(const struct model_descriptor *descriptor)
{
    for (size_t i = 0; i < descriptor->count; i++)
        if (strcmp(descriptor->entries[i].sid, OWNER_RIGHTS) == 0) return true;
    return false;
}

static bool owner_may(const struct model_descriptor *descriptor, const char *const *sids,
                      uint32_t bit)
{
    return (bit & (READ_CONTROL | WRITE_DAC)) != 0 && !has_owner_entry(descriptor) &&
           descriptor->owner[0] != 0 && has(sids, descriptor->owner);
}

static bool is_write(uint32_t bit)
{
    return (bit & FILE_WRITE & ~(FILE_READ | FILE_EXECUTE)) != 0;
}

/* No-write-up: what is more than reading and executing needs the label's integrity. */
static bool label_allows(const struct model_descriptor *descriptor, const struct model_token *token,
                         uint32_t bit)
{
    return token->integrity >= descriptor->label || (bit & (FILE_READ | FILE_EXECUTE)) != 0;
}

static bool may(const struct model_descriptor *descriptor, const struct model_token *token,
                uint32_t bit)
{
    if (!label_allows(descriptor, token, bit)) return false;
    if (!list_allows(descriptor, token->sids, token->deny_only, bit) &&
        !owner_may(descriptor, token->sids, bit))
        return false;
    /* No refusal names a package, so entries for users do not matter here. */
    if (token->packages[0] != NULL && !list_allows(descriptor, token->packages, NULL, bit))
        return false;
    if (token->restricting[0] == NULL || (token->is_write_restricted && !is_write(bit)))
        return true;
    return list_allows(descriptor, token->restricting, NULL, bit) ||
           owner_may(descriptor, token->restricting, bit);
}

uint32_t model_rights(const struct model_descriptor *descriptor, const struct model_token *token)
{
    uint32_t rights = 0;
    for (unsigned i = 0; i < 32; i++)
        if (may(descriptor, token, UINT32_C(1) << i)) rights |= UINT32_C(1) << i;
    return rights;
}

bool model_opens(const struct model_descriptor *descriptor, const struct model_token *token,
                 uint32_t wanted)
{
    return (wanted & ~model_rights(descriptor, token)) == 0;
}
