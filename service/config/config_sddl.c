/*
 * The check of a descriptor in SDDL, by its text: this runs on every system, and before the service
 * starts.
 *
 * Whoever may create an instance of the pipe (0x4, FILE_CREATE_PIPE_INSTANCE) can pose as the
 * service, and whoever may write the list or take ownership can give himself that. So an entry that
 * allows one of these is only taken for those who could do it anyway. What is not understood is
 * refused: Windows has the last word on what passes here.
 */
#include "service/config/config_sddl.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

#define CREATE_INSTANCE UINT32_C(0x00000004)
#define DELETE_PIPE     UINT32_C(0x00010000)
#define WRITE_DAC       UINT32_C(0x00040000)
#define WRITE_OWNER     UINT32_C(0x00080000)
#define MAXIMUM_ALLOWED UINT32_C(0x02000000)
#define GENERIC_ALL     UINT32_C(0x10000000)
#define GENERIC_WRITE   UINT32_C(0x40000000)
#define DANGEROUS                                                                                  \
    (CREATE_INSTANCE | DELETE_PIPE | WRITE_DAC | WRITE_OWNER | MAXIMUM_ALLOWED | GENERIC_ALL |     \
     GENERIC_WRITE)

struct field { /* of an entry: what stands between two ';' */
    const char *text;
    size_t size;
};

enum {
    ENTRY_TYPE,
    ENTRY_FLAGS,
    ENTRY_RIGHTS,
    ENTRY_OBJECT,
    ENTRY_INHERITED,
    ENTRY_SID,
    ENTRY_FIELDS
};

static const struct right {
    char name[3];
    uint32_t mask;
} rights[] = {
    {"GA", GENERIC_ALL}, {"GW", GENERIC_WRITE}, {"GR", 0x80000000}, {"GX", 0x20000000},
    {"RC", 0x00020000},  {"SD", 0x00010000},    {"WD", WRITE_DAC},  {"WO", WRITE_OWNER},
    {"CC", 0x00000001},  {"DC", 0x00000002},    {"LC", 0x00000004}, {"SW", 0x00000008},
    {"RP", 0x00000010},  {"WP", 0x00000020},    {"DT", 0x00000040}, {"LO", 0x00000080},
    {"CR", 0x00000100},  {"FA", 0x001F01FF},    {"FR", 0x00120089}, {"FW", 0x00120116},
    {"FX", 0x001200A0},  {"KA", 0x000F003F},    {"KR", 0x00020019}, {"KW", 0x00020006},
    {"KX", 0x00020019},
};

/* SYSTEM, administrators, and the service's own SID: the hash of its name, as Windows makes it. */
static const char *const trusted[] = {
    "SY",
    "BA",
    "S-1-5-18",
    "S-1-5-32-544",
    "S-1-5-80-2225771362-3162058216-1088675771-1083392185-2254430244",
};

static bool field_is(const struct field *field, const char *text)
{
    return strlen(text) == field->size && memcmp(text, field->text, field->size) == 0;
}

static bool read_letters(const struct field *field, uint32_t *mask)
{
    *mask = 0;
    if (field->size % 2 != 0) return false;
    for (size_t at = 0; at < field->size; at += 2) {
        size_t i = 0;
        while (i < COUNT_OF(rights) && memcmp(rights[i].name, field->text + at, 2) != 0)
            i++;
        if (i == COUNT_OF(rights)) return false;
        *mask |= rights[i].mask;
    }
    return true;
}

/* "FAGR", "0x12019b", "1180059" or "0123". */
static bool read_rights(const struct field *field, uint32_t *mask)
{
    char digits[16];
    char *end = NULL;
    unsigned long value = 0;
    if (field->size == 0 || field->text[0] < '0' || field->text[0] > '9') {
        return read_letters(field, mask);
    }
    if (field->size >= sizeof(digits)) return false;
    memcpy(digits, field->text, field->size);
    digits[field->size] = '\0';
    value = strtoul(digits, &end, 0);
    if (*end != '\0' || value > UINT32_MAX) return false;
    *mask = (uint32_t)value;
    return true;
}

/* "(A;;FA;;;SY)" at *at; its six fields. */
static bool read_entry(const char **at, struct field fields[ENTRY_FIELDS])
{
    const char *text = *at + 1;
    for (int i = 0; i < ENTRY_FIELDS; i++) {
        fields[i].text = text;
        fields[i].size = strcspn(text, ";()");
        text += fields[i].size;
        if (*text != (i + 1 < ENTRY_FIELDS ? ';' : ')')) return false;
        text++;
    }
    *at = text;
    return true;
}

static const char *entry_fault(const struct field fields[ENTRY_FIELDS])
{
    uint32_t mask = 0;
    if (field_is(&fields[ENTRY_TYPE], "D")) return NULL;
    if (!field_is(&fields[ENTRY_TYPE], "A")) {
        return "only entries that allow (A) or deny (D) are taken in the discretionary list";
    }
    if (!read_rights(&fields[ENTRY_RIGHTS], &mask)) {
        return "an entry's rights are not understood; 0x12019b lets clients connect";
    }
    if ((mask & DANGEROUS) == 0) return NULL;
    for (size_t i = 0; i < COUNT_OF(trusted); i++) {
        if (field_is(&fields[ENTRY_SID], trusted[i])) return NULL;
    }
    return "lets others than the service, SYSTEM (SY) and administrators (BA) create the pipe "
           "(0x4) or "
           "change who may; 0x12019b lets clients connect";
}

/* "D:P(A;...)(D;...)": the flags are passed over. */
static const char *list_fault(const char *list)
{
    struct field fields[ENTRY_FIELDS];
    const char *at = list + strspn(list, "PAIR");
    if (*at != '(') {
        return "needs a discretionary list with entries: without one everybody may do everything";
    }
    while (*at == '(') {
        const char *fault = NULL;
        if (!read_entry(&at, fields)) {
            return "an entry of the discretionary list is not understood; expected "
                   "(A;;RIGHTS;;;SID)";
        }
        fault = entry_fault(fields);
        if (fault != NULL) return fault;
    }
    if (*at == '\0') return NULL;
    if (strncmp(at, "S:", 2) == 0 && strstr(at, "D:") == NULL) return NULL;
    return "something behind the discretionary list is not understood; expected S: or the end";
}

const char *config_sddl_fault(const char *sddl)
{
    const char *list = sddl;
    while (strncmp(list, "O:", 2) == 0 || strncmp(list, "G:", 2) == 0) {
        list += 2;
        while (*list != '\0' && list[1] != ':')
            list++; /* the SID, up to the next "X:" */
    }
    if (strncmp(list, "D:", 2) != 0) {
        return "expected a descriptor in SDDL with a discretionary list, D:(...)";
    }
    return list_fault(list + 2);
}
