/*
 * The model against the system: for this process's own token, and for the same without its place
 * among the administrators, AccessCheck() must say what the model says, about each preset and about
 * lists made to trip it; and what both say must be the rights that the document names.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>
#include <sddl.h>

#include "access_model.h"
#include "service/pipe/descriptor.h"
#include "service/pipe/token_win.h"
#include "windows/wide.h"

#define ALL UINT32_C(0x001F01FF)
/* Not DESCRIPTOR_CLIENT_RIGHTS, which could be wrong along with the descriptor. */
#define CLIENT UINT32_C(0x0012019B)

static HANDLE token; /* the one that is asked about now; `own` is what the model knows of it */
static struct model_token own;
static char sids[MODEL_SIDS_MAX][192], deny_only[MODEL_SIDS_MAX][192];

static void *read_information(TOKEN_INFORMATION_CLASS which)
{
    DWORD size = 0;
    (void)GetTokenInformation(token, which, NULL, 0, &size);
    void *information = malloc(size);
    ck_assert_ptr_nonnull(information);
    ck_assert(GetTokenInformation(token, which, information, size, &size));
    return information;
}

static void read_groups(size_t *sid_count, size_t *deny_count)
{
    TOKEN_GROUPS *groups = read_information(TokenGroups);
    for (DWORD i = 0; i < groups->GroupCount; i++) {
        DWORD attributes = groups->Groups[i].Attributes;
        bool is_denying = (attributes & SE_GROUP_USE_FOR_DENY_ONLY) != 0;
        if (!is_denying && (attributes & SE_GROUP_ENABLED) == 0) continue;
        size_t *count = is_denying ? deny_count : sid_count;
        char(*list)[192] = is_denying ? deny_only : sids;
        ck_assert_uint_lt(*count, MODEL_SIDS_MAX - 1);
        ck_assert(token_sid_text(groups->Groups[i].Sid, list[*count], 192));
        (*count)++;
    }
    free(groups);
}

/* AccessCheck() wants a token to impersonate with. */
static void take_token(HANDLE primary)
{
    size_t sid_count = 1, deny_count = 0;
    if (token != NULL) CloseHandle(token);
    ck_assert(DuplicateToken(primary, SecurityImpersonation, &token));
    memset(&own, 0, sizeof own);
    TOKEN_USER *user = read_information(TokenUser);
    ck_assert(token_sid_text(user->User.Sid, sids[0], sizeof sids[0]));
    free(user);
    read_groups(&sid_count, &deny_count);
    for (size_t i = 0; i < sid_count; i++)
        own.sids[i] = sids[i];
    for (size_t i = 0; i < deny_count; i++)
        own.deny_only[i] = deny_only[i];
    own.integrity = MODEL_HIGH;
}

static HANDLE process_token(void)
{
    HANDLE handle;
    ck_assert(OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY | TOKEN_DUPLICATE, &handle));
    return handle;
}

static void setup(void)
{
    HANDLE process = process_token();
    token = NULL;
    take_token(process);
    CloseHandle(process);
}

static void teardown(void)
{
    CloseHandle(token);
}

/* From here on, what a user has who is no administrator. */
static void become_a_plain_user(void)
{
    BYTE administrators[SECURITY_MAX_SID_SIZE];
    DWORD size = sizeof administrators;
    HANDLE process = process_token(), plain;
    ck_assert(CreateWellKnownSid(WinBuiltinAdministratorsSid, NULL, administrators, &size));
    SID_AND_ATTRIBUTES disabled = {administrators, 0};
    ck_assert_msg(CreateRestrictedToken(process, DISABLE_MAX_PRIVILEGE, 1, &disabled, 0, NULL, 0,
                                        NULL, &plain),
                  "error %lu", GetLastError());
    take_token(plain);
    CloseHandle(plain);
    CloseHandle(process);
}

static bool system_opens(PSECURITY_DESCRIPTOR descriptor, DWORD wanted)
{
    GENERIC_MAPPING mapping = {FILE_GENERIC_READ, FILE_GENERIC_WRITE, FILE_GENERIC_EXECUTE,
                               FILE_ALL_ACCESS};
    PRIVILEGE_SET privileges;
    DWORD size = sizeof privileges, granted = 0;
    BOOL is_allowed = FALSE;
    MapGenericMask(&wanted, &mapping);
    ck_assert_msg(
        AccessCheck(descriptor, token, wanted, &mapping, &privileges, &size, &granted, &is_allowed),
        "error %lu", GetLastError());
    return is_allowed != 0;
}

static uint32_t system_rights(PSECURITY_DESCRIPTOR descriptor)
{
    uint32_t rights = 0;
    for (unsigned i = 0; i < 21; i++) {
        uint32_t bit = UINT32_C(1) << i;
        if ((bit & ALL) != 0 && system_opens(descriptor, bit)) rights |= bit;
    }
    return rights;
}

/* Bit by bit, and for what clients and servers ask for. Returns the rights that the system gives.
 */
