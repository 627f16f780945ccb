/*
 * The pipe's security descriptor, as text (SDDL): who may open the pipe on Windows, and who may
 * pose as the service on it.
 *
 * Pure, so that what it grants is proved on every system (tests/unit/pipe/test_access_model.c);
 * descriptor_win.c makes a real descriptor of it.
 */
#ifndef ETWRELAY_DESCRIPTOR_H
#define ETWRELAY_DESCRIPTOR_H

#include <stdbool.h>

#include <etwrelay/status.h>

#include "protocol/text.h"
#include "service/config/config.h"

/* All that a client gets: read and write data, attributes and extended attributes, READ_CONTROL,
 * SYNCHRONIZE. Not in it: FILE_CREATE_PIPE_INSTANCE (0x4), DELETE, WRITE_DAC, WRITE_OWNER. */
#define DESCRIPTOR_CLIENT_RIGHTS UINT32_C(0x0012019B)

/* NT SERVICE\etwrelay: the hash of the service's name, as Windows makes it. */
#define DESCRIPTOR_SERVICE_SID "S-1-5-80-2225771362-3162058216-1088675771-1083392185-2254430244"

/* As whom the pipe is made. */
struct descriptor_owner {
    const char *sid; /* text; borrowed. The service's SID, or in a console the user's own */
    bool is_service; /* a service says who owns the pipe, so that clients can tell; in a console the
                        system does */
};

/*
 * The descriptor of a preset, or `security->sddl` with the service's own entry in front where it
 * lacks one: without it the service could not make its second instance.
 * ETWR_OK; ETWR_E_INVALID_ARGUMENT: `*fault` (lent for ever) says what is wrong with the config's;
 * ETWR_E_NO_MEMORY.
 */
enum etwr_status descriptor_build(const struct config_security *security,
                                  const struct descriptor_owner *owner, struct text *sddl,
                                  const char **fault);

/* Would an entry that allows `mask` (generic rights mapped) to `sid` let others pose as the
 * service? For what the system has made of the text. */
bool descriptor_is_excessive(uint32_t mask, const char *sid, const struct descriptor_owner *owner);

/* Has the preset `package` a place for a client of this package ("": none)? The descriptor alone
 * cannot say: Windows asks for the user's entry too, which lets in processes without a package. */
bool descriptor_admits_package(const struct config_security *security, const char *package);

#endif
