/*
 * Asking a service in a console from another process: a program that starts it has no Ctrl-C to
 * send when it has no console. Two named events exist while it runs:
 *
 *     Local\etwrelayd-stop-PID      as Ctrl-C
 *     Local\etwrelayd-reload-PID    read the configuration anew
 *
 * SetEvent() on one is the request; the user's own processes of the same session may.
 */
#ifndef ETWRELAY_REQUEST_EVENTS_WIN_H
#define ETWRELAY_REQUEST_EVENTS_WIN_H

/* Once, after host_watch() has begun. An event that somebody else has made already is left alone,
 * and told in the log. They are the process's to the end. */
void request_events_open(void);

#endif