static uint32_t compare(const char *sddl)
{
    static const uint32_t asked[] = {DESCRIPTOR_CLIENT_RIGHTS, DESCRIPTOR_CLIENT_RIGHTS | 4, ALL};
    PSECURITY_DESCRIPTOR descriptor;
    struct model_descriptor *model = model_read(sddl);
    wchar_t *wide = wide_from_utf8(sddl);
    ck_assert_ptr_nonnull(model);
    ck_assert_msg(ConvertStringSecurityDescriptorToSecurityDescriptorW(wide, SDDL_REVISION_1,
                                                                       &descriptor, NULL),
                  "%s: error %lu", sddl, GetLastError());
    uint32_t rights = system_rights(descriptor), expected = model_rights(model, &own) & ALL;
    ck_assert_msg(rights == expected, "%s: the system gives 0x%lx, not 0x%lx", sddl,
                  (unsigned long)rights, (unsigned long)expected);
    for (size_t i = 0; i < sizeof asked / sizeof *asked; i++)
        ck_assert_msg(system_opens(descriptor, asked[i]) == model_opens(model, &own, asked[i]),
                      "%s: 0x%lx", sddl, (unsigned long)asked[i]);
    LocalFree(descriptor);
    free(wide);
    model_free(model);
    return rights;
}

static uint32_t compare_preset(enum config_preset preset, bool is_service)
{
    static char package[] = "S-1-15-2-1-2-3-4-5-6-7";
    static char *packages[] = {package};
    const struct config_security security = {
        .preset = preset,
        .packages = packages,
        .package_count = preset == CONFIG_PRESET_PACKAGE ? 1 : 0,
    };
    const struct descriptor_owner owner = {is_service ? DESCRIPTOR_SERVICE_SID : token_own_sid(),
                                           is_service};
    struct text sddl;
    const char *fault;
    text_init(&sddl);
    ck_assert_int_eq(descriptor_build(&security, &owner, &sddl, &fault), ETWR_OK);
    /* AccessCheck() wants an owner and a group also where the system would fill them in. */
    struct text whole;
    text_init(&whole);
    if (!is_service) {
        text_put_string(&whole, "O:");
        text_put_string(&whole, token_own_sid());
        text_put_string(&whole, "G:SY");
    }
    text_put(&whole, sddl.data, sddl.size);
    text_put_char(&whole, 0);
    uint32_t rights = compare(whole.data);
    text_clear(&whole);
    text_clear(&sddl);
    return rights;
}

START_TEST(the_system_agrees_about_each_preset)
{
    for (int preset = CONFIG_PRESET_USERS; preset < CONFIG_PRESET_SDDL; preset++) {
        (void)compare_preset((enum config_preset)preset, true);
        (void)compare_preset((enum config_preset)preset, false);
    }
    become_a_plain_user();
    ck_assert_uint_eq(compare_preset(CONFIG_PRESET_USERS, true), CLIENT);
    ck_assert_uint_eq(compare_preset(CONFIG_PRESET_PACKAGE, true), CLIENT);
    ck_assert_uint_eq(compare_preset(CONFIG_PRESET_ADMINISTRATORS, true), 0);
    /* In a console he is the service himself. */
    for (int preset = CONFIG_PRESET_USERS; preset < CONFIG_PRESET_SDDL; preset++)
        ck_assert_uint_eq(compare_preset((enum config_preset)preset, false), ALL);
}
END_TEST

START_TEST(the_system_agrees_about_the_order_of_entries)
{
    (void)compare("O:SYG:SYD:(A;;0x1;;;AU)(D;;0x3;;;AU)");
    (void)compare("O:SYG:SYD:(D;;0x3;;;AU)(A;;0x1;;;AU)");
    (void)compare("O:SYG:SYD:(A;;0x2;;;WD)(A;;0x1;;;AU)");
    (void)compare("O:SYG:SYD:(D;;FA;;;NU)(A;;0x12019b;;;AU)");
    (void)compare("O:SYG:SYD:P(A;;FA;;;LS)");
}
END_TEST

START_TEST(the_system_agrees_that_a_user_gets_no_more_than_clients_do)
{
    static const char users_only[] = "O:SYG:SYD:P(D;;FA;;;NU)(D;;FA;;;AN)(D;;FA;;;BG)"
                                     "(A;;0x12019b;;;AU)S:(ML;;NW;;;LW)";
    PSECURITY_DESCRIPTOR descriptor;
    wchar_t *wide = wide_from_utf8(users_only);
    ck_assert(ConvertStringSecurityDescriptorToSecurityDescriptorW(wide, SDDL_REVISION_1,
                                                                   &descriptor, NULL));
    ck_assert(system_opens(descriptor, DESCRIPTOR_CLIENT_RIGHTS));
    ck_assert(!system_opens(descriptor, DESCRIPTOR_CLIENT_RIGHTS | 0x4));
    ck_assert(!system_opens(descriptor, GENERIC_READ | GENERIC_WRITE));
    ck_assert(!system_opens(descriptor, WRITE_DAC));
    ck_assert(!system_opens(descriptor, WRITE_OWNER));
    ck_assert(!system_opens(descriptor, DELETE));
    LocalFree(descriptor);
    free(wide);
    (void)compare(users_only);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("access check");
    TCase *cases = tcase_create("access check");
    tcase_add_checked_fixture(cases, setup, teardown);
    tcase_add_test(cases, the_system_agrees_about_each_preset);
    tcase_add_test(cases, the_system_agrees_about_the_order_of_entries);
    tcase_add_test(cases, the_system_agrees_that_a_user_gets_no_more_than_clients_do);
    suite_add_tcase(suite, cases);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
