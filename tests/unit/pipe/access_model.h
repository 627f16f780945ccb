/*
 * A model of Windows' access check, as far as the pipe's descriptor goes: the first entry that
 * speaks about a right decides; a restricting list must agree on its own; so must an AppContainer's
 * packages and capabilities; and integrity comes before all of them.
 *
 * Written from how the check is documented, not from the descriptor's code. Where Windows knows
 * more (privileges, claims, trust labels) the model knows nothing: none of it is in the descriptor.
 */
#ifndef ETWRELAY_TEST_ACCESS_MODEL_H
#define ETWRELAY_TEST_ACCESS_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MODEL_SIDS_MAX 16

enum model_integrity {
    MODEL_UNTRUSTED = 0x0000,
    MODEL_LOW = 0x1000,
    MODEL_MEDIUM = 0x2000,
    MODEL_HIGH = 0x3000,
    MODEL_SYSTEM = 0x4000
};

/* Lists end with NULL. SIDs as text, S-1-.... */
struct model_token {
    const char *name; /* for messages */
    const char *sids[MODEL_SIDS_MAX];
    const char *deny_only[MODEL_SIDS_MAX];   /* groups that only refusals see */
    const char *restricting[MODEL_SIDS_MAX]; /* not empty: a restricted token */
    bool is_write_restricted;                /* the restricting list is asked for writing only */
    const char *packages[MODEL_SIDS_MAX]; /* not empty: an AppContainer; package, capabilities, and
                                             S-1-15-2-1 unless it is a less privileged one */
    enum model_integrity integrity;
};

struct model_descriptor;

/* Read SDDL. NULL: the model does not understand it. The caller frees. */
struct model_descriptor *model_read(const char *sddl);
void model_free(struct model_descriptor *descriptor);
size_t model_entry_count(const struct model_descriptor *descriptor);

/* All rights that the token gets. */
uint32_t model_rights(const struct model_descriptor *descriptor, const struct model_token *token);
/* Does an open that asks for exactly these succeed? */
bool model_opens(const struct model_descriptor *descriptor, const struct model_token *token,
                 uint32_t wanted);

#endif
