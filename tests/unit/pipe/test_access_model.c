/*
 * What the pipe's descriptor grants, to whom, by a model of Windows' access check: clients may
 * talk, sandboxes too, and nobody but the service, SYSTEM and administrators can pose as the
 * service (SECURITY: T2, T5, T7).
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "access_model.h"
#include "service/pipe/descriptor.h"
#include "tokens.h"

#define ALL    UINT32_C(0x001F01FF)
#define CREATE UINT32_C(0x00000004)
#define EXTRA  UINT32_C(0x000D0004) /* FILE_CREATE_PIPE_INSTANCE, DELETE, WRITE_DAC, WRITE_OWNER */
/* What CreateFile() makes of GENERIC_READ | GENERIC_WRITE. */
#define GENERIC UINT32_C(0x0012019F)

/* The folder of the pipe's name, which lists LocalService alone. A name is made in it with
 * FILE_ADD_FILE, the same bit as FILE_WRITE_DATA. */
#define PREFIX_FOLDER "O:SYG:SYD:P(A;;FA;;;LS)"
#define ADD_FILE      UINT32_C(0x00000002)

static const struct descriptor_owner service_owner = {DESCRIPTOR_SERVICE_SID, true};
static const struct descriptor_owner console_owner = {TOKEN_ALICE, false};
static char package[] = TOKEN_PACKAGE;
static char *packages[] = {package};

static struct text sddl;
static struct model_descriptor *descriptor;

static void setup(void)
{
    text_init(&sddl);
    descriptor = NULL;
}

static void teardown(void)
{
    model_free(descriptor);
    text_clear(&sddl);
}

static void build(const struct config_security *security, const struct descriptor_owner *owner)
{
    const char *fault;
    text_reset(&sddl);
    model_free(descriptor);
    ck_assert_int_eq(descriptor_build(security, owner, &sddl, &fault), ETWR_OK);
    ck_assert_ptr_null(fault);
    text_put_char(&sddl, 0);
    descriptor = model_read(sddl.data);
    ck_assert_msg(descriptor != NULL, "the model does not understand %s", sddl.data);
}

static void build_preset(enum config_preset preset)
{
    const struct config_security security = {.preset = preset,
                                             .packages = packages,
                                             .package_count =
                                                 preset == CONFIG_PRESET_PACKAGE ? 1 : 0};
    build(&security, &service_owner);
}

static bool opens(enum token_kind kind, uint32_t wanted)
{
    return model_opens(descriptor, &tokens[kind], wanted);
}

static bool is_client(enum token_kind kind)
{
    return opens(kind, DESCRIPTOR_CLIENT_RIGHTS);
}

/* Exactly the kinds of `set` open the pipe as clients do. */
static void check_clients(const char *set)
{
    for (int kind = 0; kind < TOKEN_KINDS; kind++)
        ck_assert_msg(is_client((enum token_kind)kind) == (set[kind] == 'y'), "%s",
                      tokens[kind].name);
}

static bool is_trusted(int kind)
{
    return kind == TOKEN_ADMINISTRATOR || kind == TOKEN_SYSTEM || kind == TOKEN_SERVICE ||
           kind == TOKEN_SERVICE_WRITE_RESTRICTED;
}

/* user low ac ac8 lpac restr wrestr locked | anon anon-listed guest net | filtered admin system |
 * svc svc-r other */
START_TEST(users_and_sandboxes_may_talk_and_the_nameless_may_not)
{
    build_preset(CONFIG_PRESET_USERS);
    check_clients("yyyyyyyn"
                  "nnnn"
                  "yyy"
                  "yyy");
}
END_TEST

START_TEST(clients_get_exactly_what_they_ask_for)
{
    build_preset(CONFIG_PRESET_USERS);
    for (int kind = 0; kind < TOKEN_KINDS; kind++) {
        uint32_t rights = model_rights(descriptor, &tokens[kind]);
        if (is_trusted(kind)) continue;
        ck_assert_msg(rights == 0 || rights == DESCRIPTOR_CLIENT_RIGHTS, "%s gets 0x%x",
                      tokens[kind].name, rights);
    }
}
END_TEST

