/* What this process gives up, so that a mistake in it is worth less to an attacker. */
#ifndef ETWRELAY_MITIGATION_WIN_H
#define ETWRELAY_MITIGATION_WIN_H

/* First thing in main(). What the system does not know is told in the log, if that shows warnings,
 * and does not stop anything. */
void mitigation_start(void);

#endif
