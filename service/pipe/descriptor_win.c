/*
 * From text to a descriptor, and back from the pipe.
 *
 * The text was checked by its letters; Windows reads it by its own rules. So what it has made of it
 * is judged entry by entry, and what the pipe has got in the end is compared with it: a pipe that
 * others could serve is worse than none.
 */
#include "service/pipe/descriptor_win.h"

#include <aclapi.h>
#include <sddl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "service/pipe/pipe_calls_win.h"
#include "service/pipe/token_win.h"
#include "service/support/log.h"
#include "windows/wide.h"

static enum etwr_status fail(char message[LISTENER_MESSAGE_BYTES], enum etwr_status status,
                             const char *text)
{
    snprintf(message, LISTENER_MESSAGE_BYTES, "%s", text);
    return status;
}

static enum etwr_status fail_error(char message[LISTENER_MESSAGE_BYTES], enum etwr_status status,
                                   const char *what, DWORD error)
{
    char words[256];
    wide_error_text(error, words, sizeof words);
    snprintf(message, LISTENER_MESSAGE_BYTES, "%s: %s (error %lu)", what, words, error);
    return status;
}

/* The part that all entries taken here have in common: allowing and denying ones look alike. */
static ACCESS_ALLOWED_ACE *entry_at(PACL list, DWORD index)
{
    void *entry = NULL;
    if (!GetAce(list, index, &entry)) return NULL;
    return entry;
}

static const char *entry_fault(ACCESS_ALLOWED_ACE *entry, const struct descriptor_owner *owner)
{
    GENERIC_MAPPING mapping = {FILE_GENERIC_READ, FILE_GENERIC_WRITE, FILE_GENERIC_EXECUTE,
                               FILE_ALL_ACCESS};
    char sid[PEER_USER_BYTES];
    if (entry == NULL) return "its list cannot be read";
    if (entry->Header.AceType != ACCESS_ALLOWED_ACE_TYPE &&
        entry->Header.AceType != ACCESS_DENIED_ACE_TYPE)
        return "it has entries of other kinds than allowing (A) and denying (D)";
    MapGenericMask(&entry->Mask, &mapping);
    if (entry->Header.AceType == ACCESS_DENIED_ACE_TYPE) return NULL;
    if (!token_sid_text((PSID)&entry->SidStart, sid, sizeof sid)) return "it has a broken SID";
    return descriptor_is_excessive(entry->Mask, sid, owner)
               ? "it lets others than the service, SYSTEM and administrators create the pipe or "
                 "change who may"
               : NULL;
}

/* Also turns generic rights into a pipe's, as making the pipe would. */
static const char *list_fault(PSECURITY_DESCRIPTOR descriptor, const struct descriptor_owner *owner)
{
    BOOL is_present = FALSE, is_default = FALSE;
    PACL list = NULL;
    if (!GetSecurityDescriptorDacl(descriptor, &is_present, &list, &is_default) || !is_present ||
        list == NULL)
        return "it has no discretionary list, so everybody could do everything";
    for (DWORD i = 0; i < list->AceCount; i++) {
        const char *fault = entry_fault(entry_at(list, i), owner);
        if (fault != NULL) return fault;
    }
    return NULL;
}

static enum etwr_status convert(const struct text *sddl, struct pipe_descriptor *descriptor,
                                char message[LISTENER_MESSAGE_BYTES])
{
    wchar_t *wide = wide_from_utf8(sddl->data);
    if (wide == NULL) return fail(message, ETWR_E_NO_MEMORY, "no memory for the descriptor");
    BOOL made =
        pipe_calls->convert_descriptor(wide, SDDL_REVISION_1, &descriptor->descriptor, NULL);
    DWORD error = GetLastError();
    free(wide);
    if (made) return ETWR_OK;
    descriptor->descriptor = NULL;
    return fail_error(message, ETWR_E_INVALID_ARGUMENT,
                      "the pipe's security descriptor is not understood: look at security in the "
                      "config",
                      error);
}

static enum etwr_status build(const struct listener_access *access,
                              struct pipe_descriptor *descriptor, struct text *sddl,
                              char message[LISTENER_MESSAGE_BYTES])
{
    const char *fault = NULL;
    enum etwr_status status = descriptor_build(access->security, &descriptor->owner, sddl, &fault);
    if (status == ETWR_OK) {
        text_put_char(sddl, 0);
        if (sddl->failed) status = ETWR_E_NO_MEMORY;
    }
    if (status == ETWR_E_NO_MEMORY) return fail(message, status, "no memory for the descriptor");
    if (status != ETWR_OK)
        snprintf(message, LISTENER_MESSAGE_BYTES, "the config's security.sddl %s", fault);
    return status;
}