START_TEST(nobody_else_makes_an_instance_or_changes_who_may)
{
    for (int preset = CONFIG_PRESET_USERS; preset < CONFIG_PRESET_SDDL; preset++) {
        build_preset((enum config_preset)preset);
        for (int kind = 0; kind < TOKEN_KINDS; kind++) {
            uint32_t rights = model_rights(descriptor, &tokens[kind]) & EXTRA;
            ck_assert_msg(is_trusted(kind) || rights == 0, "preset %d: %s gets 0x%x", preset,
                          tokens[kind].name, rights);
        }
    }
}
END_TEST

START_TEST(the_service_makes_its_further_instances)
{
    for (int preset = CONFIG_PRESET_USERS; preset < CONFIG_PRESET_SDDL; preset++) {
        build_preset((enum config_preset)preset);
        ck_assert(opens(TOKEN_SERVICE, ALL & ~UINT32_C(0)));
        ck_assert(opens(TOKEN_SERVICE, GENERIC));
        /* The second check of a restricted SID passes here, too. */
        ck_assert(opens(TOKEN_SERVICE_WRITE_RESTRICTED, GENERIC));
    }
}
END_TEST

START_TEST(a_generic_write_open_asks_for_too_much)
{
    build_preset(CONFIG_PRESET_USERS);
    ck_assert(!opens(TOKEN_USER, GENERIC));
    ck_assert(opens(TOKEN_USER, GENERIC & ~CREATE));
}
END_TEST

START_TEST(owning_the_pipe_gives_no_right_to_its_list)
{
    /* As if somebody else's SID had become the owner. */
    const struct descriptor_owner owner = {TOKEN_ALICE, true};
    struct config_security security = {.preset = CONFIG_PRESET_ADMINISTRATORS};
    struct model_descriptor *without;
    char *own_entry;
    build(&security, &owner);
    own_entry = strstr(sddl.data, "(A;;FA;;;" TOKEN_ALICE ")");
    ck_assert_ptr_nonnull(own_entry);
    memmove(own_entry, own_entry + strlen("(A;;FA;;;" TOKEN_ALICE ")"),
            strlen(own_entry + strlen("(A;;FA;;;" TOKEN_ALICE ")")) + 1);
    without = model_read(sddl.data);
    ck_assert_ptr_nonnull(without);
    ck_assert_uint_eq(model_rights(without, &tokens[TOKEN_USER]), 0x00020000);
    model_free(without);
}
END_TEST

START_TEST(administrators_alone_if_the_config_says_so)
{
    build_preset(CONFIG_PRESET_ADMINISTRATORS);
    check_clients("nnnnnnnn"
                  "nnnn"
                  "nyy"
                  "yyn");
}
END_TEST

START_TEST(only_the_named_packages_of_app_containers)
{
    struct model_token other = tokens[TOKEN_APPCONTAINER];
    other.packages[0] = "S-1-15-2-99-22-33-44-55-66-77";
    build_preset(CONFIG_PRESET_PACKAGE);
    ck_assert(is_client(TOKEN_APPCONTAINER));
    ck_assert(is_client(TOKEN_APPCONTAINER_8));
    ck_assert(is_client(TOKEN_LPAC));
    ck_assert(!model_opens(descriptor, &other, DESCRIPTOR_CLIENT_RIGHTS));
    ck_assert(!is_client(TOKEN_RESTRICTED));
    ck_assert(!is_client(TOKEN_WRITE_RESTRICTED));
    ck_assert(is_client(TOKEN_ADMINISTRATOR));
    /* Who has no package passes the list and is told apart after the first bytes. */
    const struct config_security security = {
        .preset = CONFIG_PRESET_PACKAGE, .packages = packages, .package_count = 1};
    ck_assert(descriptor_admits_package(&security, TOKEN_PACKAGE));
    ck_assert(!descriptor_admits_package(&security, ""));
    ck_assert(!descriptor_admits_package(&security, other.packages[0]));
}
END_TEST

