/* What this process gives up, so that a mistake in it is worth less to an attacker. */
#ifndef ETWRELAY_MITIGATION_WIN_H
#define ETWRELAY_MITIGATION_WIN_H

/* First thing in main(). What the system does not know does not stop anything. */
void mitigation_start(void);

/* For a process that serves others: no child processes either. (`verify` has one.) */
void mitigation_forbid_children(void);

/* Tell in the log what the system did not take, once its level is known. */
void mitigation_log(void);

#endif