enum etwr_status pipe_descriptor_init(const struct listener_access *access,
                                      struct pipe_descriptor *descriptor,
                                      char message[LISTENER_MESSAGE_BYTES])
{
    struct text sddl;
    descriptor->descriptor = NULL;
    descriptor->owner.is_service = access->is_service;
    descriptor->owner.sid = access->is_service ? DESCRIPTOR_SERVICE_SID : token_own_sid();
    if (descriptor->owner.sid[0] == 0)
        return fail(message, ETWR_E_IO, "the system would not say who this process's user is");
    text_init(&sddl);
    enum etwr_status status = build(access, descriptor, &sddl, message);
    if (status == ETWR_OK) status = convert(&sddl, descriptor, message);
    text_clear(&sddl);
    if (status != ETWR_OK) return status;
    const char *fault = list_fault(descriptor->descriptor, &descriptor->owner);
    if (fault == NULL) return ETWR_OK;
    snprintf(message, LISTENER_MESSAGE_BYTES, "the pipe's security descriptor is refused: %s",
             fault);
    pipe_descriptor_clear(descriptor);
    return ETWR_E_INVALID_ARGUMENT;
}

void pipe_descriptor_clear(struct pipe_descriptor *descriptor)
{
    LocalFree(descriptor->descriptor);
    descriptor->descriptor = NULL;
}

static bool is_same_entry(ACCESS_ALLOWED_ACE *a, ACCESS_ALLOWED_ACE *b)
{
    return a != NULL && b != NULL && a->Header.AceType == b->Header.AceType &&
           (a->Header.AceFlags & INHERIT_ONLY_ACE) == (b->Header.AceFlags & INHERIT_ONLY_ACE) &&
           a->Mask == b->Mask && EqualSid((PSID)&a->SidStart, (PSID)&b->SidStart);
}

static bool is_same_list(PACL a, PACL b)
{
    if (a == NULL || b == NULL || a->AceCount != b->AceCount) return false;
    for (DWORD i = 0; i < a->AceCount; i++)
        if (!is_same_entry(entry_at(a, i), entry_at(b, i))) return false;
    return true;
}

/* A service says who owns its pipe; in a console that is the system's default. */
static bool has_same_owner(const struct pipe_descriptor *descriptor, PSID owner)
{
    PSID expected = NULL;
    BOOL is_default;
    if (!descriptor->owner.is_service) return true;
    return GetSecurityDescriptorOwner(descriptor->descriptor, &expected, &is_default) &&
           expected != NULL && owner != NULL && EqualSid(expected, owner);
}

/* Without its label the pipe is closed to sandboxes, which is a pity but no danger. */
static void look_at_label(const struct pipe_descriptor *descriptor, HANDLE pipe)
{
    PACL expected = NULL, label = NULL;
    PSECURITY_DESCRIPTOR copy = NULL;
    BOOL is_present = FALSE, is_default;
    if (!GetSecurityDescriptorSacl(descriptor->descriptor, &is_present, &expected, &is_default) ||
        !is_present || expected == NULL)
        return;
    DWORD error = pipe_calls->get_security_info(pipe, SE_KERNEL_OBJECT, LABEL_SECURITY_INFORMATION,
                                                NULL, NULL, NULL, &label, &copy);
    if (error != ERROR_SUCCESS || !is_same_list(expected, label))
        log_line(LOG_LEVEL_WARNING,
                 "the pipe's integrity label cannot be seen (error %lu): clients "
                 "of low integrity may be shut out",
                 error);
    if (error == ERROR_SUCCESS) LocalFree(copy);
}

enum etwr_status pipe_descriptor_verify(const struct pipe_descriptor *descriptor, HANDLE pipe,
                                        char message[LISTENER_MESSAGE_BYTES])
{
    PSECURITY_DESCRIPTOR copy = NULL;
    PSID owner = NULL;
    PACL expected = NULL, list = NULL;
    BOOL is_present, is_default;
    DWORD error = pipe_calls->get_security_info(
        pipe, SE_KERNEL_OBJECT, OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION, &owner,
        NULL, &list, NULL, &copy);
    if (error != ERROR_SUCCESS)
        return fail_error(message, ETWR_E_ACCESS_DENIED,
                          "the new pipe's security descriptor cannot be read back", error);
    bool is_same =
        GetSecurityDescriptorDacl(descriptor->descriptor, &is_present, &expected, &is_default) &&
        is_same_list(expected, list) && has_same_owner(descriptor, owner);
    LocalFree(copy);
    if (!is_same)
        return fail(message, ETWR_E_ACCESS_DENIED,
                    "the new pipe has another owner or access list than it was made with: "
                    "something on this machine changes pipes, so it is not served");
    look_at_label(descriptor, pipe);
    return ETWR_OK;
}
