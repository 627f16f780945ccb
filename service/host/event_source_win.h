/* The Event Log's source `etwrelay` in the registry: without it the log shows entries without their
 * text. */
#ifndef ETWRELAY_EVENT_SOURCE_WIN_H
#define ETWRELAY_EVENT_SOURCE_WIN_H

#include <windows.h>

/* Each returns a Windows error code. */
DWORD event_source_register(void); /* with this program as the message file */
DWORD event_source_unregister(void);
DWORD event_source_check(void); /* ERROR_FILE_NOT_FOUND also when it names another program */

#endif
