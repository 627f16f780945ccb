/*
 * Security descriptors that a configuration gives verbatim.
 */
#ifndef ETWRELAY_CONFIG_SDDL_H
#define ETWRELAY_CONFIG_SDDL_H

/* NULL when this descriptor may guard the pipe; else why not. It must hold a discretionary list
 * with at least one entry, and let nobody but the service, SYSTEM and administrators create an
 * instance of the pipe (SECURITY: T2), or change the list. */
const char *config_sddl_fault(const char *sddl);

#endif
