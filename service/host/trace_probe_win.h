/*
 * The whole way on a real Windows: start a session, send an event with the tool through the pipe,
 * and find it in what the session has recorded.
 */
#ifndef ETWRELAY_TRACE_PROBE_WIN_H
#define ETWRELAY_TRACE_PROBE_WIN_H

#include "service/host/verdicts_win.h"

/* The session is called etwrelay-verify and lasts as long as this call; its file, in the user's
 * folder for temporary files, is deleted. The tool has to stand beside this program. */
void trace_probe_run(struct verdicts *verdicts);

#endif