START_TEST(network_logons_come_in_by_the_switch_alone)
{
    const struct config_security security = {.preset = CONFIG_PRESET_USERS,
                                             .allow_network_logon = true};
    build_preset(CONFIG_PRESET_USERS);
    ck_assert_uint_eq(model_rights(descriptor, &tokens[TOKEN_NETWORK]), 0);
    build(&security, &service_owner);
    ck_assert(is_client(TOKEN_NETWORK));
    ck_assert_uint_eq(model_rights(descriptor, &tokens[TOKEN_ANONYMOUS]), 0);
    ck_assert_uint_eq(model_rights(descriptor, &tokens[TOKEN_ANONYMOUS_LISTED]), 0);
}
END_TEST

START_TEST(in_a_console_the_user_is_the_service)
{
    const struct config_security security = {.preset = CONFIG_PRESET_USERS};
    build(&security, &console_owner);
    ck_assert_int_eq(strncmp(sddl.data, "D:P", 3), 0);
    ck_assert(opens(TOKEN_USER, ALL));
    ck_assert(is_client(TOKEN_LOW));
    ck_assert(is_client(TOKEN_OTHER_LOCAL_SERVICE));
    /* The user's sandboxes are not: their own half of the check keeps them clients. */
    ck_assert_uint_eq(model_rights(descriptor, &tokens[TOKEN_APPCONTAINER]),
                      DESCRIPTOR_CLIENT_RIGHTS);
    ck_assert_uint_eq(model_rights(descriptor, &tokens[TOKEN_LPAC]), DESCRIPTOR_CLIENT_RIGHTS);
    ck_assert_uint_eq(model_rights(descriptor, &tokens[TOKEN_RESTRICTED]),
                      DESCRIPTOR_CLIENT_RIGHTS);
    ck_assert_uint_eq(model_rights(descriptor, &tokens[TOKEN_WRITE_RESTRICTED]) & CREATE, 0);
}
END_TEST

START_TEST(only_local_services_make_a_name_under_the_protected_prefix)
{
    descriptor = model_read(PREFIX_FOLDER);
    ck_assert_ptr_nonnull(descriptor);
    for (int kind = 0; kind < TOKEN_KINDS; kind++) {
        bool is_local_service = kind == TOKEN_SERVICE || kind == TOKEN_OTHER_LOCAL_SERVICE;
        ck_assert_msg(opens((enum token_kind)kind, ADD_FILE) == is_local_service, "%s",
                      tokens[kind].name);
    }
}
END_TEST

START_TEST(the_names_it_is_made_of_are_those_of_the_document)
{
    build_preset(CONFIG_PRESET_USERS);
    ck_assert_str_eq(sddl.data,
                     "O:" DESCRIPTOR_SERVICE_SID
                     "G:SYD:P(D;;FA;;;NU)(D;;FA;;;AN)(D;;FA;;;BG)(A;;RC;;;S-1-3-4)(A;;FA;;;SY)"
                     "(A;;FA;;;BA)(A;;FA;;;" DESCRIPTOR_SERVICE_SID ")"
                     "(A;;0x12019b;;;AU)(A;;0x12019b;;;S-1-5-12)(A;;0x12019b;;;S-1-5-33)"
                     "(A;;0x12019b;;;S-1-15-2-1)(A;;0x12019b;;;S-1-15-2-2)S:(ML;;NW;;;LW)");
}
END_TEST

static enum etwr_status build_own(char *text, const struct descriptor_owner *owner,
                                  const char **fault)
{
    const struct config_security security = {.preset = CONFIG_PRESET_SDDL, .sddl = text};
    text_reset(&sddl);
    enum etwr_status status = descriptor_build(&security, owner, &sddl, fault);
    text_put_char(&sddl, 0);
    return status;
}

