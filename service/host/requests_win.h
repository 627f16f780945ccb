/* Asking the running service for something, from any thread: the console's, or the one that the
 * service control manager calls on. */
#ifndef ETWRELAY_REQUESTS_WIN_H
#define ETWRELAY_REQUESTS_WIN_H

/* Before host_watch() they are kept, and after the loop's end they do nothing. */
void host_request_stop(void);
void host_request_reload(void);

#endif