START_TEST(ones_own_descriptor_is_taken_with_the_services_entry_in_front)
{
    static char own[] = "D:P(D;;FA;;;BG)(A;;0x12019b;;;AU)S:(ML;;NW;;;LW)";
    const char *fault;
    ck_assert_int_eq(build_own(own, &service_owner, &fault), ETWR_OK);
    ck_assert_str_eq(sddl.data,
                     "O:" DESCRIPTOR_SERVICE_SID "G:SYD:P(A;;FA;;;" DESCRIPTOR_SERVICE_SID
                     ")(D;;FA;;;BG)(A;;0x12019b;;;AU)S:(ML;;NW;;;LW)");
    ck_assert_int_eq(build_own(own, &console_owner, &fault), ETWR_OK);
    ck_assert_str_eq(sddl.data,
                     "D:P(A;;FA;;;" TOKEN_ALICE ")(D;;FA;;;BG)(A;;0x12019b;;;AU)S:(ML;;NW;;;LW)");
}
END_TEST

START_TEST(ones_own_descriptor_with_the_services_entry_stays_as_it_is)
{
    static char own[] =
        "O:" DESCRIPTOR_SERVICE_SID "G:BAD:(A;;FA;;;" DESCRIPTOR_SERVICE_SID ")(A;;0x12019b;;;AU)";
    const char *fault;
    ck_assert_int_eq(build_own(own, &service_owner, &fault), ETWR_OK);
    ck_assert_str_eq(sddl.data, own);
}
END_TEST

static const char *const refused[] = {
    "",
    "O:SYG:SY",
    "D:P",
    "D:NO_ACCESS_CONTROL",
    "S:(ML;;NW;;;LW)",
    "D:(A;;0x4;;;AU)",
    "D:(A;;FA;;;WD)",
    "D:(A;;0x1201bf;;;AU)",
    "D:(A;;SD;;;AU)",
    "D:(A;;WD;;;AU)",
    "D:(A;;WO;;;AU)",
    "D:(A;;GW;;;AU)",
    "O:LSD:(A;;0x12019b;;;AU)",
    "O:" TOKEN_ALICE "G:SYD:(A;;0x12019b;;;AU)",
};

START_TEST(ones_own_descriptor_is_refused_when_others_could_pose_as_the_service)
{
    char own[256];
    const char *fault;
    strcpy(own, refused[_i]);
    ck_assert_int_eq(build_own(own, &service_owner, &fault), ETWR_E_INVALID_ARGUMENT);
    ck_assert_ptr_nonnull(fault);
}
END_TEST

START_TEST(what_the_system_made_of_it_is_judged_again)
{
    ck_assert(!descriptor_is_excessive(DESCRIPTOR_CLIENT_RIGHTS, "S-1-5-11", &service_owner));
    ck_assert(descriptor_is_excessive(CREATE, "S-1-5-11", &service_owner));
    ck_assert(descriptor_is_excessive(0x00010000, "S-1-5-11", &service_owner));
    ck_assert(descriptor_is_excessive(0x00040000, "S-1-5-11", &service_owner));
    ck_assert(descriptor_is_excessive(0x00080000, "S-1-5-11", &service_owner));
    ck_assert(descriptor_is_excessive(0x40000000, "S-1-5-11", &service_owner));
    ck_assert(descriptor_is_excessive(ALL, "S-1-5-19", &service_owner));
    ck_assert(descriptor_is_excessive(ALL, TOKEN_ALICE, &service_owner));
    ck_assert(!descriptor_is_excessive(ALL, TOKEN_ALICE, &console_owner));
    ck_assert(!descriptor_is_excessive(ALL, "S-1-5-18", &service_owner));
    ck_assert(!descriptor_is_excessive(ALL, "S-1-5-32-544", &service_owner));
    ck_assert(!descriptor_is_excessive(ALL, DESCRIPTOR_SERVICE_SID, &service_owner));
}
END_TEST

/* The model itself: where it would be wrong, everything above would prove nothing. */
START_TEST(the_model_refuses_and_allows_as_windows_does)
{
    /* First entry wins; a deny-only group counts for refusals. */
    descriptor = model_read("D:(A;;0x1;;;AU)(D;;0x3;;;AU)");
    ck_assert_uint_eq(model_rights(descriptor, &tokens[TOKEN_USER]), 1);
    model_free(descriptor);
    descriptor = model_read("D:(D;;0x1;;;BA)(A;;0x3;;;AU)");
    ck_assert_uint_eq(model_rights(descriptor, &tokens[TOKEN_FILTERED_ADMINISTRATOR]), 2);
    model_free(descriptor);
    /* An AppContainer needs both halves. */
    descriptor = model_read("D:(A;;0x1;;;S-1-15-2-1)S:(ML;;NW;;;LW)");
    ck_assert_uint_eq(model_rights(descriptor, &tokens[TOKEN_APPCONTAINER]), 0);
    model_free(descriptor);
    descriptor = model_read("D:(A;;0x3;;;AU)(A;;0x1;;;S-1-15-2-1)S:(ML;;NW;;;LW)");
    ck_assert_uint_eq(model_rights(descriptor, &tokens[TOKEN_APPCONTAINER]), 1);
    ck_assert_uint_eq(model_rights(descriptor, &tokens[TOKEN_LPAC]), 0);
    model_free(descriptor);
    /* Write-restricted: reading is not asked for twice. Low does not write up. */
    descriptor = model_read("D:(A;;0x3;;;AU)");
    ck_assert_uint_eq(model_rights(descriptor, &tokens[TOKEN_WRITE_RESTRICTED]), 1);
    ck_assert_uint_eq(model_rights(descriptor, &tokens[TOKEN_LOW]), 1);
    ck_assert_uint_eq(model_rights(descriptor, &tokens[TOKEN_RESTRICTED]), 0);
    model_free(descriptor);
    /* An owner writes the list unless an entry for owners is there. */
    descriptor = model_read("O:" TOKEN_ALICE "D:(A;;0x1;;;AU)");
    ck_assert_uint_eq(model_rights(descriptor, &tokens[TOKEN_USER]), 0x00060001);
    model_free(descriptor);
    descriptor = model_read("O:" TOKEN_ALICE "D:(A;;0x1;;;AU)(A;;RC;;;S-1-3-4)");
    ck_assert_uint_eq(model_rights(descriptor, &tokens[TOKEN_USER]), 0x00020001);
    ck_assert_uint_eq(model_entry_count(descriptor), 2);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("access");
    TCase *cases = tcase_create("access");
    tcase_add_checked_fixture(cases, setup, teardown);
    tcase_add_test(cases, users_and_sandboxes_may_talk_and_the_nameless_may_not);
    tcase_add_test(cases, clients_get_exactly_what_they_ask_for);
    tcase_add_test(cases, nobody_else_makes_an_instance_or_changes_who_may);
    tcase_add_test(cases, the_service_makes_its_further_instances);
    tcase_add_test(cases, a_generic_write_open_asks_for_too_much);
    tcase_add_test(cases, owning_the_pipe_gives_no_right_to_its_list);
    tcase_add_test(cases, administrators_alone_if_the_config_says_so);
    tcase_add_test(cases, only_the_named_packages_of_app_containers);
    tcase_add_test(cases, network_logons_come_in_by_the_switch_alone);
    tcase_add_test(cases, in_a_console_the_user_is_the_service);
    tcase_add_test(cases, only_local_services_make_a_name_under_the_protected_prefix);
    tcase_add_test(cases, the_names_it_is_made_of_are_those_of_the_document);
    tcase_add_test(cases, ones_own_descriptor_is_taken_with_the_services_entry_in_front);
    tcase_add_test(cases, ones_own_descriptor_with_the_services_entry_stays_as_it_is);
    tcase_add_loop_test(cases, ones_own_descriptor_is_refused_when_others_could_pose_as_the_service,
                        0, (int)(sizeof refused / sizeof *refused));
    tcase_add_test(cases, what_the_system_made_of_it_is_judged_again);
    tcase_add_test(cases, the_model_refuses_and_allows_as_windows_does);
    suite_add_tcase(suite, cases);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
